/** The topic: whether it is there, and what it is made like. */
import type { Admin, Base } from '@platformatic/kafka';
import { hasApiId, isUnknownTopic } from './errors.ts';

/** Enough for as many consumers side by side; more later would move keys to other partitions. */
export const PARTITIONS = 6;
const REPLICAS = 3;

/** Rejects with the library's error where the cluster cannot say. */
export async function hasTopic(client: Base, topic: string): Promise<boolean> {
  try {
    await client.metadata({ topics: [topic], forceUpdate: true });
    return true;
  } catch (error) {
    if (isUnknownTopic(error as Error)) return false;
    throw error;
  }
}

/**
 * On as many brokers as there are, three at most; of three, two must have an event before it is acked, so that one
 * may be away. Whoever created it at the same moment is welcome. Returns the number of replicas.
 */
export async function createTopic(admin: Admin, topic: string): Promise<number> {
  const { brokers } = await admin.metadata({ topics: [], forceUpdate: true });
  const replicas = Math.min(REPLICAS, brokers.size);
  const configs = [
    { name: 'min.insync.replicas', value: replicas < REPLICAS ? '1' : '2' },
    // The cluster's default may be to compact, which would keep the last event of each key: all of them, for ever.
    { name: 'cleanup.policy', value: 'delete' },
  ];
  try {
    await admin.createTopics({ topics: [topic], partitions: PARTITIONS, replicas, configs });
  } catch (error) {
    if (!hasApiId(error as Error, 'TOPIC_ALREADY_EXISTS')) throw error;
  }
  return replicas;
}
