/* National identifiers: which schemes there are, and when a number may be taken for one. */
#include "feed/real.h"

#include "real_digits.h"

enum { TEXT_MOST = 32 };

enum evidence {
    BY_ITSELF, /* letters, dates or two check digits: one number in hundreds fits by chance */
    BY_HINT,   /* fits one number in ten: it must be called so, or be spelt so */
};

struct scheme {
    const char *name;
    bool (*valid)(const char *s, size_t n);
    enum evidence evidence;
    const char *form;  /* the spelling that gives it away, "#" a digit; NULL: none */
    const char *hints; /* words of types and authorities, lower case */
};

static const struct scheme schemes[] = {
    {"Taiwan national identifier", digits_taiwan, BY_ITSELF, NULL, "twn"},
    {"Chinese resident identity number", digits_china, BY_ITSELF, NULL, "chn"},
    {"Korean resident registration number", digits_korea, BY_ITSELF, NULL, "kor"},
    {"Singapore NRIC", digits_nric, BY_ITSELF, NULL, "sgp nric"},
    {"Japanese individual number", digits_my_number, BY_HINT, NULL, "jpn"},
    {"Aadhaar number", digits_aadhaar, BY_HINT, "#### #### ####", "ind aadhaar"},
    {"NHS number", digits_nhs, BY_HINT, "### ### ####", "gbr nhs 2.16.840.1.113883.2.1.4.1"},
    {"Dutch citizen service number", digits_bsn, BY_HINT, NULL,
     "nld bsn 2.16.840.1.113883.2.4.6.3"},
    {"Spanish DNI", digits_dni, BY_ITSELF, NULL, "esp"},
    {"French NIR", digits_nir, BY_ITSELF, NULL, "fra"},
    {"Italian fiscal code", digits_fiscal_code, BY_ITSELF, NULL, "ita"},
    {"German health insurance number", digits_kvnr, BY_HINT, NULL, "deu gkv kvid kvnr"},
    {"Belgian national register number", digits_belgium, BY_ITSELF, NULL, "bel"},
    {"Norwegian birth number", digits_norway, BY_ITSELF, NULL, "nor"},
    {"Finnish personal identity code", digits_hetu, BY_ITSELF, NULL, "fin"},
    {"Swedish personal identity number", digits_personnummer, BY_HINT, "######-####",
     "swe personnummer 1.2.752.129.2.1.3"},
    {"Danish CPR number", digits_cpr, BY_HINT, "######-####", "dnk cpr 1.2.208.176.1.2"},
    {"Brazilian CPF", digits_cpf, BY_HINT, "###.###.###-##", "bra cpf"},
    {"Australian health identifier", digits_ihi, BY_ITSELF, NULL, "aus"},
    {"Australian Medicare number", digits_medicare, BY_HINT, NULL, "aus medicare-number"},
    {"US social security number", digits_ssn, BY_HINT, "###-##-####", "usa ssn ssa 113883.4.1"},
    {"US national provider identifier", digits_npi, BY_HINT, NULL, "npi 113883.4.6"},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts(struct str s, struct str word)
{
    if (s.n < word.n)
        return false;
    for (size_t i = 0; i < word.n; i++)
        if (lower(s.p[i]) != word.p[i])
            return false;
    return true;
}

static bool holds(struct str s, struct str word)
{
    for (; s.n >= word.n; s = (struct str){s.p + 1, s.n - 1})
        if (starts(s, word))
            return true;
    return false;
}

static bool is_word(struct str s, struct str word)
{
    return s.n == word.n && starts(s, word);
}

/* Table 0203 of HL7: a national number that does not say of which nation. */
static bool is_national(struct str type)
{
    return is_word(type, STR("ni")) || is_word(type, STR("nn")) || is_word(type, STR("ss"));
}

static bool is_hinted(const struct scheme *s, const struct real_identifier *id)
{
    struct str words = str_of(s->hints);

    if (is_national(id->type) && !id->authority.n)
        return true;
    if (is_word(id->type, STR("ss")) && s->valid == digits_ssn)
        return true;
    while (words.p) {
        struct str word = str_cut(&words, ' ');

        if (holds(id->type, word) || holds(id->authority, word))
            return true;
    }
    return false;
}

static bool has_form(struct str text, const char *form)
{
    if (!form || strlen(form) != text.n)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (form[i] == '#' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != form[i])
            return false;
    return true;
}

/* Upper case without what people put between digits; the sign for the century of a Finnish code is one of
 * letters too, so it goes here. 0 when it is too long or holds anything else. */
static size_t plain(struct str text, char out[TEXT_MOST])
{
    bool finnish = text.n == 11 && strchr("ABCDEFYXWVU", text.p[6]) && text.p[6];
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == ' ' || c == '-' || c == '.' || c == '/' || (c == '+' && i == 6) ||
            (finnish && i == 6))
            continue;
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) || n + 1 == TEXT_MOST)
            return 0;
        out[n++] = c;
    }
    return n;
}

const char *real_identifier(const struct real_identifier *id)
{
    struct str text = str_trim(id->text);
    char digits[TEXT_MOST] = {0};
    size_t n = plain(text, digits);

    for (size_t i = 0; n && i < sizeof schemes / sizeof schemes[0]; i++) {
        const struct scheme *s = &schemes[i];

        if (s->valid(digits, n) &&
            (s->evidence == BY_ITSELF || has_form(text, s->form) || is_hinted(s, id)))
            return s->name;
    }
    return NULL;
}
