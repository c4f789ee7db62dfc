/**
 * How fast a client sends and takes (PROXY: "limits"). Judged from counters that the socket keeps anyway, seen at
 * intervals: nothing runs for a chunk or a connection. A client is judged only by what it owes: a body that we read
 * and that it does not send, bytes that wait for it and that it does not take. A stream with nothing to say and an
 * origin that takes its time owe nothing and are owed nothing.
 */
export type PaceLimits = {
  /** A body of which nothing comes, or bytes of which nothing is taken, for this long. */
  idleMs: number;
  /** Under pressure: over how long a rate is taken, and the least that it may be. */
  windowMs: number;
  minBytesPerSecond: number;
};

export type PaceFacts = {
  /** Monotonic milliseconds. */
  now: number;
  /** Bytes that came from the client, and bytes that the system has taken on for it, since the connection began. */
  read: number;
  taken: number;
  /** The client has been asked for a body, we are reading, and it has not all come. */
  owesBody: boolean;
  /** Bytes wait in our memory for the client to take others. */
  hasWaiting: boolean;
  /** Connections are about to run out. */
  pressed: boolean;
};

export type PaceVerdict = 'fine' | 'idle-body' | 'slow-body' | 'stuck-reader' | 'slow-reader';

/** One direction: its counter when it last moved, and when a rate was last taken. */
type Direction = { bytes: number; movedAt: number; windowBytes: number; windowAt: number };
export type Pace = { readonly sending: Direction; readonly taking: Direction };

export function newPace(): Pace {
  return { sending: newDirection(), taking: newDirection() };
}

const newDirection = (): Direction => ({ bytes: -1, movedAt: 0, windowBytes: 0, windowAt: 0 });

/** Updates `pace` to what is seen now. */
export function judgePace(pace: Pace, facts: PaceFacts, limits: PaceLimits): PaceVerdict {
  const sending = judge(pace.sending, facts.owesBody ? facts.read : null, facts, limits);
  if (sending !== 'fine') return sending === 'still' ? 'idle-body' : 'slow-body';
  const taking = judge(pace.taking, facts.hasWaiting ? facts.taken : null, facts, limits);
  if (taking === 'fine') return 'fine';
  return taking === 'still' ? 'stuck-reader' : 'slow-reader';
}

/** `bytes` null: nothing is owed, so the clocks begin anew. */
function judge(
  direction: Direction,
  bytes: number | null,
  { now, pressed }: PaceFacts,
  limits: PaceLimits,
): 'fine' | 'still' | 'slow' {
  if (bytes === null || direction.bytes === -1) {
    direction.bytes = direction.windowBytes = bytes ?? -1;
    direction.movedAt = direction.windowAt = now;
    return 'fine';
  }
  if (bytes !== direction.bytes) {
    direction.bytes = bytes;
    direction.movedAt = now;
  } else if (now - direction.movedAt >= limits.idleMs) return 'still';
  const windowMs = now - direction.windowAt;
  if (windowMs < limits.windowMs) return 'fine';
  const perSecond = ((bytes - direction.windowBytes) * 1000) / windowMs;
  direction.windowBytes = bytes;
  direction.windowAt = now;
  return pressed && perSecond < limits.minBytesPerSecond ? 'slow' : 'fine';
}
