/* What HL7 v2 and FHIR define, held against the paths and expressions of a feed. Private to feed. */
#ifndef FEED_DEFINED_H
#define FEED_DEFINED_H

#include "loading.h"

/* E202, E203, E205: the version of `reads.hl7` has everything that the path names. `text` is the path as
 * written, which stands in `n` or is all of it. False: reported. */
bool path_defined(struct loading *l, const struct yaml_node *n, struct str text,
                  const struct hl7_path *p);
/* E211: the same for an expression and the release of `reads.fhir`. */
bool expression_defined(struct loading *l, const struct yaml_node *n, const struct fhirpath *x);
/* The same for the paths that tests change. */
void changes_defined(struct loading *l);
/* The source is one of the paths behind `standard.NAME`, which is right for some version and trigger and
 * not for others. */
bool source_is_standard(const struct source *s);

/* E204, E512 of all compiled maps: paths that no trigger has, unit keys that repeat. */
void check_occurrence(struct loading *l);

#endif
