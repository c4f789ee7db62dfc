/** Globs of paths: `*` stands for any text, slashes too (`**` is the same); everything else for itself. */
export type Globs = readonly (readonly string[])[];

/** Cuts each glob at its stars, once. */
export function compileGlobs(globs: readonly string[]): Globs {
  return globs.map((glob) => glob.split(/\*+/));
}

/** Linear in the length of the path for each glob: the leftmost place of a piece is as good as any other. */
export function matchesAny(globs: Globs, path: string): boolean {
  for (const pieces of globs) {
    if (matches(pieces, path)) return true;
  }
  return false;
}

function matches(pieces: readonly string[], path: string): boolean {
  const first = pieces[0]!;
  const last = pieces[pieces.length - 1]!;
  if (pieces.length === 1) return path === first;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const found = path.indexOf(pieces[i]!, at);
    if (found === -1) return false;
    at = found + pieces[i]!.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}
