#include "store_p.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define LOG_MODULE "store"
#include "log.h"

#define OPENED "open %ju"	/* in the seal, while somebody has it open: the file's number */

static atomic_bool met;		/* this process met damage: it seals nothing any more */

void check_met_damage(void)
{
	if (!atomic_exchange(&met, true))
		log_err("the database is damaged; next: remindfs umount, then remindfs mount sets it aside "
			"and keeps what was not sent");
}

/* How the file looks from outside: whoever wrote to it, or put another in its place, changed that. */
struct look {
	char text[128];
};

static enum err look_at(const char *path, struct look *out)
{
	AUTO_FREE char *wal = NULL;
	struct stat st;
	if (asprintf(&wal, "%s-wal", path) < 0) {
		wal = NULL;
		return ERR_NOMEM;
	}
	if (!access(wal, F_OK) || stat(path, &st))
		return ERR_NOENT;
	snprintf(out->text, sizeof(out->text), "%ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)st.st_ino,
		(intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		(intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return ERR_OK;
}

static int open_seal(const char *path, int flags)
{
	AUTO_FREE char *seal = NULL;
	if (asprintf(&seal, "%s.seal", path) < 0) {
		seal = NULL;
		return -1;
	}
	return open(seal, flags | O_CLOEXEC, 0600);
}

void store_seal(const char *path)
{
	struct look now = { 0 };
	int fd = open_seal(path, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0)
		return;
	if (!met && !look_at(path, &now) && write(fd, now.text, strlen(now.text)) < 0)
		log_warn("seal errno=%d", errno);	/* the next start looks at every page */
	close(fd);
}

bool check_sealed(const char *path)
{
	struct look now, then = { 0 };
	int fd = open_seal(path, O_RDONLY);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, then.text, sizeof(then.text) - 1);
	close(fd);
	return n > 0 && !look_at(path, &now) && !strcmp(now.text, then.text);
}

/* A process that was killed leaves its log; one that is missing was taken away. */
bool check_complete(const char *path)
{
	AUTO_FREE char *wal = NULL;
	struct stat st;
	uintmax_t ino = 0;
	char text[32] = "";
	int fd = open_seal(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (asprintf(&wal, "%s-wal", path) < 0) {
		wal = NULL;
		return false;
	}
	return check_sealed(path) ||
		(n > 0 && sscanf(text, OPENED, &ino) == 1 && !stat(path, &st) && st.st_ino == ino &&
		!access(wal, F_OK));
}

void check_opened(const char *path)
{
	struct stat st;
	int fd = open_seal(path, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0)
		return;
	if (stat(path, &st) || dprintf(fd, OPENED "\n", (uintmax_t)st.st_ino) < 0 || fsync(fd))
		log_warn("seal errno=%d", errno);	/* the next start trusts nothing */
	close(fd);
}

/* Those that are on no side: of a copy, join.c finds out. The key is the sync's to make. */
enum err check_doubt(struct store *s)
{
	static const char text[] =
		"INSERT INTO link(task, side, away, gone, sent_at, synced_at, base_title, base_status, "
		"base_priority, base_due,"
		" base_details) SELECT task.id, side, 0, 0, 0, 0, title, status, priority, due, details"
		" FROM outbox"
		" JOIN task ON task.id = outbox.task JOIN body ON body.task = task.id WHERE gone IN (0, 2)"
		" AND born >> side & 1 AND NOT EXISTS (SELECT 1 FROM link WHERE link.task = task.id)";
	int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
	if (rc == SQLITE_OK && sqlite3_changes64(s->db))
		log_warn("event=log-lost creates-in-doubt=%lld", (long long)sqlite3_changes64(s->db));
	return rc == SQLITE_OK ? ERR_OK : sql_err(s->db, rc, "doubt");
}

static enum err look(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	bool ok = rc == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(st, 0), "ok");
	if (rc == SQLITE_ROW && !ok)
		log_err("quick_check: %s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return rc != SQLITE_ROW ? sql_err(s->db, rc, "check") : ok ? ERR_OK : ERR_CORRUPT;
}

/* A page that could not be read once is no damage yet. */
enum err check_pages(struct store *s)
{
	enum err e = look(s);
	return e == ERR_CORRUPT ? look(s) : e;
}
