/* The commands, one a file. Each returns an exit code of cli/args.h. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

int cli_serve(const struct cli_args *args);
int cli_demo(const struct cli_args *args);
int cli_check(const struct cli_args *args);
int cli_test(const struct cli_args *args);
int cli_explain(const struct cli_args *args);
int cli_send(const struct cli_args *args);
int cli_status(const struct cli_args *args);
int cli_resume(const struct cli_args *args);
int cli_reload(const struct cli_args *args);
int cli_ledger(const struct cli_args *args);
int cli_keys(const struct cli_args *args);
int cli_settings(const struct cli_args *args);
int cli_meanings(const struct cli_args *args);
int cli_schema(const struct cli_args *args);
int cli_reference(const struct cli_args *args);
int cli_codes(const struct cli_args *args);
int cli_diff(const struct cli_args *args);
int cli_init(const struct cli_args *args);
int cli_profile(const struct cli_args *args);
int cli_scrub(const struct cli_args *args);
int cli_recorder(const struct cli_args *args);
int cli_version(const struct cli_args *args);

#endif
