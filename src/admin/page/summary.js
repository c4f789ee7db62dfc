// What a row shows of an event. An event is hostile input of any shape: everything is read as perhaps missing,
// and leaves here as a string of bounded length.
import { formatSpan, formatTime } from './format.js';

const MAX_TEXT = 200;

/** Null for a line that is no JSON object. */
export function summarise(line) {
  const event = parse(line);
  if (event === null) return null;
  const type = text(event.type) || 'unknown';
  return {
    time: formatTime(text(event.timestamp)),
    type,
    page: pageOf(text(event.url)),
    about: text(aboutOf(type, event)),
    client: clientOf(event),
    address: text(event.ip ?? event.ip_hash),
    scheme: text(event.server?.auth?.scheme) || '–',
  };
}

function parse(line) {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function text(value) {
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  const whole = String(value);
  return whole.length > MAX_TEXT ? `${whole.slice(0, MAX_TEXT)}…` : whole;
}

function pageOf(url) {
  if (!URL.canParse(url)) return url || '–';
  const { pathname, search, hash } = new URL(url);
  return pathname + search + hash;
}

const clientOf = (event) => text(event.payload?.session?.session_id).slice(0, 8) || text(event.ip) || '–';

function aboutOf(type, { url, payload, server }) {
  const { click, error, route, scroll, page, props } = payload ?? {};
  const { document } = server ?? {};
  if (document) return joined([document.status, document.injection, milliseconds(document.origin_ms)]);
  if (click) return joined([click.role ?? click.tag, click.id, withoutHost(click.href, url), propsOf(props)]);
  if (type === 'error') return joined([error?.type, error?.file, error?.line]);
  if (type === 'scroll') return joined([percent(scroll?.depth), milliseconds(scroll?.engaged_ms)]);
  return joined([route?.title, page?.virtual && 'virtual', page?.restored && 'restored', propsOf(props)]);
}

/** A link's `host/path` on the page's own host is shown as its path. */
function withoutHost(href, url) {
  if (typeof href !== 'string' || !URL.canParse(url)) return href;
  const { host } = new URL(url);
  return href.startsWith(`${host}/`) ? href.slice(host.length) : href;
}

function propsOf(props) {
  const entries = Object.entries(typeof props === 'object' && props !== null ? props : {});
  return joined(entries.slice(0, 3).map(([name, value]) => text(value) && `${name} ${text(value)}`));
}

const joined = (parts) => parts.map(text).filter(Boolean).join(' · ');
const milliseconds = (value) => {
  if (typeof value !== 'number') return '';
  return value < 1000 ? `${Math.round(value)} ms` : formatSpan(value / 1000);
};
const percent = (fraction) => (typeof fraction === 'number' ? `${Math.round(fraction * 100)} %` : '');
