#include "sf.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "db.h"

/* One task in memory: values as stored, by the index of the field in the object's table. */
struct row {
	const struct sf_object *object;
	const char *v[SF_FIELDS_MAX];
};

static size_t index_of(const struct row *r, const char *name)
{
	for (size_t i = 0; i < r->object->count; i++)
		if (strcmp(r->object->fields[i].name, name) == 0)
			return i;
	abort();
}

static const char *get(const struct row *r, const char *name)
{
	return r->v[index_of(r, name)];
}

static void set(struct row *r, const char *name, const char *value)
{
	r->v[index_of(r, name)] = value;
}

static bool truth(const char *v)
{
	return v && strcmp(v, "1") == 0;
}

static struct row empty_row(void)
{
	return (struct row){ .object = sf_object("Task") };
}

/* --- storage; the two statements are kept for ever, loads of 10,000 live from that --- */

static bool load(struct row *r, const char *id)
{
	sqlite3_stmt *st = db_query("SELECT * FROM Task WHERE Id = ?", "s", id);
	bool found = db_row(st);

	for (size_t i = 0; found && i < r->object->count; i++)
		r->v[i] = keep(db_column(st, (int)i));
	sqlite3_finalize(st);
	return found;
}

static void store(const struct row *r, bool insert)
{
	static sqlite3_stmt *kept[2];
	sqlite3_stmt **st = &kept[insert];
	int n = (int)r->object->count;

	if (!*st) {
		struct text t = { 0 };

		text_add(&t, insert ? "INSERT INTO Task VALUES(" : "UPDATE Task SET ");
		for (int i = 0; i < n; i++)
			text_printf(&t, "%s%s%s?%d", i ? ", " : "", insert ? "" : r->object->fields[i].name,
				insert ? "" : " = ", i + 1);
		text_add(&t, insert ? ")" : " WHERE Id = ?1");
		*st = db_prepare(t.s);
	}
	for (int i = 0; i < n; i++)
		sqlite3_bind_text(*st, i + 1, r->v[i], -1, SQLITE_STATIC);
	db_row(*st);
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
}

/* --- one JSON value into a stored one --- */

static bool bad_json(struct sf_error *e, const struct sf_field *f, const cJSON *v)
{
	static const char *const kinds[] = { "VALUE_STRING", "VALUE_NUMBER_INT", "VALUE_TRUE",
		"START_OBJECT" };
	const char *kind = kinds[cJSON_IsString(v) ? 0 : cJSON_IsNumber(v) ? 1 : cJSON_IsBool(v) ? 2 : 3];

	return sf_fail(e, "JSON_PARSER_ERROR", NULL,
		"Cannot deserialize instance of %s from %s value %.60s or request "
		"may be missing a required field at [line:1, column:2]",
		sf_types[f->type].name, kind, cJSON_IsString(v) ? v->valuestring : "");
}

static bool text_value(const struct sf_field *f, const cJSON *v, const char **out, struct sf_error *e)
{
	if (!cJSON_IsString(v))
		return bad_json(e, f, v);
	*out = trim_end(v->valuestring);
	if (!**out)
		*out = NULL;
	else if (utf8_length(*out) > (size_t)f->length)
		return sf_fail(e, "STRING_TOO_LONG", f->name,
			"%s: data value too large: %.80s (max length=%d)", f->name, *out, f->length);
	return true;
}

static bool picklist_value(const struct sf_field *f, const cJSON *v, const char **out, struct sf_error *e)
{
	bool has_list;

	if (!text_value(f, v, out, e) || !*out)
		return !e->code;
	if (sf_listed(f, *out, &has_list) || !has_list ||
		!(f->flags & SF_RESTRICTED || config.restrict_picklists))
		return true;
	return sf_fail(e, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f->name,
		"%s: bad value for restricted picklist field: %s", f->name, *out);
}

static bool reference_value(const struct sf_field *f, const cJSON *v, const char **out, struct sf_error *e)
{
	if (!cJSON_IsString(v))
		return bad_json(e, f, v);
	*out = NULL;
	if (!*v->valuestring)
		return true;
	*out = sf_id18(v->valuestring);
	if (!*out)
		return sf_fail(e, "MALFORMED_ID", f->name, "%s: id value of incorrect type: %.40s", f->name,
			v->valuestring);
	return true;
}

static bool date_value(const struct sf_field *f, const cJSON *v, const char **out, struct sf_error *e)
{
	char buf[TIME_TEXT];
	int64_t ms;

	if (cJSON_IsString(v) && date_parse(v->valuestring, &ms))
		*out = keep(v->valuestring);
	else if (cJSON_IsString(v) && time_parse(v->valuestring, &ms))
		*out = keep(f->type == SF_DATE ? date_text(ms, buf) : time_sf(ms, buf));
	else
		return bad_json(e, f, v);
	if (f->type == SF_DATETIME)
		*out = keep(time_sf(ms, buf));
	return true;
}

static bool bool_value(const struct sf_field *f, const cJSON *v, const char **out, struct sf_error *e)
{
	*out = cJSON_IsTrue(v) ? "1" : "0";
	return cJSON_IsBool(v) || bad_json(e, f, v);
}

static bool int_value(const struct sf_field *f, const cJSON *v, const char **out, struct sf_error *e)
{
	*out = fmt("%.0f", cJSON_IsNumber(v) ? v->valuedouble : 0);
	return cJSON_IsNumber(v) || bad_json(e, f, v);
}

static bool (*const converters[])(
	const struct sf_field *, const cJSON *, const char **, struct sf_error *) = {
	[SF_ID] = reference_value,
	[SF_STRING] = text_value,
	[SF_COMBOBOX] = text_value,
	[SF_PICKLIST] = picklist_value,
	[SF_TEXTAREA] = text_value,
	[SF_EMAIL] = text_value,
	[SF_REFERENCE] = reference_value,
	[SF_DATE] = date_value,
	[SF_DATETIME] = date_value,
	[SF_BOOLEAN] = bool_value,
	[SF_INT] = int_value,
};

/* --- the checks of a write --- */

static bool take(struct row *r, const cJSON *v, bool creating, enum sf_how how, struct sf_error *e)
{
	const struct sf_field *f = sf_field(r->object, v->string);
	const char *value = NULL;

	if (!f)
		return sf_fail(e, "INVALID_FIELD", NULL, "No such column '%s' on sobject of type %s",
			v->string, r->object->name);
	if (how == SF_AS_CLIENT && !(f->flags & (creating ? SF_CREATE : SF_UPDATE)))
		return sf_fail(e, "INVALID_FIELD_FOR_INSERT_UPDATE", f->name,
			"Unable to create/update fields: %s. Please "
			"check the security settings of this field and verify that it is read/write for your "
			"profile or permission set.",
			f->name);
	if (!cJSON_IsNull(v) && !converters[f->type](f, v, &value, e))
		return false;
	if (!value && !(f->flags & SF_NILLABLE) && how == SF_AS_CLIENT)
		return sf_fail(
			e, "REQUIRED_FIELD_MISSING", f->name, "Required fields are missing: [%s]", f->name);
	if (value || f->flags & SF_NILLABLE)
		r->v[f - r->object->fields] = value;
	return true;
}

static bool exists(const char *id, const char *prefixes)
{
	if (!strstr(prefixes, keepn(id, 3)))
		return false;
	return strncmp(id, "005", 3) == 0
		       ? db_int("SELECT 1 FROM User WHERE Id = ?", "s", id)
		       : db_int("SELECT 1 FROM person WHERE Id = ? AND NOT IsDeleted", "s", id);
}

static bool check_references(const struct row *r, const struct row *before, struct sf_error *e)
{
	static const char *const fields[][2] = { { "WhoId", "003,00Q" }, { "OwnerId", "005" } };

	for (size_t i = 0; i < 2; i++) {
		const char *id = get(r, fields[i][0]), *old = get(before, fields[i][0]);

		if (id && !(old && strcmp(id, old) == 0) && !exists(id, fields[i][1]))
			return sf_fail(e, "INVALID_CROSS_REFERENCE_KEY", fields[i][0],
				"invalid cross reference id: %s", id);
	}
	return true;
}

static bool changed(const struct row *r, const struct row *before, const char *name)
{
	const char *a = get(r, name), *b = get(before, name);

	return !a != !b || (a && strcmp(a, b) != 0);
}

static bool check_series(const struct row *r, const struct row *before, struct sf_error *e)
{
	static const char *const fields[] = { "Status", "ActivityDate" };

	for (size_t i = 0; i < 2 && truth(get(before, "IsRecurrence")); i++)
		if (changed(r, before, fields[i]))
			return sf_fail(e, "FIELD_INTEGRITY_EXCEPTION", fields[i],
				"%s cannot be changed on a recurring task", fields[i]);
	return true;
}

/* --- what follows from the values --- */

static void derive(struct row *r, const struct row *before, const char *stamp, bool keep_given)
{
	bool closed = db_int("SELECT IsClosed FROM TaskStatus WHERE ApiName = ?", "s", get(r, "Status"));
	bool high =
		db_int("SELECT IsHighPriority FROM TaskPriority WHERE ApiName = ?", "s", get(r, "Priority"));

	set(r, "IsClosed", closed ? "1" : "0");
	set(r, "IsHighPriority", high ? "1" : "0");
	if (!changed(r, before, "Status") || (keep_given && changed(r, before, "CompletedDateTime")))
		return;
	set(r, "CompletedDateTime", closed ? stamp : NULL);
}

static const char *default_of(const char *sql)
{
	return db_text(sql, "");
}

static void defaults(struct row *r, const char *user, const char *stamp)
{
	const struct {
		const char *field, *value;
	} table[] = {
		{ "Status", default_of("SELECT ApiName FROM TaskStatus ORDER BY IsDefault DESC, SortOrder") },
		{ "Priority",
			default_of("SELECT ApiName FROM TaskPriority ORDER BY IsDefault DESC, SortOrder") },
		{ "OwnerId", user },
		{ "TaskSubtype", "Task" },
		{ "IsDeleted", "0" },
		{ "IsArchived", "0" },
		{ "IsReminderSet", "0" },
		{ "IsRecurrence", "0" },
		{ "CreatedDate", stamp },
		{ "CreatedById", user },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (!get(r, table[i].field))
			set(r, table[i].field, table[i].value);
}

/* Times and names of the change, unless the control API has just set them itself. */
static void sign(struct row *r, const cJSON *values, const char *user, const char *stamp, enum sf_how how)
{
	static const char *const stamps[] = { "LastModifiedDate", "SystemModstamp", "LastModifiedById" };
	bool given = how != SF_AS_CLIENT && cJSON_GetObjectItemCaseSensitive(values, "LastModifiedDate");

	for (size_t i = 0; i < 3; i++) {
		bool own = how != SF_AS_CLIENT && cJSON_GetObjectItemCaseSensitive(values, stamps[i]);

		if (own)
			continue;
		set(r, stamps[i], i == 2 ? user : given ? get(r, "LastModifiedDate") : stamp);
	}
}

/* --- what is told of it --- */

static void add_member(struct text *t, const struct sf_field *f, const char *v)
{
	text_printf(t, ",\"%s\":", f->name);
	if (f->type == SF_BOOLEAN || f->type == SF_INT)
		text_add(t, f->type == SF_INT && v ? v : truth(v) ? "true" : "false");
	else
		text_json(t, v);
}

static void publish(const struct row *r, const struct row *before, const char *kind)
{
	struct text t = { 0 };

	for (size_t i = 0; i < r->object->count; i++) {
		const struct sf_field *f = &r->object->fields[i];

		if (f->flags & SF_WRITE && changed(r, before, f->name))
			add_member(&t, f, r->v[i]);
	}
	sf_event_add(kind, get(r, "Id"), get(r, "OwnerId"), text_str(&t));
}

/* "Repeat this task": closing one makes the next, on the server, without being asked. */
static void regenerate(const struct row *done, const char *user, const char *stamp)
{
	struct row next = *done, nothing = empty_row();
	char buf[TIME_TEXT];
	int64_t due = clock_now();

	if (!get(done, "RecurrenceRegeneratedType"))
		return;
	if (get(done, "ActivityDate") && strstr(get(done, "RecurrenceRegeneratedType"), "DueDate"))
		date_parse(get(done, "ActivityDate"), &due);
	int days = get(done, "RecurrenceInterval") ? atoi(get(done, "RecurrenceInterval")) : 1;
	static const char *const fresh[] = { "Status", "CreatedDate", "CreatedById", "CompletedDateTime",
		"remindfs_id__c" };

	for (size_t i = 0; i < sizeof fresh / sizeof fresh[0]; i++)
		set(&next, fresh[i], NULL);
	set(&next, "Id", sf_new_id("00T"));
	set(&next, "ActivityDate", keep(date_text(due + days * DAY_MS, buf)));
	defaults(&next, user, stamp);
	derive(&next, &next, stamp, false);
	store(&next, true);
	publish(&next, &nothing, "CREATE");
}

/* --- the operations --- */

static bool take_all(struct row *r, const cJSON *values, bool creating, enum sf_how how, struct sf_error *e)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, values)
	{
		if (strcasecmp(v->string, "attributes") == 0 ||
			(strcasecmp(v->string, "id") == 0 && how == SF_AS_CLIENT))
			continue;
		if (!take(r, v, creating, how, e))
			return false;
	}
	return true;
}

bool sf_task_create(const cJSON *values, const char *user, enum sf_how how, char **id, struct sf_error *e)
{
	struct row r = empty_row(), nothing = empty_row();
	char buf[TIME_TEXT];
	const char *stamp = keep(time_sf(clock_now(), buf));

	if (!take_all(&r, values, true, how, e))
		return false;
	defaults(&r, user, stamp);
	if (!check_references(&r, &nothing, e))
		return false;
	if (!get(&r, "Id"))
		set(&r, "Id", sf_new_id("00T"));
	else if (db_int("SELECT 1 FROM Task WHERE Id = ?", "s", get(&r, "Id")))
		return sf_fail(e, "DUPLICATE_VALUE", "Id", "duplicate value found: Id %s", get(&r, "Id"));
	derive(&r, &nothing, get(&r, "CreatedDate"), how != SF_AS_CLIENT);
	sign(&r, values, get(&r, "CreatedById"), get(&r, "CreatedDate"), how);
	store(&r, true);
	publish(&r, &nothing, "CREATE");
	*id = keep(get(&r, "Id"));
	return true;
}

const char *sf_task_missing(const char *id)
{
	char *deleted = db_text("SELECT IsDeleted FROM Task WHERE Id = ?", "s", id);

	return !deleted ? "INVALID_CROSS_REFERENCE_KEY" : *deleted == '1' ? "ENTITY_IS_DELETED" : NULL;
}

static bool open_for(struct row *r, const char *id, const char *user, enum sf_how how, struct sf_error *e)
{
	const char *missing = sf_task_missing(id);
	bool found = load(r, id);

	if (!found || (missing && how == SF_AS_CLIENT))
		return sf_fail(e, missing, NULL,
			strcmp(missing, "ENTITY_IS_DELETED") == 0 ? "entity is deleted"
								  : "invalid cross reference id");
	if (how == SF_AS_CLIENT && strcmp(get(r, "OwnerId"), user) != 0) {
		if (config.private_sharing)
			return sf_fail(e, "INVALID_CROSS_REFERENCE_KEY", NULL, "invalid cross reference id");
		return sf_fail(e, "INSUFFICIENT_ACCESS_OR_READONLY", NULL,
			"insufficient access rights on object id");
	}
	return true;
}

bool sf_task_update(
	const char *id, const cJSON *values, const char *user, enum sf_how how, struct sf_error *e)
{
	struct row r = empty_row(), before;
	char buf[TIME_TEXT];
	const char *stamp = keep(time_sf(clock_now(), buf));

	if (!open_for(&r, id, user, how, e))
		return false;
	before = r;
	if (!take_all(&r, values, false, how, e) || !check_references(&r, &before, e))
		return false;
	if (how == SF_AS_CLIENT && !check_series(&r, &before, e))
		return false;
	set(&r, "Id", get(&before, "Id"));
	derive(&r, &before, stamp, how != SF_AS_CLIENT);
	sign(&r, values, user, stamp, how);
	store(&r, false);
	publish(&r, &before,
		truth(get(&r, "IsDeleted")) == truth(get(&before, "IsDeleted")) ? "UPDATE"
		: truth(get(&r, "IsDeleted"))					? "DELETE"
										: "UNDELETE");
	if (truth(get(&r, "IsClosed")) && !truth(get(&before, "IsClosed")))
		regenerate(&r, user, stamp);
	return true;
}

bool sf_task_delete(const char *id, const char *user, enum sf_how how, struct sf_error *e)
{
	struct row r = empty_row();
	char buf[TIME_TEXT];
	const char *stamp = keep(time_sf(clock_now(), buf));

	if (!open_for(&r, id, user, how, e))
		return false;
	set(&r, "IsDeleted", "1");
	set(&r, "LastModifiedDate", stamp);
	set(&r, "SystemModstamp", stamp);
	set(&r, "LastModifiedById", user);
	store(&r, false);
	publish(&r, &r, "DELETE");
	db_run("INSERT INTO deleted_log VALUES(?, 'Task', ?)", "ss", id, stamp);
	return true;
}

void sf_task_purge(const char *id)
{
	db_run("DELETE FROM Task WHERE Id = ?", "s", id);
}

void sf_task_housekeeping(void)
{
	char now[TIME_TEXT], bin[TIME_TEXT], year[TIME_TEXT], year_date[TIME_TEXT];
	int64_t ms = clock_now();

	time_sf(ms, now);
	time_sf(ms - 15 * DAY_MS, bin);
	time_sf(ms - 365 * DAY_MS, year);
	date_text(ms - 365 * DAY_MS, year_date);
	db_run("DELETE FROM Task WHERE IsDeleted AND SystemModstamp < ?", "s", bin);
	db_run("UPDATE Task SET IsArchived = 1, SystemModstamp = ? WHERE IsClosed AND NOT IsArchived AND NOT "
	       "IsDeleted "
	       "AND (ActivityDate <= ? OR (ActivityDate IS NULL AND CreatedDate <= ?))",
		"sss", now, year_date, year);
}
