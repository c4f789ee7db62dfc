/** Our options in the words of the client library. */
import { isIP } from 'node:net';
import type { BaseOptions, ProducerOptions } from '@platformatic/kafka';
import type { KafkaSinkOptions, KafkaTimeouts } from './options.ts';

type EventProducerOptions = ProducerOptions<Buffer, Buffer, Buffer, Buffer>;

const CLIENT_ID = 'gotrack';
/**
 * Attempts of one batch under one sequence number, by which the brokers know a repetition: long enough for a
 * restart or a change of leaders. Bounded, because the library keeps the error of each.
 */
const RETRIES = 100;
const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 5000;

export function clientOptions(options: KafkaSinkOptions, timeouts: KafkaTimeouts): BaseOptions {
  const { brokers, sasl, tls } = options;
  return {
    clientId: CLIENT_ID,
    bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
    connectTimeout: timeouts.connectMs,
    requestTimeout: timeouts.requestMs,
    timeout: Math.ceil((timeouts.requestMs * 2) / 3),
    autocreateTopics: false,
    retries: 0,
    ...(sasl && { sasl: { mechanism: sasl.mechanism, username: sasl.user, password: sasl.password } }),
    ...(tls && {
      tls: { rejectUnauthorized: !tls.skipVerify, ...(tls.ca !== undefined && { ca: tls.ca }) },
      // Hosted clusters choose the certificate by this name; an address may not be one (RFC 6066 §3).
      tlsServerName: brokers.every(({ host }) => isIP(host) === 0),
    }),
  };
}

/** `failed` hears of each attempt that failed and is followed by another. */
export function producerOptions(
  options: KafkaSinkOptions,
  timeouts: KafkaTimeouts,
  failed: (error: Error) => void,
): EventProducerOptions {
  return {
    ...clientOptions(options, timeouts),
    compression: options.compression,
    retries: RETRIES,
    retryDelay: (_client, _operation, attempt, _retries, error) => {
      failed(error);
      return Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));
    },
    // -1 asks for an identity of our own; the library's 0 would be somebody else's.
    ...(options.acks === 'all'
      ? { idempotent: true, producerId: -1n, producerEpoch: -1 }
      : { acks: Number(options.acks) }),
  };
}
