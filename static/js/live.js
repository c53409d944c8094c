// Fresh without a reload (ADR 12). One stream per tab says by ids what changed; what shows it, [data-live="badge"] with
// hx-trigger="refetch", fetches itself again. Without a stream, and where nothing is told, [data-poll="15"] is fetched
// every 15 s while the page is looked at. Unread counts also stand in the title.
import { $, $$ } from './dom.js';

const due = new WeakMap();
const refetch = element => { due.set(element, Date.now()); element.dispatchEvent(new Event('refetch')); };
// Under way itself, or by hx-sync behind a request of another element: htmx would drop a second one.
const sync = element => element?.getAttribute?.('hx-sync')?.split(':')[0];
const flying = new Map();
const busy = element => element.classList.contains('htmx-request') || flying.get(sync(element)) > 0;
const count = (event, step) => {
  const key = sync(event.detail.elt);
  if (key) flying.set(key, Math.max(0, (flying.get(key) || 0) + step));
};
// The request itself says that it ended: htmx tells nobody where an answer to another has taken away who asked.
document.addEventListener('htmx:beforeSend', event => {
  count(event, 1);
  event.detail.xhr.addEventListener('loadend', () => {
    count(event, -1);
    again();
    setTimeout(() => {
      for (const one of held.splice(0)) if (asking(one.elt)) held.push(one); else send(one);
    });
  });
});

// What a person sends waits for a question of the page that is on its way, instead of tearing it off. Where the answer
// has put another form in the place of his, that one is sent: htmx drops what a removed element asks.
const held = [];
const send = one => one.elt.isConnected
  ? one.issueRequest(false) : $(`form[hx-${one.verb}="${CSS.escape(one.path)}"]`)?.requestSubmit();
const asking = elt => sync(elt)
  && $$('[data-live].htmx-request').some(element => element !== elt && sync(element) === sync(elt));
document.addEventListener('htmx:confirm', event => {
  if (!asking(event.detail.elt)) return;
  event.preventDefault();
  held.push(event.detail);
});
const everything = () => { for (const element of $$('[data-live],[data-poll]')) refetch(element); };

// A stream says a thing once: whoever got no answer then, because the pages were away, asks again like one that polls.
const unanswered = new WeakSet();
const answered = xhr => xhr.status > 0 && xhr.status < 500;
document.addEventListener('htmx:afterRequest', event => {
  const { elt, xhr } = event.detail;
  if (elt?.matches?.('[data-live]')) unanswered[answered(xhr) ? 'delete' : 'add'](elt);
});

let up = false;
setInterval(() => {
  warn();
  if (document.hidden) return;
  for (const element of $$('[data-poll]')) {
    if (!due.has(element)) due.set(element, Date.now());
    if (up && element.dataset.live && !unanswered.has(element)) continue;
    if (Date.now() - due.get(element) >= Number(element.dataset.poll) * 1000) refetch(element);
  }
}, 1000);

// --- what an event is about: the words that elements name in data-live
const about = {
  conversation: data => [`conversation:${data.conversation}`, 'conversations', 'badge'],
  card: data => [`card:${data.card}:${data.ref}`, 'badge'],
  job: data => [`job:${data.job}:${data.id}`, 'jobs'],
  badge: () => ['badge'],
};
const GAP = 300, waiting = new Set(), late = new Set();

// At once, and in a burst once more when it is over. What is on its way may not know of it yet: asked again afterwards.
// Elements are looked for each time, because an answer replaces them.
function fire(word) {
  if (waiting.has(word)) return;
  const elements = $$('[data-live]').filter(element => element.dataset.live.split(' ').includes(word));
  if (!elements.length) return;
  if (elements.some(element => Date.now() - (due.get(element) || 0) < GAP)) {
    waiting.add(word);
    setTimeout(() => { waiting.delete(word); fire(word); }, GAP);
    return;
  }
  for (const element of elements) busy(element) ? late.add(word) : refetch(element);
}
function again() {
  const words = [...late];
  late.clear();
  if (words.length) setTimeout(() => words.forEach(word => fire(word)), 60);
}

// --- the stream
const notice = $('#unlive'), url = notice?.dataset.liveUrl;
const HEARD = 8000, RETRY = [4000, 60000], HIDDEN = 20000, PATIENCE = 1500;
let source = null, ended = false, pause = RETRY[0], downSince = Date.now(), timer = 0;

function state(now) {
  if (up && !now) {
    downSince = Date.now();
    // All tabs lose it in the same moment: their first question is spread over the time between two.
    for (const element of $$('[data-live][data-poll]')) {
      due.set(element, Date.now() - Math.random() * 1000 * Number(element.dataset.poll));
    }
  }
  up = now;
}

// A page is as old as its request, and nothing was told since: all it shows is asked for once it listens, and counts
// for the first time.
let begun = false;
function begin() {
  begun = true;
  for (const element of $$('[data-live]')) refetch(element);
}

function open() {
  clearTimeout(timer);
  if (!url || source || ended) return;
  source = new EventSource(url);
  source.addEventListener('ready', () => {
    state(true);
    pause = RETRY[0];
    begin();
  });
  source.addEventListener('down', () => state(false));
  // After a fault all tabs hear it at once: they do not all ask at once.
  source.addEventListener('resync', () => setTimeout(() => { state(Boolean(source)); everything(); }, Math.random() * 2000));
  source.addEventListener('full', close);
  for (const [kind, words] of Object.entries(about)) {
    source.addEventListener(kind, event => {
      const data = JSON.parse(event.data);
      document.dispatchEvent(new CustomEvent('told', { detail: data }));
      for (const word of words(data)) if (!document.hidden || word === 'badge') fire(word);
    });
  }
  source.addEventListener('error', () => {
    state(false);
    if (source?.readyState === EventSource.CLOSED) refused();
  });
}

function close() {
  source?.close();
  source = null;
  state(false);
}

// An EventSource does not say why it was refused. Logged out: the next fragment leads to the log-in page.
async function refused() {
  close();
  let status = 0;
  try { status = (await fetch(url, { method: 'HEAD', cache: 'no-store' })).status; } catch { /* away: later again */ }
  ended = status === 401 || status === 403;
  if (ended || !begun) begin();
  if (ended) return;
  timer = setTimeout(open, status === 200 ? 0 : pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, RETRY[1]);
}

// HTTP/1.1 gives a browser six connections for all tabs: one that nobody looks at lets its stream go.
const crowded = performance.getEntriesByType('navigation')[0]?.nextHopProtocol === 'http/1.1';
let away = 0;
function unseen() {
  if (crowded) away = setTimeout(close, HIDDEN);
}
document.addEventListener('visibilitychange', () => {
  clearTimeout(away);
  if (document.hidden) return unseen();
  if (!source) downSince = Date.now();
  open();
  everything();
});
addEventListener('pagehide', close);
addEventListener('pageshow', event => { if (event.persisted) { open(); everything(); } });
// htmx listens from then on.
addEventListener('DOMContentLoaded', () => {
  setTimeout(() => { if (!begun) begin(); }, url ? PATIENCE : 0);
  open();
  if (document.hidden) unseen();
});

// --- what the page says about it
// Poll failures: after three the page says so, the first success takes it back.
let failures = 0;
function heard(ok) {
  failures = ok ? 0 : failures + 1;
  const banner = $('#stale');
  if (banner) banner.hidden = failures < 3;
}
document.addEventListener('htmx:afterRequest', event => {
  if (event.detail.elt?.matches?.('[data-poll]')) heard(answered(event.detail.xhr));
});

// Without a stream for a while: how often the page asks instead.
function warn() {
  if (!notice) return;
  const every = Math.min(...$$('[data-poll]').map(element => Number(element.dataset.poll)));
  const quiet = up || failures >= 3 || !Number.isFinite(every) || Date.now() - downSince < HEARD;
  if (!quiet) $('[data-text]', notice).textContent = $('[data-text]', notice).dataset.text.replace('{n}', every);
  notice.hidden = quiet;
}

function title() {
  const bare = document.title.replace(/^\(\d+\) /, '');
  const total = $$('[data-title-badge] [data-count]').reduce((sum, element) => sum + Number(element.dataset.count || 0), 0);
  document.title = total ? `(${total}) ${bare}` : bare;
}
document.addEventListener('htmx:afterSettle', title);
title();
