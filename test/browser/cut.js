// cut.js - one large file, by a connection that is cut again and again (browser_cut_test.go), while the web server is restarted and the
// session runs out: the upload goes on by itself, and after the login by one button.

export async function cut(t) {
  const { page, context, facts } = t;
  await t.visit('/cgi-bin/home');
  await t.logIn(t.me.password);
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`);
  await page.locator('#upload-file').setInputFiles(facts.large);
  t.mayFail = true;
  const hour = { timeout: 3_600_000 };
  const ended = page.waitForEvent('load', hour);
  ended.catch(() => {}); // what fails first is told
  await page.locator('details.upload').getByRole('button', { name: t.say('upload.submit'), exact: true }).click();
  await page.locator('.uploads li[data-state=failed]').waitFor(hour);
  await t.inspect('session-over', { title: { name: t.plan.name }, says: t.say('uploads.say-session') });
  await logInBeside(t, context);
  await page.locator('.uploads li').getByRole('button', { name: t.say('uploads.retry') }).click();
  await ended;
  t.mayFail = false;
  await t.inspect('cut-arrived', { title: { name: t.plan.name }, says: t.say('done.upload.one', '1') });
}

// logInBeside logs in in another window; the page with the upload stays as it is.
async function logInBeside(t, context) {
  const page = await context.newPage();
  await page.goto('/cgi-bin/home');
  await page.locator('main input[name="username"]').fill(t.me.user);
  await page.locator('main input[name="password"]').fill(t.me.password);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: t.say('login.submit'), exact: true }).click()]);
  await page.close();
}
