/** Files of lines, read from a place on: for whoever looks at NDJSON that was written here. */
import { closeQuietly, type Fs, readUpTo } from './fs.ts';

const LINE_FEED = 0x0a;
const CHUNK_BYTES = 256 * 1024;
/** No line of ours is longer: a record of the journal has 16 MiB at most. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

export type LineCutter = {
  /** The lines that end in these bytes, without their line feeds. Throws where a line becomes longer than 32 MiB. */
  push(chunk: Buffer): Buffer[];
  /** What stands behind the last line feed so far. */
  rest(): Buffer;
};

export function createLineCutter(): LineCutter {
  let held: Buffer[] = [];
  let heldBytes = 0;

  const hold = (bytes: Buffer) => {
    heldBytes += bytes.length;
    if (heldBytes > MAX_LINE_BYTES) throw new Error(`a line of more than ${MAX_LINE_BYTES} bytes`);
    if (bytes.length > 0) held.push(bytes);
  };

  const rest = () => {
    if (held.length > 1) held = [Buffer.concat(held)];
    return held[0] ?? Buffer.alloc(0);
  };

  return {
    push(chunk) {
      const lines: Buffer[] = [];
      let start = 0;
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, start)) {
        hold(chunk.subarray(start, at));
        lines.push(rest());
        held = [];
        heldBytes = 0;
        start = at + 1;
      }
      hold(chunk.subarray(start));
      return lines;
    },
    rest,
  };
}

export type Line = {
  readonly bytes: Buffer;
  /** False for what stands behind the last line feed: it is being written, or was torn. */
  readonly isWhole: boolean;
};

/** The lines of a file as it is now. Rejects with the system's error. */
export async function* readLines(fsys: Fs, path: string): AsyncGenerator<Line, void, void> {
  const fd = await fsys.open(path, 'r');
  const cutter = createLineCutter();
  try {
    for (let position = 0; ; ) {
      const chunk = await readUpTo(fsys, { fd, position }, CHUNK_BYTES);
      if (chunk.length === 0) break;
      position += chunk.length;
      for (const bytes of cutter.push(chunk)) yield { bytes, isWhole: true };
    }
    const bytes = cutter.rest();
    if (bytes.length > 0) yield { bytes, isWhole: false };
  } finally {
    await closeQuietly(fsys, fd);
  }
}
