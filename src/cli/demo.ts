import { randomBytes } from 'node:crypto';
import { createDemoSite } from '../demo/origin.ts';
import type { Command } from './context.ts';
import { readConfig } from './read-config.ts';
import { runApp } from './run-app.ts';

const BEFORE = 'a demo shop (set FORWARD_DESTINATION and it stands before your site)';

/** A shop of our own as the origin, the proxy before it, the live view: what a stranger sees first. */
export const demo: Command = async (context) => {
  const shop = createDemoSite({});
  const { port } = await shop.listen();
  const config = readConfig(context, {
    FORWARD_DESTINATION: `http://127.0.0.1:${port}`,
    HMAC_SECRET: randomBytes(32).toString('hex'),
    METRICS_ENABLED: 'true',
  });
  try {
    return config === null ? 2 : await runApp(context, config, BEFORE);
  } finally {
    await shop.close();
  }
};
