// What happens around htmx requests: thin loading bar, toasts and refreshes asked for by the server, errors.
import { $, $$, on, find, say, toast } from './dom.js';

let running = 0;
function busy(step) {
  running = Math.max(0, running + step);
  document.documentElement.classList.toggle('loading', running > 0);
}
// Quiet requests (badges, polling) show nothing.
const quiet = event => event.detail.elt?.closest?.('[data-quiet],[data-poll]');
// The element that asked may be gone by the time of the answer, and htmx then tells nobody: the request itself says that
// it ended, and what the server has to say besides.
const tell = said => {
  for (const [name, value] of Object.entries(JSON.parse(said || '{}'))) {
    document.dispatchEvent(new CustomEvent(name, { detail: Object(value) === value ? value : { value } }));
  }
};
document.addEventListener('htmx:beforeSend', event => {
  const { detail } = event, { elt, target, xhr, requestConfig } = detail;
  xhr.addEventListener('readystatechange', () => {
    if (xhr.readyState !== 4) return;
    if (!elt.isConnected) tell(xhr.getResponseHeader('HX-Trigger'));
    // What was sent is answered in the part that stands there now.
    if (requestConfig.verb !== 'get' && target?.id && !target.isConnected) detail.target = $(`#${target.id}`) || target;
  });
  if (quiet(event)) return;
  busy(1);
  target?.setAttribute?.('aria-busy', 'true');
  xhr.addEventListener('loadend', () => { busy(-1); target?.removeAttribute?.('aria-busy'); });
});

// HX-Trigger: {"toast": "…"} or {"toast": {"text": "…", "kind": "ok"}}, {"refresh": "#list"}, {"dialog-close": true}
document.addEventListener('toast', event => {
  const detail = event.detail;
  toast(typeof detail.value === 'string' ? detail.value : detail.text, detail.kind);
});
document.addEventListener('refresh', event => {
  const selector = event.detail.value || event.detail.target;
  if (typeof selector !== 'string') return;
  for (const part of $$(selector)) part.dispatchEvent(new Event('refetch'));
});

// The person acts as another identity than the page was drawn for (portal.middleware): it shows and does nothing more.
document.addEventListener('identity-switched', () => { const banner = $('#switched'); if (banner) banner.hidden = false; });

// A session that ended answers 401: go to the sign-in page instead of putting it into a pane.
document.addEventListener('htmx:beforeOnLoad', event => {
  const xhr = event.detail.xhr;
  if (xhr.status !== 401 || xhr.getResponseHeader('HX-Redirect')) return;
  event.preventDefault();
  const login = document.body.dataset.login || '/login/';
  location.assign(`${login}?next=${encodeURIComponent(location.pathname + location.search)}`);
});

document.addEventListener('htmx:responseError', event => {
  if (quiet(event)) return;
  const known = { 403: 'forbidden', 404: 'gone', 409: 'conflict', 429: 'slow' };
  toast(say(known[event.detail.xhr.status] || 'failed'), 'bad');
});
document.addEventListener('htmx:sendError', event => { if (!quiet(event)) toast(say('offline'), 'bad'); });
document.addEventListener('htmx:timeout', event => { if (!quiet(event)) toast(say('offline'), 'bad'); });

// A refusal (components/error_fragment.html) is shown where it belongs: in the dialog that was sent, in the pane that
// was asked for, else as a toast. Never in the place of what the person was working on.
function refusal(html) {
  if (!html.includes('data-refusal')) return null;
  return document.importNode($('[data-refusal]', new DOMParser().parseFromString(html, 'text/html')), true);
}

function showRefusal(event, box) {
  const { elt, requestConfig, target } = event.detail, dialog = elt.closest('dialog[open]');
  event.detail.isError = false;
  event.detail.shouldSwap = !dialog && requestConfig.verb === 'get' && target.id !== 'dialogs';
  if (event.detail.shouldSwap || quiet(event)) return;
  const place = dialog && $('.dlg-b', dialog);
  if (!place) { toast($('[data-refusal-text]', box).textContent.trim(), 'bad'); return; }
  $('[data-refusal]', place)?.remove();
  place.prepend(box);
  box.tabIndex = -1;
  box.focus();
}

// 409 otherwise carries the current row or card: show it, nothing is lost.
document.addEventListener('htmx:beforeSwap', event => {
  const html = event.detail.serverResponse || '', box = event.detail.xhr.status >= 400 ? refusal(html) : null;
  if (box) showRefusal(event, box);
  else if (event.detail.xhr.status === 409 && html.trim()) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

on('click', '[data-act=reload]', () => location.reload());
on('click', '[data-act=back]', (event, link) => {
  if (history.length > 1 && document.referrer.startsWith(location.origin)) { event.preventDefault(); history.back(); }
});

on('click', '[data-act=retry]', (event, button) => find(button.dataset.arg)?.dispatchEvent(new Event('refetch')));

for (const current of $$('.tabs [aria-current],.side [aria-current]')) {
  const strip = current.parentElement;
  if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft = current.offsetLeft - strip.offsetLeft - 16;
}

on('click', '[data-act=toast-close]', (event, button) => button.closest('.toast-x').remove());
