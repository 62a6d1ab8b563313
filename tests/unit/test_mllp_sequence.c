/* Sequence numbers: what MSH-13 says, and the table of hl7v2.md 7. */
#include "../../src/receive/mllp_sequence.h"
#include "check.h"

static const struct {
    const char *text;
    bool numeric;
    int64_t n;
} numbers[] = {
    {"1", true, 1},
    {" 12 ", true, 12},
    {"0", true, 0},
    {"-1", true, -1},
    {"+3", true, 3},
    {"7.0", true, 7},
    {"7.", true, 7},
    {"007", true, 7},
    {"999999999999999", true, 999999999999999},
    {"9999999999999999", false, 0},
    {"7.5", false, 0},
    {"x", false, 0},
    {"1x", false, 0},
    {"", false, 0},
    {"-", false, 0},
    {".0", false, 0},
    {"--1", false, 0},
};

static void test_read(void)
{
    for
        EACH (i, numbers) {
            int64_t n;
            bool numeric = mllp_sequence_read(str_of(numbers[i].text), &n);

            CHECK(numeric == numbers[i].numeric, "\"%s\"", numbers[i].text);
            CHECK(!numeric || n == numbers[i].n, "\"%s\": %lld", numbers[i].text, (long long)n);
        }
}

#define NEW_SENDER                                                                                 \
    {                                                                                              \
        false, 0, false                                                                            \
    }
#define AFTER(n)                                                                                   \
    {                                                                                              \
        true, (n), false                                                                           \
    }
#define FROZEN(n)                                                                                  \
    {                                                                                              \
        true, (n), true                                                                            \
    }

static const struct {
    const char *name;
    struct sequence now;
    bool numeric;
    int64_t n;
    enum mllp_turn turn;
    int64_t answer;
    struct sequence after;
} steps[] = {
    {"expected", AFTER(4), true, 5, MLLP_TURN_NEXT, 5, AFTER(5)},
    {"the first of all", NEW_SENDER, true, 17, MLLP_TURN_NEXT, 17, AFTER(17)},
    {"link start", AFTER(4), true, 0, MLLP_TURN_LINK, 5, AFTER(4)},
    {"link start, nothing taken so far", NEW_SENDER, true, 0, MLLP_TURN_LINK, -1, NEW_SENDER},
    {"link start ends a freeze", FROZEN(4), true, 0, MLLP_TURN_LINK, 5, AFTER(4)},
    {"resynchronise", AFTER(4), true, -1, MLLP_TURN_LINK, -1, NEW_SENDER},
    {"resynchronise ends a freeze", FROZEN(4), true, -1, MLLP_TURN_LINK, -1, NEW_SENDER},
    {"the last again", AFTER(4), true, 4, MLLP_TURN_AGAIN, 5, AFTER(4)},
    {"the last again, frozen", FROZEN(4), true, 4, MLLP_TURN_AGAIN, 5, FROZEN(4)},
    {"a gap", AFTER(4), true, 6, MLLP_TURN_WRONG, 5, FROZEN(4)},
    {"an old one", AFTER(4), true, 3, MLLP_TURN_WRONG, 5, FROZEN(4)},
    {"below -1", AFTER(4), true, -2, MLLP_TURN_WRONG, 5, FROZEN(4)},
    {"no number", AFTER(4), false, 0, MLLP_TURN_WRONG, 5, FROZEN(4)},
    {"no number, a new sender", NEW_SENDER, false, 0, MLLP_TURN_WRONG, -1, {false, 0, true}},
    {"expected, but frozen", FROZEN(4), true, 5, MLLP_TURN_WRONG, 5, FROZEN(4)},
    {"a new sender, frozen", {false, 0, true}, true, 1, MLLP_TURN_WRONG, -1, {false, 0, true}},
};

static void test_steps(void)
{
    for
        EACH (i, steps) {
            struct mllp_step_taken s =
                mllp_sequence_step(&steps[i].now, steps[i].numeric, steps[i].n);

            CHECK(s.turn == steps[i].turn, "%s: turn %d", steps[i].name, s.turn);
            CHECK(s.answer == steps[i].answer, "%s: MSA-4 %lld", steps[i].name,
                  (long long)s.answer);
            CHECK(s.after.known == steps[i].after.known && s.after.last == steps[i].after.last &&
                      s.after.frozen == steps[i].after.frozen,
                  "%s: known %d, last %lld, frozen %d", steps[i].name, s.after.known,
                  (long long)s.after.last, s.after.frozen);
        }
}

int main(void)
{
    test_read();
    test_steps();
    return check_end();
}
