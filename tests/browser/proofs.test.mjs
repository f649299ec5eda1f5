// How people prove who they are, walked through with a headless Chromium against the running demo: a code on paper at an école that has nothing but
// lists, what its director and its teachers do for pupils, an account chosen among several, and a second factor at the door of each protocol.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { account, authenticator, close, demo, look, service, signIn, visitor } from './rig.mjs';

after(close);

const lists = demo.lists;
const GIRAFFE = 'girafe-lente-verte';

/** A code for somebody of the lists, as the command line shows it: the one on paper may have been used by whoever looked at the demo. */
const codeFor = (key) =>
  execFileSync(demo.program, ['--demo', '--config', lists.config, 'activation', 'code', `ecole$${key}`], { encoding: 'utf8' }).match(/this once: (\S+)/)[1];

/** From the address of a card to the home page: the charte, a login unless there is one, a password. */
async function activate(page, code, password, name) {
  await page.goto(`${lists.base}activate`);
  await page.fill('input[name=code]', code);
  await page.click('main button.main');
  await page.waitForSelector('input[name=again]');
  if (name) await look(page, name);
  await page.fill('input[name=password]', password);
  await page.fill('input[name=again]', password);
  const charte = page.locator('input[name=charte]');
  if (await charte.count()) await charte.check();
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
  await page.waitForSelector('form[action="/sign-out"]');
}

/** Whoever signs in for the first time reads the charte. */
async function acceptCharte(page) {
  await page.waitForSelector('form[action="/sign-out"], form[action$="/charte"]');
  if (await page.locator('form[action$="/charte"]').count()) await page.click('form[action$="/charte"] button.main');
}

async function signOut(page) {
  await page.click('form[action="/sign-out"] button');
  await page.waitForSelector('a.button[href="/"]');
}

test('a pupil of the lists: a code, the charte, a password of their own, and in again by it', async () => {
  const page = await visitor();
  const code = codeFor('1');
  await page.goto(lists.base);
  await page.click('button[name=public][value=pupil]');
  await page.click('a[href$="/activate"]');
  await page.fill('input[name=code]', code);
  await page.click('main button.main');
  await page.waitForSelector('input[name=again]');
  assert.match(await page.textContent('main'), /Noé PETIT/);
  const login = await page.inputValue('input[name=login]');
  await page.fill('input[name=password]', 'azertyuiop');
  await page.fill('input[name=again]', 'azertyuiop');
  await page.check('input[name=charte]');
  await page.click('main button.main');
  assert.match(await page.textContent('[role=alert]'), /tout le monde/);
  await page.fill('input[name=password]', GIRAFFE);
  await page.fill('input[name=again]', GIRAFFE);
  await page.check('input[name=charte]');
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
  await page.waitForSelector('form[action="/sign-out"]');
  assert.match(await page.textContent('h1'), /Noé/);
  await signOut(page);
  await page.goto(lists.base);
  await signIn(page, { public: 'pupil', login, password: GIRAFFE });
  assert.match(await page.textContent('h1'), /Noé/);
});

test('the director prints the codes of a class, and one of them opens the door', async () => {
  const page = await visitor();
  const [head] = lists.accounts;
  await page.goto(lists.base);
  await signIn(page, head);
  await acceptCharte(page);
  await page.click('a[href="/activation"]');
  await page.waitForSelector('form[action="/activation/sheets"]');
  await look(page, 'lists-desk');
  await page.check('input[name=public][value=pupil]');
  await page.check('input[name=class][value=CE1]');
  const again = page.locator('input[name=again]');
  if (await again.count()) await again.check();
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('form[action="/activation/sheets"] button')]);
  const sheet = await download.path();
  assert.ok(readFileSync(sheet).subarray(0, 5).equals(Buffer.from('%PDF-')));
  const said = execFileSync('pdftotext', ['-layout', sheet, '-'], { encoding: 'utf8' });
  const codes = said.match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g);
  assert.ok(new Set(codes).size === 4 && said.includes('Capucine ROUX'), said);
  const pupil = await visitor();
  await activate(pupil, codes[0], GIRAFFE);
  assert.match(await pupil.textContent('h1'), /Bonjour/);
});

test('a teacher of the lists helps a pupil of her class and of no other, and the former password is over', async () => {
  const [teacher, pupil, anew] = [await visitor(), await visitor(), await visitor()];
  await activate(pupil, codeFor('2'), GIRAFFE, 'lists-choose');
  await activate(teacher, codeFor('90'), 'craie-blanche-au-tableau');
  await teacher.click('a[href="/pupils"]');
  const own = await teacher.textContent('main');
  assert.ok(own.includes('Elif') && !own.includes('Capucine'), own);
  const card = teacher.locator('li', { hasText: 'Elif' });
  await Promise.all([teacher.waitForNavigation(), card.locator('button').click()]);
  const code = await teacher.textContent('main code');
  await activate(anew, code, 'un nuage dans la poche');
  assert.match(await anew.textContent('h1'), /Elif/);
  await pupil.waitForTimeout(3_500);
  await pupil.goto(`${lists.base}account`);
  assert.ok(pupil.url().includes('/sign-in/'), 'whoever was signed in before is not any more');
});

test('the director turns the second key of a service, and the class opens it', async () => {
  const [head, pupil] = [await visitor(), await visitor()];
  const carnet = lists.services.find((one) => one.id === 'carnet');
  await activate(pupil, codeFor('3'), GIRAFFE);
  assert.equal(await pupil.locator('a[href="/open/carnet"]').count(), 0, 'not before she did');
  await head.goto(lists.base);
  await signIn(head, lists.accounts[0]);
  await acceptCharte(head);
  await head.click('a[href="/services"]');
  await look(head, 'lists-services');
  await head.click('a[href*="carnet"]');
  await look(head, 'lists-service');
  await head.check('input[name=profile][value=National_ELV]');
  const inThirtyDays = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  await head.locator('form.fields input[name=until]').last().fill(inThirtyDays);
  await head.locator('form.fields button').last().click();
  await head.waitForSelector('form[action="/services/carnet/open"]');
  await look(head, 'lists-service-preview');
  await Promise.all([head.waitForNavigation(), head.click('form[action="/services/carnet/open"] button')]);
  for (let i = 0; i < 50; i += 1) {
    await pupil.goto(lists.base);
    if (await pupil.locator('a[href="/open/carnet"]').count()) break;
    await pupil.waitForTimeout(200);
  }
  await pupil.click('a[href="/open/carnet"]');
  await pupil.waitForSelector('[data-user]');
  assert.ok(pupil.url().startsWith(carnet.address), pupil.url());
});

test('whoever is several accounts elsewhere chooses one here', async () => {
  const [provider] = demo.providers;
  const { login, password, accounts } = provider.several;
  for (const role of accounts) {
    const page = await visitor();
    await page.goto(demo.base);
    await page.click('button[name=public][value=guardian]');
    await page.click(`a[href*="/elsewhere/${provider.id}"]`);
    await page.fill('input[name=username]', login);
    await page.fill('input[name=password]', password);
    await page.click('button[type=submit], input[type=submit], form button');
    await page.waitForSelector('form[action$="/account"] button');
    // What the pages of the other provider lack is not ours.
    page.problems.length = 0;
    await look(page, 'choose-account');
    await page.locator('form[action$="/account"] button', { hasText: account(role).name }).click();
    await page.waitForSelector('form[action="/sign-out"]');
    assert.ok((await page.textContent('h1')).includes(account(role).name.split(' ')[0]), role);
    await page.context().close();
  }
});

test('a rule that wants two factors has them asked for at the door of each protocol', async () => {
  const page = await visitor();
  const teacher = account('teacher');
  const device = await authenticator(page);
  await page.goto(demo.base);
  await signIn(page, teacher);
  await page.goto(`${demo.base}account/passkeys/new`);
  await page.waitForSelector('form[data-makes]:not([hidden])');
  await page.fill('input[name=name]', 'Ordinateur du CDI');
  await page.click('form[data-makes] button');
  await page.waitForSelector('#factors ~ .cards > li');
  const doors = ['kiosque', 'agenda', 'textes'];
  const files = doors.map((id) => join(demo.service_instances, `${id}.toml`));
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  try {
    files.forEach((file, at) => writeFileSync(file, `${texts[at]}\n[[audience.two_factors]]\nprofiles = ["National_ENS"]\n`));
    await page.waitForTimeout(3_500);
    for (const id of doors) {
      await signOut(page);
      // A passkey that answers by itself, as the form may ask it to, would be both factors at once.
      await device.answers(false);
      await page.goto(service(id).address);
      await signIn(page, teacher);
      await device.answers(true);
      // The password alone opens nothing: no session of the service, and none here.
      await page.waitForSelector('form[data-passkey]:not([data-makes]):not([hidden])');
      assert.ok(page.url().startsWith(demo.base), page.url());
      assert.match(await page.textContent('main'), /plus que votre mot de passe/);
      await page.click('form[data-passkey] button');
      await page.waitForSelector('[data-user]');
      assert.ok(page.url().startsWith(service(id).address), `${id} opened: ${page.url()}`);
      await page.goto(demo.base);
    }
  } finally {
    files.forEach((file, at) => writeFileSync(file, texts[at]));
  }
  await page.goto(`${demo.base}account`);
  await page.click('#factors ~ .cards summary');
  await page.click('form[action="/account/factors/remove"] button');
  await page.waitForSelector('#factors ~ .cards', { state: 'detached' });
});

test('a parent of several children in several schools has one account, and acts for the one they say', async () => {
  const page = await visitor();
  await page.goto(demo.base);
  await signIn(page, account('parent'));
  const children = await page.$$eval('select[name=child] option:not([value=""])', (all) => all.map((one) => [one.value, one.textContent.trim()]));
  assert.equal(children.length, 2, String(children));
  for (const [value, name] of children) {
    await page.selectOption('select[name=child]', value);
    await Promise.all([page.waitForNavigation(), page.click('form[action="/child"] button')]);
    assert.equal(await page.inputValue('select[name=child]'), value);
    assert.ok((await page.locator('select[name=child] option:checked').textContent()).includes(name.split(' ')[0]), name);
  }
  await look(page, 'home-parent');
  await page.goto(`${demo.base}account`);
  assert.ok((await page.textContent('main')).includes(account('parent').name));
});

test('a language is chosen for every device, without a script', async () => {
  const page = await visitor({ javaScriptEnabled: false });
  const person = account('librarian');
  await page.goto(demo.base);
  await signIn(page, person);
  await page.goto(`${demo.base}account`);
  await page.selectOption('select[name=language]', 'en');
  await Promise.all([page.waitForNavigation(), page.click('form[action="/account/language"] button')]);
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  const elsewhere = await visitor();
  await elsewhere.goto(demo.base);
  assert.equal(await elsewhere.getAttribute('html', 'lang'), 'fr');
  await signIn(elsewhere, person);
  assert.equal(await elsewhere.getAttribute('html', 'lang'), 'en');
  await elsewhere.goto(`${demo.base}account`);
  await look(elsewhere, 'account-language');
  await elsewhere.selectOption('select[name=language]', '');
  await Promise.all([elsewhere.waitForNavigation(), elsewhere.click('form[action="/account/language"] button')]);
  assert.equal(await elsewhere.getAttribute('html', 'lang'), 'fr');
});
