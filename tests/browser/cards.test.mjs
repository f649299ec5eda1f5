// A class of a school: its teacher prints cards and opens a lesson; a child photographs a card, taps three pictures, opens a service of the class
// by CAS, and is out when the lesson ends. In a preau of its own, walked with a headless Chromium, with a script and without.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NARROW, close, look, pictures, tabTo, visitor } from './rig.mjs';
import { cardsOn, free, program, serves } from './school.mjs';

const place = join(pictures, '../cards');
const HEADING = 'Identifiant;Nom;Prénom;Classe';
let base;
let ends;
let service;

const preau = (...words) => execFileSync(program, ['--config', join(place, 'preau.toml'), '--demo', ...words], { encoding: 'utf8' });

/** Something that speaks CAS: whoever comes with a ticket is greeted by what the ticket says. */
const greeter = () =>
  new Promise((found) => {
    const server = createServer(async (request, answer) => {
      const own = `http://localhost:${server.address().port}/`;
      const ticket = new URL(request.url, own).searchParams.get('ticket');
      if (!ticket) {
        answer.writeHead(302, { location: `${base}/cas/login?service=${encodeURIComponent(own)}` }).end();
        return;
      }
      const query = new URLSearchParams({ service: own, ticket });
      const told = await fetch(`${base}/cas/p3/serviceValidate?${query}`).then((reply) => reply.text());
      const user = told.match(/<cas:user>([^<]+)</)?.[1] ?? 'personne';
      answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      answer.end(`<!doctype html><html lang="fr"><title>Cahier</title><h1>Cahier de ${user}</h1>`);
    }).listen(0, '127.0.0.1', () => found(server));
  });

before(async () => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'services'), { recursive: true });
  const port = await free();
  base = `http://localhost:${port}`;
  service = await greeter();
  writeFileSync(join(place, 'eleves.csv'), `${HEADING}\n1;PETIT;Noé;CP\n2;ŞAHIN;Elif;CP\n`);
  writeFileSync(join(place, 'agents.csv'), `${HEADING}\n9;DUVAL;Odile;CP\n`);
  const columns = 'columns = { key = "Identifiant", family_name = "Nom", given_name = "Prénom", class = "Classe" }';
  writeFileSync(
    join(place, 'preau.toml'),
    `[server]\nlisten = "127.0.0.1:${port}"\n[web]\npublic_url = "${base}"\nname = "École des Lilas"\n` +
      '[web.sign_in.publics]\nstaff = "local"\npupil = "local"\nguardian = "local"\n' +
      '[web.class_cards.establishments.0990011Z]\nnetworks = ["127.0.0.0/8"]\n' +
      '[storage]\nurl = "sqlite://preau.db"\n[keys]\ndir = "keys"\n[services]\ninstances = "services"\n' +
      '[sources.ecole]\nkind = "csv"\n[[sources.ecole.establishments]]\nuai = "0990011Z"\nname = "École des Lilas"\n' +
      `[[sources.ecole.files]]\npath = "eleves.csv"\npeople = "pupils"\n${columns}\n` +
      `[[sources.ecole.files]]\npath = "agents.csv"\npeople = "staff"\nprofile = "National_ENS"\n${columns}\n`,
  );
  for (const [id, title, admits] of [['cahier', 'Cahier de la classe', true], ['notes', 'Notes', false]]) {
    writeFileSync(
      join(place, `services/${id}.toml`),
      `connector = "php-cas"\nnetwork = "private"\n[title]\nfr = "${title}"\nen = "${title}"\n` +
        `[parameters]\nurl = "http://localhost:${id === 'cahier' ? service.address().port : 9}"\n` +
        `[audience]\nallow = [{}]\nclass_cards = ${admits}\n`,
    );
  }
  preau('sync', 'apply', 'ecole');
  ends = await serves(join(place, 'preau.toml'), base);
});

after(async () => {
  ends?.();
  service?.close();
  await close();
});

async function teacher() {
  const page = await visitor();
  const code = preau('activation', 'code', 'ecole$9').match(/this once: (\S+)/)[1];
  await page.goto(`${base}/activate#${code}`);
  await page.click('main button.main');
  await page.fill('input[name=login]', 'odile');
  await page.fill('input[name=password]', 'craie-blanche-au-tableau');
  await page.fill('input[name=again]', 'craie-blanche-au-tableau');
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
  await page.click('a[href="/cards"]');
  return page;
}

/** The same teacher, on the page of cards, at another browser. */
async function teacherAgain() {
  const page = await visitor();
  await page.goto(base);
  await page.click('button[name=public][value=staff]');
  await page.fill('input[name=login]', 'odile');
  await page.fill('input[name=password]', 'craie-blanche-au-tableau');
  await Promise.all([page.waitForNavigation(), page.click('form:has(input[name=password]) button:not([type=button])')]);
  await page.goto(`${base}/cards`);
  return page;
}

const press = (page, what) => Promise.all([page.waitForNavigation(), page.click(`button[name=what][value=${what}]`)]);

test('from the sheet to the tile, and to the end of the lesson', async () => {
  const page = await teacher();
  await look(page, 'cards');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('form.fields button')]);
  const file = join(place, 'cartes.pdf');
  await download.saveAs(file);
  execFileSync('pdftoppm', ['-r', '80', '-png', file, join(pictures, 'cards-sheet')]);
  const [first, second] = cardsOn(file);

  const child = await visitor({ viewport: NARROW });
  await child.goto(`${base}/card#${first.code}`);
  await child.waitForSelector('[role=alert]');
  assert.match(await child.textContent('[role=alert]'), /La classe n’est pas ouverte/);
  child.problems.length = 0;
  await look(child, 'card-closed');

  await page.goto(`${base}/cards`);
  await press(page, 'open');
  await look(page, 'cards-open');

  // Whoever was too early has the letters there, and photographs nothing again.
  await child.click('main button.main');
  await child.waitForSelector('.pictures');
  child.problems.length = 0;

  await child.setViewportSize(NARROW);
  // A photographed card asks for nothing but the pictures; what stands behind # reaches no server.
  await child.goto(`${base}/card#${first.code.replaceAll('-', '').toLowerCase()}`);
  await child.waitForSelector('.pictures');
  assert.ok(child.asked.every((url) => !url.toLowerCase().includes(first.code.slice(0, 4).toLowerCase() + first.code.slice(5, 9).toLowerCase()) || url.includes('#')));
  await look(child, 'pictures');
  await child.setViewportSize(NARROW);
  for (const name of first.pictures) await child.click(`label[for=p-${name}]`);
  await look(child, 'pictures-tapped');
  await child.setViewportSize(NARROW);
  await Promise.all([child.waitForNavigation(), child.click('main button.main')]);
  assert.match(await child.textContent('h1'), /Noé/);
  assert.equal(await child.locator('a[href="/open/notes"]').count(), 0, 'a service that does not admit cards');
  await look(child, 'home-by-card');
  await child.setViewportSize(NARROW);
  await child.click('a[href="/open/cahier"]');
  await child.waitForURL(/ticket=/);
  assert.match(await child.textContent('h1'), /^Cahier de (?!personne)/);

  await child.goto(`${base}/account`);
  assert.match(await child.textContent('h1'), /Pas avec une carte de classe/);
  child.problems.length = 0;
  await look(child, 'not-with-a-card');

  await page.goto(`${base}/cards`);
  assert.match(await page.textContent('main'), /Un élève est connecté par sa carte/);
  await look(page, 'cards-signed-in');
  await press(page, 'end');
  await child.goto(base);
  assert.ok(child.url().includes('/sign-in/'), child.url());
  assert.ok(second.code, 'there is a card for each');
});

test('after a document the page goes on', async () => {
  const page = await teacherAgain();
  const made = page.locator('.cards li').filter({ hasText: 'Elif' });
  const [alone] = await Promise.all([page.waitForEvent('download'), made.locator('button[data-document]').click()]);
  await alone.saveAs(join(place, 'seule.pdf'));
  // The page stands as it was: its other buttons are alive, of the same child too.
  await Promise.all([page.waitForNavigation(), made.locator('button[value=revoke]').click()]);
  assert.match(await made.textContent(), /Carte retirée/);
  await Promise.all([page.waitForNavigation(), made.locator('button[value=restore]').click()]);
  assert.doesNotMatch(await made.textContent(), /Carte retirée/);
  // A double click makes one document: the codes of a first one would be worth nothing.
  let downloads = 0;
  page.on('download', () => (downloads += 1));
  const twice = page.waitForEvent('download');
  await made.locator('button[data-document]').dblclick();
  await (await twice).saveAs(join(place, 'deux.pdf'));
  await page.goto(`${base}/cards`);
  assert.equal(downloads, 1);
});

test('pictures are walked by keyboard, and without a script', async () => {
  const page = await teacherAgain();
  await page.check('input[name=again]');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('form.fields button')]);
  const file = join(place, 'encore.pdf');
  await download.saveAs(file);
  const [, second] = cardsOn(file);
  await page.goto(`${base}/cards`);
  await press(page, 'open');

  const child = await visitor({ javaScriptEnabled: false, viewport: NARROW });
  await child.goto(base);
  await child.click('a[href$="/card"]');
  await child.fill('input[name=code]', second.code);
  await child.click('main button.main');
  await child.waitForSelector('.pictures');
  for (const name of second.pictures) await child.check(`#p-${name}`);
  await Promise.all([child.waitForNavigation(), child.click('main button.main')]);
  assert.match(await child.textContent('h1'), /Elif/);

  const again = await visitor();
  await again.goto(`${base}/card#${second.code}`);
  await again.waitForSelector('.pictures');
  for (const name of second.pictures) {
    await tabTo(again, `#p-${name}`);
    await again.keyboard.press('Space');
  }
  await tabTo(again, 'main button.main');
  await Promise.all([again.waitForNavigation(), again.keyboard.press('Enter')]);
  assert.match(await again.textContent('h1'), /Elif/);
  await press(page, 'end');
});
