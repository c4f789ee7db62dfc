import type { ResponseHead } from '../http/response-writer.ts';
import { looksLikeGzip } from './gzip-header.ts';
import type { Outcome } from './outcome.ts';
import { type Page, type PageBody, PassedBody } from './page-body.ts';
import { RecodedBody } from './recoded-body.ts';
import { StreamedBody } from './streamed-body.ts';

export type OpenedStream = { readonly head: ResponseHead; readonly body: PageBody };

/** The head and the way of a page that streams; nothing goes out yet. `start`: what is here of its body. */
export function openStream(page: Page, start: readonly Buffer[]): OpenedStream {
  try {
    if (page.encoding === 'gzip' && !looksLikeGzip(Buffer.concat(start).subarray(0, 3))) {
      return openPassed(page, 'encoding');
    }
    const body = page.encoding === 'gzip' ? new RecodedBody(page) : new StreamedBody(page);
    return { head: page.editedHead(null, null), body };
  } catch (error) {
    page.fault(error);
    return openPassed(page, 'failed');
  }
}

function openPassed(page: Page, outcome: Outcome): OpenedStream {
  return { head: page.passedHead(outcome), body: new PassedBody(outcome, page.delivery, page.resume) };
}
