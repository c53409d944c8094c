// Forms: counters, filling in phrases, showing a password, dropping a file, warning before leaving a changed form.
import { $, $$, on, find, say, toast } from './dom.js';

const length = text => [...text].length;

function count(field) {
  const counter = document.getElementById(field.dataset.counter);
  if (!counter) return;
  const limit = Number(field.dataset.limit || field.maxLength);
  counter.textContent = `${length(field.value)}/${limit}`;
  counter.classList.toggle('over', length(field.value) > limit);
}
on('input', '[data-counter]', (event, field) => count(field));
document.addEventListener('htmx:load', event => { for (const field of $$('[data-counter]', event.target)) count(field); });

on('click', '[data-act=fill]', (event, button) => {
  const field = find(button.dataset.to);
  if (!field) return;
  field.value = button.textContent.trim();
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.focus();
});

on('click', '[data-act=reveal]', (event, button) => {
  const field = find(button.dataset.arg);
  if (!field) return;
  const shown = field.type === 'password';
  field.type = shown ? 'text' : 'password';
  button.setAttribute('aria-pressed', String(shown));
});

async function copy(text) {
  try { await navigator.clipboard.writeText(text); toast(say('copied')); }
  catch { toast(say('copyFailed'), 'bad'); }
}
on('click', '[data-act=copy]', (event, button) => {
  const source = find(button.dataset.from);
  copy(source ? (source.value ?? source.textContent).trim() : button.dataset.arg);
});
on('click', '[data-act=toast]', (event, button) => toast(button.dataset.arg, button.dataset.kind || 'ok'));

// A changed filter is applied at once where the form says so.
on('change', 'form[data-autosubmit] select,form[data-autosubmit] input[type=checkbox]', (event, field) => field.form.requestSubmit());
on('input', 'form[data-autosubmit] .pchips', (event, list) => list.closest('form').requestSubmit());

// File drop: the dropped file goes into the ordinary file input, its name is shown.
function over(event, zone, inside) {
  event.preventDefault();
  zone.classList.toggle('over', inside);
}
on('dragover', '[data-drop]', (event, zone) => over(event, zone, true));
on('dragleave', '[data-drop]', (event, zone) => over(event, zone, false));
on('drop', '[data-drop]', (event, zone) => {
  over(event, zone, false);
  const input = $('input[type=file]', zone);
  if (!input || !event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
});
on('change', '[data-drop] input[type=file]', (event, input) => {
  const name = $('[data-drop-name]', input.closest('[data-drop]'));
  if (name) name.textContent = [...input.files].map(file => `${file.name} · ${Math.max(1, Math.round(file.size / 1024))} KB`).join('\n');
});

// Long forms say data-warn: leaving with changes asks first.
let changed = null;
on('input', 'form[data-warn]', (event, form) => { changed = form; });
document.addEventListener('submit', event => { if (event.target === changed) changed = null; });
addEventListener('beforeunload', event => { if (changed?.isConnected) event.preventDefault(); });

// A form is sent once: the button rests while the request is under way, and wakes when the page comes from the cache.
document.addEventListener('submit', event => {
  const form = event.target;
  if (form.hasAttribute('hx-post') || form.method !== 'post' || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = '1';
  setTimeout(() => delete form.dataset.sent, 3000);   // a download leaves the page where it is
});
addEventListener('pageshow', () => { for (const form of $$('form[data-sent]')) delete form.dataset.sent; });
