/** What tree construction remembers between tags, and the steps that several insertion modes share. */
import { type Mode, type OpenElement, OpenElements } from './open-elements.ts';
import { FOREIGN, type Tag } from './tags.ts';

/** How the tokenizer reads on after a start tag; `again`: the tag is to be looked at anew in the new mode. */
export type Content = 'data' | 'rcdata' | 'rawtext' | 'script' | 'again';

/** A start tag as the tokenizer hands it over. */
export type StartTag = { readonly tag: Tag; readonly selfClosing: boolean };

export type TreeState = {
  mode: Mode;
  readonly elements: OpenElements;
  /** The form element pointer; it may point to a form that is no longer open. */
  form: OpenElement | null;
  /** Something opened the body for certain. */
  bodyOpened: boolean;
  /** Null where the doctype has more than a name: then only a long list of identifiers would tell. */
  quirks: boolean | null;
  /** Something came that these rules do not follow; never unset. */
  doubt: boolean;
};

export function createTreeState(): TreeState {
  return {
    mode: 'head',
    elements: new OpenElements(),
    form: null,
    bodyOpened: false,
    quirks: true,
    doubt: false,
  };
}

export function openBody(tree: TreeState): void {
  tree.bodyOpened = true;
  tree.mode = 'body';
}

/** "Reset the insertion mode appropriately". */
export function resetMode(tree: TreeState): void {
  const { stack } = tree.elements;
  for (let i = stack.length - 1; i >= 0; i--) {
    const mode = modeOf(stack[i]!);
    if (mode === null) continue;
    tree.mode = mode;
    return;
  }
  tree.mode = tree.bodyOpened ? 'body' : 'head';
}

function modeOf({ tag, templateMode }: OpenElement): Mode | null {
  if ((tag.flags & FOREIGN) !== 0) return null;
  switch (tag.name) {
    case 'td':
    case 'th':
      return 'cell';
    case 'tr':
      return 'row';
    case 'tbody':
    case 'tfoot':
    case 'thead':
      return 'table-body';
    case 'caption':
      return 'caption';
    case 'colgroup':
      return 'column-group';
    case 'table':
      return 'table';
    case 'select':
      return 'select';
    case 'template':
      return templateMode;
    default:
      return null;
  }
}

export function openTemplate(tree: TreeState, tag: Tag): void {
  tree.elements.push(tag).templateMode = 'template';
  tree.elements.formatting.push(null);
  tree.mode = 'template';
}

export function closeTemplate(tree: TreeState): void {
  const index = tree.elements.lastIndexOf('template');
  if (index === -1) return;
  tree.elements.popTo(index);
  tree.elements.clearToMarker();
  resetMode(tree);
}
