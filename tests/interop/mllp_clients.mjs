// MLLP clients of other people, driven by lines.
//   node mllp_clients.mjs medplum|node-hl7-client|simple-hl7 PORT
// in   {"text":"MSH|...","answers":2}     answers: how many to hear (1); "batch":true: the client's own batch of `texts`
//      {"again":true}                     a new connection by the client's own means
// out  {"answers":[{"code","id","own","condition","text"}]}  or {"error":"..."}; each field as the client's parser reads it
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { Hl7Message } from '@medplum/core';
import { Hl7Client, ReturnAckCategory } from '@medplum/hl7';
import { Batch, Client, Message } from 'node-hl7-client';

const { Parser, Server } = createRequire(import.meta.url)('simple-hl7');
const [kind, port] = [process.argv[2], Number(process.argv[3])];
const LIMIT = 60_000; // ends a broken run; measures nothing

// Answers as they come, and who waits for so many of them.
class Heard {
  constructor() { this.all = []; this.wanted = null; }
  add(answer) { this.all.push(answer); this.look(); }
  fail(error) { if (this.wanted) { this.wanted.no(error); this.wanted = null; } }
  look() {
    if (!this.wanted || this.all.length < this.wanted.n) return;
    clearTimeout(this.wanted.timer);
    this.wanted.yes(this.all.splice(0, this.wanted.n));
    this.wanted = null;
  }
  take(n) {
    return new Promise((yes, no) => {
      this.wanted = { n, yes, no, timer: setTimeout(() => this.fail(new Error('no answer')), LIMIT) };
      this.look();
    });
  }
}

function readMedplum(m) {
  const f = (segment, n) => m.getSegment(segment)?.getField(n)?.toString() ?? '';
  return { code: f('MSA', 1), id: f('MSA', 2), own: f('MSH', 10), condition: m.getSegment('ERR')?.getComponent(3, 1) ?? '', text: f('PID', 5) };
}

class Medplum {
  async open() {
    this.client = new Hl7Client({ host: '127.0.0.1', port, keepAlive: true });
    this.heard = new Heard();
    const connection = await this.client.connect();
    connection.setEnhancedMode(process.argv[4] === 'enhanced');
    connection.addEventListener('message', (e) => this.heard.add(readMedplum(e.message)));
    connection.addEventListener('close', () => this.heard.fail(new Error('closed')));
  }
  async ask({ text, answers = 1 }) {
    if (!this.client.connection) await this.open();
    const message = Hl7Message.parse(text);
    const heard = this.heard.take(answers);
    const options = { timeoutMs: LIMIT, returnAck: answers > 1 ? ReturnAckCategory.APPLICATION : ReturnAckCategory.FIRST };
    const reply = this.client.sendAndWait(message, options); // matches by MSA-2
    reply.catch(() => {});
    const all = await heard;
    return [...all.slice(0, -1), readMedplum(await reply)];
  }
  again() { return this.open(); }
  close() { return this.client.close(); }
}

class NodeHl7 {
  open() {
    this.heard = new Heard();
    const client = new Client({ host: '127.0.0.1', version: '2.5.1', connectionTimeout: 10_000, retryLow: 50, retryHigh: 200 });
    return new Promise((yes) => {
      this.connection = client.createConnection({ port, waitAck: false, maxConnectionAttempts: 50 }, (response) => {
        const m = response.getMessage();
        const f = (path) => { try { return m.get(path).toString(); } catch { return ''; } };
        this.heard.add({ code: f('MSA.1'), id: f('MSA.2'), own: f('MSH.10'), condition: f('ERR.3.1') });
      });
      this.connection.on('data.error', (e) => this.heard.fail(e));
      this.connection.on('client.error', (e) => this.heard.fail(e));
      this.connection.on('connect', () => { this.connects = (this.connects ?? 0) + 1; yes(); });
    });
  }
  async ask({ text, texts, batch, answers = 1 }) {
    let message = new Message({ text: text ?? '' });
    if (batch) {
      message = new Batch();
      message.start('14');
      for (const t of texts) message.add(new Message({ text: t }));
      message.end();
    }
    const heard = this.heard.take(answers);
    await this.connection.sendMessage(message); // kept until it is connected again
    return heard;
  }
  again() { return this.connection.close().then(() => this.open()); }
  close() { return this.connection.close(); }
}

class Simple {
  async open() { this.client = Server.createTcpClient({ host: '127.0.0.1', port, keepalive: true }); }
  ask({ text }) {
    const message = new Parser({ segmentSeperator: '\r' }).parse(text);
    return new Promise((yes, no) => {
      const timer = setTimeout(() => no(new Error('no answer')), LIMIT);
      const on = (error, ack) => {
        clearTimeout(timer);
        if (error) { this.client.close(); return no(error); }
        const msa = ack.getSegment('MSA'), err = ack.getSegment('ERR');
        yes([{ code: msa.getField(1), id: msa.getField(2), own: ack.header.getField(8), condition: err ? err.getComponent(3, 1) : '' }]);
      };
      this.client.send(message, on);
      this.client.client.once('close', () => on(new Error('closed')));
    });
  }
  async again() { this.client.close(); }
  async close() { this.client.close(); }
}

const peer = new { medplum: Medplum, 'node-hl7-client': NodeHl7, 'simple-hl7': Simple }[kind]();
await peer.open();
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  try {
    if (wanted.again) await peer.again();
    console.log(JSON.stringify({ answers: wanted.again ? [] : await peer.ask(wanted) }));
  } catch (e) {
    console.log(JSON.stringify({ error: String(e?.message ?? e) }));
  }
}
await peer.close();
process.exit(0); // the clients leave timers running
