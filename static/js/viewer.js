// Pictures of a thread, large: arrows go through them, Esc closes, the focus goes back to where it was.
import { $, $$, on } from './dom.js';

let shown = null;

function show(link) {
  const dialog = $('#viewer'), small = $('img', link), large = $('.viewer-b img', dialog), all = $$('[data-viewer]');
  shown = link;
  $('#viewer-t').textContent = large.alt = small.alt;
  large.width = small.naturalWidth;
  large.height = small.naturalHeight;
  large.src = link.href;
  $('[data-viewer-save]', dialog).href = link.href;
  for (const button of $$('[data-act=viewer-step]', dialog)) button.disabled = !all[all.indexOf(link) + Number(button.dataset.arg)];
}

function step(by) {
  const all = $$('[data-viewer]'), link = all[all.indexOf(shown) + by];
  if (link) show(link);
}

on('click', '[data-viewer]', (event, link) => {
  const dialog = $('#viewer');
  if (!dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link);
  dialog.showModal();
});
on('click', '[data-act=viewer-step]', (event, button) => step(Number(button.dataset.arg)));
on('click', '#viewer', (event, dialog) => { if (event.target === dialog || event.target.matches('.viewer-b')) dialog.close(); });
document.addEventListener('keydown', event => {
  if (!$('#viewer')?.open || !['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
  event.preventDefault();
  step(event.key === 'ArrowLeft' ? -1 : 1);
});
document.addEventListener('close', event => {
  if (event.target.id !== 'viewer') return;
  $('.viewer-b img', event.target).removeAttribute('src');
  if (shown?.isConnected) shown.focus({ preventScroll: true });
}, true);
