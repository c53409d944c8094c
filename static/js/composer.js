// Where one writes: Enter sends, never while an input method composes; the field grows with the words.
import { $, $$, on } from './dom.js';
import { drop } from './drafts.js';

on('keydown', '[data-composer] textarea', (event, field) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  if (field.value.trim()) field.form.requestSubmit();
});

const grow = field => { field.rows = Math.min(8, Math.max(2, field.value.split('\n').length)); };
for (const type of ['input', 'drafted']) on(type, '[data-composer] textarea', (event, field) => grow(field));
for (const field of $$('[data-composer] textarea')) grow(field);
document.addEventListener('htmx:afterRequest', event => {
  const form = event.detail.elt;
  if (!form?.matches?.('[data-composer]') || event.detail.xhr.status !== 200) return;
  drop(form);
  form.reset();
  const field = $('textarea', form);
  grow(field);
  field.focus();
});
