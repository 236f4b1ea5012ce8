#include "command.h"
#include "clock.h"
#include "log.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOG_MODULE "command"
#define TICK_MS 100

extern char **environ;

void command_free(char ***words)
{
	if (*words)
		free((*words)[0]);
	free(*words);
	*words = NULL;
}

/* Copies one word to *to, without its quotes. false: a quote is open. */
static bool next_word(const char **from, char **to)
{
	const char *s = *from;
	char *d = *to;
	char quote = 0;
	for (; *s && (quote || !strchr(" \t\r\n", *s)); s++) {
		if (*s == quote)
			quote = 0;
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (*s == '\\' && quote != '\'' && s[1])
			*d++ = *++s;
		else
			*d++ = *s;
	}
	*d++ = '\0';
	*from = s;
	*to = d;
	return !quote;
}

enum err command_split(const char *line, char ***words)
{
	size_t n = 0, max = strlen(line) / 2 + 2;
	char *text = malloc(strlen(line) + 2);
	char **w = calloc(max, sizeof *w);
	char *to = text;
	bool closed = true;
	*words = w;
	if (!text || !w) {
		free(text);
		command_free(words);
		return ERR_NOMEM;
	}
	w[0] = text;
	for (line += strspn(line, " \t\r\n"); *line && closed; line += strspn(line, " \t\r\n")) {
		w[n++] = to;
		closed = next_word(&line, &to);
	}
	if (n && closed)
		return ERR_OK;
	command_free(words);
	return ERR_INVAL;
}

/* The child leads a group of its own, so that what it starts ends with it. */
static enum err start(char *const *words, int out, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	if (posix_spawn_file_actions_init(&files))
		return ERR_NOMEM;
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&files);
		return ERR_NOMEM;
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	int rc = posix_spawnp(pid, words[0], &files, &attr, words, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc ? ERR_CONFIG : ERR_OK;
}

/* true: the end of the output was reached within the limits. */
static enum err drain(int fd, int64_t deadline, bool (*stop)(void *), void *arg, struct buf *out)
{
	char s[4096];
	while (clock_steady() < deadline) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (stop && stop(arg))
			return ERR_BUSY;
		if (poll(&p, 1, TICK_MS) <= 0)
			continue;
		ssize_t n = read(fd, s, sizeof s);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? ERR_AUTH : buf_err(out);
		if (out->n + (size_t)n > COMMAND_MAX)
			return ERR_AUTH;
		buf_add(out, s, (size_t)n);
		explicit_bzero(s, (size_t)n);
	}
	return ERR_AUTH;
}

/* It closed its output, so it is about to end. Where SIGCHLD is ignored there is no
 * status to be had. */
static enum err reap(pid_t pid, int64_t deadline, enum err e)
{
	int status = 0;
	for (;;) {
		if (e != ERR_OK)
			kill(-pid, SIGKILL);
		pid_t got = waitpid(pid, &status, e == ERR_OK ? WNOHANG : 0);
		if (got == pid)
			break;
		if (got < 0 && errno != EINTR)
			return e;
		if (clock_steady() >= deadline)
			e = ERR_AUTH;
		else if (got == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	if (e == ERR_OK && status != 0) {
		log_warn("a token command failed status=%d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		return ERR_AUTH;
	}
	return e;
}

static void words_free(char ***words)
{
	command_free(words);
}

enum err command_run(const char *line, bool (*stop)(void *), void *arg, struct buf *out)
{
	AUTO(words_free) char **words = NULL;
	enum err e = command_split(line, &words);
	int fd[2];
	pid_t pid;
	if (e != ERR_OK)
		return e == ERR_INVAL ? ERR_CONFIG : e;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return ERR_IO;
	e = start(words, fd[1], &pid);
	close(fd[1]);
	if (e == ERR_OK) {
		int64_t deadline = clock_steady() + COMMAND_SECONDS * 1000;
		e = drain(fd[0], deadline, stop, arg, out);
		e = reap(pid, deadline, e);
	}
	close(fd[0]);
	if (e == ERR_OK && out->n > 0)
		return ERR_OK;
	if (out->s)
		explicit_bzero(out->s, out->n);
	buf_clear(out);
	return e == ERR_OK ? ERR_AUTH : e;
}
