import type { ClientReq, ClientRes } from './client-message.ts';

/** Who is on the other side, resolved once per request; signature, events, limits and headers all use it. */
export type ClientAddress = {
  /** The client's address, normalised: v4-mapped IPv6 is IPv4. */
  ip: string;
  /** What keys and rates bind to: the IPv4, or the IPv6 /64 as `xxxx:xxxx:xxxx:xxxx::/64`. */
  ipKey: string;
  /** The socket's peer, normalised; equal to `ip` unless a trusted proxy stands before us. */
  peer: string;
  /** Whether the peer may speak for others (TRUST_PROXY). */
  peerTrusted: boolean;
};

/** The request's side of an exchange: all that there is of one that asks for an upgrade. */
export type RequestSide = {
  readonly clientReq: ClientReq;
  readonly address: ClientAddress;
  /** `X-Request-Id` of a trusted peer, else our own UUIDv7. */
  readonly requestId: string;
  /** Epoch milliseconds when the head had arrived. */
  readonly receivedAt: number;
  /** What the client sees in its address bar: X-Forwarded-Proto and -Host of a trusted peer, else our own. */
  readonly scheme: 'http' | 'https';
  readonly host: string;
};

/** One request and its response, as the edge hands it to a room. */
export type Exchange = RequestSide & { readonly clientRes: ClientRes };
