// inspect.js - what every page must be, whatever stands on it: of the right status, title and language, one heading,
// nothing beside the screen, nothing that axe-core finds, at both widths, light and dark.

import fs from 'node:fs';
import { createRequire } from 'node:module';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// WCAG 2.2 AA, and what axe's authors hold for good besides.
const everything = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };

// What dark can change of it: axe takes most of the time of these tests.
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

// How the page is looked at: 320 CSS pixels are a small phone, or 1280 at four times the size (WCAG 2.2, 1.4.10).
const looks = [
  { width: 1280, scheme: 'light', rules: everything },
  { width: 1280, scheme: 'dark', rules: colours },
  { width: 320, scheme: 'light', rules: everything },
  { width: 320, scheme: 'dark', rules: colours },
];

// inspect judges the page t is on. expected: status (200), title (key of a sentence, or {name} of a folder or zone),
// says (a sentence that must stand there).
export async function inspect(t, name, expected = {}) {
  const { page, plan } = t;
  const { status = 200, title, says } = expected;
  t.expect(t.status === status, `status ${t.status}, not ${status}`);
  if (title !== undefined) {
    const words = title.name ?? t.say(title);
    const whole = words === '' ? 'Share Zone' : `${words} – Share Zone`;
    const is = await page.title();
    t.expect(is === whole, `the title is "${is}", not "${whole}"`);
  }
  const language = await page.locator('html').getAttribute('lang');
  t.expect(language === t.language, `lang="${language}"`);
  const headings = await page.locator('h1').count();
  t.expect(headings === 1, `${headings} headings of the first order`);
  if (says !== undefined) {
    const found = await page.locator('main').getByText(says).count();
    t.expect(found > 0, `it does not say "${says}"`);
  }
  // A sentence without an entry in the catalogue comes in brackets, one with the wrong arguments with "%!".
  const stray = (await page.locator('body').innerText()).match(/\[[a-z]+(-[a-z]+)*\.[a-z.-]+\]|%!/);
  t.expect(!stray, `it says "${stray}"`);

  // Without scripts the pages are the same documents; there, what counts is that the journey goes on.
  if (!plan.javaScript) return;
  await page.evaluate(axe);
  const seen = new Map(); // what is wrong, and in which looks
  for (const look of looks) {
    for (const wrong of await lookAt(t, name, look)) {
      seen.set(wrong, [...(seen.get(wrong) ?? []), `${look.width} ${look.scheme}`]);
    }
  }
  for (const [wrong, where] of seen) t.problem(`${where.join(', ')}: ${wrong}`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: plan.width, height: 800 });
}

// lookAt returns what is wrong with the page when it is looked at like this.
async function lookAt(t, name, { width, scheme, rules }) {
  const { page } = t;
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme: scheme });
  await t.photograph(`${name}-${width}-${scheme}`);
  const wrong = await page.evaluate(async (runOnly) => {
    const found = await axe.run(document, { runOnly, resultTypes: ['violations'] });
    return found.violations.map((v) => `axe ${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 200)).join(' ')}`);
  }, rules);
  const beside = await page.evaluate(() => {
    const root = document.scrollingElement;
    if (root.scrollWidth <= root.clientWidth) return '';
    const out = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > root.clientWidth);
    return `${root.scrollWidth} pixels wide: ${out.map((e) => `<${e.localName} class="${e.className}">`).join(' ')}`;
  });
  return beside === '' ? wrong : [...wrong, beside];
}
