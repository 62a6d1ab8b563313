#include "fhir/outcome.h"

#include "base/encode.h"

void fhir_outcome_add(struct buf *b, const struct fhir_issue *issue)
{
    buf_printf(
        b, "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"%s\",\"code\":\"%s\"",
        issue->severity, issue->code);
    if (issue->diagnostics) {
        buf_add(b, STR(",\"diagnostics\":"));
        json_add_string(b, str_of(issue->diagnostics));
    }
    if (issue->expression.n) {
        buf_add(b, STR(",\"expression\":["));
        json_add_string(b, issue->expression);
        buf_add_char(b, ']');
    }
    buf_add(b, STR("}]}"));
}
