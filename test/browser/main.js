// main.js - drives a real browser over an installed Share Zone, as people do. Run by browser_test.go, which hands it the
// facts as JSON on stdin (address, people, zones, words) and reads one JSON line per page from stdout:
// {"journey", "page", "problems"}.
//
// MUST rules of this folder:
//   - what a page says is looked up in the catalogue that Share Zone speaks from (say), never written here again;
//   - every page that a journey comes to goes through inspect: that is where it is judged;
//   - nothing is waited for by the clock.

import { text } from 'node:stream/consumers';

import { open, start } from './browser.js';
import { cut } from './cut.js';
import { factor } from './factor.js';
import { confirm, forgot, guest } from './forgot.js';
import { journey } from './journey.js';
import { keyboard } from './keyboard.js';
import { newcomer } from './newcomer.js';
import { people } from './people.js';
import { previews } from './previews.js';
import { signup } from './signup.js';
import { uploads } from './uploads.js';
import { zones } from './zones.js';

const plans = [
  { name: 'it-phone', run: journey, language: 'it', width: 320, javaScript: true },
  { name: 'it-plain', run: journey, language: 'it', width: 1280, javaScript: false },
  { name: 'it-newcomer', run: newcomer, language: 'it', width: 320, javaScript: true },
  { name: 'it-keyboard', run: keyboard, language: 'it', width: 320, javaScript: true },
  { name: 'it-zones', run: zones, language: 'it', width: 320, javaScript: true },
  { name: 'it-uploads', run: uploads, language: 'it', width: 320, javaScript: true },
  { name: 'it-previews', run: previews, language: 'it', width: 320, javaScript: true },
  { name: 'it-forgot', run: forgot, language: 'it', width: 320, javaScript: true },
  { name: 'it-guest', run: guest, language: 'it', width: 320, javaScript: true },
  { name: 'it-address', run: confirm, language: 'it', width: 320, javaScript: true },
  { name: 'it-people', run: people, language: 'it', width: 320, javaScript: true },
  { name: 'it-signup', run: signup, language: 'it', width: 320, javaScript: true },
  { name: 'it-factor', run: factor, language: 'it', width: 320, javaScript: false },
  { name: 'en-wide', run: journey, language: 'en', width: 1280, javaScript: true },
  { name: 'en-plain', run: journey, language: 'en', width: 320, javaScript: false },
  { name: 'en-newcomer', run: newcomer, language: 'en', width: 1280, javaScript: true },
  { name: 'en-keyboard', run: keyboard, language: 'en', width: 1280, javaScript: true },
  { name: 'en-zones', run: zones, language: 'en', width: 1280, javaScript: true },
  { name: 'en-uploads', run: uploads, language: 'en', width: 1280, javaScript: true },
  { name: 'en-cut', run: cut, language: 'en', width: 1280, javaScript: true },
  { name: 'en-previews', run: previews, language: 'en', width: 1280, javaScript: false },
  { name: 'en-guest', run: guest, language: 'en', width: 1280, javaScript: true },
  { name: 'en-forgot', run: forgot, language: 'en', width: 1280, javaScript: true },
  { name: 'en-address', run: confirm, language: 'en', width: 1280, javaScript: false },
  { name: 'en-people', run: people, language: 'en', width: 1280, javaScript: true },
  { name: 'en-signup', run: signup, language: 'en', width: 1280, javaScript: true },
  { name: 'en-factor', run: factor, language: 'en', width: 1280, javaScript: true },
];

const facts = JSON.parse(await text(process.stdin));
// The journeys of one language after the other, both languages beside each other, in browsers of their own: in one that is
// photographed, another window's pictures wait.
await Promise.all(['it', 'en'].map(async (language) => {
  const wanted = plans.filter((plan) => plan.language === language && facts.journeys.includes(plan.name));
  if (!wanted.length) return;
  const browser = await start();
  for (const plan of wanted) await travel(browser, plan);
  await browser.close();
}));

// travel runs one journey. What it cannot do (a button that is not there) ends it, and counts as a problem of the page
// that it was to come to.
async function travel(browser, plan) {
  const t = await open(browser, facts, plan);
  try {
    await plan.run(t);
    t.report('end');
  } catch (error) {
    t.problem(`at ${t.page.url()}: ${error.message}`);
    await t.photograph('stuck').catch(() => {}); // the page may be what is gone
    t.report('stuck');
  } finally {
    await t.close();
  }
}
