// @ in a group: a list of its members beside the words, found by name, pinyin or initials. The field keeps the focus and
// points at the line that is meant; while an input method composes, keys are its own and the list only follows.
import { $, $$, on } from './dom.js';
import { name, named } from './drafts.js';

const TOKEN = /(?:^|[^A-Za-z0-9._%+-])@([^\s@]{0,30})$/; // not the @ of an address
let left = -1; // where the @ stands whose list was closed with Esc
let eager = false; // whoever types faster than the list comes has chosen already

const listOf = field => $('.at-list', field.form);
const options = list => $$('[role=option]', list).filter(option => !option.hidden);

function token(field) {
  const found = field.selectionStart === field.selectionEnd && TOKEN.exec(field.value.slice(0, field.selectionStart));
  return found ? { from: field.selectionStart - found[1].length - 1, q: found[1].toLowerCase().replaceAll("'", '') } : null;
}

async function load(list) {
  list.dataset.state = 'asked';
  let html = '';
  try {
    const answer = await fetch(list.dataset.url, { headers: { 'HX-Request': 'true' } });
    if (answer.ok && !answer.redirected) html = await answer.text();
  } catch { /* away: nobody is offered, the @ stays a character */ }
  list.replaceChildren(...new DOMParser().parseFromString(html, 'text/html').body.children);
  list.dataset.state = 'there';
}

const fits = (option, q) => option.dataset.name.toLowerCase().includes(q)
  || option.dataset.reading.split(' ').some(reading => reading.startsWith(q));

function point(field, option) {
  for (const other of $$('[aria-selected=true]', listOf(field))) other.setAttribute('aria-selected', 'false');
  option.setAttribute('aria-selected', 'true');
  option.scrollIntoView({ block: 'nearest' });
  field.setAttribute('aria-activedescendant', option.id);
}

function close(field) {
  const list = listOf(field);
  if (list.hidden) return;
  list.hidden = true;
  list.dataset.state = '';
  field.removeAttribute('aria-activedescendant');
  $('[data-at-found]', field.form).textContent = '';
}

async function follow(field) {
  const list = listOf(field), at = token(field);
  if (!at || at.from === left) {
    if (!at) left = -1;
    close(field);
    return;
  }
  if (list.dataset.state === 'asked') return; // it looks again once it has an answer
  if (list.dataset.state !== 'there') {
    eager = false;
    await load(list);
    await follow(field);
    if (eager && !list.hidden) choose(field, options(list)[0]);
    return;
  }
  for (const option of $$('[role=option]', list)) option.hidden = !fits(option, at.q);
  const found = options(list), box = $('[data-at-found]', field.form);
  list.hidden = !found.length;
  box.textContent = found.length ? box.dataset.text.replace('{n}', found.length) : '';
  if (found.length) point(field, found[0]); else field.removeAttribute('aria-activedescendant');
}

function choose(field, option) {
  const at = token(field);
  if (!at) return;
  name(field.form, option.dataset.at, option.dataset.name);
  field.setRangeText(`@${option.dataset.name} `, at.from, field.selectionStart, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

const MOVES = { ArrowDown: 1, ArrowUp: -1 };
document.addEventListener('keydown', event => {
  const field = event.target.closest?.('[data-mentions]');
  if (!field || event.isComposing || event.keyCode === 229) return;
  const picks = (event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey;
  if (listOf(field).dataset.state === 'asked' && picks && token(field)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    eager = true;
    return;
  }
  if (listOf(field).hidden) return;
  const list = options(listOf(field)), at = list.findIndex(option => option.id === field.getAttribute('aria-activedescendant'));
  if (event.key === 'Escape') { left = token(field)?.from ?? -1; close(field); }
  else if (event.key in MOVES) point(field, list[(at + MOVES[event.key] + list.length) % list.length]);
  else if (picks) choose(field, list[at]);
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

on('input', '[data-mentions]', (event, field) => follow(field));
on('click', '[data-mentions]', (event, field) => follow(field));
on('focusout', '[data-mentions]', (event, field) => close(field));
// The focus stays in the field, and on a phone its keyboard stays up.
on('pointerdown', '.at-list,[data-act=at]', event => event.preventDefault());
on('mousedown', '.at-list,[data-act=at]', event => event.preventDefault());
on('click', '.at-list [role=option]', (event, option) => choose($('[data-mentions]', option.closest('form')), option));
on('click', '[data-act=at]', (event, button) => {
  const field = $('textarea', button.form), before = field.value.slice(0, field.selectionStart);
  field.focus();
  field.setRangeText(/[A-Za-z0-9._%+-]$/.test(before) ? ' @' : '@', field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
});

// Whose name was taken out of the words again is not meant: longer names first, as the server marks them.
document.addEventListener('htmx:configRequest', event => {
  const form = event.detail.elt;
  if (!form.matches?.('[data-composer]')) return;
  const known = named(form).sort((one, other) => other[1].length - one[1].length);
  let text = $('textarea', form).value;
  event.detail.formData.delete('mention');
  for (const called of new Set(known.map(([, called]) => called))) {
    if (!text.includes(`@${called}`)) continue;
    text = text.replaceAll(`@${called}`, ' ');
    for (const [id, one] of known) if (one === called) event.detail.formData.append('mention', id);
  }
});
