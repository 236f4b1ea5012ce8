/*
 * kill_unit - a process that is killed just before the n-th call that changes a file, whoever makes it. Of a
 * run of writes to one file the first, second, fourth, eighth ... count: what lies between them differs by
 * how far a file has grown, no more.
 */
#ifndef KILL_UNIT_H
#define KILL_UNIT_H

#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const long kill_call[] = {
	SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev, SYS_ftruncate, SYS_fallocate, SYS_fchmod, SYS_fchmodat, SYS_mkdirat,
	SYS_linkat, SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_symlinkat,
#ifdef SYS_rename
	SYS_rename, SYS_link, SYS_unlink, SYS_mkdir, SYS_rmdir, SYS_chmod, SYS_truncate,
#endif
};

struct kill_run {
	uint64_t call, file;	/* of the last one */
	unsigned n;		/* so often in a row */
};

static inline bool kill_counts(struct kill_run *r, uint64_t call, uint64_t file)
{
	bool same = call == r->call && file == r->file && (call == SYS_pwrite64 || call == SYS_write);
	*r = (struct kill_run){ call, file, same ? r->n + 1 : 1 };
	return !(r->n & (r->n - 1));
}

static inline bool kill_here(pid_t pid, struct kill_run *r)
{
	struct __ptrace_syscall_info x;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(x), &x) <= 0)
		fail_msg("the calls of a child cannot be seen");
	if (x.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	for (size_t i = 0; i < sizeof(kill_call) / sizeof(*kill_call); i++)
		if ((long)x.entry.nr == kill_call[i])
			return kill_counts(r, x.entry.nr, x.entry.args[0]);
	return (long)x.entry.nr == SYS_openat && x.entry.args[2] & O_CREAT;
}

static inline pid_t kill_start(void (*fn)(void *arg), void *arg)
{
	int st;
	pid_t pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFSTOPPED(st));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	return pid;
}

/* fn in a process of its own. False: it was killed before its n-th such call; true: it came to its end. */
static inline bool kill_before(int n, void (*fn)(void *arg), void *arg)
{
	int st, deliver = 0;
	struct kill_run run = { 0 };
	pid_t pid = kill_start(fn, arg);
	for (;;) {
		ptrace(PTRACE_SYSCALL, pid, NULL, deliver);
		assert_int_equal(waitpid(pid, &st, 0), pid);
		if (WIFEXITED(st) && !WEXITSTATUS(st))
			return true;
		if (!WIFSTOPPED(st))
			fail_msg("it ended with %#x", st);
		deliver = WSTOPSIG(st) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(st);
		if (deliver || !kill_here(pid, &run) || --n)
			continue;
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &st, 0), pid);
		return false;
	}
}

#endif
