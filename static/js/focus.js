// Where the focus goes when a request changes the page: nobody who works with the keyboard is thrown to its beginning.
import { $ } from './dom.js';

const nowhere = () => !document.activeElement || document.activeElement === document.body;
const stay = element => {
  if (!element.matches('a[href],button,input,select,textarea,[tabindex]')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
};

// A button that is disabled while its request flies loses the focus: it gets it back, whatever else is answered meanwhile.
let sender = null, sent = null;
document.addEventListener('htmx:beforeRequest', event => {
  const { elt, xhr } = event.detail, active = document.activeElement;
  if (active?.matches('button') && (elt === active || elt === active.form)) [sender, sent] = [active, xhr];
});
document.addEventListener('htmx:afterRequest', event => {
  if (!sender || event.detail.xhr !== sent) return;
  if (sender.isConnected && !sender.disabled && nowhere()) sender.focus({ preventScroll: true });
  sender = null;
});

// Whoever stood in a part that is replaced stays in it, whatever else is replaced meanwhile.
const stood = new WeakSet();
document.addEventListener('htmx:beforeSwap', event => {
  const { shouldSwap, target, xhr } = event.detail, place = nowhere() ? sender : document.activeElement;
  if (shouldSwap && place && target.contains?.(place)) stood.add(xhr);
});

const unasked = asked =>
  !asked || asked.matches?.('[data-search],[data-poll],[data-keep-focus]') || asked.closest?.('form[data-search-form]');

// After a swap: to the summary of errors in what came, into the part that was replaced, or to the heading of what was opened.
document.addEventListener('htmx:afterSettle', event => {
  const { target, elt, requestConfig, xhr } = event.detail, root = target?.isConnected ? target : elt;
  if (!root?.isConnected) return;
  const errors = root.matches('[data-errors]') ? root : $('[data-errors]', root), asked = requestConfig?.elt;
  if (errors) errors.focus();
  else if (nowhere() && stood.has(xhr)) stay($('[data-heading],h2,h3', root) || root);
  else if (!unasked(asked) && (nowhere() || asked.matches?.('[data-focus]')))
    $('[data-heading]', target?.isConnected ? target : document)?.focus({ preventScroll: true });
});

// A page that came back with errors after a plain form: the same summary, unless a field asks for the focus.
if (nowhere() && !$('[autofocus]')) $('[data-errors]')?.focus();
