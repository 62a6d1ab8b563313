/* Tokens of FHIRPath. Private to module fhirpath. */
#ifndef FHIRPATH_LEX_H
#define FHIRPATH_LEX_H

#include "base/arena.h"
#include "fhirpath/fhirpath.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NAME,    /* text; quoted: in back-quotes, so never a keyword */
    TOKEN_STRING,  /* text: decoded                                    */
    TOKEN_INTEGER, /* text: digits                                     */
    TOKEN_MARK,    /* text: . [ ] ( ) , | = !=                         */
};

struct token {
    enum token_kind kind;
    struct str text;
    bool quoted;
    size_t at;
};

struct lexer {
    struct str in;
    size_t at;
    struct arena *a;
    struct fhirpath_fault *fault;
};

/* The next token; false with *l->fault: E210 for what is no FHIRPath, E212 for what the subset
 * leaves out. */
bool lex_next(struct lexer *l, struct token *out) MUST_USE;
/* Fills *fault and returns false. */
bool lex_fault(struct fhirpath_fault *fault, const char *code, size_t at, const char *fmt, ...)
    PRINTF(4, 5);

#endif
