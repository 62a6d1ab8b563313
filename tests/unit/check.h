/* The whole test harness. A test program is a main() with tables, CHECKs and check_end(). */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

struct check_count {
    int passed, failed;
};

/* One program, one count. */
static struct check_count check_count;

#define CHECK(cond, ...)                                                                           \
    ((cond) ? (void)check_count.passed++                                                           \
            : (void)(check_count.failed++, printf("%s:%d: %s: ", __FILE__, __LINE__, #cond),       \
                     printf(__VA_ARGS__), putchar('\n')))

#define EACH(i, table) (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++)

static inline int check_end(void)
{
    printf("%d passed, %d failed\n", check_count.passed, check_count.failed);
    return check_count.failed != 0;
}

#endif
