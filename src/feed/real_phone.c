/* Telephone numbers that nobody answers: what regulators keep for films and books. */
#include "feed/real.h"
#include "phone/phone.h"
#include "unicode.h"

enum { DIGITS_LEAST = 7, DIGITS_MOST = 17, INTERNATIONAL_LEAST = 10 };

/* "#" is any digit. Sources: ATIS-0300115 (North America), Ofcom, ACMA, ComReg, ARCEP, Bundesnetzagentur, PTS,
 * NMHH. */
static const char *const fiction[] = {
    "+1###55501##",
    /* United Kingdom */
    "+441632960###",
    "+441134960###",
    "+441144960###",
    "+441154960###",
    "+441164960###",
    "+441174960###",
    "+441184960###",
    "+441214960###",
    "+441314960###",
    "+441414960###",
    "+441514960###",
    "+441614960###",
    "+441914980###",
    "+442079460###",
    "+442890180###",
    "+442896496###",
    "+442920180###",
    "+443069990###",
    "+447700900###",
    "+448081570###",
    "+449098790###",
    /* Australia */
    "+6125550####",
    "+6127010####",
    "+6135550####",
    "+6137010####",
    "+6175550####",
    "+6177010####",
    "+6185550####",
    "+6187010####",
    "+61491570006",
    "+61491570110",
    "+61491570156",
    "+61491570157",
    "+61491570158",
    "+61491570159",
    "+61491570313",
    "+61491570737",
    "+61491571266",
    "+61491571491",
    "+61491571804",
    "+61491572549",
    "+61491572665",
    "+61491572983",
    "+61491573087",
    "+61491573770",
    "+61491574118",
    "+61491574632",
    "+61491575254",
    "+61491575789",
    "+61491576398",
    "+61491576801",
    "+61491577426",
    "+61491577644",
    "+61491578148",
    "+61491578888",
    "+61491578957",
    "+61491579212",
    "+61491579455",
    "+61491579760",
    /* Ireland, France */
    "+3532091#####",
    "+3319900####",
    "+3326191####",
    "+3335301####",
    "+3346571####",
    "+3353649####",
    "+3363998####",
    /* Germany */
    "+493023125###",
    "+494066969###",
    "+492214710###",
    "+496990009###",
    "+498999998###",
    "+491713920###",
    "+4917604069###",
    "+4915228817386",
    "+4915228895456",
    "+4915254599371",
    /* Sweden, Hungary */
    "+46313900600",
    "+4631390060#",
    "+4631390061#",
    "+4631390062#",
    "+4631390063#",
    "+4631390064#",
    "+4640628040#",
    "+4640628041#",
    "+4640628042#",
    "+4640628043#",
    "+4640628044#",
    "+468465004##",
    "+4698031920##",
    "+46701740605",
    "+46701740606",
    "+46701740607",
    "+46701740608",
    "+46701740609",
    "+4670174061#",
    "+4670174062#",
    "+4670174063#",
    "+4670174064#",
    "+4670174065#",
    "+4670174066#",
    "+4670174067#",
    "+4670174068#",
    "+4670174069#",
    "+3655######",
};

static bool has_form(struct str s, const char *form)
{
    if (s.n != strlen(form))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (form[i] == '#' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i])
            return false;
    return true;
}

bool real_fiction(struct str e164)
{
    for (size_t i = 0; i < sizeof fiction / sizeof fiction[0]; i++)
        if (has_form(e164, fiction[i]))
            return true;
    return false;
}

/* One leading "+" and digits; what stands behind a letter ("ext 12", "ask mother") is left out. 0: no number. */
static size_t dialled(struct str text, struct arena *a, char out[DIGITS_MOST + 2])
{
    struct str s = unicode_nfkc(text, a);
    size_t n = 0, digits = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c >= '0' && c <= '9') {
            if (digits++ == DIGITS_MOST)
                return 0;
            out[n++] = c;
        } else if (c == '+' && n == 0) {
            out[n++] = c;
        } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            if (digits >= DIGITS_LEAST)
                break;
            n = digits = 0;
        }
    }
    return digits >= DIGITS_LEAST ? n : 0;
}

enum reading { NO_NUMBER, INVENTED, REAL };

static enum reading read_as(struct str digits, const char *country)
{
    char e164[PHONE_TEXT];

    if (phone_e164(digits, country, e164) != PHONE_OK)
        return NO_NUMBER;
    return real_fiction(str_of(e164)) || phone_is_example(e164) ? INVENTED : REAL;
}

bool real_phone(struct str text, const char *const *countries, size_t n_countries, struct arena *a)
{
    char digits[DIGITS_MOST + 3] = "+";
    size_t n = dialled(text, a, digits + 1);
    bool plus = n && digits[1] == '+', real = false;

    if (!n)
        return false;
    if (plus || n >= INTERNATIONAL_LEAST) { /* many write +886912345678 without its sign */
        struct str whole = plus ? (struct str){digits + 1, n} : (struct str){digits, n + 1};
        enum reading r = read_as(whole, "ZZ");

        if (r == INVENTED || plus)
            return r == REAL;
        real = r == REAL;
    }
    for (size_t i = 0; i < n_countries; i++) {
        enum reading r = read_as((struct str){digits + 1, n}, countries[i]);

        if (r == INVENTED)
            return false;
        real |= r == REAL;
    }
    return real;
}
