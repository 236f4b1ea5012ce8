#include "store_p.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define LOG_MODULE "store"
#include "log.h"

/*
 * Look at the file before SQLite makes files beside it, and through SQLite's own descriptor: closing another
 * one would drop the locks of every connection this process has (fcntl), and the next process to leave would
 * take the log away. Numbers: SQLite's file format.
 */
static enum err check_head(sqlite3 *db)
{
	unsigned char head[100];
	sqlite3_file *f = NULL;
	int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
	sqlite3_int64 size = 0;
	if (rc == SQLITE_OK)
		rc = f->pMethods->xFileSize(f, &size);
	if (rc == SQLITE_OK && !size)	/* ours, from a start that was cut short */
		return ERR_OK;
	if (rc == SQLITE_OK)
		rc = f->pMethods->xRead(f, head, sizeof(head), 0);
	if (rc != SQLITE_OK)
		return rc == SQLITE_IOERR_SHORT_READ ? ERR_CORRUPT : ERR_IO;
	if (memcmp(head, "SQLite format 3", 16))
		return ERR_CORRUPT;
	uint32_t version = big_endian(head + 60), application = big_endian(head + 68);
	/* without a version: still in the log, see version_of */
	if (version && application != SCHEMA_APPLICATION)
		return ERR_CORRUPT;
	return version > (uint32_t)schema_version ? ERR_NEWER : ERR_OK;
}

void sync_dir(const char *path)
{
	AUTO_FREE char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	if (slash)
		slash[slash == dir] = '\0';
	int fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fsync(fd))
		log_warn("fsync of the directory errno=%d", errno);
	close(fd);
}

enum err errno_err(void)
{
	return errno == ENOENT ? ERR_NOENT : errno == ENOMEM ? ERR_NOMEM :
		errno == ENOSPC || errno == EDQUOT ? ERR_NOSPC :
		errno == EACCES || errno == EPERM || errno == EROFS ? ERR_PERM : ERR_IO;
}

#define AS_TEXT_(x) #x
#define AS_TEXT(x) AS_TEXT_(x)

static enum err make_empty(const char *path)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA page_size = " AS_TEXT(DB_PAGE) ";PRAGMA journal_mode = WAL",
			NULL, NULL, NULL);
	enum err e = rc == SQLITE_OK ? ERR_OK : sql_err(db, rc, "create");
	sqlite3_close(db);
	return e;
}

/* Made under another name and closed before it gets its own: nobody can hold a lock on it that our close
 * would drop. */
static enum err make_file(const char *path)
{
	AUTO_FREE char *draft = NULL;
	if (asprintf(&draft, "%s.XXXXXX", path) < 0) {
		draft = NULL;
		return ERR_NOMEM;
	}
	int fd = mkostemp(draft, O_CLOEXEC);
	if (fd < 0)
		return errno_err();
	close(fd);
	enum err e = make_empty(draft);
	if (!e && link(draft, path) && errno != EEXIST)
		e = errno_err();
	unlink(draft);
	sync_dir(path);
	return e;
}

/* It is there, a file, and ours alone. */
static enum err check_file(const char *path, bool create)
{
	struct stat st;
	if (create && access(path, F_OK) && errno == ENOENT)
		TRY(make_file(path));
	if (stat(path, &st))
		return errno_err();
	if (!S_ISREG(st.st_mode))
		return ERR_CORRUPT;
	return st.st_mode & (S_IRWXG | S_IRWXO) ? ERR_PERM : ERR_OK;
}

/* One look at both, as another may be making it: what has no version yet and is not empty is somebody
 * else's. */
static enum err version_of(sqlite3 *db, int *out)
{
	static const char text[] = "SELECT user_version, (SELECT count(*) FROM sqlite_schema)"
		" FROM pragma_user_version";
	sqlite3_stmt *st = NULL;
	bool ours = true;
	int rc = sqlite3_prepare_v2(db, text, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*out = sqlite3_column_int(st, 0);
		ours = *out || !sqlite3_column_int(st, 1);
	}
	sqlite3_finalize(st);
	return rc != SQLITE_ROW ? sql_err(db, rc, "version") : ours ? ERR_OK : ERR_CORRUPT;
}

/*
 * No mmap: its pages would count as the mount's memory, and a disk error would be a SIGBUS instead of ERR_IO.
 * secure_delete is off because the file is private anyway; some builds of SQLite switch it on.
 */
static enum err configure(struct store *s, const struct store_options *o)
{
	static const char pragmas[] =
		"PRAGMA foreign_keys = ON;PRAGMA trusted_schema = OFF;"
		"PRAGMA secure_delete = OFF;"
		"PRAGMA temp_store = MEMORY;"
		"PRAGMA journal_size_limit = 16777216;";
	char cache[64];
	snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%u", s->cache);
	int rc = sqlite3_exec(s->db, pragmas, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, cache, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_autocheckpoint(s->db, o->grown ? LOG_TOO_LONG : LOG_ALONE);
	if (rc == SQLITE_OK && o->read_only)
		rc = sqlite3_exec(s->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
	if (rc == SQLITE_OK && !o->read_only)
		rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, o->durable ? "PRAGMA synchronous = FULL" :
			"PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : sql_err(s->db, rc, "configure");
}

static enum err open_db(struct store *s, const char *path, const struct store_options *o)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, version = 0;
	bool check = o->check && !check_sealed(path), whole = !o->check || check_complete(path);
	int rc = sqlite3_open_v2(path, &s->db, flags, NULL);
	if (rc != SQLITE_OK)
		return sql_err(s->db, rc, "open");
	TRY(check_head(s->db));
	sqlite3_busy_handler(s->db, store_busy, s);
	/* A newer program's log must not be folded into its database by us. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	TRY(version_of(s->db, &version));
	if (version > schema_version)
		return ERR_NEWER;
	if (o->read_only && version < schema_version)
		return version ? ERR_BUSY : ERR_NOENT;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	TRY(configure(s, o));
	if (check)
		TRY(check_pages(s));
	TRY(schema_migrate(s->db, version));
	if (!whole)
		TRY(check_doubt(s));
	if (o->check)
		check_opened(path);
	if (!o->read_only)
		wal_attach(s);
	return tx_prepare(s);
}

/* SQLite counts its memory under one lock for all threads, and nobody asks. */
static void count_nothing(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum err store_open(const char *path, const struct store_options *o, struct store **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	*out = NULL;
	pthread_once(&once, count_nothing);
	TRY(check_file(path, !o->read_only));
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	s->changed = o->changed;
	s->outbox = o->outbox;
	s->grown = o->grown;
	s->read_only = o->read_only;
	s->patient = o->durable || o->patient;
	s->cache = o->cache ? o->cache : 8000;
	enum err e = open_db(s, path, o);
	if (e)
		store_close(s);
	else
		*out = s;
	return e;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_close(s->aside);
	for (int f = 0; f < SQL_FILES; f++)
		for (int i = 0; i < SQL_MAX; i++)
			sqlite3_finalize(s->stmt[f][i]);
	sqlite3_close(s->db);
	free(s);
}
