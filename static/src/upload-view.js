// upload-view.js - what is seen of the uploads: a bar for each file that is on its way and one for all, buttons, and the
// question about a name that is taken.

// Of 5,000 files not each has a row: those that need somebody, those on their way, and the last that arrived.
const rowsOfDone = 10;
const speedOver = 5000; // ms that the speed is the mean of

export class View {
  rows = new Map();
  finished = []; // items with a row that needs nobody any more
  samples = []; // { time, sent } of the last moments

  constructor(section) {
    this.section = section;
    this.list = section.querySelector('ul');
    this.row = section.querySelector('template');
    this.all = section.querySelector('.uploads-all');
    this.state = section.querySelector('.uploads-state');
    this.status = section.querySelector('[role=status]');
    this.dialog = section.querySelector('dialog');
    this.language = document.documentElement.lang;
  }

  // say is the page's sentence of that key, each %s replaced in turn.
  say(key, ...values) {
    const sentence = this.section.getAttribute(`data-say-${key}`) ?? '';
    return sentence.replaceAll('%s', () => values.shift());
  }

  watch(queue) {
    this.queue = queue;
    const button = (name, act) => {
      this[name] = this.section.querySelector(`[data-act=${name}]`);
      this[name].addEventListener('click', act);
    };
    button('pause-all', () => queue.pauseAll());
    button('resume-all', () => queue.resumeAll('paused'));
    button('retry-all', () => queue.resumeAll('failed'));
    button('cancel-all', () => queue.cancelAll());
    setInterval(() => this.count(), 500);
  }

  changed(item) {
    this.section.hidden = false;
    const row = this.rows.get(item) ?? (item.state === 'waiting' ? null : this.addRow(item));
    if (row) this.show(item, row);
    if (['done', 'skipped', 'cancelled'].includes(item.state) && !this.finished.includes(item)) {
      this.finished.push(item);
      if (this.finished.length > rowsOfDone) this.removeRow(this.finished.shift());
    }
    if (item.state === 'failed') this.tell(`${item.name}: ${item.message}`);
    this.stale = true;
  }

  addRow(item) {
    const row = this.row.content.firstElementChild.cloneNode(true);
    row.querySelector('bdi').textContent = visible(item.name);
    row.querySelector('progress').setAttribute('aria-label', visible(item.name));
    for (const button of row.querySelectorAll('button')) {
      button.setAttribute('aria-label', `${button.textContent}: ${visible(item.name)}`);
      button.addEventListener('click', () => {
        if (button.dataset.act === 'pause') item.pause();
        if (button.dataset.act === 'resume' || button.dataset.act === 'retry') item.change('waiting');
        if (button.dataset.act === 'cancel') item.cancel();
      });
    }
    this.rows.set(item, row);
    this.list.append(row);
    return row;
  }

  removeRow(item) {
    this.rows.get(item)?.remove();
    this.rows.delete(item);
  }

  show(item, row) {
    const bar = row.querySelector('progress');
    bar.value = item.size === 0 ? Number(item.state === 'done') : item.sent / item.size;
    row.dataset.state = item.state;
    row.querySelector('.uploads-note').textContent = item.message || this.say(item.lost ? 'retrying' : item.state);
    const shown = {
      pause: item.state === 'running', resume: item.state === 'paused', retry: item.state === 'failed' && !item.hopeless,
      cancel: !item.over,
    };
    for (const button of row.querySelectorAll('button')) {
      const show = shown[button.dataset.act];
      if (!show && button === document.activeElement) queueMicrotask(() => row.querySelector('button:not([hidden])')?.focus());
      button.hidden = !show;
    }
  }

  // count shows how far all of it is.
  count() {
    const items = this.queue.items.filter((item) => item.state !== 'cancelled');
    if (items.length === 0 || !this.stale && !this.queue.active) return;
    this.stale = false;
    const sum = (of) => items.reduce((total, item) => total + of(item), 0);
    const sent = sum((item) => item.sent);
    const size = sum((item) => item.size);
    const over = items.filter((item) => item.over).length;
    this.all.value = size === 0 ? over / items.length : sent / size;
    const text = [this.say('state', this.number(over), this.number(items.length), this.bytes(sent), this.bytes(size))];
    const now = Date.now();
    this.samples = [...this.samples.filter((s) => s.time > now - speedOver), { time: now, sent }];
    const first = this.samples[0];
    const speed = (sent - first.sent) / Math.max(1, now - first.time) * 1000;
    if (speed > 0 && sent < size) text.push(this.say('speed', this.bytes(speed), this.duration((size - sent) / speed)));
    this.state.textContent = text.join(' ');
    this['pause-all'].hidden = this.queue.count('running', 'waiting') === 0;
    this['resume-all'].hidden = this.queue.count('paused') === 0;
    this['retry-all'].hidden = this.queue.count('failed') === 0;
    this['cancel-all'].hidden = !this.queue.active;
  }

  // ended says how it went, where that is not seen by what the folder shows.
  ended() {
    this.stale = true;
    this.count();
    this.tell(this.say('ended', this.number(this.queue.count('done')), this.number(this.queue.count('skipped', 'cancelled')), this.number(this.queue.count('failed'))));
    this.section.querySelector('.uploads-show').hidden = false;
  }

  // tell is read out, and seen.
  tell(text) {
    this.status.textContent = text;
  }

  // ask asks what is to be done with a name that is taken.
  ask(item) {
    const { dialog } = this;
    dialog.querySelector('bdi').textContent = visible(item.name);
    dialog.querySelector('input').checked = false;
    dialog.showModal();
    return new Promise((answered) => {
      const end = (decision) => {
        dialog.removeEventListener('click', choose);
        dialog.removeEventListener('cancel', leave);
        dialog.close();
        answered({ decision, forAll: dialog.querySelector('input').checked });
      };
      const choose = (event) => {
        const decision = event.target.closest('button')?.value;
        if (decision) end(decision);
      };
      const leave = (event) => {
        event.preventDefault();
        end('skip'); // Escape touches nothing
      };
      dialog.addEventListener('click', choose);
      dialog.addEventListener('cancel', leave);
    });
  }

  number(n) { return n.toLocaleString(this.language); }

  bytes(n) {
    const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
    let i = 0;
    for (; n >= 1000 && i < units.length - 1; i++) n /= 1000;
    return n.toLocaleString(this.language, { style: 'unit', unit: units[i], maximumFractionDigits: n < 10 && i > 1 ? 1 : 0 });
  }

  duration(seconds) {
    const [n, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
    return Math.ceil(n).toLocaleString(this.language, { style: 'unit', unit, unitDisplay: 'long' });
  }
}

// visible shows characters of a name that are not seen, or turn the rest around, by their numbers, as the pages do.
function visible(name) {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
}
