/** What is wrong, in words for an operator: with which variable, and what to do about it. No password, no record. */
import { type ClientError, errorsIn } from './errors.ts';
import { type KafkaSinkOptions, variable } from './options.ts';

/** `isNew`: nothing has been written there yet, so that the settings may be what is wrong. */
export type ProblemWords = (error: Error, isNew?: boolean) => string;

type Rule = readonly [fits: (error: ClientError) => boolean, words: (error: ClientError) => string];

/** Node's codes of a certificate that nobody vouches for. */
const UNKNOWN_AUTHORITY = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.+)$/;

export function createProblemWords(options: KafkaSinkOptions): ProblemWords {
  const name = (rest: string) => variable(options.name, rest);
  const at = `${name('BROKERS')} ${options.brokers.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  const rules = [...tlsRules(options, name), ...saslRules(options, name), ...topicRules(options, name)];
  return (error, isNew = false) => {
    const all = [...errorsIn(error)];
    for (const [fits, words] of rules) {
      const found = all.find(fits);
      if (found !== undefined) return `${at}: ${words(found)}`;
    }
    const inner = innermost(error);
    const mayWantLogin = isNew && options.sasl === undefined && inner.message === 'Connection closed';
    if (mayWantLogin)
      return `${at}: closes the connection, as a port that wants a login does: ${name('SASL_MECHANISM')} is not set`;
    return `${at}: ${ownWords(inner)}`;
  };
}

function tlsRules({ tls }: KafkaSinkOptions, name: (rest: string) => string): Rule[] {
  const authority =
    tls?.ca === undefined
      ? `no public authority: give yours in ${name('TLS_CA')}`
      : `none of the certificates in ${name('TLS_CA')}`;
  return [
    [
      ({ message }) => message === 'Broker requires TLS.',
      () => `this port speaks TLS: set ${name('TLS')}=true or ${name('TLS_CA')}`,
    ],
    [
      ({ message, code }) =>
        message.startsWith('TLS handshake failed') || code?.startsWith('ERR_SSL') === true,
      () => `this port does not speak TLS: use another one, or unset ${name('TLS')} and ${name('TLS_CA')}`,
    ],
    [
      ({ code }) => UNKNOWN_AUTHORITY.test(code ?? ''),
      () => `the broker's certificate is vouched for by ${authority}`,
    ],
    [({ code }) => code === 'CERT_HAS_EXPIRED', () => "the broker's certificate has expired"],
    [
      ({ code }) => code === 'ERR_TLS_CERT_ALTNAME_INVALID',
      ({ message }) => `the broker's certificate is for another name: ${message}`,
    ],
  ];
}

function saslRules({ sasl }: KafkaSinkOptions, name: (rest: string) => string): Rule[] {
  const mechanism = `${name('SASL_MECHANISM')}=${sasl?.mechanism}`;
  return [
    [
      ({ apiId }) => apiId === 'ILLEGAL_SASL_STATE',
      () => `this port wants no login: use another one, or unset ${name('SASL_MECHANISM')}`,
    ],
    [({ apiId }) => apiId === 'UNSUPPORTED_SASL_MECHANISM', () => `the broker does not know ${mechanism}`],
    [
      ({ apiId }) => apiId === 'SASL_AUTHENTICATION_FAILED',
      ({ serverErrorMessage }) =>
        `${name('SASL_USER')} or ${name('SASL_PASSWORD')} is wrong: ${serverErrorMessage ?? 'refused'}`,
    ],
    [
      ({ code }) => code === 'PLT_KFK_AUTHENTICATION',
      ({ message }) => `the login with ${mechanism} failed: ${message}`,
    ],
  ];
}

function topicRules({ topic }: KafkaSinkOptions, name: (rest: string) => string): Rule[] {
  return [
    [
      ({ code, message }) => code === 'PLT_KFK_USER' && message.startsWith('Unknown topic'),
      () => `${name('TOPIC')} ${topic} does not exist`,
    ],
    [
      ({ apiId }) => apiId === 'TOPIC_AUTHORIZATION_FAILED' || apiId === 'CLUSTER_AUTHORIZATION_FAILED',
      () =>
        `this user may not do that with ${name('TOPIC')} ${topic}: grant it Describe and Write, and Create where it is missing`,
    ],
    [
      ({ apiId }) => apiId === 'NOT_ENOUGH_REPLICAS' || apiId === 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
      () => `${name('TOPIC')} ${topic} has fewer replicas in sync than its min.insync.replicas`,
    ],
  ];
}

function innermost(error: Error): ClientError {
  let at = error as ClientError;
  for (;;) {
    const inner = at.errors?.at(-1) ?? (at.cause instanceof Error ? (at.cause as ClientError) : undefined);
    if (inner === undefined) return at;
    at = inner;
  }
}

function ownWords({ apiId, message, serverErrorMessage }: ClientError): string {
  if (apiId === undefined) return message;
  return `${apiId}: ${serverErrorMessage ?? message}`;
}
