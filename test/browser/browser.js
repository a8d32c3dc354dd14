// browser.js - the browser, and a traveller in it: one person with one window, whose pages are watched.

import fs from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { inspect } from './inspect.js';

// A page of Share Zone is there within milliseconds. What takes longer than this does not come, also on a machine that
// four copies of it share: 60 seconds were not enough for one page in some ten thousand, which the browser did not draw.
const patience = 180_000; // ms

// start starts Debian's Chromium. As root it cannot have its sandbox; it visits nobody but Share Zone, and with these
// switches it does not call home either.
export function start() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

// open begins a journey: a window without any cookie.
export async function open(browser, facts, plan) {
  const context = await browser.newContext({
    baseURL: facts.url,
    locale: plan.language === 'it' ? 'it-IT' : 'en-GB',
    viewport: { width: plan.width, height: 800 },
    javaScriptEnabled: plan.javaScript,
    colorScheme: 'light',
    reducedMotion: 'reduce', // a colour that is still changing is none to judge
  });
  context.setDefaultTimeout(patience);
  await context.addInitScript(() => {
    // The console says it too; this says which rule of the policy and by which line.
    document.addEventListener('securitypolicyviolation', (e) => {
      console.error(`securitypolicyviolation: ${e.violatedDirective} by ${e.blockedURI} at ${e.sourceFile}:${e.lineNumber}`);
    });
  });
  const page = await context.newPage();
  const t = new Traveller(facts, plan, context, page);
  t.watch();
  return t;
}

class Traveller {
  problems = [];
  pages = 0;
  status = 0; // of the last document
  mayAlert = ''; // what a dialog may say
  mayFail = false; // scripts of a page may be refused something, and the connection may break: that is what is looked at

  constructor(facts, plan, context, page) {
    Object.assign(this, { facts, plan, context, page });
    this.me = facts.people[plan.name];
    this.language = plan.language;
  }

  // say is the sentence of that key in this journey's language, each %s replaced in turn.
  say(key, ...values) {
    const sentence = this.facts.words[this.language][key];
    if (sentence === undefined) throw new Error(`browser_test.go did not hand over the sentence ${key}`);
    return sentence.replaceAll('%s', () => values.shift());
  }

  problem(text) {
    this.problems.push(text);
  }

  // report tells the Go test how a page was, and begins a new list.
  report(name) {
    console.log(JSON.stringify({ journey: this.plan.name, page: name, problems: this.problems }));
    this.problems = [];
  }

  // expect notes what is not as it should be, and goes on.
  expect(is, what) {
    if (!is) this.problem(what);
  }

  // watch notes whatever the browser complains of, and whatever it asks of anybody but Share Zone.
  watch() {
    const { context, page } = this;
    context.on('request', (request) => {
      const url = new URL(request.url());
      const inside = ['data:', 'chrome:', 'chrome-extension:'].includes(url.protocol); // Chromium's viewer for PDF is an extension
      if (!inside && url.origin !== this.facts.url) this.problem(`a request to ${url}`);
    });
    page.on('response', (response) => {
      if (response.request().isNavigationRequest()) {
        this.status = response.status();
        this.document = response.url();
      } else if (response.status() >= 400 && !this.mayFail) {
        this.problem(`${response.status()} for ${response.url()}`);
      }
    });
    page.on('pageerror', (error) => this.problem(`an error of a script: ${error.message}`));
    page.on('dialog', (dialog) => {
      if (dialog.message() !== this.mayAlert) this.problem(`a name ran as a script: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      if (this.mayFail && message.text().startsWith('Failed to load resource')) return;
      // A document with the status that inspect expects is no error, though the browser says so.
      if (message.location().url === this.document && message.text().startsWith('Failed to load resource')) return;
      this.problem(`console: ${message.text()}`);
    });
  }

  // go does something that leads to another document, and waits for that. On a loaded machine a page may still move
  // while it is clicked, and the click meets nothing: what has not even made the browser ask is done once more.
  async go(act) {
    const asked = this.page.waitForRequest((request) => request.isNavigationRequest(), { timeout: 20000 }).catch(() => null);
    const loaded = this.page.waitForEvent('load').then(() => null, (error) => error);
    await act();
    const request = await asked;
    if (!request) await act();
    const error = await loaded;
    if (error) throw new Error(`${request ? `no answer to ${request.method()} ${request.url()}` : 'the browser asked for nothing twenty seconds after the first time'}: ${error.message}`);
  }

  visit(address) {
    return this.go(() => this.page.goto(address));
  }

  button(key) {
    return this.page.getByRole('button', { name: this.say(key), exact: true });
  }

  // field is the input of that name, as the form sends it.
  field(name) {
    return this.page.locator(`main input[name="${name}"]:not([type=hidden])`);
  }

  // menu follows a function of the menu, which is folded on a phone.
  async menu(key) {
    const folded = this.page.locator('details.menu-folded > summary');
    if (await folded.isVisible()) await folded.click();
    await this.go(() => this.page.getByRole('link', { name: this.say(key), exact: true }).and(this.page.locator('.menu a')).click());
  }

  async logIn(password) {
    await this.field('username').fill(this.me.user);
    await this.field('password').fill(password);
    await this.go(() => this.button('login.submit').click());
  }

  // inspect judges the page that the journey came to.
  async inspect(name, expected) {
    await inspect(this, name, expected);
    this.pages++;
    this.report(name);
  }

  // photograph keeps what the page looks like, for people to look at.
  async photograph(name) {
    if (!this.facts.shots) return;
    const file = `${this.plan.name}-${String(this.pages + 1).padStart(2, '0')}-${name}.png`;
    await this.page.screenshot({ path: path.join(this.facts.shots, file), fullPage: true });
  }

  // endSession ends the session behind the browser's back: its cookie stays and is worth nothing.
  async endSession() {
    const cookies = await this.context.cookies();
    const cookie = cookies.map((c) => `${c.name}=${c.value}`).join('; ');
    const answer = await fetch(`${this.facts.url}/cgi-bin/logout`, { method: 'POST', headers: { cookie }, redirect: 'manual' });
    this.expect(answer.status === 303, `logging out elsewhere: ${answer.status}`);
  }

  // download follows a link to a file and returns the name under which it is kept, and its bytes.
  async download(link) {
    const coming = this.page.waitForEvent('download');
    await Promise.all([coming, link.click()]);
    const file = await coming;
    return { name: file.suggestedFilename(), bytes: fs.readFileSync(await file.path()) };
  }

  close() {
    return this.context.close();
  }
}
