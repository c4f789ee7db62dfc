/** Three brokers of Apache Kafka that replicate to each other, each of which can be killed and started again. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endBroker, formatKafka, newClusterId, startBroker } from './kafka.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { withAdmin } from './kafka-topic.ts';
import { freePort } from './nginx.ts';
import { tempFolder } from './temp.ts';

type Ports = { readonly broker: number; readonly controller: number };

export async function startKafkaCluster() {
  const classPath = await kafkaClassPath();
  const folder = tempFolder();
  const ports: Ports[] = [];
  for (let n = 0; n < 3; n += 1) ports.push({ broker: await freePort(), controller: await freePort() });
  const folderOf = (node: number) => join(folder.path, `${node}`);
  const start = (node: number) => startBroker(classPath, folderOf(node), ports[node]!.broker);
  const id = newClusterId();
  for (const node of ports.keys()) {
    mkdirSync(folderOf(node));
    const properties = join(folderOf(node), 'server.properties');
    writeFileSync(properties, propertiesOf(node, ports, folderOf(node)).join('\n'));
    await formatKafka(classPath, properties, id);
  }
  // Side by side: none listens before there is a majority.
  const children = await Promise.all([...ports.keys()].map(start));
  const brokers = ports.map(({ broker }) => `127.0.0.1:${broker}`).join(',');
  return {
    brokers,
    kill: (node: number) => endBroker(children[node]!),
    restart: async (node: number) => {
      children[node] = await start(node);
    },
    /** Whether each partition of each topic has all of its replicas. */
    isInSync: () => isInSync(brokers),
    stop: async () => {
      await Promise.all(children.map(endBroker));
      folder.remove();
    },
  };
}

function isInSync(brokers: string): Promise<boolean> {
  return withAdmin(brokers, async (admin) => {
    const { topics } = await admin.metadata({ topics: await admin.listTopics(), forceUpdate: true });
    const partitions = [...topics.values()].flatMap((topic) => topic.partitions);
    return partitions.every(({ isr, replicas }) => isr.length === replicas.length);
  });
}

function propertiesOf(node: number, ports: readonly Ports[], folder: string): string[] {
  const voters = ports.map(({ controller }, n) => `${n + 1}@127.0.0.1:${controller}`);
  const { broker, controller } = ports[node]!;
  return [
    'process.roles=broker,controller',
    `node.id=${node + 1}`,
    `controller.quorum.voters=${voters.join(',')}`,
    `listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${broker}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'auto.create.topics.enable=false',
    'offsets.topic.num.partitions=1',
    'offsets.topic.replication.factor=3',
    'group.initial.rebalance.delay.ms=0',
    'broker.session.timeout.ms=3000',
    'broker.heartbeat.interval.ms=500',
  ];
}
