// What a screen reader is given of a page: Chromium's accessibility tree, in the order in which it is read. Rules that hold on every page
// are here; what is read of some pages, word by word, is in spoken.test.mjs.

import assert from 'node:assert/strict';

const LANDMARKS = ['banner', 'main', 'contentinfo', 'search', 'region', 'form'];
const CONTROLS = ['link', 'button', 'textbox', 'searchbox', 'combobox', 'checkbox', 'radio', 'DisclosureTriangle'];
const LIVE = ['status', 'alert'];

/** The nodes of the tree that are not ignored, in reading order, each with what is around it. */
export async function tree(page) {
  // One session for each page: the end of a second one would take the authenticator of a page away.
  page.reader ??= await page.context().newCDPSession(page);
  await page.waitForLoadState();
  let nodes = [];
  // Chromium makes the tree of a document a little after the document.
  for (let i = 0; i < 50 && nodes.length < 2; i += 1) {
    if (i > 0) await page.waitForTimeout(20);
    ({ nodes } = await page.reader.send('Accessibility.getFullAXTree'));
  }
  const known = new Map(nodes.map((node) => [node.nodeId, node]));
  const read = [];
  const walk = (id, around) => {
    const node = known.get(id);
    if (!node) return;
    const role = node.role?.value;
    const property = (name) => node.properties?.find((one) => one.name === name)?.value.value;
    const one = { role, name: (node.name?.value ?? '').replace(/\s+/g, ' ').trim(), around, property };
    one.description = (node.description?.value ?? '').replace(/\s+/g, ' ').trim();
    if (!node.ignored) read.push(one);
    for (const child of node.childIds ?? []) walk(child, node.ignored ? around : [...around, one]);
  };
  walk(nodes[0].nodeId, []);
  return read;
}

const within = (node, roles) => node.around.some((one) => roles.includes(one.role));

/** What is read aloud, a line for each stop: landmarks, headings, controls with their state, and the texts between them. */
export function lines(nodes) {
  const said = [];
  for (const node of nodes) {
    const { role, name, description, property } = node;
    if (within(node, [...CONTROLS, 'heading'])) continue;
    if (role === 'heading') said.push(`heading ${property('level')}: ${name}`);
    else if (CONTROLS.includes(role)) {
      const states = [
        property('required') ? 'required' : '',
        property('invalid') === 'true' ? 'invalid' : '',
        property('pressed') === undefined ? '' : `pressed ${property('pressed')}`,
        property('focused') ? 'focused' : '',
        description ? `(${description})` : '',
      ];
      said.push(`${role}: ${[name, ...states.filter(Boolean)].join(' ')}`);
    } else if (LANDMARKS.includes(role)) said.push(name ? `${role}: ${name}` : role);
    else if (LIVE.includes(role)) said.push(property('focused') ? `${role}, focused` : role);
    else if (role === 'list') said.push('list');
    else if (role === 'StaticText' && name) said.push(`“${name}”`);
    else if (role === 'image' || role === 'Iframe') said.push(`${role}: ${name}`);
  }
  return said;
}

/** Fails where a page breaks a rule that holds on every one of them. */
export async function isReadable(page, at) {
  const nodes = await tree(page);
  const of = (...roles) => nodes.filter((node) => roles.includes(node.role));
  const wrong = [];
  const must = (right, what) => right || wrong.push(what);
  for (const role of ['banner', 'main', 'contentinfo']) must(of(role).length === 1, `${of(role).length} ${role}`);
  const order = nodes.filter((node) => ['banner', 'main', 'contentinfo'].includes(node.role)).map((node) => node.role);
  must(order.join() === 'banner,main,contentinfo', `the order of reading is ${order}`);
  must(nodes.find((node) => CONTROLS.includes(node.role))?.role === 'link', 'the first stop is not the link to the content');
  const levels = of('heading').map((node) => node.property('level'));
  must(levels[0] === 1 && levels.filter((level) => level === 1).length === 1, `headings ${levels}`);
  must(levels.every((level, n) => n === 0 || level <= levels[n - 1] + 1), `headings ${levels}`);
  for (const node of of(...CONTROLS)) must(node.name, `a ${node.role} without a name`);
  for (const node of of('image')) must(node.name, 'an image without a name');
  for (const node of of(...LIVE)) {
    const text = nodes.filter((one) => one.role === 'StaticText' && one.around.includes(node));
    must(text.length > 0 || node.property('live') === 'polite', `a ${node.role} that says nothing`);
  }
  // Whoever hears a list of links or buttons hears them without what is around: two that do not do the same are not called the same.
  const forms = await page.$$eval('button', (all) => all.map((one) => [one.textContent.replace(/\s+/g, ' ').trim(), one.form?.action, one.value]));
  const links = await page.$$eval('a[href]', (all) => all.map((one) => [one.textContent.replace(/\s+/g, ' ').trim(), one.href]));
  for (const all of [forms, links]) {
    for (const [name, ...does] of all) {
      const other = all.find(([same, ...else_]) => same === name && String(else_) !== String(does));
      must(!other, `two are called “${name}”: ${does} ${other}`);
    }
  }
  // What is seen is heard, in the same order: no text is hidden from the tree, and none comes at another place.
  const typed = ['textbox', 'searchbox', 'combobox', 'MenuListPopup', 'Date'];
  // The label around a box to tick is its name.
  const heard = of('StaticText', 'checkbox', 'radio').filter((node) => !within(node, typed)).map((node) => node.name).join('');
  const seen = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
      const { parentElement: parent, data } = walker.currentNode;
      if (parent.checkVisibility({ visibilityProperty: true }) && !parent.closest('script, select, textarea, noscript')) texts.push(data);
    }
    return texts.join('');
  });
  const plain = (text) => text.replace(/\s+/g, '');
  must(plain(heard) === plain(seen), `seen and heard differ:\n  seen  ${plain(seen)}\n  heard ${plain(heard)}`);
  assert.deepEqual([...new Set(wrong)], [], `${at} at ${page.url()} is not well read aloud`);
}
