/**
 * What a browser claims: the shape that the tracker sends and that `collect` reads with suspicion.
 * The only file that `client/` shares with the server, so types alone stand here.
 *
 * A POST body is one ClientEvent or an array of at most 100 (EVENTS.md, "What is accepted").
 */

export type UrlFacts = {
  referrer?: string;
  referrer_hostname?: string;
  /** Without the `?`. */
  raw_query?: string;
  /** Characters of `raw_query`. */
  query_size?: number;
  utm?: Record<string, string>;
  google?: Record<string, string>;
  meta?: Record<string, string>;
  microsoft?: Record<string, string>;
  other_click_ids?: Record<string, string>;
};

export type RouteFacts = {
  domain?: string;
  path?: string;
  fullPath?: string;
  /** With the `#`. */
  hash?: string;
  canonical_url?: string;
  title?: string;
  protocol?: string;
  query?: Record<string, string>;
};

export type ScreenFacts = {
  width?: number;
  height?: number;
  availWidth?: number;
  availHeight?: number;
  colorDepth?: number;
  pixelDepth?: number;
};

export type DeviceFacts = {
  ua?: string;
  ua_brands?: { brand: string; version: string }[];
  ua_mobile?: boolean;
  os?: string;
  browser?: string;
  language?: string;
  languages?: string[];
  tz?: string;
  /** Positive east of Greenwich. */
  tz_offset_minutes?: number;
  viewport_w?: number;
  viewport_h?: number;
  device_pixel_ratio?: number;
  hardware_concurrency?: number;
  device_memory?: number;
  maxTouchPoints?: number;
  prefers_color_scheme?: string;
  prefers_reduced_motion?: boolean;
  cookie_enabled?: boolean;
  storage_available?: boolean;
  network_effective_type?: string;
  network_downlink?: number;
  network_rtt?: number;
  network_save_data?: boolean;
  gpu?: string;
  screens?: ScreenFacts[];
};

export type SessionFacts = {
  visitor_id?: string;
  session_id?: string;
  /** Epoch milliseconds. */
  session_start_ts?: number;
  session_seq?: number;
  /** Epoch milliseconds. */
  first_visit_ts?: number;
  user_id?: string;
};

export type PageFacts = {
  /** UUIDv4 of one page view. */
  page_id?: string;
  /** Place of the event in its page view, from 0. */
  seq?: number;
  virtual?: true;
  restored?: true;
  reused?: true;
  prerendered?: true;
  frame?: true;
  /** The client's clock when the batch was signed, epoch milliseconds: what clock correction subtracts. */
  sent_at?: number;
};

export type ClickFacts = {
  tag?: string;
  id?: string;
  role?: string;
  name?: string;
  /** Host and path only. */
  href?: string;
  outbound?: boolean;
  download?: boolean;
  /** Fractions of the viewport, 0 to 1. */
  x?: number;
  y?: number;
};

export type ScrollFacts = { depth?: number; visible_ms?: number; engaged_ms?: number };

export type ErrorFacts = {
  kind?: 'error' | 'rejection';
  type?: string;
  file?: string;
  line?: number;
  column?: number;
};

export type ConsentChoice = { analytics?: 'granted' | 'denied'; security?: 'granted' | 'denied' };

/** The groups that an event may carry; they become `payload` of the envelope. */
export type PayloadGroups = {
  url?: UrlFacts;
  route?: RouteFacts;
  device?: DeviceFacts;
  session?: SessionFacts;
  page?: PageFacts;
  attribution?: { first?: Record<string, string>; last?: Record<string, string> };
  experiments?: Record<string, string>;
  click?: ClickFacts;
  scroll?: ScrollFacts;
  vital?: Record<string, { value: number; rating?: string; target?: string }>;
  error?: ErrorFacts;
  /** Custom properties: at most 4 KB serialised. */
  props?: Record<string, unknown>;
  /** Raw observations of the signal sources: at most 16 KB serialised. */
  results?: Record<string, unknown>;
};

export type ClientEvent = PayloadGroups & {
  /** UUIDv4; anything else becomes a UUIDv5 of it. */
  event_id?: string;
  /** RFC 3339 with a zone, by the client's clock. */
  ts?: string;
  type?: string;
  consent?: ConsentChoice;
};
