/* Evaluation of one part of an expression. Private to module fhirpath. */
#ifndef FHIRPATH_EVAL_H
#define FHIRPATH_EVAL_H

#include "expr.h"
#include "value.h"

/* `self` is $this. */
bool eval(struct run *r, const struct expr *x, const struct list *self, struct list *out);
/* A function on `input`. */
bool eval_call(struct run *r, const struct expr *x, const struct list *self,
               const struct list *input, struct list *out);

#endif
