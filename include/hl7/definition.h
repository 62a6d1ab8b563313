/* What HL7 v2 defines, version by version, as data in the program: segments and their fields, data types
 * and their components, and which segments the messages of a trigger have. Made from published tables
 * (src/hl7/definition.inc says which and under what licence; docs/decisions/030). Nothing is allocated
 * and every look-up is a binary search.
 *
 * There are tables of 2.3 to 2.7.1. Later versions are read with those of 2.7.1, earlier ones with those of
 * 2.3, and all of it is then `open`: there may be more. What is open is never wrong. */
#ifndef HL7_DEFINITION_H
#define HL7_DEFINITION_H

#include "base/str.h"
#include "hl7/header.h"
#include "hl7/path.h"

/* ---- segments, fields, components ---- */

struct hl7_definition {
    const char
        *name; /* a segment: "PID"; a field or component: its data type, "XTN"; "VARIES" where the
                          message says which type it is (OBX-5) */
    const char *title; /* "Phone Number - Home"; "" when the tables have none */
    unsigned
        n_parts; /* a segment: its fields; else the components of its type: 0 for a primitive one */
    bool repeats; /* a field: more than once in its segment */
    bool
        open; /* there may be parts after the last: `VARIES`, and what another version may have made longer */
};

/* False: the version has no such segment. Z-segments are in no table: hl7_segment_is_local(). */
bool hl7_segment_defined(enum hl7_version v, struct str segment, struct hl7_definition *out);
bool hl7_field_defined(enum hl7_version v, struct str segment, unsigned field,
                       struct hl7_definition *out);
/* A part of a data type: component of "XTN", subcomponent of "HD" inside "CX". The one leaf of a
 * primitive type is its component 1, of the same type. */
bool hl7_component_defined(enum hl7_version v, struct str type, unsigned component,
                           struct hl7_definition *out);
/* The segments of the version in order of their names, from 0; NULL past the end. */
const char *hl7_segment_at(enum hl7_version v, size_t i);
/* Any version has a segment of that name. */
bool hl7_segment_known(struct str segment);
/* Z-segments belong to the sender. */
bool hl7_segment_is_local(struct str segment);

/* Where a path leaves what the version defines. */
enum hl7_path_fault {
    HL7_PATH_DEFINED,           /* nowhere */
    HL7_PATH_NO_SEGMENT,        /* at its segment */
    HL7_PATH_NO_FIELD,          /* at its field */
    HL7_PATH_NO_COMPONENT,      /* at its component */
    HL7_PATH_NO_SUBCOMPONENT,   /* at its subcomponent */
    HL7_PATH_TEST_COMPONENT,    /* at the component of a test */
    HL7_PATH_TEST_SUBCOMPONENT, /* at the subcomponent of a test */
};

/* What stands at the fault's own level: the segment behind NO_FIELD, the field behind NO_COMPONENT and
 * TEST_COMPONENT, the component behind NO_ and TEST_SUBCOMPONENT; else what the path names. */
enum hl7_path_fault hl7_path_define(enum hl7_version v, const struct hl7_path *p,
                                    struct hl7_definition *at, const struct hl7_path_test **test);

/* ---- messages ---- */

/* The structure of a trigger's messages: segments in order, "( )" around a group, "*" behind what
 * repeats, "[ | ]" around alternatives: "MSH SCH TQ1* NTE* (PID PD1 PV1)* (RGS (AIS NTE*)*)*".
 * NULL: no table knows the trigger ("SIU^S12"), so anything may occur. */
const char *hl7_structure(enum hl7_version v, struct str trigger);

enum hl7_occurrence {
    HL7_OCCURS_MAYBE, /* nothing is known: unknown trigger, Z-segment */
    HL7_OCCURS_NEVER, /* not in this structure */
    HL7_OCCURS_ONCE,  /* in each patient block at most once */
    HL7_OCCURS_OFTEN, /* it repeats, by itself or through a group that holds no patient */
};

/* How often the segment occurs in a message of the trigger, or with `lead` (three letters, "" for none)
 * in one group that this segment leads: ONCE for OBR and ORC under each OBR. */
enum hl7_occurrence hl7_occurrence(enum hl7_version v, struct str trigger, struct str segment,
                                   const char *lead);

#endif
