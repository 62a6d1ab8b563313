#include "mllp_lane.h"

enum { PLACES = 5 };

static const struct place {
    const char *segment;
    size_t field;
} places[PLACES] = {{"PID", 3}, {"PID", 2}, {"PID", 4}, {"PID", 18}, {"PV1", 19}};

static bool is_valued(struct str s)
{
    return s.n > 0 && !str_eq(s, STR("\"\""));
}

/* The first repetition that holds an id. */
static struct str find_cx(const struct hl7_message *m, struct str field)
{
    struct str cx = {NULL, 0};

    if (field.n == 0)
        return cx;
    for (size_t n = 1;; n++) {
        cx = hl7_repetition(&m->sep, field, n);
        if (!cx.p || is_valued(str_trim(hl7_component(&m->sep, cx, 1))))
            return cx;
    }
}

uint64_t mllp_lane(const struct hl7_message *m, const struct seal *seal)
{
    const struct hl7_segment *segment = NULL;
    struct str cx = {NULL, 0};
    uint64_t lane = 0;

    for (size_t i = 0; i < PLACES && !cx.p; i++) {
        if (i == 0 || strcmp(places[i].segment, places[i - 1].segment) != 0)
            segment = hl7_segment_find(m, places[i].segment);
        if (segment)
            cx = find_cx(m, hl7_field(segment, places[i].field));
    }
    if (cx.p) {
        struct str by = str_trim(hl7_subcomponent(&m->sep, hl7_component(&m->sep, cx, 4), 1));
        struct str parts[] = {
            str_trim(hl7_component(&m->sep, cx, 1)),
            by.n ? by : str_trim(hl7_component(&m->sep, hl7_field(&m->segments[0], 4), 1)),
            str_trim(hl7_component(&m->sep, cx, 5))};
        uint8_t index[SEAL_INDEX_BYTES];

        seal_index(seal, "message.lane", parts, 3, index);
        memcpy(&lane, index, sizeof lane);
        lane += lane == 0; /* 0 says that nobody is named */
    }
    return lane;
}
