// keyboard.js - in, to a folder and out again without a mouse; what has the focus is always seen.

export async function keyboard(t) {
  const { page, facts } = t;
  await t.visit(t.language === 'it' ? '/' : '/index_en.html');
  await tabTo(t, page.locator('main a.btn'));
  await t.go(() => page.keyboard.press('Enter'));

  t.expect(await hasFocus(t.field('username')), 'the user name has not the focus');
  await page.keyboard.type(t.me.user);
  await page.keyboard.press('Tab');
  t.expect(await hasFocus(t.field('password')), 'after the user name does not come the password');
  await page.keyboard.type('not the password');
  await t.go(() => page.keyboard.press('Enter'));
  t.expect(await hasFocus(t.field('password')), 'after a wrong password it has not the focus');
  await page.keyboard.type(t.me.password);
  await t.go(() => page.keyboard.press('Enter'));
  t.expect(t.status === 200, `the login ends in ${t.status}`);
  t.report('login');

  // The first Tab offers the way past header and menu.
  await tabTo(t, page.locator('.skip-link'), 1);
  await page.keyboard.press('Enter');
  await tabTo(t, page.locator('.zone-title a').first(), 1);
  t.report('skip-link');

  await tabTo(t, page.getByRole('link', { name: facts.zone.title }));
  await t.go(() => page.keyboard.press('Enter'));
  await tabTo(t, page.locator('details.upload > summary'));
  await page.keyboard.press('Enter');
  await tabTo(t, t.field('file'));
  await tabTo(t, t.button('upload.submit'));
  await tabTo(t, page.getByRole('link', { name: t.plan.name, exact: true }));
  await t.go(() => page.keyboard.press('Enter'));
  t.expect(new URL(page.url()).pathname.endsWith(`/${t.plan.name}/`), `Enter led to ${page.url()}`);
  t.report('folder');

  const menu = page.locator('details.menu-folded > summary');
  if (await menu.isVisible()) {
    await tabTo(t, menu);
    await page.keyboard.press('Enter');
  }
  await tabTo(t, page.locator('.menu a:visible').last());
  await t.go(() => page.keyboard.press('Enter'));
  t.expect(await hasFocus(t.field('old')), 'the old password has not the focus');

  await tabTo(t, t.button('frame.logout'));
  await t.go(() => page.keyboard.press('Enter'));
  t.expect(new URL(page.url()).pathname === '/', `after the logout one is at ${page.url()}`);
  t.report('logout');
}

const hasFocus = (locator) => locator.evaluate((e) => e === document.activeElement);

// tabTo presses Tab until the element has the focus. Each stop on the way must be seen to have it, within the window.
export async function tabTo(t, target, most = 60) {
  for (let i = 0; i < most; i++) {
    await t.page.keyboard.press('Tab');
    const stop = await t.page.evaluate(() => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      const marked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      return { what: e.outerHTML.slice(0, 120), atAll: e !== document.body, inside, marked };
    });
    if (stop.atAll && !stop.inside) t.problem(`the focus is outside of what is seen: ${stop.what}`);
    if (stop.atAll && !stop.marked) t.problem(`the focus is not seen: ${stop.what}`);
    if (await hasFocus(target)) return;
  }
  throw new Error(`${most} Tabs do not lead to ${target}`);
}
