/**
 * The stack of open elements above body, and the list of active formatting elements (HTML standard §13.2.4.2
 * and §13.2.4.3), without a tree: names and classes only. Both are bounded by MAX_OPEN_ELEMENTS; a page that
 * nests deeper is a doubt (and Chromium flattens it there).
 */
import { MAX_OPEN } from '../loops/tag-numbers.ts';
import {
  BUTTON_SCOPE,
  FOREIGN,
  HTML_POINT,
  IMPLIED,
  LIST_SCOPE,
  MATH_POINT,
  SCOPE,
  SPECIAL,
  type Tag,
  UNSAFE,
} from './tags.ts';

export const MAX_OPEN_ELEMENTS = MAX_OPEN;

/** Insertion modes; `head` stands for all that come before the body, `body` for those after it too. */
export type Mode =
  | 'head'
  | 'body'
  | 'table'
  | 'caption'
  | 'column-group'
  | 'table-body'
  | 'row'
  | 'cell'
  | 'select'
  | 'template';

/** Identity matters: the same object stands in the stack and in the formatting list. */
export type OpenElement = {
  readonly tag: Tag;
  /** False once it is off the stack. */
  open: boolean;
  /** Of a template: the insertion mode that its content is in. */
  templateMode: Mode | null;
};

/** A class, because one is made for each page that is looked at, and its methods run for each tag. */
export class OpenElements {
  readonly stack: OpenElement[] = [];
  /** Null is a marker. */
  readonly formatting: (OpenElement | null)[] = [];
  templates = 0;
  unsafe = 0;

  top(): OpenElement | undefined {
    return this.stack.length === 0 ? undefined : this.stack[this.stack.length - 1];
  }

  push(tag: Tag): OpenElement {
    const element: OpenElement = { tag, open: true, templateMode: null };
    this.insert(element, this.stack.length);
    return element;
  }

  insert(element: OpenElement, index: number): void {
    if (index === this.stack.length) this.stack.push(element);
    else this.stack.splice(index, 0, element);
    if (element.tag.name === 'template') this.templates++;
    if ((element.tag.flags & UNSAFE) !== 0) this.unsafe++;
  }

  /** Pops the element at that place and all above it. */
  popTo(index: number): void {
    while (this.stack.length > index) this.#closed(this.stack.pop()!);
  }

  remove(element: OpenElement): void {
    const index = this.stack.lastIndexOf(element);
    if (index === -1) return;
    this.stack.splice(index, 1);
    this.#closed(element);
  }

  #closed(element: OpenElement): void {
    element.open = false;
    if (element.tag.name === 'template') this.templates--;
    if ((element.tag.flags & UNSAFE) !== 0) this.unsafe--;
  }

  /** Place of the topmost HTML element of that name, or -1. */
  lastIndexOf(name: string): number {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      if (this.stack[i]!.tag.name === name) return i;
    }
    return -1;
  }

  /** "Has an element in the specific scope": its place, or -1; `bounds` are classes that end the search. */
  indexInScope(name: string, bounds: number = SCOPE): number {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      const { tag } = this.stack[i]!;
      if (tag.name === name) return i;
      if ((tag.flags & bounds) !== 0) return -1;
    }
    return -1;
  }

  headingIndexInScope(): number {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      const { tag } = this.stack[i]!;
      if (tag.start === 'heading') return i;
      if ((tag.flags & SCOPE) !== 0) return -1;
    }
    return -1;
  }

  closeParagraph(): void {
    const index = this.indexInScope('p', SCOPE | BUTTON_SCOPE);
    if (index !== -1) this.popTo(index);
  }

  closeListItem(): void {
    const index = this.indexInScope('li', SCOPE | LIST_SCOPE);
    if (index !== -1) this.popTo(index);
  }

  popImplied(except: string | null): void {
    for (let top = this.top(); top !== undefined; top = this.top()) {
      if ((top.tag.flags & IMPLIED) === 0 || top.tag.name === except) return;
      this.popTo(this.stack.length - 1);
    }
  }

  /** "Any other end tag" of in body. */
  closeOther(name: string): void {
    for (let i = this.stack.length - 1; i >= 0; i--) {
      const { tag } = this.stack[i]!;
      if (tag.name === name) {
        this.popTo(i);
        return;
      }
      if ((tag.flags & SPECIAL) !== 0) return;
    }
  }

  /** Leaves SVG or MathML up to the next HTML element or integration point. */
  leaveForeign(): void {
    for (let top = this.top(); top !== undefined; top = this.top()) {
      if ((top.tag.flags & FOREIGN) === 0 || (top.tag.flags & (HTML_POINT | MATH_POINT)) !== 0) return;
      this.popTo(this.stack.length - 1);
    }
  }

  clearToMarker(): void {
    while (this.formatting.length > 0 && this.formatting.pop() !== null);
  }
}
