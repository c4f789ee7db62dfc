import { FIELDS } from '../config/fields.ts';
import { isSet } from '../config/settings.ts';
import { createDemoSite } from '../demo/origin.ts';
import type { Command } from './context.ts';
import { readConfig, secretIfNone, settingsOf } from './read-config.ts';
import { runApp } from './run-app.ts';

const BEFORE = 'a demo shop (set FORWARD_DESTINATION and it stands before your site)';

/**
 * A shop of our own as the origin, the proxy before it, the live view: what a stranger sees first. In one process,
 * or each worker would open a shop.
 */
export const demo: Command = async (context) => {
  const settings = settingsOf(context);
  if (isSet(settings, FIELDS.forwardDestination)) {
    context.printError('gotrack: demo shows a shop of its own; with FORWARD_DESTINATION use: gotrack serve');
    return 2;
  }
  const shop = createDemoSite({});
  const { port } = await shop.listen();
  const config = readConfig(context, {
    FORWARD_DESTINATION: `http://127.0.0.1:${port}`,
    METRICS_ENABLED: 'true',
    ...secretIfNone(context),
  });
  try {
    return config === null ? 2 : await runApp(context, { ...config, workers: 1 }, BEFORE);
  } finally {
    await shop.close();
  }
};
