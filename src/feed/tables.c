#include "files.h"
#include "loading.h"
#include "suggest.h"

const struct table *feed_table(const struct feed *f, struct str name)
{
    for (size_t i = 0; i < f->n_tables; i++)
        if (str_eq(str_of(f->tables[i].name), name))
            return &f->tables[i];
    return NULL;
}

const struct table *loading_table(struct loading *l, const struct yaml_node *n)
{
    const struct feed *f = l->f;
    const struct table *t;
    struct suggest s;

    if (!shape_text(l, n, "table"))
        return NULL;
    t = feed_table(f, n->text);
    s = suggest_for(n->text);
    for (size_t i = 0; i < f->n_tables; i++)
        suggest_offer(&s, str_of(f->tables[i].name));
    for (size_t i = 0; i < f->n_tables; i++) {
        struct str name = str_of(f->tables[i].name);

        if (str_eq(name, n->text) || (!t && s.best.p && str_eq(name, s.best)))
            l->table_used[i] = true;
    }
    if (!t && l->tables_known)
        report_at(l->r, "E301", n, suggest_hint(&s, l->a), "no table called `" STR_FMT "`",
                  STR_ARG(n->text));
    return t;
}

static void load_table(struct loading *l, const char *file, const char *name,
                       const struct yaml_node *at)
{
    struct table *t = &l->f->tables[l->f->n_tables];
    struct table_faults faults;
    struct str text;

    if (!loading_read(l, file, TABLE_MAX_BYTES, at, &text))
        return;
    *t = (struct table){0};
    table_read(text, l->a, t, &faults);
    t->name = arena_copy(l->a, (struct str){name, strlen(name) - strlen(".csv")}).p;
    t->file = file;
    for (size_t i = 0; i < faults.n; i++)
        report_place(l->r, faults.items[i].code,
                     (struct report_place){.file = file,
                                           .line = faults.items[i].line,
                                           .column = faults.items[i].column},
                     NULL, "%s", faults.items[i].text);
    l->f->n_tables++;
}

void tables_load(struct loading *l, const struct yaml_node *at)
{
    struct file_names names = {0};
    struct str folder;

    if (!shape_text(l, at, "uses.tables"))
        return;
    l->tables_node = at;
    folder = at->text;
    while (folder.n > 1 && folder.p[folder.n - 1] == '/')
        folder.n--;
    if (!folder_list(arena_printf(l->a, "%s/" STR_FMT, l->f->folder, STR_ARG(folder)).p, ".csv",
                     l->a, &names))
        report_at(l->r, "E007", at, NULL, "the folder `" STR_FMT "` cannot be read",
                  STR_ARG(at->text));
    else
        l->tables_known = true;
    l->f->tables = NEW_ARRAY(l->a, struct table, names.n + 1);
    l->table_used = NEW_ARRAY(l->a, bool, names.n + 1);
    for (size_t i = 0; i < names.n; i++)
        load_table(l, arena_printf(l->a, STR_FMT "/%s", STR_ARG(folder), names.items[i]).p,
                   names.items[i], at);
}

static bool row_fits(const struct loading *l, const struct table_row *row,
                     const struct slot_type *slot)
{
    switch (slot->kind) {
    case SLOT_CODE:
        return slot_code(slot, row->to);
    case SLOT_SITE:
        return l->sites_faulty || feed_site(l->f, row->to);
    case SLOT_TAG:
    case SLOT_TICKET:
    case SLOT_COUNT:
        return slot_form(slot->kind, row->to);
    case SLOT_DATE: /* binding_check() reports the type */
    case SLOT_KEY:
    case SLOT_PHONE:
    case SLOT_INSTANT:
    case SLOT_FLAG:
        return true;
    }
    return true;
}

struct table_check {
    const struct table *t;
    const struct slot_type *slot;
};

/* True the first time. Rules by the dozen look things up in one table of half a million rows. */
static bool first_check(struct loading *l, const struct table *t, const struct slot_type *slot)
{
    for (size_t i = 0; i < l->n_table_checks; i++)
        if (l->table_checks[i].t == t && l->table_checks[i].slot == slot)
            return false;
    if (l->n_table_checks == l->table_check_room) {
        struct table_check *old = l->table_checks;

        l->table_check_room = 2 * l->table_check_room + 8;
        l->table_checks = NEW_ARRAY(l->a, struct table_check, l->table_check_room);
        if (old)
            memcpy(l->table_checks, old, l->n_table_checks * sizeof *old);
    }
    l->table_checks[l->n_table_checks++] = (struct table_check){t, slot};
    return true;
}

void table_check_slot(struct loading *l, const struct table *t, const struct slot_type *slot)
{
    int faults = 0;

    if (!first_check(l, t, slot))
        return;
    for (size_t i = 0; i < t->n && faults < TABLE_MAX_FAULTS; i++) {
        const struct table_row row = table_row(t, i);

        if (row_fits(l, &row, slot))
            continue;
        faults++;
        report_place(
            l->r, "E303",
            (struct report_place){.file = t->file, .line = row.line, .column = row.to_column},
            slot->codes, "`" STR_FMT "` is not in the set of slot `%s`", STR_ARG(row.to),
            slot->name);
    }
}
