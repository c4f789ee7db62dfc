/**
 * One connection to the server, with deadlines of our own: a server that is frozen or cut off says nothing for ever,
 * and TCP takes a quarter of an hour to notice. The driver is loaded when it is first needed.
 */
import { Socket } from 'node:net';

export type ConnectOptions = {
  /** PG_DSN. */
  readonly dsn: string;
  /** To the end of the log-in. */
  readonly connectTimeoutMs: number;
  /** For the answer to one call of `query` or `copy`; then the connection is given up. */
  readonly timeoutMs: number;
};

/** Rejects with the driver's error, the server's (it has a `severity` and SQLSTATE in `code`), or the deadline's. */
export type Connection = {
  /** Several statements in one text are one transaction; then there are no values and no rows. */
  query<Row = object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** `sql` holds one `COPY … FROM STDIN`, whose text is `rows`; what stands around it is the same transaction. */
  copy(sql: string, rows: Buffer): Promise<void>;
  /** Says good-bye, for a moment at most. */
  close(): Promise<void>;
  /** At once, whatever is under way. */
  destroy(): void;
};

const CLOSE_MS = 1000;

export async function connect(options: ConnectOptions): Promise<Connection> {
  const [{ default: pg }, { from: copyFrom }] = await Promise.all([import('pg'), import('pg-copy-streams')]);
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: withPlainTlsMode(options.dsn),
    stream: () => socket,
    keepAlive: true,
    fallback_application_name: 'gotrack',
  });
  /** Why the connection was lost while nothing was asked; the driver tells the next query only that it was. */
  let lost: Error | null = null;
  client.on('error', (error) => {
    lost ??= error;
  });
  const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
    try {
      return await beforeDeadline(work, ms, () => socket.destroy());
    } catch (error) {
      throw lost ?? error;
    }
  };
  try {
    await within(options.connectTimeoutMs, client.connect());
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    async query<Row>(sql: string, values?: readonly unknown[]) {
      const work = values === undefined ? client.query(sql) : client.query(sql, [...values]);
      return (await within(options.timeoutMs, work)).rows as Row[];
    },
    copy: (sql, rows) =>
      within(
        options.timeoutMs,
        new Promise((resolve, reject) => {
          const stream = client.query(copyFrom(sql));
          stream.on('error', reject);
          stream.on('finish', resolve);
          stream.end(rows);
        }),
      ),
    async close() {
      await within(CLOSE_MS, client.end()).catch(() => {});
      socket.destroy();
    },
    destroy: () => void socket.destroy(),
  };
}

async function beforeDeadline<T>(work: Promise<T>, ms: number, giveUp: () => void): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    giveUp();
    late.reject(new Error(`the server has not answered within ${ms} ms`));
  }, ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The driver verifies certificates in all of these modes; the last is the one that it does not warn about. */
function withPlainTlsMode(dsn: string): string {
  if (/[?&]uselibpqcompat=true/.test(dsn)) return dsn;
  return dsn.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
}
