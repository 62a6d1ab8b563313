// What an editor with yaml-language-server shows: reads [{text, schema, at: [[line, character], ...]}, ...] from stdin,
// writes [{problems, completions, hovers}, ...]: completions and hovers have one entry a position.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
const rpc = require("vscode-jsonrpc/node");
const questions = JSON.parse(readFileSync(0, "utf8"));
const server = spawn(process.execPath, [require.resolve("yaml-language-server/bin/yaml-language-server"), "--stdio"],
                     { stdio: ["pipe", "pipe", "ignore"] });
const link = rpc.createMessageConnection(new rpc.StreamMessageReader(server.stdout),
                                         new rpc.StreamMessageWriter(server.stdin));
const published = new Map();
link.onNotification("textDocument/publishDiagnostics", (p) => published.get(p.uri)?.(p.diagnostics));
const settings = { yaml: { validate: true, hover: true, completion: true, schemaStore: { enable: false } } };

link.onRequest("workspace/configuration", (p) => p.items.map((i) => settings[i.section] ?? {}));
link.onRequest("client/registerCapability", () => null);
link.onRequest("custom/schema/request", () => null);
link.onRequest("vscode/content", (uri) => readFileSync(fileURLToPath(uri), "utf8"));
link.listen();
await link.sendRequest("initialize", {
    processId: process.pid, rootUri: null, workspaceFolders: null,
    capabilities: { textDocument: { hover: { contentFormat: ["markdown"] }, completion: {} },
                    workspace: { configuration: true } },
});
link.sendNotification("initialized", {});

async function ask(question, n) {
    const uri = pathToFileURL(`/tenant/file${n}.yaml`).href;
    const found = new Promise((resolve) => published.set(uri, resolve));
    const text = `# yaml-language-server: $schema=${pathToFileURL(question.schema).href}\n${question.text}`;
    link.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
    const answer = { problems: [], completions: [], hovers: [] };
    answer.problems = (await found).map((d) => ({ line: d.range.start.line - 1, text: d.message }));
    for (const [line, character] of question.at ?? []) {
        const where = { textDocument: { uri }, position: { line: line + 1, character } };
        const list = await link.sendRequest("textDocument/completion", where);
        const hover = await link.sendRequest("textDocument/hover", where);
        answer.completions.push((list?.items ?? list ?? []).map((i) => i.label));
        answer.hovers.push(hover?.contents?.value ?? "");
    }
    return answer;
}

const answers = [];
for (const [n, question] of questions.entries())
    answers.push(await ask(question, n));
process.stdout.write(JSON.stringify(answers) + "\n");
server.kill();
process.exit(0);
