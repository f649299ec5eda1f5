// The last factor of somebody who administers stays, walked with a headless Chromium and its authenticator in a preau of its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { close, look, signIn, visitor } from './rig.mjs';
import { addsPasskey, school } from './school.mjs';

const PASSWORD = 'craie-blanche-au-tableau';
let lilas;

before(async () => {
  const one = { given: 'Odile', profile: 'National_DIR', password: PASSWORD };
  const people = [
    { ...one, login: 'odile', mail: 'odile@ecole.example', administers: true },
    { ...one, login: 'elif', mail: 'elif@ecole.example' },
  ];
  lilas = await school('factors', { people });
});

after(async () => {
  lilas?.end();
  await close();
});

/** Makes a passkey, comes in again by it, and asks for its removal. */
async function removesTheOnlyOne(page, login) {
  await page.goto(lilas.base);
  await signIn(page, { public: 'staff', login, password: PASSWORD });
  const device = await addsPasskey(page, lilas.base);
  await page.click('form[action="/sign-out"] button');
  await page.waitForSelector('a.button[href="/"]');
  await page.goto(lilas.base);
  await page.waitForSelector('form[data-passkey]:not([hidden])');
  await page.click('form[data-passkey] button');
  await page.waitForSelector('form[action="/sign-out"]');
  await page.goto(`${lilas.base}/account`);
  await page.click('#factors ~ .cards summary');
  await Promise.all([page.waitForNavigation(), page.click('form[action="/account/factors/remove"] button')]);
  return device;
}

test('whoever administers keeps the last one, and is told why; anybody else removes theirs', async () => {
  const [page, other] = [await visitor(), await visitor()];
  await removesTheOnlyOne(page, 'odile');
  await page.waitForSelector('[role=alert]:not([hidden])');
  assert.equal(await page.locator('#factors ~ .cards > li').count(), 1, 'it stays');
  page.problems.length = 0;
  await look(page, 'account-last-factor');
  await removesTheOnlyOne(other, 'elif');
  assert.equal(await other.locator('#factors ~ .cards > li').count(), 0, 'control');
});
