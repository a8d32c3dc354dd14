// upload-queue.js - all files on their way to a folder: how many at a time, folders before what lies in them, and what is
// to be done about names that are taken.

import { Item } from './upload-item.js';

const atOnce = 3; // a browser has six connections to a server, and people go on using it

export class Queue {
  items = [];
  folders = new Map(); // by path: promises
  decision = null; // about all names that are taken

  // page: { base, user, exists(), ask(item), say(key), changed(item), ended() }
  constructor(page) {
    this.page = page;
  }

  exists() { return this.decision ?? this.page.exists(); }
  say(key) { return this.page.say(key); }

  // headers go along with each request. Who has logged in at this browser since is not to go on with what somebody else has begun.
  get headers() { return { Accept: 'application/json', 'Shz-Page-User': this.page.user }; }

  address(path) {
    return this.page.base + path.map((name) => `${encodeURIComponent(name)}/`).join('');
  }

  // add takes what was chosen or dropped.
  add({ files, folders, unreadable }) {
    for (const path of folders) this.makeFolder(path).catch((error) => this.addFailed(path, error.message));
    for (const path of unreadable) this.addFailed(path, this.say('unreadable'));
    for (const file of files) this.items.push(new Item(this, file));
    this.go();
  }

  addFailed(path, message) {
    const item = new Item(this, { file: new File([], path.at(-1)), path });
    item.hopeless = true;
    this.items.push(item);
    item.fail(message);
  }

  // makeFolder makes a folder and those above it, each once; one that is there already is used.
  makeFolder(path) {
    if (path.length === 0) return Promise.resolve();
    const key = path.join('/');
    if (!this.folders.has(key)) {
      const above = path.slice(0, -1);
      const made = this.makeFolder(above).then(() => this.ask(this.address(above), path.at(-1)));
      this.folders.set(key, made);
      made.catch(() => this.folders.delete(key)); // to be tried again with the next file in it
    }
    return this.folders.get(key);
  }

  async ask(address, name) {
    const body = new URLSearchParams({ op: 'mkdir', name, on_exists: 'skip' });
    const response = await fetch(address, { method: 'POST', headers: this.headers, body }).catch(() => null);
    if (response?.ok) return;
    if (response?.status === 401) throw new Error(this.say('session'));
    const said = await response?.json().catch(() => null);
    throw new Error(said?.error?.message ?? this.say('lost'));
  }

  // decide is what is to be done with an item whose name is taken: rename, replace or skip.
  decide(item) {
    // One question after the other; the answer to one may be the answer to all that wait.
    this.asking = (this.asking ?? Promise.resolve()).then(async () => {
      const exists = this.exists();
      if (exists !== 'fail' || item.state !== 'asking') return exists;
      const { decision, forAll } = await this.page.ask(item);
      if (forAll) this.decision = decision;
      return decision;
    });
    return this.asking;
  }

  count(...states) {
    return this.items.filter((item) => states.includes(item.state)).length;
  }

  get active() { return this.count('waiting', 'running', 'paused', 'asking') > 0; }

  changed(item) {
    this.page.changed(item);
    if (item.state !== 'running') this.go();
  }

  // go starts what waits, as many as may run.
  go() {
    for (let free = atOnce - this.count('running'); free > 0; free--) {
      const next = this.items.find((item) => item.state === 'waiting');
      if (!next) break;
      next.start();
    }
    if (this.items.length > 0 && !this.active) this.page.ended();
  }

  pauseAll() {
    for (const item of this.items.filter((i) => ['waiting', 'running'].includes(i.state))) item.pause();
  }

  resumeAll(...states) {
    for (const item of this.items.filter((i) => states.includes(i.state) && !i.hopeless)) item.change('waiting');
  }

  cancelAll() {
    for (const item of this.items.filter((i) => !i.over)) item.cancel();
  }
}
