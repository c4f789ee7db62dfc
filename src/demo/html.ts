/** Markup made by the `html` tag alone: everything that is put into it is escaped, so echoed text is safe. */
export type Html = { readonly markup: string };

type Part = Html | readonly Html[] | string | number;

/** `html\`<p>${text}</p>\``: strings are escaped for element content and quoted attributes, Html stands as it is. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0]!;
  for (let i = 0; i < parts.length; i++) markup += toMarkup(parts[i]!) + strings[i + 1]!;
  return { markup };
}

export const nothing: Html = { markup: '' };

function toMarkup(part: Part): string {
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escapeHtml(part);
  if ('markup' in part) return part.markup;
  return part.map((item) => item.markup).join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
