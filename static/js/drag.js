// Dragging in a tree: onto a line asks to move there, between two siblings changes their order. An extra: both have an
// action in the menu of the node, and the server decides as it does there.
import { $$, on } from './dom.js';
import { focusItem, toggle } from './tree.js';

const ITEM = '[role=tree][data-move] [role=treeitem][id^="tn-"]';
const OPEN_AFTER = 700;
let dragged = null, over = null, opening = 0;

const number = item => item.id.slice(3);
const list = item => item.closest('ul');
const address = (tree, name, item) => tree.dataset[name].replace('/0/', `/${number(item)}/`);

function unmark() {
  clearTimeout(opening);
  for (const line of $$('.drop-in,.drop-before,.drop-after')) line.classList.remove('drop-in', 'drop-before', 'drop-after');
  over = null;
}

// Where the pointer is on the line: near an edge between siblings, else onto it. Nothing for itself and what is below it.
function place(event, item) {
  if (!dragged || item.closest('li') === dragged.closest('li') || dragged.closest('li').contains(item)) return '';
  const box = item.getBoundingClientRect(), part = (event.clientY - box.top) / box.height;
  if (list(item) !== list(dragged) || (part > .3 && part < .7)) return 'in';
  return part <= .3 ? 'before' : 'after';
}

on('dragstart', ITEM, (event, item) => {
  if (item.getAttribute('aria-level') === '1') { event.preventDefault(); return; }
  dragged = item;
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', item.title);
});

on('dragover', ITEM, (event, item) => {
  const where = place(event, item);
  if (!where) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = 'move';
  if (over !== item) {
    unmark();
    over = item;
    if (item.getAttribute('aria-expanded') === 'false') opening = setTimeout(() => toggle(item, true), OPEN_AFTER);
  }
  for (const name of ['in', 'before', 'after']) item.classList.toggle(`drop-${name}`, name === where);
});

on('dragleave', ITEM, (event, item) => { if (!item.contains(event.relatedTarget)) unmark(); });
document.addEventListener('dragend', () => { unmark(); dragged = null; });

on('drop', ITEM, (event, item) => {
  const where = place(event, item), tree = item.closest('[role=tree]'), moved = dragged;
  unmark();
  dragged = null;
  if (!where) return;
  event.preventDefault();
  focusItem(tree, moved);
  if (where === 'in') {
    htmx.ajax('GET', `${address(tree, 'move', moved)}?parent=${number(item)}`, { target: '#dialogs', swap: 'innerHTML' });
    return;
  }
  const url = address(tree, 'place', moved);
  const answered = answer => {
    if (answer.detail.requestConfig.path !== url) return;
    document.removeEventListener('htmx:afterRequest', answered);
    if (answer.detail.successful) item.closest('li')[where](moved.closest('li'));
    moved.focus();
  };
  document.addEventListener('htmx:afterRequest', answered);
  htmx.ajax('POST', url, { values: { beside: number(item), side: where }, swap: 'none' });
});
