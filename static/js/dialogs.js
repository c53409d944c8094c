// Dialogs: native <dialog>. Those in the page open by data-act="dialog"; those from the server are swapped into #dialogs.
import { $, $$, on, find } from './dom.js';

let opener = null;

function open(dialog, from) {
  if (dialog.open) return;
  if (from && !from.closest?.('dialog')) opener = from;
  dialog.showModal();
  const first = $('[data-errors],[autofocus]', dialog);
  if (first) first.focus();
}

export function closeAll() {
  for (const dialog of $$('dialog[open]')) dialog.close();
}

on('click', '[data-act=dialog]', (event, button) => {
  const dialog = find(button.dataset.arg);
  if (!dialog) return;
  event.preventDefault();
  open(dialog, button);
});
on('click', 'dialog [data-act=close]', (event, button) => { event.preventDefault(); button.closest('dialog').close(); });

// Remember who asked for a dialog that comes over htmx: the focus goes back there. Items of a menu: to its summary.
on('click', '[hx-target="#dialogs"]', (event, link) => { opener = link.closest('details.menu')?.querySelector('summary') || link; }, true);

document.addEventListener('htmx:afterSwap', () => {
  const dialog = $('#dialogs dialog:not([open])');
  if (dialog) open(dialog, opener);
});

// Not bubbling, so in the capture phase.
document.addEventListener('close', event => {
  if (!event.target.matches?.('dialog')) return;
  const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
  if (event.target.contains($('#toasts'))) document.body.append($('#toasts'));
  if (event.target.closest('#dialogs')) event.target.remove();
  opener = null;
  (back || $('#main'))?.focus({ preventScroll: true });
}, true);

// A one-time secret is closed by its own button alone.
document.addEventListener('cancel', event => {
  if (event.target.matches?.('dialog[data-once]')) event.preventDefault();
}, true);

document.addEventListener('dialog-close', closeAll);

// Side card: Esc follows its close link, so that the address is right again.
document.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return;
  if ($('dialog[open],details.menu[open]') || event.target.closest?.('input,textarea,select')) return;
  $('[data-card-close]')?.click();
});

on('click', '[data-act=tree-open]', () => document.body.classList.add('tree-open'));
on('click', '[data-act=tree-close]', () => document.body.classList.remove('tree-open'));

on('click', '[data-act=toggle]', (event, button) => {
  const part = find(button.dataset.arg);
  if (!part) return;
  part.hidden = !part.hidden;
  for (const control of $$(`[aria-controls="${part.id}"]`)) control.setAttribute('aria-expanded', String(!part.hidden));
  if (part.hidden) return;
  $('textarea,input:not([type=hidden])', part)?.focus();
  part.scrollIntoView({ block: 'nearest' });
});
