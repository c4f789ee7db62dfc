/** The connection to a cluster: made when it is needed, given up when it failed, made again. */
import type { Admin, Base, MessageToProduce, Producer } from '@platformatic/kafka';
import type { SinkLog } from '../health.ts';
import type { ReadyOutcome } from '../sink.ts';
import { clientOptions, producerOptions } from './client-options.ts';
import type { KafkaSinkOptions, KafkaTimeouts } from './options.ts';
import { variable } from './options.ts';
import type { ProblemWords } from './problem-words.ts';
import { type Refused, refusedIn } from './refused.ts';
import { createTopic, hasTopic, PARTITIONS } from './topic.ts';

export type SendOutcome =
  | { kind: 'written' }
  | { kind: 'refused'; refused: Refused; partitionsCount: number }
  | { kind: 'outage'; detail: string };

export type Sender = {
  connect(): Promise<ReadyOutcome>;
  /** Takes as long as the library tries the same messages under the same sequence numbers. */
  send(messages: MessageToProduce[]): Promise<SendOutcome>;
  probe(): Promise<ReadyOutcome>;
  /** Why the last attempt of what is under way failed, if one did. */
  problem(): string | null;
  /** Gives up what is under way; `send` connects anew. */
  reset(): void;
};

export type SenderDeps = {
  readonly log: SinkLog;
  readonly timeouts: KafkaTimeouts;
  readonly words: ProblemWords;
};

export function createSender(options: KafkaSinkOptions, deps: SenderDeps): Sender {
  const { name, topic } = options;
  const { log, timeouts } = deps;
  let producer: Producer | null = null;
  let connecting: Promise<ReadyOutcome> | null = null;
  let resets = 0;
  let problem: string | null = null;
  let hasWritten = false;

  const words = (error: unknown) => deps.words(error as Error, !hasWritten);

  const reset = () => {
    if (producer !== null) drop(producer);
    producer = null;
    connecting = null;
    problem = null;
    resets += 1;
  };

  /** Whether the topic can be written to; it is made where it is missing and may be. */
  const prepareTopic = async (admin: Admin): Promise<ReadyOutcome> => {
    if (await hasTopic(admin, topic)) return { ok: true };
    if (!options.createTopic) return { ok: false, detail: missing(options) };
    const replicas = await createTopic(admin, topic);
    log.info({ sink: name, topic, partitions: PARTITIONS, replicas }, 'topic created');
    return { ok: true };
  };

  /** A connection for one question, which is not tried twice. */
  const ask = async (question: (admin: Admin) => Promise<ReadyOutcome>): Promise<ReadyOutcome> => {
    const { Admin } = await library();
    const admin = new Admin(clientOptions(options, timeouts));
    listen(admin);
    try {
      return await question(admin);
    } catch (error) {
      return { ok: false, detail: words(error) };
    } finally {
      drop(admin);
    }
  };

  const makeProducer = async (): Promise<ReadyOutcome> => {
    const reset = resets;
    const ready = await ask(prepareTopic);
    if (!ready.ok) return ready;
    const { Producer } = await library();
    if (reset !== resets) return { ok: false, detail: 'closed meanwhile' };
    producer = new Producer(producerOptions(options, timeouts, (error) => (problem = words(error))));
    listen(producer);
    return ready;
  };

  const connect = async (): Promise<ReadyOutcome> => {
    if (producer !== null) return { ok: true };
    connecting ??= makeProducer();
    const mine = connecting;
    try {
      return await mine;
    } finally {
      if (connecting === mine) connecting = null;
    }
  };

  const send = async (messages: MessageToProduce[]): Promise<SendOutcome> => {
    const ready = await connect();
    const mine = producer;
    if (!ready.ok || mine === null) return { kind: 'outage', detail: ready.ok ? 'closed' : ready.detail };
    try {
      await mine.send({ messages });
      problem = null;
      hasWritten = true;
      return { kind: 'written' };
    } catch (error) {
      const refused = refusedIn(error as Error);
      const partitionsCount = mine.currentMetadata?.topics.get(topic)?.partitionsCount;
      if (refused !== null && partitionsCount !== undefined)
        return { kind: 'refused', refused, partitionsCount };
      // The library has forgotten who it was; the next one looks after the topic first.
      if (producer === mine) reset();
      return { kind: 'outage', detail: words(error) };
    }
  };

  const probe = async (): Promise<ReadyOutcome> => {
    const look = async (client: Base): Promise<ReadyOutcome> => {
      const isThere = await hasTopic(client, topic);
      return isThere || options.createTopic ? { ok: true } : { ok: false, detail: missing(options) };
    };
    if (producer === null) return ask(look);
    try {
      return await look(producer);
    } catch (error) {
      return { ok: false, detail: words(error) };
    }
  };

  return { connect, send, probe, reset, problem: () => problem };
}

/** Loaded by the first Kafka sink that opens, and not at all without one: it takes tens of megabytes. */
const library = () => import('@platformatic/kafka');

/** The second error of a connection finds no listener of the library, and would end the process. */
function listen(client: Base): void {
  client.connections.on('connecting', ({ connection }) => connection.on('error', () => {}));
}

/** At once: a frozen broker never takes the bytes that a close would wait for. */
function drop(client: Base): void {
  const sockets = [...client.connections].map(([, connection]) => connection.socket);
  client.close().catch(() => {});
  for (const socket of sockets) socket?.destroy();
}

function missing({ name, topic }: KafkaSinkOptions): string {
  return (
    `${variable(name, 'TOPIC')} ${topic} does not exist, and ${variable(name, 'CREATE_TOPIC')} is off: ` +
    `create it, with ${PARTITIONS} partitions or as many as consumers are to read side by side`
  );
}
