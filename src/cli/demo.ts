import { randomBytes } from 'node:crypto';
import { createDemoSite } from '../demo/origin.ts';
import type { Command, Context } from './context.ts';
import { readConfig } from './read-config.ts';
import { runApp } from './run-app.ts';

const BEFORE = 'a demo shop (set FORWARD_DESTINATION and it stands before your site)';

/**
 * A shop of our own as the origin, the proxy before it, the live view: what a stranger sees first. In one process,
 * or each worker would open a shop.
 */
export const demo: Command = async (context) => {
  if (context.env.FORWARD_DESTINATION || context.args.flags['forward-destination']) {
    context.printError('gotrack: demo shows a shop of its own; with FORWARD_DESTINATION use: gotrack serve');
    return 2;
  }
  const shop = createDemoSite({});
  const { port } = await shop.listen();
  const config = readConfig(context, {
    FORWARD_DESTINATION: `http://127.0.0.1:${port}`,
    METRICS_ENABLED: 'true',
    ...(hasSecret(context) ? {} : { HMAC_SECRET: randomBytes(32).toString('hex') }),
  });
  try {
    return config === null ? 2 : await runApp(context, { ...config, workers: 1 }, BEFORE);
  } finally {
    await shop.close();
  }
};

const SECRETS = ['HMAC_SECRET', 'HMAC_SECRET_FILE', 'HMAC_SECRETS', 'HMAC_SECRETS_FILE'];

const hasSecret = ({ env }: Context) => SECRETS.some((name) => Boolean(env[name]));
