#include "commands.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <uv.h>

#include "config/config.h"

int cli_version(const struct cli_args *args)
{
    const char *form =
        args->option[OPT_JSON]
            ? "{\"tidings\":\"%s\",\"libuv\":\"%s\",\"sqlite\":\"%s\",\"openssl\":\"%s\","
              "\"libcurl\":\"%s\"}\n"
            : "tidings %s\nlibuv %s, SQLite %s, %s, libcurl %s\n";

    /* the format is one of the two literals above, with the same five %s */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)printf(form, TIDINGS_VERSION, uv_version_string(), sqlite3_libversion(),
                 OpenSSL_version(OPENSSL_VERSION), curl_version_info(CURLVERSION_NOW)->version);
#pragma GCC diagnostic pop
    return EXIT_YES;
}

int cli_settings(const struct cli_args *args)
{
    (void)args;
    config_write_docs(stdout);
    return EXIT_YES;
}
