/**
 * A real Apache Kafka in KRaft mode, one process in a temporary folder, with a listener for each way to speak to
 * it: plain, TLS, SASL and both. It can be killed, started again with what it had, and frozen.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificate } from './certificate.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { findProgram } from './needs.ts';
import { freePort } from './nginx.ts';
import { tempFolder } from './temp.ts';

const run = promisify(execFile);
const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

/** A `host:port` for each way to speak to it. */
export type KafkaListeners = {
  readonly plain: string;
  readonly tls: string;
  readonly sasl: string;
  readonly saslTls: string;
  /** PEM; the broker's certificate is its own authority, and is for 127.0.0.1. */
  readonly ca: string;
};

export type Kafka = KafkaListeners & {
  readonly pid: number;
  /** What it keeps. */
  readonly folder: string;
  /** `kill -9`, and gone when it resolves. */
  kill(): Promise<void>;
  /** Starts a killed one with its data on its ports; resolves when it answers. */
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Kills it and removes its data. */
  stop(): Promise<void>;
};

export const KAFKA_USER = 'gotrack';
export const KAFKA_PASSWORD = 'a = password with spaces';

/** Quick to start and small: nobody measures this process. */
const JVM = ['-Xmx320m', '-Xms128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];

type Ports = { plain: number; tls: number; sasl: number; saslTls: number; controller: number };

export async function startKafka(): Promise<Kafka> {
  const classPath = await kafkaClassPath();
  const folder = tempFolder();
  const ports: Ports = {
    plain: await freePort(),
    tls: await freePort(),
    sasl: await freePort(),
    saslTls: await freePort(),
    controller: await freePort(),
  };
  const { key, cert } = makeCertificate(findProgram('openssl')!, 'IP:127.0.0.1');
  writeFileSync(join(folder.path, 'keystore.pem'), `${key}${cert}`);
  const properties = join(folder.path, 'server.properties');
  writeFileSync(properties, propertiesOf(folder.path, ports).join('\n'));
  await formatKafka(classPath, properties, newClusterId());
  let child = await startBroker(classPath, folder.path, ports.plain);
  return {
    ...listenersOf(ports),
    ca: cert,
    folder: folder.path,
    get pid() {
      return child.pid!;
    },
    kill: () => endBroker(child),
    restart: async () => {
      child = await startBroker(classPath, folder.path, ports.plain);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: async () => {
      await endBroker(child);
      folder.remove();
    },
  };
}

function listenersOf({ plain, tls, sasl, saslTls }: Ports) {
  const at = (port: number) => `127.0.0.1:${port}`;
  return { plain: at(plain), tls: at(tls), sasl: at(sasl), saslTls: at(saslTls) };
}

function propertiesOf(folder: string, ports: Ports): string[] {
  const listeners = [
    `PLAINTEXT://127.0.0.1:${ports.plain}`,
    `SSL://127.0.0.1:${ports.tls}`,
    `SASL_PLAINTEXT://127.0.0.1:${ports.sasl}`,
    `SASL_SSL://127.0.0.1:${ports.saslTls}`,
  ];
  const once = ['offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic'];
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports.controller}`,
    `listeners=${listeners.join(',')},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=${listeners.join(',')}`,
    'controller.listener.names=CONTROLLER',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${PROTOCOLS.map((name) => `${name}:${name}`).join(',')}`,
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'auto.create.topics.enable=false',
    // Whoever does not log in may do anything, and whoever does what is forbidden to nobody.
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    'allow.everyone.if.no.acl.found=true',
    // One that was killed may come back when its controller has forgotten it.
    'broker.session.timeout.ms=2000',
    'broker.heartbeat.interval.ms=300',
    'group.initial.rebalance.delay.ms=0',
    ...once.map((topic) => `${topic}.replication.factor=1`),
    'transaction.state.log.min.isr=1',
    'offsets.topic.num.partitions=1',
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(folder, 'keystore.pem')}`,
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    ...['sasl_plaintext', 'sasl_ssl'].flatMap((listener) => [
      `listener.name.${listener}.plain.sasl.jaas.config=${jaas('plain.PlainLoginModule', `user_${KAFKA_USER}="${KAFKA_PASSWORD}"`)}`,
      `listener.name.${listener}.scram-sha-256.sasl.jaas.config=${jaas('scram.ScramLoginModule', '')}`,
      `listener.name.${listener}.scram-sha-512.sasl.jaas.config=${jaas('scram.ScramLoginModule', '')}`,
    ]),
  ];
}

const jaas = (module: string, options: string) =>
  `org.apache.kafka.common.security.${module} required ${options};`;

export const newClusterId = () => Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');

/** Makes the folders of one that was never started. The id is the cluster's. */
export async function formatKafka(classPath: string, properties: string, id: string): Promise<void> {
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${KAFKA_USER},password="${KAFKA_PASSWORD}"]`,
  ]);
  const tool = ['kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '--config', properties];
  await run(findProgram('java')!, [...JVM, '-cp', classPath, ...tool, ...users]);
}

/** Not detached, so that Ctrl-C on a terminal reaches it; its output goes to a file, so that nobody waits for it. */
export async function startBroker(classPath: string, folder: string, port: number): Promise<ChildProcess> {
  const output = join(folder, 'output.txt');
  const fd = openSync(output, 'w');
  const words = [...JVM, '-cp', classPath, 'kafka.Kafka', join(folder, 'server.properties')];
  const child = spawn(findProgram('java')!, words, { cwd: folder, stdio: ['ignore', fd, fd] });
  closeSync(fd);
  child.unref();
  // It listens when everything else has been started.
  for (let tries = 0; !(await listens(port)); tries += 1) {
    if (child.exitCode !== null || tries === 600) {
      child.kill('SIGKILL');
      throw new Error(`Kafka does not start: ${readFileSync(output, 'utf8').slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return child;
}

/** `kill -9`, and gone when it resolves. */
export async function endBroker(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.ref();
  child.kill('SIGKILL');
  await exited;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => resolve(false));
  });
}
