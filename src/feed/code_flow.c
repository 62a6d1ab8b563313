#include "code_table.h"

const struct code codes_of_flow[] = {
    {"E601", "clinical-in-a-slot", "clinical data reaches a slot",
     "The value of this slot can come from a field of class clinical: one the dictionary lists "
     "as clinical, or one that it does not list. Clinical data may stop a message, never shape "
     "one. The flow names the paths.",
     "Read another field, or move the fact into `only_if` or `sensitive`. A Z-field can be "
     "declared in the policy."},
    {"E602", "sensitive-missing", "a rule on results has no `sensitive`",
     "Results and documents are announced only if every code is known to be ordinary. Without "
     "`sensitive` or without one of its branches a grave result would be announced like any "
     "other.",
     "Add `sensitive` with the key and a table of ordinary codes; unlisted codes are held."},
    {"E603", "sensitive-lets-through", "the `else` of `sensitive` lets unlisted codes through",
     "A code that is not in the table of ordinary ones must stop the message. A literal or a "
     "site fact would let it pass.",
     "Use hold(reason), drop(reason) or reject(reason)."},
    {"E605", "class-above-the-slot", "the data is more sensitive than the slot may carry",
     "Each slot has a ceiling: a site code is directory, a time is logistics, a phone is "
     "contact, a key is an identifier. The flow names the paths whose class is above it.",
     "Read a field of a lower class, or use the slot that is made for this data."},
    {"E701", "unknown-template", "there is no template of that name",
     "The name is no key of templates.yaml. What follows from it is not reported.",
     "Correct the name, or add the template."},
    {"E702", "param-missing", "a parameter of the template is missing",
     "The template has a variable and `params` does not say what stands there. The send would be "
     "refused.",
     "Add the parameter with a slot or a site fact."},
    {"E703", "param-too-many", "the template has no such parameter",
     "`params` fills a variable that the template's `params` does not name.",
     "Correct the name, or leave it out."},
    {"E704", "not-showable", "this cannot be shown",
     "A parameter takes a slot of type instant, date, ticket or count, or site.name, site.org, "
     "site.phone, site.address. No path of a message can be written here, so none can be shown "
     "by mistake.",
     "Use one of these."},
    {"E705", "no-text-in-language", "the template lacks a text in a site's language",
     "A site's default language is what is used when the patient's own is not offered. Without a "
     "body in it there would be no text to send.",
     "Add the body in that language and have it approved, or change the site's language."},
    {"E706", "body-unfit", "the body would not be approved",
     "WhatsApp refuses bodies that start or end with a variable, have two side by side, number "
     "them out of order, or are longer than 1,024 characters. A footer has at most 60.",
     "Change the wording, and `params` with it."},
    {"E707", "fact-unfit", "a site fact cannot stand in a parameter",
     "Parameters may not hold line breaks, tabs, four spaces in a row or control characters, and "
     "names and addresses have a longest length. The send would be refused, for every patient of "
     "this site.",
     "Write the fact on one line, shorter."},
    {"E708", "host-in-text", "a text shows a host of its own, or a shortener's",
     "A body, a footer or a site fact holds a host name. A notice leads to one place only: the "
     "link that Tidings mints, which can be revoked and says nothing. Another address beside it "
     "looks like fraud, and the host of a department can name an illness.",
     "Take it out. The house's own web site can be allowed under `hosts` of the policy; "
     "shorteners never."},
    {"E709", "fact-missing", "a site lacks a fact that is shown",
     "The template shows a fact of the site in each of its languages, and this site does not "
     "have it in one of them. The send would have an empty parameter.",
     "Add the fact in that language to sites.yaml; a language that no patient of these sites reads "
     "can leave templates.yaml instead, in every template."},
    {"E710", "not-for-this-event", "this event cannot have that",
     "A reminder needs a slot with a time to come, quick replies and a second try after an "
     "unknown outcome belong to certain events, and patient/1 never notifies.",
     "Leave it out, or use the event that it is made for."},
    {"E801", "flow-above-ceiling", "a parameter shows more than the template may",
     "The class of what can reach the parameter, over all rules, overlays, branches and "
     "literals, is above what the template may show. The flow leads from the parameter back to "
     "the paths.",
     "Leave it to the page behind the link, or raise the template's ceiling in the policy, with "
     "a reason, an owner and an end."},
    {"E802", "choice-above-logistics", "which message is sent would depend on too much",
     "The choice between two messages tells whoever sees the phone what it was made by, so it "
     "may depend on logistics at most: on `when`, and on the guards of rules that share a "
     "trigger, or whose resources can come in one Bundle. A value that stops one of the two "
     "by its content is a guard as well. Nor may a fact that later messages take over tell "
     "of the guard that let it in.",
     "Choose by another slot, send the same template for both, or read the value the same way "
     "in both rules."},
    {"E803", "log-above-directory", "the log would show more than directory",
     "Logs and labels of metrics are read by people who are not part of the treatment. Only "
     "slots of class directory may be repeated in them.",
     "Take the slot out of `log`."},
    {"E804", "policy-entry", "the policy entry is incomplete, has ended, or lowers a class",
     "Every exception has a reason, an owner, a date and an end. Only fields that no standard "
     "defines may be declared lower than clinical.",
     "Add what is missing, decide again, or take the entry out."},
    {"E805", "ceiling-without-policy",
     "a template's ceiling is raised without a policy, or too far",
     "By default a template shows directory. preference and logistics need an entry under "
     "`ceiling` of the policy; contact and above are never shown.",
     "Lower `shows`, or add the entry."},
    {"E901", "test-fails", "a test of the feed fails",
     "The sample does not lead to what the test expects. A feed whose tests fail is not loaded.",
     "Run `tidings test`: it prints what was wanted and what came. `tidings test --update` "
     "rewrites the expectation if the new outcome is right."},
    {"E902", "sample-looks-real", "a sample looks like a real person's message",
     "The sample holds a national identifier with a valid check digit, or a phone number that "
     "somebody can have. Samples are copied, mailed and published.",
     "Run `tidings scrub` over it, or make up the identifiers by hand."},
    {"E903", "test-cannot-run", "a test cannot run",
     "The sample is missing or cannot be read, or `change` names a segment that it does not "
     "have.",
     "Correct the path, or name the segment under `add`."},
    {"W901", "value-unused", "a value is never used",
     "No rule and no other value refers to it. It may be left over, or a rule uses another one "
     "by mistake.",
     "Use it, or take it out."},
    {"W902", "table-or-template-unused", "a table or template is never used",
     "No feed of the run refers to it. It may be left over, or have been meant for one of them.",
     "Use it, or take it out."},
    {"W903", "rule-untested", "no test gives an instance of this rule",
     "The rule runs for the first time on a real patient's message. A test costs one sample and "
     "one expectation.",
     "Add a test whose sample enters the rule."},
    {"W904", "no-agree", "one instant comes from several segments without `agree`",
     "The first segment that has a time wins. When two of them differ nobody is told.",
     "Add `agree: warn`, or hold(reason)."},
    {"W905", "sample-field-unread", "a field of the samples is never read",
     "The samples hold a field of class directory to contact that no path reads (only with "
     "`--unread`). It may be the one that the feed should read.",
     "Read it, or leave it."},
    {"W906", "policy-ends-soon", "a policy entry ends within 30 days",
     "After that day the feed is not loaded again until somebody has decided again. The running "
     "one goes on.",
     "Decide again in time: a new date, or no entry."},
    {"W907", "overlay-untested", "no test gives an instance of this overlay",
     "The overlay is chosen for the first time by a real message.",
     "Add a test to the overlay whose sample it matches."},
    {"W908", "replies-beside-a-link", "quick replies beside a link",
     "WhatsApp on a desktop does not show a message that has both quick replies and a link.",
     "Use one of the two: `button: none`, or no `replies`."},
    {0},
};
