// previews.js - files that the browser shows by its own viewers, and files that it must not.

import zlib from 'node:zlib';

export async function previews(t) {
  await t.visit('/cgi-bin/home');
  await t.logIn(t.me.password);
  const here = `/cgi-bin/shz/${t.facts.zone.name}/${t.plan.name}/`;
  for (const [name, bytes] of Object.entries(files)) {
    const answer = await t.page.request.put(new URL(here + encodeURIComponent(name), t.page.url()).href, { data: bytes });
    t.expect(answer.status() === 201, `bringing ${name}: ${answer.status()}`);
  }
  t.mayFail = true; // damaged.png only begins as a picture
  await t.visit(here);
  const thumbnail = t.page.getByRole('img', { name: t.say('preview.which', 'picture.png'), exact: true });
  await thumbnail.scrollIntoViewIfNeeded();
  await thumbnail.evaluate((e) => e.complete || new Promise((done) => { e.onload = done; e.onerror = done; }));
  t.expect(await thumbnail.evaluate((e) => e.naturalWidth === 30 && e.naturalHeight === 20), 'there is no small picture');
  t.expect(await t.page.locator('img[src*="page.png"]').count() === 0, 'a small picture of what is none');
  await t.page.locator('.entry-view[href*="damaged.png"]').scrollIntoViewIfNeeded();
  if (t.plan.javaScript) await t.page.locator('img[src*="damaged.png"]').waitFor({ state: 'detached' });
  t.expect(await t.page.getByRole('link', { name: t.say('preview.which', 'damaged.png'), exact: true }).count() === 1, 'no way to look at what is damaged');
  await t.inspect('folder', { title: { name: t.plan.name } });

  await follow(t, here, 'picture.png');
  t.expect(await t.page.locator('img').evaluate((e) => e.naturalWidth) === 60, 'the picture is not shown');
  t.report('picture');
  await follow(t, here, 'letter.txt');
  t.expect((await t.page.locator('pre').innerText()).startsWith('Perché <b>no</b>'), 'the text is not shown as it is');
  t.report('text');
  await follow(t, here, 'sound.wav');
  await t.page.locator('video').evaluate((e) => e.readyState > 0 || new Promise((done) => { e.onloadedmetadata = done; e.onerror = done; }));
  t.expect(await t.page.locator('video').evaluate((e) => Math.round(e.duration)) === 2, 'the sound is not played');
  t.report('sound');
  if (t.plan.javaScript) { // the viewer for PDF is made of scripts, which are switched off for it, too
    t.mayAlert = 'undefined undefined'; // it runs a document's own script, too, and gives it neither a page nor the network
    const viewer = t.page.waitForRequest((request) => /^chrome-extension:.*pdf_viewer\.js/.test(request.url()));
    await follow(t, here, 'document.pdf');
    await viewer;
    t.expect(await drawn(t), 'no page of the document is drawn');
    t.report('document');
  }

  // What could run is kept as a file, whatever its address says; a name alone makes no picture.
  await t.visit(here);
  for (const name of ['page.html', 'drawing.svg', 'page.png']) {
    const coming = t.page.waitForEvent('download');
    await t.page.goto(`${here}${name}?inline=1`).catch(() => {}); // a download is no navigation
    t.expect((await coming).suggestedFilename() === name, `${name} is not kept`);
  }
  t.expect(await t.page.locator('a[href*="page.html?inline"]').count() === 0, 'a link to look at a page of somebody');
}

// follow goes by the link beside the name.
async function follow(t, here, name) {
  await t.visit(here);
  await t.go(() => t.page.getByRole('link', { name: t.say('preview.which', name), exact: true }).click());
  t.expect(t.status === 200 && t.page.url().endsWith(`${name}?inline=1`), `${t.status} at ${t.page.url()}`);
}

// drawn waits until the page is drawn whose colour nothing else has. The viewer is a process of its own: only its picture tells.
async function drawn(t) {
  const other = await t.page.context().newPage();
  try {
    for (let tries = 0; tries < 60; tries++) {
      const shot = (await t.page.screenshot()).toString('base64');
      const share = await other.evaluate(async (shot) => {
        const image = new Image();
        image.src = `data:image/png;base64,${shot}`;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
        canvas.drawImage(image, 0, 0);
        const { data } = canvas.getImageData(0, 0, image.width, image.height);
        let found = 0;
        for (let i = 0; i < data.length; i += 4) found += data[i] > 190 && data[i + 1] < 40 && data[i + 2] > 190;
        return found / (image.width * image.height);
      }, shot);
      if (share > 0.02) return true;
      await t.page.waitForTimeout(500);
    }
    return false;
  } finally {
    await other.close();
  }
}

// crc is the checksum of a chunk (PNG, annex D); zlib has none in older versions of Node.
function crc(bytes) {
  let c = ~0;
  for (const byte of bytes) {
    c ^= byte;
    for (let i = 0; i < 8; i++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0);
  }
  return ~c >>> 0;
}

// png is a picture of one colour.
function png(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const whole = Buffer.alloc(body.length + 8);
    whole.writeUInt32BE(data.length);
    body.copy(whole, 4);
    whole.writeUInt32BE(crc(body), body.length + 4);
    return whole;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(3 * width, 0x60)]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head),
    chunk('IDAT', zlib.deflateSync(Buffer.concat(Array(height).fill(row)))), chunk('IEND', Buffer.alloc(0)),
  ]);
}

// wav is silence: so many seconds of 8,000 bytes.
function wav(seconds) {
  const head = Buffer.from('RIFF....WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data....', 'latin1');
  head.writeUInt32LE(36 + 8000 * seconds, 4);
  head.writeUInt32LE(8000 * seconds, 40);
  return Buffer.concat([head, Buffer.alloc(8000 * seconds, 0x80)]);
}

const script = '<script>alert(1)</script>';

const files = {
  'picture.png': png(60, 40),
  'damaged.png': Buffer.from('\x89PNG\r\n\x1a\n and nothing more', 'latin1'),
  'letter.txt': Buffer.from('Perché <b>no</b>\n'),
  'sound.wav': wav(2),
  'document.pdf': Buffer.from(`%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(typeof document+' '+typeof fetch))>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R>>endobj
4 0 obj<</Length 30>>stream
0.9 0 0.9 rg 0 0 300 200 re f
endstream endobj
trailer<</Root 1 0 R>>
`),
  'page.html': Buffer.from(`<!DOCTYPE html>${script}`),
  'drawing.svg': Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`),
  'page.png': Buffer.from(`<html>${script}`),
};
