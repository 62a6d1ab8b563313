#include "code_table.h"

const struct code codes_of_text[] = {
    {"E001", "not-utf8", "the file is not UTF-8",
     "A byte of the file is no part of a UTF-8 character. Names of clinics and patients' "
     "languages are written in it, and guessing another encoding would send wrong letters. "
     "Nothing else in the file is checked.",
     "Save the file as UTF-8. `iconv -f BIG5 -t UTF-8` turns one encoding into another."},
    {"E002", "tab-indent", "a tab in the indentation",
     "YAML forbids tabs in indentation, since how deep a tab goes depends on who looks. Nothing "
     "else in the file is checked.",
     "Indent with spaces. Most editors have a setting that does it for YAML files."},
    {"E003", "yaml-syntax", "the file is not YAML",
     "The file cannot be read as YAML from this place on: a bracket or quote is not closed, or a "
     "line is indented too little. Nothing else in the file is checked.",
     "Close the bracket or quote, or line the key up with its neighbours. The fault is often on "
     "the line above."},
    {"E004", "anchor-or-merge", "an anchor, an alias or a merge key",
     "`&name`, `*name` and `<<:` make one line mean what stands somewhere else. A reader of one "
     "rule must see all of it, so a feed has none of them. Nothing else in the file is checked.",
     "Write the block out, or give it a name under `values` and use `values.NAME`."},
    {"E005", "tag-or-document", "a tag, a directive or a second document",
     "`!!int`, `%YAML` and `---` behind the first document change how text is read. In a feed "
     "every scalar is text and a file is one document. Nothing else in the file is checked.",
     "Take it out. A further document belongs in a file of its own."},
    {"E006", "over-limit", "something is larger than the limit",
     "Files, lists, expressions and nesting have limits, so that the cost of a message is known "
     "beforehand. The text of the finding names the limit.",
     "Split the file, the list or the expression. What a feed needs more of than the limit is "
     "nearly always a table."},
    {"E007", "file-missing", "a file is missing or lies outside the tenant folder",
     "A path in `uses` names a file that cannot be read, or one outside the folder of the feed. "
     "A symbolic link that leads out counts as outside.",
     "Correct the path, or copy the file into the folder. Paths are relative to the file they "
     "stand in."},
    {"E008", "overlay-of-unknown", "the overlay belongs to no feed",
     "`overlay.of` names no feed of this folder, or names an overlay. An overlay changes the "
     "values of one feed and takes part only with it.",
     "Write the value of `feed:` of the feed that it changes."},
    {"E009", "wrong-kind-of-file", "the file is of another kind",
     "A file is recognised by its first key: `feed`, `overlay`, `policy`. This one stands where "
     "another kind is wanted, or is the policy of another feed.",
     "Name the right file, or give the file the key of its kind."},
    {"E101", "unknown-key", "the block has no such key",
     "The key is not one of those that may stand in this block. It would be passed over in "
     "silence, and what it was to say would not happen.",
     "Correct the spelling, or move the key to the block that knows it."},
    {"E102", "key-twice", "a key appears twice in one block",
     "Of two equal keys in a block YAML silently keeps the last one. Checking goes on with that "
     "one.",
     "Take one of the two out, or give it the name it should have."},
    {"E103", "wrong-shape", "a key or value is missing or has the wrong shape",
     "The language wants a map, a list or a text here and finds something else or nothing. A key "
     "without a value counts as missing.",
     "Give it the shape that the text of the finding names."},
    {"E104", "condition-syntax", "this is not a condition",
     "The condition cannot be read from this place on. Conditions are made of `PATH in (…)`, "
     "`PATH = x`, `present(PATH)`, `any(…)`, `all(…)`, `not`, `and`, `or`; there is no `!=`.",
     "Correct it at the caret. Put literals with other signs than letters, digits and `_.:/+-` "
     "in quotes."},
    {"E105", "bad-number", "a bad number, date, duration or reason",
     "The text does not have the form of what stands here: `15m` is a duration and `15` is not. "
     "Reasons become labels of metrics, so they have 1 to 60 characters without brackets, and a "
     "feed has at most 64 of them.",
     "Write it in the form that the text of the finding names."},
    {"E106", "unknown-word", "the word is not one of the set",
     "Only certain words may stand here and this is none of them. A word nobody knows has no "
     "meaning that could be kept to.",
     "Use one of the words that the text of the finding lists."},
    {"E110", "unknown-value", "there is no value of that name",
     "`values.NAME` names nothing under `values`, or something here depends on the site and "
     "there is no `values.site`. What follows from the missing value is not reported.",
     "Correct the name, or add the value."},
    {"E111", "values-in-a-circle", "values lead in a circle",
     "A value that is only `values.OTHER` leads back to itself. None of them says where the fact "
     "comes from.",
     "Let one of them name its sources."},
    {"E112", "branch-missing", "a branch of `on` is missing",
     "The rule is entered by HL7 messages and by FHIR resources, and this guard or value has a "
     "branch for one of them only. For the other nobody has decided what happens.",
     "Add the branch, or write `hl7: none` or `fhir: none` to say that there is no such fact."},
    {"E120", "overlay-too-wide", "the overlay does more than an overlay may",
     "An overlay replaces values for part of the traffic: no rules, no new values. What it is "
     "chosen by may be at most of class directory, and two overlays of a feed may not match the "
     "same message.",
     "Move the rest into the feed. Choose overlays by `PATH in (…)` on one path with lists that "
     "do not overlap, for example MSH-4.1."},
    {0},
};
