/** The table family of insertion modes (§13.2.6.4.9 to .15), and the mode of templates that may choose one. */
import { bodyEndTag, bodyStartTag } from './in-body.ts';
import {
  BODY_CONTEXT,
  clearBack,
  closeCell,
  closeColumnGroup,
  closeRow,
  closeSection,
  closeTable,
  indexInTable,
  leaveCell,
  ROW_CONTEXT,
  SECTIONS,
  TABLE_CONTEXT,
} from './table-scope.ts';
import { TABLE_PART, type Tag, tagOf } from './tags.ts';
import { type Content, closeTemplate, openTemplate, type StartTag, type TreeState } from './tree-state.ts';

export function tableStartTag(tree: TreeState, start: StartTag): Content {
  const { tag } = start;
  switch (tree.mode) {
    case 'caption':
    case 'cell':
      if ((tag.flags & TABLE_PART) === 0) return bodyStartTag(tree, start);
      return closeCell(tree) ? 'again' : 'data';
    case 'column-group':
      return columnGroupStartTag(tree, start);
    case 'row':
      return rowStartTag(tree, start);
    case 'table-body':
      return tableBodyStartTag(tree, start);
    default:
      return inTableStartTag(tree, start);
  }
}

function rowStartTag(tree: TreeState, start: StartTag): Content {
  const { tag } = start;
  if (tag.name === 'td' || tag.name === 'th') {
    clearBack(tree.elements, ROW_CONTEXT);
    tree.elements.push(tag);
    tree.elements.formatting.push(null);
    tree.mode = 'cell';
    return 'data';
  }
  if ((tag.flags & TABLE_PART) === 0) return inTableStartTag(tree, start);
  return closeRow(tree) ? 'again' : 'data';
}

function tableBodyStartTag(tree: TreeState, start: StartTag): Content {
  const { tag } = start;
  if (tag.name === 'tr' || tag.name === 'td' || tag.name === 'th') {
    clearBack(tree.elements, BODY_CONTEXT);
    tree.elements.push(tagOf('tr'));
    tree.mode = 'row';
    return tag.name === 'tr' ? 'data' : 'again';
  }
  if ((tag.flags & TABLE_PART) === 0) return inTableStartTag(tree, start);
  return closeSection(tree, SECTIONS) ? 'again' : 'data';
}

function inTableStartTag(tree: TreeState, start: StartTag): Content {
  const { tag } = start;
  if ((tag.flags & TABLE_PART) !== 0) return tablePartStartTag(tree, tag);
  switch (tag.start) {
    case 'table':
      return closeTable(tree) ? 'again' : 'data';
    case 'template':
      openTemplate(tree, tag);
      return 'data';
    case 'form':
      // It becomes the form of the controls that follow, but is closed at once.
      if (tree.form === null && tree.elements.templates === 0) {
        tree.form = { tag, open: false, templateMode: null };
      }
      return 'data';
    default:
      return bodyStartTag(tree, start);
  }
}

function tablePartStartTag(tree: TreeState, tag: Tag): Content {
  clearBack(tree.elements, TABLE_CONTEXT);
  switch (tag.name) {
    case 'caption':
      tree.elements.formatting.push(null);
      tree.elements.push(tag);
      tree.mode = 'caption';
      return 'data';
    case 'col':
    case 'colgroup':
      tree.elements.push(tagOf('colgroup'));
      tree.mode = 'column-group';
      return 'data';
    case 'tbody':
    case 'tfoot':
    case 'thead':
      tree.elements.push(tag);
      tree.mode = 'table-body';
      return 'data';
    default:
      tree.elements.push(tagOf('tbody'));
      tree.mode = 'table-body';
      return 'again';
  }
}

function columnGroupStartTag(tree: TreeState, { tag }: StartTag): Content {
  if (tag.name === 'col' || tag.name === 'html') return 'data';
  if (tag.start === 'template') {
    openTemplate(tree, tag);
    return 'data';
  }
  return closeColumnGroup(tree) ? 'again' : 'data';
}

/** A template's first tag chooses the mode of its content. */
export function templateStartTag(tree: TreeState, start: StartTag): Content {
  const { tag } = start;
  if (tag.head && tag.name !== 'noscript') return bodyStartTag(tree, start);
  const mode = templateModeFor(tag);
  if (mode === null) {
    tree.doubt = true;
    return 'data';
  }
  tree.elements.stack[tree.elements.lastIndexOf('template')]!.templateMode = mode;
  tree.mode = mode;
  return 'again';
}

function templateModeFor({ name }: Tag): 'body' | 'table' | 'table-body' | 'row' | null {
  switch (name) {
    case 'caption':
    case 'colgroup':
    case 'tbody':
    case 'tfoot':
    case 'thead':
      return 'table';
    case 'tr':
      return 'table-body';
    case 'td':
    case 'th':
      return 'row';
    case 'col':
      // In its mode whole start tags are ignored, raw text ones too.
      return null;
    default:
      return 'body';
  }
}

/** False where the tag is done with; true where it is to be looked at anew in the mode that is now current. */
export function tableEndTag(tree: TreeState, tag: Tag): boolean {
  switch (tree.mode) {
    case 'caption':
      if (tag.name === 'caption' || tag.name === 'table') return closeCell(tree) && tag.name === 'table';
      break;
    case 'cell':
      return cellEndTag(tree, tag);
    case 'column-group':
      if (tag.name === 'col') return false;
      if (tag.end === 'template') break;
      return closeColumnGroup(tree) && tag.name !== 'colgroup';
    case 'row':
      return rowEndTag(tree, tag);
    case 'table-body':
      if (SECTIONS.includes(tag.name)) {
        closeSection(tree, [tag.name]);
        return false;
      }
      if (tag.name === 'table') return closeSection(tree, SECTIONS);
      break;
    default:
      if (tag.name === 'table') {
        closeTable(tree);
        return false;
      }
  }
  otherEndTag(tree, tag);
  return false;
}

function cellEndTag(tree: TreeState, tag: Tag): boolean {
  if (tag.name === 'td' || tag.name === 'th') {
    const index = indexInTable(tree, [tag.name]);
    if (index !== -1) leaveCell(tree, index, 'row');
    return false;
  }
  if (tag.name === 'table' || tag.name === 'tr' || SECTIONS.includes(tag.name)) {
    return indexInTable(tree, [tag.name]) !== -1 && closeCell(tree);
  }
  otherEndTag(tree, tag);
  return false;
}

function rowEndTag(tree: TreeState, tag: Tag): boolean {
  if (tag.name === 'tr') {
    closeRow(tree);
    return false;
  }
  if (tag.name === 'table') return closeRow(tree);
  if (SECTIONS.includes(tag.name)) return indexInTable(tree, [tag.name]) !== -1 && closeRow(tree);
  otherEndTag(tree, tag);
  return false;
}

/** Ends of the page and of table parts that are not open here are ignored, the rest is as in a body. */
function otherEndTag(tree: TreeState, tag: Tag): void {
  if (tag.end === 'template') closeTemplate(tree);
  else if (tag.end !== 'page' && (tag.flags & TABLE_PART) === 0) bodyEndTag(tree, tag);
}
