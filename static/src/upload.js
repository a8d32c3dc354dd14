// upload.js - a folder's page where files can be brought to it: whole folders, dragging, and large files with progress.
// Without it the form uploads; with it the form still uploads what is small. The page has its words, in data-say-KEY.

import { fromDrop, fromInput } from './upload-pick.js';
import { Queue } from './upload-queue.js';
import { View } from './upload-view.js';

// What is smaller together, and fewer, goes by the form: one request, and the answer is the folder.
const formBytes = 1 << 20;
const formFiles = 20;

const section = document.getElementById('uploads');
if (section) enhance(section, document.querySelector('details.upload form'));

function enhance(section, form) {
  const view = new View(section);
  const queue = new Queue({
    base: new URL(form.getAttribute('action'), location.href).pathname,
    user: form.elements.namedItem('shz-user')?.value ?? '',
    exists: () => form.elements.namedItem('on_exists').value,
    ask: (item) => view.ask(item),
    say: (key) => view.say(key),
    changed: (item) => view.changed(item),
    ended: () => ended(queue, view),
  });
  view.watch(queue);

  const files = form.elements.namedItem('file');
  form.addEventListener('submit', (event) => {
    const chosen = [...files.files];
    if (chosen.length <= formFiles && chosen.reduce((sum, file) => sum + file.size, 0) <= formBytes && !queue.active) return;
    event.preventDefault();
    queue.add(fromInput(files.files));
    files.value = '';
  });

  const folder = document.getElementById('upload-folder');
  const field = document.createElement('input');
  field.type = 'file';
  field.webkitdirectory = true;
  field.addEventListener('change', () => {
    queue.add(fromInput(field.files));
    field.value = '';
  });
  folder.addEventListener('click', () => field.click());
  // Phones have no folders to choose, and nothing to drag.
  folder.hidden = !('webkitdirectory' in field) || matchMedia('(hover: none)').matches;
  document.getElementById('upload-more').hidden = false;

  const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
  addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dragging');
  });
  addEventListener('drop', async (event) => {
    document.body.classList.remove('dragging');
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the browser leaves the page for the file
    queue.add(await fromDrop(event.dataTransfer));
  });
  addEventListener('beforeunload', (event) => {
    if (queue.active) event.preventDefault();
  });
  addEventListener('online', () => {
    for (const item of queue.items) {
      if (item.state === 'running' && item.lost) {
        item.pause();
        item.change('waiting');
      }
    }
  });
}

// ended shows the folder with all that came, unless there is something to read first.
function ended(queue, view) {
  const arrived = queue.count('done');
  if (queue.count('failed', 'skipped', 'cancelled') === 0 && (arrived > 0)) {
    const here = new URL(location.href);
    here.search = new URLSearchParams({ done: 'upload', n: arrived });
    location.assign(here);
    return;
  }
  view.ended();
}
