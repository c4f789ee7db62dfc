import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KafkaSettings, kafkaOptions, variable } from '../../../src/sinks/kafka/options.ts';

const SETTINGS: KafkaSettings = {
  kafkaBrokers: [{ host: 'kafka', port: 9092 }],
  kafkaTopic: 'gotrack.events',
  kafkaCreateTopic: true,
  kafkaAcks: 'all',
  kafkaCompression: 'none',
  kafkaSaslMechanism: undefined,
  kafkaSaslUser: undefined,
  kafkaSaslPassword: undefined,
  kafkaTls: false,
  kafkaTlsCa: undefined,
  kafkaTlsSkipVerify: false,
};
const optionsOf = (changes: Partial<KafkaSettings>, name = 'kafka') =>
  kafkaOptions({ ...SETTINGS, ...changes }, name);
const tlsOf = (changes: Partial<KafkaSettings>) => {
  const outcome = optionsOf(changes);
  assert.ok(outcome.ok);
  return outcome.options.tls;
};
const problemNames = (changes: Partial<KafkaSettings>, name?: string) => {
  const outcome = optionsOf(changes, name);
  assert.ok(!outcome.ok);
  return outcome.problems.map((problem) => problem.name);
};
const LOGIN = { kafkaSaslMechanism: 'PLAIN', kafkaSaslUser: 'u', kafkaSaslPassword: 'p' } as const;

describe('options of a Kafka sink', () => {
  it('need no more than the brokers', () => {
    const outcome = optionsOf({});
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.options.brokers, [{ host: 'kafka', port: 9092 }]);
    assert.deepEqual(outcome.warnings, []);
  });

  it('name the variable of the output that is missing', () => {
    assert.deepEqual(problemNames({ kafkaBrokers: undefined }), ['KAFKA_BROKERS']);
    assert.deepEqual(problemNames({ kafkaBrokers: undefined }, 'kafka:eu'), ['KAFKA_EU_BROKERS']);
    assert.equal(variable('kafka:us-west.2', 'TOPIC'), 'KAFKA_US_WEST_2_TOPIC');
  });

  it('take mechanism, user and password, or none of them', () => {
    const outcome = optionsOf({ ...LOGIN, kafkaTls: true });
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.options.sasl, { mechanism: 'PLAIN', user: 'u', password: 'p' });
    assert.deepEqual(problemNames({ ...LOGIN, kafkaSaslUser: undefined }), ['KAFKA_SASL_USER']);
    assert.deepEqual(problemNames({ kafkaSaslUser: 'u' }), ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_PASSWORD']);
  });

  it('speak TLS when asked to, with a CA, and when nothing is verified', () => {
    assert.equal(tlsOf({}), undefined);
    assert.deepEqual(tlsOf({ kafkaTls: true }), { ca: undefined, skipVerify: false });
    assert.deepEqual(tlsOf({ kafkaTlsCa: 'PEM' }), { ca: 'PEM', skipVerify: false });
    assert.deepEqual(tlsOf({ kafkaTlsSkipVerify: true }), { ca: undefined, skipVerify: true });
  });

  it('warn of certificates that are not verified and of a password in the clear', () => {
    const warningsOf = (changes: Partial<KafkaSettings>) => {
      const outcome = optionsOf(changes, 'kafka:eu');
      assert.ok(outcome.ok);
      return outcome.warnings.map((warning) => warning.split('=')[0]);
    };
    assert.deepEqual(warningsOf({ kafkaTlsSkipVerify: true }), ['KAFKA_EU_TLS_SKIP_VERIFY']);
    assert.deepEqual(warningsOf(LOGIN), ['KAFKA_EU_SASL_MECHANISM']);
    assert.deepEqual(warningsOf({ ...LOGIN, kafkaSaslMechanism: 'SCRAM-SHA-256' }), []);
    assert.deepEqual(warningsOf({ ...LOGIN, kafkaTls: true }), []);
  });
});
