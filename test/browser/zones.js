// zones.js - a manager makes a zone, shares it with people and a company, looks after it, and gives it away.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';

import { tabTo } from './keyboard.js';

export async function zones(t) {
  const zone = `${t.plan.name}-area`;
  await t.visit('/cgi-bin/login');
  await t.logIn(t.me.password);
  await make(t, zone);
  await share(t, zone);
  await describe(t, zone);
  await look(t, zone);
  await revokeMeanwhile(t, zone);
  await closeAndRestore(t, zone);
  await handOver(t, zone);
}

const title = (t, tab) => ({ name: `${tab ? `${t.say(tab)}: ` : ''}${t.plan.name}-area` });

// make goes to the form by the keyboard alone, with a wrong name first.
async function make(t, zone) {
  const { page } = t;
  await t.menu('menu.zones');
  await t.inspect('zones-none', { title: 'zones.title', says: t.say('zones.none-mine') });
  await tabTo(t, page.getByRole('link', { name: t.say('zones-new.link'), exact: true }));
  await t.go(() => page.keyboard.press('Enter'));
  await t.inspect('zone-new', { title: 'zones-new.title', says: t.say('zones-new.intro') });
  await t.field('name').fill('Con Spazi');
  await t.field('title').fill('Offerte & "prezzi" <b>2026</b>');
  await t.go(() => page.keyboard.press('Enter'));
  await t.inspect('zone-name-wrong', { status: 400, title: 'zones-new.title', says: t.say('zones-refused.name') });
  t.expect(await t.field('title').inputValue() === 'Offerte & "prezzi" <b>2026</b>', 'what was typed is gone');
  await t.field('name').fill(zone);
  await page.locator('textarea[name=description]').fill('Prima riga\nSeconda <riga>');
  await t.field('expires').fill('2098-12-31');
  await t.go(() => t.button('zones-new.submit').click());
  await t.inspect('zone-made', { title: title(t), says: t.say('zones-done.create') });
  t.expect(await page.locator('h1').innerText() === 'Offerte & "prezzi" <b>2026</b>', 'the title is not the heading');

  await t.visit('/cgi-bin/zones?view=new');
  await t.field('name').fill(zone);
  await t.go(() => t.button('zones-new.submit').click());
  await t.inspect('zone-name-taken', { status: 409, title: 'zones-new.title', says: t.say('zones-refused.name-taken') });
}

// listed is the entry of somebody in the list of members, or among what a search found.
const listed = (t, name) => t.page.locator('.people > li').filter({ hasText: name });

// sharing are the three steps by which somebody gets into a zone, and out of it.
function sharing(t, zone) {
  const { page } = t;
  return {
    find: async (text) => {
      await t.visit(`/cgi-bin/zones/${zone}`);
      await t.field('find').fill(text);
      await t.go(() => page.locator('form:has(input[name=find]) button').click());
    },
    give: (name, access) => t.go(() => listed(t, name).last().locator(`button[value=${access}]`).click()),
    choose: async (name, access) => {
      await listed(t, name).first().locator('select').selectOption(access);
      await t.go(() => listed(t, name).first().getByRole('button').click());
    },
  };
}

async function share(t, zone) {
  const { page, facts } = t;
  const { find, give, choose } = sharing(t, zone);
  const may = (name) => listed(t, name).first().locator('.may').innerText();

  await find('nobody is called like this');
  await t.inspect('share-nobody', { title: title(t), says: t.say('zones-share.nobody') });
  await find(facts.partner.company);
  await t.inspect('share-found', { title: title(t), says: t.say('zones-explain.drop') });
  await give(facts.partner.name, 'read');
  await t.inspect('shared-with-user', { title: title(t), says: t.say('zones-done.share') });
  t.expect(await may(facts.partner.name) === t.say('zones-access.read'), 'it is not said that the partner reads');

  await find(facts.company);
  await give(facts.company, 'write');
  t.expect(await may(facts.company) === t.say('zones-access.write'), 'it is not said that the company writes');
  await choose(facts.company, 'drop');
  t.expect(await may(facts.company) === t.say('zones-access.drop'), 'it is not said that the company delivers');
  await t.inspect('downgraded', { title: title(t), says: t.say('zones-done.share') });
  await choose(facts.partner.name, 'none');
  await t.inspect('revoked', { title: title(t), says: t.say('zones-done.unshare') });
  t.expect(await listed(t, facts.partner.name).count() === 0, 'who was taken away is still there');

  // The commands are folded, and there.
  const commands = page.locator('details.commands').last();
  await commands.locator('summary').click();
  t.expect((await commands.innerText()).includes(`shzadm zone share ${zone} group:${facts.company}=read`), 'the command is not shown');
  await t.inspect('commands', { title: title(t) });
}

async function describe(t, zone) {
  const { page } = t;
  await t.go(() => tabOf(t, 'zones.tab-settings').click());
  await t.inspect('settings', { title: title(t, 'zones.tab-settings') });
  await t.field('title').fill('Offerte 2027');
  await t.field('max_age').fill('30');
  await page.locator('select[name=notify]').selectOption('upload');
  await t.go(() => t.button('zones-settings.submit').click());
  await t.inspect('settings-saved', { title: title(t), says: t.say('zones-done.modify') });
  t.expect(await page.locator('h1').innerText() === 'Offerte 2027', 'the title is not the new one');

  await t.go(() => tabOf(t, 'zones.tab-ages').click());
  await t.inspect('ages', { title: title(t, 'zones.tab-ages') });

  await t.visit(`/cgi-bin/zones/${zone}?view=settings`);
  await t.field('expires').fill('2001-01-01');
  await t.go(() => t.button('zones-settings.submit').click());
  await t.inspect('settings-past', { status: 400, title: title(t, 'zones.tab-settings'), says: t.say('zones-refused.past') });
  const typed = await page.locator('textarea[name=description]').inputValue();
  t.expect(typed === 'Prima riga\nSeconda <riga>', `the description has become ${JSON.stringify(typed)}`);

  await t.visit(`/cgi-bin/zones/${zone}`);
  t.expect(await page.locator('button[name=expires]').count() === 2, 'one button gives a new day, one no end');
  await t.go(() => page.locator('button[name=expires]').first().click());
  await t.inspect('extended-month', { title: title(t), says: t.say('zones-done.modify') });

  await t.visit(`/cgi-bin/zones/${zone}?view=extend`); // to which the mail of a warning leads
  await t.inspect('extend', { title: title(t), says: t.say('zones-extend.title') });
  await t.go(() => t.button('zones.extend-forever').click());
  await t.inspect('extended', { title: title(t), says: t.say('home.never') });
}

// revokeMeanwhile takes the partner off the list while he downloads: what he began comes to its end, nothing else begins. He reads the
// beginning and no more until he is off the list; that is far more than lies in buffers on the way.
async function revokeMeanwhile(t, zone) {
  const { page, facts } = t;
  const { find, give, choose } = sharing(t, zone);
  const size = 40_000_000;
  const file = `/cgi-bin/shz/${zone}/grande.bin`;
  const put = await page.evaluate(async ([to, n]) => (await fetch(to, { method: 'PUT', body: new Uint8Array(n) })).status, [file, size]);
  t.expect(put === 201, `bringing the large file: ${put}`);
  await find(facts.partner.company);
  await give(facts.partner.name, 'read');

  const context = await page.context().browser().newContext({ baseURL: facts.url });
  try {
    const his = await context.newPage();
    await his.goto('/cgi-bin/login');
    await his.locator('input[name=username]').fill(facts.partner.user);
    await his.locator('input[name=password]').fill(t.me.password);
    await Promise.all([his.waitForURL('**/cgi-bin/home'), his.locator('main button[type=submit]').click()]);
    const begun = await his.evaluate(async (from) => {
      const answer = await fetch(from);
      window.reader = answer.body.getReader();
      window.got = (await window.reader.read()).value.length;
      return { status: answer.status, got: window.got };
    }, file);
    t.expect(begun.status === 200 && begun.got > 0 && begun.got < size / 2, `the download began with ${JSON.stringify(begun)}`);
    await choose(facts.partner.name, 'none');
    await t.inspect('revoked-meanwhile', { title: title(t), says: t.say('zones-done.unshare') });
    const after = await his.evaluate(async (from) => {
      const { status } = await fetch(from);
      for (let part = await window.reader.read(); !part.done; part = await window.reader.read()) window.got += part.value.length;
      return { status, got: window.got };
    }, file);
    t.expect(after.status === 403 && after.got === size, `after the revocation: ${JSON.stringify(after)}`);
  } finally {
    await context.close();
  }
}

const tabOf = (t, key) => t.page.locator('.tabs').getByRole('link', { name: t.say(key), exact: true });

async function look(t, zone) {
  const { page, facts } = t;
  await t.go(() => page.getByRole('link', { name: t.say('zones.files'), exact: true }).click());
  await t.field('file').setInputFiles([{ name: 'prezzi.txt', mimeType: 'text/plain', buffer: Buffer.from('x') }]);
  await t.go(() => t.button('upload.submit').click());
  await t.inspect('files-of-owner', { says: t.say('folder.manage') });
  await t.go(() => page.getByRole('link', { name: t.say('folder.who'), exact: true }).click());
  await t.inspect('who', { title: title(t, 'zones.tab-who'), says: t.say('zones-why.owner') });
  await t.field('path').fill('prezzi.txt');
  await t.go(() => t.button('zones-who.submit').click());
  await t.inspect('who-of-file', { title: title(t, 'zones.tab-who'), says: t.say('zones-who.kind-file') });
  await t.field('as').fill(facts.partner.user);
  await t.go(() => t.button('zones-who.submit').click());
  await t.inspect('who-as', { title: title(t, 'zones.tab-who'), says: t.say('zones-why.stopped-zone') });
  await t.field('path').fill('niente');
  await t.go(() => t.button('zones-who.submit').click());
  await t.inspect('who-absent', { status: 404, title: title(t, 'zones.tab-who'), says: t.say('error.not-found') });

  await t.go(() => tabOf(t, 'zones.tab-check').click());
  await t.inspect('check', { title: title(t, 'zones.tab-check'), says: t.say('zones-check.none') });
  await t.go(() => tabOf(t, 'zones.tab-space').click());
  await t.inspect('space', { title: title(t, 'zones.tab-space'), says: t.say('zones-space.people') });

  execFileSync('runuser', ['-u', 'shzspool', '--', '/usr/lib/sharezone/worker']); // as cron does
  await t.go(() => tabOf(t, 'activity.tab').click());
  const activity = { name: t.say('activity.title-zone', zone) };
  await t.inspect('activity', { title: activity, says: t.say('activity.bars') });
  await page.locator('details.numbers summary').click();
  await t.inspect('activity-numbers', { title: activity, says: t.say('activity.brought-bytes') });
  t.expect(await page.locator('.acts').getByText('prezzi.txt', { exact: true }).count() === 1, 'the upload is not there, or twice');
  await page.locator('select[name=event]').selectOption('taken');
  await t.go(() => t.button('activity.submit').click());
  await t.inspect('activity-none', { title: activity, says: t.say('activity.none') });

  await lessMail(t, zone);

  await t.visit(`/cgi-bin/zones/${zone}?view=who&path=prezzi.txt`);
  await t.go(() => page.getByRole('link', { name: t.say('zones-remove.link'), exact: true }).click());
  await t.inspect('remove-question', { title: title(t), says: t.say('zones-remove.advice') });
  await t.go(() => t.button('delete.submit').click());
  await t.inspect('removed', { title: title(t, 'zones.tab-who'), says: t.say('zones-done.remove') });
}

// lessMail follows the link that stands in mails of the zone, and takes back in the account what was chosen there.
async function lessMail(t, zone) {
  const { page } = t;
  const less = { name: t.say('less.title', zone) };
  await t.visit(`/cgi-bin/less?t=${lessToken(t.me.user, zone)}`);
  await t.inspect('less', { title: less, says: t.say('often-is.now') });
  await t.go(() => t.button('often.daily').click());
  await t.inspect('less-chosen', { title: less, says: t.say('less.done') });
  await t.visit('/cgi-bin/less?t=x');
  await t.inspect('less-no-link', { status: 404, says: t.say('less.no-link') });
  await t.visit('/cgi-bin/profile');
  await t.inspect('profile-less', { title: 'profile.title', says: t.say('profile.notices-advice') });
  await page.locator('select[id^=often-]').selectOption('now');
  await t.go(() => page.locator('form:has(select[id^=often-]) button').click());
  await t.inspect('profile-often', { title: 'profile.title', says: t.say('profile.often-changed') });
}

// lessToken is signed as the worker does it (internal/lessmail).
function lessToken(user, zone) {
  const say = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).trim();
  const id = say('getfattr', '--only-values', '-n', 'user.shz.id', '--absolute-names', `/srv/sharezone/${zone}`);
  const link = Buffer.from(JSON.stringify({ u: Number(say('id', '-u', user)), i: id, z: zone }));
  const key = fs.readFileSync('/var/spool/sharezone/worker/less-mail-key');
  const sum = crypto.createHmac('sha256', key).update('sharezone less mail 1\n').update(link).digest('base64url');
  return `${link.toString('base64url')}.${sum}`;
}

async function closeAndRestore(t, zone) {
  const { page } = t;
  await t.visit(`/cgi-bin/zones/${zone}`);
  await t.go(() => page.getByRole('link', { name: t.say('zones-close.link'), exact: true }).click());
  await t.inspect('close-question', { title: title(t), says: t.say('zones-close.question') });
  await t.go(() => page.getByRole('link', { name: t.say('dialog.close'), exact: true }).click());
  t.expect(new URL(page.url()).pathname === `/cgi-bin/zones/${zone}`, `cancelling leads to ${page.url()}`);
  await t.go(() => page.getByRole('link', { name: t.say('zones-close.link'), exact: true }).click());
  await t.go(() => t.button('zones-close.submit').click());
  await t.inspect('closed', { title: title(t), says: t.say('zones-done.close') });

  await t.menu('menu.zones');
  await t.inspect('zones-closed', { title: 'zones.title', says: t.say('home.closed') });
  await t.go(() => page.locator('.zone-closed a').click());
  await t.go(() => t.button('zones-restore.submit').click());
  await t.inspect('restored', { title: title(t), says: t.say('zones-done.restore') });
}

async function handOver(t, zone) {
  const { page } = t;
  await t.go(() => page.getByRole('link', { name: t.say('zones-transfer.link'), exact: true }).click());
  await t.inspect('transfer-question', { title: title(t), says: t.say('zones-transfer.question') });
  await t.field('find').fill('nobody-at-all');
  await t.go(() => t.button('zones-search.submit').click());
  await t.inspect('transfer-nobody', { title: title(t), says: t.say('zones-transfer.nobody') });
  await t.field('find').fill('anna');
  await t.go(() => t.button('zones-search.submit').click());
  await t.inspect('transfer-found', { title: title(t), says: 'Anna Bianchi' });
  await t.go(() => page.locator('button[name=owner][value=anna]').click());
  await t.inspect('transferred', { title: 'zones.title', says: t.say('zones-done.transfer') });
  await t.visit(`/cgi-bin/zones/${zone}`);
  await t.inspect('no-longer-mine', { status: 403, title: 'error-title.not-permitted' });
  await t.visit('/cgi-bin/zones?text=nothing-of-this-kind');
  await t.inspect('search-nothing', { title: 'zones.title', says: t.say('zones.none-found') });
}
