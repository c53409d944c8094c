// Files of a thread: chosen ones go at once, pasted and dropped ones wait for a word. One after the other, each with
// progress and cancel; every file has its own name for the server, so that trying again never sends it twice.
import { $, $$, on, say, toast } from './dom.js';

const MOST = 20;
const rows = new Map(); // <li> → { file, id, state: waiting | ready | going | failed, xhr }
const box = () => $('#uploads');
const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');

function show() {
  const area = box();
  if (!area) return;
  for (const row of rows.keys()) if (!row.isConnected) rows.delete(row);
  area.hidden = !rows.size;
  $('.uploads-f', area).hidden = ![...rows.values()].some(entry => entry.state === 'waiting');
}

function add(files, state) {
  const area = box();
  if (!area || !$('[data-composer]')) return;
  if (files.length > MOST) toast(area.dataset.many, 'warn');
  for (const file of files.slice(0, MOST)) {
    const row = $('template', area).content.firstElementChild.cloneNode(true);
    $('b', row).textContent = file.name;
    if (/^image\/(jpeg|png|webp|gif|bmp)$/.test(file.type)) thumbnail(row, file);
    rows.set(row, { file, id: newId(), state });
    $('ul', area).append(row);
    if (!file.size) fail(row, area.dataset.empty, false);
    else if (file.size > Number(area.dataset.max)) fail(row, area.dataset.tooLarge, false);
    else if (state === 'waiting') $('small', row).textContent = area.dataset.waiting;
  }
  show();
  next();
}

function thumbnail(row, file) {
  const image = new Image(), url = URL.createObjectURL(file);
  image.alt = '';
  image.onerror = () => URL.revokeObjectURL(url);
  image.onload = () => { URL.revokeObjectURL(url); $('.file-i', row).replaceChildren(image); };
  image.src = url;
}

function next() {
  const all = [...rows];
  if (all.some(([, entry]) => entry.state === 'going')) return;
  const ready = all.find(([, entry]) => entry.state === 'ready');
  if (ready) send(...ready);
}

function send(row, entry) {
  const xhr = new XMLHttpRequest(), data = new FormData(), bar = $('progress', row), state = $('small', row);
  Object.assign(entry, { xhr, state: 'going' });
  data.append('client_id', entry.id);
  data.append('name', entry.file.name);
  data.append('file', entry.file, 'file');
  bar.hidden = false;
  state.textContent = '';
  xhr.upload.onprogress = event => { bar.value = event.loaded / event.total; };
  xhr.onload = () => answered(row, xhr);
  xhr.onerror = xhr.ontimeout = () => { fail(row, say('offline'), true); next(); };
  xhr.open('POST', box().dataset.url);
  xhr.setRequestHeader('HX-Request', 'true');
  for (const [key, value] of Object.entries(JSON.parse(document.body.getAttribute('hx-headers')))) xhr.setRequestHeader(key, value);
  xhr.send(data);
}

function answered(row, xhr) {
  if (xhr.status === 401) { location.assign(xhr.getResponseHeader('HX-Redirect') || document.body.dataset.login); return; }
  if (xhr.status < 300) {
    drop(row);
    for (const part of $$('[data-live^="conversation"]')) part.dispatchEvent(new Event('refetch'));
  } else {
    const said = $('[data-refusal-text]', new DOMParser().parseFromString(xhr.responseText, 'text/html'));
    fail(row, said?.textContent.trim() || say('failed'), xhr.status !== 422);
  }
  next();
}

function fail(row, text, again) {
  rows.get(row).state = 'failed';
  row.classList.add('bad');
  $('progress', row).hidden = true;
  $('small', row).textContent = text;
  $('[data-act=upload-again]', row).hidden = !again;
  show();
}

function drop(row) {
  rows.get(row)?.xhr?.abort();
  rows.delete(row);
  row.remove();
  show();
}

on('change', '[data-attach]', (event, input) => { add([...input.files], 'ready'); input.value = ''; });
on('click', '[data-act=upload-stop]', (event, button) => { drop(button.closest('li')); next(); });
on('click', '[data-act=upload-again]', (event, button) => {
  const row = button.closest('li');
  row.classList.remove('bad');
  button.hidden = true;
  rows.get(row).state = 'ready';
  next();
});
on('click', '[data-act=uploads-clear]', () => { for (const [row, entry] of [...rows]) if (entry.state === 'waiting') drop(row); });
on('click', '[data-act=uploads-send]', () => {
  for (const entry of rows.values()) if (entry.state === 'waiting') entry.state = 'ready';
  show();
  next();
});

// A pasted picture or file; words that come with it (a table from a spreadsheet) win.
on('paste', '[data-composer] textarea', event => {
  const { files, types } = event.clipboardData;
  if (!files.length || types.includes('text/plain')) return;
  event.preventDefault();
  add([...files], 'waiting');
});

// Dropped anywhere on the thread.
const holdsFiles = event => event.dataTransfer?.types.includes('Files') && $('[data-composer]') && event.target.closest?.('.thread-pane');
const hint = shown => { const part = $('#drop-hint'); if (part) part.hidden = !shown; };
document.addEventListener('dragover', event => { if (holdsFiles(event)) { event.preventDefault(); hint(true); } else hint(false); });
document.addEventListener('dragleave', event => { if (!event.relatedTarget) hint(false); });
document.addEventListener('drop', event => {
  hint(false);
  if (!holdsFiles(event)) return;
  event.preventDefault();
  add([...event.dataTransfer.files].filter(file => file.size || file.type), 'waiting');
});

addEventListener('beforeunload', event => { if ([...rows.values()].some(entry => entry.state !== 'failed')) event.preventDefault(); });
