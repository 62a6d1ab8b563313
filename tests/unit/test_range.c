/* Ranges of addresses: what is one, what is not, whom it holds. */
#include "check.h"
#include "net/range.h"

static void test_parse(void)
{
    static const struct {
        const char *text;
        int bits; /* -1: refused */
    } rows[] = {
        {"10.0.0.0/8", 104},
        {"0.0.0.0/0", 96},
        {"192.0.2.7", 128},
        {"192.0.2.7/32", 128},
        {"192.0.2.6/31", 127},
        {"2001:db8::/32", 32},
        {"2001:db8::1", 128},
        {"::/0", 0},
        {"::ffff:10.0.0.0/104", 104},
        {"192.0.2.7/31", -1},
        {"10.0.0.1/8", -1},
        {"2001:db8::1/32", -1},
        {"::1/0", -1},
        {"10.0.0.0/33", -1},
        {"2001:db8::/129", -1},
        {"10.0.0.0/", -1},
        {"10.0.0.0/08", -1},
        {"10.0.0.0/+8", -1},
        {"10.0.0.0/-1", -1},
        {"10.0.0.0/8 ", -1},
        {"10.0.0.0/8/8", -1},
        {"10.0.0.0/4294967304", -1},
        {" 10.0.0.0", -1},
        {"10.0.0", -1},
        {"010.0.0.0", -1},
        {"fe80::1%lo", -1},
        {"epic.example", -1},
        {"", -1},
        {"/8", -1},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", -1},
    };

    for
        EACH (i, rows) {
            struct net_range r = {.bits = -1};
            struct err e = {0};
            bool ok = net_range_parse(str_of(rows[i].text), &r, &e);

            CHECK(ok == (rows[i].bits >= 0), "%s", rows[i].text);
            CHECK(r.bits == rows[i].bits, "%s: %d", rows[i].text, r.bits);
            CHECK(ok || (e.kind == ERR_INPUT && e.text[0]), "%s: %d", rows[i].text, e.kind);
        }
}

static void test_slices(void)
{
    static const char text[] = "10.0.0.0/8";
    struct net_range r;
    struct err e;

    CHECK(!net_range_parse((struct str){0}, &r, &e), "absent");
    CHECK(!net_range_parse((struct str){"10.0.0.0\0x", 10}, &r, &e), "a NUL inside");
    for (size_t n = 0; n < sizeof text; n++) { /* each prefix, the whole with its NUL last */
        struct str part = {text, n};

        CHECK(net_range_parse(part, &r, &e) == (n == 8 || n == 10), "%zu bytes", n);
    }
}

static void test_holds(void)
{
    static const struct {
        const char *range, *address;
        bool held;
    } rows[] = {
        {"10.0.0.0/8", "10.0.0.0", true},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.0.0.0/8", "9.255.255.255", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::10.1.2.3", false},
        {"::ffff:10.0.0.0/104", "10.1.2.3", true},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.9", true},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1", "2001:DB8:0:0::1", true},
        {"::/0", "epic.example", false},
        {"::/0", "", false},
    };
    struct net_range both[2];
    struct err e = {0};

    for
        EACH (i, rows) {
            struct net_range r = {0};

            CHECK(net_range_parse(str_of(rows[i].range), &r, &e), "%s", rows[i].range);
            CHECK(net_range_holds(&r, rows[i].address) == rows[i].held, "%s in %s", rows[i].address,
                  rows[i].range);
        }
    CHECK(net_range_parse(STR("192.0.2.0/24"), &both[0], &e), "%s", e.text);
    CHECK(net_range_parse(STR("2001:db8::/32"), &both[1], &e), "%s", e.text);
    CHECK(net_ranges_hold(both, 2, "2001:db8::5"), "the second");
    CHECK(!net_ranges_hold(both, 1, "2001:db8::5"), "not among the first");
    CHECK(!net_ranges_hold(both, 0, "192.0.2.1"), "none holds nobody");
}

int main(void)
{
    test_parse();
    test_slices();
    test_holds();
    return check_end();
}
