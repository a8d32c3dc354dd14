// operations.js - what is done to the entries of a folder: a folder made, opened, and things deleted.

// What is sent beside the page has a connection of its own: one that was kept may be closed by the server in the same moment.
const alone = { headers: { Connection: 'close' } };

export async function operations(t) {
  await search(t);
  await makeFolder(t);
  await remove(t);
}

// search finds what lies below a folder, and leads to it.
async function search(t) {
  const { page, facts } = t;
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/`);
  await t.field('search').fill('FIRST.t');
  await t.go(() => t.button('search.submit').click());
  await t.inspect('search', { title: 'search.title' });
  t.expect(await page.locator('.hit', { hasText: t.plan.name }).getByRole('link', { name: 'first.txt', exact: true }).count() === 1, 'first.txt is not found');
  await t.field('search').fill('*.no-such-name');
  await t.go(() => t.button('search.submit').click());
  await t.inspect('search-nothing', { title: 'search.title', says: t.say('search.found.other', '0') });
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`);
}

async function makeFolder(t) {
  const { page } = t;
  const title = { name: t.plan.name };
  const named = async (name) => {
    await page.locator('details.new-folder > summary').click();
    await t.field('name').fill(name);
    await t.go(() => t.button('mkdir.submit').click());
  };
  const name = 'Consegne & "resi" <b>';
  await named(name);
  await t.inspect('folder-made', { title, says: t.say('mkdir.done') });
  await t.go(() => page.getByRole('link', { name, exact: true }).click());
  await t.inspect('folder-in-folder', { title: { name } });
  await t.go(() => page.locator('.breadcrumb a').last().click());

  await named(name);
  await t.inspect('folder-taken', { status: 409, title: 'error-title.exists', says: t.say('error.exists') });
  await t.go(() => page.getByRole('link', { name: t.say('error.back') }).click());
  t.expect(new URL(page.url()).pathname.endsWith(`/${t.plan.name}/`), `the way back leads to ${page.url()}`);
}

async function remove(t) {
  const { page, facts } = t;
  const ask = () => t.go(() => t.button('delete.selected').click());
  const choose = (name) => page.getByRole('checkbox', { name: t.say('folder.choose', name), exact: true }).check();
  const has = async (name) => await page.locator('.entry-name').getByText(name, { exact: true }).count() === 1;
  const title = { name: t.plan.name };

  await ask();
  await t.inspect('delete-nothing', { title, says: t.say('delete.nothing') });

  const folder = 'Consegne & "resi" <b>';
  await choose('second.txt');
  await choose('invoice[U+202E]fdp.exe'); // as it is shown
  await choose(folder);
  await t.photograph('chosen');
  await ask();
  await t.inspect('delete-question', { title: 'delete.title', says: t.say('discard.question.other', '3') });
  await t.go(() => page.getByRole('link', { name: t.say('dialog.close') }).click());
  t.expect(await has('second.txt') && await has(folder), 'asking has deleted');

  await choose('second.txt');
  await choose('invoice[U+202E]fdp.exe');
  await choose(folder);
  await ask();
  await t.go(() => t.button('discard.submit').click());
  await t.inspect('deleted', { title, says: t.say('done.discard.other', '3') });
  t.expect(!await has('second.txt') && !await has(folder) && await has('third.txt'), 'something else was deleted');

  await trash(t, 'second.txt');

  // What went meanwhile is said, in a page of results.
  await choose('third.txt');
  await ask();
  const gone = await page.request.post(new URL(`/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`, page.url()).href, { ...alone, form: { op: 'delete', raw: 'third.txt' } });
  t.expect(gone.ok(), `deleting beside the page: ${gone.status()}`);
  await t.go(() => t.button('discard.submit').click());
  await t.inspect('delete-refused', { status: 404, title, says: t.say('failed.discard.one', '1') });

  // What is another's can be copied, so it has a box; it stays when it is named for removal all the same.
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/`);
  t.expect(await has('dati.csv'), 'the file of another is not shown');
  t.expect(await t.page.locator('input[name=raw][value="dati.csv"]').count() === 1, 'no box to choose the file of another');
  t.expect(await t.page.locator('a[href$="raw=dati.csv"]').count() === 0, 'a link to rename the file of another');
  const refused = await page.request.post(new URL(`/cgi-bin/shz/${facts.zone.name}/`, page.url()).href, { ...alone, form: { op: 'delete', raw: 'dati.csv' } });
  t.expect(refused.status() === 403, `deleting the file of another: ${refused.status()}`);
  await t.visit(`/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`);
}

// trash brings something back, twice: the second time its name is taken. Then it goes for good.
async function trash(t, name) {
  const { page, facts } = t;
  const here = `/cgi-bin/shz/${facts.zone.name}/${t.plan.name}/`;
  const remove = async (fields) => {
    const answer = await page.request.post(new URL(here, page.url()).href, { ...alone, form: { op: 'delete', raw: name, ...fields } });
    t.expect(answer.ok(), `deleting beside the page: ${answer.status()}`);
  };
  const open = () => t.go(() => page.getByRole('link', { name: t.say('trash.title'), exact: true }).click());
  const choose = async () => {
    const box = page.locator('li.hit', { hasText: `/${t.plan.name}` }).getByRole('checkbox', { name: t.say('folder.choose', name), exact: true });
    await box.first().check();
  };

  await open();
  await t.inspect('trash', { title: 'trash.title', says: t.say('trash.about.other', '30') });
  await choose();
  await t.go(() => t.button('trash.restore').click());
  await t.inspect('restored', { title: 'trash.title', says: t.say('done.restore.one', '1') });

  await remove({});
  const again = await page.request.put(new URL(here + name, page.url()).href, { data: 'another' });
  t.expect(again.ok(), `bringing another: ${again.status()}`);
  await t.visit(here);
  await open();
  await choose();
  await t.go(() => t.button('trash.restore').click());
  await t.inspect('restore-taken', { status: 409, title: 'trash.title', says: t.say('trash.taken', name) });
  await t.go(() => t.button('trash.keep-both').click());
  await t.inspect('restored-both', { title: 'trash.title', says: t.say('done.restore.one', '1') });

  await remove({});
  await t.visit(here);
  await open();
  await choose();
  await t.go(() => t.button('trash.purge').click());
  await t.inspect('purge-question', { title: 'trash.purge-title', says: t.say('delete.question.one', '1') });
  await t.go(() => t.button('trash.purge-submit').click());
  await t.inspect('purged', { title: 'trash.title', says: t.say('done.purge.one', '1') });
  await remove({ raw: 'second (2).txt', for_good: '1' });
  await t.visit(here);
}
