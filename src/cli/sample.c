#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "fhir/json.h"
#include "hl7/edit.h"
#include "hl7/header.h"
#include "shift.h"

static bool read_all(const char *file, struct arena *a, struct str *out, struct err *e)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "rbe");
    char *p;

    if (!f)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", file, strerror(errno));
    p = arena_get(a, SAMPLE_MOST + 1, 1);
    *out = (struct str){p, fread(p, 1, SAMPLE_MOST + 1, f)};
    if (ferror(f)) {
        int code = errno;

        if (f != stdin)
            (void)fclose(f);
        return err_set(e, ERR_CONFIG, code, "%s: %s", file, strerror(code));
    }
    if (f != stdin)
        (void)fclose(f);
    if (out->n == 0)
        return err_set(e, ERR_CONFIG, 0, "%s: the file is empty", file);
    if (out->n > SAMPLE_MOST)
        return err_set(e, ERR_CONFIG, 0, "%s: over %d bytes", file, SAMPLE_MOST);
    return true;
}

/* CR LF and LF become CR; nothing else changes. */
static struct str carriage_returns(struct str in, struct arena *a)
{
    char *to = arena_get(a, in.n, 1);
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == '\n' && i && in.p[i - 1] == '\r')
            continue;
        to[n++] = in.p[i];
        if (in.p[i] == '\n')
            to[n - 1] = '\r';
    }
    return (struct str){to, n};
}

/* For a line on the terminal: printable ASCII only. */
static void shown(struct str s, char *out, size_t size, const char *otherwise)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 1 < size; i++)
        out[n++] = s.p[i] > ' ' && s.p[i] < 127 ? s.p[i] : '?';
    out[n] = '\0';
    if (n == 0)
        (void)snprintf(out, size, "%s", otherwise);
}

static void name_hl7(struct sample *s)
{
    struct hl7_header h;
    struct err ignored;

    if (!hl7_header_scan(s->body, &h, &ignored)) {
        shown((struct str){NULL, 0}, s->type, sizeof s->type, "?");
        shown((struct str){NULL, 0}, s->id, sizeof s->id, "-");
        return;
    }
    shown(str_of(h.type), s->type, sizeof s->type, "?");
    shown(h.control_id, s->id, sizeof s->id, "-");
}

static void name_fhir(struct sample *s, struct arena *a)
{
    struct json_limits limits = json_limits_default();
    struct json_node *root = NULL;
    struct err ignored;

    if (!json_read(s->body, &limits, a, &root, NULL, &ignored))
        root = NULL;
    shown(json_member_text(root, "resourceType"), s->type, sizeof s->type, "?");
    shown(json_member_text(root, "id"), s->id, sizeof s->id, "-");
}

bool sample_read(const char *file, struct arena *a, struct sample *out, struct err *e)
{
    struct str bytes = {NULL, 0}, text;

    *out = (struct sample){.file = file};
    if (!read_all(file, a, &bytes, e))
        return false;
    text = str_trim(bytes);
    out->fhir = text.n && text.p[0] == '{';
    out->body = out->fhir ? text : carriage_returns(bytes, a);
    if (out->fhir)
        name_fhir(out, a);
    else
        name_hl7(out);
    return true;
}

void sample_shift(struct sample *s, int64_t now_ms, struct arena *a)
{
    s->body = s->fhir ? shift_fhir(s->body, now_ms, a) : shift_hl7(s->body, now_ms, a);
}

bool sample_number(struct sample *s, long n, struct arena *a, struct err *e)
{
    struct hl7_header h;
    struct hl7_path path;
    struct str id;
    size_t at;

    if (s->fhir)
        return true;
    if (!hl7_header_scan(s->body, &h, e) || !hl7_path_parse(STR("MSH-10"), a, &path, &at, e))
        return false;
    id = arena_printf(a, STR_FMT "-%ld", STR_ARG(h.control_id), n);
    if (!hl7_edit_set(s->body, &path, id, a, &s->body, e))
        return false;
    name_hl7(s);
    return true;
}
