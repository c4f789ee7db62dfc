import { FIELDS } from '../config/fields.ts';
import { isSet } from '../config/settings.ts';
import type { Command } from './context.ts';
import { demo } from './demo.ts';
import { settingsOf } from './read-config.ts';
import { serve } from './serve.ts';

/** What `npm start` does: the owner's site where one is named, else the demo. */
export const start: Command = (context) => {
  const named = isSet(settingsOf(context), FIELDS.forwardDestination);
  return named ? serve(context) : demo(context);
};
