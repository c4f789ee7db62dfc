/** What the Kafka sink has to know, from the rows of the configuration. */
import type { Config } from '../../config/fields.ts';
import type { BrokerAddress } from '../../config/parsers.ts';

export type KafkaSinkOptions = {
  /** As in OUTPUTS: `kafka`, `kafka:eu`. */
  readonly name: string;
  /** Where the cluster is first asked; it names the others. */
  readonly brokers: readonly BrokerAddress[];
  readonly topic: string;
  readonly createTopic: boolean;
  readonly acks: Config['kafkaAcks'];
  readonly compression: Config['kafkaCompression'];
  readonly sasl: KafkaSasl | undefined;
  readonly tls: KafkaTls | undefined;
  readonly timeouts?: KafkaTimeouts;
};

export type KafkaSasl = {
  readonly mechanism: NonNullable<Config['kafkaSaslMechanism']>;
  readonly user: string;
  readonly password: string;
};

/** `ca`: PEM; undefined: the public authorities. */
export type KafkaTls = { readonly ca: string | undefined; readonly skipVerify: boolean };

export type KafkaTimeouts = {
  /** For a connection to one broker, with its handshakes. */
  readonly connectMs: number;
  /** For one answer; a broker that waits for its replicas gives up after two thirds of it. */
  readonly requestMs: number;
  /** How long `open`, `write` and `probe` take at most. */
  readonly answerMs: number;
};

/** The rows that are read; for `kafka:eu` they hold what its own variables (KAFKA_EU_…) say. */
export type KafkaSettings = Pick<
  Config,
  | 'kafkaBrokers'
  | 'kafkaTopic'
  | 'kafkaCreateTopic'
  | 'kafkaAcks'
  | 'kafkaCompression'
  | 'kafkaSaslMechanism'
  | 'kafkaSaslUser'
  | 'kafkaSaslPassword'
  | 'kafkaTls'
  | 'kafkaTlsCa'
  | 'kafkaTlsSkipVerify'
>;

export type KafkaOptionsOutcome =
  | { ok: true; options: KafkaSinkOptions; warnings: readonly string[] }
  | { ok: false; problems: readonly { readonly name: string; readonly message: string }[] };

/** For the output `name`. `warnings` are for every start; `problems` name a variable and its cure. */
export function kafkaOptions(settings: KafkaSettings, name: string): KafkaOptionsOutcome {
  const { kafkaBrokers: brokers, kafkaTls, kafkaTlsCa, kafkaTlsSkipVerify } = settings;
  const sasl = saslOf(settings, name);
  const problems = sasl.problems;
  if (brokers === undefined) {
    const message = `is required for the output ${name}: the addresses of the cluster, such as kafka-1:9092,kafka-2:9092`;
    problems.push({ name: variable(name, 'BROKERS'), message });
  }
  if (brokers === undefined || problems.length > 0) return { ok: false, problems };
  const speaksTls = kafkaTls || kafkaTlsCa !== undefined || kafkaTlsSkipVerify;
  const options: KafkaSinkOptions = {
    name,
    brokers,
    topic: settings.kafkaTopic,
    createTopic: settings.kafkaCreateTopic,
    acks: settings.kafkaAcks,
    compression: settings.kafkaCompression,
    sasl: sasl.value,
    tls: speaksTls ? { ca: kafkaTlsCa, skipVerify: kafkaTlsSkipVerify } : undefined,
  };
  return { ok: true, options, warnings: warningsOf(options) };
}

/** What a variable of this output is called: `KAFKA_TOPIC`, and `KAFKA_EU_TOPIC` for `kafka:eu`. */
export function variable(name: string, rest: string): string {
  return `${name.replaceAll(/[^A-Za-z0-9]/g, '_').toUpperCase()}_${rest}`;
}

type SaslOutcome = { value: KafkaSasl | undefined; problems: { name: string; message: string }[] };

/** All three or none. */
function saslOf(settings: KafkaSettings, name: string): SaslOutcome {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUser: user, kafkaSaslPassword: password } = settings;
  if (mechanism !== undefined && user !== undefined && password !== undefined)
    return { value: { mechanism, user, password }, problems: [] };
  const parts = { SASL_MECHANISM: mechanism, SASL_USER: user, SASL_PASSWORD: password };
  const missing = Object.entries(parts).filter(([, value]) => value === undefined);
  if (missing.length === 3) return { value: undefined, problems: [] };
  const problems = missing.map(([rest]) => ({
    name: variable(name, rest),
    message: `is not set, and others of ${variable(name, 'SASL_…')} are: set mechanism, user and password, or none`,
  }));
  return { value: undefined, problems };
}

function warningsOf({ name, sasl, tls }: KafkaSinkOptions): string[] {
  const warnings: string[] = [];
  if (tls?.skipVerify === true) {
    warnings.push(
      `${variable(name, 'TLS_SKIP_VERIFY')}=true: the brokers' certificates are not verified, anybody may take the events`,
    );
  }
  if (sasl?.mechanism === 'PLAIN' && tls === undefined) {
    warnings.push(
      `${variable(name, 'SASL_MECHANISM')}=PLAIN without TLS: the password crosses the network as it is`,
    );
  }
  return warnings;
}
