// The state of the stream in words. It is announced to screen readers, so it is written only when it changes.
const element = document.getElementById('connection');
let shown = '';

const WORDS = {
  connecting: () => 'Connecting',
  live: () => 'Live',
  silent: () => 'Connected, but nothing is heard',
  lost: ({ waitMs }) => `Lost, trying again in ${waitMs / 1000} s`,
};

export function showConnection(state) {
  const words = WORDS[state.kind](state);
  if (words === shown) return;
  shown = words;
  element.dataset.state = state.kind;
  element.textContent = words;
}
