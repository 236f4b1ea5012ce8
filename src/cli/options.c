#include "options.h"
#include "cmd.h"
#include <getopt.h>
#include <string.h>

const struct command commands[] = {
	{ "mount", "[DIR]", "show the tasks as files in DIR", "fdwo", 0, 1, cmd_mount },
	{ "umount", "[DIR]", "end the mount; unsent edits are kept and sent after the next mount", "", 0, 1,
		cmd_umount },
	{ "status", "", "what is synced, waiting or refused, and what to do about it", "j", 0, 0,
		cmd_status },
	{ "sync", "[on|off]", "sync now; on, off: switch the two-way task sync (R23)", "", 0, 1, cmd_sync },
	{ "confirm-deletes", "", "let go what is held because it is much at once (D6)", "", 0, 0,
		cmd_confirm },
	{ "take-back", "", "bring back what was deleted or completed here and is held (D6)", "", 0, 0,
		cmd_take_back },
	{ "list", "[open|completed|all]", "print the tasks, also without a mount", "j", 0, 1, cmd_list },
	{ "login", "salesforce|salesconnect", "allow remindfs to use an account", "", 1, 1, cmd_login },
	{ "logout", "salesforce|salesconnect", "forget an account's tokens", "", 1, 1, cmd_logout },
	{ "version", "", "print the version", "", 0, 0, cmd_version },
	{ "help", "[COMMAND]", "print this, or the help of one command", "", 0, 1, cmd_help },
	{ 0 },
};

static const struct {
	char letter;
	const char *name, *value, *help;
} options[] = {
	{ 'f', "foreground", NULL, "stay in the foreground, log to stderr" },
	{ 'd', "debug", NULL, "stay in the foreground and log every request" },
	{ 'w', "wait", NULL, "return when the first import is done and joined; shows its progress" },
	{ 'o', "options", "OPTS", "mount options for FUSE, such as allow_other" },
	{ 'j', "json", NULL, "print JSON" },
};
#define NOPTIONS (sizeof options / sizeof *options)

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

static bool takes(const struct command *c, char letter)
{
	return strchr(c->letters, letter);
}

bool options_parse(const struct command *c, int argc, char **argv, struct args *out)
{
	struct option longs[NOPTIONS + 2] = { { "help", no_argument, NULL, 'h' } };
	char shorts[2 * NOPTIONS + 2] = "h";
	size_t nl = 1, ns = 1;

	memset(out, 0, sizeof *out);
	for (size_t k = 0; k < NOPTIONS; k++) {
		if (!takes(c, options[k].letter))
			continue;
		int has = options[k].value ? required_argument : no_argument;
		longs[nl++] = (struct option){ options[k].name, has, NULL, options[k].letter };
		shorts[ns++] = options[k].letter;
		if (has)
			shorts[ns++] = ':';
	}
	for (int o; (o = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		if (o == '?') {
			fprintf(stderr, "Try: remindfs help %s\n", c->name);
			return false;
		}
		out->flag[o] = true;
		out->value[o] = optarg;
	}
	int n = argc - optind;
	if (!out->flag['h'] && (n < c->min || n > c->max)) {
		fprintf(stderr, "usage: remindfs %s %s\n", c->name, c->synopsis);
		return false;
	}
	for (int k = 0; k < n && k < c->max; k++)
		out->pos[k] = argv[optind + k];
	return true;
}

void help_command(const struct command *c, FILE *to)
{
	fprintf(to, "usage: remindfs %s%s %s\n%s\n", c->name, *c->letters ? " [OPTIONS]" : "", c->synopsis,
		c->summary);
	for (size_t k = 0; k < NOPTIONS; k++)
		if (takes(c, options[k].letter))
			fprintf(to, "  -%c, --%-10s %-6s %s\n", options[k].letter, options[k].name,
				options[k].value ? options[k].value : "", options[k].help);
}

void help_all(FILE *to)
{
	fputs("remindfs: your reminder tasks as text files, in step with Sales Connect and Salesforce\n\n",
		to);
	for (const struct command *c = commands; c->name; c++) {
		char head[64];
		snprintf(head, sizeof head, "%s %s", c->name, c->synopsis);
		fprintf(to, "  remindfs %-32s %s\n", head, c->summary);
	}
	fputs("\nConfiguration: ~/.config/remindfs/config   State, log and tokens: ~/.local/state/remindfs\n"
	      "Exit codes: 0 done, 64 wrong usage, 69 not available, 75 try again later, 77 not permitted, "
	      "78 configuration\n",
		to);
}
