/**
 * Counters and histograms for what happens at every request. Those of prom-client check, sort and hash their labels
 * each time; here a set of labels is looked up, or kept by whoever counts, and the rest is an addition. A registry of
 * prom-client's takes them in and prints them: it asks a metric for no more than `get`.
 */
import type { Metric, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;
export type Definition = { readonly name: string; readonly help: string; readonly labels: readonly string[] };

type Value = { readonly metricName?: string; readonly labels: Labels; readonly value: number };
type Read = { name: string; help: string; type: string; aggregator: string; values: Value[] };

export type Count = { inc(value?: number): void };
export type Counter = Count & {
  inc(labels: Labels, value?: number): void;
  /** Values in the order of the definition. */
  labels(...values: string[]): Count;
  get(): Promise<Read>;
};

export type Observer = { observe(value: number): void };
export type Histogram = Observer & {
  observe(labels: Labels, value: number): void;
  labels(...values: string[]): Observer;
  get(): Promise<Read>;
};

export function createCounter(definition: Definition, registry: Registry): Counter {
  const series = createSeries(definition, (labels) => new Sum(labels));
  const counter: Counter = {
    inc(given?: Labels | number, value?: number) {
      if (typeof given === 'object') series.of(given).inc(value);
      else series.at([]).inc(given);
    },
    labels: (...values) => series.at(values),
    get: async () => read(definition, 'counter', series.all()),
  };
  return register(counter, definition, registry);
}

export function createHistogram(
  definition: Definition & { readonly buckets: readonly number[] },
  registry: Registry,
): Histogram {
  const { buckets } = definition;
  const series = createSeries(definition, (labels) => new Buckets(labels, buckets));
  const histogram: Histogram = {
    observe(given: Labels | number, value?: number) {
      if (typeof given === 'object') series.of(given).observe(value!);
      else series.at([]).observe(given);
    },
    labels: (...values) => series.at(values),
    get: async () =>
      read(
        definition,
        'histogram',
        series.all().flatMap((one) => one.values(definition.name)),
      ),
  };
  return register(histogram, definition, registry);
}

/** One for each set of labels, whose number the closed unions of their values bound. */
function createSeries<T>({ labels: names }: Definition, make: (labels: Labels) => T) {
  const known = new Map<string, T>();

  function at(values: readonly string[]): T {
    const key = values.length === 1 ? values[0]! : values.join('\n');
    const found = known.get(key);
    if (found !== undefined) return found;
    if (values.length !== names.length) throw new Error(`labels are ${names}, not ${values}`);
    const made = make(Object.fromEntries(names.map((name, i) => [name, values[i]!])));
    known.set(key, made);
    return made;
  }

  if (names.length === 0) at([]); // a sum that nothing was added to is 0, and says so
  return {
    at,
    of: (labels: Labels) => at(names.map((name) => labels[name]!)),
    all: () => [...known.values()],
  };
}

/** A class, because it counts at every request. */
class Sum implements Count {
  readonly labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  inc(value = 1): void {
    this.value += value;
  }
}

/** A class, because it counts at every request. */
class Buckets implements Observer {
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  /** By the first bound that a value does not pass; the last passed all. */
  readonly #counts: number[];
  #sum = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++;
    this.#counts[bucket]! += 1;
    this.#sum += value;
  }

  /** As the text format wants them: each bucket with all below it. */
  values(name: string): Value[] {
    let below = 0;
    const buckets = this.#counts.map((count, i): Value => {
      below += count;
      const le = String(this.#bounds[i] ?? '+Inf');
      return { metricName: `${name}_bucket`, labels: { le, ...this.#labels }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.#labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.#labels, value: below },
    ];
  }
}

function read({ name, help }: Definition, type: string, values: Value[]): Read {
  return { name, help, type, aggregator: 'sum', values };
}

function register<T>(metric: T, { name }: Definition, registry: Registry): T {
  registry.registerMetric(Object.assign(metric as object, { name }) as unknown as Metric);
  return metric;
}
