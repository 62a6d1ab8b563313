#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cli/args.h"

/* Keys and message contents are in memory whatever the command: no core file, no debugger of another user,
 * and nothing that is written is for others to read (reliability.md 5.1). */
static void harden(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(0077);
}

int main(int argc, char **argv)
{
    harden();
    return cli_main(argc, argv);
}
