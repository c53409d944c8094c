// Shows what the push service brings: how much waits, never what. The words come from the server.
self.addEventListener('push', event => {
  const { title, body, url, lang } = event.data?.json() ?? {};
  if (title) event.waitUntil(self.registration.showNotification(title, { body, lang, tag: 'waiting', data: { url } }));
});

// A tap goes to a page of ours that is open, else it opens one.
self.addEventListener('notificationclick', event => {
  event.notification.close();
  const to = new URL(event.notification.data?.url || '/', self.location.origin);
  if (to.origin !== self.location.origin) return;
  event.waitUntil(clients.matchAll({ type: 'window', includeUncontrolled: true }).then(open => {
    const there = open.find(page => new URL(page.url).pathname.startsWith(to.pathname));
    return there ? there.focus() : clients.openWindow(to.href);
  }));
});
self.addEventListener('install', () => self.skipWaiting());
