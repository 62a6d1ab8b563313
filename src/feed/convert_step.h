/* The converters that need more than a line or two. Each sets out->text or out->reason. Private to
 * feed. */
#ifndef FEED_CONVERT_STEP_H
#define FEED_CONVERT_STEP_H

#include "feed/convert.h"

/* §7.3. `in` as convert_run() got it; only `text` is set behind another converter. */
void convert_phone(const struct candidate *in, const struct convert_context *ctx,
                   struct converted *out);
void convert_language(struct str text, const struct convert_context *ctx, struct converted *out);

#endif
