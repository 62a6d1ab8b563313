/* OperationOutcome: what a FHIR client is told. Only our own words go into it. */
#ifndef FHIR_OUTCOME_H
#define FHIR_OUTCOME_H

#include "base/buf.h"

struct fhir_issue {
    const char *severity;    /* IssueSeverity: "information", "error" */
    const char *code;        /* IssueType: "structure", "required", "duplicate" */
    const char *diagnostics; /* for people; ours. NULL: none */
    struct str expression;   /* made by json_expression(); absent: none */
};

/* Appends one OperationOutcome with one issue. */
void fhir_outcome_add(struct buf *b, const struct fhir_issue *issue);

#endif
