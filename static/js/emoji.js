// Faces and signs for the composer: plain characters, put in where the caret is. The frame is a menu (menus.js); the
// arrows walk the grid, Esc leads back to the words.
import { $, $$, on } from './dom.js';

const STEPS = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: row => -row, ArrowDown: row => row };
const perRow = all => all.filter(one => one.offsetTop === all[0].offsetTop).length;

function put(button) {
  const field = $('textarea', button.form);
  field.setRangeText(button.textContent, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function leave(box) {
  box.open = false;
  $('textarea', box.closest('form')).focus();
}

on('click', '.emoji button', (event, button) => {
  put(button);
  if (!event.shiftKey) leave(button.closest('details'));
});
document.addEventListener('toggle', event => {
  if (event.target.matches?.('.emoji[open]')) $('.menu-b button', event.target).focus({ preventScroll: true });
}, true);
document.addEventListener('keydown', event => {
  const button = event.target.closest?.('.emoji .menu-b button'), step = button && STEPS[event.key];
  if (!step && !(button && ['Home', 'End', 'Escape'].includes(event.key))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const all = $$('button', button.parentElement), at = all.indexOf(button);
  if (event.key === 'Escape') return leave(button.closest('details'));
  const to = event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : at + step(perRow(all));
  if (!all[to]) return;
  button.tabIndex = -1;
  all[to].tabIndex = 0;
  all[to].focus();
}, true);
