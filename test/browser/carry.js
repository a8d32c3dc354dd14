// carry.js - entries get other names and other places: renamed, copied, moved, with the pages that ask where to.

import { linkTo } from './journey.js';

export async function carry(t) {
  await rename(t);
  await copy(t);
  await move(t);
}

const there = async (t, name) => (await linkTo(t, name)) !== null;

const choose = (t, name) => t.page.getByRole('checkbox', { name: t.say('folder.choose', name), exact: true }).check();

// press sends the form by the button of that operation.
const press = (t, operation) => t.go(() => t.page.locator(`main button[name="op"][value="${operation}"]:not([formaction])`).click());

async function rename(t) {
  const { page } = t;
  await t.go(() => page.getByRole('link', { name: t.say('rename.which', 'fourth.txt'), exact: true }).click());
  await t.inspect('rename', { title: 'rename.title', says: t.say('rename.help') });
  t.expect(await t.field('to').inputValue() === 'fourth.txt', 'the old name is not offered');
  await t.field('to').fill('third.txt');
  await t.go(() => t.button('rename.submit').click());
  await t.inspect('rename-taken', { status: 409, title: 'rename.title', says: t.say('error.exists') });
  await t.field('to').fill('quarto "è".txt');
  await t.go(() => t.button('rename.submit').click());
  await t.inspect('renamed', { title: { name: t.plan.name }, says: t.say('done.rename.one', '1') });
  t.expect(await page.getByText('quarto "è".txt', { exact: true }).count() > 0, 'the new name is not there');
  t.expect(!await there(t, 'fourth.txt'), 'the old name is still there');
}

// copy goes to the list of zones and back into the journey's own zone, and then into a folder of another's.
async function copy(t) {
  const { page, facts } = t;
  const title = { name: t.plan.name };
  await choose(t, 'third.txt');
  await press(t, 'ask-details');
  await t.inspect('details', { title: 'details.title', says: t.say('details.sum-help') });
  await t.go(() => t.button('details.sum').click());
  await t.inspect('details-sum', { title: 'details.title', says: 'SHA-256' });
  await t.go(() => page.getByRole('link', { name: t.say('details.back'), exact: true }).click());
  await choose(t, 'third.txt');
  await press(t, 'ask-copy');
  await t.inspect('copy-where', { title: { name: t.say('where.copy.one', '1') }, says: t.say('choose.where') });
  await t.go(() => page.locator('.choose-way button').first().click());
  await t.inspect('copy-zones', { says: t.say('choose.where') });
  t.expect(await page.locator('button[value="copy"]').count() === 0, 'there is a button to copy into all zones');
  await t.go(() => page.locator('.choose-places').getByRole('button', { name: facts.zone.title, exact: true }).click());
  await t.go(() => page.locator('.choose-places').getByRole('button', { name: t.plan.name, exact: true }).click());
  await press(t, 'copy');
  await t.inspect('copy-taken', { status: 409, title, says: t.say('error.exists') });
  await choose(t, 'third.txt');
  await press(t, 'ask-copy');
  await page.locator('select[name="on_exists"]').selectOption('rename');
  await press(t, 'copy');
  await t.inspect('copied', { title, says: t.say('done.copy.one', '1') });
  t.expect(await there(t, 'third (2).txt') && await there(t, 'third.txt'), 'there are not two of it');
  await t.go(() => page.goBack()); // to the question, without a word about forms that would be sent again
  await t.inspect('copy-back', { title: { name: t.say('where.copy.one', '1') }, says: t.say('choose.where') });
  await t.go(() => page.goForward());
}

async function move(t) {
  const { page } = t;
  const title = { name: t.plan.name };
  await page.locator('details.new-folder > summary').click();
  await t.field('name').fill('Archivio');
  await t.go(() => t.button('mkdir.submit').click());
  await choose(t, 'third (2).txt');
  await choose(t, 'quarto "è".txt');
  await press(t, 'ask-move');
  await t.go(() => page.locator('.choose-places').getByRole('button', { name: 'Archivio', exact: true }).click());
  await t.inspect('move-where', { says: t.say('choose.no-folders') });
  await press(t, 'move');
  await t.inspect('moved', { title, says: t.say('done.move.other', '2') });
  t.expect(!await there(t, 'third (2).txt'), 'what was moved is still there');
  await t.go(() => page.getByRole('link', { name: 'Archivio', exact: true }).click());
  t.expect(await there(t, 'third (2).txt'), 'what was moved did not arrive');
  await t.go(() => page.locator('.breadcrumb a').last().click());
}

// archives are downloaded, made in the folder and unpacked there.
export async function archives(t) {
  const { page } = t;
  const title = { name: t.plan.name };
  await choose(t, 'first.txt');
  await choose(t, 'second.txt');
  const file = await t.download(page.locator('main button[name="op"][value="archive"]'));
  t.expect(file.name === `${t.plan.name}.zip` && file.bytes.subarray(0, 2).toString() === 'PK', `${file.name} of ${file.bytes.length} bytes`);
  const whole = await t.download(page.locator('.whole-folder a[href*="archive"]').last());
  t.expect(whole.name === `${t.plan.name}.tar` && whole.bytes.length % 512 === 0, `${whole.name} of ${whole.bytes.length} bytes`);

  await press(t, 'ask-zip'); // the boxes stay ticked
  await t.inspect('zip-name', { says: t.say('zip.help') });
  await t.field('to').fill('Raccolta è.zip');
  await t.go(() => t.button('zip.submit').click());
  await t.inspect('zip-made', { title, says: t.say('done.zip.one', '1') });
  await choose(t, 'Raccolta è.zip');
  await press(t, 'unzip');
  await t.inspect('unpacked', { title, says: t.say('done.unzip.one', '1') });
  await t.go(() => page.getByRole('link', { name: 'Raccolta è', exact: true }).click());
  t.expect(await there(t, 'first.txt') && await there(t, 'second.txt'), 'not everything was unpacked');
  await t.go(() => page.locator('.breadcrumb a').last().click());
  await choose(t, 'first.txt');
  await press(t, 'unzip');
  await t.inspect('not-an-archive', { status: 415, title, says: t.say('failed.unzip.one', '1') });
  await choose(t, 'Raccolta è.zip');
  await choose(t, 'Raccolta è');
  await press(t, 'ask-delete');
  await t.go(() => t.button('discard.submit').click());
}
