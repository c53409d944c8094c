// Small helpers shared by the modules.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Listen on the document for events from elements that match. */
export function on(type, selector, handler, options) {
  document.addEventListener(type, event => {
    const match = event.target.closest?.(selector);
    if (match) handler(event, match);
  }, options);
}

/** True while the key belongs to a field or to an input method. */
export function typing(event) {
  return event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey
    || Boolean(event.target.closest?.('input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]'));
}

/** A wrong selector in a data attribute must not stop the page. */
export function find(selector, root = document) {
  try { return selector ? $(selector, root) : null; } catch { return null; }
}

export const visible = element => element.offsetParent !== null;

/** A line in the polite live region. kind: ok, warn or bad; bad ones stay until closed. */
export function toast(text, kind = 'ok') {
  const box = $('#toasts'), template = $('#tpl-toast');
  if (!box || !template || !text) return;
  // What lies over the page hides everything below: the region moves into an open dialog, and back when it closes.
  const host = $('dialog[open]') || document.body;
  if (box.parentElement !== host) host.append(box);
  const element = template.content.firstElementChild.cloneNode(true);
  element.classList.add(kind);
  $('.msg', element).textContent = text;
  box.append(element);
  if (kind !== 'bad') setTimeout(() => element.remove(), 4000);
}
export const say = name => $('#ui-text')?.dataset[name] || '';
