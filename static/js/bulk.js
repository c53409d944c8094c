// Bulk selection: the header box means this page; a bar shows how many; Shift+click takes a range.
// A table and its bar stand in one [data-bulk]; the checkboxes carry form="…" of the form in the bar.
import { $, $$, on } from './dom.js';

let last = null;

function show(scope) {
  const boxes = $$('[data-check]', scope), chosen = boxes.filter(box => box.checked), head = $('[data-check-all]', scope);
  if (head) {
    head.checked = boxes.length > 0 && chosen.length === boxes.length;
    head.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  for (const box of boxes) box.closest('tr,li').setAttribute('aria-selected', String(box.checked));
  const bar = $('[data-bulkbar]', scope);
  if (!bar) return;
  bar.hidden = !chosen.length;
  for (const count of $$('[data-bulk-n]', bar)) count.textContent = chosen.length;
}

on('click', '[data-check]', (event, box) => {
  const scope = box.closest('[data-bulk]') || document, boxes = $$('[data-check]', scope);
  if (event.shiftKey && last && boxes.includes(last)) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const other of boxes.slice(from, to + 1)) other.checked = box.checked;
  }
  last = box;
  show(scope);
});

on('change', '[data-check-all]', (event, head) => {
  const scope = head.closest('[data-bulk]') || document;
  for (const box of $$('[data-check]', scope)) if (!box.disabled) box.checked = head.checked;
  show(scope);
});

on('click', '[data-act=bulk-clear]', (event, button) => {
  const scope = button.closest('[data-bulk]') || document;
  for (const box of $$('[data-check]', scope)) box.checked = false;
  show(scope);
});

// Phone: checkboxes appear only in the batch mode.
on('click', '[data-act=batch]', (event, button) => {
  button.setAttribute('aria-pressed', String(document.body.classList.toggle('batch')));
});

document.addEventListener('htmx:afterSettle', event => {
  const scope = event.target.closest?.('[data-bulk]') || (event.target.querySelector ? $('[data-bulk]', event.target) : null);
  if (scope) show(scope);
});
