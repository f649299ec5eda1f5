// A school that has nothing but lists, in a preau of its own: a code on paper, the charte, a password; a teacher who helps a pupil. Walked with a
// headless Chromium.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { close, look, pictures, visitor } from './rig.mjs';
import { free, program, serves } from './school.mjs';

const place = join(pictures, '../activation');
const HEADING = 'Identifiant;Nom;Prénom;Classe';
let base;
let ends;

const preau = (...words) => execFileSync(program, ['--config', join(place, 'preau.toml'), '--demo', ...words], { encoding: 'utf8' });

/** A code for somebody, as the command line shows it. */
const codeFor = (key) => preau('activation', 'code', `ecole$${key}`).match(/this once: (\S+)/)[1];

before(async () => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'words'), { recursive: true });
  mkdirSync(join(place, 'services'));
  const port = await free();
  base = `http://localhost:${port}`;
  writeFileSync(join(place, 'eleves.csv'), `${HEADING};Né(e) le\n1;PETIT;Noé;CP;\n2;ŞAHIN;Elif;CP;\n3;VANNEAU;Lou;CP;03/11/2014\n`);
  writeFileSync(join(place, 'agents.csv'), `${HEADING}\n9;DUVAL;Odile;CP\n`);
  writeFileSync(
    join(place, 'words/charte.toml'),
    'version = "2026-09"\ntitle = { fr = "Charte d’usage", en = "Charter of use" }\n' +
      'text = { fr = "## Entre nous\\n\\nSoyons courtois.", en = "## Among us\\n\\nLet us be kind." }\n',
  );
  const columns = (more) => `columns = { key = "Identifiant", family_name = "Nom", given_name = "Prénom", class = "Classe"${more} }`;
  writeFileSync(
    join(place, 'preau.toml'),
    `[server]\nlisten = "127.0.0.1:${port}"\n[web]\npublic_url = "${base}"\nname = "École des Lilas"\nwords = "words"\n` +
      '[web.sign_in.publics]\nstaff = "local"\npupil = "local"\nguardian = "local"\n' +
      '[storage]\nurl = "sqlite://preau.db"\n[keys]\ndir = "keys"\n[services]\ninstances = "services"\n' +
      '[sources.ecole]\nkind = "csv"\nconfirm_birth_date = ["National_ELV"]\n[[sources.ecole.establishments]]\nuai = "0990011Z"\nname = "École des Lilas"\n' +
      `[[sources.ecole.files]]\npath = "eleves.csv"\npeople = "pupils"\n${columns(', birth_date = "Né(e) le"')}\n` +
      `[[sources.ecole.files]]\npath = "agents.csv"\npeople = "staff"\nprofile = "National_ENS"\n${columns('')}\n`,
  );
  preau('sync', 'apply', 'ecole');
  ends = await serves(join(place, 'preau.toml'), base);
});

after(async () => {
  ends?.();
  await close();
});

/** From the page that asks for a code to the home page. */
async function activate(page, login, password, name) {
  await page.click('main button.main');
  await page.waitForSelector('input[name=again]');
  if (name) await look(page, `${name}-choose`);
  if (login) await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', password);
  await page.fill('input[name=again]', password);
  const charte = page.locator('input[name=charte]');
  if (await charte.count()) await charte.check();
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
}

test('sheets are printed, and a code on paper opens the door', async () => {
  const out = join(place, 'cp.pdf');
  const said = preau('activation', 'sheets', '--establishment', '0990011Z', '--public', 'pupil', '--class', 'CP', '--out', out);
  assert.match(said, /^3 codes on 1 sheets/);
  execFileSync('pdftoppm', ['-r', '80', '-png', out, join(pictures, 'sheet')]);

  const page = await visitor();
  await page.goto(base);
  await page.click('button[name=public][value=pupil]');
  await page.click('a[href$="/activate"]');
  await look(page, 'activate');
  await page.fill('input[name=code]', '7K2M-9XQ4-HD3W');
  await page.click('main button.main');
  await page.waitForSelector('[role=alert]');
  page.problems.length = 0;
  await look(page, 'activate-wrong');

  // The square on the card: what stands behind # reaches the field, no server, and no history.
  const code = codeFor('1');
  await page.goto(`${base}/activate#${code.replaceAll('-', '').toLowerCase()}`);
  assert.equal(await page.inputValue('input[name=code]'), code.replaceAll('-', '').toLowerCase());
  assert.ok(!page.url().includes('#'), page.url());
  assert.ok(page.asked.every((url) => !new URL(url).pathname.includes(code.toLowerCase())));
  await activate(page, null, 'girafe-lente-verte', 'activate');
  await page.waitForSelector('form[action="/sign-out"]');
  assert.match(await page.textContent('h1'), /Noé/);

  const again = await visitor();
  await again.goto(`${base}/activate#${code}`);
  await again.click('main button.main');
  assert.match(await again.textContent('[role=alert]'), /ne vaut rien/);
});

test('whoever has a date of birth in the list types it after the code', async () => {
  const page = await visitor();
  const born = async (day) => {
    await page.fill('input[name=day]', day);
    await page.fill('input[name=month]', '11');
    await page.fill('input[name=year]', '2014');
  };
  await page.goto(`${base}/activate#${codeFor('3')}`);
  await page.click('main button.main');
  await page.waitForSelector('input[name=day]');
  assert.doesNotMatch(await page.textContent('main'), /Lou/);
  await look(page, 'birth');
  await born('4');
  await page.click('main button.main');
  await page.waitForSelector('[role=alert]');
  page.problems.length = 0;
  await look(page, 'birth-wrong');
  await born('3');
  await activate(page, 'lou', 'nuage-de-craie-rose');
  assert.match(await page.textContent('h1'), /Lou/);
});

test('a teacher helps a pupil who lost a password, and the pupil is told', async () => {
  const [teacher, pupil, anew] = [await visitor(), await visitor(), await visitor()];
  await pupil.goto(`${base}/activate#${codeFor('2')}`);
  await activate(pupil, 'elif', 'tortue-pressée-rose');
  await teacher.goto(`${base}/activate#${codeFor('9')}`);
  await activate(teacher, 'odile', 'craie-blanche-au-tableau');
  await teacher.click('a[href="/pupils"]');
  await look(teacher, 'class');
  const card = teacher.locator('li', { hasText: 'Elif' });
  await Promise.all([teacher.waitForNavigation(), card.locator('button').click()]);
  await look(teacher, 'pupil-code');
  const code = await teacher.textContent('main code');

  await pupil.goto(base);
  assert.match(await pupil.textContent('main'), /Odile DUVAL a fait un code pour vous/);
  await look(pupil, 'home-code-waits');

  await anew.goto(`${base}/activate`);
  await anew.fill('input[name=code]', code);
  await activate(anew, null, 'un nuage dans la poche');
  assert.match(await anew.textContent('h1'), /Elif/);
  await pupil.waitForTimeout(3_500);
  await pupil.goto(`${base}/account`);
  assert.ok(pupil.url().includes('/sign-in/'), 'whoever was signed in before is not any more');
});

test('a password is changed by its owner', async () => {
  const page = await visitor();
  await page.goto(base);
  await page.click('button[name=public][value=pupil]');
  await page.fill('input[name=login]', 'noe.petit');
  await page.fill('input[name=password]', 'girafe-lente-verte');
  await Promise.all([page.waitForNavigation(), page.click('form:has(input[name=password]) button:not([type=button])')]);
  await page.goto(`${base}/account`);
  await page.click('a[href="/account/password"]');
  await look(page, 'new-password');
  await page.fill('input[name=password]', 'quatre tortues bleues');
  await page.fill('input[name=again]', 'quatre tortues bleues');
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
  assert.match(await page.textContent('h1'), /Mot de passe changé/);
  await look(page, 'password-changed');
});
