#include "sample.h"

#include <errno.h>
#include <stdio.h>

#include "base/closest.h"
#include "base/embedded.h"
#include "fhir/json.h"
#include "hl7/edit.h"
#include "hl7/header.h"
#include "shift.h"

extern const struct embedded_folder shipped_demo;

/* "samples/01-siu-s12-booked.hl7" is "01-siu-s12-booked". */
static bool is_shipped(const struct embedded_file *f, struct str name)
{
    struct str path = str_of(f->path), folder = STR("samples/");

    if (!str_starts(path, folder))
        return false;
    path = (struct str){path.p + folder.n, path.n - folder.n};
    return str_starts(path, name) && (path.n == name.n || path.p[name.n] == '.');
}

static bool no_shipped(const char *file, struct err *e)
{
    const char *names[64], *near;
    size_t n = 0;

    for (size_t i = 0; i < shipped_demo.n && n < 64; i++) {
        if (str_starts(str_of(shipped_demo.files[i].path), STR("samples/")))
            names[n++] = shipped_demo.files[i].path + 8;
    }
    near = closest(file + 5, names, n);
    return err_set(e, ERR_CONFIG, 0, "%s: no such sample; %s%s", file,
                   near ? "did you mean demo:" : "there is, for example, demo:",
                   near ? near
                   : n  ? names[0]
                        : "");
}

static bool read_shipped(const char *file, struct str *out, struct err *e)
{
    for (size_t i = 0; i < shipped_demo.n; i++) {
        if (is_shipped(&shipped_demo.files[i], str_of(file + 5))) {
            *out = shipped_demo.files[i].text;
            return true;
        }
    }
    return no_shipped(file, e);
}

static bool read_all(const char *file, struct arena *a, struct str *out, struct err *e)
{
    FILE *f;
    char *p;

    if (str_starts(str_of(file), STR("demo:")))
        return read_shipped(file, out, e);
    f = strcmp(file, "-") == 0 ? stdin : fopen(file, "rbe");
    if (!f)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", file, strerror(errno));
    p = arena_get(a, SAMPLE_MOST + 1, 1);
    *out = (struct str){p, fread(p, 1, SAMPLE_MOST + 1, f)};
    if (ferror(f)) {
        int code = errno;

        if (f != stdin)
            (void)fclose(f);
        return err_set(e, ERR_CONFIG, code, "%s: %s%s", file, strerror(code),
                       code == EISDIR ? "; name its files" : "");
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

/* MSH-15 and MSH-16: table 0155, first component. */
static bool asks(const struct hl7_header *h, int field, const char *values)
{
    struct str s = h->fields[field];
    char value[3] = "";

    s = str_trim(h->sep.component ? str_cut(&s, h->sep.component) : s);
    if (s.n != 2)
        return false;
    memcpy(value, s.p, 2);
    return strstr(values, value) != NULL;
}

static void name_hl7(struct sample *s)
{
    struct hl7_header h;
    struct err ignored;

    s->control_id = (struct str){"", 0};
    s->more = s->more_always = s->silent = false;

    if (!hl7_header_scan(s->body, &h, &ignored)) {
        shown((struct str){NULL, 0}, s->type, sizeof s->type, "?");
        shown((struct str){NULL, 0}, s->id, sizeof s->id, "-");
        return;
    }
    shown(str_of(h.type), s->type, sizeof s->type, "?");
    shown(h.control_id, s->id, sizeof s->id, "-");
    s->control_id = h.control_id;
    s->more = asks(&h, 15, "AL SU") && asks(&h, 16, "AL ER SU");
    s->more_always = s->more && asks(&h, 16, "AL");
    s->silent = asks(&h, 15, "NE ER SU") || asks(&h, 16, "NE ER SU");
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
    struct str bytes = STR(""), text;

    *out = (struct sample){.file = file};
    if (!read_all(file, a, &bytes, e))
        return false;
    text = str_trim(bytes);
    out->fhir = text.n && text.p[0] == '{';
    out->body = out->fhir ? text : carriage_returns(bytes, a);
    if (!out->fhir && (memchr(bytes.p, '\x0b', bytes.n) || memchr(bytes.p, '\x1c', bytes.n)))
        return err_set(
            e, ERR_CONFIG, 0,
            "%s: holds bytes of MLLP framing (0x0B, 0x1C); one message without them, please", file);
    sample_name(out, a);
    return true;
}

void sample_name(struct sample *s, struct arena *a)
{
    if (s->fhir)
        name_fhir(s, a);
    else
        name_hl7(s);
}

void sample_shift(struct sample *s, int64_t now_ms, struct arena *a)
{
    s->body = s->fhir ? shift_fhir(s->body, now_ms, a) : shift_hl7(s->body, now_ms, a);
    sample_name(s, a);
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

bool sample_set(struct sample *s, struct str path, struct str value, struct arena *a, struct err *e)
{
    struct hl7_path p;
    struct err why = {0};
    size_t at = 0;

    if (s->fhir)
        return err_set(e, ERR_CONFIG, 0, "%s: a FHIR resource has no HL7 path", s->file);
    if (!hl7_path_parse(path, a, &p, &at, &why))
        return err_set(e, ERR_CONFIG, 0, STR_FMT ": no path (character %zu); write it as SCH-2.1",
                       STR_ARG(path), at + 1);
    if (!hl7_edit_set(s->body, &p, value, a, &s->body, &why))
        return err_set(e, ERR_CONFIG, 0, STR_FMT ": cannot be set in %s: %s", STR_ARG(path),
                       s->file, why.text);
    sample_name(s, a);
    return true;
}
