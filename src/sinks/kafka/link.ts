/** The connection to a cluster whose topic is there: made when it is needed, dropped when it failed, made again. */
import type { Admin, Base, Producer } from '@platformatic/kafka';
import type { SinkLog } from '../health.ts';
import type { ReadyOutcome } from '../sink.ts';
import { drop, library, listen } from './client.ts';
import { clientOptions } from './client-options.ts';
import { createIdentity, type Identity, NO_IDENTITY } from './identity.ts';
import { type KafkaSinkOptions, type KafkaTimeouts, variable } from './options.ts';
import { createTopic, hasTopic, PARTITIONS } from './topic.ts';

export type Link = {
  readonly client: Producer;
  readonly identity: Identity;
  /** Aborted when it is dropped. */
  readonly dropped: AbortController;
};

export type LinkOutcome = { ok: true; link: Link } | { ok: false; detail: string };

export type Links = {
  /** The one that there is, or a new one. */
  connect(): Promise<LinkOutcome>;
  /** Whether the cluster answers and the topic is there or would be made; nothing is. */
  probe(): Promise<ReadyOutcome>;
  /** Drops what there is, and what is being made. */
  reset(): void;
};

export type LinkDeps = {
  readonly log: SinkLog;
  readonly timeouts: KafkaTimeouts;
  readonly words: (error: unknown) => string;
};

export function createLinks(options: KafkaSinkOptions, deps: LinkDeps): Links {
  const { name, topic } = options;
  const { log, timeouts, words } = deps;
  let link: Link | null = null;
  let making: Promise<LinkOutcome> | null = null;

  const prepareTopic = async (admin: Admin): Promise<ReadyOutcome> => {
    if (await hasTopic(admin, topic)) return { ok: true };
    if (!options.createTopic) return { ok: false, detail: missing(options) };
    const replicas = await createTopic(admin, topic);
    log.info({ sink: name, topic, partitions: PARTITIONS, replicas }, 'topic created');
    return { ok: true };
  };

  /** Over a connection of its own. */
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

  const make = async (): Promise<LinkOutcome> => {
    const ready = await ask(prepareTopic);
    if (!ready.ok) return ready;
    const { NumericMap, Producer } = await library();
    const client: Producer = new Producer(clientOptions(options, timeouts));
    listen(client);
    const identity = options.acks === 'all' ? createIdentity(client, topic, new NumericMap()) : NO_IDENTITY;
    return { ok: true, link: { client, identity, dropped: new AbortController() } };
  };

  const connect = async (): Promise<LinkOutcome> => {
    if (link !== null) return { ok: true, link };
    making ??= make();
    const mine = making;
    const outcome = await mine;
    // A reset came between, and perhaps another `connect` after it.
    if (making !== mine) return link !== null ? { ok: true, link } : { ok: false, detail: 'closed' };
    making = null;
    if (outcome.ok) link = outcome.link;
    return outcome;
  };

  const probe = async (): Promise<ReadyOutcome> => {
    const look = async (client: Base): Promise<ReadyOutcome> => {
      const isThere = await hasTopic(client, topic);
      return isThere || options.createTopic ? { ok: true } : { ok: false, detail: missing(options) };
    };
    if (link === null) return ask(look);
    try {
      return await look(link.client);
    } catch (error) {
      return { ok: false, detail: words(error) };
    }
  };

  const reset = () => {
    if (link !== null) drop(link.client);
    link?.dropped.abort();
    link = null;
    making = null;
  };

  return { connect, probe, reset };
}

function missing({ name, topic }: KafkaSinkOptions): string {
  return (
    `${variable(name, 'TOPIC')} ${topic} does not exist, and ${variable(name, 'CREATE_TOPIC')} is off: ` +
    `create it, with ${PARTITIONS} partitions or as many as consumers are to read side by side`
  );
}
