// A school that signs no lists: the head says yes, the teacher writes given names and initials, prints cards for one use, and a child comes in by one;
// whom the head stopped is not written again until the head lifts it. And what the head reads when such a child is a pupil of theirs. In a preau of its own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NARROW, close, look, pictures, visitor } from './rig.mjs';
import { cardsOn, free, program, serves } from './school.mjs';

const place = join(pictures, '../written');
const [college, ecole] = ['0990010Y', '0990001N'];
const PASSWORD = 'craie-blanche-au-tableau';
let base;
let ends;

const preau = (...words) => execFileSync(program, ['--config', join(place, 'preau.toml'), '--demo', ...words], { encoding: 'utf8' });
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** The pupils of the collège, each with the level. */
function pupils(...rows) {
  writeFileSync(join(place, 'eleves.csv'), `Identifiant;Nom;Prénom;Classe;Niveau\n${rows.join('\n')}\n`);
}

before(async () => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'services'), { recursive: true });
  const port = await free();
  base = `http://localhost:${port}`;
  pupils('1;PETIT;Noé;6B;6EME');
  writeFileSync(join(place, 'profs.csv'), 'Identifiant;Nom;Prénom;Classe\n9;DUVAL;Odile;6B\n');
  writeFileSync(join(place, 'direction.csv'), 'Identifiant;Nom;Prénom\n8;KERJEAN;Maud\n');
  const columns = 'columns = { key = "Identifiant", family_name = "Nom", given_name = "Prénom"';
  const staff = (file, profile, more) =>
    `[[sources.college.files]]\npath = "${file}"\npeople = "staff"\nprofile = "${profile}"\n${columns}${more} }\n`;
  writeFileSync(
    join(place, 'preau.toml'),
    `[server]\nlisten = "127.0.0.1:${port}"\n[web]\npublic_url = "${base}"\nname = "ENT des Tilleuls"\n` +
      '[web.sign_in.publics]\nstaff = "local"\npupil = "local"\nguardian = "local"\n' +
      `[web.class_cards.establishments.${college}]\nnetworks = ["127.0.0.0/8"]\n` +
      '[storage]\nurl = "sqlite://preau.db"\n[keys]\ndir = "keys"\n[services]\ninstances = "services"\n' +
      `[sources.college]\nkind = "csv"\n[[sources.college.establishments]]\nuai = "${college}"\nkind = "college"\nname = "Collège des Tilleuls"\n` +
      `[[sources.college.files]]\npath = "eleves.csv"\npeople = "pupils"\n${columns}, class = "Classe", level = "Niveau" }\n` +
      staff('profs.csv', 'National_ENS', ', class = "Classe"') +
      staff('direction.csv', 'National_DIR', ''),
  );
  writeFileSync(
    join(place, 'services/cahier.toml'),
    'connector = "php-cas"\nnetwork = "private"\n[title]\nfr = "Cahier partagé"\nen = "Shared notebook"\n' +
      '[parameters]\nurl = "http://localhost:9"\n' +
      '[audience]\nallow = [{ profiles = ["National_ENS", "National_ELV", "Invite"] }]\nclass_cards = true\n',
  );
  preau('sync', 'apply', 'college');
  const said = ['--purpose', 'Travailler ensemble au cycle 3', '--data', 'prénom, initiale, classe'];
  const schools = ['--establishments', ecole, '--for', college, '--from', day(-1), '--until', day(200), '--quota', '30'];
  preau('conventions', 'draft', 'lilas', '--peer', `urn:ecole:${ecole}`, '--name', 'École des Lilas', '--cards', '--typed', ...said, ...schools);
  preau('conventions', 'sign', 'lilas', '--by', 'Mme Kerjean, principale');
  preau('conventions', 'sign', 'lilas', '--by', 'M. Rivoal, directeur', '--peer');
  preau('pairs', 'declare', college, ecole);
  ends = await serves(join(place, 'preau.toml'), base);
});

after(async () => {
  ends?.();
  await close();
});

/** Somebody of the staff, who chooses a password by a code of activation. */
async function activated(record, login) {
  const page = await visitor();
  const code = preau('activation', 'code', record).match(/this once: (\S+)/)[1];
  await page.goto(`${base}/activate#${code}`);
  await page.click('main button.main');
  await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', PASSWORD);
  await page.fill('input[name=again]', PASSWORD);
  await Promise.all([page.waitForNavigation(), page.click('main button.main')]);
  return page;
}

/** The same person at a browser that speaks English. */
async function inEnglish(login, at) {
  const page = await visitor({ locale: 'en-GB' });
  await page.goto(`${base}${at}`);
  await page.click('button[name=public][value=staff]');
  await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', PASSWORD);
  await Promise.all([page.waitForNavigation(), page.click('form:has(input[name=password]) button:not([type=button])')]);
  await page.goto(`${base}${at}`);
  return page;
}

/** A page as it stands, in both languages. */
async function lookTwice(page, login, name) {
  await look(page, name);
  const { pathname, search } = new URL(page.url());
  await look(await inEnglish(login, `${pathname}${search}`), `${name}-en`);
}

const main = (page) => page.innerText('main');
const go = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);

async function writes(page, space, names) {
  await page.goto(space);
  await page.fill('#names', names);
  await go(page, 'form.fields[action$="/written"] button');
}

let teacher;
let head;
let space;

test('a teacher writes a class where the head says yes, and a child comes once by a card', async () => {
  teacher = await activated('college$9', 'odile');
  await teacher.goto(`${base}/spaces/new`);
  await teacher.fill('#title', 'Le potager');
  await teacher.fill('#until', day(20));
  await teacher.check('#s-cahier');
  await teacher.check('input[name=class][value="6B"]');
  await teacher.selectOption('#with', `lilas ${ecole}`);
  await teacher.fill('#their-classes', 'CM2A');
  await go(teacher, 'form[method=get] button:not([type=button])');
  await go(teacher, 'form[action="/spaces"] button');
  space = teacher.url();
  assert.match(await main(teacher), /n’a pas dit oui/);
  await lookTwice(teacher, 'odile', 'written-closed');

  head = await activated('college$8', 'maud');
  await head.goto(`${base}/spaces/guests`);
  assert.match(await main(head), /École des Lilas\s:\spersonne ne peut écrire de liste/);
  await lookTwice(head, 'maud', 'written-head');
  await go(head, 'form[action="/spaces/guests/written"] button');
  assert.match(await main(head), /École des Lilas\s:\sles enseignants peuvent écrire/);
  await look(head, 'written-head-yes');

  await writes(teacher, space, 'Max B.\nLou Valombreuse');
  assert.match(await teacher.innerText('[role=alert]'), /Ligne 2/);
  teacher.problems.length = 0;
  await look(teacher, 'written-refused');
  assert.equal(await teacher.inputValue('#names'), 'Max B.\nLou Valombreuse', 'nothing is to be written again');
  await writes(teacher, space, 'Max B.\nLou V.');
  assert.match(await main(teacher), /Lou V\. \(CM2A\)/);
  await look(teacher, 'written-preview');
  await go(teacher, 'section form[action$="/written"] button');
  assert.match(await main(teacher), /Invités\s:\s2 sur les 30/);
  await lookTwice(teacher, 'odile', 'written-space');

  await teacher.click('a[href^="/cards?class=espace:"]');
  const cards = teacher.url();
  await look(teacher, 'written-cards');
  const [download] = await Promise.all([teacher.waitForEvent('download'), teacher.click('form.fields button')]);
  const file = join(place, 'cartes.pdf');
  await download.saveAs(file);
  execFileSync('pdftoppm', ['-r', '80', '-png', file, join(pictures, 'written-sheet')]);
  const [first] = cardsOn(file);
  await teacher.goto(cards);
  await go(teacher, 'button[name=what][value=open]');

  const child = await visitor({ viewport: NARROW });
  const shows = async (page) => {
    await page.goto(`${base}/card#${first.code}`);
    await page.waitForSelector('.pictures, [role=alert]');
  };
  await shows(child);
  for (const name of first.pictures) await child.click(`label[for=p-${name}]`);
  await go(child, 'main button.main');
  const tiles = await child.locator('a.tile').evaluateAll((all) => all.map((tile) => tile.getAttribute('href')));
  assert.deepEqual(tiles, ['/open/cahier'], 'what the space mounts, and nothing else');
  await look(child, 'written-child');
  const again = await visitor({ viewport: NARROW });
  await shows(again);
  assert.match(await again.innerText('[role=alert]'), /Ta carte est bloquée/);
  again.problems.length = 0;
  await look(again, 'written-card-used');
});

test('whom the head stopped is not written again until the head lifts it, and who lifted it stands there', async () => {
  await head.goto(space);
  await Promise.all([head.waitForNavigation(), head.locator('li', { hasText: 'Lou V.' }).locator('form[action$="/stop"] button').click()]);
  assert.match(await main(head), /Lou V\.\s:\sarrêté par la direction/);
  await lookTwice(head, 'maud', 'written-stopped');
  await writes(teacher, space, 'Lou V.');
  assert.match(await teacher.innerText('[role=alert]'), /a été arrêté ici/);
  teacher.problems.length = 0;
  await look(teacher, 'written-stopped-refused');
  await go(head, 'form[action$="/lift"] button');
  assert.match(await main(head), /Lou V\.\s:\sarrêt levé par la direction/);
  await lookTwice(head, 'maud', 'written-lifted');
  await teacher.goto(space);
  await lookTwice(teacher, 'odile', 'written-lifted-teacher');
  await writes(teacher, space, 'Lou V.');
  await go(teacher, 'section form[action$="/written"] button');
  assert.match(await main(teacher), /Invités\s:\s2 sur les 30/, 'control');
});

test('a guest who became a pupil is proposed to the head by more than a name, and joined by a yes', async () => {
  preau('guests', 'end', '--convention', 'lilas');
  pupils('1;PETIT;Noé;6B;6EME', '2;VALOMBREUSE;Lou;6B;6EME', '3;BARBIER;Max;6A;6EME');
  preau('sync', 'apply', 'college');
  await head.goto(`${base}/spaces/guests`);
  await head.click('a[href="/spaces/guests/pupils"]');
  assert.match(await main(head), /Lou Valombreuse \(6B\)/i);
  assert.match(await main(head), /Son école est jumelée/);
  await lookTwice(head, 'maud', 'arrivals');
  const of = (name) => head.locator('.notice', { hasText: name });
  await Promise.all([head.waitForNavigation(), of(/Max Barbier/i).locator('form[action$="/refused"] button').click()]);
  assert.doesNotMatch(await main(head), /Max Barbier/i);
  await Promise.all([head.waitForNavigation(), of(/Lou Valombreuse/i).first().locator('form[action$="/pupils"] button').click()]);
  await look(head, 'arrivals-left');
  const matches = JSON.parse(preau('guests', 'matches', college, '--json'));
  assert.ok(matches.every((one) => one.why.length > 0), JSON.stringify(matches));
});
