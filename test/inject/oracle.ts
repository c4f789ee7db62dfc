/** parse5 as the judge of an insertion: what a page's tree is with and without our two nodes. */
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Marks our nodes; no page of the tests says this. */
const MARK = 'data-ours-7f3a';
const IMG = `<img ${MARK} hidden>`;
const SCRIPT = `<script ${MARK}>var a = "<b>" && 1;</script>`;

/**
 * What putting our two nodes at this place, or the script alone, does to the page: null where the tree gains
 * exactly these, neighbours in the body, and is else the same; otherwise what is wrong.
 */
export function objection(page: string, at: number): string | null {
  return objectionTo(IMG + SCRIPT, page, at) ?? objectionTo(SCRIPT, page, at);
}

function objectionTo(snippet: string, page: string, at: number): string | null {
  const without = parse(page);
  const edited = parse(page.slice(0, at) + snippet + page.slice(at));
  const ours = marked(edited);
  const names = ours.map(({ nodeName }) => nodeName).join();
  if (names !== (snippet === SCRIPT ? 'script' : 'img,script')) return `our nodes are ${names}`;
  if (!ours.every(({ namespaceURI }) => namespaceURI.endsWith('xhtml'))) return 'foreign';
  const siblings = ours[0]!.parentNode!.childNodes;
  const index = siblings.indexOf(ours[0]!);
  if (!ours.every((node, i) => siblings[index + i] === node)) return 'not neighbours';
  if (!isInBody(ours[0]!)) return 'not in the body, or in an svg or math there';
  siblings.splice(index, ours.length);
  const [before, after] = [shape(without), shape(edited)];
  return before === after ? null : `the tree differs:\n${before}\n${after}`;
}

function marked(node: Node): Element[] {
  const own = 'attrs' in node && node.attrs.some(({ name }) => name === MARK) ? [node] : [];
  return [...own, ...children(node).flatMap(marked)];
}

/** Of a template its content, where a script never runs: a node found there has no body above it. */
function children(node: Node): Node[] {
  const content = 'content' in node ? node.content.childNodes : [];
  return [...content, ...('childNodes' in node ? node.childNodes : [])];
}

/** In the body, and in nothing but HTML on the way to it. */
function isInBody(element: Element): boolean {
  let node: Node | null = element;
  while (node !== null && node.nodeName !== 'body') {
    if ('namespaceURI' in node && !node.namespaceURI.endsWith('xhtml')) return false;
    node = 'parentNode' in node ? node.parentNode : null;
  }
  return node !== null;
}

/** The tree as text; neighbouring text nodes count as one, since ours may have parted them. */
function shape(node: Node): string {
  if (node.nodeName === '#comment') return `<!${(node as DefaultTreeAdapterTypes.CommentNode).data}>`;
  const attributes = 'attrs' in node ? JSON.stringify(node.attrs) : '';
  const namespace = 'namespaceURI' in node ? node.namespaceURI.slice(-4) : '';
  const content = 'content' in node ? `{${shapes(node.content.childNodes)}}` : '';
  return `<${node.nodeName}:${namespace}${attributes}${content}${'childNodes' in node ? shapes(node.childNodes) : ''}>`;
}

function shapes(nodes: readonly Node[]): string {
  let text = '';
  let result = '';
  for (const node of nodes) {
    if (node.nodeName === '#text') {
      text += (node as DefaultTreeAdapterTypes.TextNode).value;
      continue;
    }
    result += (text === '' ? '' : JSON.stringify(text)) + shape(node);
    text = '';
  }
  return result + (text === '' ? '' : JSON.stringify(text));
}
