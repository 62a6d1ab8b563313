// Two client SDKs of the Cloud API judge what Tidings sent and what it takes for signed.
//   node sdk_judge.mjs < LINES
// in   {"send":"<body as sent>"}                               out  {"faults":[...]}
//      {"webhook":"<base64>","signature":"…","secret":"…"}          {"kapso":bool,"other":bool}
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { buildTemplatePayload } from '@kapso/whatsapp-cloud-api';
import { verifySignature } from '@kapso/whatsapp-cloud-api/server';
import { WhatsAppAPI } from 'whatsapp-api-js';
import { BodyComponent, BodyParameter, Language, Template, URLComponent } from 'whatsapp-api-js/messages';

// Where the SDKs differ from the documentation: camel case before their own last step, integers for
// `index` (documented as a string), `language.policy` (documented as optional).
const plain = (template) => JSON.parse(JSON.stringify(template, (key, value) => {
  if (key === 'policy') return undefined;
  if (key === 'index') return String(value);
  if (value && typeof value === 'object' && 'subType' in value) {
    const { subType, ...rest } = value;
    return { ...rest, sub_type: subType };
  }
  return value;
}));

// The same template, made by whatsapp-api-js's own classes from the texts in the body.
function rebuilt(template) {
  const parts = (template.components ?? []).map((c) => {
    if (c.type === 'body') return new BodyComponent(...c.parameters.map((p) => new BodyParameter(p.text, p.parameter_name)));
    return new URLComponent(c.parameters[0].text);
  });
  return new Template(template.name, new Language(template.language.code), ...parts);
}

function judgeSend(raw) {
  const body = JSON.parse(raw);
  const faults = [];
  if (body.biz_opaque_callback_data.length > 512) faults.push('biz_opaque_callback_data');
  try {
    const built = buildTemplatePayload({ ...body.template, language: body.template.language.code });
    if (!isDeepStrictEqual(plain(built), plain(body.template))) faults.push('kapso builds ' + JSON.stringify(plain(built)));
  } catch (e) { faults.push('kapso: ' + e.message); }
  try {
    const other = rebuilt(body.template);
    if (!isDeepStrictEqual(plain(other), plain(body.template))) faults.push('whatsapp-api-js builds ' + JSON.stringify(plain(other)));
  } catch (e) { faults.push('whatsapp-api-js: ' + e.message); }
  return { faults };
}

async function judgeWebhook({ webhook, signature, secret }) {
  const rawBody = Buffer.from(webhook, 'base64').toString();
  const sdk = new WhatsAppAPI({ token: 't', appSecret: secret, v: 'v25.0' });
  let other;
  try { other = await sdk.verifyRequestSignature(rawBody, signature); } catch { other = false; }
  return { kapso: verifySignature({ appSecret: secret, rawBody, signatureHeader: signature }), other };
}

for await (const line of createInterface({ input: process.stdin })) {
  const one = JSON.parse(line);
  console.log(JSON.stringify('send' in one ? judgeSend(one.send) : await judgeWebhook(one)));
}
