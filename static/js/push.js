// Web Push on every page: whoever logs in takes over the subscription of this browser, or ends that of somebody else. What
// the settings page does with it comes when its box is there.
import { $ } from './dom.js';
import { can, post, subscribed } from './push_browser.js';

// Once after a log-in: a subscription of somebody else who used this browser ends, one's own goes on.
async function claim() {
  const user = document.body.dataset.user;
  if (!can || !user || sessionStorage.getItem('push') === user) return;
  const found = await subscribed();
  if (found && (await post('/push/claim/', { endpoint: found.endpoint })).status === 205) await found.unsubscribe();
  sessionStorage.setItem('push', user);
}
const box = () => $('[data-push]') && import('./push_settings.js');
document.addEventListener('htmx:afterSettle', box);
claim().catch(() => { /* away: at the next page */ }).finally(box);
