/* Chromium without a window, which can reach nothing but this machine, and a record of what it did. */
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

export function findChromium() {
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(path.delimiter)];
  return folders.map((f) => path.join(f, "chromium")).find(existsSync);
}

export function launch(executablePath) {
  return chromium.launch({ executablePath, args: FLAGS, timeout: 20_000 });
}

/* A phone's window in which every request, console error and breach of a page's policy is kept. */
export async function openContext(browser, more = {}) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, ...more });
  const seen = { requests: [], complaints: [] };
  context.setDefaultTimeout(10_000);
  context.on("request", (r) => seen.requests.push(r));
  context.on("weberror", (e) => seen.complaints.push(`script: ${e.error().message}`));
  context.on("console", (m) => {
    /* Chromium notes the status of the page for dead links; the tests look at that status themselves. */
    const dead = /status of 404/.test(m.text()) && /\/l\/[\w-]+/.test(m.location().url);
    if (["error", "warning"].includes(m.type()) && !dead) seen.complaints.push(`console: ${m.text()}`);
  });
  await context.exposeBinding("policyBroken", (_, what) => seen.complaints.push(`policy: ${what}`));
  await context.addInitScript(() => addEventListener("securitypolicyviolation",
    (e) => window.policyBroken(`${e.effectiveDirective} ${e.blockedURI}`)));
  return { context, seen };
}

/* Headers as they went over the wire: [{url, headers}] of what was answered. */
export async function sentHeaders(seen) {
  const answered = [];
  for (const r of seen.requests) {
    if (await r.response().catch(() => null)) answered.push({ url: r.url(), headers: await r.allHeaders() });
  }
  return answered;
}
