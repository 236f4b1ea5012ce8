#include "dataset.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "db.h"
#include "demo.h"
#include "faults.h"
#include "log.h"
#include "mirror.h"
#include "sc.h"
#include "sf.h"

static char *now_sf(void)
{
	char buf[TIME_TEXT];

	return keep(time_sf(clock_now(), buf));
}

static const char *text_of(const cJSON *o, const char *name, const char *otherwise)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	return s ? s : otherwise;
}

/* "Bob van Dyk" is Bob, van Dyk. */
static void split_name(const char *name, char **first, char **last)
{
	const char *space = strchr(name, ' ');

	*first = space ? keepn(name, (size_t)(space - name)) : NULL;
	*last = keep(space ? space + 1 : name);
}

static void add_user(int64_t sc_id, const char *sf_id, const char *name, const char *email, const char *zone)
{
	char *first, *last, *now = now_sf();

	split_name(name, &first, &last);
	db_run("REPLACE INTO sc_user VALUES(?,?,?,?,?)", "issss", sc_id, sf_id, name, email, zone);
	db_run("REPLACE INTO User(Id, Username, Name, FirstName, LastName, Email, IsActive, TimeZoneSidKey, "
	       "CreatedDate, "
	       "LastModifiedDate, SystemModstamp) VALUES(?,?,?,?,?,?,1,?,?8,?8,?8)",
		"ssssssss", sf_id, email, name, first, last, email, zone, now);
}

static void add_value(const char *table, const char *flag_column, const char *prefix, int64_t order,
	const char *value, const char *label, bool flag, bool is_default)
{
	db_run(fmt("REPLACE INTO %s(Id, ApiName, MasterLabel, %s, IsDefault, SortOrder, SystemModstamp) "
		   "VALUES(?,?,?,?,?,?,?)",
		       table, flag_column),
		"sssiiis", sf_id18(fmt("%s%012lld", prefix, (long long)order)), value, label, (int64_t)flag,
		(int64_t)is_default, order, now_sf());
}

void dataset_house(void)
{
	static const char *const statuses[] = { "Not Started", "In Progress", "Completed",
		"Waiting on someone else", "Deferred" };
	static const char *const priorities[] = { "High", "Normal", "Low" };

	if (db_int("SELECT count(*) FROM User", ""))
		return;
	add_user(SC_ME, USER_ME, "Ann Lee", "ann@example.test", "America/Denver");
	add_user(SC_OTHER, USER_OTHER, "Ben Okafor", "ben@example.test", "America/Denver");
	for (int i = 0; i < 5; i++)
		add_value("TaskStatus", "IsClosed", "01J", i + 1, statuses[i], statuses[i], i == 2, i == 0);
	for (int i = 0; i < 3; i++)
		add_value("TaskPriority", "IsHighPriority", "01K", i + 1, priorities[i], priorities[i],
			i == 0, i == 1);
	db_run("INSERT INTO token(token, kind, family, user, expires, fixed) VALUES"
	       "('sc-token','sc','sc','7',9e18,1),('sc-token-ben','sc','sc','8',9e18,1)",
		"");
	sf_fixed_tokens();
}

void dataset_reset(void)
{
	static const char *const tables[] = { "Task", "User", "TaskStatus", "TaskPriority", "person",
		"sc_user", "sc_task", "sc_idempotency", "mirror_pair", "deleted_log", "locator", "token", "auth_code", "log",
		"event", "cometd", "cometd_subscription", "sqlite_sequence" };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		db_run(fmt("DELETE FROM %s", tables[i]), "");
	clock_real();
	faults_clear();
	sf_usage_reset();
	sc_rate_reset();
	mirror_reset();
	config_reset();
	dataset_house();
}

/* --- one element of each list --- */

static const char *load_user(const cJSON *u)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(u, "id");
	const char *sf = sf_id18(text_of(u, "salesforce_id", USER_ME));

	if (!cJSON_IsNumber(id) || !sf)
		return "a user needs an id and a salesforce_id";
	add_user((int64_t)id->valuedouble, sf, text_of(u, "name", "Nobody"),
		text_of(u, "email", "nobody@example.test"), text_of(u, "time_zone", "America/Denver"));
	return NULL;
}

static const char *load_person(const cJSON *p)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(p, "id");
	const char *sf = text_of(p, "salesforce_id", NULL), *name = text_of(p, "name", "Nobody"),
		   *now = now_sf();
	char *first, *last;

	split_name(name, &first, &last);
	db_run("REPLACE INTO person(sc_id, Id, Type, FirstName, LastName, Name, Email, CreatedDate, "
	       "LastModifiedDate, "
	       "SystemModstamp) VALUES(?,?,?,?,?,?,?,?8,?8,?8)",
		"ssssssss", cJSON_IsNumber(id) ? fmt("%.0f", id->valuedouble) : NULL, sf ? sf_id18(sf) : NULL,
		text_of(p, "type", sf && strncmp(sf, "00Q", 3) == 0 ? "Lead" : "Contact"), first, last, name,
		text_of(p, "email", NULL), now);
	return NULL;
}

static const char *load_value(const cJSON *v, const char *table, const char *flag, const char *prefix)
{
	const cJSON *order = cJSON_GetObjectItemCaseSensitive(v, "SortOrder");
	const char *name = text_of(v, "ApiName", NULL);

	if (!name)
		return "a picklist value needs an ApiName";
	add_value(table, flag, prefix,
		cJSON_IsNumber(order) ? (int64_t)order->valuedouble
				      : 1 + db_int(fmt("SELECT max(SortOrder) FROM %s", table), ""),
		name, text_of(v, "MasterLabel", name),
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, flag)),
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "IsDefault")));
	return NULL;
}

static const char *load_status(const cJSON *v)
{
	return load_value(v, "TaskStatus", "IsClosed", "01J");
}

static const char *load_priority(const cJSON *v)
{
	return load_value(v, "TaskPriority", "IsHighPriority", "01K");
}

static const char *load_sf(const cJSON *task)
{
	struct sf_error e = { 0 };
	char *id;

	return sf_task_create(task, USER_ME, SF_AS_OWNER_OF_THE_WORLD, &id, &e) ? NULL : e.message;
}

static const char *load_sc(const cJSON *task)
{
	struct sc_error e = { 0 };
	int64_t id;

	return sc_create(task, SC_ME, SC_AS_OWNER_OF_THE_WORLD, &id, &e) ? NULL : e.message;
}

static const struct {
	const char *name;
	const char *(*load)(const cJSON *);
	const char *instead_of; /* the list replaces what this table held */
} lists[] = {
	{ "users", load_user, NULL },
	{ "people", load_person, NULL },
	{ "statuses", load_status, "TaskStatus" },
	{ "priorities", load_priority, "TaskPriority" },
	{ "salesforce", load_sf, NULL },
	{ "salesconnect", load_sc, NULL },
};

static const char *load_lists(const cJSON *json)
{
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, lists[i].name), *item;
		const char *wrong = NULL;

		if (list && lists[i].instead_of)
			db_run(fmt("DELETE FROM %s", lists[i].instead_of), "");
		cJSON_ArrayForEach(item, list) if ((wrong = lists[i].load(item)) != NULL) return fmt(
			"%s: %s", lists[i].name, wrong);
	}
	return NULL;
}

const char *dataset_load(const cJSON *json)
{
	const cJSON *generate = cJSON_GetObjectItemCaseSensitive(json, "generate");
	const cJSON *seed = cJSON_GetObjectItemCaseSensitive(json, "seed");
	const char *wrong;

	db_run("BEGIN", "");
	if (cJSON_IsNumber(generate))
		demo_generate((long)generate->valuedouble,
			cJSON_IsNumber(seed) ? (unsigned)seed->valuedouble : 1, text_of(json, "only", ""));
	wrong = load_lists(json);
	db_run(wrong ? "ROLLBACK" : "COMMIT", "");
	return wrong;
}
