#include "phone/phone.h"

#include <set>
#include <string>

#include <phonenumbers/phonenumberutil.h>

namespace
{

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

std::string e164(const PhoneNumber &number)
{
    std::string text;

    PhoneNumberUtil::GetInstance()->Format(number, PhoneNumberUtil::E164, &text);
    return text;
}

std::set<std::string> all_examples()
{
    const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
    std::set<std::string> regions, out;
    std::set<int> codes;
    PhoneNumber number;

    util.GetSupportedRegions(&regions);
    for (const std::string &region : regions)
        for (int t = 0; t <= PhoneNumberUtil::VOICEMAIL; t++) {
            const auto type = static_cast<PhoneNumberUtil::PhoneNumberType>(t);

            if (util.GetExampleNumberForType(region, type, &number))
                out.insert(e164(number));
        }
    util.GetSupportedGlobalNetworkCallingCodes(&codes);
    for (int code : codes)
        if (util.GetExampleNumberForNonGeoEntity(code, &number))
            out.insert(e164(number));
    return out;
}

} // namespace

enum phone_result phone_e164(struct str text, const char *country, char out[PHONE_TEXT])
{
    try {
        const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
        PhoneNumber number;

        if (util.Parse(std::string(text.p ? text.p : "", text.n), country, &number) !=
            PhoneNumberUtil::NO_PARSING_ERROR)
            return PHONE_NOT_A_NUMBER;
        const std::string full = e164(number);
        if (!util.IsValidNumber(number) || full.size() >= PHONE_TEXT)
            return PHONE_NOT_VALID;
        full.copy(out, full.size());
        out[full.size()] = '\0';
        return PHONE_OK;
    } catch (...) {
        return PHONE_NOT_A_NUMBER;
    }
}

bool phone_is_example(const char *number)
{
    try {
        static const std::set<std::string> examples = all_examples();

        return examples.count(number) != 0;
    } catch (...) {
        return false;
    }
}

bool phone_example_like(const char *number, char out[PHONE_TEXT])
{
    try {
        const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
        PhoneNumber parsed, example;
        std::string region, text, best;

        if (util.Parse(number, "ZZ", &parsed) != PhoneNumberUtil::NO_PARSING_ERROR)
            return false;
        util.GetRegionCodeForNumber(parsed, &region);
        const auto own = util.GetNumberType(parsed);
        for (int t = -1; t <= PhoneNumberUtil::VOICEMAIL; t++) {
            const auto type = t < 0 ? own : static_cast<PhoneNumberUtil::PhoneNumberType>(t);

            if (!util.GetExampleNumberForType(region, type, &example))
                continue;
            text = e164(example);
            if (best.empty() || text.size() == std::string(number).size())
                best = text;
            if (best.size() == std::string(number).size())
                break;
        }
        if (best.empty() || best.size() >= PHONE_TEXT)
            return false;
        best.copy(out, best.size());
        out[best.size()] = '\0';
        return true;
    } catch (...) {
        return false;
    }
}

int phone_calling_code(const char *number)
{
    try {
        PhoneNumber parsed;

        if (PhoneNumberUtil::GetInstance()->Parse(number, "ZZ", &parsed) !=
            PhoneNumberUtil::NO_PARSING_ERROR)
            return 0;
        return parsed.country_code();
    } catch (...) {
        return 0;
    }
}

bool phone_country_known(const char *country)
{
    try {
        return PhoneNumberUtil::GetInstance()->GetCountryCodeForRegion(country) != 0;
    } catch (...) {
        return false;
    }
}
