/* The samples a first tenant keeps: for each trigger the one that says most. */
#ifndef SAMPLES_CHOSEN_H
#define SAMPLES_CHOSEN_H

#include "plan.h"

struct chosen {
    char trigger
        [40]; /* "SIU^S12", "Appointment"; "Bundle Appointment" by the first that a rule reads */
    bool fhir;
    struct str body; /* as it was, until chosen_scrub() */
    char file[64];   /* "01-siu-s12.hl7" */
    int score;
};

struct chosen_list {
    struct chosen items[TENANT_SAMPLES];
    size_t n;
};

/* Goes through the files once more. */
bool chosen_read(const struct plan *p, const char *const *files, size_t n_files,
                 struct chosen_list *out, struct err *e) MUST_USE;
/* Bodies become what is kept: scrubbed, a segment a line. Those that cannot be scrubbed go. */
void chosen_scrub(const struct plan *p, struct chosen_list *list);

#endif
