import type { Command } from './context.ts';
import { demo } from './demo.ts';
import { serve } from './serve.ts';

/** What `npm start` does: the owner's site where one is named, else the demo. */
export const start: Command = (context) => {
  const named = context.env.FORWARD_DESTINATION || context.args.flags['forward-destination'];
  return named ? serve(context) : demo(context);
};
