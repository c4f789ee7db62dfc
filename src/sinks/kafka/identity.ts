/**
 * Who we are to the brokers (KIP-98): a producer id, and for each partition the number of the next message. They
 * write a message once however often it is sent under the same number.
 */
import type { CreateRecordsBatchOptions, NumericMap, Producer } from '@platformatic/kafka';

/** As the library's requests take it. */
export type RequestIdentity = Partial<
  Pick<CreateRecordsBatchOptions, 'producerId' | 'producerEpoch' | 'sequences'>
>;

export type Identity = {
  /** Asks for an identity where there is none. Rejects with the library's error. */
  forRequest(): Promise<RequestIdentity>;
  /** The next messages of that partition follow after `count` that are written. */
  advance(partition: number, count: number): void;
  /** The brokers do not know us any more: the next request is somebody new, from number 0 in each partition. */
  lose(): void;
};

/** Numbers begin again at 0 behind the largest int32. */
const NUMBERS = 2 ** 31;
/** Asks for an identity of our own; the library's default asks for somebody else's. */
const NOBODY = { producerId: -1n, producerEpoch: -1 };

export function createIdentity(client: Producer, topic: string, numbers: NumericMap): Identity {
  let known: { readonly producerId: bigint; readonly producerEpoch: number } | null = null;
  return {
    async forRequest() {
      known ??= await client.initIdempotentProducer(NOBODY);
      const { producerId, producerEpoch } = known;
      return { producerId, producerEpoch, sequences: numbers };
    },
    advance(partition, count) {
      const key = `${topic}:${partition}`;
      numbers.set(key, (numbers.getWithDefault(key, 0) + count) % NUMBERS);
    },
    lose() {
      known = null;
      numbers.clear();
    },
  };
}

/** With KAFKA_ACKS=1 the brokers take no identity. */
export const NO_IDENTITY: Identity = {
  forRequest: async () => ({}),
  advance: () => {},
  lose: () => {},
};
