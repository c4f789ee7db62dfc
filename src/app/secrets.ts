import { randomUUIDv7 } from 'node:crypto';
import type { Config } from '../config/fields.ts';
import type { Clock } from '../lib/clock.ts';
import type { HmacSecret } from '../token/key-ring.ts';
import { createTokens, type Tokens } from '../token/tokens.ts';

/** HMAC_SECRETS, else the lone HMAC_SECRET under its kid `0`, and the tokens that are made with them. */
export function tokensOf(config: Config, clock: Clock): { secrets: readonly HmacSecret[]; tokens: Tokens } {
  const secrets = config.hmacSecrets ?? [{ kid: '0', secret: config.hmacSecret! }];
  const options = { secrets, ttlSeconds: config.hmacTokenTtlSeconds };
  return { secrets, tokens: createTokens(options, { clock, uuidV7: randomUUIDv7 }) };
}
