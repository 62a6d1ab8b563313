// Writes src/hl7/definition.inc from the npm package hl7v2-dictionary 1.8.0 (Panates, MIT):
//   node hl7-definition.mjs FOLDER_WITH_NODE_MODULES > src/hl7/definition.inc
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const require = createRequire(path.resolve(process.argv[2], 'x.js'));
const { dictionaries } = await import(pathToFileURL(require.resolve('hl7v2-dictionary')));
// 2.8 is left out: the package has 2.7.1 under that name (docs/decisions/030).
const versions = ['2.3', '2.3.1', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.7.1'];
const byte = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const ascii = (s) => (s ?? '').replace(/\s*[^\x20-\x7e]+\s*/g, ' - ').replace(/\s+/g, ' ').trim();

// HL7 table 0354: triggers whose messages have the structure of another one.
const shared = `ADT_A01 A04 A08 A13|ADT_A05 A14 A28 A31|ADT_A06 A07|ADT_A09 A10 A11|ADT_A21 A22 A23 A25 A26 A27 A29 A32 A33
ADT_A30 A34 A35 A36 A46 A47 A48 A49|ADT_A39 A40 A41 A42|ADT_A43 A44|ADT_A50 A51|ADT_A52 A53|ADT_A54 A55|ADT_A61 A62
CRM_C01 C02 C03 C04 C05 C06 C07 C08|CSU_C09 C10 C11 C12|LSU_U12 U13|MDM_T01 T03 T05 T07 T09 T11|MDM_T02 T04 T06 T08 T10
MFK_M01 M02 M03 M04 M05 M06 M07 M08 M09 M10 M11|MFQ_M01 M02 M03 M04 M05 M06|MFR_M01 M02 M03|ORU_R30 R31 R32|ORU_R01 R40
PEX_P07 P08|PGL_PC6 PC7 PC8|PMU_B01 B02|PMU_B04 B05 B06|PPG_PCG PCC PCH PCJ|PPP_PCB PCD|PPR_PC1 PC2 PC3
QBP_Q21 Q22 Q23 Q24 Q25|QCN_J01 J02|QRY_PC4 PC9 PCE PCK|QRY_Q01 Q26 Q27 Q28 Q29 Q30|RDE_O11 O25|REF_I12 I13 I14 I15
RPA_I08 I09 I10 I11|RPI_I01 I04|RQA_I08 I09 I10 I11|RQC_I05 I06|RQI_I01 I02 I03 I07|RRE_O12 O26|RRI_I12 I13 I14 I15
RSP_K23 K24|SDR_S31 S36|SDR_S32 S37|SIU_S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26 S27|SLR_S28 S29 S30 S34 S35
SRM_S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11|SRR_S01 S02 S03 S04 S05 S06 S07 S08 S09 S10 S11|TCU_U10 U11`.split(/[|\n]/);
const leader = new Map(shared.flatMap((row) => {
  const [lead, ...events] = row.split(' ');
  return events.map((e) => [`${lead.slice(0, 4)}${e}`, lead]);
}));

// A field that a version took out is text there; it keeps the type that it had, as its senders do.
versions.slice(1).forEach((v, i) => {
  for (const [name, { fields }] of Object.entries(dictionaries[v].segments)) {
    for (const [n, f] of Object.entries(fields)) {
      const before = dictionaries[versions[i]].segments[name]?.fields[n];
      if (f.type === 'ST' && 'BW'.includes(f.opt) && before && before.type !== f.type) fields[n] = { ...f, type: before.type };
    }
  }
});

// ---- text, each once; offsets into all of it ----

const texts = new Map();
const rows = [];
let column = 4096;
function text(s) {
  if (texts.has(s)) return texts.get(s);
  if (column + s.length + 1 > 4095) {
    rows.push([]);
    column = 0;
  }
  const at = (rows.length - 1) * 4096 + column;
  rows.at(-1).push(s);
  column += s.length + 1;
  texts.set(s, at);
  return at;
}
text('');

// ---- segments and types: one row for each stretch of versions that agree ----

const typeNames = [...new Set(versions.flatMap((v) => Object.keys(dictionaries[v].types)))].sort(byte);
if (typeNames.length > 255) throw new Error('part_row.type is a byte');
typeNames.forEach(text);
const lists = new Map();
const parts = [];
function list(fields) {
  const rowsOf = Object.keys(fields ?? {}).map(Number).sort((a, b) => a - b).map((n, i) => {
    if (n !== i + 1) throw new Error('a gap in the numbers');
    const f = fields[n];
    if (!typeNames.includes(f.type)) throw new Error(`no type ${f.type}`);
    return `    {${text(ascii(f.desc))}, ${typeNames.indexOf(f.type)}, ${f.rep === 1 ? 0 : 1}},`;
  });
  const key = rowsOf.join('\n');
  if (!lists.has(key)) {
    lists.set(key, parts.length);
    parts.push(...rowsOf);
  }
  return [lists.get(key), rowsOf.length];
}
function stretches(of, name, write) {
  const found = new Map();
  versions.forEach((v, i) => {
    const one = of(dictionaries[v])[name];
    if (!one) return;
    const [first, n] = list(one.fields);
    const row = write(first, n, text(ascii(one.desc)));
    found.set(row, (found.get(row) ?? 0) | (1 << i));
  });
  return [...found].map(([row, mask]) => row.replace('MASK', `0x${mask.toString(16)}`));
}
const segmentNames = [...new Set(versions.flatMap((v) => Object.keys(dictionaries[v].segments)))]
  .filter((s) => /^[A-Z][A-Z0-9]{2}$/.test(s)).sort(byte);
const segments = segmentNames.flatMap((s) => stretches((d) => d.segments, s, (first, n, title) =>
  `    {"${s}", MASK, ${n}, ${first}, ${title}},`));
const types = typeNames.flatMap((t, i) => stretches((d) => d.types, t, (first, n, title) =>
  `    {${i}, MASK, ${n}, ${first}, ${title}},`));

// ---- structures ----

const inner = (x) => Object.entries(x.segments).sort((a, b) => a[1].idx - b[1].idx);
const allOf = (x) => inner(x).flatMap(([name, s]) => (s.segments ? allOf(s) : name.split(',')));
function write(x) {
  return inner(x).map(([name, s]) => {
    const star = s.max === 1 ? '' : '*';
    if (s.segments) return `(${write(s)})${star}`;
    const names = name.split(',');
    if (!names.every((n) => /^[A-Z][A-Z0-9]{2}$/.test(n))) return '?'; // any segment
    return names.length > 1 ? `[${names.join('|')}]` : name + star; // a choice is of one
  }).join(' ');
}
const messages = new Set(versions.flatMap((v) => Object.keys(dictionaries[v].messages)));
for (const m of leader.keys()) messages.add(m);
const triggers = [...messages].filter((m) => /^[A-Z]{3}_[A-Z][A-Z0-9]{2}$/.test(m)).sort(byte).flatMap((m) => {
  const found = new Map();
  versions.forEach((v, i) => {
    const all = dictionaries[v].messages;
    let of = all[leader.get(m) ?? m] ?? all[m];
    // What a table of its own has more counts too.
    if (of && all[m] && !allOf(all[m]).every((s) => allOf(of).includes(s))) of = all[m];
    if (!of) return;
    // What stands in the answer to a query is for the profile of the query to say.
    const at = text(write(of) + (/^(QBP|QSB|QVR|RDY|RSP|RTB)_/.test(m) ? ' ?' : ''));
    found.set(at, (found.get(at) ?? 0) | (1 << i));
  });
  return [...found].map(([at, mask]) => `    {"${m.replace('_', '^')}", 0x${mask.toString(16)}, ${at}},`);
});

const quote = (s) => `"${s.replace(/["\\]/g, '\\$&')}\\0"`;
const fold = (items, indent) => items.reduce((out, s) => {
  if (out.length && out.at(-1).length + s.length < 110) out[out.length - 1] += ` ${s}`;
  else out.push(indent + s);
  return out;
}, []).join('\n');
const rowLines = (all) => fold(all.map((r) => r.trim()), '    ');

console.log(`/* Made by tests/interop/hl7-definition.mjs; not edited by hand. The definitions of HL7 v2.3 to v2.7.1 as the npm
 * package hl7v2-dictionary 1.8.0 has them: Copyright (c) 2017 Panates, MIT licence. HL7 is a trademark of Health
 * Level Seven International. */
/* clang-format off */
/* Every title and structure, ended by a NUL; the numbers below count bytes from the start of it. */
static const char all_text[][4096] = {
${rows.map((r) => `    {\n${fold(r.map(quote), '     ')}\n    },`).join('\n')}
};
static const uint32_t type_names[] = { /* in order */
${fold(typeNames.map((t) => `${text(t)},`), '    ')}
};
static const struct part_row part_rows[] = { /* title, type, repeats */
${rowLines(parts)}
};
static const struct segment_row segment_rows[] = { /* name, versions, number of parts, first part, title */
${rowLines(segments)}
};
static const struct type_row type_rows[] = { /* name, versions, number of parts, first part, title */
${rowLines(types)}
};
static const struct trigger_row trigger_rows[] = { /* trigger, versions, structure */
${rowLines(triggers)}
};
/* clang-format on */`);
