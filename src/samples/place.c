#include "samples/place.h"

#include "feed/dictionary.h"

/* How the parts of a field are to be taken, by its data type. */
enum shape {
    SHAPE_CX,      /* id ^ check digit ^ scheme ^ authority ^ type ^ facility ^ from ^ to */
    SHAPE_EI,      /* id ^ namespace ^ id of it ^ its kind */
    SHAPE_PERSON,  /* XPN: names ^ ... ^ type */
    SHAPE_STAFF,   /* XCN: id ^ names ... ^ authority ^ type */
    SHAPE_ADDRESS, /* XAD: lines ... ^ country ^ type */
    SHAPE_PHONE,   /* XTN */
    SHAPE_BIRTH,   /* a date */
    SHAPE_CODED,   /* CWE: code ^ text ^ system ^ code ^ text ^ system */
    SHAPE_CODE,    /* ID, IS, or the first component of a CWE */
    SHAPE_ID,      /* one number */
};

struct row {
    char segment[4];
    unsigned char field;
    enum shape shape;
};

/* clang-format off */
static const struct row rows[] = {
    /* people, visits, orders */
    {"PID", 2, SHAPE_CX},    {"PID", 3, SHAPE_CX},     {"PID", 4, SHAPE_CX},      {"PID", 5, SHAPE_PERSON},
    {"PID", 6, SHAPE_PERSON},{"PID", 7, SHAPE_BIRTH},  {"PID", 8, SHAPE_CODE},    {"PID", 9, SHAPE_PERSON},
    {"PID", 11, SHAPE_ADDRESS}, {"PID", 13, SHAPE_PHONE}, {"PID", 14, SHAPE_PHONE}, {"PID", 18, SHAPE_CX},
    {"PID", 19, SHAPE_ID},   {"PID", 20, SHAPE_ID},    {"PID", 21, SHAPE_CX},     {"PID", 40, SHAPE_PHONE},
    {"MRG", 1, SHAPE_CX},    {"MRG", 2, SHAPE_CX},     {"MRG", 3, SHAPE_CX},      {"MRG", 4, SHAPE_CX},
    {"MRG", 5, SHAPE_CX},    {"MRG", 6, SHAPE_CX},     {"MRG", 7, SHAPE_PERSON},
    {"NK1", 2, SHAPE_PERSON},{"NK1", 3, SHAPE_CODED},  {"NK1", 4, SHAPE_ADDRESS}, {"NK1", 5, SHAPE_PHONE},
    {"NK1", 6, SHAPE_PHONE}, {"NK1", 16, SHAPE_BIRTH}, {"NK1", 30, SHAPE_PERSON}, {"NK1", 31, SHAPE_PHONE},
    {"NK1", 33, SHAPE_CX},   {"NK1", 37, SHAPE_ID},    {"NK1", 40, SHAPE_PHONE},
    {"GT1", 2, SHAPE_CX},    {"GT1", 3, SHAPE_PERSON}, {"GT1", 5, SHAPE_ADDRESS}, {"GT1", 6, SHAPE_PHONE},
    {"GT1", 7, SHAPE_PHONE}, {"GT1", 8, SHAPE_BIRTH},  {"GT1", 12, SHAPE_ID},     {"GT1", 19, SHAPE_ID},
    {"IN1", 5, SHAPE_ADDRESS}, {"IN1", 7, SHAPE_PHONE}, {"IN1", 16, SHAPE_PERSON}, {"IN1", 18, SHAPE_BIRTH},
    {"IN1", 19, SHAPE_ADDRESS}, {"IN1", 36, SHAPE_ID}, {"IN2", 1, SHAPE_CX},      {"IN2", 2, SHAPE_ID},
    {"PV1", 7, SHAPE_STAFF}, {"PV1", 8, SHAPE_STAFF},  {"PV1", 9, SHAPE_STAFF},   {"PV1", 17, SHAPE_STAFF},
    {"PV1", 19, SHAPE_CX},   {"PV1", 50, SHAPE_CX},    {"PV1", 52, SHAPE_STAFF},  {"PD1", 4, SHAPE_STAFF},
    {"EVN", 5, SHAPE_STAFF}, {"ORC", 2, SHAPE_EI},     {"ORC", 3, SHAPE_EI},      {"ORC", 4, SHAPE_EI},
    {"ORC", 10, SHAPE_STAFF},{"ORC", 11, SHAPE_STAFF}, {"ORC", 12, SHAPE_STAFF},  {"ORC", 14, SHAPE_PHONE},
    {"ORC", 23, SHAPE_PHONE},{"ORC", 24, SHAPE_ADDRESS}, {"OBR", 2, SHAPE_EI},    {"OBR", 3, SHAPE_EI},
    {"OBR", 10, SHAPE_STAFF},{"OBR", 16, SHAPE_STAFF}, {"OBR", 17, SHAPE_PHONE},  {"OBR", 28, SHAPE_STAFF},
    {"OBX", 16, SHAPE_STAFF},{"SCH", 1, SHAPE_EI},     {"SCH", 2, SHAPE_EI},      {"SCH", 4, SHAPE_EI},
    {"SCH", 5, SHAPE_EI},    {"SCH", 12, SHAPE_STAFF}, {"SCH", 13, SHAPE_PHONE},  {"SCH", 14, SHAPE_ADDRESS},
    {"SCH", 16, SHAPE_STAFF},{"SCH", 17, SHAPE_PHONE}, {"SCH", 20, SHAPE_STAFF},  {"SCH", 21, SHAPE_PHONE},
    {"SCH", 26, SHAPE_EI},   {"SCH", 27, SHAPE_EI},    {"AIP", 3, SHAPE_STAFF},   {"TXA", 5, SHAPE_STAFF},
    {"TXA", 9, SHAPE_STAFF}, {"TXA", 10, SHAPE_STAFF}, {"TXA", 11, SHAPE_STAFF},  {"TXA", 12, SHAPE_EI},
    {"TXA", 13, SHAPE_EI},   {"RXA", 10, SHAPE_STAFF}, {"RXD", 7, SHAPE_ID},      {"RXE", 15, SHAPE_ID},
    {"FT1", 2, SHAPE_ID},    {"STF", 3, SHAPE_PERSON}, {"STF", 10, SHAPE_PHONE},  {"STF", 11, SHAPE_ADDRESS},
    /* codes that decide whether a notice may go out, or what kind of value stands beside them */
    {"ARV", 3, SHAPE_CODE},  {"EVN", 4, SHAPE_CODE},   {"MSA", 1, SHAPE_CODE},    {"OBR", 4, SHAPE_CODED},
    {"OBR", 24, SHAPE_CODE}, {"OBR", 49, SHAPE_CODED}, {"OBX", 2, SHAPE_CODE},    {"OBX", 3, SHAPE_CODED},
    {"OBX", 26, SHAPE_CODE}, {"ORC", 28, SHAPE_CODED}, {"PD1", 11, SHAPE_CODED},  {"PD1", 12, SHAPE_CODE},
    {"PID", 30, SHAPE_CODE}, {"PV1", 2, SHAPE_CODE},   {"PV1", 16, SHAPE_CODE},   {"PV1", 36, SHAPE_CODE},
    {"PV2", 21, SHAPE_CODE}, {"PV2", 22, SHAPE_CODE},  {"RXA", 20, SHAPE_CODE},   {"RXA", 21, SHAPE_CODE},
    {"TXA", 2, SHAPE_CODED}, {"TXA", 17, SHAPE_CODE},  {"TXA", 18, SHAPE_CODE},   {"TXA", 19, SHAPE_CODE},
};
/* clang-format on */

static const struct row *row_of(struct str segment, unsigned field)
{
    for (size_t i = 0; segment.n == 3 && i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].field == field && memcmp(rows[i].segment, segment.p, 3) == 0)
            return &rows[i];
    return NULL;
}

static enum place of_phone(unsigned component)
{
    switch (component) {
    case 2:
    case 3:
    case 16:
        return PLACE_CODE;
    case 4:
        return PLACE_MAIL;
    case 13:
    case 14:
        return PLACE_OPEN;
    case 8:
    case 9:
    case 15:
        return PLACE_UNKNOWN;
    default:
        return PLACE_PHONE;
    }
}

static enum place of_cx(unsigned component)
{
    if (component <= 2)
        return PLACE_ID;
    return component == 7 || component == 8 ? PLACE_OPEN : PLACE_CODE;
}

static enum place of_staff(unsigned component)
{
    if (component == 1)
        return PLACE_ID;
    return component >= 9 && component != 11 ? PLACE_CODE : PLACE_NAME;
}

static enum place of_coded(unsigned component)
{
    return component == 1 || component == 3 || component == 4 || component == 6 ? PLACE_CODE
                                                                                : PLACE_UNKNOWN;
}

static enum place of_shape(enum shape shape, unsigned component)
{
    switch (shape) {
    case SHAPE_CX:
        return of_cx(component);
    case SHAPE_EI:
        return component == 1 ? PLACE_ID : PLACE_CODE;
    case SHAPE_PERSON:
        return component == 7 || component == 8 ? PLACE_CODE : PLACE_NAME;
    case SHAPE_STAFF:
        return of_staff(component);
    case SHAPE_ADDRESS:
        return component == 6 || component == 7 ? PLACE_CODE : PLACE_NAME;
    case SHAPE_PHONE:
        return of_phone(component);
    case SHAPE_BIRTH:
        return PLACE_BIRTH;
    case SHAPE_CODED:
        return of_coded(component);
    case SHAPE_CODE:
        return component == 1 ? PLACE_CODE : PLACE_UNKNOWN;
    case SHAPE_ID:
        break;
    }
    return PLACE_ID;
}

/* MSH is listed but for what says how to read a message; MSH-8 is for passwords. */
static bool is_frame(struct str segment, unsigned field)
{
    return segment.n == 3 &&
           ((memcmp(segment.p, "MSH", 3) == 0 && field != 8) ||
            (memcmp(segment.p, "MSA", 3) == 0 && field == 2) ||
            ((memcmp(segment.p, "BTS", 3) == 0 || memcmp(segment.p, "FTS", 3) == 0) &&
             field == 1) ||
            ((memcmp(segment.p, "FHS", 3) == 0 || memcmp(segment.p, "BHS", 3) == 0) &&
             (field <= 7 || field >= 11)));
}

enum place place_of(struct str segment, unsigned field, unsigned component)
{
    const struct row *row = row_of(segment, field);
    enum sensitivity class;

    if (is_frame(segment, field))
        return PLACE_OPEN;
    if (row)
        return of_shape(row->shape, component);
    class = dictionary_hl7(segment, field, NULL);
    if (class <= CLASS_LOGISTICS)
        return PLACE_OPEN;
    if (class == CLASS_CONTACT)
        return of_phone(component);
    return class == CLASS_IDENTIFIER ? PLACE_ID : PLACE_UNKNOWN;
}

bool place_is_phone_field(struct str segment, unsigned field)
{
    const struct row *row = row_of(segment, field);

    return row ? row->shape == SHAPE_PHONE : dictionary_hl7(segment, field, NULL) == CLASS_CONTACT;
}

bool place_is_cx(struct str segment, unsigned field)
{
    const struct row *row = row_of(segment, field);

    return row && row->shape == SHAPE_CX;
}

bool place_code_like(struct str text)
{
    size_t blanks = 0, digits = 0;

    if (text.n == 0 || text.n > 40)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c < ' ' || c > '~' || c == '@')
            return false;
        blanks += c == ' ';
        digits += c >= '0' && c <= '9';
    }
    return blanks <= 1 && (digits < text.n || digits <= 6);
}
