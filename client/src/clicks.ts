import { isEventName } from './api.ts';
import type { Recorder } from './page.ts';
import { listen } from './quiet.ts';

/**
 * Clicks on links, buttons and elements that the site has named by `data-gotrack-event`. What they say is
 * the element's own marks: never its text, and never the value of a field.
 */
export function recordClicks(record: Recorder): void {
  const naming = 'data-gotrack-event';
  const clickable = ':any-link,button,[role=button],[type=submit],[type=button]';
  listen<MouseEvent>(window, 'click', (event) => {
    // Shadow trees included; the last nodes, document and window, match nothing.
    const path = event.composedPath() as HTMLAnchorElement[];
    const named = path.find((node) => node.matches?.(`[${naming}]`));
    const element = path.find((node) => node.matches?.(clickable)) ?? named;
    if (!element) return;
    const name = named?.getAttribute(naming) as string | undefined;
    const props: Record<string, string> = {};
    for (const { name: attribute, value } of named?.attributes ?? []) {
      const key = /^data-gotrack-(?!event$)(.+)/.exec(attribute)?.[1];
      if (key) props[key] = value;
    }
    // Links and areas only; others have no such properties.
    const { protocol, host, pathname } = element;
    const web = /^http/.test(protocol);
    const click = {
      tag: element.localName,
      id: element.getAttribute('id')!,
      role: element.getAttribute('role')!,
      name,
      // What follows `mailto:` or `tel:` is somebody's address.
      href: web ? host + pathname : protocol,
      outbound: web && host !== location.host,
      download: web && element.hasAttribute('download'),
      // A click by keyboard or script has no place.
      x: event.detail ? +(event.clientX / innerWidth).toFixed(3) : undefined,
      y: event.detail ? +(event.clientY / innerHeight).toFixed(3) : undefined,
    };
    const type = isEventName(name) ? name : 'click';
    record(type, { click, props }, type === 'conversion');
  });
}
