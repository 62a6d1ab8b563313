#include "zone/zone.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

struct zone {
    std::string name;
    cctz::time_zone tz;
};

namespace
{

/* cctz would also take file names, "libc:localtime" and "Fixed/UTC+08:00:00"; and
 * /usr/share/zoneinfo holds the machine's own zone and more under other names. Only IANA's names
 * are ours. */
bool iana_name(const std::string &name)
{
    static const char *const not_zones[] = {"Factory"};

    if (name.empty() || name.size() > 64 || name[0] < 'A' || name[0] > 'Z')
        return false;
    for (const char *other : not_zones)
        if (name == other)
            return false;
    return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/") == std::string::npos;
}

cctz::civil_second to_civil(const struct civil *c)
{
    return cctz::civil_second(c->year, c->month, c->day, c->hour, c->minute, c->second);
}

/* The zones found so far. cctz keeps each one for the life of the process anyway. */
struct found {
    std::mutex lock;
    std::map<std::string, std::unique_ptr<zone>> zones;
};

const zone *find(const std::string &name)
{
    static found all;
    std::lock_guard<std::mutex> guard(all.lock);
    auto at = all.zones.find(name);

    if (at != all.zones.end())
        return at->second.get();

    auto z = std::make_unique<zone>();
    z->name = name;
    if (!cctz::load_time_zone(name, &z->tz))
        return nullptr;
    return all.zones.emplace(name, std::move(z)).first->second.get();
}

} // namespace

const struct zone *zone_find(const char *iana)
{
    try {
        return iana && iana_name(iana) ? find(iana) : nullptr;
    } catch (...) {
        return nullptr;
    }
}

const char *zone_name(const struct zone *z)
{
    return z->name.c_str();
}

enum zone_local zone_to_unix(const struct zone *z, const struct civil *local, int64_t *unix_s)
{
    using lookup = cctz::time_zone::civil_lookup;
    const lookup at = z->tz.lookup(to_civil(local));

    *unix_s = at.pre.time_since_epoch().count();
    switch (at.kind) {
    case lookup::SKIPPED:
        return ZONE_SKIPPED;
    case lookup::REPEATED:
        return ZONE_REPEATED;
    case lookup::UNIQUE:
        break;
    }
    return ZONE_UNIQUE;
}

void zone_from_unix(const struct zone *z, int64_t unix_s, struct civil *local, int *offset_s)
{
    const auto at = z->tz.lookup(cctz::time_point<cctz::seconds>(cctz::seconds(unix_s)));

    *local = {static_cast<int>(at.cs.year()),
              at.cs.month(),
              at.cs.day(),
              at.cs.hour(),
              at.cs.minute(),
              at.cs.second()};
    *offset_s = at.offset;
}

bool civil_valid(const struct civil *c)
{
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > 31 || c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 ||
        c->second < 0 || c->second > 59)
        return false;
    return cctz::civil_day(c->year, c->month, c->day).day() == c->day;
}

int64_t civil_to_unix(const struct civil *c)
{
    return to_civil(c) - cctz::civil_second(1970, 1, 1, 0, 0, 0);
}
