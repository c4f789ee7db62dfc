/** The scripts that pages may fetch, as the configuration has them. */
import { readFileSync } from 'node:fs';
import type { ScriptTexts } from '../collect/scripts.ts';
import type { Config } from '../config/fields.ts';

export function readScripts(config: Config): ScriptTexts {
  const settings = config.tracking ? JSON.stringify(settingsOf(config)) : 'null';
  const pixel = read('pixel.js');
  return {
    'hmac.js': read('hmac.js'),
    // The page of a classic script sees every name that it declares: a parameter it does not.
    'pixel.js': `(GOTRACK_SETTINGS=>{${pixel}})(${settings});`,
    'pixel.esm.js': `const GOTRACK_SETTINGS=${settings};${read('pixel.esm.js')}`,
  };
}

/** What the snippet says in attributes: that an attribute is there is what counts. */
function settingsOf({ identity, trackHash, injectFrames, consent }: Config): Record<string, string> {
  return {
    identity,
    ...(trackHash && { hash: '' }),
    ...(injectFrames && { frames: '' }),
    ...(consent === 'required' && { consent: '' }),
  };
}

function read(name: string): string {
  return readFileSync(new URL(`../../client/dist/${name}`, import.meta.url), 'latin1').trim();
}
