const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

/** JSON, indented and coloured. Its strings are whatever a client sent: they become text nodes and no more. */
export function prettyJson(line) {
  const source = JSON.stringify(JSON.parse(line), null, 2);
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of source.matchAll(TOKEN)) {
    fragment.append(source.slice(end, match.index), token(match));
    end = match.index + match[0].length;
  }
  fragment.append(source.slice(end));
  return fragment;
}

function token([whole, string, colon]) {
  const span = document.createElement('span');
  span.className = string === undefined ? 'value' : colon === undefined ? 'string' : 'key';
  span.textContent = whole;
  return span;
}
