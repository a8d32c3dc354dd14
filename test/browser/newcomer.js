// newcomer.js - somebody with a new account and no zone: a password to be changed first, an empty home, and doors that
// stay shut.

import { setPassword } from './journey.js';

export async function newcomer(t) {
  const { page, facts } = t;
  const zone = `/cgi-bin/shz/${facts.zone.name}/`;
  await t.visit('/cgi-bin/login');
  await t.logIn(t.me.password);
  await t.inspect('must-change', { title: 'chpwd.title', says: t.say('chpwd.must-change') });
  await t.visit('/cgi-bin/home');
  t.expect(new URL(page.url()).pathname === '/cgi-bin/chpwd', `with an expired password one gets to ${page.url()}`);
  await setPassword(t, t.me.password, 'Quercia-4-Ponte-Azzurro', 'Quercia-4-Ponte-Azzurro');
  await t.inspect('no-zones', { title: 'home.title', says: t.say('home.empty') });

  for (const address of [zone, `${zone}no-such-file`]) { // she is not told which of the two exists
    await t.visit(address);
    await t.inspect('not-permitted', { status: 403, title: 'error-title.not-permitted', says: t.say('error.not-permitted') });
  }
  await t.visit('/cgi-bin/shz/no-such-zone/');
  await t.inspect('no-zone', { status: 404, title: 'error-title.not-found' });
  await t.go(() => page.getByRole('link', { name: t.say('error.back') }).click());
  t.expect(new URL(page.url()).pathname === '/cgi-bin/home', `the way back leads to ${page.url()}`);

  // Apache's own refusals come in both languages, Italian first.
  t.language = 'it';
  await t.visit('/no-such-page');
  await t.inspect('apache', { status: 404, title: { name: '' } });
}
