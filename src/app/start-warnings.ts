/** What an operator should hear at every start: settings that are allowed and that nobody should forget. */
import type { Config } from '../config/fields.ts';
import { outputFaults } from './sinks.ts';

export function startWarnings(config: Config): string[] {
  const warnings: string[] = [];
  if (config.originTlsSkipVerify) {
    warnings.push(
      "ORIGIN_TLS_SKIP_VERIFY=true: the origin's certificate is not verified, anybody may answer for it",
    );
  }
  if (config.hmacPublicKey !== undefined) {
    warnings.push(
      "HMAC_PUBLIC_KEY is ignored: each client's key follows from its address and HMAC_SECRET, and one key for all would let anybody sign for everybody. Unset it",
    );
  }
  const severalSecrets = (config.hmacSecrets?.length ?? 0) > 1;
  if (config.anonymizeUserIds && config.userIdSecret === undefined && severalSecrets) {
    warnings.push(
      'USER_ID_SECRET is not set: user ids are hashed with a key of the last of HMAC_SECRETS, and become others when that one is taken away',
    );
  }
  return [...warnings, ...outputFaults(config).warnings];
}
