/* Words that mean nothing, as long as the one they stand for and in its case. */
#ifndef SAMPLES_WORDS_H
#define SAMPLES_WORDS_H

#include "base/buf.h"
#include "samples/fake.h"

/* word: ASCII letters. Consonant and vowel in turn. */
void word_name(const struct fake *f, struct str word, unsigned roll, struct buf *out);
/* Filler in the manner of printers. */
void word_neutral(const struct fake *f, struct str word, unsigned roll, struct buf *out);

#endif
