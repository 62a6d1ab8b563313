// What the packages of tests/interop do with the bench's message: parse and the same five reads. One JSON
// object a row, as bench_hl7 prints them. Time is what the process had of the processor.
//
// usage: node hl7_peers.mjs MESSAGE.hl7 [SECONDS]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../interop/package.json', import.meta.url));

function medplum() {
  const { Hl7Message } = require('@medplum/core');
  return (text) => {
    const m = Hl7Message.parse(text);
    const pid = m.getSegment('PID');
    return m.header.getComponent(9, 1).length + m.header.getField(10).toString().length +
      pid.getComponent(3, 1).length + m.getSegment('SCH').getComponent(11, 4).length +
      pid.getComponent(13, 12).length;
  };
}

function simpleHl7() {
  const { Parser } = require('simple-hl7');
  const parser = new Parser();
  return (text) => {
    const m = parser.parse(text);
    const [pid, sch] = [m.getSegment('PID'), m.getSegment('SCH')];
    return m.header.getComponent(7, 1).length + m.header.getField(8).length + pid.getComponent(3, 1).length +
      sch.getComponent(11, 4).length + pid.getComponent(13, 12).length;
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
  let seen = 0;
  for (let i = 0; i < 2000; i++) seen += read(messages[i % messages.length]); // the compiler warms up
  const start = used();
  let n = 0;
  do {
    for (let i = 0; i < 256; i++, n++) seen += read(messages[n % messages.length]);
  } while (used() - start < seconds * 1e9);
  const ns = (used() - start) / n;
  if (!(seen > 0)) throw new Error(`${name} read nothing`);
  console.log(JSON.stringify({ name, ns: Math.round(ns * 10) / 10, per_s: Math.round(1e9 / ns) }));
}

const text = readFileSync(process.argv[2], 'utf8').replaceAll('\n', '\r');
const messages = Array.from({ length: 64 }, (_, n) =>
  text.replace('RV20261121093000001', n.toString(16).padStart(16, '0')));
const seconds = Number(process.argv[3] ?? 1);
measure('@medplum/core', medplum, messages, seconds);
measure('simple-hl7', simpleHl7, messages, seconds);
