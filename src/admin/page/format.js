const whole = new Intl.NumberFormat('en');

export const formatCount = (count) => whole.format(count);

/** One digit after the point below ten, none above: `0.4`, `12`. */
export const formatRate = (rate) =>
  rate < 9.95 ? String(Math.round(rate * 10) / 10) : whole.format(Math.round(rate));

/** `0.4 s`, `12 s`, `3 min`, `2 h`. */
export function formatSpan(seconds) {
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** The viewer's own time of day with milliseconds. */
export function formatTime(iso) {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '--:--:--';
  const two = (number) => String(number).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
