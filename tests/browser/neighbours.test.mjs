// Two ENTs whose people are guests of one another, walked through with a headless Chromium against the running demo: the écoles' people
// come to the collège by OpenID Connect, the collège's to the écoles by SAML.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, test } from 'node:test';
import { account, close, demo, look, pictures, service, signIn, visitor } from './rig.mjs';

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
    tile: 'college',
    guests: [neighbour('pupil-neighbour'), neighbour('teacher-neighbour')],
    nobody: neighbour('head-neighbour'),
    config: demo.config,
  },
  {
    way: 'SAML',
    host: demo.neighbour.base,
    home: demo.base,
    source: 'college',
    tile: 'ecoles',
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

  test(`by ${way.way}: the tile of the neighbour leads a guest in, without another password`, async () => {
    for (const who of way.guests) {
      const page = await visitor();
      await page.goto(way.home);
      await signIn(page, who);
      await page.click(`a[href="/open/${way.tile}"]`);
      await page.waitForURL((url) => url.href === way.host);
      assert.ok((await heading(page)).includes(given(who)), `${given(who)} is greeted: ${await heading(page)}`);
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

/** Where one writes in the pad that a page shows. */
const paper = (page) => page.frameLocator('iframe[name=ace_outer]').frameLocator('iframe[name=ace_inner]').locator('#innerdocbody');

/** The pad of the shared space, opened by its tile. */
async function openPad(page) {
  await page.goto(demo.base);
  await page.click('a[href="/open/pad"]');
  await page.waitForURL((url) => url.href.startsWith(`${service('pad').address}p/fables`));
  await paper(page).locator('xpath=self::*[@contenteditable="true"]').waitFor({ timeout: 30_000 });
}

test('pupils of a CM2 and of a 6e and their teachers, of two ENTs, write in one pad', async () => {
  const [way] = WAYS;
  const writers = [...way.guests, account('pupil-6e'), account('teacher')];
  const pages = [];
  for (const who of writers) {
    const page = await visitor();
    if (way.guests.includes(who)) {
      await comeAsGuest(page, way, who);
    } else {
      await page.goto(demo.base);
      await signIn(page, who);
    }
    await openPad(page);
    // The door has told the pad their name: of a guest, the given name and an initial.
    const name = await page.inputValue('#myusernameedit');
    const family = who.name.split(' ').at(-1);
    assert.ok(name.startsWith(given(who)), name);
    assert.equal(name.includes(family), !way.guests.includes(who), name);
    await paper(page).press('Control+End');
    await page.keyboard.press('Enter');
    await page.keyboard.type(`${given(who)} raconte.`);
    pages.push(page);
  }
  for (const page of pages) {
    for (const who of writers) await paper(page).getByText(`${given(who)} raconte.`).waitFor();
  }
  await pages[0].screenshot({ path: `${pictures}/pad.png` });
});

test('a guest opens what the space mounts, and nothing else; whoever is not of the space does not open it', async () => {
  const [pupil] = WAYS[0].guests;
  const page = await visitor();
  await comeAsGuest(page, WAYS[0], pupil);
  await page.goto(demo.base);
  const tiles = await page.locator('a.tile').evaluateAll((all) => all.map((tile) => tile.getAttribute('href')));
  assert.deepEqual(tiles, ['/open/pad'], 'the space mounts one service');
  await look(page, 'guest-home');
  await openPad(page);
  for (const id of ['kiosque', 'agenda']) {
    await page.goto(`${demo.base}open/${id}`);
    assert.ok(page.url().startsWith(demo.base), `${id} is not reached`);
  }
  const own = await visitor();
  await own.goto(demo.base);
  await signIn(own, account('pupil-6e'));
  for (const id of ['kiosque', 'agenda']) {
    await own.goto(`${demo.base}open/${id}`);
    await own.waitForSelector('[data-user]');
    assert.ok(own.url().startsWith(service(id).address), `control: ${id}`);
  }
  const other = await visitor();
  await other.goto(demo.base);
  await signIn(other, account('pupil-lycee'));
  await other.goto(`${service('pad').address}p/fables`);
  assert.ok(other.url().startsWith(demo.base), `the pad is not reached: ${other.url()}`);
});

/** Whoever comes there is asked who they are: they have no session. */
async function isOut(page, { host }) {
  await page.goto(host);
  await page.waitForSelector('button[name=public]');
}

/** Another process ended it: the server believes a session for three seconds more, and not for longer. */
async function isOutWithinSeconds(page, { host }) {
  const latest = Date.now() + 3_000;
  let asked;
  do {
    asked = Date.now();
    await page.goto(host);
  } while (asked < latest && !(await page.$('button[name=public]')));
  await page.waitForSelector('button[name=public]');
}

/** The colleague sends the list of the class once more. */
async function sendAgain(home, link) {
  await home.goto(link);
  await home.click('form[method=post] button.main');
  await home.waitForSelector('#done');
  return home.innerText('main');
}

/** Somebody of that ENT at a fresh browser, as a guest. */
async function guestOf(way, who) {
  const page = await visitor();
  await comeAsGuest(page, way, who);
  return page;
}

/** The head of the host stops a child: at once, whatever list comes next, until the head lets them come back. */
async function stoppedByTheHead(way, { head, pupil, child, home, link, space }) {
  const direction = await visitor();
  await direction.goto(`${way.host}spaces/guests`);
  await signIn(direction, head);
  assert.ok((await direction.innerText('main')).includes(given(pupil)), 'the head sees who comes in');
  await look(direction, `guests-${way.source}`);
  const stop = `form[action="${new URL(space).pathname}/stop"] button`;
  // A guest is shown by given name and initial: "Titan M." is not "Titania".
  const [name, initial] = [given(pupil), pupil.name.split(' ').at(-1)[0]];
  await direction.locator('li', { hasText: `${name} ${initial}.` }).locator(stop).click();
  await isOut(child, way);
  const sent = await sendAgain(home, link);
  assert.ok(sent.includes('reste dehors'), `home hears that somebody stays out: ${sent}`);
  await isOut(await guestOf(way, pupil), way);
  await direction.goto(`${way.host}spaces/guests`);
  assert.ok((await direction.innerText('main')).includes('arrêté par la direction'), 'it is said');
  await look(direction, `guests-stopped-${way.source}`);
  await direction.click('form[action="/spaces/guests/lift"] button');
  await isOut(await guestOf(way, pupil), way);
  await sendAgain(home, link);
  await home.goto(new URL('/spaces', link).href);
  await home.click('a[href^="/spaces/sent?"]');
  assert.ok((await home.innerText('main')).includes(given(pupil)), 'whoever sent the list reads whom it names');
  await look(home, `sent-${way.source}`);
  const again = await guestOf(way, pupil);
  await again.goto(way.host);
  assert.ok((await heading(again)).includes(given(pupil)), 'let back, by the next list');
  return again;
}

/** A space that an operator opens, and a class of the other ENT that comes in by a list. */
function open(way, home, { id, title, host, groups, until, mounts = [], whom }) {
  const args = groups.flatMap((group) => ['--group', group]);
  const mount = mounts.flatMap((service) => ['--mount', service]);
  const under = ['--convention', demo.shared.convention];
  preau(way.config, 'spaces', 'open', id, '--title', title, '--host', host, ...under, ...args, ...mount, '--until', until);
  const list = `${pictures}/../${id}.list`;
  preau(home.config, 'guests', 'export', ...under, '--space', id, '--group', whom, '--out', list);
  preau(way.config, 'guests', 'import', list);
}

/** What clocks in France show in so many seconds, and that instant. */
function soon(seconds) {
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + seconds * 1000);
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Paris', dateStyle: 'short', timeStyle: 'medium' });
  return { at, shown: shown.format(at).replace(' ', 'T') };
}

/** Nobody does anything: the clock ends it, in a live session too. */
async function endedByTheClock(way, { pupil, teacher, theirs, school }) {
  const home = WAYS.find((other) => other !== way);
  const { at, shown } = soon(25);
  const whom = `${school}:${theirs}:pupil`;
  const host = teacher.establishments[0].uai;
  open(way, home, { id: `veillee-${way.source}`, title: 'La veillée', host, groups: [`${whom}:redacteur`], until: shown, whom });
  const child = await guestOf(way, pupil);
  await child.goto(way.host);
  assert.ok((await heading(child)).includes(given(pupil)), 'before');
  assert.ok(Date.now() < at, 'it was before');
  await child.waitForTimeout(at - Date.now());
  await isOut(child, way);
  await isOut(await guestOf(way, pupil), way);
}

/** Three screens and no administrator: from a teacher's first click to the end, with the host and the home as two people see them. */
async function walk(way, { teacher, colleague, head, pupil, own, theirs, mounts, school }) {
  const at = await visitor();
  await at.goto(way.host);
  await signIn(at, teacher);
  await at.click('a[href="/spaces"]');
  await look(at, `spaces-${way.source}`);
  await at.click('a[href="/spaces/new"]');
  const title = `Le potager ${way.source}`;
  await at.fill('#title', title);
  await at.fill('#until', new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10));
  for (const id of mounts) await at.check(`#s-${id}`);
  await at.check(`input[name=class][value="${own}"]`);
  await at.selectOption('#with', `${demo.shared.convention} ${school}`);
  await at.fill('#their-classes', theirs);
  await look(at, `new-space-${way.source}`);
  await at.click('form[method=get] button:not([type=button])');
  await look(at, `new-space-preview-${way.source}`);
  await at.click('form[action="/spaces"] button');
  assert.ok((await heading(at)).includes(title));
  const space = at.url();
  const link = await at.inputValue('[data-invitation]');
  assert.ok(link.startsWith(way.home), `${link} is an address of home`);
  await look(at, `space-${way.source}`);

  const home = await visitor();
  await home.goto(link);
  await signIn(home, colleague);
  const names = await home.innerText('main');
  assert.ok(names.includes(given(pupil)) && !names.includes(pupil.name.split(' ')[1]), names);
  await look(home, `join-${way.source}`);
  await home.click('form[method=post] button.main');
  await home.waitForSelector('#done');
  await look(home, `join-done-${way.source}`);

  await at.goto(space);
  assert.ok((await at.innerText('main')).includes(given(pupil)), 'the class is there');
  await look(at, `space-guests-${way.source}`);
  let child = await guestOf(way, pupil);
  await child.goto(way.host);
  assert.ok((await heading(child)).includes(given(pupil)));
  for (const id of mounts) {
    await child.goto(`${way.host}open/${id}`);
    await child.waitForSelector('[data-user]');
  }
  child = await stoppedByTheHead(way, { head, pupil, child, home, link, space });
  await at.goto(space);
  // One more: as long as convention and school year last.
  await at.click('form[action$="/renew"] button');
  assert.equal(await at.$('form[action$="/renew"]'), null);
  // Home takes its list back: the child is out at once.
  await home.goto(`${way.home}spaces`);
  await home.click('form[action="/spaces/recall"] button');
  await child.goto(way.host);
  await child.waitForSelector('button[name=public]');
  await at.goto(space);
  assert.ok((await at.innerText('main')).includes('Liste retirée'), 'the host says so');
  await at.click('form[action$="/close"] button');
  // Closed at once.
  await at.locator('main', { hasText: 'Fermé.' }).waitFor();
  await at.goto(space);
  assert.equal(await at.$('[data-invitation]'), null, 'nobody is invited any more');
  await endedByTheClock(way, { pupil, teacher, theirs, school });
}

test('by OpenID Connect: a teacher of the collège shares a space with a class of the écoles, alone', async () => {
  await walk(WAYS[0], {
    teacher: account('teacher'),
    colleague: neighbour('teacher-neighbour'),
    head: account('head'),
    pupil: neighbour('pupil-neighbour'),
    own: '6A',
    theirs: 'CM2A',
    mounts: ['kiosque'],
    school: neighbour('pupil-neighbour').establishments[0].uai,
  });
});

test('by SAML: a teacher of the écoles shares a space with a class of the collège, alone', async () => {
  await walk(WAYS[1], {
    teacher: neighbour('teacher-neighbour'),
    colleague: account('teacher'),
    head: neighbour('head-neighbour'),
    pupil: account('pupil-6e'),
    own: 'CM2A',
    theirs: '6A',
    mounts: [],
    school: account('pupil-6e').establishments[0].uai,
  });
});

/** The annuaire of the collège names a child: an entry like that of a pupil there, with another name, key and password. */
function arrives({ like, given, family, login, password }) {
  const { address, base_dn: base, password_file: file } = demo.ldap;
  const secret = readFileSync(`${dirname(file)}/admin.password`, 'utf8').trim();
  const simple = ['-x', '-H', address, '-D', `cn=admin,${base}`, '-w', secret];
  const found = execFileSync('ldapsearch', [...simple, '-LLL', '-o', 'ldif-wrap=no', '-b', base, `(ENTPersonLogin=${like.login})`], { encoding: 'utf8' });
  const read = found.split('\n').filter((line) => line.includes(':')).map((line) => {
    const [, name, coded, value] = /^([^:]+):(:?) ?(.*)$/.exec(line);
    return [name, coded ? Buffer.from(value, 'base64').toString() : value];
  });
  const own = {
    uid: login,
    cn: `${given} ${family}`,
    displayName: `${given} ${family}`,
    sn: family,
    givenName: given,
    ENTPersonLogin: login,
    ENTPersonJointure: `${read.find(([name]) => name === 'ENTPersonJointure')[1].split('$')[0]}$990077`,
    ENTEleveStructRattachId: '990077',
    mail: `${login}@college.example`,
    userPassword: password,
  };
  const dn = read.find(([name]) => name === 'dn')[1].replace(/^[^,]+/, `uid=${login}`);
  const kept = read.filter(([name]) => !(name in own) && !['dn', 'ENTElevePersRelEleve'].includes(name));
  const lines = [['dn', dn], ...kept, ...Object.entries(own)];
  const ldif = lines.map(([name, value]) => `${name}:: ${Buffer.from(value).toString('base64')}`).join('\n');
  execFileSync('ldapadd', simple, { input: `${ldif}\n` });
}

test('a guest of CM2 arrives in 6e: the account is theirs, services know them as before, and the other ENT opens nothing any more', async () => {
  const [way, home] = WAYS;
  const [pupil, like] = [neighbour('pupil-neighbour'), account('pupil-6e')];
  const [school, host] = [pupil.establishments[0].uai, like.establishments[0].uai];
  const groups = [`${school}:CM2A:pupil:redacteur`, `${host}:6A:pupil:redacteur`];
  const until = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
  open(way, home, { id: 'passage', title: 'Le passage', host, groups, until, mounts: ['kiosque'], whom: `${school}:CM2A:pupil` });
  const knownAs = async (page) => {
    await page.goto(`${way.host}open/kiosque`);
    return page.getAttribute('[data-user]', 'data-user');
  };
  const guest = await guestOf(way, pupil);
  const before = await knownAs(guest);
  assert.ok(before, 'the service knows the guest');
  const [given, family] = pupil.name.split(' ');
  const login = 'larissa.arrivee';
  const password = 'pierre-levee-44';
  arrives({ like, given, family, login, password });
  preau(way.config, 'sync', 'annuaire');
  const matches = () => JSON.parse(preau(way.config, 'guests', 'matches', host, '--json'));
  assert.deepEqual(matches(), [], 'who is a guest still is a pupil elsewhere');
  // July.
  preau(way.config, 'guests', 'end', '--space', 'passage');
  await isOutWithinSeconds(guest, way);
  assert.equal(matches().length, 1, `one guest is like a pupil: ${JSON.stringify(matches())}`);
  const direction = await visitor();
  await direction.goto(`${way.host}spaces/guests/pupils`);
  await signIn(direction, account('head'));
  assert.ok((await direction.innerText('main')).includes(family), 'the head reads whom it may be');
  await look(direction, 'arrivals-college');
  await direction.click('form[action="/spaces/guests/pupils"] button');
  await direction.locator('main', { hasText: 'Personne à rapprocher' }).waitFor();
  await isOut(await guestOf(way, pupil), way);
  const own = await visitor();
  await own.goto(way.host);
  await signIn(own, { public: 'pupil', login, password });
  await own.goto(way.host);
  assert.ok((await own.innerText('body')).includes(family), 'a pupil, by the whole name');
  assert.equal(await knownAs(own), before, 'who they were');
  await look(own, 'arrived');
});
