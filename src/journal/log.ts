/** What the journal needs of a logger: facts first, then a sentence. A pino logger fits. */
export type JournalLog = {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
};
