/**
 * Text in which tags do not count, up to the end tag of the element itself: RCDATA, RAWTEXT and script data
 * (HTML standard §13.2.5.2 to .4 and what follows from them). In pieces of any size.
 */
import { BANG, DASH, endsName, GREATER, isLetter, LESS, SLASH } from './characters.ts';

type State = 'text' | 'less' | 'end-open' | 'end-name' | 'escape' | 'escaped-less' | 'escape-name';

/** A class, because one is made for each page that is looked at. */
export class RawText {
  #state: State = 'text';
  #element = '';
  #name = '';
  /** Of a script: plain, after `<!--`, and after `<!-- <script`, where no end tag counts. */
  #level: 'plain' | 'escaped' | 'double' = 'plain';
  #dashes = 0;
  /** The end tag's name is over; what ends it is the next character. */
  ended = false;

  open(element: string): void {
    this.#state = 'text';
    this.#element = element;
    this.#level = 'plain';
    this.ended = false;
  }

  /** Consumes at least one character, changes the state or ends; returns where the next one is. */
  step(text: string, i: number): number {
    switch (this.#state) {
      case 'text':
        return this.#level === 'plain' ? this.#plain(text, i) : this.#escaped(text.charCodeAt(i), i);
      case 'less':
        return this.#less(text.charCodeAt(i), i);
      case 'end-open':
        this.#name = '';
        this.#state = isLetter(text.charCodeAt(i)) ? 'end-name' : 'text';
        return i;
      case 'end-name':
        return this.#endName(text.charCodeAt(i), i);
      case 'escape':
        return this.#escape(text.charCodeAt(i), i);
      case 'escaped-less':
        return this.#escapedLess(text.charCodeAt(i), i);
      case 'escape-name':
        return this.#escapeName(text.charCodeAt(i), i);
    }
  }

  #plain(text: string, i: number): number {
    const less = text.indexOf('<', i);
    if (less === -1) return text.length;
    this.#state = 'less';
    return less + 1;
  }

  #less(code: number, i: number): number {
    this.#dashes = 0;
    if (code === SLASH) this.#state = 'end-open';
    else if (code === BANG && this.#element === 'script') this.#state = 'escape';
    else {
      this.#state = 'text';
      return i;
    }
    return i + 1;
  }

  /** Only the element's own end tag is one. */
  #endName(code: number, i: number): number {
    if (isLetter(code) && this.#name.length < this.#element.length) {
      this.#name += String.fromCharCode(code | 0x20);
      return i + 1;
    }
    this.#state = 'text';
    this.ended = this.#name === this.#element && endsName(code);
    return i;
  }

  /** After `<!`: two dashes escape, and are two dashes of what is escaped, so that `<!-->` is over at once. */
  #escape(code: number, i: number): number {
    if (code !== DASH) {
      this.#state = 'text';
      return i;
    }
    this.#dashes++;
    if (this.#dashes === 2) {
      this.#state = 'text';
      this.#level = 'escaped';
    }
    return i + 1;
  }

  /** `-->` ends both levels. */
  #escaped(code: number, i: number): number {
    if (code === DASH) this.#dashes++;
    else {
      if (code === GREATER && this.#dashes >= 2) this.#level = 'plain';
      if (code === LESS) this.#state = 'escaped-less';
      this.#dashes = 0;
    }
    return i + 1;
  }

  #escapedLess(code: number, i: number): number {
    this.#name = '';
    if (code === SLASH) {
      this.#state = this.#level === 'escaped' ? 'end-open' : 'escape-name';
      return i + 1;
    }
    this.#state = this.#level === 'escaped' && isLetter(code) ? 'escape-name' : 'text';
    return i;
  }

  /** `<script` escapes once more, `</script` takes that back. */
  #escapeName(code: number, i: number): number {
    if (isLetter(code)) {
      if (this.#name.length <= 'script'.length) this.#name += String.fromCharCode(code | 0x20);
      return i + 1;
    }
    this.#state = 'text';
    if (!endsName(code)) return i;
    if (this.#name === 'script') this.#level = this.#level === 'escaped' ? 'double' : 'escaped';
    return i + 1;
  }
}
