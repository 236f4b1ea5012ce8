#include "store_p.h"
#include <stdio.h>
#define LOG_MODULE "store"
#include "log.h"

/*
 * Entry n takes a database from user_version n to n + 1. An entry that was released is never edited.
 *
 * task holds what a listing needs, body what only a reader of the file needs: a listing of 100,000 tasks must
 * not walk over their details. gone is enum gone; names are unique among what is visible or parked (0, 2).
 */
static const char *const migration[] = {
	"PRAGMA application_id = 1919772275;"	/* SCHEMA_APPLICATION */
	"CREATE TABLE task("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" gone INTEGER NOT NULL DEFAULT 0,"
	" name TEXT NOT NULL,"
	" status TEXT NOT NULL,"
	" priority TEXT NOT NULL,"
	" due TEXT,"
	" draft_line INTEGER,"		/* NULL: no draft */
	" size INTEGER NOT NULL,"	/* of what is served, exactly */
	" created_at INTEGER NOT NULL,"
	" changed_at INTEGER NOT NULL,"
	" title TEXT NOT NULL,"
	" person TEXT, email TEXT, sc_person TEXT, sf_who TEXT,"
	" type TEXT, campaign TEXT, campaign_day TEXT, campaign_step TEXT,"
	" born INTEGER NOT NULL,"
	" made_by INTEGER NOT NULL,"
	" gone_at INTEGER NOT NULL DEFAULT 0,"
	" gone_by INTEGER NOT NULL DEFAULT 0,"
	" revive_until INTEGER NOT NULL DEFAULT 0,"
	" num INTEGER NOT NULL,"
	" stem TEXT NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX task_name ON task(name) WHERE gone IN (0, 2);"
	"CREATE INDEX task_stem ON task(stem, num) WHERE gone IN (0, 2);"
	"CREATE INDEX task_gone ON task(name) WHERE gone IN (1, 2);"
	"CREATE INDEX task_status ON task(status) WHERE gone = 0;"
	"CREATE INDEX task_due ON task(due, created_at);"
	"CREATE INDEX task_draft ON task(id) WHERE draft_line IS NOT NULL;"

	"CREATE TABLE body("
	" task INTEGER PRIMARY KEY REFERENCES task(id),"
	" details TEXT,"
	" text BLOB,"			/* the user's own bytes; NULL: rendered */
	" draft BLOB,"
	" draft_msg TEXT"
	") STRICT;"

	"CREATE TABLE alias("
	" name TEXT PRIMARY KEY,"
	" task INTEGER NOT NULL REFERENCES task(id),"
	" used_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE side("
	" side INTEGER PRIMARY KEY,"
	" is_on INTEGER NOT NULL DEFAULT 0,"
	" enabled_at INTEGER NOT NULL DEFAULT 0,"
	" tried_at INTEGER NOT NULL DEFAULT 0,"
	" ok_at INTEGER NOT NULL DEFAULT 0,"
	" err INTEGER NOT NULL DEFAULT 0,"
	" message TEXT NOT NULL DEFAULT '',"
	" done INTEGER NOT NULL DEFAULT 0,"
	" total INTEGER NOT NULL DEFAULT 0,"
	" left_out INTEGER NOT NULL DEFAULT -1"
	") STRICT;"
	"INSERT INTO side(side) VALUES(1), (2);"

	"CREATE TABLE link("
	" id INTEGER PRIMARY KEY,"
	" task INTEGER NOT NULL REFERENCES task(id),"
	" side INTEGER NOT NULL REFERENCES side(side),"
	" away INTEGER NOT NULL,"
	" gone INTEGER NOT NULL,"
	" rid TEXT,"
	" once TEXT,"
	" sent_at INTEGER NOT NULL,"
	" synced_at INTEGER NOT NULL,"
	" version TEXT,"
	" url TEXT,"
	" raw_title TEXT, raw_status TEXT, raw_priority TEXT, raw_due TEXT, raw_details TEXT,"
	" base_title TEXT, base_status TEXT, base_priority TEXT, base_due TEXT, base_details TEXT"
	") STRICT;"
	"CREATE UNIQUE INDEX link_task ON link(task, side);"
	"CREATE UNIQUE INDEX link_rid ON link(side, rid) WHERE rid IS NOT NULL;"
	"CREATE INDEX link_doubt ON link(side, task) WHERE rid IS NULL;"

	/* seq is never used twice: what was taken with one can be told from what was edited since. */
	"CREATE TABLE outbox("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" task INTEGER NOT NULL REFERENCES task(id),"
	" side INTEGER NOT NULL REFERENCES side(side),"
	" since INTEGER NOT NULL,"
	" wait INTEGER NOT NULL,"	/* ms from since; below 0: refused */
	" tries INTEGER NOT NULL DEFAULT 0,"
	" err INTEGER NOT NULL DEFAULT 0,"
	" message TEXT NOT NULL DEFAULT ''"
	") STRICT;"
	"CREATE UNIQUE INDEX outbox_task ON outbox(task, side);"

	"CREATE TABLE feed("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" task INTEGER NOT NULL,"
	" by INTEGER NOT NULL,"
	" what INTEGER NOT NULL,"
	" fields INTEGER NOT NULL,"
	" was_name TEXT NOT NULL,"
	" was_open INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" open INTEGER NOT NULL,"
	" was_due TEXT,"
	" due TEXT"
	") STRICT;"

	"CREATE TABLE history("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" at INTEGER NOT NULL,"
	" task INTEGER NOT NULL REFERENCES task(id),"
	" by INTEGER NOT NULL,"
	" field INTEGER NOT NULL,"
	" was TEXT,"
	" is_now TEXT"
	") STRICT;"
	"CREATE INDEX history_task ON history(task, field);"

	"CREATE TABLE conflict("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" task INTEGER NOT NULL REFERENCES task(id),"
	" side INTEGER NOT NULL,"
	" at INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX conflict_task ON conflict(task);"
	"CREATE TABLE version("		/* role: 0 base, 1 mine, 2 theirs */
	" conflict INTEGER NOT NULL REFERENCES conflict(id) ON DELETE CASCADE,"
	" role INTEGER NOT NULL,"
	" title TEXT, status TEXT, priority TEXT, due TEXT, details TEXT,"
	" PRIMARY KEY(conflict, role)"
	") STRICT;"

	"CREATE TABLE scratch("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" open INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" is_link INTEGER NOT NULL,"
	" mode INTEGER NOT NULL,"
	" size INTEGER NOT NULL,"
	" changed_at INTEGER NOT NULL,"
	" task INTEGER NOT NULL,"	/* 0: none */
	" text BLOB NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX scratch_name ON scratch(open, name);"
	"CREATE INDEX scratch_task ON scratch(task) WHERE task <> 0;"

	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",

	/* D6: deletions told by a remote are judged together; enum doom. */
	"ALTER TABLE link ADD COLUMN doom INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX link_doom ON link(side, task) WHERE doom <> 0;",

	/* scratch.open is enum scratch_place: 2 holds the templates. These to begin with. */
	"INSERT INTO scratch(open, name, is_link, mode, size, changed_at, task, text)"
	" SELECT 2, column1, 0, 420, length(column2), 1795651200000, 0, CAST(column2 AS BLOB)"
	" FROM (VALUES('call.txt', 'Title:\nPriority: Normal\nDue: +1d\nType: Call\n\nGoal:\nAsk:\nNext "
	"step:\n'),"
	" ('demo.txt', 'Title:\nPriority: High\nDue: +1w\n\nAudience:\nWhat to show:\n- send the invitation\n"
	"- the day before: check the link\n'));",

	/* Records that were one task in a database that was set aside; both ways. */
	"CREATE TABLE pair("
	" side INTEGER NOT NULL,"
	" rid TEXT NOT NULL,"
	" partner TEXT NOT NULL,"
	" PRIMARY KEY(side, rid)"
	") STRICT, WITHOUT ROWID;",

	/* What store_search.c says; words has a row a task, with its id. */
	"CREATE VIRTUAL TABLE words USING fts5(title, person, details, "
	"tokenize = 'unicode61 remove_diacritics 2');"
	"CREATE TABLE digest("
	" task INTEGER PRIMARY KEY,"
	" person INTEGER,"
	" open INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX digest_person ON digest(person, open);"
	"CREATE TABLE person("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" who TEXT NOT NULL,"
	" email TEXT NOT NULL,"
	" name TEXT NOT NULL UNIQUE,"
	" UNIQUE(who, email)"
	") STRICT;"
	"CREATE TABLE search("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" query TEXT NOT NULL UNIQUE,"
	" made_at INTEGER NOT NULL"
	") STRICT;",

	/* D6: so are completions; with a doom: what it is of. */
	"ALTER TABLE link ADD COLUMN completed INTEGER NOT NULL DEFAULT 0;",

	/* store_reserve: there is a number to begin at. */
	"INSERT INTO sqlite_sequence(name, seq) SELECT 'task', 0"
	" WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'task');",

	/* Who made the record: perhaps another mount of the account, see join.c. */
	"ALTER TABLE link ADD COLUMN by_me INTEGER NOT NULL DEFAULT 0;",

	/* The trash ages by store_trash_age, meta "lived": what was deleted, was before it showed this. */
	"ALTER TABLE task ADD COLUMN gone_lived INTEGER NOT NULL DEFAULT 0;",

	/* A plain list takes its names from task_status alone; gone is in it so that SQLite sees that. */
	"DROP INDEX task_status;"
	"CREATE INDEX task_status ON task(status, gone, id, name) WHERE gone = 0;",

	/* An update whose answer is lost: what comes from there may be our own word (D1). */
	"ALTER TABLE link ADD COLUMN in_doubt INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE link ADD COLUMN sent_title TEXT;"
	"ALTER TABLE link ADD COLUMN sent_status TEXT;"
	"ALTER TABLE link ADD COLUMN sent_priority TEXT;"
	"ALTER TABLE link ADD COLUMN sent_due TEXT;"
	"ALTER TABLE link ADD COLUMN sent_details TEXT;",

	/* store_echoed: whose subject is that, where it is not the name? */
	"CREATE INDEX link_subject ON link(raw_title) WHERE raw_title IS NOT NULL;",

	/* The pair may be two tasks: a deletion does not pass over it, see apart.h. */
	"ALTER TABLE link ADD COLUMN guess INTEGER NOT NULL DEFAULT 0;",

	/* store_uncross: which records show the same? */
	"CREATE INDEX link_shown ON link(side, ifnull(raw_title, base_title), base_due);",

	/* store_key.c: which titles of a date are part of a text? What but a title is in a subject? */
	"CREATE INDEX task_key ON task(due, iif(replace(title || '/' || ifnull(type, '')"
	" || '/' || ifnull(campaign, '') || '/' || ifnull(campaign_day, '')"
	" || '/' || ifnull(campaign_step, ''), '        ', char(1))"
	" GLOB '*[' || char(1) || '-' || char(31) || char(133, 8232, 8233) || ']*', '', trim(title)));"
	"CREATE INDEX task_facts ON task(due, quote(type) || quote(campaign) || quote(campaign_day)"
	" || quote(campaign_step)) WHERE type IS NOT NULL OR campaign IS NOT NULL OR campaign_day IS NOT NULL"
	" OR campaign_step IS NOT NULL;",

	/* What was made after a record was deleted is no copy of that, see apart.h. */
	"ALTER TABLE link ADD COLUMN made_at INTEGER NOT NULL DEFAULT 0;",

	/* Taken back as a new task: the old one's deletion is sent first, see IS_SECOND. */
	"ALTER TABLE task ADD COLUMN instead_of INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX task_instead_of ON task(instead_of) WHERE instead_of <> 0;",

	/* What was made after that is no copy of it, see apart_is_later. */
	"ALTER TABLE link ADD COLUMN gone_at INTEGER NOT NULL DEFAULT 0;",

	/* So that a field which has no history says what it was made with, see like_later. */
	"ALTER TABLE link ADD COLUMN as_made INTEGER NOT NULL DEFAULT 0;",

	/* store_namesakes: who had that title? */
	"CREATE INDEX history_name ON history(was) WHERE field = 0;",
};
const int schema_version = sizeof(migration) / sizeof(*migration);

static enum err run(sqlite3 *db, const char *sql)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : sql_err(db, rc, "migrate");
}

static enum err migrate_locked(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	int version = rc == SQLITE_ROW ? sqlite3_column_int(st, 0) : -1;
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW)
		return sql_err(db, rc, "migrate");
	if (version > schema_version)	/* a newer program was quicker */
		return ERR_NEWER;
	for (; version < schema_version; version++) {
		char mark[64];
		snprintf(mark, sizeof(mark), "PRAGMA user_version = %d", version + 1);
		TRY(run(db, migration[version]));
		TRY(run(db, mark));
		log_info("migrated version=%d", version + 1);
	}
	return run(db, "COMMIT");
}

enum err schema_migrate(sqlite3 *db, int version)
{
	if (version == schema_version)
		return ERR_OK;
	TRY(run(db, "BEGIN IMMEDIATE"));
	enum err e = migrate_locked(db);
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return e;
}
