// uploads.js - uploads with progress: what is dragged, large files that are paused and cut off, names that are taken.

import fs from 'node:fs';

export async function uploads(t) {
  const { facts } = t;
  await t.visit('/cgi-bin/home');
  await t.logIn(t.me.password);
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`);
  await dragged(t);
  await cutOff(t);
  await taken(t);
}

const rowOf = (t, name) => t.page.locator('.uploads li', { hasText: name });
const pressed = (t, name, key) => rowOf(t, name).getByRole('button', { name: t.say(key) }).click();
const inState = (t, name, state) => t.page.locator(`.uploads li[data-state=${state}]`, { hasText: name }).waitFor();

// arrive does what makes the page show the folder in the end, with what arrived: once, for what is sent twice is there twice.
async function arrive(t, act) {
  const loaded = t.page.waitForEvent('load', { timeout: 300_000 });
  await act();
  await loaded;
}

// drop drops a tree on the page: { name, text } is a file, { name, entries } a folder. Like Chromium's own, a folder
// says what is in it a hundred at a time; more tells no script that it was dropped by one.
function drop(t, tree) {
  return t.page.evaluate((tree) => {
    const entry = (node) => node.entries === undefined
      ? { name: node.name, isFile: true, file: (well) => well(new File([node.text.repeat(node.times ?? 1)], node.name)) }
      : {
          name: node.name, isFile: false,
          createReader() {
            let at = 0;
            return { readEntries: (well) => setTimeout(() => { well(node.entries.slice(at, at + 100).map(entry)); at += 100; }) };
          },
        };
    const event = new Event('drop', { bubbles: true, cancelable: true });
    event.dataTransfer = { types: ['Files'], items: tree.map((node) => ({ kind: 'file', webkitGetAsEntry: () => entry(node) })) };
    document.querySelector('main').dispatchEvent(event);
  }, tree);
}

async function dragged(t) {
  const entries = [{ name: 'empty', entries: [] }];
  for (let i = 0; i < 120; i++) entries.push({ name: `number-${i}.txt`, text: String(i) });
  await arrive(t, () => drop(t, [{ name: 'many', entries }]));
  await t.inspect('dragged', { title: { name: t.plan.name }, says: t.say('done.upload.other', '120') });
}

// killHandlers kills the processes that take this traveller's uploads, and says how many there were.
function killHandlers(t) {
  const line = fs.readFileSync('/etc/passwd', 'utf8').split('\n').find((l) => l.startsWith(`${t.me.user}:`));
  const uid = Number(line.split(':')[2]);
  let killed = 0;
  for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (fs.readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'shz\n' || !fs.readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nUid:\t${uid}\t`)) continue;
      process.kill(Number(pid), 'SIGKILL');
      killed++;
    } catch { /* it has ended by itself */ }
  }
  return killed;
}

// A large file: paused and resumed, and cut off by the death of the process that takes it.
async function cutOff(t) {
  const { page, context } = t;
  await page.locator('details.upload > summary').click();
  t.mayFail = true;
  const slow = await context.newCDPSession(page);
  await slow.send('Network.enable');
  await slow.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 6_000_000 });
  const ended = page.waitForEvent('load', { timeout: 300_000 });
  await drop(t, [{ name: 'large.bin', text: 'a', times: 25_000_000 }]);
  const moved = (from) => page.waitForFunction((from) => document.querySelector('.uploads li progress')?.value > from, from);
  await moved(0.1);
  await pressed(t, 'large.bin', 'uploads.pause');
  await inState(t, 'large.bin', 'paused');
  t.report('large');
  await t.inspect('paused', { title: { name: t.plan.name }, says: t.say('uploads.say-paused') });
  const before = await page.locator('.uploads li progress').evaluate((bar) => bar.value);
  await pressed(t, 'large.bin', 'uploads.resume');
  await moved(before);
  await moved(0.4);
  t.expect(killHandlers(t) > 0, 'nobody takes the upload');
  await ended;
  t.mayFail = false;
  await slow.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await t.inspect('large-arrived', { title: { name: t.plan.name }, says: t.say('done.upload.one', '1') });
}

// The name is taken: both are kept, then the earlier one is replaced, then nothing is done.
async function taken(t) {
  const { page } = t;
  const answer = (key) => page.locator('.uploads dialog').getByRole('button', { name: t.say(key), exact: true }).click();
  await arrive(t, () => drop(t, [{ name: 'taken.txt', text: 'first' }]));
  t.mayFail = true;
  await drop(t, [{ name: 'taken.txt', text: 'second' }]);
  await page.locator('.uploads dialog[open]').waitFor();
  await t.inspect('name-taken', { title: { name: t.plan.name }, says: t.say('uploads.taken') });
  await arrive(t, () => answer('uploads.keep-both'));
  await drop(t, [{ name: 'taken.txt', text: 'third' }]);
  await arrive(t, () => answer('uploads.replace'));
  await drop(t, [{ name: 'taken.txt', text: 'fourth' }, { name: 'taken (2).txt', text: 'fourth' }]);
  await page.locator('.uploads dialog').getByRole('checkbox').check();
  await answer('uploads.skip');
  await page.locator('.uploads-show').waitFor();
  t.mayFail = false;
  await t.inspect('left-out', { title: { name: t.plan.name }, says: t.say('uploads.say-ended', '0', '2', '0') });
  await t.go(() => page.locator('.uploads-show').click());
}
