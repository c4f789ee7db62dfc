import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { pageOf, type Snapshot } from '../../src/telemetry/snapshots.ts';
import { createCounter, createHistogram } from '../../src/telemetry/tally.ts';

const LABELS = ['endpoint', 'method'];
const BUCKETS = [0.001, 0.5, 1, 10];
const endpoint = fc.constantFrom('forward', 'pixel');
const method = fc.constantFrom('GET', 'other');
const value = fc.oneof(fc.constantFrom(0, 0.001, 0.5, 10, 11), fc.double({ min: 0, max: 20, noNaN: true }));

const definition = (labels: readonly string[]) => ({ name: 'gt_x', help: 'What it "is"\nabout', labels });
const theirs = (labels: readonly string[], registers: Registry[]) => {
  const { name, help } = definition(labels);
  return { name, help, labelNames: [...labels], registers };
};

/** By themselves, and added up over two processes. */
async function assertSame(own: Registry, other: Registry): Promise<void> {
  assert.equal(await own.metrics(), await other.metrics());
  assert.equal(await twice(own), await twice(other));
}

async function twice(registry: Registry): Promise<string> {
  const snapshot = (await registry.getMetricsAsJSON()) as unknown as Snapshot;
  return pageOf([snapshot, snapshot]);
}

test('the page of metrics says of a counter what prom-client’s says', async () => {
  const counts = fc.array(fc.tuple(endpoint, method, fc.nat(3)), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(counts, async (all) => {
      const [own, other] = [new Registry(), new Registry()];
      const counter = createCounter(definition(LABELS), own);
      const model = new Counter(theirs(LABELS, [other]));
      for (const [e, m, count] of all) {
        if (count === 0) counter.inc({ endpoint: e, method: m });
        else counter.labels(e, m).inc(count);
        model.labels(e, m).inc(count === 0 ? 1 : count);
      }
      await assertSame(own, other);
    }),
  );
});

test('and of a histogram', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(endpoint, method, value), { maxLength: 30 }), async (all) => {
      const [own, other] = [new Registry(), new Registry()];
      const histogram = createHistogram({ ...definition(LABELS), buckets: BUCKETS }, own);
      const model = new Histogram({ ...theirs(LABELS, [other]), buckets: BUCKETS });
      for (const [i, [e, m, seconds]] of all.entries()) {
        if (i % 2 === 0) histogram.observe({ endpoint: e, method: m }, seconds);
        else histogram.labels(e, m).observe(seconds);
        model.labels(e, m).observe(seconds);
      }
      await assertSame(own, other);
    }),
  );
});

test('without labels there is one series, which begins at 0', async () => {
  const [own, other] = [new Registry(), new Registry()];
  createCounter(definition([]), own);
  new Counter(theirs([], [other]));
  await assertSame(own, other);
  const [ownHistograms, others] = [new Registry(), new Registry()];
  const histogram = createHistogram({ ...definition([]), buckets: BUCKETS }, ownHistograms);
  const model = new Histogram({ ...theirs([], [others]), buckets: BUCKETS });
  await assertSame(ownHistograms, others);
  for (const seconds of [0.25, 0.75, 100]) {
    histogram.observe(seconds);
    model.observe(seconds);
  }
  await assertSame(ownHistograms, others);
});

test('what is kept of a set of labels counts on in the same series', async () => {
  const counter = createCounter(definition(['reason']), new Registry());
  const kept = counter.labels('a');
  kept.inc();
  counter.labels('a').inc(2);
  const [series, ...more] = (await counter.get()).values;
  assert.equal(series?.value, 3);
  assert.equal(more.length, 0);
});

test('labels that are not those of the definition are a mistake', () => {
  const counter = createCounter(definition(LABELS), new Registry());
  assert.throws(() => counter.labels('forward').inc());
});
