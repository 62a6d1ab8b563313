/* docs/feed-reference.md is what the tables make of it, and the table of converters knows every reason
 * that the converters give. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "feed/convert.h"
#include "feed/reference.h"

enum { MOST = 1 << 20 };

static struct str read_all(const char *path, char *page)
{
    FILE *from = fopen(path, "rb");
    size_t n = 0;

    CHECK(from != NULL, "%s is not there", path);
    if (from) {
        n = fread(page, 1, MOST - 1, from);
        fclose(from);
    }
    page[n] = '\0';
    return (struct str){page, n};
}

static bool is_listed(struct str reason)
{
    for (int k = CONVERT_TEXT; k <= CONVERT_PSEUDONYM; k++) {
        struct str rest = str_of(convert_about((enum convert_kind)k)->reasons);

        while (rest.n)
            if (str_eq(str_cut(&rest, ' '), reason))
                return true;
    }
    return false;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

/* Every "kind.reason" of the source stands in the table. */
static size_t check_reasons(const char *path, char *page)
{
    struct str rest = read_all(path, page);
    size_t n = 0;

    while (rest.p) {
        struct str text = str_cut(&rest, '"'), kind = text, tail;
        bool plain = text.n > 0;

        tail = kind;
        kind = str_cut(&tail, '.');
        for (size_t i = 0; i < text.n; i++)
            plain = plain && (is_word(text.p[i]) || text.p[i] == '.');
        if (!plain || !tail.n || kind.n < 4 || memchr(tail.p, '.', tail.n) ||
            str_eq(tail, STR("h")))
            continue;
        CHECK(is_listed(text), "%s gives " STR_FMT ", which the table of converters lacks", path,
              STR_ARG(text));
        n++;
    }
    return n;
}

int main(void)
{
    struct buf made = buf_new(MOST), small = buf_new(1000);
    char *page = malloc(MOST);
    size_t reasons;

    CHECK(feed_reference_write(&made), "the page is not written");
    CHECK(!feed_reference_write(&small), "the page fits into 1,000 bytes");
    CHECK(str_eq(buf_str(&made), read_all("docs/feed-reference.md", page)),
          "docs/feed-reference.md is stale: tidings reference > docs/feed-reference.md");
    reasons = check_reasons("src/feed/convert.c", page) +
              check_reasons("src/feed/convert_phone.c", page) +
              check_reasons("src/feed/convert_language.c", page);
    CHECK(reasons >= 15, "%zu reasons found", reasons);
    free(page);
    buf_reset(&made);
    buf_reset(&small);
    return check_end();
}
