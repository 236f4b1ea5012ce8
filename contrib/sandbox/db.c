#include "db.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sf_meta.h"
#include "text.h"

static sqlite3 *db;

/* Salesforce's own objects are made from the field tables in sf_meta.c; these are the rest.
 * A person is one row whichever system asks: Contact and Lead are views of it. */
static const char schema[] =
	"CREATE TABLE IF NOT EXISTS person(sc_id INTEGER PRIMARY KEY, Id TEXT UNIQUE, Type TEXT, "
	" FirstName TEXT COLLATE NOCASE, LastName TEXT COLLATE NOCASE, Name TEXT COLLATE NOCASE, "
	" Email TEXT COLLATE NOCASE, CreatedDate TEXT, LastModifiedDate TEXT, SystemModstamp TEXT, "
	" IsDeleted INTEGER DEFAULT 0);"
	"CREATE VIEW IF NOT EXISTS Contact AS SELECT * FROM person WHERE Type = 'Contact';"
	"CREATE VIEW IF NOT EXISTS Lead AS SELECT * FROM person WHERE Type = 'Lead';"
	"CREATE TABLE IF NOT EXISTS sc_user(id INTEGER PRIMARY KEY, salesforce_id TEXT UNIQUE, name TEXT, "
	" email TEXT, time_zone TEXT);"
	"CREATE TABLE IF NOT EXISTS sc_task(id INTEGER PRIMARY KEY AUTOINCREMENT, owner INTEGER, revision "
	"INTEGER,"
	" type TEXT, name TEXT, status TEXT, priority TEXT, due_date TEXT, details TEXT, person INTEGER,"
	" campaign_name TEXT, campaign_day INTEGER, campaign_step INTEGER, created_at INTEGER,"
	" updated_at INTEGER, completed_at INTEGER, deleted_at INTEGER);"
	"CREATE INDEX IF NOT EXISTS sc_changed ON sc_task(owner, updated_at, id);"
	"CREATE TABLE IF NOT EXISTS sc_idempotency(key TEXT PRIMARY KEY, body TEXT, task INTEGER, at "
	"INTEGER);"
	"CREATE TABLE IF NOT EXISTS mirror_pair(sc INTEGER PRIMARY KEY, sf TEXT UNIQUE, name TEXT, status TEXT, priority TEXT,"
	" due_date TEXT, details TEXT, Subject TEXT, sf_status TEXT, sf_priority TEXT, ActivityDate TEXT, Description TEXT);"
	"CREATE TABLE IF NOT EXISTS deleted_log(id TEXT, object TEXT, at TEXT);"
	"CREATE TABLE IF NOT EXISTS locator(id TEXT PRIMARY KEY, soql TEXT, ids TEXT, at INTEGER);"
	"CREATE TABLE IF NOT EXISTS token(token TEXT PRIMARY KEY, kind TEXT, family TEXT, user TEXT,"
	" expires INTEGER, fixed INTEGER DEFAULT 0, dead INTEGER DEFAULT 0);"
	"CREATE TABLE IF NOT EXISTS auth_code(code TEXT PRIMARY KEY, client TEXT, redirect TEXT, challenge "
	"TEXT,"
	" user TEXT, at INTEGER);"
	"CREATE TABLE IF NOT EXISTS event(replay INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER, kind TEXT, task TEXT,"
	" owner TEXT, fields TEXT);"
	"CREATE TABLE IF NOT EXISTS cometd(client TEXT PRIMARY KEY, cookie TEXT, user TEXT, seen INTEGER,"
	" ticket INTEGER);"
	"CREATE TABLE IF NOT EXISTS cometd_subscription(client TEXT, channel TEXT, sent INTEGER,"
	" PRIMARY KEY(client, channel));"
	"DELETE FROM cometd;"
	"CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY AUTOINCREMENT, system TEXT, method TEXT, "
	"path TEXT,"
	" query TEXT, status INTEGER, body TEXT, writes INTEGER, fault TEXT);"
	"CREATE TABLE IF NOT EXISTS counter(name TEXT PRIMARY KEY, value INTEGER);";

static const char later[] =
	"CREATE INDEX IF NOT EXISTS task_owner ON Task(OwnerId, SystemModstamp, Id);"
	"CREATE INDEX IF NOT EXISTS task_stamp ON Task(SystemModstamp, Id);"
	"CREATE INDEX IF NOT EXISTS task_created ON Task(CreatedById, CreatedDate);"
	"CREATE INDEX IF NOT EXISTS task_external ON Task(remindfs_id__c) WHERE remindfs_id__c IS NOT NULL;"
	"CREATE VIEW IF NOT EXISTS who AS SELECT Id, Name, FirstName, LastName, Email, Type, NULL AS "
	"Username FROM person;"
	"CREATE VIEW IF NOT EXISTS owner AS SELECT Id, Name, FirstName, LastName, Email, 'User' AS Type, "
	"Username FROM User;";

static void must(int rc, const char *what)
{
	if (rc == SQLITE_OK)
		return;
	fprintf(stderr, "sandbox: sqlite: %s: %s\n", sqlite3_errmsg(db), what);
	exit(1);
}

void db_open(const char *path)
{
	must(sqlite3_open(path, &db), path);
	must(sqlite3_exec(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA temp_store=MEMORY",
		     NULL, NULL, NULL),
		"pragma");
	must(sqlite3_exec(db, schema, NULL, NULL, NULL), "schema");
	for (const struct sf_object *o = sf_objects; o->name; o++)
		if (o->own_table)
			must(sqlite3_exec(db, sf_create_table(o), NULL, NULL, NULL), o->name);
	must(sqlite3_exec(db, later, NULL, NULL, NULL), "schema");
}

void db_close(void)
{
	/* Statements kept for ever by their users (sf_task.c) end here. */
	for (sqlite3_stmt *st; (st = sqlite3_next_stmt(db, NULL)) != NULL;)
		sqlite3_finalize(st);
	sqlite3_close(db);
}

sqlite3_stmt *db_prepare(const char *sql)
{
	sqlite3_stmt *st;

	must(sqlite3_prepare_v2(db, sql, -1, &st, NULL), sql);
	return st;
}

static sqlite3_stmt *bound(const char *sql, const char *types, va_list ap)
{
	sqlite3_stmt *st = db_prepare(sql);

	for (int i = 1; *types; types++, i++) {
		if (*types == 's')
			must(sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT), sql);
		else
			must(sqlite3_bind_int64(st, i, va_arg(ap, int64_t)), sql);
	}
	return st;
}

sqlite3_stmt *db_query(const char *sql, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = bound(sql, types, ap);

	va_end(ap);
	return st;
}

bool db_row(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		must(rc, sqlite3_sql(st));
	return rc == SQLITE_ROW;
}

const char *db_column(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

void db_run(const char *sql, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = bound(sql, types, ap);

	va_end(ap);
	while (db_row(st))
		;
	sqlite3_finalize(st);
}

char *db_text(const char *sql, const char *types, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, types);
	sqlite3_stmt *st = bound(sql, types, ap);

	va_end(ap);
	if (db_row(st))
		text = keep(db_column(st, 0));
	sqlite3_finalize(st);
	return text;
}

int64_t db_int(const char *sql, const char *types, ...)
{
	va_list ap;
	int64_t value = 0;

	va_start(ap, types);
	sqlite3_stmt *st = bound(sql, types, ap);

	va_end(ap);
	if (db_row(st))
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}
