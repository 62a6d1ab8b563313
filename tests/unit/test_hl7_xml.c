/* v2.xml: what becomes bars and hats, and what is refused, with its place and without its content. */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "check.h"
#include "hl7/message.h"
#include "hl7/xml.h"

#define NS " xmlns=\"urn:hl7-org:v2xml\""
#define MSH_                                                                                       \
    "<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>APP</HD.1></MSH.3>"                 \
    "<MSH.9><MSG.1>ADT</MSG.1><MSG.2>A08</MSG.2></MSH.9><MSH.10>7</MSH.10></MSH>"
#define BODY(x) "<?xml version=\"1.0\"?><ADT_A01" NS ">" MSH_ x "</ADT_A01>"
#define HEAD    "MSH|^~\\&|APP||||||ADT^A08|7||||||||UNICODE UTF-8\r"

static const struct {
    const char *name, *in, *want;
} documents[] = {
    {"header only", BODY(""), HEAD},
    {"components",
     BODY("<PID><PID.1>1</PID.1><PID.5><XPN.1><FN.1>Chan</FN.1><FN.3>van</FN.3></XPN.1>"
          "<XPN.2>Tai Man</XPN.2></PID.5></PID>"),
     HEAD "PID|1||||Chan&&van^Tai Man\r"},
    {"repetitions",
     BODY("<PID><PID.3><CX.1>1</CX.1><CX.4><HD.1>A</HD.1></CX.4></PID.3><PID.3><CX.1>2</CX.1></"
          "PID.3>"
          "<PID.3/></PID>"),
     HEAD "PID|||1^^^A~2~\r"},
    {"groups",
     BODY(
         "<ADT_A01.PROCEDURE><PR1><PR1.1>1</PR1.1></PR1><ADT_A01.DEEPER><ROL><ROL.1>r</ROL.1></ROL>"
         "</ADT_A01.DEEPER></ADT_A01.PROCEDURE><ZZ1><ZZ1.2>z</ZZ1.2></ZZ1>"),
     HEAD "PR1|1\rROL|r\rZZ1||z\r"},
    {"delimiters in text", BODY("<NTE><NTE.3>a|b^c&amp;d~e\\f</NTE.3></NTE>"),
     HEAD "NTE|||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\r"},
    {"delimiters in CDATA and references",
     BODY("<NTE><NTE.3><![CDATA[a|<b>]]>&#x7C;&#8364;</NTE.3></NTE>"),
     HEAD "NTE|||a\\F\\<b>\\F\\\xE2\x82\xAC\r"},
    {"null and empty", BODY("<PID><PID.13>\"\"</PID.13><PID.14/><PID.15></PID.15></PID>"),
     HEAD "PID|||||||||||||\"\"||\r"},
    {"escapes",
     BODY("<NTE><NTE.3>a<escape V=\".br\"/>b<escape V=\"X41\"/><escape V=\"H\"/></NTE.3></NTE>"),
     HEAD "NTE|||a\\.br\\b\\X41\\\\H\\\r"},
    {"lines", BODY("<NTE><NTE.3>\n  one\n  two\n</NTE.3><NTE.4> kept </NTE.4></NTE>"),
     HEAD "NTE|||one\\.br\\  two| kept \r"},
    {"layout",
     "\xEF\xBB\xBF\n<ADT_A01>\n  " MSH_ "\n  <PID>\n    <PID.5>\n      <XPN.1>\n        "
     "<FN.1>A</FN.1>\n      </XPN.1>\n    </PID.5>\n  </PID>\n</ADT_A01>\n",
     HEAD "PID|||||A\r"},
    {"comments and instructions", BODY("<!-- x --><PID><?y z?><PID.1>1<!-- --></PID.1></PID>"),
     HEAD "PID|1\r"},
    {"prefix",
     "<h:ADT_A01 xmlns:h=\"urn:hl7-org:v2xml\"><h:MSH><h:MSH.10>7</h:MSH.10></h:MSH></h:ADT_A01>",
     "MSH|^~\\&||||||||7||||||||UNICODE UTF-8\r"},
    {"own separators",
     "<A><MSH><MSH.1>$</MSH.1><MSH.2>%*!#</MSH.2><MSH.3><HD.1>a</HD.1><HD.2>$</HD.2></MSH.3></MSH>"
     "<PID><PID.3>1</PID.3><PID.3>2|</PID.3></PID></A>",
     "MSH$%*!#$a%!F!$$$$$$$$$$$$$$$UNICODE UTF-8\rPID$$$1*2|\r"},
    {"truncation character",
     "<A><MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;#</MSH.2></MSH><PID><PID.2>1#</PID.2></PID></A>",
     "MSH|^~\\&#||||||||||||||||UNICODE UTF-8\rPID||1\\P\\\r"},
    {"another set was declared",
     "<A><MSH><MSH.10>7</MSH.10><MSH.18>8859/1</MSH.18><MSH.18>x</MSH.18>"
     "<MSH.19><CE.1>fr</CE.1></MSH.19></MSH></A>",
     "MSH|^~\\&||||||||7||||||||UNICODE UTF-8|fr\r"},
    {"below subcomponents",
     BODY("<PID><PID.11><XAD.12><DR.1><TS.1>2026</TS.1><TS.2>D</TS.2></DR.1>"
          "</XAD.12></PID.11></PID>"),
     HEAD "PID|||||||||||^^^^^^^^^^^2026\r"},
    {"Latin-1",
     "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><A>" MSH_ "<PID><PID.2>\xFC</PID.2></PID></A>",
     HEAD "PID||\xC3\xBC\r"},
    {"Big5",
     "<?xml version='1.0' encoding='Big5'?><A>" MSH_
     "<PID><PID.2>\xB3\x5C\xB4\x5E</PID.2></PID></A>",
     HEAD "PID||\xE8\xA8\xB1\xE5\xBD\xAD\r"},
    {"empty segment", BODY("<PV1/>"), HEAD "PV1\r"},
};

static bool read_copy(struct str in, const struct hl7_xml_limits *limits, struct arena *a,
                      struct str *out, struct err *e)
{
    char *copy = malloc(in.n + 1);
    bool ok;

    memcpy(copy, in.p, in.n);
    ok = hl7_xml_read((struct str){copy, in.n}, limits, a, out, e);
    free(copy);
    return ok;
}

static void test_documents(void)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();

    for
        EACH (i, documents) {
            struct arena a = {0};
            struct str out;
            struct err e = {0};

            CHECK(hl7_xml_is(str_of(documents[i].in)), "%s", documents[i].name);
            CHECK(read_copy(str_of(documents[i].in), &limits, &a, &out, &e), "%s: %s",
                  documents[i].name, e.text);
            CHECK(str_eq(out, str_of(documents[i].want)), "%s: " STR_FMT, documents[i].name,
                  STR_ARG(out));
            arena_reset(&a);
        }
}

#define SECRET "Sixpence"

static const struct {
    const char *name, *in, *text;
} refused[] = {
    {"document type", "<!DOCTYPE A>\n<A/>", "line 1, column 12: a document type is not allowed"},
    {"external document type", "<!DOCTYPE A SYSTEM \"file:///etc/passwd\"><A/>",
     "line 1, column 40: a document type is not allowed"},
    {"billion laughs",
     "<!DOCTYPE A [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
     "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\n<A>&c;</A>",
     "line 1, column 13: a document type is not allowed"},
    {"external entity", "<!DOCTYPE A [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><A>&x;</A>",
     "line 1, column 13: a document type is not allowed"},
    {"parameter entity", "<!DOCTYPE A [<!ENTITY % x SYSTEM \"http://192.0.2.1/\"> %x;]><A/>",
     "line 1, column 13: a document type is not allowed"},
    {"undeclared entity", BODY("<PID><PID.5>&" SECRET ";</PID.5></PID>"), "not well-formed"},
    {"not closed", BODY("<PID><PID.5>" SECRET "</PID>"), "not well-formed"},
    {"two roots", BODY("") "<A/>", "not well-formed"},
    {"cut", "<A><MSH><MSH.10>" SECRET, "not well-formed"},
    {"only a declaration", "<?xml version=\"1.0\"?>", "not well-formed"},
    {"no message", "<A/>", "no message"},
    {"a page", "<html><body>" SECRET "</body></html>", "neither a segment nor a group"},
    {"no MSH first", "<A><PID/></A>", "MSH is not the first segment"},
    {"two messages", BODY(MSH_), "a second MSH"},
    {"a field outside", BODY("<PID.5>x</PID.5>"), "a field outside its segment"},
    {"another segment's field", BODY("<PID><PV1.2>x</PV1.2></PID>"), "no field of this segment"},
    {"field zero", BODY("<PID><PID.0>x</PID.0></PID>"), "no field of this segment"},
    {"field of four digits", BODY("<PID><PID.1000>x</PID.1000></PID>"), "no field of this segment"},
    {"backwards", BODY("<PID><PID.5/><PID.3/></PID>"), "fields out of order"},
    {"MSH backwards", "<A><MSH><MSH.3/><MSH.1>|</MSH.1></MSH></A>", "fields out of order"},
    {"MSH.1 twice", "<A><MSH><MSH.1>|</MSH.1><MSH.1>|</MSH.1></MSH></A>", "fields out of order"},
    {"components backwards", BODY("<PID><PID.5><XPN.2/><XPN.1/></PID.5></PID>"),
     "components out of order"},
    {"a component twice", BODY("<PID><PID.5><XPN.1/><XPN.1/></PID.5></PID>"),
     "components out of order"},
    {"no component", BODY("<PID><PID.5><b>x</b></PID.5></PID>"), "no component"},
    {"text beside components", BODY("<PID><PID.5>" SECRET "<XPN.1/></PID.5></PID>"),
     "text beside components"},
    {"text after components", BODY("<PID><PID.5><XPN.1/>" SECRET "</PID.5></PID>"),
     "text where none belongs"},
    {"text in a segment", BODY("<PID>" SECRET "</PID>"), "text where none belongs"},
    {"an escape without V", BODY("<NTE><NTE.3><escape/></NTE.3></NTE>"), "an escape without V"},
    {"an escape that breaks out", BODY("<NTE><NTE.3><escape V=\"H\\|\"/></NTE.3></NTE>"),
     "an escape that is no command"},
    {"an escape that holds something", BODY("<NTE><NTE.3><escape V=\"H\">x</escape></NTE.3></NTE>"),
     "text where none belongs"},
    {"separators that are none", "<A><MSH><MSH.1>a</MSH.1><MSH.3/></MSH></A>",
     "MSH.1 and MSH.2 are no separators"},
    {"separators that are equal", "<A><MSH><MSH.1>|</MSH.1><MSH.2>^^\\&amp;</MSH.2></MSH></A>",
     "MSH.1 and MSH.2 are no separators"},
    {"a separator that is a line end", "<A><MSH><MSH.1>|</MSH.1><MSH.2>^\n~\\</MSH.2></MSH></A>",
     "MSH.1 and MSH.2 are no separators"},
    {"too few separators", "<A><MSH><MSH.1>|</MSH.1><MSH.2>^~</MSH.2></MSH></A>",
     "MSH.2 is not four or five separators"},
    {"a separator of two characters", "<A><MSH><MSH.1>||</MSH.1></MSH></A>",
     "MSH.1 is no separator"},
    {"UTF-16 declared", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><A/>",
     "line 1, column 1: an encoding that is not read"},
    {"UTF-7 declared", "<?xml version=\"1.0\" encoding=\"UTF-7\"?><A/>",
     "line 1, column 1: an encoding that is not read"},
    {"bytes that are no UTF-8", "<A>\n " SECRET "\xFC</A>",
     "line 2, column 10: not in the encoding of the document"},
    {"bytes that are not of the declared set",
     "<?xml version=\"1.0\" encoding=\"Big5\"?><A>\xFF\xFF</A>",
     "not in the encoding of the document"},
};

static void test_refused(void)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();

    for
        EACH (i, refused) {
            struct arena a = {0};
            struct str out;
            struct err e = {0};

            CHECK(!read_copy(str_of(refused[i].in), &limits, &a, &out, &e), "%s", refused[i].name);
            CHECK(strncmp(e.text, "line ", 5) == 0 && strstr(e.text, refused[i].text), "%s: %s",
                  refused[i].name, e.text);
            CHECK(e.kind == ERR_INPUT && e.code == 0 && !strstr(e.text, SECRET), "%s: %s",
                  refused[i].name, e.text);
            arena_reset(&a);
        }
}

/* A frame of many messages is asked once for each: only the front may be looked at. The rest here is
 * memory that nobody may touch. */
static void test_front(void)
{
    const size_t page = 65536;
    char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE) != 0)
        abort();
    memcpy(two + page - 4, "MSH|", 4);
    CHECK(!hl7_xml_is((struct str){two + page - 4, page + 4}), "a message");
    memcpy(two + page - 4, " \r\n<", 4);
    CHECK(hl7_xml_is((struct str){two + page - 4, page + 4}), "a document");
    munmap(two, 2 * page);
}

/* UTF-16 does not even start like a document; NUL is no character of XML. */
static void test_wide(void)
{
    static const char le[] = "<\0A\0/\0>\0", be[] = "\0<\0A\0/\0>",
                      marked[] = "\xFF\xFE<\0A\0/\0>\0";
    struct hl7_xml_limits limits = hl7_xml_limits_default();
    struct arena a = {0};
    struct str out;
    struct err e = {0};

    CHECK(!hl7_xml_is((struct str){be, sizeof be - 1}), "big-endian");
    CHECK(!hl7_xml_is((struct str){marked, sizeof marked - 1}), "marked");
    CHECK(!read_copy((struct str){le, sizeof le - 1}, &limits, &a, &out, &e), "little-endian");
    CHECK(!read_copy((struct str){marked, sizeof marked - 1}, &limits, &a, &out, &e), "marked");
    CHECK(!hl7_xml_is(STR("MSH|^~\\&|<A/>")) && !hl7_xml_is(STR("")) &&
              hl7_xml_is(STR("\xEF\xBB\xBF \r\n<")),
          "what is XML");
    arena_reset(&a);
}

static void check_limit(const char *name, const struct buf *in, const char *text, int code)
{
    struct hl7_xml_limits limits = {.depth = 8, .text = 4096};
    struct arena a = {0};
    struct str out;
    struct err e = {0};

    CHECK(!hl7_xml_read(buf_str(in), &limits, &a, &out, &e), "%s", name);
    CHECK(strstr(e.text, text) && e.code == code, "%s: %s", name, e.text);
    arena_reset(&a);
}

static void add_times(struct buf *b, const char *s, int n)
{
    for (int i = 0; i < n; i++)
        buf_add(b, str_of(s));
}

static void test_limits(void)
{
    struct buf b = buf_new(64 << 20);

    add_times(&b, "<A.a>", 9);
    check_limit("depth", &b, "elements too deep", HL7_LIMIT);
    buf_reset(&b);
    buf_add(&b, STR("<A>" MSH_ "<PID><PID.5>"));
    add_times(&b, "0123456789", 500);
    check_limit("text", &b, "the message is too large", HL7_LIMIT);
    buf_reset(&b);
    buf_add(&b, STR("<A>" MSH_));
    add_times(&b, "<PID><PID.999/></PID>", 9);
    check_limit("separators", &b, "the message is too large", HL7_LIMIT);
    buf_reset(&b);
    buf_add(&b, STR("<A "));
    for (int i = 0; i < 17; i++)
        buf_printf(&b, "a%d=\"\" ", i);
    buf_add(&b, STR(">"));
    check_limit("attributes", &b, "too many attributes", 0);
    buf_reset(&b);
    buf_add(&b, STR("<A "));
    for (int i = 0; i < 200000; i++)
        buf_printf(&b, "a%d=\">\" ", i);
    check_limit("a long tag", &b, "a tag or a comment is too long", 0);
    buf_reset(&b);
    buf_add(&b, STR("<A><!--"));
    add_times(&b, "comment ", 100000);
    check_limit("a long comment", &b, "a tag or a comment is too long", 0);
    buf_reset(&b);
    buf_add(&b, STR("<"));
    add_times(&b, "AAAAAAAAAA", 100000);
    check_limit("a long name", &b, "", 0);
    buf_reset(&b);
}

/* A document as large as frames may be: one long value, and many short ones. */
static void test_large(void)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();
    struct buf b = buf_new(64 << 20);
    struct arena a = {0};
    struct str out;
    struct err e = {0};

    buf_add(&b, STR("<A>" MSH_ "<OBX><OBX.5>"));
    add_times(&b, "JVBERi0xLjQK", 1000000);
    buf_add(&b, STR("</OBX.5></OBX></A>"));
    CHECK(hl7_xml_read(buf_str(&b), &limits, &a, &out, &e) && out.n > 12000000, "%s", e.text);
    buf_reset(&b);
    arena_reset(&a);
    buf_add(&b, STR("<A>" MSH_));
    add_times(&b, "<OBX><OBX.5><CE.1>a</CE.1></OBX.5></OBX>", 20000);
    buf_add(&b, STR("</A>"));
    CHECK(hl7_xml_read(buf_str(&b), &limits, &a, &out, &e) && out.n > 200000, "%s", e.text);
    buf_reset(&b);
    arena_reset(&a);
}

/* Each prefix of a document is refused, but for blanks at its end. */
static void test_prefixes(void)
{
    struct hl7_xml_limits limits = hl7_xml_limits_default();
    struct str whole =
        STR(BODY("<PID><PID.3>1</PID.3><PID.3><CX.1>\xE8\xA8\xB1</CX.1></PID.3></PID>"
                 "<NTE><NTE.3>a<escape V=\".br\"/>b</NTE.3></NTE>"));

    for (size_t n = 0; n < whole.n; n++) {
        struct arena a = {0};
        struct str out;
        struct err e = {0};

        CHECK(!read_copy((struct str){whole.p, n}, &limits, &a, &out, &e), "%zu", n);
        arena_reset(&a);
    }
}

int main(void)
{
    test_documents();
    test_refused();
    test_wide();
    test_front();
    test_limits();
    test_large();
    test_prefixes();
    return check_end();
}
