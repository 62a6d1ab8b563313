#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/utf8.h"
#include "decoder.h"
#include "hl7/charset.h"
#include "hl7/message.h"
#include "hl7/xml.h"
#include "xml_message.h"

/* A tag or a comment longer than this is refused: libxml2 compares each attribute of a tag with all
 * others. The document goes in by pieces, so that one is noticed before it is whole. */
enum { PIECE = 1024, TOKEN_MOST = 16 * 1024, ATTRIBUTES_MOST = 16, DECLARATION_MOST = 256 };

struct xml_reader {
    struct xml_message m;
    xmlParserCtxtPtr parser;
    const char *wrong; /* NULL: nothing yet */
    int line, column;
};

struct hl7_xml_limits hl7_xml_limits_default(void)
{
    return (struct hl7_xml_limits){.depth = 32, .text = 16 * 1024 * 1024};
}

static struct str without_mark(struct str s)
{
    return str_starts(s, STR("\xEF\xBB\xBF")) ? (struct str){s.p + 3, s.n - 3} : s;
}

bool hl7_xml_is(struct str body)
{
    size_t i = 0;

    /* Not str_trim(): it would look at the blanks behind the last of many messages for each of them. */
    body = without_mark(body);
    while (i < body.n && (body.p[i] == ' ' || (body.p[i] >= '\t' && body.p[i] <= '\r')))
        i++;
    return i < body.n && body.p[i] == '<';
}

/* The first fault counts, and ends the document. */
static void refuse(struct xml_reader *x, const char *wrong)
{
    if (!wrong || x->wrong)
        return;
    x->wrong = wrong;
    x->line = xmlSAX2GetLineNumber(x->parser);
    x->column = xmlSAX2GetColumnNumber(x->parser);
    xmlStopParser(x->parser);
}

static struct str name_of(const xmlChar *s)
{
    return str_of((const char *)s);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    refuse(ctx, "a document type is not allowed");
}

/* V of <escape V="..">; an attribute is five pointers: name, prefix, URI, value, end of the value. */
static struct str escape_of(int n, const xmlChar **attributes)
{
    for (int i = 0; i < n; i++) {
        const xmlChar **one = attributes + 5 * i;

        if (str_eq(name_of(one[0]), STR("V")))
            return (struct str){(const char *)one[3], (size_t)(one[4] - one[3])};
    }
    return (struct str){NULL, 0};
}

/* startElementNsSAX2Func. NOLINTNEXTLINE(readability-function-size) */
static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces, const xmlChar **namespaces, int n_attributes,
                     int n_defaulted, const xmlChar **attributes)
{
    struct xml_reader *x = ctx;

    (void)prefix;
    (void)uri;
    (void)namespaces;
    (void)n_defaulted;
    if (x->wrong)
        return;
    if (n_namespaces + n_attributes > ATTRIBUTES_MOST)
        refuse(x, "too many attributes");
    else
        refuse(x, xml_message_open(&x->m, name_of(name), escape_of(n_attributes, attributes)));
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    struct xml_reader *x = ctx;

    (void)name;
    (void)prefix;
    (void)uri;
    if (!x->wrong)
        refuse(x, xml_message_close(&x->m));
}

static void on_text(void *ctx, const xmlChar *text, int n)
{
    struct xml_reader *x = ctx;

    if (!x->wrong)
        refuse(x, xml_message_text(&x->m, (struct str){(const char *)text, (size_t)n}));
}

/* Only the five of XML itself; any other is an error of well-formedness without a document type. */
static xmlEntityPtr on_entity(void *ctx, const xmlChar *name)
{
    (void)ctx;
    return xmlGetPredefinedEntity(name);
}

/* Without error and warning: libxml2 writes nowhere. */
static xmlSAXHandler handlers(void)
{
    return (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
                           .internalSubset = on_doctype,
                           .externalSubset = on_doctype,
                           .getEntity = on_entity,
                           .startElementNs = on_start,
                           .endElementNs = on_end,
                           .characters = on_text,
                           .ignorableWhitespace = on_text,
                           .cdataBlock = on_text};
}

static void feed(struct xml_reader *x, struct str text)
{
    size_t fed = 0;

    while (!x->wrong && fed < text.n) {
        size_t n = text.n - fed < PIECE ? text.n - fed : PIECE;
        long taken;

        (void)xmlParseChunk(x->parser, text.p + fed, (int)n, 0);
        fed += n;
        taken = xmlByteConsumed(x->parser);
        if (!x->parser->wellFormed)
            refuse(x, "not well-formed");
        else if (taken < 0 || fed - (size_t)taken > TOKEN_MOST)
            refuse(x, "a tag or a comment is too long");
    }
    if (x->wrong)
        return;
    (void)xmlParseChunk(x->parser, "", 0, 1);
    if (!x->parser->wellFormed)
        refuse(x, "not well-formed");
    else if (x->m.n_segments == 0)
        refuse(x, "no message");
}

/* The encoding of the XML declaration; absent: none is declared. */
static struct str declared_encoding(struct str body)
{
    struct str head = {body.p, body.n < DECLARATION_MOST ? body.n : DECLARATION_MOST};
    const char *end = NULL, *at = NULL;
    struct str rest;

    if (head.p && str_starts(head, STR("<?xml")))
        end = memmem(head.p, head.n, "?>", 2);
    if (end)
        at = memmem(head.p, (size_t)(end - head.p), "encoding", 8);
    if (!at)
        return (struct str){NULL, 0};
    rest = str_trim((struct str){at + 8, (size_t)(end - at) - 8});
    if (rest.n == 0 || rest.p[0] != '=')
        return (struct str){NULL, 0};
    rest = str_trim((struct str){rest.p + 1, rest.n - 1});
    if (rest.n == 0 || (rest.p[0] != '"' && rest.p[0] != '\''))
        return (struct str){NULL, 0};
    at = rest.p;
    rest = (struct str){rest.p + 1, rest.n - 1};
    return str_cut(&rest, *at);
}

static bool outside(struct str body, size_t offset, struct err *e)
{
    size_t line = 1, start = 0;

    for (size_t i = 0; i < offset; i++) {
        if (body.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return err_set(e, ERR_INPUT, 0, "line %zu, column %zu: not in the encoding of the document",
                   line, offset - start + 1);
}

/* The document as UTF-8, in the set that it declares itself. */
static bool decode(struct str body, struct arena *a, struct str *out, struct err *e)
{
    struct str encoding = declared_encoding(body);
    const struct hl7_charset *set = charset_utf8();
    struct decoder d;
    struct decoded done;
    char *text;
    bool alias;

    *out = body;
    if (encoding.p)
        set = hl7_charset_find(encoding, &alias);
    if (!set || !set->iconv || !decoder_open(&d, set))
        return err_set(e, ERR_INPUT, 0, "line 1, column 1: an encoding that is not read");
    if (charset_is(set, charset_utf8()) || charset_is(set, charset_ascii()))
        return utf8_check(body) == body.n || outside(body, utf8_check(body), e);
    text = arena_get(a, decoder_room(body.n), 1);
    done = decoder_run(&d, body, text);
    decoder_close(&d);
    *out = (struct str){text, done.n};
    return done.replaced == 0 || outside(body, done.first, e);
}

bool hl7_xml_read(struct str body, const struct hl7_xml_limits *limits, struct arena *a,
                  struct str *out, struct err *e)
{
    xmlSAXHandler sax = handlers();
    struct xml_reader x = {.wrong = NULL};
    struct str text;

    body = str_trim(without_mark(body));
    if (!decode(body, a, &text, e))
        return false;
    xml_message_init(&x.m, limits);
    x.parser = xmlCreatePushParserCtxt(&sax, &x, NULL, 0, NULL);
    if (!x.parser)
        return err_set(e, ERR_BUSY, 0, "no memory for a document");
    /* HUGE only lifts libxml2's limits on text and depth, which are ours already. */
    (void)xmlCtxtUseOptions(x.parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_HUGE);
    feed(&x, text);
    *out = x.wrong ? (struct str){NULL, 0} : arena_copy(a, buf_str(&x.m.out));
    if (x.wrong)
        (void)err_set(e, ERR_INPUT, xml_message_over(&x.m) ? HL7_LIMIT : 0,
                      "line %d, column %d: %s", x.line, x.column, x.wrong);
    xmlFreeParserCtxt(x.parser);
    xml_message_end(&x.m);
    return !x.wrong;
}
