// Chooser of people, departments, nodes: results come from the server, the choice is a list of chips with hidden inputs.
import { $, $$, on, find } from './dom.js';

const chosen = (box, value) => $$('input[type=hidden]', box).find(input => input.value === value)?.closest('li');

function chip(picker, item) {
  const element = $('template[data-chip]', picker).content.firstElementChild.cloneNode(true);
  const input = $('input', element), { value, label, icon } = item.dataset;
  input.name = picker.dataset.name;
  input.value = value;
  $('span', element).textContent = label;
  const use = $('use', element);
  if (icon) use.setAttribute('href', use.getAttribute('href').replace(/#.*/, `#${icon}`));
  const remove = $('button', element);
  remove.setAttribute('aria-label', `${remove.getAttribute('aria-label')} ${label}`);
  return element;
}

function mark(picker) {
  const list = $('[data-chosen]', picker);
  for (const item of $$('[data-pick]', picker)) item.setAttribute('aria-pressed', String(Boolean(chosen(list, item.dataset.value))));
  const number = $('[data-chosen-n]', picker), n = $$('li', list).length;
  if (number) number.textContent = n;
  for (const button of $$('[data-needs-choice]', picker)) button.disabled = !n;
}

on('click', '[data-pick]', (event, item) => {
  const picker = item.closest('[data-picker]'), list = $('[data-chosen]', picker), already = chosen(list, item.dataset.value);
  if (already) already.remove();
  else {
    if (picker.dataset.multi !== 'true') list.replaceChildren();
    list.append(chip(picker, item));
  }
  mark(picker);
});

on('click', '[data-unpick]', (event, button) => {
  const picker = button.closest('[data-picker]'), list = button.closest('ul');
  const next = button.closest('li').nextElementSibling || button.closest('li').previousElementSibling;
  button.closest('li').remove();
  if (picker) mark(picker);
  ($('button', next || list) || (picker && $('[data-search]', picker)) || list.parentElement.querySelector('a,button'))?.focus();
});

// Field mode: the chips move into the form field that opened the chooser.
on('click', '[data-picker-done]', (event, button) => {
  const picker = button.closest('[data-picker]'), field = find(picker.dataset.into);
  if (!field) return;
  event.preventDefault();
  field.replaceChildren(...$$('li', $('[data-chosen]', picker)));
  field.dispatchEvent(new Event('input', { bubbles: true }));
  picker.closest('dialog').close();
});

// A chooser opened for a field starts with what the field holds.
document.addEventListener('htmx:load', event => {
  const picker = event.target.matches?.('[data-picker]') ? event.target : event.target.querySelector?.('[data-picker]') || event.target.closest?.('[data-picker]');
  if (!picker) return;
  const list = $('[data-chosen]', picker), field = find(picker.dataset.into);
  if (field && !list.children.length) list.append(...$$('li', field).map(item => item.cloneNode(true)));
  mark(picker);
});
