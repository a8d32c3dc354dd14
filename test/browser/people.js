// people.js - an administrator makes an account, ends a session of its owner, locks it, lets it expire and deletes it. Its owner sits at
// another browser and meets each of these there.

import { open } from './browser.js';
import { setPassword } from './journey.js';

export async function people(t) {
  await t.visit('/cgi-bin/login');
  await t.logIn(t.me.password);
  const partner = await open(t.context.browser(), t.facts, t.plan);
  try {
    partner.me = await make(t);
    await arrive(partner);
    await invite(t);
    await find(t, partner.me.user);
    await endSession(t, partner);
    await lock(t, partner);
    await expire(t, partner);
    await remove(t);
  } finally {
    await partner.close();
  }
}

const name = 'Zoë "Z" <b>Ångström</b>';

const follow = (t, key) => t.go(() => t.page.locator('main').getByRole('link', { name: t.say(key), exact: true }).click());

// make fills the form, with a wrong name first, and returns who there is now.
async function make(t) {
  const user = `${t.me.user}-p`;
  await t.menu('menu.users');
  await t.inspect('list', { title: 'users.title', says: t.say('users-search.text') });
  await follow(t, 'users-new.link');
  await t.inspect('new', { title: 'users-new.title', says: t.say('users-new.intro') });
  await pressTwice(t);
  await t.field('username').fill('Con Spazi');
  await t.field('full_name').fill(name);
  await t.field('email').fill(`${user}@localhost`);
  await t.go(() => t.button('users-new.submit').click());
  await t.inspect('name-wrong', { status: 400, title: 'users-new.title', says: t.say('users-refused.username') });
  t.expect(await t.field('full_name').inputValue() === name, 'what was typed is gone');
  await t.field('username').fill(user);
  await t.go(() => t.button('users-new.submit').click());
  await t.inspect('made', { status: 201, title: 'users-made.title', says: t.say('users-made.password') });
  return { user, password: await t.page.locator('code.password').innerText() };
}

// pressTwice: the second press of a double click sends nothing, as the password would stand on a page that nobody sees.
async function pressTwice(t) {
  const sent = await t.page.evaluate(() => {
    let count = 0;
    document.addEventListener('submit', (event) => {
      if (!event.defaultPrevented) count++;
      event.preventDefault();
    });
    const button = document.querySelector('main form[method=post] button[type=submit]');
    button.form.noValidate = true;
    button.click();
    button.click();
    return count;
  });
  t.expect(sent === 1, `two presses send ${sent} forms`);
  await t.visit('/cgi-bin/users?view=new');
}

// arrive logs in with the password that was shown, and chooses another one.
async function arrive(partner) {
  const fresh = 'Quercia-4-Ponte-Azzurro';
  await partner.visit('/cgi-bin/login');
  await partner.logIn(partner.me.password);
  await partner.inspect('must-change', { title: 'chpwd.title', says: partner.say('chpwd.must-change') });
  await setPassword(partner, partner.me.password, fresh, fresh);
  await partner.inspect('arrived', { title: 'home.title', says: partner.say('home.empty') });
  partner.me.password = fresh;
}

async function invite(t) {
  await t.visit('/cgi-bin/users?view=new');
  await t.field('username').fill(`${t.me.user}-g`);
  await t.field('full_name').fill('Gina Güell');
  await t.field('email').fill('gina@localhost');
  await t.go(() => t.button('users-invite.submit').click());
  await t.inspect('invited', { says: t.say('users-done.invite') });
}

async function find(t, user) {
  await t.visit('/cgi-bin/users');
  await t.field('text').fill(user);
  await t.go(() => t.page.locator('form[role=search] button').click());
  await t.inspect('found', { title: 'users.title', says: t.say('users.found.one', '1') });
  await t.go(() => t.page.getByRole('link', { name, exact: true }).click());
  await t.inspect('person', { says: t.say('users.sessions') });
}

// endSession ends the partner's from the list of his, and he logs in again.
async function endSession(t, partner) {
  const at = t.page.url();
  await follow(t, 'users.sessions-link');
  await t.inspect('sessions', { title: 'sessions.title' });
  await t.go(() => t.page.locator('.person-form button').click());
  await t.inspect('session-ended', { title: 'sessions.title', says: t.say('sessions.ended') });
  await sentAway(partner, 'ended-elsewhere');
  await partner.logIn(partner.me.password);
  partner.expect(partner.status === 200, `a new login: ${partner.status}`);
  await t.visit(at);
}

async function lock(t, partner) {
  await t.go(() => t.button('users-lock.lock').click());
  await t.inspect('locked', { says: t.say('users-done.lock') });
  await sentAway(partner, 'locked-elsewhere');
  await refused(partner, 'locked-login');
  await t.go(() => t.button('users-lock.unlock').click());
  await t.inspect('unlocked', { says: t.say('users-done.unlock') });
  await partner.logIn(partner.me.password);
  partner.expect(partner.status === 200, `a login after unlocking: ${partner.status}`);
}

async function expire(t, partner) {
  await follow(t, 'users-edit.link');
  await t.inspect('edit', { says: t.say('users-edit.title') });
  await t.field('expires').fill('2020-01-31');
  await t.go(() => t.button('users-edit.submit').click());
  await t.inspect('expired', { says: t.say('users-status.expired') });
  await sentAway(partner, 'expired-elsewhere');
  await refused(partner, 'expired-login');
}

async function remove(t) {
  await follow(t, 'users-delete.link');
  await t.inspect('delete', { says: t.say('users-delete.question') });
  await t.go(() => t.button('users-delete.submit').click());
  await t.inspect('deleted', { title: 'users.title', says: t.say('users-done.delete') });
}

// sentAway is whose session another one has ended.
async function sentAway(partner, state) {
  await partner.visit('/cgi-bin/home');
  await partner.inspect(state, { status: 401, title: 'login.title' });
}

// refused is who does not come in by the right password, and does not learn why.
async function refused(partner, state) {
  await partner.logIn(partner.me.password);
  await partner.inspect(state, { status: 401, title: 'login.title', says: partner.say('login.failed') });
}
