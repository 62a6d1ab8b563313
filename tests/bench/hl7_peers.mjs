// What the packages of tests/interop do with the bench's message: parse and the same five reads. One JSON
// object a row, as bench_hl7 prints them. Time is what the process had of the processor.
//
// usage: node hl7_peers.mjs MESSAGE.hl7 [SECONDS]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../interop/package.json', import.meta.url));

const WANTED = 'SIU 0000000000000000 MRN0099812 20261204093000+0800 +12125550123';

function medplum() {
  const { Hl7Message } = require('@medplum/core');
  return (text) => {
    const m = Hl7Message.parse(text);
    const pid = m.getSegment('PID');
    return [m.header.getComponent(9, 1), m.header.getField(10).toString(), pid.getComponent(3, 1),
      m.getSegment('SCH').getComponent(11, 4), pid.getComponent(13, 12)];
  };
}

function simpleHl7() {
  const { Parser } = require('simple-hl7');
  const parser = new Parser();
  const first = (field, component) => field.value[0].value[0][component - 1].value[0]; // of a repeated field
  return (text) => {
    const m = parser.parse(text);
    const pid = m.getSegment('PID');
    return [m.header.getComponent(7, 1), m.header.getField(8), first(pid.fields[2], 1),
      m.getSegment('SCH').getComponent(11, 4), first(pid.fields[12], 12)];
  };
}

function measure(name, makeReader, messages, seconds) {
  let read;
  try {
    read = makeReader();
  } catch {
    return; // not installed here
  }
  const used = () => { const u = process.cpuUsage(); return (u.user + u.system) * 1e3; };
  const got = read(messages[0]).join(' ');
  if (got !== WANTED) throw new Error(`${name} reads ${got}`);
  let seen = 0;
  for (let i = 0; i < 2000; i++) seen += read(messages[i % messages.length]).length; // the compiler warms up
  const start = used();
  let n = 0;
  do {
    for (let i = 0; i < 256; i++, n++) seen += read(messages[n % messages.length]).length;
  } while (used() - start < seconds * 1e9);
  const ns = (used() - start) / n;
  if (seen < 5 * n) throw new Error(`${name} read too little`);
  console.log(JSON.stringify({ name, ns: Math.round(ns * 10) / 10, per_s: Math.round(1e9 / ns) }));
}

const text = readFileSync(process.argv[2], 'utf8').replaceAll('\n', '\r');
const messages = Array.from({ length: 64 }, (_, n) =>
  text.replace('RV20261121093000001', n.toString(16).padStart(16, '0')));
const seconds = Number(process.argv[3] ?? 1);
measure('@medplum/core', medplum, messages, seconds);
measure('simple-hl7', simpleHl7, messages, seconds);
