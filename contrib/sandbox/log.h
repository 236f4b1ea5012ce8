/* Every request to one of the two systems, in the order of the answers. */
#ifndef SANDBOX_LOG_H
#define SANDBOX_LOG_H

#include <stdint.h>

#include "http.h"

/* status 0: no answer was given. fault: its name or NULL. */
void log_add(const char *system, const struct request *, int status, const char *fault);
void log_json(struct text *, int64_t since); /* those with seq > since */
void log_clear(void);			     /* numbers go on */

#endif
