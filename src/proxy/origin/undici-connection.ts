/**
 * One connection of undici's pool, with what the exchanges on it must know and undici does not tell: whether
 * it has answered before, and whether it ended in an error.
 */
import { type buildConnector, Client, type Dispatcher } from 'undici';

export type Connection = {
  /** Responses that it has brought so far. */
  answers: number;
  /** It broke. A body that only its end delimits is not whole then, though undici says so. */
  broken: boolean;
};

/** A dispatch handler that wants to know the connection that it is on. */
export type OnConnection = Dispatcher.DispatchHandler & { connection: Connection | null };

/** The pool's factory. One connection at a time: a new one takes the place of one that was lost. */
export function createConnection(origin: URL, options: object): Client {
  const connection: Connection = { answers: 0, broken: false };
  const { connect } = options as { connect: buildConnector.connector };

  /** The server name is the origin's own: undici would take the client's Host, and verify by it. */
  function connectAnew(target: buildConnector.Options, callback: buildConnector.Callback): void {
    return connect({ ...target, servername: '' }, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      Object.assign(connection, { answers: 0, broken: false });
      socket.once('error', () => {
        connection.broken = true;
      });
      callback(null, socket);
    });
  }

  const client = new Client(origin, { ...options, connect: connectAnew });
  const dispatch = client.dispatch.bind(client);
  client.dispatch = (request, handler) => {
    (handler as OnConnection).connection = connection;
    return dispatch(request, handler);
  };
  return client;
}
