/**
 * One attempt: a request to each broker that leads some of the partitions, and what became of each partition.
 *
 * Of the library we use its connections, its metadata and its requests, not its `send`: that repeats a request to the
 * broker it was first meant for, so that partitions which have got different leaders since are refused for ever, and
 * it takes a new identity after each failure.
 */
import type { API, Base, ClusterMetadata, MessageRecord, produceV9 } from '@platformatic/kafka';
import { type Verdict, verdictOf } from './answers.ts';
import { library } from './client.ts';
import type { ClientError } from './errors.ts';
import type { RequestIdentity } from './identity.ts';
import type { KafkaSinkOptions } from './options.ts';

export type PartitionRecords = { readonly partition: number; readonly records: readonly MessageRecord[] };

export type Attempt = {
  readonly acks: KafkaSinkOptions['acks'];
  readonly compression: KafkaSinkOptions['compression'];
  readonly brokerTimeoutMs: number;
  readonly identity: RequestIdentity;
  readonly metadata: ClusterMetadata;
  readonly topic: string;
  readonly parts: readonly PartitionRecords[];
};

export type PartResult = {
  readonly verdict: Verdict;
  /** Why the verdict is not `written`. */
  readonly error: Error | null;
  /** Where in the partition the first of what is written stands; -1 where the broker does not say. */
  readonly offset: number;
};

type ProduceApi = API<
  [acks: number, timeoutMs: number, records: MessageRecord[], options: object],
  ProduceResponse
>;
type ProduceResponse = produceV9.ProduceResponse;
type Answer = { readonly index: number; readonly errorCode: number; readonly baseOffset: bigint };

const ALL_IN_SYNC = -1;

/** A result for each partition, whatever happens to a broker. Rejects where not even the question could be put. */
export async function produce(client: Base, attempt: Attempt): Promise<Map<number, PartResult>> {
  const api = await produceApi(client);
  const partitions = attempt.metadata.topics.get(attempt.topic)?.partitions ?? [];
  const byLeader = Map.groupBy(attempt.parts, ({ partition }) => partitions[partition]?.leader ?? -1);
  const results = new Map<number, PartResult>();
  const askLeader = async (leader: number, parts: readonly PartitionRecords[]) => {
    const leaveOpen = (error: Error) => {
      for (const { partition } of parts) results.set(partition, { verdict: 'open', error, offset: -1 });
    };
    leaveOpen(NO_ANSWER);
    try {
      // The library rejects for a broker that it does not know, as for one that is away.
      const connection = await client.connections.get(attempt.metadata.brokers.get(leader)!);
      const { acks, brokerTimeoutMs, compression, identity } = attempt;
      const records = parts.flatMap((part) => part.records);
      const wanted = acks === 'all' ? ALL_IN_SYNC : Number(acks);
      const response = await api.async(connection, wanted, brokerTimeoutMs, records, {
        compression,
        ...identity,
      });
      settle(results, answersIn(response), null);
    } catch (error) {
      const response = (error as ClientError).response as ProduceResponse | undefined;
      if (response !== undefined) settle(results, answersIn(response), error as Error);
      else leaveOpen(error as Error);
    }
  };
  await Promise.all([...byLeader].map(([leader, parts]) => askLeader(leader, parts)));
  return results;
}

const NO_ANSWER = new Error('the broker answered, but not for this partition');

function settle(results: Map<number, PartResult>, answers: readonly Answer[], error: Error | null): void {
  for (const { index, errorCode, baseOffset } of answers) {
    const verdict = verdictOf(errorCode);
    results.set(index, { verdict, error: verdict === 'written' ? null : error, offset: Number(baseOffset) });
  }
}

function answersIn({ responses }: ProduceResponse): Answer[] {
  return responses.flatMap(({ partitionResponses }) => partitionResponses);
}

/** In the latest version that the brokers and the library both know. */
async function produceApi(client: Base): Promise<ProduceApi> {
  const kafka = await library();
  return new Promise((resolve, reject) => {
    client[kafka.kGetApi]('Produce', (error, api) => {
      if (error === null && api !== undefined) resolve(api as unknown as ProduceApi);
      else reject(error ?? new Error('no Produce'));
    });
  });
}
