// Everything that leads through a mailbox, in a preau of its own that writes its letters into a folder: a lost password, a second factor that the
// letter does not stand for, codes by mail. Walked with a headless Chromium in both languages; letters are looked at as a mail reader shows them.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, close, demo, look, pictures, signIn, visitor } from './rig.mjs';
import { addsPasskey, school } from './school.mjs';
import { isReadable } from './spoken.mjs';

const FORMER = 'tortue-vive-mauve';
const NEW = 'girafe-lente-verte';
const LANGUAGES = { fr: { locale: 'fr-FR', hello: 'Bonjour' }, en: { locale: 'en-GB', hello: 'Hello' } };
let lilas;

before(async () => {
  const people = Object.keys(LANGUAGES).flatMap((language) => [
    { login: `ondine.${language}`, given: 'Ondine', profile: 'Invite', mail: `ondine.${language}@association.example` },
    { login: `jumelle.${language}`, given: 'Jumelle', profile: 'Invite', mail: `famille.${language}@association.example` },
    { login: `jumeau.${language}`, given: 'Jumeau', profile: 'Invite', mail: `famille.${language}@association.example` },
    { login: `odile.${language}`, given: 'Odile', profile: 'National_DIR', mail: `odile.${language}@ecole.example` },
    { login: `celeste.${language}`, given: 'Céleste', profile: 'Invite', mail: `celeste.${language}@association.example` },
  ]);
  const letters = '[mail]\nfolder = "letters"\nfrom = "ne-pas-repondre@ent.example"\n';
  lilas = await school('mail', { people: people.map((one) => ({ ...one, password: FORMER })), more: letters });
});

after(async () => {
  lilas?.end();
  await close();
});

const read = new Set();

/** The next letter to that address; a letter is read once. */
async function letter(to) {
  const folder = join(lilas.place, 'letters');
  for (let i = 0; i < 100; i += 1) {
    let names = [];
    try {
      names = readdirSync(folder).filter((name) => !read.has(name));
    } catch {
      // Nobody was written to yet.
    }
    for (const name of names) {
      const text = readFileSync(join(folder, name), 'utf8');
      if (!text.includes(`To: ${to}\n`)) continue;
      read.add(name);
      const [head, ...rest] = text.split('\n\n');
      return { subject: head.match(/^Subject: (.*)$/m)[1], text: rest.join('\n\n') };
    }
    await new Promise((later) => setTimeout(later, 100));
  }
  throw new Error(`no letter to ${to}`);
}

/** A letter as a mail reader shows it, wide and on a telephone. */
async function picture({ subject, text }, name) {
  const page = await visitor();
  await page.setContent('<!doctype html><h1></h1><p></p>');
  await page.addStyleTag({ content: 'body { font: 16px/1.4 sans-serif; margin: 16px } h1 { font-size: 20px } p { white-space: pre-wrap; overflow-wrap: anywhere }' });
  await page.evaluate(([title, body]) => {
    document.querySelector('h1').textContent = title;
    document.querySelector('p').textContent = body;
  }, [subject, text]);
  for (const [word, size] of [['wide', WIDE], ['narrow', NARROW]]) {
    await page.setViewportSize(size);
    await page.screenshot({ path: `${pictures}/${name}-${word}.png`, fullPage: true });
  }
  await page.context().close();
}

/** Looks at a page; one that refuses something is told by its status too. */
async function looks(page, name) {
  page.problems.length = 0;
  await isReadable(page, name);
  await look(page, name);
}

async function asksForLetter(page, who, name) {
  await page.goto(lilas.base);
  await page.click('button[name=public][value=guest]');
  await page.click('a[href*="/forgotten"]');
  if (name) await looks(page, `${name}-forgotten`);
  await page.fill('input[name=who]', who);
  await page.click('main button.main');
  await page.waitForSelector('input[name=who]', { state: 'detached' });
  if (name) await looks(page, `${name}-asked`);
}

async function choose(page) {
  await page.fill('input[name=password]', NEW);
  await page.fill('input[name=again]', NEW);
  await page.click('main button.main');
  await page.waitForSelector('input[name=again]', { state: 'detached' });
}

for (const [language, { locale, hello }] of Object.entries(LANGUAGES)) {
  const name = (what) => `mail-${language}-${what}`;
  const arrives = () => visitor({ locale });

  test(`${language}: a lost password, from the page that asks to the new one`, async () => {
    const [page, to] = [await arrives(), `ondine.${language}@association.example`];
    await asksForLetter(page, `ondine.${language}`, name('lost'));
    const arrived = await letter(to);
    assert.ok(arrived.text.startsWith(hello), arrived.text);
    await picture(arrived, name('letter-reset'));
    const [, address, code] = arrived.text.match(/(\S+\/reset)#(\S+)/);
    await page.goto(`${address}#7K2M-9XQ4-HD3W`);
    await page.click('main button.main');
    await page.waitForSelector('[role=alert]');
    await looks(page, name('code-wrong'));
    // What stands behind # reaches the field, and no server.
    await page.goto(`${address}#${code}`);
    assert.equal(await page.inputValue('input[name=code]'), code);
    assert.ok(!page.url().includes('#') && page.asked.every((url) => !new URL(url).pathname.includes(code)));
    await looks(page, name('code'));
    await page.click('main button.main');
    await page.waitForSelector('input[name=again]');
    await looks(page, name('new-password'));
    await page.fill('input[name=password]', 'azertyuiop');
    await page.fill('input[name=again]', 'azertyuiop');
    await page.click('main button.main');
    await page.waitForSelector('[role=alert]');
    await looks(page, name('new-password-weak'));
    await choose(page);
    await looks(page, name('done'));
    await page.click('main a.button');
    await signIn(page, { public: 'guest', login: `ondine.${language}`, password: NEW });
    await page.waitForSelector('form[action="/sign-out"]');
    await picture(await letter(to), name('letter-changed'));
  });

  test(`${language}: two accounts with one address have one letter`, async () => {
    const to = `famille.${language}@association.example`;
    await asksForLetter(await arrives(), to);
    const arrived = await letter(to);
    for (const login of [`jumelle.${language}`, `jumeau.${language}`]) assert.ok(arrived.text.includes(login), login);
    await picture(arrived, name('letter-family'));
  });

  test(`${language}: whose password lives elsewhere reads where it is replaced`, async () => {
    const page = await arrives();
    await page.goto(demo.base);
    await page.click('button[name=public][value=staff]');
    await page.click('a[href*="/forgotten"]');
    assert.equal(await page.locator('input[name=who]').count(), 0, 'nothing is asked');
    await looks(page, name('elsewhere'));
  });

  test(`${language}: a head of school with a passkey shows it before the letter counts`, async () => {
    const [page, anew] = [await arrives(), await arrives()];
    const head = { public: 'staff', login: `odile.${language}`, password: FORMER };
    await page.goto(lilas.base);
    await signIn(page, head);
    const device = await addsPasskey(page, lilas.base);
    await asksForLetter(await arrives(), head.login);
    const { text } = await letter(`odile.${language}@ecole.example`);
    const [, address, code] = text.match(/(\S+\/reset)#(\S+)/);
    // Another device, which has the mailbox and nothing else.
    await anew.goto(`${address}#${code}`);
    await anew.click('main button.main');
    await anew.waitForSelector('form[data-passkey]:not([hidden])');
    assert.equal(await anew.locator('input[name=again]').count(), 0);
    await looks(anew, name('second-before'));
    await page.goto(`${address}#${code}`);
    await page.click('main button.main');
    await page.click('form[data-passkey] button');
    await page.waitForSelector('input[name=again]');
    await choose(page);
    await looks(page, name('done-with-passkey'));
    assert.equal((await device.kept()).length, 1, 'it stays');
  });

  test(`${language}: codes by mail are turned on, and asked for before something changes`, async () => {
    const [page, to] = [await arrives(), `celeste.${language}@association.example`];
    const celeste = { public: 'guest', login: `celeste.${language}`, password: FORMER };
    await page.goto(lilas.base);
    await signIn(page, celeste);
    await page.goto(`${lilas.base}/account`);
    await page.click('a[href="/account/mail"]');
    await looks(page, name('codes'));
    await page.click('form[action="/account/mail"] button');
    await page.waitForSelector('input[name=code]');
    await looks(page, name('codes-sent'));
    const first = await letter(to);
    await picture(first, name('letter-code'));
    await page.fill('input[name=code]', '000000');
    await page.click('form.code button');
    await page.waitForSelector('[role=alert]');
    await looks(page, name('codes-wrong'));
    await page.waitForTimeout(1_100);
    await page.fill('input[name=code]', first.text.match(/\b\d{6}\b/)[0]);
    await page.click('form.code button');
    await page.waitForSelector('#factors ~ .cards > li');
    await looks(page, name('account'));
    // In another browser the same change asks for a code besides the password.
    const other = await arrives();
    await other.goto(lilas.base);
    await signIn(other, celeste);
    await other.goto(`${lilas.base}/account/codes/new`);
    await other.waitForSelector('form[action$="/code/mail"]');
    await looks(other, name('second'));
  });
}
