// Credentials that are shown once: copy, save as text, a tick before going on, a question before leaving.
import { $, $$, on, find, say, toast } from './dom.js';

const lines = root => $$('.once', root).map(row => `${$('dt', row).textContent.trim()}\t${$('code', row).textContent.trim()}`).join('\n');
const panel = element => element.closest('[data-once]') || document;

on('click', '[data-act=copy-all]', async (event, button) => {
  try { await navigator.clipboard.writeText(lines(panel(button))); toast(say('copied')); }
  catch { toast(say('copyFailed'), 'bad'); }
});

on('click', '[data-act=save]', (event, button) => {
  const link = document.createElement('a'), url = URL.createObjectURL(new Blob([lines(panel(button))], { type: 'text/plain' }));
  link.href = url;
  link.download = button.dataset.arg;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
});

on('change', '[data-gate]', (event, box) => {
  const button = find(box.dataset.gate);
  if (!button) return;
  button.disabled = !box.checked;
  button.setAttribute('aria-disabled', String(!box.checked));
});

addEventListener('beforeunload', event => {
  const shown = $('[data-once]');
  if (shown && !$('[data-gate]', shown)?.checked) event.preventDefault();
});
