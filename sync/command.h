/*
 * command - run a program that prints a secret: no shell, input from /dev/null, output capped, time limited,
 * killed with all its children when it will not end.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "buf.h"
#include <stdbool.h>

#define COMMAND_MAX ((size_t)64 << 10)	/* bytes of output */
#define COMMAND_SECONDS 30

/* The words of a line: blanks part them, '..' and ".." keep them together, a backslash takes the next
 * character as it is (not inside '..'). The array ends with NULL; free it and its one block with
 * command_free. ERR_INVAL: a quote is open, or there is no word. */
NODISCARD enum err command_split(const char *line, char ***words);
void command_free(char ***words);
/* The output is appended; after an error *out is empty. ERR_CONFIG: cannot be run. ERR_AUTH: failed, printed
 * nothing or too much, or took too long. ERR_BUSY: stopped. */
NODISCARD enum err command_run(const char *line, bool (*stop)(void *), void *arg, struct buf *out);

#endif
