import type { DeviceFacts, ScreenFacts } from '../../src/event/client-event.ts';
import type { Loose } from './json.ts';
import { NativeDate } from './natives.ts';

/**
 * For the first pageview, so only what costs next to nothing: no size of the viewport (it forces layout)
 * and no time zone (a first `Intl.DateTimeFormat()` takes 12 ms). What request headers say, too, is not here.
 */
export function readDevice(): Loose<DeviceFacts> {
  const { language, languages, hardwareConcurrency, deviceMemory, maxTouchPoints } =
    navigator as Navigator & { deviceMemory?: number };
  return {
    language,
    languages: languages as string[],
    hardware_concurrency: hardwareConcurrency,
    device_memory: deviceMemory,
    maxTouchPoints,
    tz_offset_minutes: -new NativeDate().getTimezoneOffset(),
    device_pixel_ratio: devicePixelRatio,
    screens: [readScreen()],
  };
}

/** Its sizes and depths: the members that end in `width`, `height` and `depth`. */
function readScreen(): ScreenFacts {
  const sizes: Record<string, number> = {};
  for (const name in screen) if (/[ht]{2}$/.test(name)) sizes[name] = screen[name as 'width'];
  return sizes;
}

/** What readDevice leaves out; for idle time after load. */
export const measureDevice = (): DeviceFacts => ({
  tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
  viewport_w: innerWidth,
  viewport_h: innerHeight,
});
