/* What one message may cost: memory from its own arena, and a number of steps that no feed and no message
 * gets past. Steps are counted, not time. */
#include <stdlib.h>

#include "../../src/feed/model.h"
#include "../../src/feed/trace.h"
#include "base/buf.h"
#include "check.h"
#include "feed/feed.h"
#include "phone/phone.h"
#include "seal/seal.h"
#include "tenant.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_HOOKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_HOOKS 1
#endif
#endif
#ifdef HAS_HOOKS
/* Of the sanitizers' runtime; gcc ships no header for it. */
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
                                              void (*)(const volatile void *));
#endif

static const struct str key = STR_LIT("tidings-test-key");

static bool eval(const struct feed *f, struct str body, struct feed_trace *t, struct arena *a,
                 struct feed_result *r)
{
    const struct feed_input in = {.kind = body.p[0] == '{' ? MESSAGE_FHIR : MESSAGE_HL7,
                                  .body = body,
                                  .received_ms = 1735689600000,
                                  .key = key,
                                  .trace = t};
    struct err e = {0};
    bool ok = feed_eval(f, &in, a, r, &e);

    CHECK(ok, "%s", e.text);
    return ok;
}

static struct feed *load(const struct tenant *t)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f = feed_load(t->feed, &a, &all);

    for (size_t i = 0; i < all.n && !f; i++)
        finding_print(&all.items[i], stdout);
    CHECK(f != NULL, "%zu errors", all.n_errors);
    if (!f)
        exit(check_end());
    arena_reset(&a);
    return f;
}

/* ---- memory ---- */

#ifdef HAS_HOOKS

static const char booking[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":\"booked\","
    "\"start\":\"2025-03-04T09:30:00+08:00\",\"identifier\":[{\"value\":\"F1\"}],"
    "\"participant\":[{\"actor\":{\"reference\":\"Patient/p\"}},"
    "{\"actor\":{\"reference\":\"Location/KH\"}}]}},"
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":"
    "[{\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"value\":\"MRN1\"}],\"telecom\":"
    "[{\"system\":\"phone\",\"value\":\"0912-345-678\"}]}}";

static int n_taken; /* -1: nobody counts */

static void on_malloc(const volatile void *p, size_t n)
{
    (void)p, (void)n;
    n_taken += n_taken >= 0;
}

static void on_free(const volatile void *p)
{
    (void)p;
}

static int pseudonym_takes(void)
{
    uint8_t hash[SEAL_HASH_BYTES];

    n_taken = 0;
    seal_hmac_sha256(key,
                     STR("main\x1f"
                         "patient\x1fMRN1"),
                     hash);
    return n_taken;
}

static int phone_takes(void)
{
    char out[PHONE_TEXT];

    n_taken = 0;
    CHECK(phone_e164(STR("0912345678"), "TW", out) == PHONE_OK, "a valid number");
    return n_taken;
}

/* A message with two pseudonyms and one telephone number takes from the system what OpenSSL and libphonenumber
 * take for these, and nothing else: all the rest is in the arena, whose room was made before. */
static void check_memory(const struct feed *f, const char *name, struct str body)
{
    int wanted, again = 0;

    for (int round = 0; round < 3; round++) {
        struct arena a = {0};
        struct feed_result r;

        wanted = 2 * pseudonym_takes() + phone_takes();
        n_taken = -1;
        arena_reserve(&a, 1 << 20);
        n_taken = 0;
        (void)eval(f, body, NULL, &a, &r);
        again = n_taken;
        n_taken = -1;
        CHECK(r.n == 1 && r.outcomes[0].kind == FEED_SEND, "%s: %zu outcomes", name, r.n);
        arena_reset(&a);
    }
    CHECK(again == wanted, "%s: %d times memory beside the arena, %d of the two libraries", name,
          again, wanted);
}

static void test_memory(void)
{
    struct tenant t;
    struct buf many = buf_new(1 << 20);
    struct feed *f;

    n_taken = -1;
    CHECK(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0, "hooks");
    tenant_make(&t);
    f = load(&t);
    check_memory(f, "HL7", str_of(tenant_text("samples/s12.hl7")));
    buf_add(&many, str_of(booking));
    buf_add(&many, STR("]}"));
    check_memory(f, "FHIR", buf_str(&many));
    many.n -= 2;
    for (int i = 0; i < 300; i++)
        buf_printf(&many, ",{\"resource\":{\"resourceType\":\"Location\",\"id\":\"l%d\"}}",
                   i * 7 % 300);
    buf_add(&many, STR("]}"));
    check_memory(f, "FHIR, 302 entries", buf_str(&many));
    feed_free(f);
    tenant_remove(&t);
    buf_reset(&many);
}

#else

static void test_memory(void)
{
    printf("skipped: memory is counted under a sanitizer only\n");
}

#endif

/* ---- steps ---- */

static void check_bound(const struct feed *f, const char *name, struct str body, bool over)
{
    struct arena a = {0}, b = {0};
    struct feed_trace trace = {0};
    struct feed_result r, seen;
    size_t n_over = 0, differ = 0, used;

    if (!eval(f, body, NULL, &a, &r))
        return;
    used = a.used;
    for (size_t i = 0; i < r.n; i++)
        n_over += str_eq(r.outcomes[i].reason, STR("message too large"));
    CHECK(r.steps <= FEED_MAX_STEPS, "%s: %zu steps", name, r.steps);
    CHECK((n_over > 0) == over, "%s: %zu of %zu too large after %zu steps", name, n_over, r.n,
          r.steps);
    CHECK(used < (size_t)FEED_MAX_STEPS * 64, "%s: %zu bytes", name, used);
    (void)eval(f, body, &trace, &b, &seen);
    for (size_t i = 0; i < r.n && i < seen.n; i++)
        differ += r.outcomes[i].kind != seen.outcomes[i].kind ||
                  !str_eq(r.outcomes[i].reason, seen.outcomes[i].reason);
    CHECK(r.n == seen.n && r.steps == seen.steps && !differ, "%s: the trace changes %zu of %zu",
          name, differ, r.n);
    printf("%s: %zu outcomes, %zu steps, %zu KiB\n", name, r.n, r.steps, used / 1024);
    arena_reset(&a);
    arena_reset(&b);
}

/* 32 sources, each over every repetition of a long field, for each of a thousand orders. */
static void test_hl7(void)
{
    struct tenant t;
    struct buf sources = buf_new(1 << 16), body = buf_new(1 << 20);
    struct feed *f;
    char *text;

    for (int i = 0; i < FEED_MAX_SOURCES; i++)
        buf_printf(&sources, "%sPID-13(3=C%d)", i ? ", " : "[", i);
    buf_add(&sources, STR("]"));
    tenant_make(&t);
    text = tenant_replace(tenant_text("feed.yaml"), "[PID-13(3=CP), PID-13(2=PRN)]", sources.p);
    tenant_write(&t, "feed.yaml", text);
    f = load(&t);
    for (int orders = 1; orders <= 1000; orders *= 1000) {
        body.n = 0;
        buf_add(&body,
                STR("MSH|^~\\&|LAB|KH|TIDINGS|NORTH|20250302101500+0800||ORU^R01|M2|P|2.5.1\r"
                    "PID|1||MRN1^^^KH^MR||||||||||"));
        for (int i = 0; i < 900; i++)
            buf_printf(&body, "%s02-2123-4567^PRN^X%d", i ? "~" : "", i);
        for (int i = 0; i < orders; i++)
            buf_printf(&body, "\rOBR|1||F%d|58410-2|||||||||||||||||||||F", i);
        check_bound(f, orders == 1 ? "HL7, one order" : "HL7, a thousand orders", buf_str(&body),
                    orders > 1);
    }
    feed_free(f);
    tenant_remove(&t);
    free(text);
    buf_reset(&sources);
    buf_reset(&body);
}

/* A filter in a filter over thousands of elements, for each of a thousand appointments. */
static void test_fhir(void)
{
    static const char deep[] =
        "Patient.telecom.where(period.where(start='x' or end='y').exists()).value";
    struct tenant t;
    struct buf body = buf_new(1 << 21);
    struct feed *f;
    char *text;

    tenant_make(&t);
    text = tenant_replace(tenant_text("feed.yaml"), "Patient.telecom.where(system='phone').value",
                          deep);
    tenant_write(&t, "feed.yaml", text);
    f = load(&t);
    for (int appointments = 1; appointments <= 300; appointments *= 300) {
        body.n = 0;
        buf_add(&body, STR("{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":["));
        for (int i = 0; i < appointments; i++)
            buf_printf(
                &body,
                "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a%d\",\"status\":"
                "\"booked\",\"identifier\":[{\"value\":\"F%d\"}],\"participant\":[{\"actor\":"
                "{\"reference\":\"Patient/p\"}},{\"actor\":{\"reference\":\"Location/KH\"}}]}},",
                i, i);
        buf_add(&body,
                STR("{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":[{"
                    "\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"value\":\"M1\"}],\"telecom\":["));
        for (int i = 0; i < 3000; i++)
            buf_printf(&body, "%s{\"value\":\"1\",\"period\":{\"start\":\"u\",\"end\":\"v\"}}",
                       i ? "," : "");
        buf_add(&body, STR("]}}]}"));
        check_bound(f, appointments == 1 ? "FHIR, one appointment" : "FHIR, 300 appointments",
                    buf_str(&body), appointments > 1);
    }
    feed_free(f);
    tenant_remove(&t);
    free(text);
    buf_reset(&body);
}

int main(void)
{
    test_memory();
    test_hl7();
    test_fhir();
    return check_end();
}
