/** `/pixel.esm.js`: the same as a module, whose exports are the calls of `gotrack`. Each is quiet where it does not run. */
import { type Api, page } from './api.ts';
import { quietly } from './quiet.ts';
import { startStandalone } from './standalone.ts';

const runs = quietly(() => startStandalone(import.meta.url))();

const call = <Name extends keyof Api>(name: Name) =>
  quietly((...args: Parameters<Api[Name]>): void => {
    // Before the page has been read, the tracker is not there yet: it makes the call when it comes.
    if (!runs) return;
    page.gotrack ||= [];
    page.gotrack.push([name, ...args]);
  });

export const track = call('track');
export const identify = call('identify');
export const consent = call('consent');
export const reset = call('reset');
export const experiment = call('experiment');
