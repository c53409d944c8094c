// Tree: one tabbable item, the keys of the ARIA practices, children fetched on first opening.
import { $$, on, visible } from './dom.js';

const items = tree => $$('[role=treeitem]', tree).filter(visible);

export function focusItem(tree, item) {
  for (const other of $$('[role=treeitem]', tree)) other.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

export function toggle(item, open) {
  if (!item.hasAttribute('aria-expanded')) return;
  item.setAttribute('aria-expanded', String(open));
  const group = document.getElementById(item.getAttribute('aria-owns'));
  if (open && group && !group.children.length) group.dispatchEvent(new Event('expand'));
}

let typed = '', typedAt = 0;
function byLetters(list, from, key) {
  typed = Date.now() - typedAt < 600 ? typed + key : key;
  typedAt = Date.now();
  const start = typed.length > 1 ? from : from + 1, wanted = typed.toLowerCase();
  return [...list.slice(start), ...list.slice(0, start)]
    .find(item => (item.dataset.py || item.textContent.trim()).toLowerCase().startsWith(wanted));
}

function target(event, item, list, index) {
  const open = item.getAttribute('aria-expanded'), level = Number(item.getAttribute('aria-level'));
  switch (event.key) {
    case 'ArrowDown': return list[index + 1];
    case 'ArrowUp': return list[index - 1];
    case 'Home': return list[0];
    case 'End': return list[list.length - 1];
    case 'ArrowRight':
      if (open === 'false') toggle(item, true); else if (open === 'true') return list[index + 1];
      return null;
    case 'ArrowLeft':
      if (open === 'true') { toggle(item, false); return null; }
      return list.slice(0, index).reverse().find(other => Number(other.getAttribute('aria-level')) < level);
    case ' ': item.click(); return null;
    default: return undefined;
  }
}

on('keydown', '[role=treeitem]', (event, item) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.key === '/') return;
  const tree = item.closest('[role=tree]'), list = items(tree), index = list.indexOf(item);
  let to = target(event, item, list, index);
  if (to === undefined && event.key.length === 1) to = byLetters(list, index, event.key);
  else if (to === undefined && !/^(Arrow|Home|End)/.test(event.key)) return;
  event.preventDefault();
  if (to) focusItem(tree, to);
});

// Capture phase: htmx listens on the link itself, a bubbling handler would come too late and the twisty would navigate.
document.addEventListener('click', event => {
  const item = event.target.closest?.('.tw')?.closest('[role=treeitem][aria-expanded]');
  if (!item) return;
  event.preventDefault();
  event.stopPropagation();
  toggle(item, item.getAttribute('aria-expanded') !== 'true');
}, true);

function choose(tree, item) {
  for (const other of $$('[aria-current]', tree)) { other.removeAttribute('aria-current'); other.setAttribute('aria-selected', 'false'); }
  item.setAttribute('aria-current', 'true');
  item.setAttribute('aria-selected', 'true');
}

// The item that was followed is the current one, before the answer is there.
on('click', '[role=treeitem][hx-get]', (event, item) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const tree = item.closest('[role=tree]');
  choose(tree, item);
  focusItem(tree, item);
  document.body.classList.remove('tree-open');
});

// Beside a tree of the back office a list or a search may lead elsewhere: the tree follows, and fetches what it lacks.
document.addEventListener('htmx:afterSettle', event => {
  const at = document.getElementById('tree-at'), tree = document.getElementById('orgs-tree');
  if (event.detail.target?.id !== 'node') return;
  document.body.classList.remove('tree-open');
  if (!at || !tree) return;
  const item = document.getElementById(`tn-${at.value}`);
  if (!item) { document.getElementById('tree-body').dispatchEvent(new Event('refetch')); return; }
  choose(tree, item);
  for (let group = item.closest('[role=group]'); group; group = group.parentElement.closest('[role=group]')) {
    group.previousElementSibling.setAttribute('aria-expanded', 'true');
  }
  item.scrollIntoView({ block: 'nearest' });
});

on('click', '[data-act=collapse-all]', (event, button) => {
  for (const item of $$(`${button.dataset.arg} [aria-expanded=true]`)) item.setAttribute('aria-expanded', 'false');
});
