#include "base/utf8.h"
#include "sandbox_impl.h"

static void add_unit(struct buf *out, uint32_t unit)
{
    buf_printf(out, "\\u%04x", unit);
}

void wire_style(struct str json, struct buf *out)
{
    while (json.n) {
        uint32_t cp = utf8_next(&json);

        if (cp == '/')
            buf_add(out, STR("\\/"));
        else if (cp < 0x80)
            buf_add_char(out, (char)cp);
        else if (cp < 0x10000)
            add_unit(out, cp);
        else if (cp <= 0x10FFFF) {
            add_unit(out, 0xD800 + ((cp - 0x10000) >> 10));
            add_unit(out, 0xDC00 + ((cp - 0x10000) & 0x3FF));
        } else
            add_unit(out, 0xFFFD);
    }
}
