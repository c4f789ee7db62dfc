/** A running gotrack: all of it, or the part that one process of it has. */
export type App = {
  /** Resolves with the URLs when visitors are served; rejects where an address cannot be had. */
  listen(): Promise<{ site: string; admin: string | null }>;
  /** Reopens the log file and reads the certificate again (SIGHUP). */
  reload(): void;
  /** Lets exchanges finish, syncs what was accepted, gives the sinks a moment, and stops. */
  close(): Promise<void>;
};
