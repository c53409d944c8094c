// Rows of lists: a click anywhere opens the link of the row; j/k and the arrows move, x selects, / goes to the search.
import { $, $$, on, typing, visible } from './dom.js';

const ROW_LINK = '[data-row] a[data-open]';
const links = () => $$(ROW_LINK).filter(visible);
const shortcuts = () => document.body.dataset.shortcuts !== 'off';

on('click', '[data-row]', (event, row) => {
  if (event.target.closest('a,button,input,label,select,summary,details') || String(getSelection())) return;
  $('a[data-open]', row)?.click();
});

on('click', ROW_LINK, (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !link.hasAttribute('hx-get')) return;
  const list = link.closest('tbody,ul,ol');
  for (const row of $$('[data-row].on', list)) { row.classList.remove('on'); $('a[data-open]', row)?.removeAttribute('aria-current'); }
  link.closest('[data-row]').classList.add('on');
  link.setAttribute('aria-current', 'true');
});

function move(step) {
  const list = links();
  if (!list.length) return false;
  const active = document.activeElement.closest?.('[data-row]');
  const current = active ? list.findIndex(link => active.contains(link)) : list.findIndex(link => link.hasAttribute('aria-current'));
  const next = list[Math.min(list.length - 1, Math.max(0, current + step))];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

document.addEventListener('keydown', event => {
  if (typing(event) || event.shiftKey || $('dialog[open]') || event.target.closest('[role=tree],summary,.menu-b')) return;
  const inRow = event.target.closest('[data-row]');
  if (inRow && event.key === 'ArrowDown' || shortcuts() && event.key === 'j') { if (move(1)) event.preventDefault(); return; }
  if (inRow && event.key === 'ArrowUp' || shortcuts() && event.key === 'k') { if (move(-1)) event.preventDefault(); return; }
  if (!shortcuts()) return;
  if (event.key === 'x' && inRow) $('[data-check]', inRow)?.click();
  if (event.key === '/') {
    const search = [...$$('#search'), ...$$('[data-search]')].find(visible);
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  }
});

// ? or its button shows what the keys do, where a page says so; the focus goes back to where it was.
function showHelp(event) {
  const help = $('template[data-help]');
  if (!help || $('dialog[open]')) return;
  const back = document.activeElement, dialog = document.importNode(help.content, true).firstElementChild;
  event.preventDefault();
  $('#dialogs').append(dialog);
  dialog.addEventListener('close', () => setTimeout(() => back?.focus({ preventScroll: true })), { once: true });
  dialog.showModal();
}
document.addEventListener('keydown', event => { if (event.key === '?' && shortcuts() && !typing(event)) showHelp(event); });
on('click', '[data-act=help]', showHelp);

// Esc in a search field empties it, and the list comes back.
on('keydown', '[data-search]', (event, input) => {
  if (event.key !== 'Escape' || event.isComposing || !input.value) return;
  event.preventDefault();
  input.value = '';
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.dispatchEvent(new Event('search', { bubbles: true }));
});

// While an input method composes, no search request leaves: the letters are not the query yet.
document.addEventListener('input', event => {
  if (event.isComposing && event.target.matches?.('[data-search]')) event.stopImmediatePropagation();
}, true);
document.addEventListener('compositionend', event => {
  if (event.target.matches?.('[data-search]')) setTimeout(() => event.target.dispatchEvent(new Event('input', { bubbles: true })));
});
