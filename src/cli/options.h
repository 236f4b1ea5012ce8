/*
 * options - the one table of commands and the one table of options; parsing and help are loops over them.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

/* Exit codes: the part of sysexits.h that means something here. */
enum { EXIT_USAGE = 64, EXIT_UNAVAILABLE = 69, EXIT_LATER = 75, EXIT_NOPERM = 77, EXIT_CONFIG = 78 };

struct args {
	const char *pos[2];	/* positional arguments; NULL: not given */
	bool flag[128];		/* by letter */
	const char *value[128];	/* of options with an argument, by letter */
};

struct command {
	const char *name;
	const char *synopsis;	/* of the positional arguments */
	const char *summary;
	const char *letters;	/* the options it takes */
	int min, max;		/* positional arguments */
	int (*run)(const struct args *a);	/* gives the exit code */
};
extern const struct command commands[];	/* ends with a NULL name */

const struct command *command_find(const char *name);	/* NULL: unknown */
/* argv[0] is the command's name. False: a line was said on stderr, exit with EXIT_USAGE. */
bool options_parse(const struct command *c, int argc, char **argv, struct args *out);
void help_all(FILE *to);
void help_command(const struct command *c, FILE *to);

#endif
