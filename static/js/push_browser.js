// What this browser has of Web Push.
export const SCOPE = '/push/';
const headers = () => JSON.parse(document.body.getAttribute('hx-headers') || '{}');
export const can = isSecureContext && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
export const post = (url, values = {}) => fetch(url, { method: 'POST', body: new URLSearchParams(values), headers: headers(), redirect: 'manual' });

export async function subscribed() {
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  return registration ? registration.pushManager.getSubscription() : null;
}
