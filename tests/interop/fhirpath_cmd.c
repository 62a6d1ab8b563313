/* One FHIRPath engine behind stdin and stdout, for ../shared/peers/fhirpath-suite.cjs --cmd:
 *
 *   in   {"expression":"...","resource":{...}}
 *   out  {"values":["text", ...]}   or   {"error":"why","outside":true}
 *
 * outside: the expression is not in the subset (E212, E213, E006). "patient" may stand beside
 * "resource"; "Bundle" as the resource gives the first focus of "focus". */
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "fhirpath/fhirpath.h"

static void add_error(struct buf *out, const char *what, bool outside)
{
    buf_add(out, STR("{\"error\":"));
    json_add_string(out, str_of(what));
    buf_add(out, outside ? STR(",\"outside\":true}") : STR("}"));
}

static void add_values(struct buf *out, const struct fhirpath_items *items, struct str source)
{
    buf_add(out, STR("{\"values\":["));
    for (size_t i = 0, shown = 0; i < items->n; i++) {
        const struct fhirpath_item *item = &items->items[i];
        struct str text = item->text;

        if (!text.p && item->node)
            text = (struct str){source.p + item->node->at, item->node->end - item->node->at};
        if (!text.p)
            continue; /* a primitive that has only extensions */
        if (shown++)
            buf_add_char(out, ',');
        json_add_string(out, text);
    }
    buf_add(out, STR("]}"));
}

static void answer(struct str line, struct arena *a, struct buf *out)
{
    struct json_limits limits = json_limits_default();
    struct fhirpath_scope scope = {0};
    struct fhir_focus_list foci;
    struct fhirpath_fault fault;
    struct fhirpath_items items;
    const struct fhirpath *compiled;
    struct fhir_body body;
    struct json_node *root;
    struct err e;

    if (!json_read(line, &limits, a, &root, NULL, &e)) {
        add_error(out, e.text, false);
        return;
    }
    if (!fhirpath_compile(json_member_text(root, "expression"), a, &compiled, &fault)) {
        add_error(out, fault.text,
                  strcmp(fault.code, "E210") != 0 && strcmp(fault.code, "E211") != 0);
        return;
    }
    scope.focus = json_member(root, STR("resource"));
    if (fhir_body_read(json_member(root, STR("resource")), (struct str){0}, a, &body, NULL, &e)) {
        scope.body = &body;
        if (json_member(root, STR("focus"))) {
            foci = fhir_foci(&body, json_member_text(root, "focus"), a);
            scope.focus = foci.n ? foci.items[0].entry->resource : NULL;
            scope.patient = foci.n ? foci.items[0].patient : NULL;
        }
    }
    if (!fhirpath_eval(compiled, &scope, a, &items, &e))
        add_error(out, e.text, false);
    else
        add_values(out, &items, line);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    while ((n = getline(&line, &size, stdin)) > 0) {
        struct arena a = {0};
        struct buf out = buf_new(SIZE_MAX / 2);

        answer((struct str){line, (size_t)n}, &a, &out);
        printf("%s\n", out.p);
        fflush(stdout);
        buf_reset(&out);
        arena_reset(&a);
    }
    free(line);
    return 0;
}
