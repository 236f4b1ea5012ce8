/* Every request to one of the two systems, in the order of the answers; one that is held, as it comes. */
#ifndef SANDBOX_LOG_H
#define SANDBOX_LOG_H

#include <stdint.h>

#include "http.h"

/* status 0: no answer was given (yet). fault: its name or NULL. Its number. */
int64_t log_add(const char *system, const struct request *, int status, const char *fault);
void log_answer(int64_t seq, int status);
void log_json(struct text *, int64_t since); /* those with seq > since */
void log_clear(void);			     /* numbers go on */

#endif
