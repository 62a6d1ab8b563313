/* What a patient's browser meets, from the message on the phone to the portal. Each test: (house) => Promise, where
 * house = {browser, demo, words, shots, early}. */
import assert from "node:assert/strict";
import { metric } from "./demo.mjs";
import { openContext, sentHeaders } from "./browser.mjs";
import { axe, judge } from "./judge.mjs";
import { wordsIn } from "./samples.mjs";

const OPENED = 'tidings_link_events_total{event="opened"}';
const CALLED = { "en": ["Secure page", "en"], "zh-TW": ["安全頁面", "zh-Hant-TW"] };

/* The addresses of the buttons in one language, oldest first. */
async function linksIn(demo, language) {
  const { messages } = await (await fetch(`${demo.phone}.json`)).json();
  return messages.filter((m) => m.button && m.language.replace("_", "-") === language).map((m) => m.button.url);
}

/* A window in which `visit(page, context)` happens; afterwards nobody may have complained or been told too much. */
async function inWindow(house, options, visit) {
  const { context, seen } = await openContext(house.browser, options);
  try {
    await visit(await context.newPage(), context);
    const own = new Set([new URL(house.demo.phone).origin, new URL((await linksIn(house.demo, "en"))[0]).origin]);
    const sent = await sentHeaders(seen);
    assert.deepEqual(seen.complaints, []);
    assert.deepEqual(seen.requests.map((r) => r.url()).filter((u) => !own.has(new URL(u).origin)), []);
    assert.ok(sent.length > 0 && sent.every((s) => s.headers["user-agent"]), "the headers were not seen");
    assert.deepEqual(sent.filter((s) => s.headers.referer).map((s) => s.url), [], "a Referer was sent");
  } finally {
    await context.close();
  }
}

async function assertSilent(page, words) {
  const html = await page.content();
  assert.deepEqual(wordsIn(words, html), [], "a page names what a sample names");
  const dates = html.replace(/\/l\/[\w-]+|code=[\w-]+|\+\d+/g, "").match(/(19|20)\d\d[-/.年]?[01]?\d[-/.月]?\d/g);
  assert.deepEqual(dates, null, "a page shows a date");
}

async function assertLinkPage(page, language) {
  const [title, lang] = CALLED[language];
  assert.equal(await page.title(), title);
  assert.equal(await page.locator("html").getAttribute("lang"), lang);
  const told = await page.locator("meta[property], meta[name=description]").evaluateAll(
    (all) => all.map((m) => `${m.getAttribute("property") ?? m.name}=${m.content}`));
  assert.deepEqual(told, [`og:title=${title}`]);
}

/* Presses the page's button; the answer to the POST itself, a redirect or the page that is now shown. */
async function press(page) {
  const [shown] = await Promise.all([page.waitForNavigation(), page.locator("form button").tap()]);
  const first = shown.request().redirectedFrom() ?? shown.request();
  assert.equal(first.method(), "POST");
  return first.response();
}

function assertPortal(page, demo, withCode) {
  const at = new URL(page.url());
  assert.equal(at.origin + at.pathname, new URL("/portal", demo.phone).href);
  if (withCode) assert.match(at.search, /^\?code=[\w-]{43}$/);
  else assert.equal(at.search, "");
}

async function bubbles({ demo, words, early }) {
  const items = early.page.locator("ol > li");
  await early.page.waitForFunction((n) => document.querySelectorAll(".button").length === n, demo.notified);
  assert.equal(await items.count(), demo.notified, "one bubble a notice, and none for the repeated message");
  const texts = await items.locator(".text").allInnerTexts();
  assert.ok(texts.includes("您在河岸診所的預約有更新。請點選下方按鈕，在安全頁面查看。"), texts.join("\n"));
  assert.ok(texts.includes("You have a new message from Harbor Clinic. Tap the button below to read it on a secure page."));
  const languages = await items.locator(".bubble").evaluateAll((all) => all.map((b) => b.lang));
  languages.forEach((l, i) => assert.equal(l, /\p{Script=Han}/u.test(texts[i]) ? "zh-TW" : "en"));
  await assertSilent(early.page, words);
  assert.deepEqual(early.seen.complaints, []);
}

async function inertGet({ demo }) {
  const link = (await linksIn(demo, "en")).at(-1);
  const unknown = link.replace(/[\w-]+$/, "A".repeat(43));
  const before = await metric(demo, OPENED);
  const pages = [];
  for (const url of [link, link, unknown]) {
    const answer = await fetch(url);
    assert.equal((await fetch(url, { method: "HEAD" })).status, 200);
    assert.equal(answer.status, 200);
    pages.push([await answer.text(), [...answer.headers].filter(([n]) => n !== "date")]);
  }
  assert.deepEqual(pages[1], pages[0], "a second look differs");
  assert.deepEqual(pages[2], pages[0], "a look tells a live link from one that never was");
  assert.equal(await metric(demo, OPENED), before, "a look opened the link");
}

/* Mouse or finger: newest message, link page, portal, and the old page once more. */
async function journey(house) {
  const { demo, words } = house;
  const before = await metric(demo, OPENED);
  await inWindow(house, {}, async (phone, context) => {
    await phone.goto(demo.phone);
    const [page] = await Promise.all([context.waitForEvent("page"), phone.locator(".button").last().tap()]);
    await page.waitForLoadState();
    assert.match(page.url(), /\/en\/l\/[\w-]{43}$/, "an English message opens the English page");
    await assertLinkPage(page, "en");
    await assertSilent(page, words);
    await page.reload();
    assert.equal((await press(page)).status(), 303);
    assertPortal(page, demo, true);
    assert.ok(await page.getByText("POST /links/redeem").first().isVisible());
    assert.ok(!(await page.content()).includes(new URL(page.url()).searchParams.get("code")), "the code is shown");
    await page.goBack();
    await assertLinkPage(page, "en");
    assert.equal((await press(page)).status(), 404);
    await assertLinkPage(page, "en");
    await assertSilent(page, words);
    await page.locator("a.act").tap();
    await page.waitForURL("**/portal");
    assertPortal(page, demo, false);
  });
  assert.equal(await metric(demo, OPENED), before + 1);
}

/* Presses Tab until `wanted` has the focus; the focus must be seen on every stop. */
async function tabTo(page, wanted) {
  for (let stops = 0; stops < 40; stops++) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => {
      const s = getComputedStyle(document.activeElement);
      return s.outlineStyle === "none" ? 0 : parseFloat(s.outlineWidth);
    });
    assert.ok(outline >= 1, `stop ${stops} does not show the focus`);
    if (await wanted.evaluate((e) => e === document.activeElement)) return;
  }
  assert.fail("40 stops and not there");
}

async function keyboard(house) {
  const link = (await linksIn(house.demo, "zh-TW")).at(-1);
  await inWindow(house, {}, async (phone, context) => {
    await phone.goto(house.demo.phone);
    await tabTo(phone, phone.locator(`.button[href="${link}"]`));
    const [page] = await Promise.all([context.waitForEvent("page"), phone.keyboard.press("Enter")]);
    await page.waitForLoadState();
    assert.equal(page.url(), link);
    await assertLinkPage(page, "zh-TW");
    await tabTo(page, page.locator("nav a").nth(1));
    await page.keyboard.press("Enter");
    await page.waitForURL("**?lang=en");
    await assertLinkPage(page, "en");
    await tabTo(page, page.locator("nav a").nth(0));
    await page.keyboard.press("Enter");
    await page.waitForURL("**?lang=zh-TW");
    await tabTo(page, page.locator("form button"));
    await page.keyboard.press("Enter");
    await page.waitForURL("**/portal?code=*");
    assertPortal(page, house.demo, true);
  });
}

async function withoutScript(house) {
  await inWindow(house, { javaScriptEnabled: false }, async (phone, context) => {
    await phone.goto(house.demo.phone);
    assert.equal(await phone.locator(".button").count(), house.demo.notified);
    await phone.getByRole("link", { name: "Look again" }).tap();
    const booking = phone.locator(".bubble[lang=en]", { hasText: "booking" }).last();
    const [page] = await Promise.all([context.waitForEvent("page"), booking.locator(".button").tap()]);
    await page.waitForLoadState();
    assert.equal(await page.locator("script").count(), 0);
    assert.equal((await press(page)).status(), 303);
    assertPortal(page, house.demo, true);
  });
}

function fit(name, open) {
  return [`${name}: for everyone`, (house) => inWindow(house, {}, async (page) => {
    await open(page, house.demo);
    await judge(page, name, house.shots);
  })];
}

function linkPage(language) {
  return async (page, demo) => {
    await page.goto((await linksIn(demo, language)).at(-1));
    await assertLinkPage(page, language);
  };
}

function deadPage(language) {
  return async (page, demo) => {
    await page.goto((await linksIn(demo, language)).at(-1).replace(/[\w-]+$/, "B".repeat(43)));
    assert.equal((await press(page)).status(), 404);
    await assertLinkPage(page, language);
  };
}

/* A new message arrives while a button of an older one has the focus. */
async function arrival(house) {
  const { demo, sample } = house;
  await inWindow(house, {}, async (phone) => {
    await phone.goto(demo.phone);
    const shown = await phone.locator(".button").count();
    const older = phone.locator(".button").first();
    await older.focus();
    const body = sample.replaceAll("7001", "7009").replaceAll("demo-0013", "demo-0099");
    const answer = await fetch(demo.fhir, { method: "POST", body, headers: { "content-type": "application/fhir+json" } });
    assert.ok(answer.ok, await answer.text());
    await phone.waitForFunction((n) => document.querySelectorAll(".button").length === n, shown + 1);
    assert.ok(await older.evaluate((e) => e === document.activeElement), "the focus was lost");
  });
}

/* Would the tests notice? Each fault is made once, on purpose. */
async function faultsAreSeen({ browser, demo }) {
  const { context, seen } = await openContext(browser);
  const page = await context.newPage();
  const link = (await linksIn(demo, "en")).at(-1);
  await page.goto(link, { referer: demo.phone });
  assert.equal((await sentHeaders(seen)).filter((s) => s.headers.referer).length, 1, "a Referer was not seen");
  await page.evaluate(() => {
    document.querySelector("h1").style.color = "#ccc";
    document.body.append(Object.assign(new Image(), { src: "http://tracker.example/1.gif", alt: "" }));
  });
  await page.waitForFunction(() => document.images[0].complete);
  assert.ok(seen.complaints.some((c) => c.startsWith("policy: img-src")), `a breach was not seen: ${seen.complaints}`);
  assert.ok((await axe(page)).violations.some((v) => v.startsWith("color-contrast")), "axe saw no pale heading");
  await page.goto("about:blank");
  await page.setContent('<img src="http://tracker.example/2.gif" alt="">');
  assert.ok(seen.requests.some((r) => r.url().includes("tracker.example/2")), "a foreign request was not seen");
  await context.close();
}

export const tests = [
  ["the phone shows what was notified, and nobody's data", bubbles],
  ["looking at a link does nothing", inertGet],
  ["a tap leads to the portal, once", journey],
  ["the keyboard alone leads there", keyboard],
  ["no script is needed", withoutScript],
  fit("phone", (page, demo) => page.goto(demo.phone)),
  fit("link-zh-TW", linkPage("zh-TW")),
  fit("link-en", linkPage("en")),
  fit("dead-zh-TW", deadPage("zh-TW")),
  fit("dead-en", deadPage("en")),
  fit("portal", (page, demo) => page.goto(new URL(`/portal?code=${"C".repeat(43)}`, demo.phone).href)),
  fit("portal-plain", (page, demo) => page.goto(new URL("/portal", demo.phone).href)),
  ["a new message does not take the focus away", arrival],
  ["what the tests look for, they see", faultsAreSeen],
];
