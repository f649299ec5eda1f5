// What a person sees, walked through with a headless Chromium against the running demo.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { account, authenticator, close, demo, look, pictures, service, signIn, tabTo, visitor } from './rig.mjs';

after(close);

const heading = (page) => page.textContent('h1');
const signOut = (page) => page.click('form[action="/sign-out"] button');
const user = (page) => page.getAttribute('[data-user]', 'data-user');

/** The picture of the portal in the README shows these tiles: `UPDATE_PICTURE=1 tests/browser/run.sh` takes it anew. */
async function isThePictureOfTheReadme(page) {
  const titles = await page.locator('a.tile').evaluateAll((all) => all.map((tile) => tile.innerText.split('\n')[0]));
  const [file, shown] = ['docs/images/README.md', /(?<=, these tiles: ).*(?= \|$)/m];
  if (process.env.UPDATE_PICTURE) {
    copyFileSync(join(pictures, 'home-wide.png'), 'docs/images/portal.png');
    writeFileSync(file, readFileSync(file, 'utf8').replace(shown, titles.join(', ')));
  }
  assert.equal(readFileSync(file, 'utf8').match(shown)[0], titles.join(', '), 'docs/images/portal.png shows other tiles');
}

test('the checks of a page see a fault where there is one', async () => {
  const page = await visitor();
  const faulty = '<html lang="fr"><title>x</title><main><h1>x</h1><img src="data:,"></main></html>';
  await page.setContent(faulty);
  await assert.rejects(look(page, 'fault'), /image-alt/);
  await page.setContent(faulty.replace('<img src="data:,">', '<p style="width: 400px">x</p>'));
  await assert.rejects(look(page, 'fault'), /needs \d+ pixels/);
});

test('sign in, open two services without a second password, sign out of everything', async () => {
  const page = await visitor();
  const teacher = account('teacher');
  await page.goto(demo.base);
  await look(page, 'choose');
  await page.click('button[name=public][value=staff]');
  await look(page, 'password');
  await page.fill('input[name=login]', teacher.login);
  await page.fill('input[name=password]', teacher.password);
  await page.click('form:has(input[name=password]) button:not([type=button])');
  await page.waitForSelector('a.tile');
  assert.ok((await heading(page)).includes(teacher.name.split(' ')[0]), 'the home page greets by name');
  await look(page, 'home');
  await isThePictureOfTheReadme(page);

  for (const id of ['kiosque', 'atelier', 'agenda']) {
    await page.goto(demo.base);
    await page.click(`a[href="/open/${id}"]`);
    await page.waitForSelector('[data-user]');
    assert.ok(page.url().startsWith(service(id).address), `${id} opened at its own address`);
    await look(page, `service-${id}`);
  }

  await page.goto(demo.base);
  await signOut(page);
  await page.waitForSelector('a.button[href="/"]');
  const sentence = (await page.textContent('[role=status]')).replace(/\s/g, ' ');
  assert.match(sentence, /^Votre session est terminée( : tout est fermé, et les 3 services.* avertis\.$|, mais .* répondu)/);
  await look(page, 'signed-out');
  for (const id of ['kiosque', 'atelier', 'agenda']) {
    // On a busy machine one may hear later than the page waits for: the sentence names it then.
    const patience = sentence.includes(service(id).title) ? 50 : 1;
    for (let i = 0; i < patience; i += 1) {
      await page.goto(service(id).address);
      if (page.url().startsWith(demo.base)) break;
      await page.waitForTimeout(100);
    }
    assert.ok(page.url().startsWith(demo.base), `${id} still knows the person: ${sentence}`);
  }
  const elsewhere = page.asked.filter((url) => new URL(url).hostname !== 'localhost');
  assert.deepEqual(elsewhere, [], 'no page asks anything of another machine');
});

test('after sign-out the back button shows nothing of the person', async () => {
  const page = await visitor();
  const teacher = account('teacher');
  await page.goto(demo.base);
  await signIn(page, teacher);
  await page.waitForSelector('a.tile');
  await page.goto(`${demo.base}?q=kiosque`);
  assert.ok((await heading(page)).includes(teacher.name), 'the control: the page names the person');
  // While the session lasts, the browser goes back to a page that names them.
  await page.goto(`${demo.base}accessibility`);
  await page.goBack();
  assert.ok((await heading(page)).includes(teacher.name));
  await signOut(page);
  await page.click('a.button[href="/"]');
  await page.waitForSelector('button[name=public]');
  // Going back from there, and asking for it again, shows the sentence again.
  for (const again of [() => page.goBack(), () => page.reload()]) {
    await again();
    assert.match(await page.textContent('[role=status]'), /^Votre session est terminée/, page.url());
  }
  for (let back = 0; back < 6; back += 1) {
    await page.goBack().catch(() => null);
    await page.waitForLoadState();
    assert.ok(!(await page.content()).includes(teacher.name), `${back + 1} pages back: ${page.url()}`);
  }
});

test('every profile signs in and is greeted by name', async () => {
  for (const who of demo.accounts) {
    const page = await visitor();
    await page.goto(demo.base);
    await signIn(page, who);
    assert.ok((await heading(page)).includes(who.name.split(' ')[0]), `${who.role}: ${await heading(page)}`);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  }
});

test('a passkey is made, signs in without a name, is a second proof, and is removed', async () => {
  const page = await visitor();
  const teacher = account('teacher');
  const device = await authenticator(page);
  await page.goto(demo.base);
  await signIn(page, teacher);
  await page.click('a[href="/account"]');
  await look(page, 'account-without');
  await page.click('a[href="/account/passkeys/new"]');
  await page.waitForSelector('form[data-makes]:not([hidden])');
  await look(page, 'passkey-new');
  await page.fill('input[name=name]', 'Ordinateur du CDI');
  await page.click('form[data-makes] button');
  await page.waitForSelector('#factors ~ .cards > li');
  assert.match(await page.textContent('#factors ~ .cards > li'), /Ordinateur du CDI/);
  assert.equal((await device.kept()).length, 1, 'the authenticator keeps whose it is');
  await look(page, 'account-with');

  await signOut(page);
  await page.waitForSelector('a.button[href="/"]');
  await page.goto(demo.base);
  await page.waitForSelector('form[data-passkey]:not([hidden])');
  await look(page, 'choose-passkey');
  // Whoever gives up is told so, and may try again.
  await device.knowsItsUser(false);
  await page.click('form[data-passkey] button');
  await page.waitForSelector('[data-problem]:not([hidden])', { timeout: 60_000 });
  await device.knowsItsUser(true);
  await page.click('form[data-passkey] button');
  await page.waitForSelector('a.tile');
  assert.ok((await heading(page)).includes(teacher.name.split(' ')[0]), 'nobody typed a name');

  await signOut(page);
  await page.waitForSelector('a.button[href="/"]');
  await page.goto(demo.base);
  const without = await visitor({ javaScriptEnabled: false });
  await without.goto(demo.base);
  assert.ok(await without.isHidden('form[data-passkey]'), 'without a script the page offers the password alone');
  await signIn(without, teacher);
  await without.goto(`${demo.base}account/passkeys/new`);
  assert.match(await without.textContent('main'), /JavaScript/);
  await without.context().close();

  // In a browser that keeps no passkey the password comes first, and is not enough to add one.
  const thief = await visitor();
  await thief.goto(demo.base);
  await signIn(thief, teacher);
  await thief.goto(`${demo.base}account/passkeys/new`);
  await thief.waitForSelector('form[data-passkey]:not([data-makes]):not([hidden])');
  await look(thief, 'second');
  await thief.context().close();

  await page.waitForSelector('form[data-passkey]:not([hidden])');
  await page.click('form[data-passkey] button');
  await page.waitForSelector('a.tile');
  await page.goto(`${demo.base}account`);
  await page.click('#factors ~ .cards summary');
  await look(page, 'account-change');
  await page.click('form[action="/account/factors/remove"] button');
  await page.waitForSelector('#factors ~ .cards', { state: 'detached' });
  await signOut(page);
  await page.waitForSelector('a.button[href="/"]');
  await page.goto(demo.base);
  await page.click('form[data-passkey] button');
  await page.waitForSelector('[role=alert]:not([hidden])');
  assert.ok(await page.isHidden('a.tile').catch(() => true), 'what was removed signs nobody in');
});

test('the keyboard is enough', async () => {
  const page = await visitor();
  const pupil = account('pupil-6e');
  await page.goto(demo.base);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#main', 'the first stop skips to the content');
  await tabTo(page, 'button[name=public][value=pupil]');
  await page.keyboard.press('Enter');
  await page.waitForSelector('input[name=password]');
  await tabTo(page, 'input[name=login]');
  await page.keyboard.type(pupil.login);
  await tabTo(page, 'input[name=password]');
  await page.keyboard.type(pupil.password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('a.tile');
  await tabTo(page, 'a.tile[href="/open/kiosque"]');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-user]');
  await page.goto(demo.base);
  await tabTo(page, 'form[action="/sign-out"] button');
  await page.keyboard.press('Enter');
  await page.waitForSelector('a.button[href="/"]');
});

test('each person sees the tiles of their profile and class, and no other', async () => {
  const expected = {
    teacher: ['agenda', 'atelier', 'ecoles', 'journal-6a', 'kiosque', 'pad', 'textes'],
    cpe: ['agenda', 'atelier', 'ecoles', 'kiosque', 'textes'],
    'pupil-6e': ['agenda', 'ecoles', 'journal-6a', 'kiosque', 'pad', 'textes'],
    'pupil-lycee': ['agenda', 'ecoles', 'kiosque', 'textes'],
    parent: ['agenda', 'familles', 'kiosque', 'textes'],
    guest: ['kiosque'],
  };
  for (const [role, ids] of Object.entries(expected)) {
    const page = await visitor();
    await page.goto(demo.base);
    await signIn(page, account(role));
    const shown = await page.$$eval('a.tile', (tiles) => tiles.map((tile) => tile.getAttribute('href').split('/').pop()));
    assert.deepEqual(shown.sort(), ids, role);
    await page.context().close();
  }
});

test('a file dropped into the folder of instances mounts a service, and a broken one changes nothing', async () => {
  const page = await visitor();
  await page.goto(demo.base);
  await signIn(page, account('teacher'));
  const until = async (count) => {
    for (let i = 0; i < 100; i += 1) {
      await page.goto(demo.base);
      if ((await page.locator('a.tile[href="/open/cours"]').count()) === count) return;
      await page.waitForTimeout(200);
    }
    assert.fail(`the tile did not ${count ? 'appear' : 'go'}`);
  };
  const file = join(demo.service_instances, 'cours.toml');
  try {
    writeFileSync(file, 'connector = "moodle"\nparameters = { url = "https://moodle.example" }\n');
    await until(1);
    writeFileSync(file, 'connector = "moodle"\nparameters = { url = "https://moodle.example" }\nsurprise = 1\n');
    writeFileSync(join(demo.service_instances, 'zz.toml'), 'connector = "no such thing"\n');
    await page.waitForTimeout(3000);
    await until(1);
    assert.equal(await page.locator('a.tile[href="/open/kiosque"]').count(), 1);
  } finally {
    rmSync(file, { force: true });
    rmSync(join(demo.service_instances, 'zz.toml'), { force: true });
  }
  await until(0);
});

test('nothing needs JavaScript', async () => {
  const page = await visitor({ javaScriptEnabled: false });
  const parent = account('parent');
  await page.goto(service('kiosque').address);
  await signIn(page, parent);
  assert.ok(page.url().startsWith(service('kiosque').address), `the service opened: ${page.url()}`);
  await page.goto(demo.base);
  const title = (await page.textContent('a[href="/open/kiosque"] strong')).trim();
  await page.fill('input[name=q]', title.toUpperCase().replace('’', "'"));
  await page.click('form[role=search] button');
  assert.equal(await page.locator('a.tile:visible').count(), 1, 'the search keeps the one tile');
  await page.goto(demo.base);
  await signOut(page);
  await page.goto(demo.base);
  assert.ok(await page.isVisible('button[name=public][value=guardian]'));
});

test('a person with several establishments moves between them', async () => {
  const page = await visitor();
  const teacher = account('teacher-two-schools');
  await page.goto(demo.base);
  await signIn(page, teacher);
  const options = await page.$$eval('select[name=uai] option', (all) => all.map((one) => one.value));
  assert.ok(options.length >= 2, `${options.length} establishments to choose from`);
  const other = await page.$eval('select[name=uai]', (list) => [...list.options].find((one) => !one.selected).value);
  await look(page, 'home-several');
  await page.selectOption('select[name=uai]', other);
  await page.click('form[action="/establishment"] button');
  await page.waitForLoadState();
  assert.equal(await page.$eval('select[name=uai]', (list) => list.value), other);
});

test('a wrong password is told without saying what was wrong', async () => {
  const page = await visitor();
  const teacher = account('teacher');
  await page.goto(demo.base);
  await signIn(page, { ...teacher, password: 'not this one' });
  const known = await page.textContent('[role=alert]');
  await page.waitForFunction(() => document.activeElement?.id === 'problem');
  // A refused password is answered with an error status, which Chromium repeats in its console.
  page.problems = page.problems.filter((text) => !text.startsWith('Failed to load resource'));
  await look(page, 'password-wrong');
  const stranger = await visitor();
  await stranger.goto(demo.base);
  await signIn(stranger, { ...teacher, login: 'nobody.at.all' });
  assert.equal(await stranger.textContent('[role=alert]'), known);
  await signIn.call(null, await restart(stranger), teacher);
  await stranger.waitForSelector('a.tile');
});

async function restart(page) {
  await page.goto(demo.base);
  return page;
}

test('after a wrong password and a right one the back button leads to no form that was sent', async () => {
  const page = await visitor();
  const teacher = account('teacher');
  await page.goto(service('kiosque').address);
  await signIn(page, { ...teacher, password: 'not this one' });
  await page.fill('input[name=password]', teacher.password);
  // Somebody who just failed waits for a second.
  await page.waitForTimeout(1200);
  await page.click('form:has(input[name=password]) button:not([type=button])');
  await page.waitForSelector('[data-user]');
  await page.goBack();
  assert.ok(page.url().startsWith('http') && !(await page.content()).includes('ERR_'), page.url());
  assert.ok((await heading(page)).includes(teacher.name.split(' ')[0]), 'who is signed in is at home');
});

test('a refused person reads why, with a number to quote', async () => {
  const page = await visitor();
  await page.goto(demo.base);
  await signIn(page, account('pupil-6e'));
  assert.equal(await page.locator('a[href="/open/atelier"]').count(), 0, 'the tile is not shown');
  const answer = await page.goto(service('atelier').address);
  assert.equal(answer.status(), 403);
  assert.ok(page.url().startsWith(demo.base), 'the service was not opened');
  assert.match(await page.textContent('.incident code'), /\S{6,}/);
  page.problems = page.problems.filter((text) => !text.startsWith('Failed to load resource'));
  await look(page, 'refused');
});

test('other pages: not found, accessibility, English, dark', async () => {
  const page = await visitor({ locale: 'en-GB', colorScheme: 'dark' });
  const answer = await page.goto(new URL('no-such-page', demo.base).href);
  assert.equal(answer.status(), 404);
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  page.problems = page.problems.filter((text) => !text.startsWith('Failed to load resource'));
  await look(page, 'not-found-dark-en');
  await page.goto(new URL('accessibility', demo.base).href);
  await look(page, 'accessibility-dark-en');
  await page.goto(demo.base);
  await look(page, 'choose-dark-en');
  await signIn(page, account('head'));
  await page.waitForSelector('a.tile');
  await look(page, 'home-dark-en');
  await page.click('a.language');
  assert.equal(await page.getAttribute('html', 'lang'), 'fr');
});

test('a guest signs in with an account kept here', async () => {
  const page = await visitor();
  await page.goto(demo.base);
  await signIn(page, account('guest'));
  assert.ok((await heading(page)).includes(account('guest').name.split(' ')[0]));
  await look(page, 'home-guest');
});

test('the service that was asked for opens after the password, and knows the person', async () => {
  const page = await visitor();
  const cpe = account('cpe');
  await page.goto(service('atelier').address);
  await signIn(page, cpe);
  await page.waitForSelector('[data-user]');
  assert.ok((await user(page)).length > 0);
  await page.goto(service('kiosque').address);
  assert.ok(page.url().startsWith(service('kiosque').address), 'no second password');
});

test('a service may lead on to another host, after the password and after a form', async () => {
  const serve = async (answer) => {
    const server = createServer(answer).listen(0);
    after(() => server.close());
    await once(server, 'listening');
    return server.address().port;
  };
  const front = await serve((_, response) => response.end('<!doctype html><title>front</title><h1>front</h1>'));
  const door = await serve((request, response) => {
    request.resume();
    const asked = request.method === 'POST' || request.url.includes('ticket=');
    response.writeHead(303, { location: asked ? `http://127.0.0.1:${front}/` : login() }).end();
  });
  const address = `http://localhost:${door}/`;
  const login = (more = '') => new URL(`cas/login?service=${encodeURIComponent(address)}${more}`, demo.base).href;
  const file = join(demo.service_instances, 'onward.toml');
  writeFileSync(file, `connector = "php-cas"\nnetwork = "private"\nparameters = { url = "http://localhost:${door}" }\n`);
  try {
    const page = await visitor();
    for (let i = 0; i < 100 && (await page.goto(address)).status() !== 200; i += 1) await page.waitForTimeout(200);
    page.problems.length = 0;
    await signIn(page, account('teacher'));
    assert.equal(await heading(page), 'front', 'after the password');
    await page.goto(login('&method=POST'));
    await page.waitForURL(`http://127.0.0.1:${front}/`);
    assert.deepEqual(page.problems.filter((told) => told.includes('violates')), []);
  } finally {
    rmSync(file, { force: true });
  }
});

test('an editor registers a sandbox on the bench, and their application is answered', async () => {
  const page = await visitor();
  const application = createServer((_, response) => response.end('here')).listen(0);
  after(() => application.close());
  const callback = `http://localhost:${application.address().port}/callback`;
  await page.goto(new URL('bench/kiosque?person=pupil', demo.base).href);
  await look(page, 'bench-service');
  await page.goto(new URL('bench', demo.base).href);
  await look(page, 'bench');
  await page.fill('form[action="/bench/register"] [name=name]', 'Atelier');
  await page.fill('form[action="/bench/register"] [name=addresses]', callback);
  await page.click('form[action="/bench/register"] button');
  await page.waitForSelector('#secret');
  await look(page, 'sandbox');
  const [id] = (await page.textContent('main')).match(/bench-[a-z0-9]{20}/);
  const asked = { client_id: id, redirect_uri: callback, response_type: 'code', scope: 'openid', state: 'of-the-walk' };
  await page.goto(new URL(`oidc/sandbox/${id}/authorize?${new URLSearchParams(asked)}`, demo.base).href);
  await look(page, 'sandbox-person');
  await page.goto(new URL(`oidc/sandbox/${id}/authorize?${new URLSearchParams({ ...asked, scope: 'profile' })}`, demo.base).href);
  page.problems = page.problems.filter((text) => !text.startsWith('Failed to load resource'));
  await look(page, 'sandbox-refused');
  await page.goto(new URL(`bench/sandbox/${id}?replay=1`, demo.base).href);
  await look(page, 'sandbox-replayed');
  await page.goto(new URL(`oidc/sandbox/${id}/authorize?${new URLSearchParams(asked)}`, demo.base).href);
  await page.click('button[name=bench_person][value=teacher]');
  await page.waitForURL(`${callback}?**`);
  const told = new URL(page.url()).searchParams;
  assert.ok(told.get('state') === 'of-the-walk' && told.get('code').length > 20);
});
