#include "sf_meta.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "config.h"
#include "db.h"
#include "text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct sf_type_info sf_types[] = {
	[SF_ID] = { "id", "tns:ID", "TEXT", true },
	[SF_STRING] = { "string", "xsd:string", "TEXT COLLATE NOCASE", true },
	[SF_COMBOBOX] = { "combobox", "xsd:string", "TEXT COLLATE NOCASE", true },
	[SF_PICKLIST] = { "picklist", "xsd:string", "TEXT COLLATE NOCASE", true },
	[SF_TEXTAREA] = { "textarea", "xsd:string", "TEXT", true },
	[SF_EMAIL] = { "email", "xsd:string", "TEXT COLLATE NOCASE", true },
	[SF_REFERENCE] = { "reference", "tns:ID", "TEXT", true },
	[SF_DATE] = { "date", "xsd:date", "TEXT", false },
	[SF_DATETIME] = { "datetime", "xsd:dateTime", "TEXT", false },
	[SF_BOOLEAN] = { "boolean", "xsd:boolean", "INTEGER", false },
	[SF_INT] = { "int", "xsd:int", "INTEGER", false },
};

/* clang-format off */
#define SYSTEM_FIELDS \
	{ "IsDeleted", SF_BOOLEAN, 0, 0, NULL, NULL }, \
	{ "CreatedDate", SF_DATETIME, 0, 0, NULL, NULL }, \
	{ "LastModifiedDate", SF_DATETIME, 0, 0, NULL, NULL }, \
	{ "SystemModstamp", SF_DATETIME, 0, 0, NULL, NULL }
/* clang-format on */

static const struct sf_field task_fields[] = {
	{ "Id", SF_ID, 18, SF_DEFAULTED, NULL, NULL },
	{ "WhoId", SF_REFERENCE, 18, SF_WRITE | SF_NILLABLE, "Who", "Contact,Lead" },
	{ "WhatId", SF_REFERENCE, 18, SF_WRITE | SF_NILLABLE, NULL, "Account,Opportunity,Case" },
	{ "Subject", SF_COMBOBOX, 255, SF_WRITE | SF_NILLABLE, NULL, NULL },
	{ "ActivityDate", SF_DATE, 0, SF_WRITE | SF_NILLABLE, NULL, NULL },
	{ "Status", SF_PICKLIST, 255, SF_WRITE | SF_DEFAULTED, NULL, NULL },
	{ "Priority", SF_PICKLIST, 20, SF_WRITE | SF_DEFAULTED, NULL, NULL },
	{ "IsHighPriority", SF_BOOLEAN, 0, 0, NULL, NULL },
	{ "OwnerId", SF_REFERENCE, 18, SF_WRITE | SF_DEFAULTED, "Owner", "Group,User" },
	{ "Description", SF_TEXTAREA, 32000, SF_WRITE | SF_NILLABLE | SF_NOFILTER, NULL, NULL },
	{ "Type", SF_PICKLIST, 40, SF_WRITE | SF_NILLABLE, NULL, NULL },
	{ "AccountId", SF_REFERENCE, 18, SF_NILLABLE, NULL, "Account" },
	{ "IsClosed", SF_BOOLEAN, 0, 0, NULL, NULL },
	{ "IsArchived", SF_BOOLEAN, 0, 0, NULL, NULL },
	{ "CreatedById", SF_REFERENCE, 18, 0, "CreatedBy", "User" },
	{ "LastModifiedById", SF_REFERENCE, 18, 0, "LastModifiedBy", "User" },
	{ "CompletedDateTime", SF_DATETIME, 0, SF_NILLABLE, NULL, NULL },
	{ "IsReminderSet", SF_BOOLEAN, 0, SF_WRITE | SF_DEFAULTED, NULL, NULL },
	{ "ReminderDateTime", SF_DATETIME, 0, SF_WRITE | SF_NILLABLE, NULL, NULL },
	{ "TaskSubtype", SF_PICKLIST, 40, SF_CREATE | SF_NILLABLE | SF_RESTRICTED, NULL, NULL },
	{ "IsRecurrence", SF_BOOLEAN, 0, SF_CREATE | SF_DEFAULTED, NULL, NULL },
	{ "RecurrenceActivityId", SF_REFERENCE, 18, SF_NILLABLE, NULL, "Task" },
	{ "RecurrenceRegeneratedType", SF_PICKLIST, 40, SF_WRITE | SF_NILLABLE | SF_RESTRICTED, NULL, NULL },
	{ "RecurrenceInterval", SF_INT, 0, SF_WRITE | SF_NILLABLE, NULL, NULL },
	SYSTEM_FIELDS,
	{ "remindfs_id__c", SF_STRING, 64, SF_WRITE | SF_NILLABLE | SF_EXTERNAL, NULL, NULL },
};

static const struct sf_field user_fields[] = {
	{ "Id", SF_ID, 18, SF_DEFAULTED, NULL, NULL },
	{ "Username", SF_STRING, 80, 0, NULL, NULL },
	{ "Name", SF_STRING, 121, 0, NULL, NULL },
	{ "FirstName", SF_STRING, 40, SF_NILLABLE, NULL, NULL },
	{ "LastName", SF_STRING, 80, 0, NULL, NULL },
	{ "Email", SF_EMAIL, 128, 0, NULL, NULL },
	{ "IsActive", SF_BOOLEAN, 0, 0, NULL, NULL },
	{ "TimeZoneSidKey", SF_PICKLIST, 40, 0, NULL, NULL },
	{ "CreatedDate", SF_DATETIME, 0, 0, NULL, NULL },
	{ "LastModifiedDate", SF_DATETIME, 0, 0, NULL, NULL },
	{ "SystemModstamp", SF_DATETIME, 0, 0, NULL, NULL },
};

static const struct sf_field person_fields[] = {
	{ "Id", SF_ID, 18, SF_DEFAULTED, NULL, NULL },
	{ "FirstName", SF_STRING, 40, SF_NILLABLE, NULL, NULL },
	{ "LastName", SF_STRING, 80, 0, NULL, NULL },
	{ "Name", SF_STRING, 121, 0, NULL, NULL },
	{ "Email", SF_EMAIL, 80, SF_NILLABLE, NULL, NULL },
	SYSTEM_FIELDS,
};

/* clang-format off */
#define STATUS_FIELDS(flag) \
	{ "Id", SF_ID, 18, SF_DEFAULTED, NULL, NULL }, \
	{ "ApiName", SF_STRING, 255, SF_NILLABLE, NULL, NULL }, \
	{ "MasterLabel", SF_STRING, 255, SF_NILLABLE, NULL, NULL }, \
	{ flag, SF_BOOLEAN, 0, 0, NULL, NULL }, \
	{ "IsDefault", SF_BOOLEAN, 0, 0, NULL, NULL }, \
	{ "SortOrder", SF_INT, 0, SF_NILLABLE, NULL, NULL }, \
	{ "SystemModstamp", SF_DATETIME, 0, 0, NULL, NULL }
/* clang-format on */

static const struct sf_field status_fields[] = { STATUS_FIELDS("IsClosed") };
static const struct sf_field priority_fields[] = { STATUS_FIELDS("IsHighPriority") };

static const struct sf_field name_fields[] = {
	{ "Id", SF_ID, 18, 0, NULL, NULL },
	{ "Name", SF_STRING, 121, 0, NULL, NULL },
	{ "FirstName", SF_STRING, 40, 0, NULL, NULL },
	{ "LastName", SF_STRING, 80, 0, NULL, NULL },
	{ "Email", SF_EMAIL, 80, 0, NULL, NULL },
	{ "Type", SF_STRING, 40, 0, NULL, NULL },
	{ "Username", SF_STRING, 80, 0, NULL, NULL },
};

const struct sf_object sf_name_object = { "Name", "Name", NULL, false, name_fields, COUNT(name_fields) };

const struct sf_object sf_objects[] = {
	{ "Task", "Task", "00T", true, task_fields, COUNT(task_fields) },
	{ "User", "User", "005", true, user_fields, COUNT(user_fields) },
	{ "Contact", "Contact", "003", false, person_fields, COUNT(person_fields) },
	{ "Lead", "Lead", "00Q", false, person_fields, COUNT(person_fields) },
	{ "TaskStatus", "Task Status Value", "01J", true, status_fields, COUNT(status_fields) },
	{ "TaskPriority", "Task Priority Value", "01K", true, priority_fields, COUNT(priority_fields) },
	{ NULL, NULL, NULL, false, NULL, 0 },
};

const struct sf_relation sf_relations[] = {
	{ "Who", "WhoId", "who" },
	{ "Owner", "OwnerId", "owner" },
	{ "CreatedBy", "CreatedById", "owner" },
	{ "LastModifiedBy", "LastModifiedById", "owner" },
	{ NULL, NULL, NULL },
};

/* Picklists that are not org data with an object of their own. */
static const struct {
	const char *field, *values[8];
} fixed_lists[] = {
	{ "TaskSubtype", { "Task", "Email", "Call", "ListEmail", "LinkedIn", "Cadence" } },
	{ "Type", { "Call", "Email", "Meeting", "Other" } },
	{ "RecurrenceRegeneratedType", { "RecurrenceRegenerateAfterDueDate", "RecurrenceRegenerateAfterToday",
					       "RecurrenceRegenerated" } },
};

const struct sf_object *sf_object(const char *name)
{
	for (const struct sf_object *o = sf_objects; o->name; o++)
		if (strcasecmp(o->name, name) == 0)
			return o;
	return NULL;
}

static bool hidden(const struct sf_field *f)
{
	if (f->flags & SF_EXTERNAL && !config.external_id)
		return true;
	return config.hidden_fields[0] && strcasestr(fmt(",%s,", config.hidden_fields), fmt(",%s,", f->name));
}

const struct sf_field *sf_field(const struct sf_object *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcasecmp(o->fields[i].name, name) == 0)
			return hidden(&o->fields[i]) ? NULL : &o->fields[i];
	return NULL;
}

const struct sf_relation *sf_relation(const char *name)
{
	for (const struct sf_relation *r = sf_relations; r->name; r++)
		if (strcasecmp(r->name, name) == 0)
			return r;
	return NULL;
}

char *sf_create_table(const struct sf_object *o)
{
	struct text t = { 0 };

	text_printf(&t, "CREATE TABLE IF NOT EXISTS %s(", o->name);
	for (size_t i = 0; i < o->count; i++)
		text_printf(&t, "%s%s %s%s", i ? ", " : "", o->fields[i].name,
			sf_types[o->fields[i].type].column, o->fields[i].type == SF_ID ? " UNIQUE" : "");
	text_add(&t, ")");
	return t.s;
}

char *sf_id18(const char *id)
{
	static const char map[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	size_t len = id ? strlen(id) : 0;
	char *out;

	if (len != 15 && len != 18)
		return NULL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]))
			return NULL;
	if (len == 18)
		return keep(id);
	out = pool_alloc(19);
	memcpy(out, id, 15);
	for (int group = 0; group < 3; group++) {
		int bits = 0;

		for (int k = 0; k < 5; k++)
			bits |= (isupper((unsigned char)id[group * 5 + k]) != 0) << k;
		out[15 + group] = map[bits];
	}
	return out;
}

char *sf_new_id(const char *prefix)
{
	static int64_t next, limit;

	/* Numbers are taken in blocks, so that 10,000 new tasks are not 10,000 more statements. */
	if (next == limit) {
		int64_t stored = db_int("SELECT value FROM counter WHERE name = 'id'", "");

		next = stored > limit ? stored : limit;
		limit = next + 1000;
		db_run("REPLACE INTO counter(name, value) VALUES('id', ?)", "i", limit);
	}
	next++;
	return sf_id18(fmt("%s%012lld", prefix, (long long)next + 1000));
}

static sqlite3_stmt *list_query(const struct sf_field *f)
{
	if (strcmp(f->name, "Status") == 0)
		return db_prepare(
			"SELECT ApiName, MasterLabel, IsDefault FROM TaskStatus ORDER BY SortOrder");
	if (strcmp(f->name, "Priority") == 0)
		return db_prepare(
			"SELECT ApiName, MasterLabel, IsDefault FROM TaskPriority ORDER BY SortOrder");
	return NULL;
}

bool sf_listed(const struct sf_field *f, const char *value, bool *has_list)
{
	*has_list = false;
	for (size_t i = 0; i < COUNT(fixed_lists); i++) {
		if (strcmp(fixed_lists[i].field, f->name) != 0)
			continue;
		*has_list = true;
		for (const char *const *v = fixed_lists[i].values; *v; v++)
			if (strcmp(*v, value) == 0)
				return true;
		return false;
	}
	sqlite3_stmt *st = list_query(f);
	bool found = false;

	while (st && db_row(st))
		found |= strcmp(db_column(st, 0), value) == 0;
	*has_list = st != NULL;
	sqlite3_finalize(st);
	return found;
}

static void describe_value(struct text *t, const char *value, const char *label, bool is_default)
{
	text_printf(t,
		"%s{\"active\":true,\"defaultValue\":%s,\"label\":", t->s[t->len - 1] == '[' ? "" : ",",
		is_default ? "true" : "false");
	text_json(t, label);
	text_add(t, ",\"validFor\":null,\"value\":");
	text_json(t, value);
	text_add(t, "}");
}

static void describe_values(struct text *t, const struct sf_field *f)
{
	sqlite3_stmt *st = list_query(f);

	text_add(t, "[");
	while (st && db_row(st))
		describe_value(t, db_column(st, 0), db_column(st, 1), sqlite3_column_int(st, 2));
	sqlite3_finalize(st);
	for (size_t i = 0; i < COUNT(fixed_lists); i++)
		if (strcmp(fixed_lists[i].field, f->name) == 0)
			for (const char *const *v = fixed_lists[i].values; *v; v++)
				describe_value(t, *v, *v, false);
	text_add(t, "]");
}

static const char *yes(bool b)
{
	return b ? "true" : "false";
}

static void describe_field(struct text *t, const struct sf_field *f)
{
	text_printf(t,
		"{\"name\":\"%s\",\"label\":\"%s\",\"type\":\"%s\",\"soapType\":\"%s\",\"length\":%d,"
		"\"byteLength\":%d,\"createable\":%s,\"updateable\":%s,\"nillable\":%s,\"defaultedOnCreate\":"
		"%s,"
		"\"filterable\":%s,\"sortable\":%s,\"groupable\":%s,\"custom\":%s,\"externalId\":%s,"
		"\"idLookup\":%s,\"unique\":false,\"restrictedPicklist\":%s,\"relationshipName\":",
		f->name, f->name, sf_types[f->type].name, sf_types[f->type].soap, f->length, f->length * 3,
		yes(f->flags & SF_CREATE), yes(f->flags & SF_UPDATE), yes(f->flags & SF_NILLABLE),
		yes(f->flags & SF_DEFAULTED || f->type == SF_BOOLEAN), yes(!(f->flags & SF_NOFILTER)),
		yes(!(f->flags & SF_NOFILTER)), yes(f->type != SF_COMBOBOX && f->type != SF_TEXTAREA),
		yes(strstr(f->name, "__c") != NULL), yes(f->flags & SF_EXTERNAL),
		yes(f->type == SF_ID || f->flags & SF_EXTERNAL), yes(f->flags & SF_RESTRICTED));
	text_json(t, f->relation);
	text_add(t, ",\"referenceTo\":[");
	for (const char *p = f->refers; p && *p;) {
		size_t n = strcspn(p, ",");

		text_printf(t, "%s\"%.*s\"", p == f->refers ? "" : ",", (int)n, p);
		p += n + (p[n] == ',');
	}
	text_add(t, "],\"picklistValues\":");
	describe_values(t, f);
	text_add(t, "}");
}

void sf_describe(struct text *t, const struct sf_object *o, const char *version)
{
	bool task = strcmp(o->name, "Task") == 0;
	bool first = true;

	text_printf(t,
		"{\"name\":\"%s\",\"label\":\"%s\",\"labelPlural\":\"%ss\",\"keyPrefix\":\"%s\",\"custom\":"
		"false,"
		"\"createable\":%s,\"updateable\":%s,\"deletable\":%s,\"queryable\":true,\"retrieveable\":"
		"true,"
		"\"replicateable\":%s,\"undeletable\":%s,\"searchable\":true,\"urls\":{"
		"\"sobject\":\"/services/data/%s/sobjects/%s\",\"describe\":\"/services/data/%s/sobjects/%s/"
		"describe\","
		"\"rowTemplate\":\"/services/data/%s/sobjects/%s/{ID}\"},\"childRelationships\":[],"
		"\"recordTypeInfos\":[],\"fields\":[",
		o->name, o->label, o->label, o->prefix, yes(task), yes(task), yes(task), yes(task), yes(task),
		version, o->name, version, o->name, version, o->name);
	for (size_t i = 0; i < o->count; i++) {
		if (hidden(&o->fields[i]))
			continue;
		text_add(t, first ? "" : ",");
		first = false;
		describe_field(t, &o->fields[i]);
	}
	text_add(t, "]}");
}

bool sf_fail(struct sf_error *e, const char *code, const char *field, const char *format, ...)
{
	va_list ap;
	char buf[2048];

	va_start(ap, format);
	vsnprintf(buf, sizeof buf, format, ap);
	va_end(ap);
	*e = (struct sf_error){ code, keep(buf), field };
	return false;
}

int sf_http_status(const char *code)
{
	static const struct {
		const char *code;
		int status;
	} table[] = {
		/* the rest is 400 */
		{ "INVALID_SESSION_ID", 401 },
		{ "INVALID_AUTH_HEADER", 401 },
		{ "REQUEST_LIMIT_EXCEEDED", 403 },
		{ "INSUFFICIENT_ACCESS_OR_READONLY", 403 },
		{ "NOT_FOUND", 404 },
		{ "ENTITY_IS_DELETED", 404 },
		{ "METHOD_NOT_ALLOWED", 405 },
		{ "GONE", 410 },
		{ "UNSUPPORTED_API_VERSION", 410 },
		{ "PRECONDITION_FAILED", 412 },
		{ "URI_TOO_LONG", 414 },
		{ "UNSUPPORTED_MEDIA_TYPE", 415 },
		{ "REQUEST_HEADER_FIELDS_TOO_LARGE", 431 },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		if (strcmp(table[i].code, code) == 0)
			return table[i].status;
	return 400;
}

void sf_error_body(struct text *t, const struct sf_error *e)
{
	text_add(t, "[{\"message\":");
	text_json(t, e->message);
	text_printf(t, ",\"errorCode\":\"%s\"", e->code);
	if (e->field)
		text_printf(t, ",\"fields\":[\"%s\"]", e->field);
	text_add(t, "}]");
}
