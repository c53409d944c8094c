// What was typed and not sent stays in this browser for this person alone (ADR 16): one entry a conversation under
// draft:<login>:<conversation>, gone once it is sent, by logging out, and when somebody else works here.
import { $, $$, on } from './dom.js';

// A browser that forbids its store keeps no drafts.
const store = (() => { try { return window.localStorage; } catch { return null; } })()
  || { length: 0, key: () => null, getItem: () => null, setItem() {}, removeItem() {} };
const all = 'draft:', mine = `${all}${document.body.dataset.user}:`;
const key = form => mine + form.dataset.composer;
const keys = () => Array.from({ length: store.length }, (_, at) => store.key(at)).filter(name => name.startsWith(all));

function read(name) {
  try { return JSON.parse(store.getItem(name)); } catch { return null; }
}

/** Members whom the words of this composer may name: [login, name]. */
export const named = form => $$('input[name=mention]', form).map(input => [input.value, input.dataset.name]);

/** Notes that the words name somebody. */
export function name(form, id, called) {
  if (named(form).some(([known]) => known === id)) return;
  const input = document.createElement('input');
  Object.assign(input, { type: 'hidden', name: 'mention', value: id });
  input.dataset.name = called;
  form.append(input);
}

export function keep(form) {
  const text = $('textarea', form).value;
  try {
    if (text.trim()) store.setItem(key(form), JSON.stringify({ text, named: named(form) }));
    else store.removeItem(key(form));
  } catch { store.removeItem(key(form)); } // no room: an old draft must not come back instead
}

export function drop(form) {
  store.removeItem(key(form));
  for (const input of $$('input[name=mention]', form)) input.remove();
}

function restore(root) {
  for (const form of $$('[data-composer]', root)) {
    const field = $('textarea', form), draft = read(key(form));
    if (!draft) continue;
    if (!field.value) field.value = draft.text;
    for (const [id, called] of draft.named) name(form, id, called);
    field.dispatchEvent(new Event('drafted', { bubbles: true }));
  }
}

// In the list: what was begun in other conversations stands in the place of what was said last.
const said = new WeakMap();
function mark() {
  const open = $('[data-composer]')?.dataset.composer;
  for (const line of $$('[data-draft]')) {
    if (!said.has(line)) said.set(line, [...line.childNodes]);
    const draft = line.dataset.draft !== open && read(mine + line.dataset.draft), at = $('.at-me', line);
    line.replaceChildren(...said.get(line));
    if (!draft) continue;
    const label = document.createElement('b');
    label.className = 'draft';
    label.textContent = line.dataset.draftLabel;
    line.replaceChildren(...(at ? [at, ' '] : []), label, ` ${draft.text.slice(0, 120)}`);
  }
}

if (document.body.dataset.user) {
  for (const entry of keys()) if (!entry.startsWith(mine)) store.removeItem(entry);
}

restore(document);
mark();
on('input', '[data-composer] textarea', (event, field) => keep(field.form));
document.addEventListener('htmx:load', event => { restore(event.target); mark(); });
addEventListener('storage', event => { if (event.key?.startsWith(mine)) mark(); });
addEventListener('pageshow', event => { if (event.persisted) mark(); });
