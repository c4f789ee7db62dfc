/** The journal of the shop: the section that a client-side router turns into a single-page application. */
export type Story = {
  readonly slug: string;
  readonly title: string;
  /** As a reader sees it, and as a machine does. */
  readonly date: readonly [shown: string, iso: string];
  readonly minutes: number;
  readonly art: string;
  readonly tint: 'sage' | 'clay' | 'honey' | 'sky';
  readonly teaser: string;
  readonly paragraphs: readonly string[];
};

export const STORIES: readonly Story[] = [
  {
    slug: 'two-reeds',
    title: 'Two reeds, a fifth apart',
    date: ['12 November 2026', '2026-11-12'],
    minutes: 3,
    art: 'kettle.svg',
    tint: 'sage',
    teaser: 'How to make a kettle that people want to hear.',
    paragraphs: [
      'Most kettles shout because a single reed is cheap, and a single reed only knows how to shout. Put a second one beside it and the two begin to argue about the pitch. If you are lucky, they agree on a chord.',
      'We were not lucky ten times. The fourth kettle sounded like a goose; the seventh, briefly, like a very small train. The eleventh came off the bench on a wet Thursday and everybody in the workshop looked up at once and then, without saying anything, put their tools down for tea.',
      'That is the one we sell. The reeds are a fifth apart, give or take the altitude of your kitchen.',
    ],
  },
  {
    slug: 'the-clock-with-one-hand',
    title: 'The clock with one hand',
    date: ['3 November 2026', '2026-11-03'],
    minutes: 2,
    art: 'clock.svg',
    tint: 'sky',
    teaser: 'What you lose with the minutes, and what you get back.',
    paragraphs: [
      'The first week is strange. You look up, and the clock tells you that it is some time after nine. You wait for the rest of the sentence. There is none.',
      'In the second week you notice that some time after nine was all you wanted to know. The bus has its own clock, and so does the oven. The wall does not need one.',
      'By the third week visitors begin to comment on how calm the room is. It is the same room. It has fewer numbers in it.',
    ],
  },
  {
    slug: 'colour-of-march',
    title: 'The colour of March',
    date: ['21 October 2026', '2026-10-21'],
    minutes: 4,
    art: 'blanket.svg',
    tint: 'honey',
    teaser: 'Undyed wool is never just grey. We counted.',
    paragraphs: [
      'Ask a weaver for grey and she will ask which one. There is the grey of a fence, the grey of a lamb that will be white next year, and the grey that the hill has for about nine days in March, which is green if you look at it long enough.',
      'We wanted the last one. It takes three fleeces in the right proportion, and the proportion changes every year with the rain. So each spring we send a jar of loose wool back and forth until somebody writes “yes” on the lid.',
      'This year it took four jars. The blanket on page one of the catalogue is the fourth.',
    ],
  },
  {
    slug: 'a-pot-that-breathes',
    title: 'A pot that breathes',
    date: ['8 October 2026', '2026-10-08'],
    minutes: 2,
    art: 'fern.svg',
    tint: 'clay',
    teaser: 'Why we stopped glazing, and what the ferns think of it.',
    paragraphs: [
      'A glazed pot keeps its secrets. You water, and wait, and hope. A bare one tells you everything: dark means it has had enough, pale means it is time.',
      'The ferns approve. Their roots go to the wall of the pot, where there is air and a little cold, and they grow slower and stand straighter.',
      'The pots leave a ring on the sill if you forget the saucer. We have come to think of it as a signature.',
    ],
  },
];

export function findStory(slug: string): Story | undefined {
  return STORIES.find((story) => story.slug === slug);
}
