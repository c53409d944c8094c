// Light, dark, or as the system says: shown at once, remembered by the server.
import { $, $$, on, say, toast } from './dom.js';

on('submit', 'form[data-theme-form]', (event, form) => {
  const value = event.submitter?.value;
  if (!value) return;
  event.preventDefault();
  document.documentElement.dataset.bsTheme = value;
  for (const button of $$('button[name=theme]', form)) button.setAttribute('aria-pressed', String(button.value === value));
  const menu = form.closest('details'), picture = menu && $('summary use', menu);
  if (picture) {
    picture.setAttribute('href', picture.getAttribute('href').replace(/#.*/, value === 'dark' ? '#moon' : '#sun'));
    menu.open = false;
    $('summary', menu).focus();
  }
  const data = new FormData(form);
  data.set('theme', value);
  fetch(form.action, { method: 'POST', body: data, credentials: 'same-origin', redirect: 'manual' }).catch(() => toast(say('offline'), 'bad'));
});
