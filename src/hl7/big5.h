/* Tells Big5 from other bytes that nothing declares. */
#ifndef HL7_BIG5_H
#define HL7_BIG5_H

#include "base/str.h"

/* True when the high bytes of s can hardly be anything but Big5: all of them form its pairs, most of
 * those are common characters, two stand side by side (accented Latin letters stand alone), and the
 * second byte of one is ASCII (which a common character of GBK never has). */
bool big5_looks(struct str s);

#endif
