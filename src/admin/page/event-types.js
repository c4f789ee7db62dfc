const KNOWN = new Set(
  'pageview click scroll conversion vital error signals document pixel verdict'.split(' '),
);

/** Types of ours have a colour of their own; all custom ones share one. */
export const colourOf = (type) => (KNOWN.has(type) ? type : 'custom');
