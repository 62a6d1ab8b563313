/* One run of the plan step, as its files share it. */
#ifndef PLAN_RUN_H
#define PLAN_RUN_H

#include "model/recipient.h"
#include "plan/plan.h"
#include "store/approval.h"

struct run {
    const struct plan_settings *set;
    struct store *store;
    struct arena *arena;
    int64_t now_ms;
    struct plan_result *out;
};

/* What is known of the patient that an event names. */
struct patient {
    struct str key;      /* as of now: records may have been merged. Absent: the event names none */
    struct str raw;      /* what the sender calls that patient; absent: not known */
    bool known;          /* event is set */
    struct event record; /* the latest patient/1 */
    struct str to;       /* whom its notices go to */
};

/* run.c */
bool run_withdraw(struct run *r, struct notice *n, struct str why, struct err *e) MUST_USE;
/* Mints the link of a notice that is due at n->due_ms. */
bool run_mint(struct run *r, const struct instance *in, const struct patient *who, struct notice *n,
              struct link_new *link, struct err *e) MUST_USE;

/* `n`, minted, as the event has it: to whom it goes now. */
void run_address(const struct run *r, const struct instance *in, const struct patient *who,
                 struct notice *n);

/* patient.c */
bool patient_find(struct run *r, const struct event *ev, struct patient *out,
                  struct err *e) MUST_USE;
/* A patient/1 came: what may still leave is held against the record. */
bool patient_changed(struct run *r, const struct instance *in, struct err *e) MUST_USE;
/* The same for one notice that waits again. */
bool patient_heed(struct run *r, struct notice *n, struct err *e) MUST_USE;

/* remind.c */
/* Plans those reminders of `in` that are due after `first_ms`. *n: how many. first: as its first notice
 * is, or would be, but for what a reminder has of its own. */
bool remind_plan(struct run *r, const struct instance *in, const struct patient *who,
                 const struct notice *first, int64_t first_ms, size_t *n, struct err *e) MUST_USE;
/* Reminders that are due become ready; what is still to leave of the same unit, and is older, goes. */
bool remind_release(struct run *r, size_t *ready, struct err *e) MUST_USE;

#endif
