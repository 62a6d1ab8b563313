/* A person lets a paused feed send again. */
#ifndef APP_RESUME_H
#define APP_RESUME_H

#include "net/control.h"
#include "parts.h"

/* Answers `q`: 0 resumed, 1 it was not paused or could not be. */
void resume_ask(struct app *a, struct control_ask *q, const char *feed);

#endif
