#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"

enum { LINE_BYTES = 2048 };

static const char *const levels[] = {[LOG_CRITICAL] = "critical",
                                     [LOG_ERROR] = "error",
                                     [LOG_WARN] = "warning",
                                     [LOG_INFO] = "info"};

void log_event(enum log_level level, const char *stage, const char *fmt, ...)
{
    struct buf line = buf_new(LINE_BYTES);
    char text[1024], at[25];
    struct timespec now;
    va_list ap;

    clock_gettime(CLOCK_REALTIME, &now);
    clock_text((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, at);
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    buf_printf(&line, "{\"t\":\"%s\",\"level\":\"%s\",\"stage\":\"%s\",\"text\":", at,
               levels[level], stage);
    json_add_string(&line, str_of(text));
    buf_add(&line, STR("}\n"));
    (void)fwrite(line.p, 1, line.n, stderr); /* one write: stderr is unbuffered */
    buf_reset(&line);
}
