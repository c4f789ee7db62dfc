/**
 * What stands between `<!`, `<?` or a broken `</` and its end: comments, doctypes, CDATA sections (HTML
 * standard §13.2.5.41 to .52, .53, .69). In pieces of any size; its content is nobody's business.
 */
import { BANG, CLOSING_BRACKET, DASH, GREATER } from './characters.ts';
import type { Tree } from './tree.ts';

type State = 'markup' | 'bogus' | 'doctype' | 'cdata' | 'comment' | 'start' | 'start-dash' | 'bang';

const MAX_DOCTYPE = 64;

/** A class, because one is made for each page that is looked at. */
export class Declaration {
  readonly #tree: Tree;
  #state: State = 'markup';
  #text = '';
  /** Dashes of a comment, or brackets of a section, right before this place. */
  #run = 0;
  ended = false;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** After `<!`. */
  open(): void {
    this.#state = 'markup';
    this.#text = '';
    this.#run = 0;
    this.ended = false;
  }

  /** After `<?`, or `</` without a name: a comment up to the next `>`. */
  openBogus(): void {
    this.open();
    this.#toBogus();
  }

  /** Consumes at least one character or changes the state; returns where the next one is. */
  step(text: string, i: number): number {
    switch (this.#state) {
      case 'markup':
        return this.#markup(text, i);
      case 'bogus':
      case 'doctype':
        return this.#upToGreater(text, i);
      case 'cdata':
        return this.#cdata(text, i);
      case 'comment':
        return this.#comment(text, i);
      case 'bang':
        return this.#bang(text.charCodeAt(i), i);
      default:
        return this.#start(text.charCodeAt(i), i);
    }
  }

  #toBogus(): void {
    this.#state = 'bogus';
    this.#tree.comment();
  }

  /** `--`, `doctype` or `[CDATA[`; anything else is a comment up to the next `>`. */
  #markup(text: string, i: number): number {
    const seen = this.#text + text[i]!;
    this.#text = seen;
    if (seen === '--') {
      this.#state = 'start';
      this.#tree.comment();
    } else if (seen === '[CDATA[') {
      if (this.#tree.cdata()) this.#state = 'cdata';
      else this.#toBogus();
    } else if (seen.toLowerCase() === 'doctype') {
      this.#state = 'doctype';
      this.#text = '';
    } else if (!couldBecome(seen)) {
      this.#toBogus();
      return i;
    }
    return i + 1;
  }

  /** A doctype, too, ends at the first `>`, quoted or not. */
  #upToGreater(text: string, i: number): number {
    const greater = text.indexOf('>', i);
    const end = greater === -1 ? text.length : greater;
    if (this.#state === 'doctype' && this.#text.length < MAX_DOCTYPE) {
      this.#text += text.slice(i, Math.min(end, i + MAX_DOCTYPE));
    }
    if (greater === -1) return end;
    if (this.#state === 'doctype') this.#tree.doctype(this.#text);
    this.ended = true;
    return greater + 1;
  }

  /** `<!-->` and `<!--->` are whole comments. */
  #start(code: number, i: number): number {
    if (code === GREATER) {
      this.ended = true;
      return i + 1;
    }
    if (code !== DASH) {
      this.#state = 'comment';
      return i;
    }
    if (this.#state === 'start') this.#state = 'start-dash';
    else {
      this.#state = 'comment';
      this.#run = 2;
    }
    return i + 1;
  }

  /** Ends at `-->` or `--!>`. */
  #comment(text: string, from: number): number {
    const i = this.#run === 0 ? text.indexOf('-', from) : from;
    if (i === -1) return text.length;
    const code = text.charCodeAt(i);
    if (code === DASH) this.#run++;
    else if (code === GREATER && this.#run >= 2) this.ended = true;
    else {
      if (code === BANG && this.#run >= 2) this.#state = 'bang';
      this.#run = 0;
    }
    return i + 1;
  }

  #bang(code: number, i: number): number {
    this.#state = 'comment';
    this.ended = code === GREATER;
    this.#run = code === DASH ? 1 : 0;
    return i + 1;
  }

  /** Ends at `]]>`. */
  #cdata(text: string, from: number): number {
    const i = this.#run === 0 ? text.indexOf(']', from) : from;
    if (i === -1) return text.length;
    const code = text.charCodeAt(i);
    if (code === CLOSING_BRACKET) this.#run++;
    else if (code === GREATER && this.#run >= 2) this.ended = true;
    else this.#run = 0;
    return i + 1;
  }
}

function couldBecome(seen: string): boolean {
  return seen === '-' || 'doctype'.startsWith(seen.toLowerCase()) || '[CDATA['.startsWith(seen);
}
