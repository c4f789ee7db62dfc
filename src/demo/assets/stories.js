// The journal's router: stories change by pushState, without a load. Whatever goes wrong here ends in an
// ordinary navigation, because every address works without this script.
const article = document.querySelector('[data-story]');
const announce = document.querySelector('[data-announce]');
const links = [...document.querySelectorAll('a[data-route]')];
const introduction = document.querySelector('[data-introduction]').content.childNodes;
const shopName = document.title.split(' · ').at(-1);
let wanted = 0;

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-route]');
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) && event.button === 0;
  if (!link || !plain) return;
  event.preventDefault();
  go(new URL(link.href).pathname, true);
});

addEventListener('popstate', () => go(location.pathname, false));

async function go(path, isNew) {
  const turn = ++wanted;
  try {
    const view = await load(path);
    if (turn !== wanted) return;
    if (isNew && path !== location.pathname) history.pushState(null, '', path);
    show(path, view);
    if (isNew) bringIntoView();
  } catch {
    location.assign(path);
  }
}

async function load(path) {
  if (path === '/stories') return { title: 'Stories', nodes: [...introduction] };
  const answer = await fetch(`/api/stories/${path.split('/').at(-1)}`);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const story = await answer.json();
  return { title: story.title, nodes: nodesOf(story) };
}

function show(path, { title, nodes }) {
  article.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
  document.title = `${title} · ${shopName}`;
  announce.textContent = title;
  for (const link of links) {
    if (new URL(link.href).pathname === path) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  article.focus({ preventScroll: true });
}

// On a phone the story stands below its list. Going back, the browser knows better where the reader was.
function bringIntoView() {
  const { top } = article.getBoundingClientRect();
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (top < 0 || top > innerHeight / 2) article.scrollIntoView({ behavior: calm ? 'instant' : 'smooth' });
}

function nodesOf(story) {
  const [shown, iso] = story.date;
  const art = make(
    'span',
    { className: 'art' },
    make('img', { src: story.art, width: 240, height: 240, alt: '' }),
  );
  art.dataset.tint = story.tint;
  const over = make(
    'p',
    { className: 'over' },
    make('time', { dateTime: iso }, shown),
    ` · ${story.minutes} minutes`,
  );
  return [art, over, make('h1', {}, story.title), ...story.paragraphs.map((text) => make('p', {}, text))];
}

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
