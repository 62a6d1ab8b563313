// MLLP servers of other people.
//   node mllp_servers.mjs medplum|node-hl7-server|simple-hl7 [CODE...]
// The first line out is {"port":N}; then one {"code","msa","own","accept"} for each message that came, as the server's own
// parser reads it: the code it is answered with, its MSA-1 and MSA-2, its MSH-10 and MSH-15. The n-th message is answered
// with the n-th CODE, the last one for ever; "none" is no answer. Ends with its standard input.
import { createRequire } from 'node:module';
import { Hl7Server } from '@medplum/hl7';
import { Server } from 'node-hl7-server';

const simple = createRequire(import.meta.url)('simple-hl7');
const codes = process.argv.slice(3);
const say = (row) => console.log(JSON.stringify(row));
const next = () => (codes.length > 1 ? codes.shift() : codes[0] ?? 'AA');

function medplum() {
  const server = new Hl7Server((connection) => {
    connection.addEventListener('message', ({ message: m }) => {
      const f = (segment, n) => m.getSegment(segment)?.getField(n)?.toString() ?? '';
      const code = next();
      say({ code, msa: [f('MSA', 1), f('MSA', 2)], own: f('MSH', 10), accept: f('MSH', 15) });
      if (code !== 'none') connection.send(m.buildAck({ ackCode: code }));
    });
  });
  server.start(0);
  server.server.on('listening', () => say({ port: server.server.address().port }));
}

function nodeHl7() {
  const inbound = new Server({ bindAddress: '127.0.0.1' }).createInbound({ port: 0, name: 'tidings' }, async (req, res) => {
    const m = req.getMessage();
    const f = (path) => { try { return m.get(path).toString(); } catch { return ''; } };
    const code = next();
    say({ code, msa: [f('MSA.1'), f('MSA.2')], own: f('MSH.10'), accept: f('MSH.15') });
    if (code !== 'none') await res.sendResponse(code);
  });
  inbound.on('data.error', (e) => say({ error: String(e.message ?? e) }));
  inbound.on('listen', () => say({ port: inbound._socket.address().port }));
}

function simpleHl7() {
  const server = simple.Server.createTcpServer((error, req, res) => {
    if (error) return say({ error: String(error.message ?? error) });
    const msa = req.msg.getSegment('MSA'), code = next();
    say({ code, msa: [msa?.getField(1) ?? '', msa?.getField(2) ?? ''], own: req.msg.header.getField(8),
      accept: req.msg.header.getField(13) });
    if (code === 'none') return;
    res.ack.getSegment('MSA').setField(1, code);
    res.end();
  });
  server.start(0);
  server.server.on('listening', () => say({ port: server.server.address().port }));
}

({ medplum, 'node-hl7-server': nodeHl7, 'simple-hl7': simpleHl7 })[process.argv[2]]();
process.stdin.resume().on('end', () => process.exit(0));
