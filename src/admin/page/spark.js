const HEIGHT = 24;

/** One bar a second; the newest at the right. Drawn as one path, so that a change is one attribute. */
export function showSpark(svg, rates) {
  const most = Math.max(...rates, 1);
  const bars = rates.map((count, second) => {
    const height = count === 0 ? 0.6 : Math.max((count / most) * HEIGHT, 1.5);
    return `M${second} ${HEIGHT}v${-height.toFixed(2)}h.72v${height.toFixed(2)}z`;
  });
  svg.firstElementChild.setAttribute('d', bars.join(''));
}
