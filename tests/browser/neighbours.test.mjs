// Two ENTs whose people are guests of one another, walked through with a headless Chromium against the running demo: the écoles' people
// come to the collège by OpenID Connect, the collège's to the écoles by SAML.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { account, close, demo, look, service, signIn, visitor } from './rig.mjs';

after(close);

const heading = (page) => page.textContent('h1');
const given = (who) => who.name.split(' ')[0];

/** The account of the écoles' ENT with this role. */
function neighbour(role) {
  const found = demo.neighbour.accounts.find((candidate) => candidate.role === role);
  assert.ok(found, `the écoles have no account ${role}`);
  return found;
}

const WAYS = [
  {
    way: 'OpenID Connect',
    host: demo.base,
    home: demo.neighbour.base,
    source: 'ecoles',
    guests: [neighbour('pupil-neighbour'), neighbour('teacher-neighbour')],
    nobody: neighbour('head-neighbour'),
    config: demo.config,
  },
  {
    way: 'SAML',
    host: demo.neighbour.base,
    home: demo.base,
    source: 'college',
    guests: [account('pupil-6e'), account('teacher')],
    nobody: account('cpe'),
    config: demo.neighbour.config,
  },
];

/** What an operator types at the ENT of this configuration. */
const preau = (config, ...args) => execFileSync(demo.program, ['--demo', '--config', config, ...args], { encoding: 'utf8' });

/** From the first page of one ENT through the sign-in at the other, and back. */
async function comeAsGuest(page, { host, home, source }, who) {
  await page.goto(host);
  await page.click('button[name=public][value=guest]');
  await page.click(`a[href*="/elsewhere/${source}"]`);
  await page.waitForSelector('button[name=public]');
  assert.ok(page.url().startsWith(home), `${page.url()} is at home`);
  await signIn(page, who);
  await page.waitForURL((url) => url.href.startsWith(host));
}

for (const way of WAYS) {
  test(`by ${way.way}: who is on a list comes in as a guest, by the password of home`, async () => {
    for (const who of way.guests) {
      const page = await visitor();
      await comeAsGuest(page, way, who);
      await page.goto(way.host);
      assert.ok((await heading(page)).includes(given(who)), `${given(who)} is greeted: ${await heading(page)}`);
      const family = who.name.split(' ')[1];
      assert.ok(!(await page.innerText('body')).includes(family), 'of the family name an initial is known');
    }
  });

  test(`by ${way.way}: who is on no list signs in at home, and is nobody at the host`, async () => {
    const page = await visitor();
    await comeAsGuest(page, way, way.nobody);
    await page.goto(way.host);
    await page.waitForSelector('button[name=public]');
    // At home the same person is signed in.
    await page.goto(way.home);
    assert.ok((await heading(page)).includes(given(way.nobody)), 'at home, everybody is greeted by name');
  });

  test(`by ${way.way}: when the convention stops, a live session ends and nobody comes in; when it goes on, they do`, async () => {
    const [who] = way.guests;
    const page = await visitor();
    await comeAsGuest(page, way, who);
    preau(way.config, 'conventions', 'suspend', demo.shared.convention);
    try {
      // What is done by hand counts within three seconds.
      for (let i = 0; i < 50 && !(await page.$('button[name=public]')); i += 1) {
        await page.waitForTimeout(100);
        await page.goto(way.host);
      }
      await page.waitForSelector('button[name=public]');
      const next = await visitor();
      await comeAsGuest(next, way, who);
      await next.goto(way.host);
      await next.waitForSelector('button[name=public]');
    } finally {
      preau(way.config, 'conventions', 'resume', demo.shared.convention);
    }
    const again = await visitor();
    await comeAsGuest(again, way, who);
    await again.goto(way.host);
    assert.ok((await heading(again)).includes(given(who)), 'control');
  });
}

test('a guest opens what the space mounts beside a pupil of the house, and nothing else', async () => {
  const [pupil] = WAYS[0].guests;
  const page = await visitor();
  await comeAsGuest(page, WAYS[0], pupil);
  await page.goto(demo.base);
  const tiles = await page.locator('a.tile').evaluateAll((all) => all.map((tile) => tile.getAttribute('href')));
  assert.deepEqual(tiles, ['/open/kiosque'], 'the space mounts one service');
  await look(page, 'guest-home');
  await page.click('a[href="/open/kiosque"]');
  await page.waitForSelector('[data-user]');
  assert.ok(page.url().startsWith(service('kiosque').address));
  await page.goto(`${demo.base}open/agenda`);
  assert.ok(page.url().startsWith(demo.base), 'no other service is reached');
  const own = await visitor();
  await own.goto(demo.base);
  await signIn(own, account('pupil-6e'));
  for (const id of ['kiosque', 'agenda']) {
    await own.goto(`${demo.base}open/${id}`);
    await own.waitForSelector('[data-user]');
    assert.ok(own.url().startsWith(service(id).address), `control: ${id}`);
  }
});
