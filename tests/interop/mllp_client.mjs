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

// Silence is an answer, too: what comes before the answer to this is all that there was.
const PROBE = Hl7Message.parse('MSH|^~\\&|PROBE||||||-|PROBE|P|2.5.1\r');

// The first answer that is not the probe's. This client takes all it reads at once for one message: each MSA is looked at.
async function ask(client, message) {
  const connection = await client.connect();
  let first = { code: 'none' };
  const answer = new Promise((yes) => connection.addEventListener('message', (e) => {
    for (const msa of e.message.getAllSegments('MSA')) {
      const [code, control] = [1, 2].map((n) => msa.getField(n)?.toString());
      if (control !== 'PROBE' && first.code === 'none') first = { code, control };
    }
    if (e.message.toString().includes('MSA|AR|PROBE')) yes(first); // whatever separators that reading went by
  }));
  connection.send(message);
  connection.send(PROBE);
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
    return { file, ...await Promise.race([ask(client, message), closed]) };
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
