import type { Exchange } from '../http/exchange.ts';
import type { DocumentPlan } from './page-delivery.ts';
import type { EditPlan } from './page-plan.ts';
import type { Room } from './room.ts';
import type { SnippetParts } from './snippet.ts';

/** What varies in the snippet of one page. Throws what the rooms that are asked throw. */
export function snippetParts(
  { deps }: Room,
  exchange: Exchange,
  { plan, ids }: { plan: EditPlan; ids: DocumentPlan },
): SnippetParts {
  const { ipKey } = exchange.address;
  const { documentId, pageSession } = ids;
  const personal = plan.personal ? { ...deps.mintPage(ipKey, documentId), session: pageSession } : null;
  return {
    script: plan.script === null ? null : { nonce: plan.script.nonce, personal },
    pixel: plan.pixel
      ? {
          proof: deps.documentProof(documentId, ipKey),
          scheme: exchange.scheme,
          host: exchange.host,
          target: exchange.clientReq.url!,
        }
      : null,
  };
}
