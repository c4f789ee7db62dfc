/** Finds personal data in a text and puts `[redacted]` in its place. Each search is linear in the text. */

const REDACTED = '[redacted]';

// --- e-mail addresses: found by their @, which URLs may encode, even twice

const AT_SIGN = /@|%(?:25){0,3}40/g;
const MAX_LOCAL_CHARACTERS = 192;
const MAX_DOMAIN_CHARACTERS = 255;

export function redactEmails(text: string): string {
  if (!text.includes('@') && !text.includes('40')) return text;
  let out = '';
  let copied = 0;
  for (const match of text.matchAll(AT_SIGN)) {
    const start = startOfLocal(text, match.index, copied);
    const end = endOfDomain(text, match.index + match[0].length);
    if (start === match.index || end === -1) continue;
    out += text.slice(copied, start) + REDACTED;
    copied = end;
  }
  return copied === 0 ? text : out + text.slice(copied);
}

function startOfLocal(text: string, at: number, from: number): number {
  const least = Math.max(from, at - MAX_LOCAL_CHARACTERS);
  let start = at;
  while (start > least && isLocal(text.charCodeAt(start - 1))) start--;
  return start;
}

/** After the last character of `example.com`, or -1 where there is no domain with a dot and letters behind it. */
function endOfDomain(text: string, from: number): number {
  const most = Math.min(text.length, from + MAX_DOMAIN_CHARACTERS);
  let end = from;
  while (end < most && isDomain(text.charCodeAt(end))) end++;
  while (end > from && !isLetter(text.charCodeAt(end - 1))) end--;
  const dot = text.lastIndexOf('.', end - 1);
  return dot > from && end - dot > 2 ? end : -1;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code > 127;
}

function isWord(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57);
}

function isDomain(code: number): boolean {
  return isWord(code) || code === 45 || code === 46;
}

/** Letters, digits and `. - _ + ' %`, which encodes others. */
function isLocal(code: number): boolean {
  return isDomain(code) || code === 95 || code === 43 || code === 39 || code === 37;
}

// --- JWTs: `eyJ` is how base64url writes `{"`

const JWT_HEADER_CHARACTERS = 10;

export function redactJwts(text: string): string {
  let out = '';
  let copied = 0;
  for (let at = text.indexOf('eyJ'); at !== -1; ) {
    const end = endOfDotted(text, at);
    if (!isWord(text.charCodeAt(at - 1)) && isJwt(text.slice(at, end))) {
      out += text.slice(copied, at) + REDACTED;
      copied = end;
    }
    // Nothing that begins inside of this run could be one if the run is none.
    at = text.indexOf('eyJ', end);
  }
  return copied === 0 ? text : out + text.slice(copied);
}

function isJwt(run: string): boolean {
  const [header = '', claims = '', ...rest] = run.split('.');
  return header.length >= JWT_HEADER_CHARACTERS && claims !== '' && rest.length > 0;
}

function endOfDotted(text: string, from: number): number {
  let end = from;
  while (end < text.length && (isDomain(text.charCodeAt(end)) || text[end] === '_')) end++;
  return end;
}

// --- card numbers: 13 to 19 digits, perhaps in groups, with a right check digit (ISO/IEC 7812-1)

const DIGITS = /\d(?:(?:[ +-]|%20)?\d){12,}/g;
/** What the large networks begin with; a time in milliseconds begins with 1. */
const FIRST_DIGITS = /^(?:3[04-9]|4|5[0-8]|6|2[2-7])/;

export function redactCards(text: string): string {
  return text.length < 13 ? text : text.replace(DIGITS, (run) => (isCard(run) ? REDACTED : run));
}

function isCard(run: string): boolean {
  const digits = run.replaceAll('%20', '').replace(/\D/g, '');
  return digits.length >= 13 && digits.length <= 19 && FIRST_DIGITS.test(digits) && hasCheckDigit(digits);
}

/** The Luhn formula. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}
