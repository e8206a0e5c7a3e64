// A real Chromium, driven like a user: from another site to sign-in and consent, back, and on to a second origin.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { RelyingParty } from './relying_party.mjs';
import { cell, tellVersion, versionOf, world } from './report.mjs';
import { Watch } from './watch.mjs';

const STEP_MS = 10_000;
const MODES = {
  light: { colorScheme: 'light', width: 1280, height: 800 },
  dark: { colorScheme: 'dark', width: 1280, height: 800 },
  narrow: { colorScheme: 'light', width: 320, height: 640 },
  'narrow dark': { colorScheme: 'dark', width: 320, height: 640 },
};

const site = new RelyingParty(world);
await site.start();
await mkdir(world.pictures, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  // Chromium has no sandbox when it is started by root.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
tellVersion(`${browser.version()}, axe ${versionOf('axe-core')}`);

/** A page whose errors and violations are recorded. Policies are enforced. */
async function watched(context) {
  const watch = new Watch(world.issuer);
  const page = await watch.on(await context.newPage());
  page.setDefaultTimeout(STEP_MS);
  return { page, watch };
}

async function signIn(page, { username, password } = world.person) {
  await page.locator('#login').waitFor();
  await page.locator('[name=username]').fill(username);
  await page.locator('[name=password]').fill(password);
  await page.locator('#login').click();
}

/** Waits for an address, and reports the actual one on a timeout. */
async function arrives(page, watch, url) {
  try {
    await page.waitForURL(url);
  } catch (error) {
    const heading = await page.locator('h1').allTextContents();
    const seen = JSON.stringify(watch.take());
    throw new Error(`not at ${url} but at ${page.url()} (${heading}); ${seen}`, { cause: error });
  }
}

async function landed(page, watch, outcome) {
  await arrives(page, watch, `${world.secondOrigin}/landed?*`);
  assert.equal(await page.locator('#outcome').textContent(), outcome);
}

async function quiet(watch, pagesShown) {
  const { complaints, shown } = watch.take();
  assert.deepEqual(complaints, [], 'complaints of the browser');
  assert.equal(shown.length, pagesShown, `pages that the issuer showed: ${shown}`);
}

const SIGNED_IN = `signed in as ${world.person.sub}`;
const context = await browser.newContext();
const { page, watch } = await watched(context);

await cell('the watch sees a violation where there is one', async () => {
  await page.goto(`${site.origin}/control`);
  // The three methods report it at different times.
  const deadline = Date.now() + STEP_MS;
  const seen = () => new Set(watch.complaints.map((text) => text.split(':')[0]));
  while (seen().size < 3 && Date.now() < deadline) await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.deepEqual(seen(), new Set(['violation', 'issue', 'console']));
  watch.take();
});

await cell('from another site: sign-in, consent, callback, second origin', async () => {
  await page.goto(site.origin);
  await page.locator('#go').click();
  await signIn(page);
  await page.locator('#allow').click();
  await landed(page, watch, SIGNED_IN);
  await quiet(watch, 2);
});

await cell('again with the remembered consent: no page is shown', async () => {
  await page.goto(site.origin);
  await page.locator('#go').click();
  await landed(page, watch, SIGNED_IN);
  await quiet(watch, 0);
});

await cell('again by a POST of the other site: no page is shown', async () => {
  await page.goto(`${site.origin}/by-post`);
  await page.locator('#go').click();
  await landed(page, watch, SIGNED_IN);
  await quiet(watch, 0);
});

await cell('again with Deny: access_denied at the second origin', async () => {
  await page.goto(`${site.origin}/?prompt=consent`);
  await page.locator('#go').click();
  await page.locator('#deny').click();
  await landed(page, watch, 'access_denied');
  await quiet(watch, 1);
});

await cell('one more scope: consent is asked for again', async () => {
  await page.goto(`${site.origin}/?${new URLSearchParams({ scope: 'openid profile email notes.read notes.write' })}`);
  await page.locator('#go').click();
  await page.locator('#allow').click();
  await landed(page, watch, SIGNED_IN);
  await quiet(watch, 1);
});

await cell('"Not you?" on the consent page: sign-in as somebody', async () => {
  await page.goto(`${site.origin}/?prompt=consent`);
  await page.locator('#go').click();
  await page.getByRole('button', { name: 'Not you?' }).click();
  await signIn(page);
  await page.locator('#allow').click();
  await landed(page, watch, SIGNED_IN);
  await quiet(watch, 3);
});

await cell('in a popup: its opener is not lost on the way', async () => {
  await page.goto(`${site.origin}/?prompt=consent`);
  const opens = page.waitForEvent('popup');
  await page.evaluate(() => window.open(document.querySelector('#go').href, 'sign-in', 'width=420,height=640'));
  const popup = await opens;
  await popup.locator('#allow').click();
  await landed(popup, watch, SIGNED_IN);
  assert.equal(await popup.evaluate(() => window.opener !== null), true, 'window.opener');
  await popup.close();
  await quiet(watch, 0);
});

await cell('keyboard alone: sign-in and consent', async () => {
  const alone = await browser.newContext();
  const typed = await watched(alone);
  await typed.page.goto(`${site.origin}/?prompt=consent`);
  await typed.page.locator('#go').focus();
  await typed.page.keyboard.press('Enter');
  await typed.page.locator('#login').waitFor();
  await typed.page.keyboard.type(world.person.username);
  await typed.page.keyboard.press('Tab');
  await typed.page.keyboard.type(world.person.password);
  await typed.page.keyboard.press('Enter');
  await typed.page.locator('#allow').waitFor();
  const focused = () => typed.page.evaluate(() => document.activeElement?.id ?? '');
  assert.notEqual(await focused(), 'allow', 'Allow has no autofocus');
  for (let presses = 0; presses < 12 && (await focused()) !== 'allow'; presses += 1) {
    await typed.page.keyboard.press('Tab');
  }
  await typed.page.keyboard.press('Enter');
  await landed(typed.page, typed.watch, SIGNED_IN);
  await quiet(typed.watch, 2);
  await alone.close();
});

/** Checks that no user is signed in. */
async function signedOut() {
  await page.goto(`${site.origin}/?prompt=none`);
  await page.locator('#go').click();
  await landed(page, watch, 'login_required');
  await quiet(watch, 0);
}

async function signInAgain() {
  await page.goto(site.origin);
  await page.locator('#go').click();
  await signIn(page);
  await landed(page, watch, SIGNED_IN);
  await quiet(watch, 1);
}

await cell('sign-out without a hint: asked first, then back to the client', async () => {
  await page.goto(`${site.origin}/sign-out`);
  await page.locator('#go').click();
  await page.locator('#logout').click();
  await arrives(page, watch, `${world.signedOut}?state=s`);
  await quiet(watch, 1);
  await signedOut();
});

await cell('sign-out with a hint, from another site: back to the client', async () => {
  await signInAgain();
  await page.goto(`${site.origin}/sign-out?hint=yes`);
  await page.locator('#go').click();
  await arrives(page, watch, `${world.signedOut}?state=s`);
  await quiet(watch, 0);
  await signedOut();
});

await cell('sign-out with a hint, by a POST of the other site: back to the client', async () => {
  await signInAgain();
  await page.goto(`${site.origin}/sign-out-by-post?hint=yes`);
  await page.locator('#go').click();
  await arrives(page, watch, `${world.signedOut}?state=s`);
  await quiet(watch, 0);
  await signedOut();
});
await context.close();

/** Checks the current page in every mode: axe, horizontal scrolling, a screenshot. */
async function inspect(shown, name) {
  const problems = [];
  for (const [mode, { colorScheme, width, height }] of Object.entries(MODES)) {
    await shown.emulateMedia({ colorScheme });
    await shown.setViewportSize({ width, height });
    const { violations, passes } = await shown.evaluate(() => window.axe.run());
    for (const { id, help, nodes } of violations) {
      problems.push(`${name}, ${mode}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
    }
    if (passes.length === 0) problems.push(`${name}, ${mode}: axe checked nothing`);
    const wide = await shown.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) problems.push(`${name}, ${mode}: ${wide} px of content at ${width} px`);
    await shown.screenshot({ path: `${world.pictures}/${name} ${mode}.png`.replaceAll(' ', '-'), fullPage: true });
  }
  assert.deepEqual(problems, []);
}

// Only here policies are bypassed, since they forbid scripts such as axe on the issuer's pages.
const open = await browser.newContext({ bypassCSP: true });
await open.addInitScript({ content: axe.source });
const looked = await open.newPage();
looked.setDefaultTimeout(STEP_MS);
const go = async (path) => {
  await looked.goto(site.origin + path);
  await looked.locator('#go').click();
};

await cell('axe in light, dark and 320 px: sign-in page', async () => {
  await go('/?prompt=consent');
  await looked.locator('#login').waitFor();
  await inspect(looked, 'sign-in');
});

await cell('axe in light, dark and 320 px: sign-in page after a wrong password', async () => {
  await signIn(looked, { username: world.person.username, password: 'wrong' });
  await looked.getByRole('alert').waitFor();
  await inspect(looked, 'sign-in problem');
});

await cell('axe in light, dark and 320 px: consent page', async () => {
  await signIn(looked);
  await looked.locator('#allow').waitFor();
  await inspect(looked, 'consent');
});

await cell('axe in light, dark and 320 px: error page', async () => {
  const bad = site.request({ redirect_uri: 'https://evil.example/callback' });
  const answer = await looked.goto(`${world.issuer}/authorize?${bad}`);
  assert.equal(answer.status(), 400);
  await inspect(looked, 'error');
});

await cell('axe in light, dark and 320 px: sign-out pages', async () => {
  await looked.goto(`${world.issuer}/logout`);
  await looked.locator('#logout').waitFor();
  await inspect(looked, 'sign-out');
  await looked.locator('#logout').click();
  await looked.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await inspect(looked, 'signed out');
});

await cell('the error page breaks no policy', async () => {
  const strict = await browser.newContext();
  const { page: shown, watch: strictly } = await watched(strict);
  await shown.goto(`${world.issuer}/authorize?${site.request({ redirect_uri: 'https://evil.example/callback' })}`);
  await shown.getByRole('heading', { level: 1 }).waitFor();
  // Chromium logs a console error for every document with status 4xx.
  const { complaints } = strictly.take();
  assert.deepEqual(complaints.filter((text) => !text.includes('status of 400')), []);
  await strict.close();
});

await browser.close();
site.stop();
