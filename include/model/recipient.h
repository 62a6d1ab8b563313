/* Who gets a notice: the number its event names, unless the patient's own record says something newer. */
#ifndef MODEL_RECIPIENT_H
#define MODEL_RECIPIENT_H

#include "model/event.h"

enum recipient {
    RECIPIENT_NAMED, /* the one the event names */
    RECIPIENT_NEWER, /* the one the record names */
    RECIPIENT_NONE,  /* the record says that there is no number any more */
    RECIPIENT_MUTE,  /* the record says: no notices for this patient */
};

/* ev       what the notice tells of, at its latest
 * patient  the patient's latest patient/1; NULL: none is known
 * to       NAMED, NEWER: the number; else absent
 *
 * Of two that were written at one time the record's counts. A record that never named a number changes
 * nothing. */
enum recipient recipient_of(const struct event *ev, const struct event *patient, struct str *to);

/* Why nobody is told, in our words; absent when somebody is. */
struct str recipient_reason(enum recipient r);

#endif
