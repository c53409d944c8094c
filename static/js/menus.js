// <details class="menu">: one open at a time, closed by a click elsewhere, by Esc, and after a choice.
import { $, $$ } from './dom.js';

function closeMenus(except) {
  for (const menu of $$('details.menu[open]')) if (menu !== except) menu.open = false;
}

document.addEventListener('click', event => {
  const menu = event.target.closest('details.menu');
  closeMenus(menu);
  if (menu && event.target.closest('.mi') && !event.target.closest('form')) menu.open = false;
});

document.addEventListener('keydown', event => {
  const menu = $('details.menu[open]');
  if (!menu) return;
  if (event.key === 'Escape') {
    event.preventDefault();
    menu.open = false;
    $('summary', menu).focus();
    return;
  }
  if (!['ArrowDown', 'ArrowUp'].includes(event.key) || !menu.contains(event.target)) return;
  const entries = $$('.menu-b a,.menu-b button', menu), at = entries.indexOf(document.activeElement);
  event.preventDefault();
  entries[(at + (event.key === 'ArrowDown' ? 1 : -1) + entries.length) % entries.length]?.focus();
});
