/* remindfs - the program: finds the command, runs it. */
#include "cmd.h"
#include "log.h"
#include <string.h>
#include <sys/stat.h>

int cmd_version(const struct args *a)
{
	puts("remindfs " VERSION);
	return 0;
}

int cmd_help(const struct args *a)
{
	if (!a->pos[0]) {
		help_all(stdout);
		return 0;
	}
	const struct command *c = command_find(a->pos[0]);
	if (!c) {
		complain(ERR_OK, "no command %s; type: remindfs help", a->pos[0]);
		return EXIT_USAGE;
	}
	help_command(c, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct args args;

	umask(0077);
	log_init(LOG_LEVEL_ERROR, NULL, 1);
	if (argc < 2) {
		help_all(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	const struct command *c = command_find(name);
	if (!c) {
		complain(ERR_OK, "no command %s; type: remindfs help", name);
		return EXIT_USAGE;
	}
	if (!options_parse(c, argc - 1, argv + 1, &args))
		return EXIT_USAGE;
	if (args.flag['h']) {
		help_command(c, stdout);
		return 0;
	}
	return c->run(&args);
}
