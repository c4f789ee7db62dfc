/** Our options in the words of the client library. */
import { isIP } from 'node:net';
import type { BaseOptions, ConsumerOptions } from '@platformatic/kafka';
import type { KafkaSinkOptions, KafkaTimeouts } from './options.ts';

type EventConsumerOptions = ConsumerOptions<Buffer, Buffer, Buffer, Buffer>;

const CLIENT_ID = 'gotrack';
/** Of a question that any broker may answer: each attempt begins with another one, since the first may be frozen. */
const RETRIES = 2;
const RETRY_DELAY_MS = 100;

export function clientOptions(options: KafkaSinkOptions, timeouts: KafkaTimeouts): BaseOptions {
  const { brokers, sasl, tls } = options;
  return {
    clientId: CLIENT_ID,
    bootstrapBrokers: brokers.map(({ host, port }) => ({ host, port })),
    connectTimeout: timeouts.connectMs,
    requestTimeout: timeouts.requestMs,
    timeout: brokerTimeoutMs(timeouts),
    autocreateTopics: false,
    retries: RETRIES,
    retryDelay: RETRY_DELAY_MS,
    // The order of events: one request at a time on each connection.
    maxInflights: 1,
    ...(sasl && { sasl: { mechanism: sasl.mechanism, username: sasl.user, password: sasl.password } }),
    ...(tls && {
      tls: { rejectUnauthorized: !tls.skipVerify, ...(tls.ca !== undefined && { ca: tls.ca }) },
      // Hosted clusters choose the certificate by this name; an address may not be one (RFC 6066 §3).
      tlsServerName: brokers.every(({ host }) => isIP(host) === 0),
    }),
  };
}

export function consumerOptions(options: KafkaSinkOptions, timeouts: KafkaTimeouts): EventConsumerOptions {
  return {
    ...clientOptions(options, timeouts),
    // The library wants one; none is joined.
    groupId: CLIENT_ID,
    // READ_UNCOMMITTED: our events are in no transaction, and those of others would hold them back.
    isolationLevel: 0,
  };
}

/** How long a broker waits for its replicas: it answers before we stop listening. */
export function brokerTimeoutMs({ requestMs }: KafkaTimeouts): number {
  return Math.ceil((requestMs * 2) / 3);
}
