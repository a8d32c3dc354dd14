// signup.js - somebody who has no account asks for one and confirms the address by the link of a mail; an administrator makes the account
// at the same browser, and declines another one.

export async function signup(t) {
  const { page } = t;
  await t.visit('/cgi-bin/login');
  await t.go(() => page.getByRole('link', { name: t.say('signup.link') }).click());
  await t.inspect('form', { title: 'signup.title', says: t.say('signup.intro') });
  await fill(t, 'Neri, Ada');
  await t.inspect('wrong', { status: 400, title: 'signup.title', says: t.say('users-value.forbidden') });
  t.expect(await t.page.locator('textarea[name=message]').inputValue() === 'Listini <b>2027</b>', 'what was typed is gone');
  await fill(t, 'Ada "A" <b>Neri');
  await t.inspect('sent', { title: 'signup.title', says: t.say('signup.sent') });

  await t.visit(t.me.link);
  await t.inspect('link', { title: 'signup.title', says: t.say('signup.question') });
  await t.go(() => t.button('signup.confirm').click());
  await t.inspect('confirmed', { title: 'signup.title', says: t.say('signup.done') });
  await t.visit(t.me.link);
  await t.inspect('again', { title: 'signup.title', says: t.say('signup.done') });

  await t.visit('/cgi-bin/login');
  await t.logIn(t.me.password);
  await t.menu('menu.users');
  await t.inspect('people', { title: 'users.title' });
  await t.go(() => page.locator('main a[href$="view=signups"]').click());
  await t.inspect('waiting', { title: 'signups.title', says: t.say('signups.intro') });
  const mine = page.locator('article').filter({ hasText: `${t.me.user}-s@localhost` });
  await mine.locator('input[name=username]').fill('Con Spazi');
  await t.go(() => mine.getByRole('button', { name: t.say('signups.confirm') }).click());
  await t.inspect('name-wrong', { status: 400, title: 'signups.title', says: t.say('users-refused.username') });
  await mine.locator('input[name=username]').fill(`${t.me.user}-s`);
  await t.go(() => mine.getByRole('button', { name: t.say('signups.confirm') }).click());
  await t.inspect('made', { says: t.say('users-done.signup-confirm') });

  await t.visit('/cgi-bin/users?view=signups');
  const other = page.locator('article').filter({ hasText: `${t.me.user}-d@localhost` });
  await other.locator('summary').click();
  await other.locator('textarea').fill('No');
  await t.go(() => other.getByRole('button', { name: t.say('signups.decline') }).click());
  await t.inspect('declined', { title: 'signups.title', says: t.say('users-done.signup-declined') });
}

async function fill(t, name) {
  await t.field('full_name').fill(name);
  await t.field('email').fill(`${t.me.user}-x@localhost`);
  await t.page.locator('textarea[name=message]').fill('Listini <b>2027</b>');
  await t.go(() => t.button('signup.submit').click());
}
