/* The application acknowledgement of a mapped message (HL7 v2.9.1 §2.9.2, table 0155). */
#ifndef STORE_REPLY_H
#define STORE_REPLY_H

#include "store/store.h"

/* MSA-1 of the answer to a message with these instances, or absent when the sender wants none. */
struct str reply_code(enum reply_wanted wanted, const struct instance *all, size_t n);

#endif
