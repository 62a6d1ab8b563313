#include "code_table.h"

const struct code codes_of_names[] = {
    {"E201", "hl7-path-syntax", "this is not an HL7 path",
     "The path cannot be read. A path is `SEG-field`, with a repetition or a test in round "
     "brackets and up to two further numbers: `PID-3(5=MR).1`.",
     "Correct it at the caret."},
    {"E202", "no-such-segment", "the version has no such segment",
     "The HL7 version named in `reads` defines no segment of that name, and it is not a "
     "Z-segment. The path would find nothing in any message.",
     "Correct the name, or name the version that the sender really writes in `reads`."},
    {"E203", "beyond-the-segment", "the segment or the field has no such part",
     "The field number is beyond the end of the segment, or the component beyond the end of the "
     "field's type, in the version named in `reads`. Without a definition nobody knows what "
     "would stand there.",
     "Correct the number. A field that the sender adds on its own belongs in a Z-segment."},
    {"E204", "never-in-this-trigger", "this cannot occur in any trigger of the rule",
     "No rule that uses this path or expression is entered by a message that can hold it. The "
     "path would find nothing, every time.",
     "Read another field, add the trigger, or, when the sender puts that segment there all the "
     "same, say so under `segments` of the policy."},
    {"E205", "no-such-component", "the test asks for a component that the type lacks",
     "A test such as `(3=X)` compares a component, and the type of this field has no component "
     "of that number. The test could never hold.",
     "Correct the number of the component, or the field."},
    {"E210", "fhirpath-syntax", "this is not a FHIRPath expression",
     "The expression cannot be read from this place on: a bracket, a quote or a name is missing.",
     "Correct it at the caret."},
    {"E211", "no-such-element", "the release has no such resource or element",
     "The FHIR release named in `reads` defines no resource or element of that name. The "
     "expression would find nothing in any resource.",
     "Correct the name, or name the release that the source really sends in `reads`."},
    {"E212", "outside-the-subset", "this part of FHIRPath is not in the language",
     "The function or operator exists in FHIRPath and not in a feed. What is left out could run "
     "long, read outside the message, or answer differently from engine to engine.",
     "Write it with where, select, exists, first, ofType and the others that "
     "docs/feed-language.md names in section 5."},
    {"E213", "root-in-a-filter", "a filter starts at a root again",
     "Inside a filter a name is an element of the item that is filtered. A root such as "
     "`Patient` would step out of it and mix items.",
     "Start at the item: `where(active = true)` or `$this`."},
    {"E301", "unknown-table", "there is no table of that name",
     "No `NAME.csv` lies in the folder that `uses.tables` names.",
     "Correct the name, or add the file. A table is named by its file, without `.csv`."},
    {"E302", "unknown-converter", "there is no converter of that name",
     "`as` names something that is none of the converters of the language. Senders' own formats "
     "are turned into the language's types by these and by tables, never by code.",
     "Use one of text, trim, lower, digits, slice(n,m), date, instant, phone, language, "
     "pseudonym."},
    {"E303", "table-content", "a table is wrong inside",
     "The CSV has a duplicate or blank row, a bad header, or a `to` that the slot it is used for "
     "does not take. The finding stands at the line of the CSV.",
     "Correct that line. `to` must be a word of the slot, a site of sites.yaml, a language, or "
     "`ordinary`."},
    {"E304", "types-do-not-chain", "one type stands where another is wanted",
     "A converter gets something that is not text, a table gets the output of a converter that "
     "does not give text, or a slot gets a value of another type.",
     "Let the value end in the converter of the slot's type: `instant` for an instant, `phone` "
     "for a phone."},
    {"E305", "raw-text-in-a-code", "raw text reaches a slot that takes a set of words",
     "The slot takes one of a few words and the sender's own text is none of them. Passed on, an "
     "unlisted word would decide which message is sent.",
     "Name a table that turns the sender's words into those of the slot."},
    {"E401", "no-else", "this can fail and nothing says what happens then",
     "A field can be missing, a text unreadable, a word unlisted. Without `else` nobody has "
     "decided whether that drops the message, holds it, or uses a constant.",
     "Add `else:` with drop(reason), hold(reason), reject(reason), a site fact, a literal, or "
     "none."},
    {"E402", "constant-never-right", "no constant is right here",
     "A phone number, a time, a key or a site that stands for whatever is missing would send one "
     "patient's message to somebody else or at a wrong time. A constant `status` is right for "
     "one trigger only.",
     "Use drop(reason), hold(reason) or reject(reason), or one rule a trigger."},
    {"E403", "no-such-zone", "the site's zone is missing or unknown",
     "Times without an offset are local to the site, so each site needs its zone by its IANA "
     "name. Abbreviations and offsets do not know about daylight saving.",
     "Write a name such as Asia/Taipei."},
    {"E404", "no-such-site-fact", "there is no such site fact",
     "`else: site.NAME` gives a fact of sites.yaml. Only three can stand for a missing value.",
     "Write site.zone, site.country or site.language."},
    {"E405", "else-not-allowed", "this form of `else` is not allowed here",
     "`none` leaves a slot unset, and this slot must be set; or a site fact stands where the "
     "site itself is computed.",
     "Use drop(reason), hold(reason) or reject(reason)."},
    {"E501", "unknown-event", "there is no event of that name",
     "`emit` or `on` of a notification names an event or a version that the language does not "
     "have. What follows from it is not reported.",
     "Correct the name. Events are written with their version: appointment/1."},
    {"E502", "slot-missing", "a slot that the event needs is missing",
     "`with` does not fill a required slot of the event. Without it the event has no unit, no "
     "patient or no recipient.",
     "Add the slot to `with`."},
    {"E503", "unknown-slot", "the event has no such slot",
     "The name is none of the event's slots. Events have a fixed set of them, so that nothing "
     "else can travel.",
     "Correct the name, or leave it out."},
    {"E504", "key-not-pseudonym", "a key is not pseudonymised",
     "Key slots are kept and compared for weeks. They take only the output of `pseudonym`, never "
     "a record number as it is.",
     "End the value with `as: pseudonym`."},
    {"E505", "literal-outside-the-set", "the literal is not a word of the slot",
     "The slot takes words of a set, or texts of a form, and this literal is none of them. A "
     "condition on it could never hold, a slot never be filled with it.",
     "Use one of the words that the finding lists."},
    {"E506", "site-not-shared", "the slot `site` is not `values.site`",
     "`values.site` decides zone, country, language and wording. If the event carried another "
     "site, times and texts would not belong together.",
     "Write `site: values.site`."},
    {"E510", "same-trigger-and-event", "two rules make the same event of one trigger",
     "One message would make the same event twice, with values of two rules. Nobody could say "
     "which of them counts.",
     "Join the two rules, or give one of them another trigger or event."},
    {"E511", "never-reached", "this entry can never match",
     "An entry above takes every event of this kind without a condition. The first matching "
     "entry wins, so this one is never reached.",
     "Give the entry above a `when`, or move this one up."},
    {"E512", "unit-repeats", "the unit repeats in the message and the rule has no `each`",
     "The unit key names a segment that can repeat in the trigger's structure. Without `each` "
     "only the first order of a message would be announced and the others lost in silence.",
     "Add `each: {hl7: SEG}` with that segment."},
    {0},
};
