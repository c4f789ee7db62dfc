/** The catalogue. `art` names a file of `assets/art/`, `tint` a backdrop of the style sheet. */
export type Product = {
  readonly slug: string;
  readonly name: string;
  readonly cents: number;
  readonly kind: string;
  readonly tint: 'sage' | 'clay' | 'honey' | 'sky';
  readonly art: string;
  readonly artText: string;
  readonly line: string;
  readonly story: readonly string[];
  readonly facts: readonly (readonly [string, string])[];
};

export const PRODUCTS: readonly Product[] = [
  {
    slug: 'dawn-kettle',
    name: 'Dawn kettle',
    cents: 5800,
    kind: 'Kitchen',
    tint: 'sage',
    art: 'kettle.svg',
    artText: 'A green enamel kettle with a wooden handle',
    line: 'Enamelled steel that sings instead of screaming.',
    story: [
      'The whistle took eleven tries. We wanted a note that reaches the garden but does not wake the house, and ended up with two reeds tuned a fifth apart.',
      'The base is thick enough for induction, the spout is narrow enough for coffee, and the handle stays cool because it is simply wood.',
    ],
    facts: [
      ['Holds', '1.2 litres'],
      ['Made of', 'Enamelled steel, beech'],
      ['Works on', 'Gas, electric, induction'],
    ],
  },
  {
    slug: 'tide-mug',
    name: 'Tide mug',
    cents: 1800,
    kind: 'Kitchen',
    tint: 'sky',
    art: 'mug.svg',
    artText: 'A blue stoneware mug with a wave around it',
    line: 'Stoneware with a glaze line that no two mugs share.',
    story: [
      'Each mug is dipped by hand, twice. Where the two glazes meet they run a little, and that is the tide.',
      'The foot ring is left bare so that you can see the clay. It is heavy in the way that makes you sit down first.',
    ],
    facts: [
      ['Holds', '320 millilitres'],
      ['Made of', 'Stoneware'],
      ['Care', 'Dishwasher is fine'],
    ],
  },
  {
    slug: 'ember-lamp',
    name: 'Ember lamp',
    cents: 7400,
    kind: 'Light',
    tint: 'honey',
    art: 'lamp.svg',
    artText: 'A small table lamp with a terracotta shade',
    line: 'A small lamp for the hour before the sun.',
    story: [
      'It has one dial and no app. At its lowest it is about as bright as a candle; at its highest you can read by it without squinting.',
      'The shade is spun from thin steel and painted inside with a warm white, so the light stays on the table where it belongs.',
    ],
    facts: [
      ['Height', '34 centimetres'],
      ['Light', '2,200 K, 5 to 350 lumens'],
      ['Cable', 'Two metres, woven'],
    ],
  },
  {
    slug: 'daybook',
    name: 'Daybook',
    cents: 1400,
    kind: 'Desk',
    tint: 'clay',
    art: 'notebook.svg',
    artText: 'A cloth-bound notebook with a ribbon and a pencil',
    line: 'One page a day, and none of them dated.',
    story: [
      'Dated pages make you feel late. These do not. Skip a week, come back, and the book has not noticed.',
      'It opens flat on any page, because it is sewn and not glued, and the paper takes fountain pen without a ghost.',
    ],
    facts: [
      ['Pages', '368, dotted lightly'],
      ['Size', '13 × 19 centimetres'],
      ['Paper', '90 g, recycled'],
    ],
  },
  {
    slug: 'moss-blanket',
    name: 'Moss blanket',
    cents: 8900,
    kind: 'Home',
    tint: 'sage',
    art: 'blanket.svg',
    artText: 'Three folded wool blankets in a stack',
    line: 'Wool from two valleys, woven in a third.',
    story: [
      'The yarn is not dyed: light and dark fleeces are carded together until they look like a hillside in March.',
      'It is large enough for two people who like each other and one person who does not want to get up.',
    ],
    facts: [
      ['Size', '140 × 200 centimetres'],
      ['Made of', 'Undyed wool'],
      ['Care', 'Air it; wash it rarely'],
    ],
  },
  {
    slug: 'unhurried-clock',
    name: 'Unhurried clock',
    cents: 4200,
    kind: 'Home',
    tint: 'sky',
    art: 'clock.svg',
    artText: 'A round wall clock that has only an hour hand',
    line: 'One hand. It is about a quarter past.',
    story: [
      'A single hand that goes round once in twelve hours turns out to be enough for breakfast, and for most of what follows.',
      'The movement makes no sound at all. You will look up to see whether it still runs, and it does.',
    ],
    facts: [
      ['Across', '26 centimetres'],
      ['Made of', 'Ash, glass'],
      ['Runs on', 'One AA cell, two years'],
    ],
  },
  {
    slug: 'window-fern',
    name: 'Window fern',
    cents: 2600,
    kind: 'Garden',
    tint: 'clay',
    art: 'fern.svg',
    artText: 'A fern in a terracotta pot',
    line: 'A forgiving plant in a pot that breathes.',
    story: [
      'It likes a north window and being talked to. If you go away for ten days it will sulk, and then it will be fine.',
      'The pot is unglazed, so it drinks with the plant. The saucer is deeper than you think you need.',
    ],
    facts: [
      ['Height', 'About 30 centimetres'],
      ['Water', 'When the pot turns pale'],
      ['Light', 'Shade or half shade'],
    ],
  },
  {
    slug: 'first-light-candle',
    name: 'First-light candle',
    cents: 1600,
    kind: 'Light',
    tint: 'honey',
    art: 'candle.svg',
    artText: 'A lit candle in an amber glass',
    line: 'Smells of cut hay and a struck match.',
    story: [
      'Rapeseed wax from the next farm but one, a cotton wick, and not much else. It burns for forty hours if you trim it.',
      'When it is gone, the glass is a good size for pencils.',
    ],
    facts: [
      ['Burns', 'Forty hours'],
      ['Made of', 'Rapeseed wax, cotton'],
      ['Glass', 'Recycled, yours to keep'],
    ],
  },
];

export function findProduct(slug: string): Product | undefined {
  return PRODUCTS.find((product) => product.slug === slug);
}

/** Products whose name, kind or line contains the words, in any case. */
export function searchProducts(words: string): readonly Product[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return [];
  return PRODUCTS.filter(({ name, kind, line }) => `${name} ${kind} ${line}`.toLowerCase().includes(wanted));
}

/** `5800` → `€58.00`. */
export function formatPrice(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`;
}
