// The browser and the facts of the demo it walks through. What is walked is in walk.test.mjs.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import axe from 'axe-core';
import { chromium } from 'playwright-core';
import { isReadable } from './spoken.mjs';

export const demo = JSON.parse(readFileSync(process.env.PREAU_DEMO_JSON, 'utf8'));
export const pictures = process.env.PREAU_PICTURES;
mkdirSync(pictures, { recursive: true });

export const WIDE = { width: 1280, height: 800 };
// 320 CSS pixels: what a page of 1280 pixels is at a zoom of 400 %.
export const NARROW = { width: 320, height: 640 };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
export const close = () => browser.close();

/** A person at a fresh browser. Every address the browser asks for is kept in `asked`. */
export async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: WIDE, locale: 'fr-FR', ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.asked = [];
  page.on('request', (request) => page.asked.push(request.url()));
  page.problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error') page.problems.push(message.text());
  });
  page.on('pageerror', (error) => page.problems.push(String(error)));
  return page;
}

/** The account of the demo with this role. */
export function account(role) {
  const found = demo.accounts.find((candidate) => candidate.role === role);
  assert.ok(found, `the demo has no account ${role}`);
  return found;
}

/** The service of the demo with this id. */
export function service(id) {
  const found = demo.services.find((candidate) => candidate.id === id);
  assert.ok(found, `the demo has no service ${id}`);
  return found;
}

/** From the page that asks who you are to the page after the password. */
export async function signIn(page, { public: who, login, password }) {
  await page.click(`button[name=public][value=${who}]`);
  await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', password);
  await Promise.all([page.waitForNavigation(), page.click('form:has(input[name=password]) button:not([type=button])')]);
}

/** Gives the browser of a page an authenticator that keeps passkeys and knows its user, who always says yes. */
export async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    kept: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    answers: (enabled) => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
    knowsItsUser: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Looks at a page as it stands: accessibility, what a screen reader reads, no sideways scrolling, no error in the console, and a picture. */
export async function look(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('\n  ')}`);
  assert.deepEqual(told, [], `${name} at ${page.url()} is not accessible`);
  if (page.url().startsWith(demo.base)) await isReadable(page, name);
  // No tile is drawn as the one under the pointer.
  await page.mouse.move(0, 0);
  for (const [word, size] of [['wide', WIDE], ['narrow', NARROW]]) {
    await page.setViewportSize(size);
    const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(needed <= given, `${name} needs ${needed} pixels and has ${given}`);
    await page.screenshot({ path: `${pictures}/${name}-${word}.png`, fullPage: true, animations: 'disabled' });
  }
  await page.setViewportSize(WIDE);
  assert.deepEqual(page.problems, [], `${name} complains in the console`);
}

/** Presses Tab until the element that has the focus matches; fails if a whole round does not reach it. */
export async function tabTo(page, selector) {
  for (let i = 0; i < 120; i += 1) {
    await page.keyboard.press('Tab');
    const state = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const ring = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      return { here: element.matches(wanted), ring, what: element.outerHTML.slice(0, 120) };
    }, selector);
    if (!state) continue;
    assert.ok(state.ring, `the focus cannot be seen on ${state.what}`);
    if (state.here) return;
  }
  assert.fail(`${selector} cannot be reached with the Tab key at ${page.url()}`);
}
