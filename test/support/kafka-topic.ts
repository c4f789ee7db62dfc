/** What is in a topic, read as any consumer reads it. */
import { randomUUID } from 'node:crypto';
import { Admin, Consumer, ListOffsetTimestamps, type Message } from '@platformatic/kafka';

export type KafkaMessage = {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
  readonly partition: number;
};

const client = (brokers: string) => ({
  clientId: 'test',
  bootstrapBrokers: brokers.split(','),
  retries: 5,
  retryDelay: 200,
});

/** All of it, in order within each partition. */
export async function readTopic(brokers: string, topic: string): Promise<KafkaMessage[]> {
  const count = await countMessages(brokers, topic);
  const messages: KafkaMessage[] = [];
  const consumer = new Consumer({ ...client(brokers), groupId: `test-${randomUUID()}` });
  try {
    if (count === 0) return [];
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'earliest',
      autocommit: false,
      maxWaitTime: 200,
    });
    for await (const message of stream) if (messages.push(plain(message)) === count) break;
    return messages;
  } finally {
    await consumer.close(true);
  }
}

function plain({ key, value, headers, partition }: Message): KafkaMessage {
  const texts = [...headers].map(([name, text]) => [String(name), String(text)] as const);
  return { key: String(key), value: String(value), headers: Object.fromEntries(texts), partition };
}

export function countMessages(brokers: string, topic: string): Promise<number> {
  return withAdmin(brokers, async (admin) => {
    const metadata = await admin.metadata({ topics: [topic] });
    const partitions = metadata.topics.get(topic)!.partitions.keys();
    const at = (timestamp: bigint) =>
      [...partitions].map((partitionIndex) => ({ partitionIndex, timestamp }));
    const [latest] = await admin.listOffsets({
      topics: [{ name: topic, partitions: at(ListOffsetTimestamps.LATEST) }],
    });
    return latest!.partitions.reduce((sum, { offset }) => sum + Number(offset), 0);
  });
}

export async function withAdmin<T>(brokers: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(client(brokers));
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
