// Sends files with @medplum/hl7's MLLP client, one connection each, and says what came back.
//   node mllp_client.mjs PORT < LIST_OF_FILES     one path a line; one JSON object a line comes out
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Hl7Client } from '@medplum/hl7';
import { Hl7Message } from '@medplum/core';

const port = Number(process.argv[2]);
const LIMIT = 60_000; // ends a broken run; measures nothing

// Bytes in, bytes out: what the file declares is the daemon's business, not this client's.
const ENCODING = 'latin1';

function within(promise) {
  let timer;
  const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error('no answer')), LIMIT); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Without MSH-10 this client's sendAndWait() refuses by itself, so the answer is listened for.
async function ask(client, message) {
  if (message.getSegment('MSH')?.getField(10)?.toString()) return client.sendAndWait(message, { timeoutMs: LIMIT });
  const connection = await client.connect();
  const answer = new Promise((yes) => connection.addEventListener('message', (e) => yes(e.message), { once: true }));
  connection.send(message);
  return within(answer);
}

async function one(file) {
  const raw = readFileSync(file).toString(ENCODING).replace(/^\x0b/, '').replace(/\x1c\r?$/, '');
  let message;
  try { message = Hl7Message.parse(raw); } catch (e) { return { file, refused: String(e.message ?? e) }; } // never sent
  const client = new Hl7Client({ host: '127.0.0.1', port, encoding: ENCODING });
  try {
    const closed = new Promise((_, no) => client.addEventListener('close', () => no(new Error('closed without an answer'))));
    closed.catch(() => {});
    const answer = await Promise.race([ask(client, message), closed]);
    const msa = answer.getSegment('MSA');
    return { file, code: msa?.getField(1)?.toString(), control: msa?.getField(2)?.toString() };
  } catch (e) {
    return { file, error: String(e.message ?? e) };
  } finally {
    await client.close().catch(() => {});
  }
}

const files = [];
for await (const file of createInterface({ input: process.stdin })) files.push(file);
await Promise.all(Array.from({ length: 16 }, async () => {
  while (files.length) console.log(JSON.stringify(await one(files.shift())));
}));
process.exit(0); // the client leaves its timers running
