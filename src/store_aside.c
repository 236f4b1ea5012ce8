#include "store_p.h"
#define LOG_MODULE "store"
#include "log.h"

#define ASIDE_KB 2000	/* the tree of the texts of 100,000 tasks, without its leaves, and as much again */

static bool is_large(const struct store *s)
{
	sqlite3_file *f = NULL;
	sqlite3_int64 size = 0;

	return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK &&
		f->pMethods &&
		f->pMethods->xFileSize(f, &size) == SQLITE_OK && size > (sqlite3_int64)s->cache * 1024;
}

static bool open_aside(struct store *s)
{
	const struct store_options o = { .read_only = true, .cache = ASIDE_KB };

	if (!s->aside && store_open(sqlite3_db_filename(s->db, "main"), &o, &s->aside))
		log_warn("event=no-connection-aside");
	return s->aside;
}

/* A snapshot begins with its first read. */
static bool begin(struct store *a)
{
	AUTO_Q q = q_get(a, SQL_ASIDE, 0, "SELECT 1 FROM sqlite_schema");

	return store_hold(a) && q_row(&q);
}

/* Nobody has committed since before either began: so both began with the same. */
struct store *aside_of(struct store *s)
{
	if (!s->held)
		return s;
	if (s->aside && s->aside->held)
		return s->aside;
	if (s->sized == s->snapshot)
		return s;
	s->sized = s->snapshot;
	if (!is_large(s) || !open_aside(s))
		return s;
	if (begin(s->aside) && store_is_latest(s))
		return s->aside;
	store_rest(s->aside);
	return s;
}
