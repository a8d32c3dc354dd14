// usage: node shots.mjs URL OUT user:password lang  path...
import { chromium } from 'playwright-core';
const [url, out, cred, lang, ...paths] = process.argv.slice(2);
const [user, password] = cred.split(/:(.*)/s);
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const c = await b.newContext({ baseURL: url, locale: lang === 'it' ? 'it-IT' : 'en-GB', reducedMotion: 'reduce' });
const p = await c.newPage();
p.on('console', (m) => console.log('console', m.type(), m.text()));
await p.goto('/cgi-bin/login');
await p.fill('main input[name=username]', user);
await p.fill('main input[name=password]', password);
await Promise.all([p.waitForEvent('load'), p.click('main button[type=submit]')]);
let i = 0;
for (const path of paths) {
  i++;
  await p.goto(path);
  for (const [w, scheme] of [[1280, 'light'], [320, 'light'], [1280, 'dark']]) {
    if (scheme === 'dark' && !process.env.DARK) continue;
    await p.setViewportSize({ width: w, height: 800 });
    await p.emulateMedia({ colorScheme: scheme });
    await p.screenshot({ path: `${out}/${String(i).padStart(2, '0')}-${w}-${scheme}.png`, fullPage: true });
    const sw = await p.evaluate(() => [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]);
    if (sw[0] > sw[1]) console.log('too wide', path, sw);
  }
}
await b.close();
