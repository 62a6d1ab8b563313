/* The simulated handset, made anew at each look, and the portal behind its links. Complete without
 * script; web/phone/phone.js only looks again by itself. */
#include "base/encode.h"
#include "sandbox_impl.h"

enum { PAGE_MAX = 4 << 20, SHOWN_MAX = 200 };

static struct str button_label(struct str language)
{
    return str_starts(language, STR("zh")) ? STR("查看") : STR("Open");
}

/* "zh_TW" -> "zh-TW" */
static struct str page_language(struct str language, struct arena *a)
{
    struct str out = arena_copy(a, language);
    char *at = memchr((char *)(uintptr_t)out.p, '_', out.n);

    if (at)
        *at = '-';
    return out;
}

/* The link base with its {language} filled in, and the token: each template language may register
 * an address of its own. */
static struct str button_url(const struct sandbox *s, const struct bubble *m, struct arena *a)
{
    static const char mark[] = "{language}";
    const char *at = strstr(s->link_base, mark);
    size_t head = at ? (size_t)(at - s->link_base) : strlen(s->link_base);
    struct str language = at ? page_language(m->language, a) : STR("");

    return arena_printf(a, "%.*s" STR_FMT "%s" STR_FMT, (int)head, s->link_base, STR_ARG(language),
                        at ? at + sizeof mark - 1 : "", STR_ARG(m->token));
}

static const char *delivery_word(const struct bubble *m)
{
    static const char *const words[] = {[DELIVERY_NONE] = "accepted",
                                        [DELIVERY_SENT] = "sent",
                                        [DELIVERY_DELIVERED] = "delivered",
                                        [DELIVERY_READ] = "read",
                                        [DELIVERY_PLAYED] = "played"};

    return m->failed_code && m->delivery < DELIVERY_DELIVERED ? "failed" : words[m->delivery];
}

/* Line breaks of a template are shown as such. */
static void add_lines(struct buf *b, struct str text)
{
    while (text.p) {
        html_add_text(b, str_cut(&text, '\n'));
        if (text.p)
            buf_add(b, STR("<br>"));
    }
}

static void add_meta(struct buf *b, const struct bubble *m)
{
    const char *word = delivery_word(m);
    char at[25];

    clock_text(m->at_ms, at);
    buf_printf(b,
               "<p class=\"meta\"><span class=\"to\">" STR_FMT
               "</span> <span><time>%.5s</time> UTC</span> ",
               STR_ARG(m->to), at + 11);
    buf_printf(b, "<span class=\"ticks %s\" role=\"img\" aria-label=\"%s\">", word, word);
    if (strcmp(word, "failed") == 0)
        buf_printf(b, "! %d", (int)m->failed_code);
    else
        buf_add(b, m->delivery >= DELIVERY_DELIVERED ? STR("✓✓") : STR("✓"));
    buf_add(b, STR("</span></p>"));
}

static void add_bubble(const struct sandbox *s, struct buf *b, const struct bubble *m,
                       struct arena *a)
{
    struct str language = page_language(m->language, a);

    buf_printf(b, "<li><article class=\"bubble\" lang=\"" STR_FMT "\"><p class=\"text\">",
               STR_ARG(language));
    add_lines(b, m->text);
    buf_add(b, STR("</p>"));
    if (m->footer.n) {
        buf_add(b, STR("<p class=\"footer\">"));
        html_add_text(b, m->footer);
        buf_add(b, STR("</p>"));
    }
    add_meta(b, m);
    if (m->token.p) {
        buf_add(b, STR("<a class=\"button\" target=\"_blank\" rel=\"noreferrer\" href=\""));
        html_add_text(b, button_url(s, m, a));
        buf_add(b, STR("\">"));
        buf_add(b, button_label(m->language));
        buf_add(b, STR("</a>"));
    }
    buf_add(b, STR("</article></li>\n"));
}

static void add_bubbles(const struct sandbox *s, struct buf *b, struct arena *a)
{
    size_t last = s->n_messages, first = last > SHOWN_MAX ? last - SHOWN_MAX : 0;

    if (last == 0)
        buf_add(b, STR("<li class=\"empty\">還沒有訊息。<br>No message yet.</li>"));
    if (first)
        buf_printf(b, "<li class=\"empty\">%zu earlier</li>", first);
    for (size_t i = first; i < last; i++)
        add_bubble(s, b, s->messages[i], a);
}

/* A file of web/phone by its name. */
static struct str file_named(const char *name)
{
    for (size_t i = 0; i < web_phone.n; i++) {
        if (strcmp(web_phone.files[i].path, name) == 0)
            return web_phone.files[i].text;
    }
    return STR("");
}

static void answer_page(struct http_exchange *x, struct str html)
{
    static const struct http_field fields[] = {
        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
                                    "script-src 'self'; connect-src 'self'; base-uri 'none'; "
                                    "form-action 'none'; frame-ancestors 'none'"},
        {"Cache-Control", "no-store"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
    };
    struct http_answer a = {.status = 200,
                            .content_type = "text/html; charset=utf-8",
                            .body = html,
                            .fields = fields,
                            .n_fields = sizeof fields / sizeof *fields};

    http_answer(x, &a);
}

void phone_on_script(struct http_exchange *x)
{
    struct http_answer a = {.status = 200,
                            .content_type = "text/javascript; charset=utf-8",
                            .body = file_named("phone.js")};

    http_answer(x, &a);
}

/* The page with `middle` in the place of its mark. */
static void answer_filled(struct http_exchange *x, struct str page, struct str mark,
                          struct str middle)
{
    const char *at = memmem(page.p, page.n, mark.p, mark.n);
    size_t head = at ? (size_t)(at - page.p) : page.n;
    size_t used = at ? head + mark.n : page.n;
    struct buf b = buf_new(2 * PAGE_MAX);

    buf_add(&b, (struct str){page.p, head});
    buf_add(&b, middle);
    buf_add(&b, (struct str){page.p + used, page.n - used});
    answer_page(x, buf_str(&b));
    buf_reset(&b);
}

/* Says what a portal would do; the code stays unspent. */
void phone_on_portal(struct http_exchange *x)
{
    struct str code = http_form_value(x->request.query, "code", &x->arena);

    answer_filled(x, file_named("portal.html"), STR("<!--arrival-->"),
                  file_named(code.n ? "portal.code.html" : "portal.plain.html"));
}

void phone_on_page(struct http_exchange *x)
{
    struct buf b = buf_new(PAGE_MAX);

    add_bubbles(x->ctx, &b, &x->arena);
    answer_filled(x, file_named("phone.html"), STR("<!--messages-->"), buf_str(&b));
    buf_reset(&b);
}

static void add_json(const struct sandbox *s, struct buf *b, const struct bubble *m,
                     struct arena *a)
{
    buf_add(b, STR("{\"to\":"));
    json_add_string(b, m->to);
    buf_add(b, STR(",\"template\":"));
    json_add_string(b, m->template);
    buf_add(b, STR(",\"language\":"));
    json_add_string(b, m->language);
    buf_add(b, STR(",\"text\":"));
    json_add_string(b, m->text);
    if (m->footer.n) {
        buf_add(b, STR(",\"footer\":"));
        json_add_string(b, m->footer);
    }
    if (m->token.p) {
        buf_add(b, STR(",\"button\":{\"label\":"));
        json_add_string(b, button_label(m->language));
        buf_add(b, STR(",\"url\":"));
        json_add_string(b, button_url(s, m, a));
        buf_add_char(b, '}');
    }
    buf_printf(b, ",\"at_ms\":%lld,\"delivery\":\"%s\"}", (long long)m->at_ms, delivery_word(m));
}

void phone_on_json(struct http_exchange *x)
{
    const struct sandbox *s = x->ctx;
    struct buf b = buf_new(8 * PAGE_MAX);
    struct http_answer a = {.status = 200, .content_type = "application/json"};

    buf_add(&b, STR("{\"messages\":["));
    for (size_t i = 0; i < s->n_messages; i++) {
        if (i)
            buf_add_char(&b, ',');
        add_json(s, &b, s->messages[i], &x->arena);
    }
    buf_add(&b, STR("]}\n"));
    a.body = buf_str(&b);
    if (b.over)
        a = (struct http_answer){.status = 507};
    http_answer(x, &a);
    buf_reset(&b);
}
