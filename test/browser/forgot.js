// forgot.js - somebody who has forgotten the password: from the login to the login, by the link of a mail.

export async function forgot(t) {
  const { page } = t;
  await t.visit('/cgi-bin/login');
  await t.go(() => page.getByRole('link', { name: t.say('forgot.link') }).click());
  await t.inspect('who', { title: 'forgot.title', says: t.say('forgot.intro') });
  await t.field('username').fill(t.me.user);
  await t.go(() => t.button('forgot.submit').click());
  await t.inspect('on-its-way', { title: 'forgot.title', says: t.say('forgot.sent') });

  await t.visit(t.me.link);
  await t.inspect('link', { title: 'forgot.title', says: t.say('forgot.choose') });
  t.expect(await t.field('new').evaluate((e) => e === document.activeElement), 'the new password has not the focus');
  await choose(t, 'Quercia-4-Ponte-Azzurro', 'Quercia-4-Ponte-Giallo');
  await t.inspect('mismatch', { status: 400, title: 'forgot.title', says: t.say('chpwd.mismatch') });
  await choose(t, 'password', 'password');
  await t.inspect('weak', { status: 400, title: 'forgot.title', says: t.say('forgot.choose') });
  await choose(t, 'Quercia-4-Ponte-Azzurro', 'Quercia-4-Ponte-Azzurro');
  await t.inspect('done', { title: 'login.title', says: t.say('forgot.done') });

  await t.visit(t.me.link);
  await t.inspect('used', { status: 403, title: 'forgot.title', says: t.say('forgot.void') });

  await t.visit('/cgi-bin/login');
  await t.logIn('Quercia-4-Ponte-Azzurro');
  t.expect(new URL(page.url()).pathname === '/cgi-bin/home', `after the login one is at ${page.url()}`);
  await address(t, 'Quercia-4-Ponte-Azzurro');
}

// address is somebody who gives his account another mail address.
async function address(t, password) {
  await t.visit('/cgi-bin/profile');
  for (const [secret, name, state] of [
    ['Quercia-9-Ponte-Azzurro', 'address-wrong', { status: 403, title: 'profile.title', says: t.say('profile.address-refused') }],
    [password, 'address-sent', { title: 'profile.title', says: t.say('profile.address-sent') }],
  ]) {
    await t.field('email').fill('altra@localhost');
    await t.field('password').fill(secret);
    await t.go(() => t.button('forgot.submit').click());
    await t.inspect(name, state);
  }
  await t.go(() => t.button('profile.address-cancel').click());
  await t.inspect('address-void', { title: 'profile.title', says: t.say('profile.address-void') });
}

// confirm is somebody with the link of a mail that went to the address that he gave his account.
export async function confirm(t) {
  await t.visit(t.me.link);
  await t.inspect('link', { title: 'verify.title', says: t.say('verify.question', 'altra@localhost', t.me.user) });
  t.expect(await t.field('password').evaluate((e) => e === document.activeElement), 'the password has not the focus');
  for (const [secret, name, state] of [
    ['Quercia-9-Ponte-Azzurro', 'wrong', { status: 403, title: 'verify.title', says: t.say('verify.wrong') }],
    [t.me.password, 'done', { title: 'login.title', says: t.say('verify.done') }],
  ]) {
    await t.field('password').fill(secret);
    await t.go(() => t.button('verify.submit').click());
    await t.inspect(name, state);
  }
  await t.visit(t.me.link);
  await t.inspect('used', { status: 403, title: 'verify.title', says: t.say('verify.void') });
}

async function choose(t, password, confirm) {
  await t.field('new').fill(password);
  await t.field('confirm').fill(confirm);
  await t.go(() => t.button('forgot.set').click());
}

// guest is somebody who was invited: the first page that he sees is that of the link, and it leads in.
export async function guest(t) {
  const { page } = t;
  await t.visit(t.me.link);
  await t.inspect('invitation', { title: 'invite.title', says: t.say('invite.choose', t.me.user) });
  await choose(t, 'password', 'password');
  await t.inspect('weak', { status: 400, title: 'invite.title', says: t.say('invite.choose', t.me.user) });
  await choose(t, 'Quercia-4-Ponte-Azzurro', 'Quercia-4-Ponte-Azzurro');
  await t.inspect('done', { title: 'login.title', says: t.say('invite.done') });
  await t.logIn('Quercia-4-Ponte-Azzurro');
  t.expect(new URL(page.url()).pathname === '/cgi-bin/home', `after the login one is at ${page.url()}`);
  await t.visit(t.me.link);
  await t.inspect('used', { status: 403, title: 'invite.title', says: t.say('invite.void') });
}
