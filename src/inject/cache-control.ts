/** Cache-Control as a list of directives (RFC 9111 §5.2). */

export type Directive = {
  /** Lower case. */
  readonly name: string;
  /** After the `=`, unquoted; null where there is none. */
  readonly value: string | null;
};

const DIRECTIVE = /([^\s,=";]+)\s*(?:=\s*(?:"([^"]*)"?|([^\s,"]*)))?/g;

/** All directives in their order; what is no directive is skipped. Linear. */
export function parseCacheControl(text: string | undefined): readonly Directive[] {
  if (text === undefined) return NONE;
  const directives: Directive[] = [];
  for (const [, name, quoted, plain] of text.matchAll(DIRECTIVE)) {
    directives.push({ name: name!.toLowerCase(), value: quoted ?? plain ?? null });
  }
  return directives;
}

const NONE: readonly Directive[] = [];

export function hasDirective(directives: readonly Directive[], name: string): boolean {
  return directives.some((directive) => directive.name === name);
}
