// Two ENTs that vouch for their people to one another, walked through with a headless Chromium against the running demo.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { account, close, demo, look, signIn, visitor } from './rig.mjs';

after(close);

const heading = (page) => page.textContent('h1');

/** The account of the écoles' ENT with this role. */
function neighbour(role) {
  const found = demo.neighbour.accounts.find((candidate) => candidate.role === role);
  assert.ok(found, `the écoles have no account ${role}`);
  return found;
}

/** From the first page of one ENT to the page that asks who you are of the other. */
async function goNextDoor(page, from, source) {
  await page.goto(from);
  await page.click('button[name=public][value=guest]');
  await page.click(`a[href*="/elsewhere/${source}"]`);
  await page.waitForSelector('button[name=public]');
}

for (const [way, from, source, to, who] of [
  ['OpenID Connect', demo.base, 'ecoles', demo.neighbour.base, neighbour('pupil-neighbour')],
  ['SAML', demo.neighbour.base, 'college', demo.base, account('pupil-6e')],
]) {
  test(`by ${way}: a pupil who is on no list signs in next door, and is nobody here`, async () => {
    const page = await visitor();
    await goNextDoor(page, from, source);
    assert.ok(page.url().startsWith(to), `${page.url()} is next door`);
    await signIn(page, who);
    await page.waitForURL((url) => url.href.startsWith(from));
    assert.doesNotMatch(await page.innerText('main'), new RegExp(who.name.split(' ')[0]), 'nothing of the name is told');
    await page.goto(from);
    await page.waitForSelector('button[name=public]');
    // At home the same person is signed in: that is the control.
    await page.goto(to);
    assert.ok((await heading(page)).includes(who.name.split(' ')[0]), 'at home, the pupil is greeted by name');
    assert.deepEqual(page.asked.filter((url) => ![from, to].some((base) => url.startsWith(base))), []);
  });
}
