// A clock that runs down: [data-countdown="seconds"] shows mm:ss; at the end the page asks the server what holds now.
import { $$ } from './dom.js';

const ends = new WeakMap();

setInterval(() => {
  for (const clock of $$('[data-countdown]')) {
    if (!ends.has(clock)) ends.set(clock, performance.now() + Number(clock.dataset.countdown) * 1000);
    const left = Math.max(0, Math.ceil((ends.get(clock) - performance.now()) / 1000));
    clock.textContent = `${String(Math.floor(left / 60)).padStart(2, '0')}:${String(left % 60).padStart(2, '0')}`;
    if (!left) { clock.removeAttribute('data-countdown'); location.reload(); }
  }
}, 1000);
