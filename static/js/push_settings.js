// Web Push, asked for by the button of the settings page, never by itself. The worker has a scope without pages.
import { $, $$, on, say, toast } from './dom.js';
import { SCOPE, can, post, subscribed } from './push_browser.js';

const WORKER = '/push/worker.js';

async function show() {
  const box = $('[data-push]');
  if (!box) return;
  const state = !can ? 'cannot' : Notification.permission === 'denied' ? 'denied' : await subscribed() ? 'on' : 'off';
  for (const part of $$('[data-push-state]', box)) part.hidden = part.dataset.pushState !== state;
}

async function active(registration) {
  const worker = registration.active || registration.waiting || registration.installing;
  if (worker.state === 'activated') return;
  await new Promise(resolve => worker.addEventListener('statechange', () => worker.state === 'activated' && resolve()));
}

async function begin() {
  if (await Notification.requestPermission() !== 'granted') return show();
  const registration = await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
  await active(registration);
  const answered = await post('/push/key/');
  if (!answered.ok) throw new Error('no key');
  const options = { userVisibleOnly: true, applicationServerKey: await answered.text() };
  let found = await registration.pushManager.getSubscription();
  // One that was made for another key of the server is worth nothing.
  if (found && await found.unsubscribe()) found = null;
  found ||= await registration.pushManager.subscribe(options);
  const { endpoint, keys } = found.toJSON();
  const answer = await post('/push/on/', { endpoint, p256dh: keys.p256dh, auth: keys.auth });
  if (answer.ok) return location.reload();
  await found.unsubscribe();
  toast(say('failed'), 'bad');
}

async function end() {
  const found = await subscribed();
  if (!found) return show();
  const answer = await post('/push/off/', { endpoint: found.endpoint });
  if (!answer.ok) return toast(say('failed'), 'bad');
  await found.unsubscribe();
  location.reload();
}

async function press(button, work) {
  button.disabled = true;
  try { await work(); } catch { toast($('[data-push]')?.dataset.failed || say('failed'), 'bad'); }
  button.disabled = false;
}
on('click', '[data-act=push-on]', (event, button) => press(button, begin));
on('click', '[data-act=push-off]', (event, button) => press(button, end));
document.addEventListener('htmx:afterSettle', show);
show();
