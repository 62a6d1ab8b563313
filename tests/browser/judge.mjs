/* Is a page fit for everyone: axe-core's WCAG 2.2 A and AA rules, narrow screens, large text, dark and forced colours. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const PHONES = [320, 390];
const DESK = 1280;
const SCHEMES = ["light", "dark"];

/* {violations: texts, passed: ids of the rules that found something to judge}. */
export async function axe(page) {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(AXE);
  const found = await page.evaluate((values) => axe.run(document, {
    runOnly: { type: "tag", values }, rules: { "target-size": { enabled: true } }, preload: false,
    resultTypes: ["violations", "incomplete"],
  }), TAGS);
  const text = (r) => `${r.id}: ${r.nodes.map((n) => `${n.target} ${n.failureSummary ?? ""}`).join("; ")}`;
  /* Ticks and arrows: axe leaves their contrast to the eye. */
  const forTheEye = (r) => r.nodes.every((n) => /only non-text characters/.test(n.failureSummary));
  return {
    violations: found.violations.map(text),
    undecided: found.incomplete.filter((r) => !forTheEye(r)).map(text),
    passed: found.passes.map((r) => r.id),
  };
}

/* What is wider than the window, or than the part it scrolls in. */
export function tooWide(page) {
  return page.evaluate(() => {
    const wide = [...document.querySelectorAll("body, body *")].filter((e) => {
      const box = e.getBoundingClientRect();
      const scrolls = /auto|scroll/.test(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth;
      return box.width > 0 && (scrolls || box.right > innerWidth + 0.5 || box.left < -0.5);
    });
    if (document.scrollingElement.scrollWidth > innerWidth) wide.unshift(document.documentElement);
    return wide.map((e) => `${e.localName}.${e.className}`);
  });
}

/* Words of Latin script that do not stand on one line. */
export function brokenWords(page) {
  return page.evaluate(() => {
    const broken = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      for (const word of walk.currentNode.data.matchAll(/[\w’/]+/g)) {
        const range = new Range();
        range.setStart(walk.currentNode, word.index);
        range.setEnd(walk.currentNode, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top)));
        if (lines.size > 1) broken.push(word[0]);
      }
    }
    return broken;
  });
}

function textSize(page) {
  return page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("main p")).fontSize));
}

/* The reader's own setting of the browser's text size, as its settings page makes it. */
async function setTextSize(page, standard) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Page.setFontSizes", { fontSizes: { standard, fixed: standard } });
  await cdp.detach();
}

export async function judge(page, name, shots) {
  /* A picture of the whole page would be taken without the reader's text size. */
  const shoot = (how, fullPage = true) => page.screenshot({ path: path.join(shots, `${name}-${how}.png`), fullPage });
  const faults = [];
  const look = async (how) => {
    const { violations, undecided, passed } = await axe(page);
    faults.push(...[...violations, ...undecided].map((v) => `${how}: ${v}`));
    faults.push(...(await tooWide(page)).map((e) => `${how}: wider than the window: ${e}`));
    faults.push(...(await brokenWords(page)).map((w) => `${how}: broken over two lines: ${w}`));
    assert.ok(passed.includes("color-contrast"), `${how}: axe judged no text`);
  };

  for (const width of [...PHONES, DESK]) {
    await page.setViewportSize({ width, height: 720 });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await look(`${width}-${colorScheme}`);
      await shoot(`${width}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  const before = await textSize(page);
  for (const width of PHONES) {
    await page.setViewportSize({ width, height: 1280 });
    await setTextSize(page, 32);
    await look(`${width}-text-200`);
    await shoot(`${width}-text-200`, false);
    assert.equal(await textSize(page), 2 * before, "the text did not grow to 200 %");
    await setTextSize(page, 16);
  }
  await page.emulateMedia({ forcedColors: "active" });
  await shoot("forced-colors");
  await page.emulateMedia({ forcedColors: "none" });
  assert.deepEqual(faults, []);
}
