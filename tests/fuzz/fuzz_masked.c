/* Two streams that differ in letters within values only look the same: each lower-case letter of the input
 * is turned round in the alphabet. No name of HL7's holds one. */
#include <assert.h>
#include <stdlib.h>

#include "hl7/masked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf a = buf_new((size_t)1 << 24), b = buf_new((size_t)1 << 24);
    char *other = malloc(size + 1);

    if (!other)
        abort();
    for (size_t i = 0; i < size; i++) {
        char c = (char)data[i];

        other[i] = c >= 'a' && c <= 'z' ? (char)('a' + 'z' - c) : c;
    }
    hl7_masked_write((struct str){(const char *)data, size}, size % 2, '\x0b', '\x1c', &a);
    hl7_masked_write((struct str){other, size}, size % 2, '\x0b', '\x1c', &b);
    assert(str_eq(buf_str(&a), buf_str(&b)));
    for (size_t i = 0; i < a.n; i++)
        assert((a.p[i] >= ' ' && a.p[i] < 0x7F) || a.p[i] == '\n');
    free(other);
    buf_reset(&a);
    buf_reset(&b);
    return 0;
}
