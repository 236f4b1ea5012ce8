/* login, logout: tokens come and go. */
#include "cmd.h"
#include "oauth.h"
#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LOGIN_SECONDS 300

/* The authorization-code flow with PKCE on a loopback listener (salesforce.md 2). */
static int login_salesforce(const struct env *e)
{
	const struct config_remote *c = &e->config.remote[SIDE_SF];
	AUTO_LOGIN l = { 0 };
	AUTO_FREE char *code = NULL;
	char msg[OAUTH_MSG] = "";
	enum err err = oauth_login_begin(c, &l);

	if (err == ERR_CONFIG) {
		complain(ERR_OK, "set client_id (your admin's consumer key) under [salesforce] in %s",
			e->config_path);
		return EXIT_CONFIG;
	}
	if (err)
		return complain(err, "the login's port, redirect_port under [salesforce] in %s",
			e->config_path);
	printf("Open this address in your browser and allow the access:\n\n  %s\n\nWaiting ...\n", l.url);
	fflush(stdout);
	err = oauth_login_wait(&l, LOGIN_SECONDS, &code, msg);
	if (!err)
		err = oauth_login_complete(&l, c, code, e->state, msg);
	if (err)
		return complain(err, "salesforce: %s", msg);
	return 0;
}

/* A line from the terminal that is not shown, or from a pipe. */
static int login_salesconnect(const struct env *e)
{
	struct termios old, quiet;
	char token[8192] = "";
	bool tty = !tcgetattr(STDIN_FILENO, &old);

	if (tty) {
		fputs("Paste the Sales Connect token and press Enter (it is not shown): ", stderr);
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	char *got = fgets(token, sizeof token, stdin);
	if (tty) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	enum err err = got ? oauth_token_file(SIDE_SC, e->state, token) : ERR_INVAL;
	explicit_bzero(token, sizeof token);
	return err ? complain(err, "salesconnect: the token was not kept") : 0;
}

static const struct account {
	const char *name;
	enum side side;
	int (*login)(const struct env *);
} accounts[] = {
	{ "salesforce", SIDE_SF, login_salesforce },
	{ "salesconnect", SIDE_SC, login_salesconnect },
};

static const struct account *find(const char *name)
{
	for (size_t k = 0; k < sizeof accounts / sizeof *accounts; k++)
		if (!strcmp(accounts[k].name, name))
			return &accounts[k];
	complain(ERR_OK, "%s: the accounts are salesforce and salesconnect", name);
	return NULL;
}

int cmd_login(const struct args *a)
{
	AUTO_ENV e;
	struct daemon d;
	const struct account *x = find(a->pos[0]);
	int code = env_load(&e);

	if (!x)
		return EXIT_USAGE;
	if (!code)
		code = x->login(&e);
	if (!code)
		code = daemon_lock(&e, false, NULL, &d);
	if (code)
		return code;
	if (d.pid)
		daemon_tell(&d, "sync\n");
	printf("%s: logged in\n", x->name);
	return 0;
}

int cmd_logout(const struct args *a)
{
	AUTO_ENV e;
	const struct account *x = find(a->pos[0]);
	int code = env_load(&e);

	if (!x)
		return EXIT_USAGE;
	if (code)
		return code;
	enum err err = oauth_logout(&e.config.remote[x->side], x->side, e.state);
	if (err == ERR_NOENT)
		printf("%s: there was no token file\n", x->name);
	else if (err)
		return complain(err, "%s", x->name);
	else
		printf("%s: logged out; tasks and unsent edits are kept\n", x->name);
	return 0;
}
