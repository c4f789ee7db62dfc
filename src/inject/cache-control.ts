/** Cache-Control as a list of directives (RFC 9111 §5.2). */

export type Directive = {
  /** Lower case. */
  readonly name: string;
  /** After the `=`, unquoted; null where there is none. */
  readonly value: string | null;
};

/** Used again: `matchAll` makes a copy of it each time, on every page three times. */
const DIRECTIVE = /([^\s,=";]+)\s*(?:=\s*(?:"([^"]*)"?|([^\s,"]*)))?/g;

/** All directives in their order; what is no directive is skipped. Linear. */
export function parseCacheControl(text: string | undefined): readonly Directive[] {
  if (text === undefined) return NONE;
  const directives: Directive[] = [];
  DIRECTIVE.lastIndex = 0;
  for (let match = DIRECTIVE.exec(text); match !== null; match = DIRECTIVE.exec(text)) {
    directives.push({ name: match[1]!.toLowerCase(), value: match[2] ?? match[3] ?? null });
  }
  return directives;
}

const NONE: readonly Directive[] = [];

export function hasDirective(directives: readonly Directive[], name: string): boolean {
  return directives.some((directive) => directive.name === name);
}
