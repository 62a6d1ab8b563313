// Writes src/fhir/definition.inc: R4 and R5 from the models of the npm package fhirpath 5.2.0, R4B as R4 with what the
// npm package @types/fhir 0.0.44 (DefinitelyTyped, MIT) has otherwise:
//   node fhir-definition.mjs FOLDER_WITH_NODE_MODULES > src/fhir/definition.inc
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const folder = process.argv[2];
const require = createRequire(path.resolve(folder, 'x.js'));
const byte = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const split = (p) => [p.slice(0, p.lastIndexOf('.')), p.slice(p.lastIndexOf('.') + 1)];

// ---- a release: elements (path -> {type, repeats, targets}) and parents (type -> type) ----

function fromModel(release) {
  const model = (name) => require(`fhirpath/fhir-context/${release}/${name}.json`);
  const types = model('path2Type'), elsewhere = model('pathsDefinedElsewhere'), choices = model('choiceTypePaths');
  const parents = model('type2Parent'), repeating = new Set(model('path2Repeating'));
  const elements = new Map();
  for (const [p, t] of Object.entries(types)) {
    if (!p.includes('.')) continue;
    const code = t.code ?? t;
    const own = code === 'BackboneElement' || code === 'Element';
    elements.set(p, {
      type: elsewhere[p] ?? (own ? p : code), repeats: repeating.has(p),
      targets: code === 'Reference' ? (t.refType ?? []).slice().sort(byte).join(' ') : '',
    });
  }
  for (const [p, t] of Object.entries(elsewhere))
    if (!elements.has(p)) elements.set(p, { type: t, repeats: repeating.has(p), targets: '' });
  for (const p of Object.keys(choices)) elements.set(p, { type: '[x]', repeats: repeating.has(p), targets: '' });
  return { elements, parents: new Map(Object.entries(parents)), elsewhere: Object.keys(elsewhere) };
}

// The interfaces of a .d.ts file: name -> {parent, members: name -> {type, repeats}}.
function interfacesOf(release) {
  const file = path.join(folder, 'node_modules/@types/fhir', `${release}.d.ts`);
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/<[^<>]*>/g, '')
    .replace(/\(?'[^'\n]*'(?:\s*\|\s*'[^'\n]*')*\)?/g, 'code');
  const found = new Map();
  for (const [, name, parent, body] of text.matchAll(/export interface (\w+)(?: extends (\w+))? \{([\s\S]*?)\n\}/g)) {
    const members = new Map();
    for (const [, m, type, list] of body.matchAll(/^\s*(\w+)\??: *(\w+)(\[\])?(?: *\| *undefined)?;/gm))
      if (!m.startsWith('_')) members.set(m, { type: type.replace('number', 'decimal').replace('FhirResource', 'Resource'), repeats: Boolean(list) });
    found.set(name, { parent, members });
  }
  return found;
}

// Every path of the resources and data types; a type that is nobody else's is a path of its own.
function pathsOf(interfaces, isType) {
  const all = new Map(), home = new Map();
  const walk = (owner, name) => {
    home.set(name, owner);
    for (const [m, { type, repeats }] of interfaces.get(name).members) {
      if (m === 'resourceType') continue;
      const p = `${owner}.${m}`, nested = interfaces.has(type) && !isType(type);
      if (nested && !home.has(type)) walk(p, type);
      all.set(p, { type: nested ? home.get(type) : type, repeats, targets: '' });
    }
  };
  for (const name of interfaces.keys()) if (isType(name)) walk(name, name);
  return all;
}

// A nested interface extends BackboneElement or Element and starts with the name of what it is nested in.
const typesOf = (of) => (t) => !['BackboneElement', 'Element'].includes(of.get(t).parent) || r4.parents.has(t)
  || r5.parents.has(t) || ![...of.keys()].some((o) => o !== t && t.startsWith(o));

// The models do not say how often an element occurs whose children are described elsewhere.
function countElsewhere(release, { elements, elsewhere }) {
  const of = interfacesOf(release), declared = pathsOf(of, typesOf(of));
  for (const p of elsewhere) elements.get(p).repeats = declared.get(p).repeats;
}

function r4b() {
  const before = interfacesOf('r4'), now = interfacesOf('r4b');
  const old = pathsOf(before, typesOf(before)), fresh = pathsOf(now, typesOf(now));
  const parents = new Map(r4.parents), elements = new Map(r4.elements);
  for (const [t, { parent }] of now) if (typesOf(now)(t) && parent) parents.set(t, r4.parents.get(t) ?? parent);
  for (const t of before.keys()) if (!now.has(t) && typesOf(before)(t)) parents.delete(t);
  // What R4 had and R4B has not.
  for (const p of old.keys()) if (!fresh.has(p)) elements.delete(p);
  for (const p of [...elements.keys()]) {
    const root = p.split('.')[0];
    if (before.has(root) && !now.has(root)) elements.delete(p);
  }
  for (const [p, e] of fresh) {
    const had = elements.get(p), was = old.get(p);
    if (!had || (was && (was.type !== e.type || was.repeats !== e.repeats))) elements.set(p, e);
  }
  // A choice: several members of one owner that differ in the type behind a common name.
  const heads = new Map();
  for (const [p, e] of fresh) {
    if (old.has(p)) continue;
    const tail = e.type[0].toUpperCase() + e.type.slice(1);
    const known = [tail, 'Boolean', 'DateTime', 'Date', 'String', 'Integer', 'Decimal', 'Uri', 'Canonical', 'Markdown', 'Code', 'Instant', 'Base64Binary'];
    for (const t of known) if (p.endsWith(t) && /[a-z]$/.test(p.slice(0, -t.length))) heads.set(p.slice(0, -t.length), (heads.get(p.slice(0, -t.length)) ?? 0) + 1);
  }
  for (const [p, n] of heads) if (n > 1 && !elements.has(p)) elements.set(p, { type: '[x]', repeats: false, targets: '' });
  for (const p of [...elements.keys()]) { // a choice none of whose members is left
    if (elements.get(p).type === '[x]' && ![...elements.keys()].some((q) => q.startsWith(p) && /^[A-Z]\w*$/.test(q.slice(p.length)))) elements.delete(p);
  }
  return { elements, parents };
}

const r4 = fromModel('r4'), r5 = fromModel('r5');
countElsewhere('r4', r4);
countElsewhere('r5', r5);
const releases = [r4, r4b(), r5];

// What a type has from its parent is not said again.
function inherited({ elements, parents }, owner, name, type) {
  for (let t = parents.get(owner) ?? (owner.includes('.') ? 'BackboneElement' : undefined); t; t = parents.get(t))
    if (elements.get(`${t}.${name}`)?.type === type) return true;
  return false;
}

const rows = new Map(), types = new Map(), words = new Set(['', '[x]']);
releases.forEach((r, i) => {
  for (const [p, e] of r.elements) {
    const [owner, name] = split(p);
    if (inherited(r, owner, name, e.type)) continue;
    const key = [owner, name, e.type, e.repeats ? 1 : 0, e.targets].join('\t');
    rows.set(key, (rows.get(key) ?? 0) | (1 << i));
    for (const w of [owner, name, e.type]) words.add(w);
  }
  const all = new Set([...r.parents.keys(), ...r.parents.values(), ...[...r.elements.keys()].map((p) => p.split('.')[0])]);
  for (const t of all) {
    const key = `${t}\t${r.parents.get(t) ?? ''}`;
    types.set(key, (types.get(key) ?? 0) | (1 << i));
    words.add(t);
  }
});

// ---- texts: words in order, then lists of targets ----

const chunks = [];
let column = 4096;
function put(s) {
  if (column + s.length + 1 > 4095) {
    chunks.push([]);
    column = 0;
  }
  const at = (chunks.length - 1) * 4096 + column;
  chunks.at(-1).push(s);
  column += s.length + 1;
  return at;
}
const wordList = [...words].sort(byte), wordAt = wordList.map(put);
const index = new Map(wordList.map((w, i) => [w, i]));
const targetAt = new Map([['', 0]]);
const rowList = [...rows].map(([k, mask]) => [k.split('\t'), mask]).sort(([a], [b]) => byte(a[0], b[0]) || byte(a[1], b[1]) || byte(a[2], b[2]));
for (const [[, , , , targets]] of rowList) if (!targetAt.has(targets)) targetAt.set(targets, put(targets));
if (wordList.length > 65535 || wordAt[0] !== 0) throw new Error('the tables do not fit their types');

const fold = (items) => items.reduce((out, s) => {
  if (out.length && out.at(-1).length + s.length < 110) out[out.length - 1] += ` ${s}`;
  else out.push(`    ${s}`);
  return out;
}, []).join('\n');
const typeList = [...types].map(([k, mask]) => [...k.split('\t'), mask]).sort((a, b) => byte(a[0], b[0]));

console.log(`/* Made by tests/interop/fhir-definition.mjs; not edited by hand. FHIR R4 (4.0.1), R4B (4.3.0) and R5 (5.0.0), HL7,
 * CC0; by way of the npm packages fhirpath 5.2.0 and, for R4B, @types/fhir 0.0.44: Copyright (c) Microsoft
 * Corporation, MIT licence. FHIR is a registered trademark of Health Level Seven International. */
/* clang-format off */
/* Every name and list, ended by a NUL; word_at and the lists of targets count bytes from the start of it. */
static const char all_text[][4096] = {
${chunks.map((c) => `    {\n${fold(c.map((s) => `"${s}\\0"`))}\n    },`).join('\n')}
};
static const uint32_t word_at[] = { /* in order of the words */
${fold(wordAt.map((n) => `${n},`))}
};
static const struct element_row element_rows[] = { /* owner, name, type, releases, repeats, targets; in order */
${fold(rowList.map(([[o, n, t, r, g], m]) => `{${index.get(o)}, ${index.get(n)}, ${index.get(t)}, ${m}, ${r}, ${targetAt.get(g)}},`))}
};
static const struct type_row type_rows[] = { /* type, parent, releases; in order */
${fold(typeList.map(([t, p, m]) => `{${index.get(t)}, ${index.get(p)}, ${m}},`))}
};
/* clang-format on */`);
