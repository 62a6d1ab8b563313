/* Acknowledgements in v2.xml: the same content, element by element. */
#include "check.h"
#include "hl7/ack.h"
#include "hl7/xml_ack.h"

#define HEAD       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ACK xmlns=\"urn:hl7-org:v2xml\">"
#define SEPARATORS "<MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>"

static const struct {
    const char *plain, *xml;
} cases[] = {
    {"MSH|^~\\&|TID^1.2^ISO|CL|APP|FAC|20260101||ACK^S12^ACK|77|P|2.5.1\rMSA|AA|A1\r",
     HEAD "<MSH>" SEPARATORS "<MSH.3><HD.1>TID</HD.1><HD.2>1.2</HD.2><HD.3>ISO</HD.3></MSH.3>"
          "<MSH.4><HD.1>CL</HD.1></MSH.4><MSH.5><HD.1>APP</HD.1></MSH.5>"
          "<MSH.6><HD.1>FAC</HD.1></MSH.6><MSH.7><TS.1>20260101</TS.1></MSH.7>"
          "<MSH.9><MSG.1>ACK</MSG.1><MSG.2>S12</MSG.2><MSG.3>ACK</MSG.3></MSH.9>"
          "<MSH.10>77</MSH.10><MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.5.1</VID.1></MSH.12>"
          "</MSH><MSA><MSA.1>AA</MSA.1><MSA.2>A1</MSA.2></MSA></ACK>\r"},
    {"MSH|^~\\&|<A>&B|||||||77|P|2.8\rMSA|AE|\"q\" \\T\\ \\F\\\rERR||PID^1^3|101^Required field "
     "missing^HL70357|E\r",
     HEAD "<MSH>" SEPARATORS "<MSH.3><HD.1>&lt;A&gt;&amp;B</HD.1></MSH.3><MSH.10>77</MSH.10>"
          "<MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.8</VID.1></MSH.12></MSH>"
          "<MSA><MSA.1>AE</MSA.1><MSA.2>\"q\" &amp; |</MSA.2></MSA>"
          "<ERR><ERR.2><ERL.1>PID</ERL.1><ERL.2>1</ERL.2><ERL.3>3</ERL.3></ERR.2>"
          "<ERR.3><CWE.1>101</CWE.1><CWE.2>Required field missing</CWE.2><CWE.3>HL70357</CWE.3>"
          "</ERR.3><ERR.4>E</ERR.4></ERR></ACK>\r"},
    {"MSH|^~\\&|||||||ACK|77|P|2.3\rMSA|AE|A1|text\rERR|MSH^1^9^200&Unsupported&HL70357\r",
     HEAD "<MSH>" SEPARATORS "<MSH.9><CM_MSG.1>ACK</CM_MSG.1></MSH.9><MSH.10>77</MSH.10>"
          "<MSH.11><PT.1>P</PT.1></MSH.11><MSH.12>2.3</MSH.12></MSH>"
          "<MSA><MSA.1>AE</MSA.1><MSA.2>A1</MSA.2><MSA.3>text</MSA.3></MSA>"
          "<ERR><ERR.1><CM_ELD.1>MSH</CM_ELD.1><CM_ELD.2>1</CM_ELD.2><CM_ELD.3>9</CM_ELD.3>"
          "<CM_ELD.4><CE.1>200</CE.1><CE.2>Unsupported</CE.2><CE.3>HL70357</CE.3></CM_ELD.4>"
          "</ERR.1></ERR></ACK>\r"},
    /* What XML 1.0 cannot hold, as bytes and as escapes; each stands before what it can. */
    {"MSH|^~\\&|A\xEF\xBF\xBF"
     "B^\\XEFBFBE\\C||\\XEFBFBF\\||||ACK|77|P|2.5\r"
     "MSA|AA|A\\XEFBFBF0D0A00\\\xEF\xBF\xBD\x7F\\X3C\\\r",
     HEAD "<MSH>" SEPARATORS "<MSH.3><HD.1>AB</HD.1><HD.2>C</HD.2></MSH.3>"
          "<MSH.5><HD.1></HD.1></MSH.5><MSH.9><MSG.1>ACK</MSG.1></MSH.9>"
          "<MSH.10>77</MSH.10><MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.5</VID.1></MSH.12>"
          "</MSH><MSA><MSA.1>AA</MSA.1><MSA.2>A\xEF\xBF\xBD\x7F&lt;</MSA.2></MSA></ACK>\r"},
    {"MSH|^~\\&|||||||ACK|77|P|2.5\rMSA|AA|A\xFF\r", NULL},
    {"MSH|^~\\&|||||||ACK|77|P|2.5\r", NULL},
    {"MSH|^~\\&|||||||ACK|77|P|2.5\rMSA|AA|A1\rMSA|AA|A2\r", NULL},
    {"", NULL},
};

static void test_cases(void)
{
    for
        EACH (i, cases) {
            struct buf out = buf_new(HL7_XML_ACK_MOST);
            struct err e = {0};
            bool ok;

            buf_add(&out, STR("x"));
            ok = hl7_xml_ack(str_of(cases[i].plain), &out, &e);
            CHECK(ok == (cases[i].xml != NULL), "%zu: %s", i, e.text);
            CHECK(ok || (e.kind == ERR_INPUT && out.n == 1), "%zu: nothing was added", i);
            CHECK(!ok || strcmp(out.p + 1, cases[i].xml) == 0, "%zu: %s", i, out.p + 1);
            buf_reset(&out);
        }
}

/* Too little room: nothing is added. */
static void test_room(void)
{
    for (size_t most = 1; most < strlen(cases[0].xml); most++) {
        struct buf out = buf_new(most);
        struct err e = {0};

        CHECK(!hl7_xml_ack(str_of(cases[0].plain), &out, &e) && out.n == 0, "%zu", most);
        buf_reset(&out);
    }
}

int main(void)
{
    test_cases();
    test_room();
    return check_end();
}
