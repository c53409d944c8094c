// Threads and logs: the newest line stays in view until the reader scrolls up.
import { $, $$, on, find } from './dom.js';

const toEnd = box => { box.scrollTop = box.scrollHeight; };
const atEnd = box => box.scrollHeight - box.scrollTop - box.clientHeight < 48;

// [data-tail]: keeps its end in view; a reader who scrolled up sees a button instead of a jump.
const wasAtEnd = new WeakMap();
document.addEventListener('scroll', event => {
  const box = event.target;
  if (!box.matches?.('[data-tail]')) return;
  wasAtEnd.set(box, atEnd(box));
  const button = find(box.dataset.tail);
  if (button && atEnd(box)) button.hidden = true;
  for (const tick of $$(`[data-follow="#${box.id}"]`)) tick.checked = atEnd(box);
}, true);
function follow(box) {
  if (wasAtEnd.get(box) !== false) { toEnd(box); return; }
  const button = find(box.dataset.tail);
  if (button) button.hidden = false;
}
on('change', '[data-follow]', (event, tick) => { const box = find(tick.dataset.follow); if (box && tick.checked) toEnd(box); });
on('click', '[data-act=to-end]', (event, button) => { const box = find(button.dataset.arg); if (box) toEnd(box); button.hidden = true; });

// Older messages are put before the first one: what is being read must not move.
const before = new WeakMap();
document.addEventListener('htmx:beforeSwap', event => {
  const box = event.detail.target.closest?.('[data-tail]');
  if (box) before.set(box, { height: box.scrollHeight, top: box.scrollTop, older: Boolean(event.detail.elt?.matches?.('[data-older]')) });
});
// News may be about lines that are not on the page: older than what it shows, or newer than what a search led to.
document.addEventListener('htmx:beforeSwap', event => {
  const { detail } = event, html = detail.serverResponse || '';
  if (!detail.target.matches?.('[data-tail]') || !html.includes('hx-swap-oob')) return;
  const news = new DOMParser().parseFromString(html, 'text/html');
  for (const part of $$('[hx-swap-oob][id]', news)) if (!document.getElementById(part.id)) part.remove();
  detail.serverResponse = news.body.innerHTML;
});

document.addEventListener('htmx:afterSettle', event => {
  begin();
  const box = event.detail.target?.closest?.('[data-tail]'), was = box && before.get(box);
  if (!was) return; // something else on the page
  before.delete(box);
  if (was.older) box.scrollTop = was.top + box.scrollHeight - was.height; else follow(box);
});

// Where a box begins that was not there before: at its end, or at what a search has found.
const begun = new WeakSet();
function begin() {
  for (const box of $$('[data-tail]')) {
    if (begun.has(box)) continue;
    begun.add(box);
    const sought = find(box.dataset.sought, box);
    if (!sought) { toEnd(box); continue; }
    sought.classList.add('sought');
    wasAtEnd.set(box, false);
    box.scrollTop = sought.offsetTop - box.offsetTop - (box.clientHeight - sought.offsetHeight) / 2;
  }
}

begin();

// After logging out nothing of this tab stays behind, and no draft (drafts.js), wherever one logs out.
on('submit', 'form', (event, form) => {
  if (form.getAttribute('action') === document.body.dataset.logout) localStorage.clear();
});
if (document.body.dataset.forget === 'tab') sessionStorage.clear();

// The tone for new messages, where it is switched on or can be.
if (document.cookie.includes('wl-sound=1') || $('[data-sound]')) import('./sound.js');

// The card of a notification or a person is asked for where it is shown; what may not be seen any more says so in its place.
document.addEventListener('htmx:beforeSwap', event => {
  const { detail } = event, gone = detail.elt?.matches?.('[data-card]') && $('[data-card-gone]', detail.elt);
  if (!gone || ![403, 404].includes(detail.xhr.status)) return;
  gone.hidden = false;
  Object.assign(detail, { serverResponse: gone.outerHTML, shouldSwap: true, isError: false });
});
