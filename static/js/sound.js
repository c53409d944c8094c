// A short tone for what arrives elsewhere: in another conversation, or while nobody looks at this tab. Off until somebody
// switches it on in this browser (a cookie, like the appearance); made by the browser itself, no file is loaded.
import { $, $$, on } from './dom.js';

const COOKIE = 'wl-sound', CLAIM = 'wl-sound-at', GAP = 3000, SOON = 8000;
const isOn = () => document.cookie.split('; ').includes(`${COOKIE}=1`);
let context = null;

function play() {
  if (!navigator.userActivation?.hasBeenActive) return; // a browser lets nobody be startled by a page he has not touched
  context ||= new AudioContext();
  const start = context.currentTime, volume = context.createGain();
  volume.connect(context.destination);
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
  for (const [pitch, after] of [[660, 0], [880, 0.12]]) {
    const tone = context.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start(start + after);
    tone.stop(start + 0.4);
  }
  document.dispatchEvent(new CustomEvent('sounded'));
}

// One tab of many plays, and none while one of them shows what arrived.
function claim() {
  const before = Number(localStorage.getItem(CLAIM)), now = Date.now();
  if (now - before < GAP) return false;
  localStorage.setItem(CLAIM, now);
  return true;
}

// What was told is worth a tone once the count of unread ones grows: own, muted and recalled messages never count.
let told = 0, known = null;
document.addEventListener('told', event => {
  const { conversation, what } = event.detail;
  if (what !== 'message' || !isOn()) return;
  if (!document.hidden && $(`[data-live="conversation:${conversation}"]`)) claim();
  else told = Date.now();
});
document.addEventListener('htmx:afterSettle', event => {
  if (!event.detail.target.matches?.('[hx-get$="/messages/badge/"]')) return;
  const now = Number($('[data-count]', event.detail.target)?.dataset.count || 0);
  if (known !== null && now > known && Date.now() - told < SOON && isOn() && claim()) play();
  known = now;
});

const show = root => { for (const box of $$('[data-sound]', root)) box.checked = isOn(); };
on('change', '[data-sound]', (event, box) => {
  document.cookie = `${COOKIE}=${box.checked ? 1 : ''}; path=/; max-age=${box.checked ? 31536000 : 0}; samesite=lax`;
  if (box.checked) play();
});
document.addEventListener('htmx:load', event => show(event.target));
show(document);
