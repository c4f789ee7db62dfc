import type { ResponseHead } from '../http/response-writer.ts';
import { codecOf } from './codec.ts';
import type { Coding } from './encoding.ts';
import type { Outcome } from './outcome.ts';
import type { Page } from './page.ts';
import { type PageBody, PassedBody } from './page-body.ts';
import { RecodedBody } from './recoded-body.ts';
import { SPLICER_BYTES, SplicedBody } from './spliced-body.ts';
import { StreamedBody } from './streamed-body.ts';

export type OpenedStream = { readonly head: ResponseHead; readonly body: PageBody };

/** The head and the way of a page that streams; nothing goes out yet. `start`: what is here of its body. */
export function openStream(page: Page, start: readonly Buffer[]): OpenedStream {
  try {
    const { encoding } = page;
    if (encoding !== 'identity') return openCoded(page, encoding, start);
    return { head: page.editedHead(null, null), body: new StreamedBody(page) };
  } catch (error) {
    page.fault(error);
    return openPassed(page, 'failed');
  }
}

function openCoded(page: Page, coding: Coding, start: readonly Buffer[]): OpenedStream {
  const codec = codecOf(coding, start.length === 1 ? start[0]! : Buffer.concat(start));
  if (codec === null) return openPassed(page, 'encoding');
  const head = page.editedHead(null, null);
  // In the head the text itself changes, which no bytes behind a stream can do.
  const isSpliced = coding === 'gzip' && page.place === 'tail';
  const memoryBytes = isSpliced ? SPLICER_BYTES : codec.memoryBytes;
  if (!page.takeRecoder(memoryBytes)) return openPassed(page, 'busy');
  try {
    return { head, body: isSpliced ? new SplicedBody(page) : new RecodedBody(page, codec) };
  } catch (error) {
    page.releaseRecoder(memoryBytes);
    throw error;
  }
}

function openPassed(page: Page, outcome: Outcome): OpenedStream {
  return { head: page.passedHead(outcome), body: new PassedBody(outcome, page.delivery, page.resume) };
}
