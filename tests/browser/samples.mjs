/* What the samples say about their people: none of it may be on a page. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const SEGMENTS = /^(PID|SCH|RGS|AIS|AIL|OBR|OBX|NTE|NK1|PV1)\|/;
const PHONE_FIELDS = { PID: [13, 14], NK1: [5] };
const HAN = /\p{Script=Han}/u;

/* Long enough that its absence means something: "林" and "Ana" do, "1" and "zho" do not. */
function telling(word) {
  return HAN.test(word) || (/^[A-Z][a-z]{2,}/.test(word)) || /\d{4,}/.test(word);
}

function fromHl7(text, words) {
  for (const line of text.split(/[\r\n]+/).filter((l) => SEGMENTS.test(l))) {
    line.split("|").forEach((field, i) => {
      if (i === 0 || PHONE_FIELDS[line.slice(0, 3)]?.includes(i)) return;
      field.split(/[~^&]/).filter(telling).forEach((w) => words.add(w));
    });
  }
}

function fromJson(value, words) {
  if (typeof value === "string" && telling(value)) words.add(value);
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!["telecom", "resourceType", "system"].includes(name)) fromJson(inner, words);
  }
}

export function patientWords(folder) {
  const words = new Set();
  for (const name of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, name), "utf8");
    if (name.endsWith(".json")) fromJson(JSON.parse(text), words);
    else fromHl7(text, words);
  }
  return words;
}

/* Those of `words` that the text has; link tokens are random and may spell anything. */
export function wordsIn(words, text) {
  const kept = text.replace(/(\/l\/)[\w-]+/g, "$1");
  const whole = (w) => new RegExp(`(?<![A-Za-z])${w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![a-z])`);
  return [...words].filter((w) => (HAN.test(w) ? kept.includes(w) : whole(w).test(kept)));
}
