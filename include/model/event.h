/* A typed event: what a feed makes of one instance of a message, "appointment/1" and its slots. */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/class.h"

struct slot {
    struct str name;  /* "start" */
    struct str value; /* canonical text: "pk_…", "+886912345678", "zh-TW", RFC 9557 instant */
    struct str raw;   /* key slots: what the sender wrote, for the portal; else absent */
    enum sensitivity class; /* of this value in this instance */
};

struct event {
    struct str type;     /* "appointment/1" */
    struct str unit_key; /* value of the type's unit key slot, "pk_…" */
    struct slot *slots;  /* unset slots are left out */
    size_t n_slots;
};

/* The slot of that name, or NULL. */
const struct slot *event_slot(const struct event *ev, struct str name);
/* Its value, or an absent slice. */
struct str event_value(const struct event *ev, const char *name);

/* When the message that said the slot was written: what map keeps in the slot "NAME_ms" (phone, language)
 * or "written_ms" (all others); 0: not known, or nobody said it. */
int64_t event_said_ms(const struct event *ev, const char *name);

/* It takes back what an earlier one of its unit told: cancelled, withdrawn, undone. */
bool event_takes_back(const struct event *ev);
/* Nothing is left to be told about its unit as it was: taken back, or collected, paid, closed, skipped,
 * done, attended, missed. */
bool event_is_over(const struct event *ev);

/* A patient/1 that says: no notices for this patient. */
bool event_blocks(const struct event *ev);

/* The event as bytes, to be sealed; event_unpack() reads them back. Lives in `a`. */
struct str event_pack(const struct event *ev, struct arena *a);
/* ERR_INPUT when the bytes are not a packed event. Slices point into `packed`. */
bool event_unpack(struct str packed, struct arena *a, struct event *out, struct err *e) MUST_USE;

#endif
