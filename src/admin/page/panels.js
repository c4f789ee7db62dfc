// The panels above the list, written anew from each status message.
import { showBars } from './bars.js';
import { byId, make, setText } from './dom.js';
import { formatCount, formatRate, formatSpan } from './format.js';
import { showSpark } from './spark.js';

const SMOOTHING_SECONDS = 5;
// From here on, `document` and `pixel` events are no longer recorded.
const RECORDS_LESS_PERCENT = 80;

export function showStatus({ total, rates, site, readiness, counters }) {
  showRates(total, rates);
  showPages(counters);
  showJournal(readiness.journal, counters.rejections);
  showSinks(readiness.sinks);
  showSite(site);
  showReadiness(readiness.status);
}

function showRates(total, rates) {
  const recent = rates.slice(-SMOOTHING_SECONDS);
  const mean = recent.reduce((sum, count) => sum + count, 0) / recent.length;
  setText(byId('rate'), formatRate(mean));
  setText(byId('peak'), formatCount(Math.max(...rates)));
  setText(byId('total'), formatCount(total));
  showSpark(byId('spark'), rates);
}

const INJECTED = new Set(['inserted', 'spliced', 'recoded']);
const toneOfOutcome = (outcome) => (INJECTED.has(outcome) ? 'good' : outcome === 'failed' ? 'bad' : 'plain');

function showPages({ requests, injections }) {
  setText(byId('requests'), formatCount(requests));
  const shown = showBars(byId('injections'), injections, { limit: 5, toneOf: toneOfOutcome });
  byId('injections-none').hidden = shown > 0;
}

function showJournal({ state, used, error }, rejections) {
  const percent = Math.round(used * 1000) / 10;
  setText(byId('journal-used'), String(percent));
  showMeter(byId('journal-meter'), percent);
  showState(byId('journal-state'), state);
  setText(byId('journal-error'), error ?? '');
  const shown = showBars(byId('rejections'), rejections, { limit: 3, toneOf: () => 'bad' });
  byId('rejections-title').hidden = shown === 0;
}

function showMeter(meter, percent) {
  const fill = meter.firstElementChild;
  fill.style.setProperty('inline-size', `${Math.min(percent, 100)}%`);
  fill.dataset.tone = percent < RECORDS_LESS_PERCENT ? 'good' : 'bad';
}

function showSinks(sinks) {
  const rows = Object.entries(sinks).map(([name, sink]) => sinkRow(name, sink));
  byId('sinks').replaceChildren(...rows);
  byId('sinks-none').hidden = rows.length > 0;
}

function sinkRow(name, { state, since, lag_events: lagEvents, lag_s: lagSeconds, error }) {
  const chip = make('span', { className: 'chip' });
  showState(chip, state);
  const ageSeconds = (Date.now() - Date.parse(since)) / 1000;
  if (ageSeconds >= 0) chip.title = `for ${formatSpan(ageSeconds)}`;
  const lag = lagText(lagEvents, lagSeconds);
  const row = make('li', {}, make('b', {}, name), chip, make('span', { className: 'lag' }, lag));
  if (error) row.append(make('p', { className: 'error' }, error));
  return row;
}

function lagText(events, seconds) {
  if (events === null) return 'waits for the journal';
  return events > 0 ? `${formatCount(events)} behind, ${formatSpan(seconds)}` : 'nothing waits';
}

const GOOD = new Set(['ok', 'up', 'open', 'ready', 'running', 'idle', 'writing']);
const BAD = new Set(['down', 'failed', 'stalled', 'unavailable', 'full', 'closed']);

function showState(chip, state) {
  setText(chip, state);
  const tone = GOOD.has(state) ? 'good' : BAD.has(state) ? 'bad' : 'warn';
  if (chip.dataset.tone !== tone) chip.dataset.tone = tone;
}

function showReadiness(status) {
  byId('readiness').hidden = false;
  showState(byId('readiness'), status);
}

let linkedSite = null;

function showSite(site) {
  if (site === linkedSite || typeof site !== 'string' || !/^https?:\/\//.test(site)) return;
  linkedSite = site;
  byId('site').hidden = false;
  for (const place of document.querySelectorAll('[data-site-link]')) {
    place.replaceChildren(make('a', { href: site }, site.replace(/^https?:\/\//, '')));
  }
}
