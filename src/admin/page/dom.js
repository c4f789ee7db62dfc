/** An element with properties and children. Strings become text: what an event says is never read as markup. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  const { dataset = {}, ...own } = properties;
  Object.assign(element, own);
  Object.assign(element.dataset, dataset);
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Writes text only where it differs, so that a selection survives and nothing is laid out in vain. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
