/** Every way in which an event is left out on purpose: nobody is told no, and it is counted. */
export type DropReason =
  | 'tracking-off'
  | 'no-consent'
  | 'excluded'
  | 'foreign-site'
  | 'document-rate'
  | 'pixel-rate'
  | 'journal-nearly-full'
  | 'journal-full'
  | 'journal-busy'
  | 'journal-unavailable'
  | 'draining'
  | 'fault'
  | 'replay-forgotten';
