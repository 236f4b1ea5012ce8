#include "mirror.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "config.h"
#include "db.h"
#include "http.h"
#include "sc.h"
#include "sf.h"

#define FIELDS 5
#define SUBJECT_MAX 255 /* R27 */

enum { NAME, STATUS, PRIORITY, DUE, DETAILS };
enum { SC, SF };

/* R3: the five pairs. */
static const char *const member[2][FIELDS] = {
	{ "name", "status", "priority", "due_date", "details" },
	{ "Subject", "Status", "Priority", "ActivityDate", "Description" },
};

/* R6, R7, R9; what is not here stays where it is (R8, R10). */
static const struct {
	int field;
	const char *word[2];
} words[] = {
	{ STATUS, { "open", "Not Started" } },
	{ STATUS, { "complete", "Completed" } },
	{ PRIORITY, { "normal", "Normal" } },
	{ PRIORITY, { "high", "High" } },
};

struct record {
	const char *id;
	const char *v[FIELDS];
	const char *person; /* the Contact or Lead */
	const char *owner;  /* the other system's id of its owner */
	const char *type, *campaign[3];
	int64_t stamp, created;
	bool dead;
};

static struct {
	bool on;
	int64_t since, ticked;
} mirror;

void mirror_reset(void)
{
	mirror.on = false;
	mirror.ticked = 0;
}

/* --- reading --- */

static const char *const select_sql[2] = {
	"SELECT id, name, status, priority, due_date, details, (SELECT Id FROM person WHERE sc_id = t.person),"
	" (SELECT salesforce_id FROM sc_user WHERE id = t.owner), updated_at, created_at, deleted_at IS NOT NULL,"
	" type, campaign_name, campaign_day, campaign_step FROM sc_task t",
	"SELECT Id, Subject, Status, Priority, ActivityDate, Description, WhoId,"
	" (SELECT id FROM sc_user WHERE salesforce_id = t.OwnerId), SystemModstamp, CreatedDate, IsDeleted FROM Task t",
};

static int64_t time_of(const char *s)
{
	int64_t ms = 0;

	return time_parse(s, &ms) ? ms : atoll(s);
}

static struct record record_of(sqlite3_stmt *st)
{
	struct record r = { .id = keep(db_column(st, 0)), .person = keep(db_column(st, 6)), .owner = keep(db_column(st, 7)) };

	for (int f = 0; f < FIELDS; f++)
		r.v[f] = keep(db_column(st, 1 + f));
	r.stamp = time_of(db_column(st, 8));
	r.created = time_of(db_column(st, 9));
	r.dead = sqlite3_column_int(st, 10);
	for (int i = 0; i < 4 && sqlite3_column_count(st) > 11; i++)
		*(i ? &r.campaign[i - 1] : &r.type) = keep(db_column(st, 11 + i));
	return r;
}

/* A record that is nowhere any more is dead: it was purged. */
static struct record get(int system, const char *id)
{
	sqlite3_stmt *st = db_query(fmt("%s WHERE t.%s = ?", select_sql[system], system == SC ? "id" : "Id"), "s", id);
	struct record r = { .id = id, .dead = true };

	if (db_row(st))
		r = record_of(st);
	sqlite3_finalize(st);
	return r;
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* --- what a value is called over there --- */

static const char *value_of(const struct record *r, const char *name)
{
	static const struct {
		const char *is, *called;
	} types[] = { { "email", "Email" }, { "call", "Call" }, { "inmail", "InMail" }, { "custom", "Custom" } };

	for (size_t i = 0; i < 4 && strcasecmp(name, "activity_type") == 0; i++)
		if (same(r->type, types[i].is))
			return types[i].called;
	return strcasecmp(name, "activity_subject") == 0	? r->v[NAME]
	       : strcasecmp(name, "sales_campaign_name") == 0	? r->campaign[0]
	       : strcasecmp(name, "sales_campaign_day") == 0	? r->campaign[1]
	       : strcasecmp(name, "sales_campaign_step") == 0	? r->campaign[2]
								: NULL;
}

static const char *subject_template(void)
{
	return config.activity_detail[0] ? config.activity_detail : "{{activity_subject}}"; /* R26 */
}

/* R27 */
static const char *subject(const struct record *r)
{
	struct text t = { 0 };

	for (const char *s = subject_template(); *s;) {
		const char *end = strncmp(s, "{{", 2) == 0 ? strstr(s, "}}") : NULL;

		if (!end) {
			text_addn(&t, s++, 1);
			continue;
		}
		const char *value = value_of(r, keepn(s + 2, (size_t)(end - s) - 2));

		text_add(&t, value ? value : "");
		s = end + 2;
	}
	char *out = keep(text_str(&t));

	for (char *c = out; *c; c++)
		*c = *c == '\n' || *c == '\r' ? ' ' : *c;
	while (utf8_length(out) > SUBJECT_MAX)
		out = keepn(out, strlen(out) - 1);
	return out;
}

/* false: it does not cross. */
static bool translate(int from, int field, const struct record *r, const char **out)
{
	bool listed = field == STATUS || field == PRIORITY;

	*out = r->v[field];
	if (field == NAME && from == SC)
		*out = subject(r);
	for (size_t i = 0; listed && i < sizeof words / sizeof words[0]; i++)
		if (words[i].field == field && same(words[i].word[from], r->v[field])) {
			*out = words[i].word[!from];
			return true;
		}
	return !listed;
}

/* R24, R25 */
static bool may_rename(int to)
{
	return to == SF && strcasestr(subject_template(), "{{activity_subject}}");
}

/* --- writing --- */

static void add_value(cJSON *o, int system, int field, const char *v)
{
	cJSON_AddItemToObject(o, member[system][field], v ? cJSON_CreateString(v) : cJSON_CreateNull());
}

/* It acts in the name of the record's owner. */
static const char *actor(const char *sf)
{
	return db_text("SELECT OwnerId FROM Task WHERE Id = ?", "s", sf);
}

static void update(int system, const struct record *r, const cJSON *values)
{
	struct sc_error sc = { 0 };
	struct sf_error sf = { 0 };

	if (!cJSON_GetArraySize(values))
		return;
	if (system == SC)
		sc_update(atoll(r->id), values, SC_AS_OWNER_OF_THE_WORLD, &sc);
	else
		sf_task_update(r->id, values, actor(r->id), SF_AS_OWNER_OF_THE_WORLD, &sf);
	http_changed();
}

static void bury(int system, const char *id)
{
	struct sf_error e = { 0 };

	if (system == SC)
		sc_delete(atoll(id));
	else
		sf_task_delete(id, actor(id), SF_AS_OWNER_OF_THE_WORLD, &e);
	http_changed();
}

/* A new record there like r, which is of `from`; its id, NULL if it was refused. */
static const char *create(int from, const struct record *r)
{
	cJSON *o = cJSON_CreateObject();
	struct sc_error sc = { 0 };
	struct sf_error sf = { 0 };
	int64_t sc_id;
	char *sf_id;

	for (int f = 0; f < FIELDS; f++) {
		const char *v;

		if (translate(from, f, r, &v) && v)
			add_value(o, !from, f, v);
	}
	http_changed();
	if (from == SC) {
		cJSON_AddStringToObject(o, "OwnerId", r->owner);
		if (r->person)
			cJSON_AddStringToObject(o, "WhoId", r->person);
		return sf_task_create(o, r->owner, SF_AS_OWNER_OF_THE_WORLD, &sf_id, &sf) ? sf_id : NULL;
	}
	if (r->person)
		cJSON_AddStringToObject(cJSON_AddObjectToObject(o, "person"), "salesforce_id", r->person);
	return sc_create(o, atoll(r->owner), SC_AS_OWNER_OF_THE_WORLD, &sc_id, &sc) ? fmt("%lld", (long long)sc_id) : NULL;
}

/* --- pairs --- */

static void put_pair(const char *const id[2])
{
	struct record r[2] = { get(SC, id[SC]), get(SF, id[SF]) };

	db_run("REPLACE INTO mirror_pair VALUES(?,?,?,?,?,?,?,?,?,?,?,?)", "ssssssssssss", id[SC], id[SF], r[SC].v[0],
		r[SC].v[1], r[SC].v[2], r[SC].v[3], r[SC].v[4], r[SF].v[0], r[SF].v[1], r[SF].v[2], r[SF].v[3], r[SF].v[4]);
}

/* What changed in `from` and not there, told there. */
static void carry(int from, const struct record r[2], const char *const base[2][FIELDS], bool unless_changed_there)
{
	cJSON *o = cJSON_CreateObject();

	for (int f = 0; f < FIELDS; f++) {
		const char *v;

		if (same(r[from].v[f], base[from][f]) || (f == NAME && !may_rename(!from)))
			continue;
		if (unless_changed_there && !same(r[!from].v[f], base[!from][f]))
			continue;
		if (translate(from, f, &r[from], &v) && !same(v, r[!from].v[f]))
			add_value(o, !from, f, v);
	}
	update(!from, &r[!from], o);
}

/* D1, and D2 by the later word being Sales Connect's. */
static void align(const char *const id[2], const char *const base[2][FIELDS], int64_t before)
{
	struct record r[2] = { get(SC, id[SC]), get(SF, id[SF]) };

	if (r[SC].stamp > before || r[SF].stamp > before)
		return;
	if (r[SC].dead || r[SF].dead) {
		for (int i = 0; i < 2; i++)
			if (!r[i].dead)
				bury(i, id[i]);
		db_run("DELETE FROM mirror_pair WHERE sc = ?", "s", id[SC]);
		return;
	}
	carry(SC, r, base, false);
	carry(SF, r, base, true);
	put_pair(id);
}

struct pair_row {
	const char *id[2], *base[2][FIELDS];
};

static void read_pair(sqlite3_stmt *st, struct pair_row *p)
{
	for (int i = 0; i < 2; i++) {
		p->id[i] = keep(db_column(st, i));
		for (int f = 0; f < FIELDS; f++)
			p->base[i][f] = keep(db_column(st, 2 + i * FIELDS + f));
	}
}

/* The list is complete before the first is touched. */
static void align_all(int64_t before)
{
	sqlite3_stmt *st = db_query("SELECT * FROM mirror_pair", "");
	struct pair_row *row = NULL;
	size_t n = 0;

	while (db_row(st)) {
		row = pool_realloc(row, (n + 1) * sizeof *row);
		read_pair(st, &row[n++]);
	}
	sqlite3_finalize(st);
	for (size_t i = 0; i < n; i++)
		align(row[i].id, (const char *const(*)[FIELDS])row[i].base, before);
}

/* --- new ones --- */

static const char *const fresh_sql[2] = {
	" WHERE deleted_at IS NULL AND t.id NOT IN (SELECT sc FROM mirror_pair) ORDER BY t.id",
	" WHERE NOT IsDeleted AND NOT IsRecurrence AND t.Id NOT IN (SELECT sf FROM mirror_pair) ORDER BY CreatedDate, t.Id",
};

static struct record *unpaired(int system, size_t *n)
{
	sqlite3_stmt *st = db_query(fmt("%s%s", select_sql[system], fresh_sql[system]), "");
	struct record *r = NULL;

	for (*n = 0; db_row(st); ++*n) {
		r = pool_realloc(r, (*n + 1) * sizeof *r);
		r[*n] = record_of(st);
	}
	sqlite3_finalize(st);
	return r;
}

/* Somebody else has copied it already: the same name, due date and person, within two minutes. */
static const char *twin(int from, const struct record *r)
{
	size_t n;
	struct record *there = unpaired(!from, &n);

	for (size_t i = 0; i < n; i++) {
		const struct record *sc = from == SC ? r : &there[i], *sf = from == SC ? &there[i] : r;
		int64_t apart = sc->created - sf->created;

		if ((same(sc->v[NAME], sf->v[NAME]) || same(subject(sc), sf->v[NAME])) && same(sc->v[DUE], sf->v[DUE]) &&
			same(sc->person, sf->person) && llabs(apart) <= 120000)
			return there[i].id;
	}
	return NULL;
}

/* R13, R17: the first time what was touched in the last 24 hours in SF.
 * R14, R15: of SC only what is newer. */
static bool may_cross(int from, const struct record *r)
{
	return r->owner && (from == SC ? r->created > mirror.since : r->stamp >= mirror.since - DAY_MS);
}

static void copy_new(int from, int64_t before)
{
	size_t n;
	struct record *r = unpaired(from, &n);

	for (size_t i = 0; i < n; i++) {
		const char *id[2] = { r[i].id, r[i].id };

		if (r[i].stamp > before || !may_cross(from, &r[i]))
			continue;
		id[!from] = config.mirror_pairs ? twin(from, &r[i]) : NULL;
		if (!id[!from])
			id[!from] = create(from, &r[i]);
		if (id[!from])
			put_pair(id);
	}
}

void mirror_tick(void)
{
	int64_t now = clock_now(), before = now - config.mirror_delay * 1000;

	if (config.sc_task_sync && !mirror.on)
		mirror.since = now;
	mirror.on = config.sc_task_sync;
	if (!mirror.on || !config.mirror_delay || now / 1000 == mirror.ticked)
		return;
	mirror.ticked = now / 1000;
	align_all(before);
	copy_new(SF, before);
	copy_new(SC, before);
}
