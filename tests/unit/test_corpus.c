/* Every HL7 v2 file of the corpus beside the repository, framed and read as the receiver does it: each
 * message is either whole or refused with a reason and a place, and each gets a sound answer. */
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "check.h"
#include "hl7/ack.h"
#include "hl7/message.h"
#include "hl7/mllp.h"

/* nftw() has no argument for its caller. */
static struct corpus {
    int files, messages, conditions[HL7_CONDITIONS], unreadable, unframed, silent;
} seen;

static struct buf read_file(const char *path)
{
    struct buf b = buf_new((size_t)64 << 20);
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f)
        return b;
    while (buf_room(&b, 65536) && (n = fread(b.p + b.n, 1, 65536, f)) > 0)
        b.n += n;
    (void)fclose(f);
    return b;
}

static void check_answer(const struct hl7_header *h, enum hl7_condition c)
{
    struct hl7_ack ack = {.header = h, .condition = c, .start = '\x0b', .end = '\x1c'};
    struct buf out = buf_new(HL7_ACK_MOST);
    struct err e = {0};

    ack.code = hl7_ack_code(h, c, HL7_MODE_ORIGINAL, HL7_APP_OFF, NULL);
    if (ack.code == HL7_SILENT) {
        seen.silent++;
        CHECK(h && str_eq(h->code, STR("ACK")), "only an acknowledgement has no answer");
        return;
    }
    CHECK(hl7_ack_write(&ack, &out, &e), "%s", e.text);
    buf_reset(&out);
}

static void check_message(struct str body)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings set = {0};
    struct arena a = {0};
    struct hl7_header h;
    struct hl7_message m;
    struct err e = {0};
    enum hl7_condition c;

    seen.messages++;
    if (!hl7_header_scan(body, &h, &e)) {
        CHECK(strncmp(e.text, "offset ", 7) == 0, "%s", e.text);
        seen.unreadable++;
        check_answer(NULL, HL7_BAD_SYNTAX);
        return;
    }
    c = hl7_header_check(&h);
    if (c == HL7_COMMITTED && !hl7_message_read(body, &set, &limits, &a, NULL, &m, &e))
        c = e.code == HL7_LIMIT ? HL7_OVER_LIMIT : HL7_BAD_SYNTAX;
    CHECK(c != HL7_BAD_SYNTAX, "what has a header can be read: %s", e.text);
    seen.conditions[c]++;
    check_answer(&h, c);
    arena_reset(&a);
}

static void check_stream(struct str in)
{
    struct mllp_settings set = mllp_settings_default();
    struct mllp_framer f;
    struct mllp_event ev;
    int frames = 0;

    mllp_framer_init(&f, &set);
    while (mllp_next(&f, &in, &ev) != MLLP_MORE) {
        struct str rest = ev.content;
        struct hl7_header h;
        struct err e;

        if (ev.step != MLLP_FRAME && ev.step != MLLP_REFUSE)
            continue;
        frames++;
        while (rest.n) {
            size_t n = hl7_header_scan(rest, &h, &e) ? hl7_header_next(rest, &h) : rest.n;

            check_message((struct str){rest.p, n});
            rest = (struct str){rest.p + n, rest.n - n};
        }
    }
    seen.unframed += frames == 0;
    mllp_framer_end(&f);
}

static int on_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
    struct buf file, framed = buf_new((size_t)65 << 20);

    (void)st;
    (void)at;
    if (type != FTW_F)
        return 0;
    seen.files++;
    file = read_file(path);
    if (file.n && file.p[0] == '\x0b') {
        check_stream(buf_str(&file));
    } else {
        buf_add_char(&framed, '\x0b');
        buf_add(&framed, buf_str(&file));
        buf_add(&framed, STR("\x1c\r"));
        check_stream(buf_str(&framed));
    }
    buf_reset(&file);
    buf_reset(&framed);
    return 0;
}

int main(void)
{
    static const char *const folders[] = {"../shared/data/corpus/v2",
                                          "../shared/data/corpus/v2-derived-charset"};

    for
        EACH (i, folders) {
            if (nftw(folders[i], on_file, 16, FTW_PHYS) != 0)
                printf("skipped: no folder %s\n", folders[i]);
        }
    printf("corpus: %d files, %d messages: %d whole, %d without a header", seen.files,
           seen.messages, seen.conditions[HL7_COMMITTED], seen.unreadable);
    for (int c = HL7_BAD_TYPE; c < HL7_CONDITIONS; c++) {
        if (seen.conditions[c])
            printf(", condition %d: %d", c, seen.conditions[c]);
    }
    printf(", %d files without a frame\n", seen.unframed);
    CHECK(seen.files == 0 || seen.conditions[HL7_COMMITTED] > seen.files / 2, "most are whole");
    CHECK(seen.files == 0 || seen.silent == 26, "%d acknowledgements, not 26", seen.silent);
    return check_end();
}
