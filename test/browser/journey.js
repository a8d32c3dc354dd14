// journey.js - the whole way of somebody who may bring files: from the welcome page to the logout.

import { archives, carry } from './carry.js';
import { operations } from './operations.js';

export async function journey(t) {
  await arrive(t);
  await lookAround(t);
  await upload(t);
  await download(t);
  await carry(t);
  await archives(t);
  await operations(t);
  await switchLanguage(t);
  await profile(t);
  await changePassword(t);
  await returnAfterSession(t);
  await mistakes(t);
  await leave(t);
}

// arrive comes in by the welcome page, with a wrong password first.
async function arrive(t) {
  await t.visit('/');
  if (t.language === 'en') {
    await t.go(() => t.page.getByRole('link', { name: 'English' }).click());
  }
  await t.inspect('welcome', { title: { name: '' } });
  await t.go(() => t.page.locator('main a.btn').click());
  await t.inspect('login', { status: 401, title: 'login.title', says: t.say('login.intro') });
  await t.logIn('not the password');
  await t.inspect('login-failed', { status: 401, title: 'login.title', says: t.say('login.failed') });
  t.expect(await t.field('username').inputValue() === t.me.user, 'the user name is gone');
  await t.logIn(t.me.password);
  t.expect(new URL(t.page.url()).pathname === '/cgi-bin/home', `after the login one is at ${t.page.url()}`);
  await t.inspect('home', { title: 'home.title', says: t.say('access.write') });
}

async function lookAround(t) {
  const { page, facts } = t;
  await t.go(() => page.getByRole('link', { name: facts.zone.title }).click());
  await t.inspect('zone', { title: { name: facts.zone.name }, says: t.say('access.write') });
  const above = await page.locator('.folder-access').boundingBox();
  const list = await page.locator('table.listing').boundingBox();
  const between = list.y - above.y - above.height; // a row of buttons, on a phone too
  t.expect(between > 0 && between < 120, `the list begins ${between} pixels below the heading`);
  await t.go(() => page.getByRole('link', { name: t.say('folder.size'), exact: true }).click());
  await t.inspect('sorted', { title: { name: facts.zone.name } });
  t.expect(await page.locator('th[aria-sort="ascending"]').innerText() === t.say('folder.size'), 'not sorted by size');

  await t.visit(`/cgi-bin/shz/${facts.zone.name}/?limit=3`);
  await t.go(() => page.getByRole('link', { name: t.say('pages.next') }).click());
  await t.inspect('second-part', { title: { name: facts.zone.name } });

  await t.visit(`/cgi-bin/shz/${facts.drop}/`);
  await t.inspect('drop-box', { title: { name: facts.drop }, says: t.say('folder.drop') });
  const mine = { name: `consegna ${t.plan.name}.pdf`, mimeType: 'application/pdf', buffer: Buffer.from('x') };
  await t.field('file').setInputFiles([mine]);
  await t.go(() => t.button('upload.submit').click());
  await t.inspect('delivered', { title: { name: facts.drop }, says: t.say('done.upload.one', '1') });
  t.expect(!(await page.locator('main').innerText()).includes(mine.name), 'a drop box shows what lies in it');
  // What somebody else has delivered can be neither changed nor read.
  await page.locator('select[name=on_exists]').selectOption('replace');
  await t.field('file').setInputFiles([{ ...mine, name: 'altrui.pdf' }]);
  await t.go(() => t.button('upload.submit').click());
  await t.inspect('delivery-not-replaced', { status: 403, title: { name: facts.drop }, says: t.say('error.not-permitted') });
  await t.visit(`/cgi-bin/shz/${facts.drop}/altrui.pdf`);
  await t.inspect('delivery-of-another', { status: 403, title: 'error-title.not-permitted' });

  await t.visit(`/cgi-bin/shz/${facts.zone.name}/`);
  await t.go(() => page.getByRole('link', { name: t.plan.name, exact: true }).click());
  await t.inspect('empty-folder', { title: { name: t.plan.name }, says: t.say('folder.empty-upload') });
}

// Names that would do harm, or look like something else, where somebody forgot that a name is only text.
const hostile = [
  '<img src=x onerror=alert(1)>.txt',
  '"><svg onload=alert(1)>',
  `it's "quoted" & <b>bold.txt`,
  'invoice\u202Efdp.exe',
  '$(id);id|`id`.txt',
  '-rf',
  '  two  spaces .txt',
  '100%2Fof%20it.txt',
  'preventivo-società-è-già-pronto-日本語-🙂.pdf',
  `${'a-very-long-name-without-any-space-'.repeat(6)}.txt`,
];

async function upload(t) {
  const { page } = t;
  const title = { name: t.plan.name };
  await send(t, ['first.txt']);
  await t.inspect('uploaded-one', { title, says: t.say('done.upload.one', '1') });
  await send(t, ['second.txt', 'third.txt']);
  await t.inspect('uploaded-several', { title, says: t.say('done.upload.other', '2') });

  await send(t, ['first.txt']);
  await t.inspect('name-taken', { status: 409, title, says: t.say('error.exists') });
  await send(t, ['fourth.txt', 'first.txt']);
  await t.inspect('one-of-two', { title, says: t.say('done.upload.one', '1') });
  await send(t, ['.shz-reserved']);
  await t.inspect('name-reserved', { status: 400, title });

  await send(t, hostile);
  await t.inspect('hostile-names', { title, says: t.say('done.upload.other', String(hostile.length)) });
  for (const name of hostile) t.expect((await linkTo(t, name)) !== null, `there is no link to ${name}`);
}

// linkTo is the link to the entry of that name; null if the folder shows none.
export async function linkTo(t, name) {
  const links = t.page.locator('.entry-name a');
  const names = await links.evaluateAll((all) => all.map((a) => decodeURIComponent(a.pathname.split('/').pop())));
  // In a form's body a browser writes a quotation mark of a file's name as %22 (HTML, multipart/form-data encoding), and
  // a percent sign as itself: which of the two it was nobody can tell, so the name stays as it was sent.
  const at = names.indexOf(name.replaceAll('"', '%22'));
  return at < 0 ? null : links.nth(at);
}

// content is what a file of that name is made of: enough to tell two files apart.
const content = (name) => Buffer.from(`content of ${name}\n`);

// send uploads files by the form, which is folded where there is a list.
export async function send(t, names) {
  const form = t.page.locator('details.upload');
  if (await form.getAttribute('open') === null) await form.locator('summary').click();
  await t.field('file').setInputFiles(names.map((name) => ({ name, mimeType: 'text/plain', buffer: content(name) })));
  await t.go(() => t.button('upload.submit').click());
}

async function download(t) {
  for (const name of ['first.txt', hostile[0], hostile[8]]) {
    const file = await t.download(await linkTo(t, name));
    t.expect(file.bytes.equals(content(name)), `${name} came with other bytes`);
    // The browser itself takes out of a name what cannot stand in one.
    if (name === 'first.txt') t.expect(file.name === name, `${name} is kept as ${file.name}`);
  }
  t.report('download');
}

// switchLanguage changes to the other language and back, on the same page.
async function switchLanguage(t) {
  const mine = t.language;
  const folder = new URL(t.page.url()).pathname;
  for (const language of [mine === 'it' ? 'en' : 'it', mine]) {
    await t.go(() => t.page.locator('.site-header a[hreflang]').click());
    t.language = language;
    t.expect(new URL(t.page.url()).pathname === folder, `the language link led to ${t.page.url()}`);
    const label = await t.field('file').evaluate((input) => input.labels[0].textContent); // it is folded
    t.expect(label === t.say('upload.label'), `the file field is called ${label}`);
    const lang = await t.page.locator('html').getAttribute('lang');
    t.expect(lang === language, `lang="${lang}"`);
  }
  t.report('switch-language');
}

async function profile(t) {
  await t.menu('menu.profile');
  await t.inspect('profile', { title: 'profile.title', says: t.say('profile.who-changes') });
}

async function changePassword(t) {
  const title = 'chpwd.title';
  const old = t.me.password;
  const fresh = 'Quercia-4-Ponte-Azzurro';
  await t.menu('menu.chpwd');
  await t.inspect('password', { title, says: t.say('chpwd.sessions') });
  await setPassword(t, old, fresh, 'something-else-7');
  await t.inspect('password-mismatch', { status: 400, title, says: t.say('chpwd.mismatch') });
  await setPassword(t, old, 'password1', 'password1');
  await t.inspect('password-weak', { status: 400, title, says: t.say('chpwd-weak.dictionary') });
  await setPassword(t, 'not the old one', fresh, fresh);
  await t.inspect('password-wrong', { status: 403, title, says: t.say('chpwd.wrong') });
  await setPassword(t, old, fresh, fresh);
  await t.inspect('password-changed', { title: 'home.title', says: t.say('chpwd.changed') });
  t.me.password = fresh;
}

export async function setPassword(t, old, fresh, confirm) {
  await t.field('old').fill(old);
  await t.field('new').fill(fresh);
  await t.field('confirm').fill(confirm);
  await t.go(() => t.button('chpwd.submit').click());
}

// returnAfterSession: the session ends while a page is open. The next click asks to log in, and then goes on.
async function returnAfterSession(t) {
  const { page, facts } = t;
  const folder = `/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`;
  await t.visit(folder);
  await t.endSession();
  await t.go(() => page.getByRole('link', { name: t.say('folder.modified'), exact: true }).click());
  const asked = page.url();
  await t.inspect('session-ended', { status: 401, title: 'login.title' });
  await t.logIn(t.me.password);
  t.expect(page.url() === asked && asked.includes('sort=modified'), `after the login one is at ${page.url()}, not at ${asked}`);

  // What was on its way to a folder is lost, the folder is not.
  await t.endSession();
  await send(t, ['too-late.txt']);
  t.expect(t.status === 401, `an upload without a session: ${t.status}`);
  await t.logIn(t.me.password);
  t.expect(new URL(page.url()).pathname === folder, `after the login one is at ${page.url()}`);
  t.report('return-after-session');
}

// mistakes are addresses that lead nowhere.
async function mistakes(t) {
  const { page, facts } = t;
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/no-such-file`);
  await t.inspect('not-found', { status: 404, title: 'error-title.not-found', says: t.say('error.not-found') });
  await t.go(() => page.getByRole('link', { name: t.say('error.back') }).click());
  t.expect(new URL(page.url()).pathname === `/cgi-bin/shz/${facts.zone.name}/`, `the way back leads to ${page.url()}`);
  await t.visit('/cgi-bin/no-such-component');
  await t.inspect('no-component', { status: 404, title: 'error-title.not-found' });
}

async function leave(t) {
  await t.visit('/cgi-bin/home');
  await t.go(() => t.button('frame.logout').click());
  t.expect(new URL(t.page.url()).pathname === '/', `after the logout one is at ${t.page.url()}`);
  const cookies = await t.context.cookies();
  t.expect(!cookies.some((c) => c.name === 'SESSION_ID'), 'the cookie is still there');
  await t.visit('/cgi-bin/home');
  await t.inspect('logged-out', { status: 401, title: 'login.title' });
}
