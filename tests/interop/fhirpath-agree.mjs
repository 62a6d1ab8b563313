// Our FHIRPath engine beside JavaScript's fhirpath 5.2.0: the official R4 cases that lie inside the subset, and
// expressions of the kind that feeds use over invented resources and, when it is there, the FHIR corpus.
//
//   node fhirpath-agree.mjs PROGRAM NODE_MODULES_FOLDER SHARED_FOLDER
//
// PROGRAM is fhirpath_cmd. NODE_MODULES_FOLDER holds fhirpath, fhir and @xmldom/xmldom. Exits 1 when an answer differs.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

const [program, modules, shared] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, 'x.js'));
const fhirpath = require('fhirpath'), model = require('fhirpath/fhir-context/r4');

const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const waiting = [];
readline.createInterface({ input: child.stdout }).on('line', (l) => waiting.shift()(JSON.parse(l)));
child.on('exit', (code) => { for (const w of waiting.splice(0)) w({ error: `exited ${code}` }); });
const ours = (resource, expression) => new Promise((done) => {
  waiting.push(done);
  child.stdin.write(JSON.stringify({ expression, resource }) + '\n');
});
const text = (v) => (v === null || typeof v !== 'object' ? String(v) : v.asStr ?? JSON.stringify(v));
const plain = (x) => { // an object as the other engine prints it, whatever the order of its members
  try { const o = JSON.parse(x); return typeof o === 'object' && o !== null ? JSON.stringify(o, Object.keys(o).sort()) : x; } catch { return x; }
};
function theirs(resource, expression) {
  try {
    const all = fhirpath.evaluate(resource, expression, { resource }, model, { traceFn() {} });
    return { values: all.filter((v) => v !== null && v !== undefined).map(text) };
  } catch (e) { return { error: e.message.split('\n')[0] }; }
}
const count = { suite: 0, outside: 0, pass: 0, oraclePass: 0, asked: 0, differ: 0 };
async function compare(name, resource, expression) {
  const a = await ours(resource, expression);
  if (a.outside) return { a };
  const b = theirs(resource, expression);
  const same = (a.error !== undefined) === (b.error !== undefined)
    && (a.error !== undefined || JSON.stringify(a.values.map(plain)) === JSON.stringify(b.values.map(plain)));
  count.asked++;
  if (!same) {
    count.differ++;
    console.log(`differs: ${name}: ${expression}\n  ours   ${JSON.stringify(a).slice(0, 200)}\n  theirs ${JSON.stringify(b).slice(0, 200)}`);
  }
  return { a, b };
}

// ---- the official suite ----
const NUMBER = /^-?[\d.]+$/;
function mend(v) { // as fhirpath-suite.cjs: the XML reader writes decimals as strings and adds comments
  if (Array.isArray(v)) return v.map(mend);
  if (v === null || typeof v !== 'object') return v;
  const o = {};
  for (const [k, x] of Object.entries(v)) {
    if (k === 'fhir_comments') continue;
    const number = typeof x === 'string' && NUMBER.test(x) && (k === 'valueDecimal' || (k === 'value' && ('unit' in v || 'code' in v)));
    o[k] = number ? Number(x) : k === 'valueUuid' && x.value ? x.value : mend(x);
  }
  return o;
}
async function suite(folder) {
  const { DOMParser } = require('@xmldom/xmldom'), convert = new (require('fhir').Fhir)(), cache = new Map();
  const load = (name) => {
    const stem = path.join(folder, 'input', name.replace(/\.(xml|json)$/, ''));
    if (!cache.has(name)) cache.set(name, name.endsWith('.xml') && fs.existsSync(`${stem}.xml`)
      ? mend(convert.xmlToObj(fs.readFileSync(`${stem}.xml`, 'utf8'))) : JSON.parse(fs.readFileSync(`${stem}.json`, 'utf8')));
    return cache.get(name);
  };
  const doc = new DOMParser().parseFromString(fs.readFileSync(path.join(folder, 'tests-fhir-r4.xml'), 'utf8'), 'text/xml');
  for (const t of Array.from(doc.getElementsByTagName('test'))) {
    const x = t.getElementsByTagName('expression')[0], expression = x.textContent, invalid = !!x.getAttribute('invalid');
    const resource = t.getAttribute('inputfile') ? load(t.getAttribute('inputfile')) : {};
    const want = Array.from(t.getElementsByTagName('output')).map((o) => o.textContent);
    const judge = (r) => {
      if (invalid || r.error !== undefined) return invalid && r.error !== undefined;
      const got = t.getAttribute('predicate') === 'true' ? [String(r.values.length > 0)] : r.values;
      return got.length === want.length && want.every((w, i) => w === got[i] || (NUMBER.test(w) && Number(w) === Number(got[i]))
        || w.replace(/^@T?/, '') === got[i]);
    };
    count.suite++;
    const { a, b } = await compare(t.getAttribute('name'), resource, expression);
    if (!b) { count.outside++; continue; }
    count.pass += judge(a);
    count.oraclePass += judge(b);
    if (!judge(a)) console.log(`not as the suite says: ${t.getAttribute('name')}: ${expression} invalid=${invalid} want ${JSON.stringify(want)} got ${JSON.stringify(a).slice(0, 120)}${judge(b) ? '' : ' (nor does the other engine)'}`);
  }
}

// ---- expressions of our own ----
const lines = (name) => fs.readFileSync(new URL(name, import.meta.url), 'utf8').split('\n').filter((l) => l && !l.startsWith('#'));
async function own() {
  const expressions = lines('fhirpath-expressions.txt');
  for (const r of JSON.parse(fs.readFileSync(new URL('fhirpath-resources.json', import.meta.url), 'utf8')))
    for (const e of expressions) await compare(r.resourceType, r, e);
  const corpus = path.join(shared, 'data/corpus/fhir');
  if (!fs.existsSync(corpus)) { console.log('no FHIR corpus: skipped'); return; }
  const wanted = new Set(['Appointment', 'DiagnosticReport', 'Patient', 'Observation', 'Encounter']);
  for (const f of fs.readdirSync(corpus, { recursive: true }).filter((n) => n.endsWith('.json'))) {
    let x;
    try { x = JSON.parse(fs.readFileSync(path.join(corpus, f), 'utf8')); } catch { continue; }
    const all = x.resourceType === 'Bundle' ? (x.entry ?? []).map((n) => n.resource) : [x];
    for (const r of all) if (r && wanted.has(r.resourceType)) for (const e of expressions) await compare(f, r, e);
  }
}

const r4 = path.join(shared, 'data/fhirpath/r4');
if (fs.existsSync(r4)) await suite(r4); else console.log('no official suite: skipped');
await own();
child.stdin.end();
console.log(`official R4: ${count.suite} cases, ${count.outside} outside the subset, ${count.suite - count.outside} inside: ours ${count.pass}, fhirpath ${count.oraclePass}`);
console.log(`asked both: ${count.asked}, differ: ${count.differ}`);
process.exit(count.differ ? 1 : 0);
