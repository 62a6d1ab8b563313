// Writes src/fhir/r4_elements.inc from the R4 model of the npm package fhirpath 5.2.0:
//   node r4-elements.mjs FOLDER_WITH_NODE_MODULES > src/fhir/r4_elements.inc
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.resolve(process.argv[2], 'x.js'));
const model = (name) => require(`fhirpath/fhir-context/r4/${name}.json`);
const paths = model('path2Type'), choices = model('choiceTypePaths');
const parent = model('type2Parent'), elsewhere = model('pathsDefinedElsewhere');

// Resources that a feed may read, and what stands around them; data types by exclusion.
const read = `Appointment AppointmentResponse Bundle ClaimResponse DiagnosticReport DocumentReference DomainResource Encounter
  HealthcareService ImmunizationRecommendation Invoice Location MedicationDispense Observation OperationOutcome
  Organization Patient Practitioner PractitionerRole RelatedPerson Resource ServiceRequest Task`.split(/\s+/);
const unused = /^(ElementDefinition|SubstanceAmount|ProdCharacteristic|Population|MarketingStatus|ProductShelfLife)$/;
const isResource = (t) => ['DomainResource', 'Resource'].includes(parent[t]) || t === 'Resource';
const owner = (p) => p.split('.')[0];
const wanted = (p) => p.includes('.') && (read.includes(owner(p)) || (!isResource(owner(p)) && !unused.test(owner(p)) && !parent[p]))
  && !(/\.(id|extension|modifierExtension)$/.test(p) && !/^(Element|BackboneElement|Resource|DomainResource)\./.test(p));

const rows = new Map();
for (const [p, t] of Object.entries(paths)) {
  if (!wanted(p)) continue;
  const type = elsewhere[p] ?? t.code ?? t;
  rows.set(p, type === 'BackboneElement' || type === 'Element' ? p : type);
}
for (const p of Object.keys(choices)) if (wanted(p)) rows.set(p, '[x]');
const byte = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const out = [...rows].sort(([a], [b]) => byte(a, b)).map(([p, t]) => `    {"${p}", "${t}"},`);
const types = [...new Set(Object.keys(parent).concat(Object.keys(paths).map(owner)))].sort(byte)
  .map((t) => `    {"${t}", "${parent[t] ?? ''}"},`);
console.log(`/* Made by tests/interop/r4-elements.mjs; not edited by hand. FHIR R4 (4.0.1), HL7, CC0. */
/* clang-format off */
static const struct element elements[] = { /* path, type; "[x]": a choice; a path: its own children */
${out.join('\n')}
};
static const struct element types[] = { /* type, parent */
${types.join('\n')}
};
/* clang-format on */`);
