import type { Command } from './context.ts';
import { readConfig } from './read-config.ts';
import { runApp } from './run-app.ts';

/** The proxy before the owner's site. */
export const serve: Command = async (context) => {
  const config = readConfig(context);
  return config === null ? 2 : runApp(context, config, config.forwardDestination!.text);
};
