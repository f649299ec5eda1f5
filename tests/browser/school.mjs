// A school that has nothing but a list, in a preau of its own, whose passwords live there: for walks that change what others look at.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { authenticator, pictures } from './rig.mjs';

export const program = join(process.cwd(), process.env.CARGO_TARGET_DIR ?? 'target', 'debug/preau');
const SCHOOL = '0990011Z';
/** What the pictures of cards are called on paper, and in a form. */
const NAMES = {
  soleil: 'sun', maison: 'house', fleur: 'flower', poisson: 'fish', arbre: 'tree', étoile: 'star',
  cœur: 'heart', bateau: 'boat', pomme: 'apple', lune: 'moon', voiture: 'car', parapluie: 'umbrella',
};

/** A port nobody listens at. */
export const free = () =>
  new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

/** Starts the program by that configuration; what ends it, once it answers there. */
export async function serves(config, base) {
  const serving = spawn(program, ['--config', config, '--demo', 'serve'], { stdio: 'ignore' });
  for (let i = 0; i < 300; i += 1) {
    const answers = await fetch(`${base}/help`).then((answer) => answer.ok, () => false);
    if (answers) return () => serving.kill('SIGTERM');
    await new Promise((later) => setTimeout(later, 100));
  }
  serving.kill('SIGTERM');
  throw new Error(`${config}: the school did not start`);
}

/** What stands on a sheet of cards: the code and the pictures of each child, in the order of the list. */
export function cardsOn(file) {
  const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  const codes = text.match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g);
  const word = Object.keys(NAMES).join('|');
  const threes = text.match(new RegExp(`(${word}), (${word}), (${word})`, 'g'));
  assert.equal(codes.length, threes.length, text);
  return codes.map((code, n) => ({ code, pictures: threes[n].split(', ').map((name) => NAMES[name]) }));
}

/** Starts one: `people` are accounts that are kept here, those with `administers` administer it, `more` is what its configuration says besides. */
export async function school(name, { people, more = '' }) {
  const place = join(pictures, '..', name);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'services'), { recursive: true });
  const base = `http://localhost:${await free()}`;
  const config = join(place, 'preau.toml');
  const preau = (input, ...words) => execFileSync(program, ['--config', config, '--demo', ...words], { encoding: 'utf8', input });
  writeFileSync(join(place, 'eleves.csv'), 'Identifiant;Nom;Prénom;Classe\n1;PETIT;Noé;CP\n');
  const columns = 'columns = { key = "Identifiant", family_name = "Nom", given_name = "Prénom", class = "Classe" }';
  const configure = (administrators) =>
    writeFileSync(
      config,
      `[server]\nlisten = "${new URL(base).host.replace('localhost', '127.0.0.1')}"\n` +
        `[web]\npublic_url = "${base}"\nname = "École des Lilas"\nadministrators = ${JSON.stringify(administrators)}\n` +
        '[web.sign_in.publics]\nstaff = "local"\npupil = "local"\n' +
        '[storage]\nurl = "sqlite://preau.db"\n[keys]\ndir = "keys"\n[services]\ninstances = "services"\n' +
        `${more}[sources.ecole]\nkind = "csv"\n[[sources.ecole.establishments]]\nuai = "${SCHOOL}"\nname = "École des Lilas"\n` +
        `[[sources.ecole.files]]\npath = "eleves.csv"\npeople = "pupils"\n${columns}\n`,
    );
  configure([]);
  preau('', 'sync', 'apply', 'ecole');
  const administrators = [];
  for (const { login, given, profile, mail, password, administers } of people) {
    const who = ['--login', login, '--given-name', given, '--family-name', 'Basalte', '--mail', mail, '--profile', profile];
    preau(password, 'account', 'add', '--establishment', SCHOOL, '--password-file', '-', ...who);
    if (administers) administrators.push(JSON.parse(preau('', 'account', 'show', login, '--json')).account);
  }
  configure(administrators);
  return { base, place, end: await serves(config, base) };
}

/** Adds a passkey to the account of whoever is signed in there; the authenticator that has it. */
export async function addsPasskey(page, base) {
  const device = await authenticator(page);
  await page.goto(`${base}/account/passkeys/new`);
  await page.waitForSelector('form[data-makes]:not([hidden])');
  await page.fill('input[name=name]', 'Bureau');
  await page.click('form[data-makes] button');
  await page.waitForSelector('#factors ~ .cards > li');
  return device;
}
