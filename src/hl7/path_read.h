/* Shared by reading and editing at a path. */
#ifndef HL7_PATH_READ_H
#define HL7_PATH_READ_H

#include "hl7/path.h"

/* All tests of p hold for this repetition. */
bool path_passes(const struct hl7_path *p, const struct hl7_message *m, struct str repetition,
                 struct arena *a);
/* MSH-1, MSH-2 and their like in batch headers: the separators themselves. */
bool path_is_separators(const struct hl7_path *p);

#endif
