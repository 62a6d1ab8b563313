#include "feed/key.h"

#include <string.h>

static const char *const versions[] = {"2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6",
                                       "2.7", "2.7.1", "2.8", "2.9", NULL};
static const char *const releases[] = {"R4", "R4B", "R5", NULL};
static const char *const leads[] = {"OBR", "RXE", "RXD", "RGS", "AIS", "AIG",
                                    "AIL", "AIP", "TXA", "FT1", NULL};
static const char *const categories[] = {"UTILITY", NULL};
static const char *const formats[] = {"positional", "named", NULL};
static const char *const buttons[] = {"link", "none", NULL};
static const char *const replies[] = {"confirm", "change", "cancel", NULL};

static const struct key_type feed_keys[] = {
    {"feed", KEY_NAME, true, 0, NULL, NULL, "its name in logs and metrics"},
    {"reads", KEY_BLOCK, true, BLOCK_READS, NULL, NULL,
     "the version of HL7 v2 and the release of FHIR that paths are checked against"},
    {"uses", KEY_BLOCK, true, BLOCK_USES, NULL, NULL, "companion files, relative to this file"},
    {"keyspace", KEY_NAME, false, 0, NULL, "main",
     "register of record numbers; feeds whose numbers are of one register share it"},
    {"values", KEY_VALUES, false, 0, NULL, NULL, "values that the rules share"},
    {"rules", KEY_BLOCKS, true, BLOCK_RULE, NULL, NULL, "which messages make which events"},
    {"notify", KEY_BLOCKS, true, BLOCK_NOTIFY, NULL, NULL,
     "which template each event may lead to; may be an empty list"},
    {"tests", KEY_BLOCKS, true, BLOCK_TEST, NULL, NULL,
     "run by `check`, in CI and before every reload; may be an empty list"},
};

static const struct key_type reads_keys[] = {
    {"hl7", KEY_WORD, false, 0, versions, NULL, "version of HL7 v2; MSH-12 is not compared"},
    {"fhir", KEY_WORD, false, 0, releases, NULL, "release of FHIR"},
};

static const struct key_type uses_keys[] = {
    {"sites", KEY_TEXT, true, 0, NULL, NULL, "file of the public facts of each site"},
    {"templates", KEY_TEXT, true, 0, NULL, NULL, "file of the approved WhatsApp templates"},
    {"tables", KEY_TEXT, true, 0, NULL, NULL, "folder of the code tables, `*.csv`"},
    {"policy", KEY_TEXT, false, 0, NULL, NULL, "file of declared exceptions"},
};

static const struct key_type value_keys[] = {
    {"hl7", KEY_SOURCES, false, 0, NULL, NULL,
     "where it stands in an HL7 v2 message; the first candidate that converts wins"},
    {"fhir", KEY_SOURCES, false, 0, NULL, NULL, "where it stands in a FHIR resource"},
    {"as", KEY_CONVERTERS, false, 0, NULL, "text", "converters, left to right"},
    {"table", KEY_NAME, false, 0, NULL, NULL,
     "table looked up behind the converters; here or in a branch"},
    {"else", KEY_OTHERWISE, true, 0, NULL, NULL, "what happens when no candidate converts"},
    {"agree", KEY_AGREE, false, 0, NULL, NULL,
     "the listed sources should carry one fact; what happens when they differ"},
};

static const struct key_type branch_keys[] = {
    {"key", KEY_TEXTS, true, 0, NULL, NULL, "path or expression, or a list of them"},
    {"table", KEY_NAME, false, 0, NULL, NULL, "table for this branch only"},
};

static const struct key_type flag_keys[] = {
    {"hl7", KEY_CONDITION, false, 0, NULL, NULL, "condition over HL7 paths"},
    {"fhir", KEY_CONDITION, false, 0, NULL, NULL, "FHIRPath expression"},
};

static const struct key_type rule_keys[] = {
    {"rule", KEY_TEXT, true, 0, NULL, NULL, "its label, at most 60 characters, unique in the feed"},
    {"on", KEY_BLOCK, true, BLOCK_ON, NULL, NULL, "the messages it is for"},
    {"each", KEY_BLOCK, false, BLOCK_EACH, NULL, NULL,
     "one instance a group led by that segment, not one a patient"},
    {"only_if", KEY_BLOCK, false, BLOCK_ONLY_IF, NULL, NULL, "a guard: when false, its `else`"},
    {"sensitive", KEY_BLOCK, false, BLOCK_SENSITIVE, NULL, NULL,
     "a guard: passes only if every clinical code is in the table of ordinary ones; required for "
     "result_ready/1 and document_ready/1"},
    {"emit", KEY_TEXT, true, 0, NULL, NULL, "event and its version, such as appointment/1"},
    {"with", KEY_WITH, true, 0, NULL, NULL, "fills the slots of the event"},
    {"coalesce", KEY_BLOCK, false, BLOCK_COALESCE, NULL, NULL, "merges bursts into one message"},
};

static const struct key_type on_keys[] = {
    {"hl7", KEY_TEXTS, false, 0, NULL, NULL,
     "triggers such as SIU^S12, or groups such as appointment.booked; no wildcards"},
    {"fhir", KEY_TEXTS, false, 0, NULL, NULL, "resource types"},
};

static const struct key_type each_keys[] = {
    {"hl7", KEY_WORD, true, 0, leads, NULL, "the segment that leads a group"},
};

static const struct key_type only_if_keys[] = {
    {"hl7", KEY_CONDITION, false, 0, NULL, NULL, "condition over HL7 paths, or `none`"},
    {"fhir", KEY_CONDITION, false, 0, NULL, NULL, "FHIRPath expression, or `none`"},
    {"else", KEY_STOP, true, 0, NULL, NULL, "what happens when it does not hold"},
};

static const struct key_type sensitive_keys[] = {
    {"hl7", KEY_BLOCK, false, BLOCK_CODES, NULL, NULL, "codes in an HL7 v2 message"},
    {"fhir", KEY_BLOCK, false, BLOCK_CODES, NULL, NULL, "codes in a FHIR resource"},
    {"else", KEY_STOP, true, 0, NULL, NULL, "what happens to a code that is not ordinary"},
};

static const struct key_type codes_keys[] = {
    {"key", KEY_TEXTS, true, 0, NULL, NULL,
     "where the codes stand; all values in scope are looked up, not only the first"},
    {"ordinary", KEY_NAME, true, 0, NULL, NULL, "table whose `to` is only `ordinary`"},
};

static const struct key_type coalesce_keys[] = {
    {"by", KEY_NAME, true, 0, NULL, NULL, "key slot: events with the same value are one burst"},
    {"within", KEY_DURATION, true, 0, NULL, NULL, "length of the window, 10s to 60m"},
};

static const struct key_type notify_keys[] = {
    {"on", KEY_TEXT, true, 0, NULL, NULL, "event and its version"},
    {"when", KEY_CONDITION, false, 0, NULL, NULL,
     "condition over code, site and tag slots; the first entry that matches wins"},
    {"before", KEY_DURATIONS, false, 0, NULL, NULL,
     "makes it a reminder, sent that long before start, due or collect_by"},
    {"template", KEY_NAME, true, 0, NULL, NULL, "key in the file of templates"},
    {"params", KEY_TEXT_MAP, false, 0, NULL, NULL,
     "parameter to its source: an instant, date, ticket or count slot, or site.name, site.org, "
     "site.phone, site.address"},
};

static const struct key_type test_keys[] = {
    {"test", KEY_TEXT, true, 0, NULL, NULL, "its name"},
    {"given", KEY_TEXTS, false, 0, NULL, NULL,
     "sample, or samples run in order against one empty store; expectations are for the last"},
    {"for_each_sample", KEY_TEXT, false, 0, NULL, NULL, "pattern of samples, instead of `given`"},
    {"change", KEY_TEXT_MAP, false, 0, NULL, NULL,
     "path to raw text, written into the sample first; an empty text empties the field"},
    {"add", KEY_TEXT_LIST, false, 0, NULL, NULL, "segments put behind the sample"},
    {"expect", KEY_EXPECT, true, 0, NULL, NULL,
     "outcomes: `EVENT: {slot: text}`, `send`, `remind`, `drop`, `hold`, `reject`, `warn`; an "
     "empty "
     "list: none"},
};

static const struct key_type send_keys[] = {
    {"template", KEY_NAME, false, 0, NULL, NULL, "key in the file of templates"},
    {"language", KEY_TEXT, false, 0, NULL, NULL, "as WhatsApp writes it: zh_TW"},
    {"to", KEY_TEXT, false, 0, NULL, NULL, "phone number, E.164"},
    {"text", KEY_TEXT, false, 0, NULL, NULL, "the body with its parameters filled in"},
};

static const struct key_type remind_keys[] = {
    {"template", KEY_NAME, false, 0, NULL, NULL, "key in the file of templates"},
    {"before", KEY_DURATION, false, 0, NULL, NULL, "how long before the time of the event"},
};

static const struct key_type overlay_file_keys[] = {
    {"overlay", KEY_BLOCK, true, BLOCK_OVERLAY, NULL, NULL, "whose it is, and for which messages"},
    {"values", KEY_VALUES, false, 0, NULL, NULL,
     "values that differ there; maps merge key by key, lists and texts replace"},
    {"tests", KEY_BLOCKS, false, BLOCK_TEST, NULL, NULL, "tests of the feed with this overlay"},
};

static const struct key_type overlay_keys[] = {
    {"of", KEY_NAME, true, 0, NULL, NULL, "name of the feed"},
    {"for", KEY_WHERE, true, 0, NULL, NULL,
     "condition of class directory at most: `PATH in (…)` on one path, lists disjoint"},
};

static const struct key_type where_keys[] = {
    {"hl7", KEY_CONDITION, false, 0, NULL, NULL, "for HL7 v2 messages"},
    {"fhir", KEY_CONDITION, false, 0, NULL, NULL, "for FHIR resources"},
};

static const struct key_type policy_keys[] = {
    {"policy", KEY_NAME, true, 0, NULL, NULL, "name of the feed"},
    {"declare", KEY_BLOCKS, false, BLOCK_DECLARE, NULL, NULL,
     "classes of fields that no standard defines, or raised classes"},
    {"ceiling", KEY_BLOCKS, false, BLOCK_CEILING, NULL, NULL,
     "templates that may show more than directory"},
    {"segments", KEY_BLOCKS, false, BLOCK_SEGMENT, NULL, NULL,
     "segments that the sender adds to a message"},
    {"hosts", KEY_BLOCKS, false, BLOCK_HOST, NULL, NULL,
     "host names that bodies, footers and site facts may hold beside the link"},
    {"log", KEY_TEXT_LIST, false, 0, NULL, NULL,
     "slots repeated in logs and metric labels, directory at most"},
};

#define DECISION                                                                                   \
    {"because", KEY_TEXT, true, 0, NULL, NULL, "why"},                                             \
        {"by", KEY_TEXT, true, 0, NULL, NULL, "role that decided"},                                \
        {"on", KEY_DATE, true, 0, NULL, NULL, "day of the decision"},                              \
    {                                                                                              \
        "expires", KEY_DATE, true, 0, NULL, NULL, "last day it is in force"                        \
    }

static const struct key_type declare_keys[] = {
    {"path", KEY_TEXT, true, 0, NULL, NULL, "field, component or element"},
    {"class", KEY_CLASS, true, 0, NULL, NULL, "its class from now on"},
    DECISION,
};

static const struct key_type ceiling_keys[] = {
    {"template", KEY_NAME, true, 0, NULL, NULL, "key in the file of templates"},
    {"shows", KEY_CLASS, true, 0, NULL, NULL, "preference or logistics"},
    DECISION,
};

static const struct key_type segment_keys[] = {
    {"trigger", KEY_TEXT, true, 0, NULL, NULL, "such as SIU^S12"},
    {"segment", KEY_TEXT, true, 0, NULL, NULL, "such as PD1"},
    DECISION,
};

static const struct key_type host_keys[] = {
    {"host", KEY_TEXT, true, 0, NULL, NULL, "such as www.north.example; shorteners never (E708)"},
    DECISION,
};

static const struct key_type site_keys[] = {
    {"zone", KEY_TEXT, true, 0, NULL, NULL, "IANA name of its time zone"},
    {"country", KEY_TEXT, true, 0, NULL, NULL, "ISO 3166 alpha-2"},
    {"language", KEY_TEXT, true, 0, NULL, NULL, "BCP 47, when the patient's is not known"},
    {"name", KEY_PHRASES, true, 0, NULL, NULL, "its public name, at most 60 characters"},
    {"org", KEY_PHRASES, false, 0, NULL, NULL, "public name of the organisation"},
    {"phone", KEY_TEXT, false, 0, NULL, NULL, "its public number, E.164"},
    {"address", KEY_PHRASES, false, 0, NULL, NULL, "at most 120 characters"},
    {"area", KEY_TEXT, false, 0, NULL, NULL,
     "digits put before local numbers that lack an area code"},
};

static const struct key_type template_keys[] = {
    {"name", KEY_TEXT, false, 0, NULL, "the key", "name registered at Meta"},
    {"category", KEY_WORD, true, 0, categories, NULL, "category at Meta"},
    {"shows", KEY_CLASS, false, 0, NULL, "directory",
     "highest class a body parameter may carry; above directory needs a policy"},
    {"params", KEY_TEXT_LIST, false, 0, NULL, "[]", "body parameters in order"},
    {"format", KEY_WORD, false, 0, formats, "positional", "`{{1}}` or `{{site_name}}`"},
    {"button", KEY_WORD, false, 0, buttons, "link", "the link is minted by Tidings, never mapped"},
    {"replies", KEY_WORDS, false, 0, replies, "[]", "quick replies; appointment/1 only"},
    {"body", KEY_PHRASES, true, 0, NULL, NULL, "must equal the approved text"},
    {"footer", KEY_PHRASES, false, 0, NULL, NULL, "at most 60 characters"},
    {"ttl", KEY_DURATION, false, 0, NULL, "12h", "30s to 12h, or 30d: time to live at WhatsApp"},
    {"pin", KEY_TEXT, false, 0, NULL, NULL, "hash of Meta's copy; a difference stops the template"},
    {"resend_unknown_after", KEY_DURATION, false, 0, NULL, "never",
     "at least 10m; result_ready/1 only"},
};

#define ROW(block, name, title, keys)                                                              \
    [block] = {name, title, keys, sizeof(keys) / sizeof((keys)[0])}

static const struct block_type blocks[BLOCKS] = {
    ROW(BLOCK_FEED, "feed", "a feed file", feed_keys),
    ROW(BLOCK_READS, "reads", "what paths are checked against", reads_keys),
    ROW(BLOCK_USES, "uses", "companion files", uses_keys),
    ROW(BLOCK_VALUE, "value", "a value, in `values` or `with`", value_keys),
    ROW(BLOCK_BRANCH, "branch", "a branch with a table of its own", branch_keys),
    ROW(BLOCK_FLAG, "flag", "a flag slot in `with`", flag_keys),
    ROW(BLOCK_RULE, "rule", "an entry of `rules`", rule_keys),
    ROW(BLOCK_ON, "on", "triggers of a rule", on_keys),
    ROW(BLOCK_EACH, "each", "groups of a rule", each_keys),
    ROW(BLOCK_ONLY_IF, "only_if", "a guard of a rule", only_if_keys),
    ROW(BLOCK_SENSITIVE, "sensitive", "the guard on clinical codes", sensitive_keys),
    ROW(BLOCK_CODES, "codes", "a branch of `sensitive`", codes_keys),
    ROW(BLOCK_COALESCE, "coalesce", "merging of bursts", coalesce_keys),
    ROW(BLOCK_NOTIFY, "notify", "an entry of `notify`", notify_keys),
    ROW(BLOCK_TEST, "test", "an entry of `tests`", test_keys),
    ROW(BLOCK_SEND, "send", "an expectation `send`", send_keys),
    ROW(BLOCK_REMIND, "remind", "an expectation `remind`", remind_keys),
    ROW(BLOCK_OVERLAY_FILE, "overlay_file", "a file in overlays/", overlay_file_keys),
    ROW(BLOCK_OVERLAY, "overlay", "the head of an overlay", overlay_keys),
    ROW(BLOCK_WHERE, "for", "messages of an overlay, both sides", where_keys),
    ROW(BLOCK_POLICY, "policy", "a policy file", policy_keys),
    ROW(BLOCK_DECLARE, "declare", "an entry of `declare`", declare_keys),
    ROW(BLOCK_CEILING, "ceiling", "an entry of `ceiling`", ceiling_keys),
    ROW(BLOCK_SEGMENT, "segments", "an entry of `segments`", segment_keys),
    ROW(BLOCK_HOST, "hosts", "an entry of `hosts`", host_keys),
    ROW(BLOCK_SITE, "site", "an entry of the file of sites", site_keys),
    ROW(BLOCK_TEMPLATE, "template", "an entry of the file of templates", template_keys),
};

const struct block_type *key_block_at(enum key_block b)
{
    return &blocks[b];
}

const struct key_type *key_find(enum key_block b, const char *name)
{
    for (size_t i = 0; i < blocks[b].n_keys; i++)
        if (strcmp(blocks[b].keys[i].name, name) == 0)
            return &blocks[b].keys[i];
    return NULL;
}

const char *const *key_words(enum key_block b, const char *name)
{
    const struct key_type *k = key_find(b, name);

    return k ? k->words : NULL;
}
