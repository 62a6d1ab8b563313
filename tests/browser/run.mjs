/* The pages in a real browser: node run.mjs PROGRAM SCREENSHOT_FOLDER
 * Without node 20, Chromium or the modules of package.json it says so and skips. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const samples = path.join(here, "../../mappings/demo/samples");

function skip(why) {
  console.log(`browser: skipped: ${why}\n0 passed, 0 failed, 1 skipped`);
  process.exit(0);
}

/* A page that is open before the first message is. */
async function openEarly(openContext, browser, url) {
  const { context, seen } = await openContext(browser);
  const page = await context.newPage();
  await page.goto(url);
  return { page, seen, close: () => context.close() };
}

async function main(program, shots) {
  if (Number(process.versions.node.split(".")[0]) < 20) skip(`node ${process.versions.node}; 20 is needed`);
  if (!existsSync(path.join(here, "node_modules/playwright-core"))) skip("npm could not install tests/browser");
  const { findChromium, launch, openContext } = await import("./browser.mjs");
  const { startDemo } = await import("./demo.mjs");
  const { patientWords } = await import("./samples.mjs");
  const { tests } = await import("./pages.mjs");
  const chromium = findChromium();
  if (!chromium) skip("no chromium here");

  mkdirSync(shots, { recursive: true });
  const browser = await launch(chromium);
  let early;
  const demo = await startDemo(program, (url) => { early = openEarly(openContext, browser, url); });
  const house = {
    browser, demo, shots, early: await early, words: patientWords(samples),
    sample: readFileSync(path.join(samples, "13-diagnosticreport-final.json"), "utf8"),
  };
  let failed = 0;
  for (const [name, test] of tests) {
    const start = Date.now();
    try {
      await test(house);
      console.log(`ok      ${name} (${Date.now() - start} ms)`);
    } catch (e) {
      failed++;
      console.log(`FAILED  ${name}\n${e.stack}`);
    }
  }
  await house.early.close();
  await browser.close();
  await demo.stop();
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

await main(...process.argv.slice(2));
