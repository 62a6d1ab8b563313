/* `tidings demo` as a process of its own, and what its story says. */
import { spawn } from "node:child_process";

const STORY_MS = 40_000;

/* Starts it on a free port; resolves once the story is told. `onPhone(url)` runs as soon as the phone is there. */
export async function startDemo(program, onPhone) {
  const child = spawn(program, ["demo"], { stdio: ["ignore", "pipe", "pipe"] });
  const demo = { child, story: "", phone: null };
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.once("exit", () => child.kill("SIGTERM"));
  demo.stop = () => (child.kill("SIGTERM"), ended);
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the demo did not get ready:\n${demo.story}`)), STORY_MS);
    const read = (bytes) => {
      demo.story += bytes;
      const phone = demo.story.match(/^phone (\S+)$/m)?.[1];
      if (phone && !demo.phone) {
        demo.phone = phone;
        onPhone(phone);
      }
      if (/^Open the phone/m.test(demo.story)) {
        clearTimeout(late);
        resolve();
      }
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}:\n${demo.story}`)));
  }).catch((e) => {
    child.kill("SIGKILL");
    throw e;
  });
  demo.metrics = demo.story.match(/metrics (http:\S+)/)[1];
  demo.fhir = demo.story.match(/fhir (http:\S+)/)[1];
  demo.notified = demo.story.match(/ notified /g).length;
  return demo;
}

/* One sample of a metric, by its full name with labels. */
export async function metric(demo, name) {
  const text = await (await fetch(demo.metrics)).text();
  const line = text.split("\n").find((l) => l.startsWith(`${name} `));
  return line && Number(line.slice(name.length + 1));
}
