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
