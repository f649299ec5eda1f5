// What a screen reader reads of the pages of the way in and out, word by word, against spoken/*.txt: `UPDATE_SPOKEN=1` writes them anew.
// The rules that hold on every page are looked at wherever walk.test.mjs looks.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { account, close, demo, service, signIn, visitor } from './rig.mjs';
import { isReadable, lines, tree } from './spoken.mjs';

after(close);

/** Compares what is read of a page with what is kept; what is another one each time is written as a word. */
async function isReadAs(page, name) {
  await isReadable(page, name);
  const incident = (await page.locator('.incident code').allTextContents())[0];
  const said = lines(await tree(page)).join('\n').replaceAll(incident ?? '\0', 'INCIDENT');
  const file = new URL(`spoken/${name}.txt`, import.meta.url);
  if (process.env.UPDATE_SPOKEN) {
    mkdirSync(new URL('spoken', import.meta.url), { recursive: true });
    writeFileSync(file, `${said}\n`);
  }
  assert.equal(`${said}\n`, readFileSync(file, 'utf8'), `${name} is read aloud otherwise`);
}

test('a rule that is broken is seen', async () => {
  const page = await visitor();
  const sound =
    '<html lang="fr"><title>x</title><body><a href="#m">skip</a><header>a</header><main id="m"><h1>b</h1></main><footer>c</footer>';
  await page.setContent(sound);
  await isReadable(page, 'the control');
  for (const [fault, message] of [
    [sound.replace('<h1>b</h1>', '<h1>b</h1><p aria-hidden="true">seen</p>'), /seen and heard differ/],
    [sound.replace('<h1>b</h1>', '<h1>b</h1><h3>d</h3>'), /headings 1,3/],
    [sound.replace('<h1>b</h1>', '<h1>b</h1><button></button>'), /a button without a name/],
    [sound.replace('<h1>b</h1>', '<h1>b</h1><a href="/x">d</a><a href="/y">d</a>'), /two are called/],
    [sound.replace('<footer>c</footer>', '').replace('<header>', '<footer>c</footer><header>'), /order of reading/],
    [sound.replace('<a href="#m">skip</a>', '<button>first</button>'), /first stop/],
  ]) {
    await page.setContent(fault);
    await assert.rejects(isReadable(page, 'fault'), message);
  }
});

test('the way in and out is read in its order, with names, states and sentences', async () => {
  const page = await visitor();
  // Nobody else's walk opens a service in this account: the home page would list it.
  const pupil = account('pupil-lycee');
  await page.goto(demo.base);
  await isReadAs(page, 'choose');
  await page.click('button[name=public][value=pupil]');
  await isReadAs(page, 'password');
  await page.fill('input[name=login]', pupil.login);
  await page.fill('input[name=password]', 'not this one');
  await page.click('form:has(input[name=password]) button:not([type=button])');
  // The error has the focus, so that it is read first; the fields are tied to it.
  await page.waitForFunction(() => document.activeElement?.id === 'problem');
  const wrong = await tree(page);
  const [alert] = wrong.filter((node) => node.role === 'alert');
  assert.ok(alert.property('focused'), 'whoever is told of an error hears it first');
  for (const field of wrong.filter((node) => node.role === 'textbox')) {
    assert.equal(field.property('invalid'), 'true', field.name);
    assert.match(field.description, /profil choisi/, field.name);
  }
  await isReadAs(page, 'password-wrong');
  await page.goto(demo.base);
  await page.waitForTimeout(1200);
  await signIn(page, pupil);
  await page.waitForSelector('a.tile');
  await isReadAs(page, 'home');
  // What a filter found is told by a region that speaks by itself.
  await page.fill('input[name=q]', 'kiosque');
  await page.waitForFunction(() => document.querySelector('[data-found]').textContent.length > 0);
  const [found] = (await tree(page)).filter((node) => node.role === 'status');
  assert.equal(found.property('live'), 'polite');
  await page.goto(service('atelier').address);
  await isReadAs(page, 'refused');
  await page.goto(demo.base);
  await page.click('form[action="/sign-out"] button');
  await page.waitForSelector('[role=status]');
  await isReadAs(page, 'signed-out');
});
