// factor.js - somebody sets up a second factor, logs in with it, and turns it off. The codes are computed as an app does.

import { createHmac } from 'node:crypto';

export async function factor(t) {
  const { page } = t;
  await t.visit('/cgi-bin/login');
  await t.logIn(t.me.password);
  await t.visit('/cgi-bin/profile');
  await t.go(() => page.getByRole('link', { name: t.say('factor.title') }).click());
  await t.inspect('none', { title: 'factor.title', says: t.say('factor.none') });
  await ask(t, 'begin', 'Betulla-9-Canale-Verde');
  await t.inspect('wrong', { status: 403, title: 'factor.title', says: t.say('chpwd.wrong') });
  await ask(t, 'begin', t.me.password);
  await t.inspect('set-up', { title: 'factor.setup-title', says: t.say('factor.setup-scan') });
  t.expect(await page.getByAltText(t.say('factor.qr')).evaluate((e) => e.naturalWidth > 100), 'the QR code is not shown');
  const key = (await page.locator('main code').innerText()).replaceAll(' ', '');
  await give(t, '000000', 'factor.confirm');
  await t.inspect('not-its-code', { status: 400, title: 'factor.setup-title', says: t.say('factor.wrong-confirm') });
  await give(t, code(key), 'factor.confirm');
  await t.inspect('recovery', { title: 'factor.recovery', says: t.say('factor.recovery-once') });
  const recovery = await page.locator('main li code').allInnerTexts();
  t.expect(recovery.length === 10, `${recovery.length} recovery codes`);
  await t.go(() => page.getByRole('link', { name: t.say('factor.go-on') }).click());
  await t.inspect('on', { title: 'factor.title', says: t.say('factor.on') });

  await t.go(() => t.button('frame.logout').click());
  await t.visit('/cgi-bin/profile');
  await t.logIn(t.me.password);
  await t.inspect('code', { title: 'factor.code-title', says: t.say('factor.code-intro') });
  t.expect(await t.field('otp').evaluate((e) => e === document.activeElement), 'the code has not the focus');
  await give(t, '000000', 'login.submit');
  await t.inspect('wrong-code', { status: 401, title: 'factor.code-title', says: t.say('factor.wrong') });
  await t.visit('/cgi-bin/home');
  t.expect(new URL(page.url()).pathname === '/cgi-bin/factor', `half authenticated one is at ${page.url()}`);
  await give(t, recovery[0], 'login.submit');
  t.expect(new URL(page.url()).pathname === '/cgi-bin/home', `with a recovery code one is at ${page.url()}`);

  await t.visit('/cgi-bin/factor');
  await ask(t, 'off', t.me.password);
  await t.inspect('off', { title: 'factor.title', says: t.say('factor.is-off') });
}

// ask fills in the form for one thing.
async function ask(t, op, password) {
  const form = t.page.locator(`form:has(input[value="${op}"])`);
  await form.locator('input[type=password]').fill(password);
  await t.go(() => form.getByRole('button').click());
}

async function give(t, code, button) {
  await t.field('otp').fill(code);
  await t.go(() => t.button(button).click());
}

// code is what an app shows now. It counts for half a minute more, so a slow browser does not spoil it.
function code(key) {
  const bits = [...key].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const sum = createHmac('sha1', secret).update(step).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}
