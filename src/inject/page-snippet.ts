import type { Exchange } from '../http/exchange.ts';
import type { DocumentPlan } from './page-delivery.ts';
import type { EditPlan } from './page-plan.ts';
import type { Room } from './room.ts';

/** The snippet of one page, made when its place is known. Throws what the rooms that are asked throw. */
export function renderSnippet(
  { deps, snippet }: Room,
  exchange: Exchange,
  { plan, ids }: { plan: EditPlan; ids: DocumentPlan },
): Buffer {
  const { ipKey } = exchange.address;
  const { documentId, pageSession } = ids;
  return snippet.render({
    script:
      plan.script === null
        ? null
        : {
            nonce: plan.script.nonce,
            personal: plan.personal ? { ...deps.mintPage(ipKey, documentId), session: pageSession } : null,
          },
    pixel: plan.pixel
      ? {
          proof: deps.documentProof(documentId, ipKey),
          scheme: exchange.scheme,
          host: exchange.host,
          target: exchange.clientReq.url!,
        }
      : null,
  });
}
