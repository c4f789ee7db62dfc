/**
 * A file of the fake disk: what the kernel's cache shows, and what would be left after a power cut. Writes that
 * were not synced survive a cut whole, not at all, or sector by sector; a sync that fails drops them from the
 * kernel's care, so that the next sync succeeds without them (as Linux does).
 */

export type Random = () => number;

type Change = { kind: 'write'; position: number; bytes: Buffer } | { kind: 'truncate'; size: number };

export type Inode = {
  readonly ino: number;
  cached: Buffer;
  durable: Buffer;
  pending: Change[];
};

const SECTOR = 512;

export function createInode(ino: number): Inode {
  return { ino, cached: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] };
}

export function changeInode(inode: Inode, what: Change): void {
  inode.cached = applied(inode.cached, what);
  inode.pending.push(what);
}

export function syncInode(inode: Inode): void {
  inode.durable = inode.pending.reduce(applied, inode.durable);
  inode.pending = [];
}

export function failSync(inode: Inode, random: Random): void {
  inode.durable = torn(inode, random);
  inode.pending = [];
}

/** What a power cut leaves. */
export function cutInode(inode: Inode, random: Random): void {
  const luck = random();
  if (luck < 1 / 3) inode.durable = inode.pending.reduce(applied, inode.durable);
  else if (luck < 2 / 3) inode.durable = torn(inode, random);
  inode.cached = inode.durable;
  inode.pending = [];
}

function torn(inode: Inode, random: Random): Buffer {
  const pieces = inode.pending.flatMap((what) => (what.kind === 'write' ? sectors(what) : [what]));
  return pieces.filter(() => random() < 0.5).reduce(applied, inode.durable);
}

function sectors({ position, bytes }: Change & { kind: 'write' }): Change[] {
  const pieces: Change[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + SECTOR - ((position + at) % SECTOR));
    pieces.push({ kind: 'write', position: position + at, bytes: bytes.subarray(at, end) });
    at = end;
  }
  return pieces;
}

/** Never changes the buffer that it is given. */
function applied(content: Buffer, what: Change): Buffer {
  const size =
    what.kind === 'truncate' ? what.size : Math.max(content.length, what.position + what.bytes.length);
  const next = Buffer.alloc(size);
  content.copy(next, 0, 0, Math.min(size, content.length));
  if (what.kind === 'write') what.bytes.copy(next, what.position);
  return next;
}
