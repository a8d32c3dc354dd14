// upload-item.js - one file on its way, by the protocol tus: it can be paused, goes on by itself after a lost connection,
// and goes on after the page was closed, too, because its address is kept in the browser.

import { Upload } from 'tus-js-client';

// A small file comes in a single request; what is lost of it is sent again.
const small = 1 << 20; // bytes

// How long is waited before each new try, in ms. The count begins anew when something has arrived, so this gives up
// after some ten minutes without any connection.
const delays = [0, 1000, 3000, 5000, ...new Array(60).fill(10000)];

// The server keeps what nothing is added to for a day.
const keptFor = 24 * 3600 * 1000; // ms
const prefix = 'shz-upload ';

// The states: waiting, running, paused, asking, done, skipped, failed, cancelled.
export class Item {
  state = 'waiting';
  sent = 0;
  message = ''; // why it failed
  lost = false; // the connection: it is being tried again
  hopeless = false; // nothing can be sent of it: a folder, or what the browser cannot read

  constructor(queue, { file, path }) {
    this.queue = queue;
    this.file = file;
    this.path = path;
    this.key = prefix + JSON.stringify([queue.address(path.slice(0, -1)), path.at(-1), file.size, file.lastModified]);
  }

  get size() { return this.file.size; }
  get name() { return this.path.join('/'); }
  get over() { return ['done', 'skipped', 'failed', 'cancelled'].includes(this.state); }

  change(state, message = '') {
    this.state = state;
    this.message = message;
    this.lost = false;
    this.queue.changed(this);
  }

  // start begins it, or goes on with it.
  async start() {
    this.change('running');
    const above = this.path.slice(0, -1);
    try {
      await this.queue.makeFolder(above);
    } catch (error) {
      this.fail(error.message);
      return;
    }
    if (this.state !== 'running') return;
    if (!this.upload) {
      this.endpoint = this.queue.address(above);
      this.upload = this.prepare();
    }
    this.upload.start();
  }

  prepare() {
    const upload = new Upload(this.file, {
      endpoint: this.endpointFor(this.queue.exists()),
      metadata: { filename: this.path.at(-1) },
      headers: this.queue.headers,
      retryDelays: delays,
      storeFingerprintForResuming: false,
      uploadDataDuringCreation: this.size <= small,
      onUploadUrlAvailable: () => {
        // Without an endpoint the library does not begin anew where only a session has ended, or the server is busy.
        upload.options.endpoint = null;
        if (this.size > small) remember(this.key, upload.url);
      },
      onProgress: (sent) => {
        this.sent = sent;
        this.lost = false;
        this.queue.changed(this);
      },
      onShouldRetry: (error) => {
        const { status, code } = answerOf(error);
        const again = status === 0 || status >= 500 && status !== 507 || status === 423 || status === 409 && code === 'conflict';
        this.lost = again;
        this.queue.changed(this);
        return again;
      },
      onError: (error) => this.refused(error),
      onSuccess: () => this.arrived(),
    });
    const known = recall(this.key);
    if (known) {
      upload.options.uploadUrl = known;
      upload.options.endpoint = null;
    }
    return upload;
  }

  // endpointFor is where the upload is begun. What is to be left out, or asked about, is found out by a refusal.
  endpointFor(exists) {
    return `${this.endpoint}?on_exists=${exists === 'rename' || exists === 'replace' ? exists : 'fail'}`;
  }

  arrived() {
    this.sent = this.size;
    forget(this.key);
    // The server remembers how it ended until it is told that this is known.
    if (this.size > small) fetch(this.upload.url, { method: 'DELETE', headers: { ...this.queue.headers, 'Tus-Resumable': '1.0.0' } }).catch(() => {});
    this.change('done');
  }

  refused(error) {
    const { status, code, message } = answerOf(error);
    const upload = this.upload;
    if (code === 'exists') {
      this.resolve();
    } else if (status === 404 && (upload.url || upload.options.uploadUrl)) { // it was swept up meanwhile
      forget(this.key);
      upload.url = upload.options.uploadUrl = null;
      upload.options.endpoint = this.endpointFor(this.queue.exists());
      upload.start();
    } else if (status === 401) {
      this.fail('session', true);
    } else {
      this.fail(message || (status === 0 ? 'lost' : 'failed'), !message);
    }
  }

  // resolve does what is to be done about a name that is taken.
  async resolve() {
    this.change('asking');
    const decision = await this.queue.decide(this);
    if (this.state !== 'asking') return;
    if (decision === 'skip') {
      this.drop();
      this.change('skipped');
      return;
    }
    const upload = this.upload;
    if (upload.url) { // all of it is there but for the name
      const address = new URL(upload.url);
      address.searchParams.set('on_exists', decision);
      upload.url = address.href;
    } else {
      upload.options.endpoint = this.endpointFor(decision);
    }
    this.change('running');
    upload.start();
  }

  // fail says why, by a sentence of the server's or the key of one of the page's.
  fail(message, isKey = false) {
    this.change('failed', isKey ? this.queue.say(message) : message);
  }

  pause() {
    if (this.state === 'running') this.upload?.abort();
    if (this.state === 'running' || this.state === 'waiting') this.change('paused');
  }

  cancel() {
    if (this.over && this.state !== 'failed') return;
    this.drop();
    this.change('cancelled');
  }

  // drop has the server forget what it has of it.
  drop() {
    forget(this.key);
    this.upload?.abort(true).catch(() => {});
  }
}

// answerOf is what the server said; status 0 if it said nothing.
function answerOf(error) {
  const response = error.originalResponse;
  let said;
  try {
    said = JSON.parse(response.getBody()).error;
  } catch {
    said = {}; // no answer, or none of Share Zone's
  }
  return { status: response ? response.getStatus() : 0, code: said?.code, message: said?.message };
}

// Where the browser keeps nothing (private windows, a full store), an upload goes on only as long as the page is open.
function remember(key, url) {
  try {
    localStorage.setItem(key, JSON.stringify({ url, time: Date.now() }));
  } catch { /* see above */ }
}

function recall(key) {
  try {
    for (const other of Object.keys(localStorage)) {
      if (other.startsWith(prefix) && JSON.parse(localStorage.getItem(other)).time < Date.now() - keptFor) localStorage.removeItem(other);
    }
    return JSON.parse(localStorage.getItem(key))?.url;
  } catch {
    return undefined;
  }
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch { /* see above */ }
}
