#include "sample_key.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/closest.h"
#include "phone/phone.h"
#include "seal/seal.h"

static const char *value_of(const char *set, const char *name)
{
    size_t n = strlen(name);

    return strncmp(set, name, n) == 0 && set[n] == '=' ? set + n + 1 : NULL;
}

const char *sample_set_of(const struct cli_args *args, const char *name)
{
    for (int i = 0; i < args->n_sets; i++)
        if (value_of(args->sets[i], name))
            return value_of(args->sets[i], name);
    return NULL;
}

bool sample_sets_known(const struct cli_args *args, const char *const *names, struct err *e)
{
    for (int i = 0; i < args->n_sets; i++) {
        const char *near;
        char word[40];
        size_t n = 0;
        bool known = false;

        for (; names[n]; n++)
            known |= value_of(args->sets[i], names[n]) != NULL;
        if (known)
            continue;
        (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(args->sets[i], "="), args->sets[i]);
        near = closest(word, names, n);
        return err_set(e, ERR_CONFIG, 0, "--set %s: %s%s", word,
                       near ? "did you mean " : "there is, for example, ", near ? near : names[0]);
    }
    return true;
}

bool sample_countries(const struct cli_args *args, const char **out, size_t most, size_t *n,
                      struct err *e)
{
    *n = 0;
    for (int i = 0; i < args->n_sets; i++) {
        const char *country = value_of(args->sets[i], "country");

        if (!country)
            continue;
        if (!phone_country_known(country))
            return err_set(e, ERR_CONFIG, 0,
                           "--set country=%s: not a country; two capital letters, as TW", country);
        if (*n < most)
            out[(*n)++] = country;
    }
    return true;
}

static bool read_key(const char *path, uint8_t key[FAKE_KEY], struct err *e)
{
    struct seal *seal;

    if (access(path, F_OK) != 0) {
        if (!seal_keys_init(path, e))
            return false;
        (void)fprintf(
            stderr,
            "made the key file %s (mode 0600). Whoever has it can try whether a name is in "
            "the samples: keep it away from them.\n",
            path);
    }
    if (!seal_open(path, &seal, e))
        return false;
    seal_derive(seal, "scrub", key);
    seal_close(seal);
    return true;
}

bool sample_key_read(const struct cli_args *args, struct fake *out, struct err *e)
{
    const char *path = sample_set_of(args, "key"), *countries[FAKE_COUNTRIES];
    uint8_t key[FAKE_KEY];
    size_t n;

    if (!sample_countries(args, countries, FAKE_COUNTRIES, &n, e))
        return false;
    if (path) {
        if (!read_key(path, key, e))
            return false;
    } else if (!seal_random_system.get(&seal_random_system, key, sizeof key)) {
        return err_set(e, ERR_CONFIG, 0, "no randomness for a key");
    }
    fake_init(out, key, countries, n);
    seal_wipe(key, sizeof key);
    return true;
}
