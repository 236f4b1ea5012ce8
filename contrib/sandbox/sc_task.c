#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "db.h"
#include "sc.h"
#include "sf_meta.h"

#define TOMBSTONE_DAYS 30
#define IDEMPOTENCY_DAYS 7

/* The columns of sc_task, in order; a row in memory is their values as stored. */
enum column {
	ID,
	OWNER,
	REVISION,
	TYPE,
	NAME,
	STATUS,
	PRIORITY,
	DUE,
	DETAILS,
	PERSON,
	C_NAME,
	C_DAY,
	C_STEP,
	CREATED,
	UPDATED,
	COMPLETED,
	DELETED,
	COLUMNS
};

struct row {
	const char *v[COLUMNS];
};

static bool fail(struct sc_error *e, const char *field, const char *message)
{
	*e = (struct sc_error){ 422, "validation_failed", fmt("%s %s", field, message), field };
	return false;
}

/* --- one JSON member into one column --- */

struct member {
	const char *name;
	enum column column;
	bool (*take)(const struct member *, const cJSON *, struct row *, struct sc_error *);
	size_t max; /* characters */
	const char *const *listed;
	bool required, world_only;
};

static bool take_text(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	if (cJSON_IsNull(v) && !m->required) {
		r->v[m->column] = NULL;
		return true;
	}
	if (!cJSON_IsString(v))
		return fail(e, m->name, "is not text");
	if (m->required && !*trim_end(v->valuestring))
		return fail(e, m->name, "can't be blank");
	if (utf8_length(v->valuestring) > m->max)
		return fail(e, m->name, fmt("is too long (maximum is %zu characters)", m->max));
	r->v[m->column] = *v->valuestring ? keep(v->valuestring) : NULL;
	return true;
}

static bool take_listed(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	for (const char *const *l = m->listed; cJSON_IsString(v) && *l; l++)
		if (strcmp(*l, v->valuestring) == 0) {
			r->v[m->column] = *l;
			return true;
		}
	return fail(e, m->name, "is not included in the list");
}

static bool take_date(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	int64_t ms;

	if (!cJSON_IsNull(v) && !(cJSON_IsString(v) && date_parse(v->valuestring, &ms)))
		return fail(e, m->name, "is not a date");
	r->v[m->column] = cJSON_IsNull(v) ? NULL : keep(v->valuestring);
	return true;
}

static bool take_time(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	int64_t ms = 0;

	if (!cJSON_IsNull(v) && !(cJSON_IsString(v) && time_parse(v->valuestring, &ms)))
		return fail(e, m->name, "is not a time");
	r->v[m->column] = cJSON_IsNull(v) ? NULL : fmt("%lld", (long long)ms);
	return true;
}

static bool take_number(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	if (!cJSON_IsNumber(v))
		return fail(e, m->name, "is not a number");
	r->v[m->column] = fmt("%.0f", v->valuedouble);
	return true;
}

static bool take_person(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	int64_t id = cJSON_IsNull(v) ? 0 : sc_person(v, true);

	if (!cJSON_IsNull(v) && !id)
		return fail(e, m->name, "must exist");
	r->v[PERSON] = id ? fmt("%lld", (long long)id) : NULL;
	return true;
}

static bool take_campaign(const struct member *m, const cJSON *v, struct row *r, struct sc_error *e)
{
	static const struct {
		const char *name;
		enum column column;
	} parts[] = { { "name", C_NAME }, { "day", C_DAY }, { "step", C_STEP } };

	if (!cJSON_IsNull(v) && !cJSON_IsObject(v))
		return fail(e, m->name, "is not an object");
	for (size_t i = 0; i < 3; i++) {
		const cJSON *part = cJSON_GetObjectItemCaseSensitive(v, parts[i].name);

		r->v[parts[i].column] = cJSON_IsString(part)   ? keep(part->valuestring)
					: cJSON_IsNumber(part) ? fmt("%.0f", part->valuedouble)
							       : NULL;
	}
	return true;
}

static const char *const types[] = { "email", "call", "inmail", "custom", NULL };
static const char *const statuses[] = { "open", "complete", NULL };
static const char *const priorities[] = { "normal", "high", NULL };

static const struct member members[] = {
	{ "type", TYPE, take_listed, 0, types, true, false },
	{ "name", NAME, take_text, 255, NULL, true, false },
	{ "status", STATUS, take_listed, 0, statuses, true, false },
	{ "priority", PRIORITY, take_listed, 0, priorities, true, false },
	{ "due_date", DUE, take_date, 0, NULL, false, false },
	{ "details", DETAILS, take_text, 32000, NULL, false, false },
	{ "person", PERSON, take_person, 0, NULL, false, false },
	{ "campaign", C_NAME, take_campaign, 0, NULL, false, true },
	{ "id", ID, take_number, 0, NULL, true, true },
	{ "owner", OWNER, take_number, 0, NULL, true, true },
	{ "revision", REVISION, take_number, 0, NULL, true, true },
	{ "created_at", CREATED, take_time, 0, NULL, true, true },
	{ "updated_at", UPDATED, take_time, 0, NULL, true, true },
	{ "completed_at", COMPLETED, take_time, 0, NULL, false, true },
	{ "deleted_at", DELETED, take_time, 0, NULL, false, true },
};

/* Unknown and read-only members are ignored, as the contract says. *given has a bit for every one taken. */
static bool take_all(const cJSON *values, enum sc_how how, struct row *r, unsigned *given, struct sc_error *e)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const struct member *m = &members[i];
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(values, m->name);

		if (!v || (m->world_only && how == SC_AS_CLIENT))
			continue;
		*given |= 1u << m->column;
		if (!m->take(m, v, r, e))
			return false;
	}
	return true;
}

/* --- people --- */

static const char *text_of(const cJSON *o, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));
}

int64_t sc_person(const cJSON *p, bool may_create)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(p, "id");
	const char *sf = text_of(p, "salesforce_id"), *email = text_of(p, "email"),
		   *name = text_of(p, "name");
	int64_t found = 0;

	if (cJSON_IsNumber(id))
		return db_int("SELECT sc_id FROM person WHERE sc_id = ?", "i", (int64_t)id->valuedouble);
	if (sf && sf_id18(sf))
		found = db_int("SELECT sc_id FROM person WHERE Id = ?", "s", sf_id18(sf));
	if (!found && email && *email)
		found = db_int("SELECT sc_id FROM person WHERE Email = ?", "s", email);
	if (found || !name || !*name || !may_create)
		return found;
	db_run("INSERT INTO person(Type, Name, LastName, Email) VALUES('Contact', ?1, ?1, ?2)", "ss", name,
		email);
	return db_int("SELECT max(sc_id) FROM person", "");
}

/* --- storage --- */

static bool load(struct row *r, int64_t id)
{
	sqlite3_stmt *st = db_query("SELECT * FROM sc_task WHERE id = ?", "i", id);
	bool found = db_row(st);

	for (int i = 0; found && i < COLUMNS; i++)
		r->v[i] = keep(db_column(st, i));
	sqlite3_finalize(st);
	return found;
}

static void store(const struct row *r)
{
	static sqlite3_stmt *st;

	if (!st)
		st = db_prepare("REPLACE INTO sc_task VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	for (int i = 0; i < COLUMNS; i++)
		sqlite3_bind_text(st, i + 1, r->v[i], -1, SQLITE_STATIC);
	db_row(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

static bool same(const struct row *a, const struct row *b)
{
	for (int i = 0; i < COLUMNS; i++)
		if (!a->v[i] != !b->v[i] || (a->v[i] && strcmp(a->v[i], b->v[i]) != 0))
			return false;
	return true;
}

static void complete(struct row *r, const struct row *before, const char *now, unsigned given)
{
	bool done = strcmp(r->v[STATUS], "complete") == 0;
	bool was = before->v[STATUS] && strcmp(before->v[STATUS], "complete") == 0;

	if (done != was && !(given & 1u << COMPLETED))
		r->v[COMPLETED] = done ? now : NULL;
}

bool sc_create(const cJSON *values, int64_t owner, enum sc_how how, int64_t *id, struct sc_error *e)
{
	struct row r = { 0 }, nothing = { 0 };
	char *now = fmt("%lld", (long long)clock_now());
	unsigned given = 0;

	if (!take_all(values, how, &r, &given, e))
		return false;
	if (!r.v[NAME])
		return fail(e, "name", "can't be blank");
	const struct {
		enum column column;
		const char *value;
	} defaults[] = {
		{ OWNER, fmt("%lld", (long long)owner) },
		{ REVISION, "1" },
		{ TYPE, "custom" },
		{ STATUS, "open" },
		{ PRIORITY, "normal" },
		{ CREATED, now },
		{ UPDATED, r.v[CREATED] ? r.v[CREATED] : now },
	};

	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
		if (!r.v[defaults[i].column])
			r.v[defaults[i].column] = defaults[i].value;
	complete(&r, &nothing, r.v[UPDATED], given);
	if (!r.v[ID])
		r.v[ID] = fmt(
			"%lld", 1 + (long long)db_int("SELECT max(seq) FROM (SELECT seq FROM sqlite_sequence "
						      "WHERE name = 'sc_task' UNION SELECT 1000)",
					    ""));
	store(&r);
	*id = atoll(r.v[ID]);
	return true;
}

bool sc_update(int64_t id, const cJSON *values, enum sc_how how, struct sc_error *e)
{
	struct row r = { 0 }, before;
	char *now = fmt("%lld", (long long)clock_now());
	unsigned given = 0;

	if (!load(&r, id)) {
		*e = (struct sc_error){ 404, "not_found", keep("There is no such task"), NULL };
		return false;
	}
	before = r;
	if (!take_all(values, how, &r, &given, e))
		return false;
	r.v[ID] = before.v[ID];
	complete(&r, &before, now, given);
	/* Nothing said that was not so already: no new revision, nothing to hear about. */
	if (same(&r, &before))
		return true;
	if (!(given & 1u << REVISION))
		r.v[REVISION] = fmt("%lld", atoll(before.v[REVISION]) + 1);
	if (!(given & 1u << UPDATED))
		r.v[UPDATED] = now;
	store(&r);
	return true;
}

void sc_delete(int64_t id)
{
	db_run("UPDATE sc_task SET deleted_at = ?1, updated_at = ?1, revision = revision + 1 WHERE id = ?2",
		"ii", clock_now(), id);
}

void sc_purge(int64_t id)
{
	db_run("DELETE FROM sc_task WHERE id = ?", "i", id);
}

void sc_housekeeping(void)
{
	db_run("DELETE FROM sc_task WHERE deleted_at < ?", "i", clock_now() - TOMBSTONE_DAYS * DAY_MS);
	db_run("DELETE FROM sc_idempotency WHERE at < ?", "i", clock_now() - IDEMPOTENCY_DAYS * DAY_MS);
}

/* --- JSON --- */

#define SELECT "SELECT t.*, p.Name, p.Email, p.Id FROM sc_task t LEFT JOIN person p ON p.sc_id = t.person "

static void add_time(struct text *t, const char *name, const char *ms)
{
	char buf[TIME_TEXT];

	text_printf(t, ",\"%s\":", name);
	text_json(t, ms ? time_sc(atoll(ms), buf) : NULL);
}

static void add_row(struct text *t, sqlite3_stmt *st)
{
	static const struct {
		const char *name;
		enum column column;
	} texts[] = { { "type", TYPE }, { "name", NAME }, { "status", STATUS }, { "priority", PRIORITY },
		{ "due_date", DUE }, { "details", DETAILS } },
	  times[] = { { "created_at", CREATED }, { "updated_at", UPDATED }, { "completed_at", COMPLETED },
		  { "deleted_at", DELETED } };

	text_printf(t, "{\"id\":%s,\"revision\":%s", db_column(st, ID), db_column(st, REVISION));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		text_printf(t, ",\"%s\":", texts[i].name);
		text_json(t, db_column(st, texts[i].column));
	}
	text_add(t, ",\"person\":");
	if (db_column(st, PERSON)) {
		text_printf(t, "{\"id\":%s,\"name\":", db_column(st, PERSON));
		text_json(t, db_column(st, COLUMNS));
		text_add(t, ",\"email\":");
		text_json(t, db_column(st, COLUMNS + 1));
		text_add(t, ",\"salesforce_id\":");
		text_json(t, db_column(st, COLUMNS + 2));
		text_add(t, "}");
	} else {
		text_add(t, "null");
	}
	text_add(t, ",\"campaign\":");
	if (db_column(st, C_NAME)) {
		text_add(t, "{\"name\":");
		text_json(t, db_column(st, C_NAME));
		text_printf(t, ",\"day\":%s,\"step\":%s}",
			db_column(st, C_DAY) ? db_column(st, C_DAY) : "null",
			db_column(st, C_STEP) ? db_column(st, C_STEP) : "null");
	} else {
		text_add(t, "null");
	}
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		add_time(t, times[i].name, db_column(st, times[i].column));
}

bool sc_add(struct text *t, int64_t id)
{
	sqlite3_stmt *st = db_query(SELECT "WHERE t.id = ?", "i", id);
	bool found = db_row(st);

	if (found) {
		add_row(t, st);
		text_add(t, "}");
	}
	sqlite3_finalize(st);
	return found;
}

void sc_all(struct text *t)
{
	sqlite3_stmt *st = db_query(SELECT "ORDER BY t.id", "");

	for (bool first = true; db_row(st); first = false) {
		text_add(t, first ? "" : ",\n");
		add_row(t, st);
		text_printf(t, ",\"owner\":%s}", db_column(st, OWNER));
	}
	sqlite3_finalize(st);
}
