/** `/pixel.js`: the tracker as a classic script, for pages that the proxy does not edit. */
import { readDocument } from './natives.ts';
import { quietly } from './quiet.ts';
import { startStandalone } from './standalone.ts';

quietly(() => startStandalone((readDocument('currentScript') as HTMLScriptElement).src))();
