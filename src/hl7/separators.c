#include "hl7/separators.h"

struct hl7_separators hl7_separators_default(void)
{
    return (struct hl7_separators){
        .field = '|', .component = '^', .repetition = '~', .escape = '\\', .subcomponent = '&'};
}

bool hl7_may_separate(char c)
{
    return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
           !(c >= 'a' && c <= 'z');
}

static bool is_header(struct str s)
{
    return str_starts(s, STR("MSH")) || str_starts(s, STR("BHS")) || str_starts(s, STR("FHS"));
}

bool hl7_separators_read(struct str segment, struct hl7_separators *out, struct err *e)
{
    char *const places[] = {&out->component, &out->repetition, &out->escape, &out->subcomponent,
                            &out->truncation};
    size_t i;

    *out = (struct hl7_separators){0};
    if (!is_header(segment))
        return err_set(e, ERR_INPUT, 0, "offset 0: no MSH segment");
    if (segment.n < 4 || !hl7_may_separate(segment.p[3]))
        return err_set(e, ERR_INPUT, 0, "offset 3: MSH-1 is no separator");
    out->field = segment.p[3];
    for (i = 4; i < segment.n && segment.p[i] != out->field; i++) {
        if (segment.p[i] == '\r' || segment.p[i] == '\n')
            break;
        if (i - 4 == sizeof places / sizeof places[0])
            return err_set(e, ERR_INPUT, 0, "offset %zu: MSH-2 is too long", i);
        if (!hl7_may_separate(segment.p[i]) || memchr(segment.p + 4, segment.p[i], i - 4))
            return err_set(e, ERR_INPUT, 0, "offset %zu: MSH-2 holds no separator here", i);
        *places[i - 4] = segment.p[i];
    }
    if (i == 4)
        return err_set(e, ERR_INPUT, 0, "offset 4: MSH-2 is empty");
    return true;
}
