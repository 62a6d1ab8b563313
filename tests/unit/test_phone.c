#include "check.h"
#include "phone/phone.h"

/* All numbers are the library's own examples or lie in ranges reserved for fiction. */
static const struct {
    const char *country;
    struct str in;
    enum phone_result result;
    const char *out;
} cases[] = {
    {"TW", STR_LIT("0912345678"), PHONE_OK, "+886912345678"},
    {"TW", STR_LIT("+886912345678"), PHONE_OK, "+886912345678"},
    {"TW", STR_LIT("0221234567"), PHONE_OK, "+886221234567"},
    {"TW", STR_LIT("002886912345678"), PHONE_OK, "+886912345678"}, /* 002: Taiwan's own prefix */
    {"TW", STR_LIT("21234567"), PHONE_NOT_VALID, ""},
    {"TW", STR_LIT("091234567"), PHONE_NOT_VALID, ""},
    {"TW", STR_LIT("1"), PHONE_NOT_A_NUMBER, ""},
    {"TW", STR_LIT(""), PHONE_NOT_A_NUMBER, ""},
    {"US", STR_LIT("2125550123"), PHONE_OK, "+12125550123"},
    {"US", STR_LIT("12125550123"), PHONE_OK, "+12125550123"},
    {"US", STR_LIT("011886912345678"), PHONE_OK, "+886912345678"},
    {"US", STR_LIT("5550123"), PHONE_NOT_VALID, ""},
    {"GB", STR_LIT("07400123456"), PHONE_OK, "+447400123456"},
    {"GB", STR_LIT("02079460018"), PHONE_OK, "+442079460018"},
    {"SG", STR_LIT("81234567"), PHONE_OK, "+6581234567"},
    {"SG", STR_LIT("+6581234567"), PHONE_OK, "+6581234567"},
    {"DE", STR_LIT("015123456789"), PHONE_OK, "+4915123456789"},
    {"IT", STR_LIT("0212345678"), PHONE_OK, "+390212345678"}, /* the zero stays */
    {"IE", STR_LIT("0850123456"), PHONE_OK, "+353850123456"},
    {"JP", STR_LIT("09012345678"), PHONE_OK, "+819012345678"},
    {"BR", STR_LIT("11961234567"), PHONE_OK, "+5511961234567"},
    {"MX", STR_LIT("+5212221234567"), PHONE_OK, "+522221234567"},
    {"AU", STR_LIT("0412345678"), PHONE_OK, "+61412345678"},
    {"AU", STR_LIT("001161412345678"), PHONE_OK, "+61412345678"},
    {"ZZ", STR_LIT("0912345678"), PHONE_NOT_A_NUMBER, ""},
    {"ZZ", STR_LIT("+886912345678"), PHONE_OK, "+886912345678"},
    {"US", STR_LIT("+999123456789"), PHONE_NOT_A_NUMBER, ""},
    {"US", STR_LIT("+1212555012345678901234567890"), PHONE_NOT_A_NUMBER, ""},
};

int main(void)
{
    char out[PHONE_TEXT];

    for
        EACH (i, cases) {
            enum phone_result r = (out[0] = '\0', phone_e164(cases[i].in, cases[i].country, out));

            CHECK(r == cases[i].result && strcmp(out, cases[i].out) == 0,
                  "case %zu (%s in %s): %d %s", i, cases[i].in.p, cases[i].country, r, out);
        }
    CHECK(phone_e164((struct str){NULL, 0}, "TW", out) == PHONE_NOT_A_NUMBER, "absent");
    CHECK(phone_is_example("+886912345678"), "Taiwan's example");
    CHECK(phone_is_example("+12015550123"), "the example of North America");
    CHECK(phone_is_example("+80012345678"), "an example of no region");
    CHECK(!phone_is_example("+12015550124"), "next to an example");
    CHECK(!phone_is_example(""), "nothing");
    CHECK(phone_country_known("TW") && phone_country_known("IE"), "regions");
    CHECK(!phone_country_known("ZZ") && !phone_country_known("tw") && !phone_country_known(""),
          "no regions");
    CHECK(phone_calling_code("+886912345678") == 886 && phone_calling_code("+12125550123") == 1 &&
              phone_calling_code("+6581234567") == 65 && phone_calling_code("+80012345678") == 800,
          "calling codes");
    CHECK(phone_calling_code("0912345678") == 0 && phone_calling_code("") == 0, "no calling code");
    return check_end();
}
