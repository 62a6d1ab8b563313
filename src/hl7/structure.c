/* How often a segment occurs in a message structure: hl7_structure() is the text read here. */
#include "hl7/definition.h"

struct range { /* of the structure's text */
    const char *from, *to;
};

/* One segment, group or list of alternatives. */
struct item {
    struct range inside; /* names, without brackets and star */
    bool group, repeats;
};

/* The bracket that closes the one at `open`. */
static const char *closing(const char *open)
{
    size_t depth = 0;
    const char *p = open;

    for (;; p++) {
        depth += *p == '(' || *p == '[';
        if (*p == ')' || *p == ']')
            depth--;
        if (depth == 0)
            return p;
    }
}

/* Takes the next item off `rest`; false at its end. */
static bool next_item(struct range *rest, struct item *out)
{
    const char *end;

    while (rest->from < rest->to && (*rest->from == ' ' || *rest->from == '|'))
        rest->from++;
    if (rest->from == rest->to)
        return false;
    out->group = *rest->from == '(' || *rest->from == '[';
    end = out->group ? closing(rest->from) : rest->from;
    while (!out->group && end < rest->to && !strchr(" |*", *end))
        end++;
    out->inside = (struct range){rest->from + (out->group ? 1 : 0), end};
    end += out->group ? 1 : 0;
    out->repeats = end < rest->to && *end == '*';
    rest->from = end + (out->repeats ? 1 : 0);
    return true;
}

static bool is(const struct item *i, const char *segment)
{
    return !i->group && i->inside.to - i->inside.from == 3 &&
           memcmp(i->inside.from, segment, 3) == 0;
}

/* Segment names are three characters between separators, so that no name is found inside another. */
static bool mentions(struct range r, const char *segment)
{
    return memmem(r.from, (size_t)(r.to - r.from), segment, strlen(segment)) != NULL;
}

/* A group around a patient does not count as repeating: each patient is an instance by itself. */
static bool multiplies(const struct item *i)
{
    return i->repeats && !(i->group && mentions(i->inside, "PID"));
}

static enum hl7_occurrence more(enum hl7_occurrence a, enum hl7_occurrence b)
{
    return a > b ? a : b;
}

/* As deep as the structure's brackets. */
static enum hl7_occurrence count(struct range r, const char *segment, bool repeated)
{
    enum hl7_occurrence found = HL7_OCCURS_NEVER;
    struct item i;

    while (next_item(&r, &i)) {
        bool again = repeated || multiplies(&i);

        if (i.group)
            found = more(found, count(i.inside, segment, again));
        else if (is(&i, segment))
            found = more(found, again ? HL7_OCCURS_OFTEN : HL7_OCCURS_ONCE);
    }
    return found;
}

/* The same in the groups that `lead` leads: each the innermost repeating group around it, else `outer`.
 * The least over those groups that have the segment. */
static enum hl7_occurrence count_led(struct range r, struct range outer, const char *lead,
                                     const char *segment)
{
    enum hl7_occurrence least = HL7_OCCURS_NEVER;
    struct item i;

    while (next_item(&r, &i)) {
        enum hl7_occurrence here = HL7_OCCURS_NEVER;

        if (i.group)
            here = count_led(i.inside, multiplies(&i) ? i.inside : outer, lead, segment);
        else if (is(&i, lead) && strcmp(lead, segment) == 0)
            here = HL7_OCCURS_ONCE;
        else if (is(&i, lead) && !i.repeats)
            here = count(outer, segment, false);
        if (here != HL7_OCCURS_NEVER && (least == HL7_OCCURS_NEVER || here < least))
            least = here;
    }
    return least;
}

/* Chapter 2 lets these stand in every message, and 2.8 and 2.9 put the others into most of theirs;
 * the structures do not say so everywhere. */
static bool stands_anywhere(enum hl7_version v, struct str segment)
{
    static const char *const always[] = {"ADD", "DSC", "SFT", "UAC"};
    static const char *const newer[] = {"ARV", "PRT"};

    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (str_eq(segment, str_of(always[i])))
            return true;
    for (size_t i = 0; v > HL7_V2_7_1 && i < sizeof newer / sizeof *newer; i++)
        if (str_eq(segment, str_of(newer[i])))
            return true;
    return !hl7_segment_known(segment);
}

enum hl7_occurrence hl7_occurrence(enum hl7_version v, struct str trigger, struct str segment,
                                   const char *lead)
{
    const char *text = hl7_structure(v, trigger);
    struct range all = {text, text ? text + strlen(text) : NULL};
    enum hl7_occurrence found = HL7_OCCURS_NEVER;
    char name[4] = "";

    if (segment.n != 3)
        return HL7_OCCURS_MAYBE;
    memcpy(name, segment.p, 3);
    if (strcmp(name, "MSH") == 0)
        return HL7_OCCURS_ONCE;
    if (!text || (lead[0] && count(all, lead, false) == HL7_OCCURS_NEVER))
        return HL7_OCCURS_MAYBE;
    if (lead[0])
        found = count_led(all, all, lead, name);
    if (found == HL7_OCCURS_NEVER)
        found = count(all, name, false);
    if (found == HL7_OCCURS_NEVER && (mentions(all, "?") || stands_anywhere(v, segment)))
        return HL7_OCCURS_MAYBE;
    return found;
}
