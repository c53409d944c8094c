// Passkeys: the form asks the server what to hand to the browser, the browser's dialog answers, the form is sent.
import { $, $$, on, toast } from './dom.js';

const named = !/^[\d.]+$|:/.test(location.hostname);  // a passkey belongs to a name, never to a number
const can = isSecureContext && named && Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);

function show() {
  for (const part of $$('[data-passkey-can]')) part.hidden = !can;
  for (const part of $$('[data-passkey-cannot]')) part.hidden = can;
  for (const form of $$('form[data-passkey]')) form.elements.credential.value = '';
}

async function answer(form) {
  const data = new FormData(form);
  data.delete('credential');
  data.set('options', '1');
  const asked = await fetch(form.action, { method: 'POST', body: data, credentials: 'same-origin', redirect: 'manual' });
  if (!asked.ok) return location.reload();  // the time for it is over
  const { publicKey } = await asked.json();
  const made = form.dataset.passkey === 'create'
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  form.elements.credential.value = JSON.stringify(made.toJSON());
  form.submit();
}

on('submit', 'form[data-passkey]', async (event, form) => {
  event.preventDefault();
  const button = $('button[type=submit]', form);
  button.disabled = true;
  try { await answer(form); } catch { toast(form.dataset.failed, 'bad'); }
  button.disabled = false;
});
addEventListener('pageshow', show);
show();
