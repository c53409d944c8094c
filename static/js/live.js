// Fresh without a reload: [data-poll="15"] with hx-trigger="refetch" is fetched again every 15 s while the page is
// looked at, and at once when somebody comes back to it. Unread counts also stand in the title.
import { $, $$ } from './dom.js';

const due = new WeakMap();
const refetch = element => { due.set(element, Date.now()); element.dispatchEvent(new Event('refetch')); };

setInterval(() => {
  if (document.hidden) return;
  for (const element of $$('[data-poll]')) {
    if (!due.has(element)) due.set(element, Date.now());
    if (Date.now() - due.get(element) >= Number(element.dataset.poll) * 1000) refetch(element);
  }
}, 1000);

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) for (const element of $$('[data-poll]')) refetch(element);
});

// Poll failures: after three the page says so, the first success takes it back.
let failures = 0;
function heard(ok) {
  failures = ok ? 0 : failures + 1;
  const banner = $('#stale');
  if (banner) banner.hidden = failures < 3;
}
document.addEventListener('htmx:afterRequest', event => {
  if (event.detail.elt?.matches?.('[data-poll]')) heard(event.detail.xhr.status > 0 && event.detail.xhr.status < 500);
});

function title() {
  const bare = document.title.replace(/^\(\d+\) /, '');
  const total = $$('[data-title-badge] [data-count]').reduce((sum, element) => sum + Number(element.dataset.count || 0), 0);
  document.title = total ? `(${total}) ${bare}` : bare;
}
document.addEventListener('htmx:afterSettle', title);
title();
