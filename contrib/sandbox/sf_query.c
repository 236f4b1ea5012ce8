#include "sf.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "db.h"

#define PAGE_MIN 200
#define PAGE_MAX 2000
#define ID_LEN 18
#define LOCATOR_DAYS 2

/* --- rows --- */

void sf_reader_start(struct sf_reader *r, const struct sf_object *o, const struct soql_column *columns,
	size_t n, const char *version)
{
	r->object = o;
	r->ncolumns = n;
	r->version = version;
	memcpy(r->columns, columns, n * sizeof *columns);
	r->st = db_prepare(fmt("%s WHERE t.Id = ?", soql_select(o, columns, n)));
}

void sf_reader_finish(struct sf_reader *r)
{
	sqlite3_finalize(r->st);
	r->st = NULL;
}

static void add_value(struct text *t, const struct sf_field *f, const char *v)
{
	text_printf(t, ",\"%s\":", f->name);
	if (v && f->type == SF_BOOLEAN)
		text_add(t, *v == '1' ? "true" : "false");
	else if (v && f->type == SF_INT)
		text_add(t, v);
	else
		text_json(t, v);
}

static void add_attributes(struct text *t, const struct sf_reader *r, const char *type, const char *id)
{
	text_printf(t, "{\"attributes\":{\"type\":\"%s\",\"url\":\"/services/data/%s/sobjects/%s/%s\"}", type,
		r->version, type, id);
}

/* The relation's columns together, where its first one stands. */
static void add_related(struct text *t, const struct sf_reader *r, size_t first)
{
	const struct sf_relation *rel = r->columns[first].relation;
	int tail = (int)(1 + r->ncolumns + 2 * (size_t)(rel - sf_relations));
	const char *id = db_column(r->st, tail);

	text_printf(t, ",\"%s\":", rel->name);
	if (!id) {
		text_add(t, "null");
		return;
	}
	add_attributes(t, r, db_column(r->st, tail + 1), id);
	for (size_t i = first; i < r->ncolumns; i++)
		if (r->columns[i].relation == rel)
			add_value(t, r->columns[i].field, db_column(r->st, (int)i + 1));
	text_add(t, "}");
}

static bool mentioned_before(const struct sf_reader *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (r->columns[k].relation == r->columns[i].relation)
			return true;
	return false;
}

bool sf_reader_row(struct sf_reader *r, const char *id, struct text *t)
{
	sqlite3_bind_text(r->st, 1, id, -1, SQLITE_TRANSIENT);
	bool found = db_row(r->st);

	if (found) {
		add_attributes(t, r, r->object->name, id);
		for (size_t i = 0; i < r->ncolumns; i++)
			if (!r->columns[i].relation)
				add_value(t, r->columns[i].field, db_column(r->st, (int)i + 1));
			else if (!mentioned_before(r, i))
				add_related(t, r, i);
		text_add(t, "}");
	}
	sqlite3_reset(r->st);
	return found;
}

size_t sf_all_columns(const struct sf_object *o, struct soql_column *out)
{
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++)
		if (soql_column(o, o->fields[i].name, &out[n]))
			n++;
	return n;
}

bool sf_named_columns(
	const struct sf_object *o, const char *names, struct soql_column *out, size_t *n, struct sf_error *e)
{
	*n = 0;
	while (*names) {
		size_t len = strcspn(names, ",");
		char *name = keepn(names, len);

		if (*n == SOQL_COLUMNS_MAX || (len && !soql_column(o, name, &out[*n])))
			return sf_fail(e, "INVALID_FIELD", NULL,
				"No such column '%s' on entity '%s'. If you are attempting to "
				"use a custom field, be sure to append the '__c' after the custom field "
				"name.",
				name, o->name);
		*n += len > 0;
		names += len + (names[len] == ',');
	}
	return true;
}

bool sf_visible(const struct sf_object *o, const char *id, const char *user)
{
	if (strcmp(o->name, "Task") != 0)
		return true;
	return db_int("SELECT NOT IsDeleted AND (OwnerId = ? OR NOT ?) FROM Task WHERE Id = ?", "sis", user,
		(int64_t)config.private_sharing, id);
}

/* --- pages: a locator keeps the ids of one moment, the rows are read when their page is asked for --- */

static long page_size(const struct request *req)
{
	const char *options = http_header(req, "Sforce-Query-Options");
	const char *at = options ? strcasestr(options, "batchSize=") : NULL;
	long asked = at ? atol(at + strlen("batchSize=")) : 0;

	if (asked) {
		asked = asked < PAGE_MIN ? PAGE_MIN : asked > PAGE_MAX ? PAGE_MAX : asked;
		return asked < config.page_size ? asked : config.page_size;
	}
	return config.page_size > 0 ? config.page_size : PAGE_MAX;
}

static void reply_page(struct request *req, struct reply *rep, const struct soql_plan *plan, const char *ids,
	size_t from, char *locator)
{
	size_t total = strlen(ids) / ID_LEN, size = (size_t)page_size(req);
	size_t to = total - from < size ? total : from + size;
	struct sf_reader reader;
	struct text t = { 0 };
	bool first = true;

	if (to < total && !locator) {
		locator = fmt("0r8%s", sf_new_id("000") + 3);
		db_run("INSERT INTO locator VALUES(?, ?, ?, ?)", "sssi", locator, http_param(req, "q"), ids,
			clock_now());
	}
	text_printf(&t, "{\"totalSize\":%zu,\"done\":%s", total, to == total ? "true" : "false");
	if (to < total)
		text_printf(&t, ",\"nextRecordsUrl\":\"/services/data/%s/query/%s-%zu\"", sf_version(req),
			locator, to);
	text_add(&t, ",\"records\":[");
	sf_reader_start(&reader, plan->object, plan->columns, plan->ncolumns, sf_version(req));
	for (size_t i = from; i < to; i++) {
		/* A row purged since the query was made leaves a short page, as there. */
		text_add(&t, first ? "" : ",");
		if (sf_reader_row(&reader, keepn(ids + i * ID_LEN, ID_LEN), &t))
			first = false;
		else if (!first)
			t.s[--t.len] = '\0';
	}
	sf_reader_finish(&reader);
	text_add(&t, "]}");
	sf_reply_json(rep, 200, &t);
}

static void collect(const struct soql_plan *plan, struct text *ids)
{
	sqlite3_stmt *st = db_prepare(plan->sql.s);

	for (size_t i = 0; i < plan->nbinds; i++)
		sqlite3_bind_text(st, (int)i + 1, plan->binds[i], -1, SQLITE_STATIC);
	while (db_row(st))
		text_addn(ids, db_column(st, 0), ID_LEN);
	sqlite3_finalize(st);
}

static void run(struct request *req, struct reply *rep, bool all)
{
	struct soql_scope scope = { all, config.private_sharing ? req->user : NULL };
	struct soql *q = pool_alloc(sizeof *q);
	struct soql_plan *plan = pool_alloc(sizeof *plan);
	struct sf_error e = { 0 };
	struct text ids = { 0 };
	const char *source = http_param(req, "q");

	if (!source)
		sf_fail(&e, "MALFORMED_QUERY", NULL, "A query string has to be specified");
	else if (soql_parse(source, q, &e))
		soql_compile(q, &scope, plan, &e);
	if (e.code) {
		sf_reply_error(rep, &e);
		return;
	}
	collect(plan, &ids);
	if (!q->count) {
		reply_page(req, rep, plan, text_str(&ids), 0, NULL);
		return;
	}
	size_t total = ids.len / ID_LEN;

	http_reply(rep, 200, SF_JSON,
		q->count_id ? fmt("{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":"
				  "\"AggregateResult\"},"
				  "\"expr0\":%zu}]}",
				      total)
			    : fmt("{\"totalSize\":%zu,\"done\":true,\"records\":[]}", total));
}

void sf_query(struct request *req, struct reply *rep)
{
	run(req, rep, false);
}

void sf_query_all(struct request *req, struct reply *rep)
{
	run(req, rep, true);
}

void sf_query_more(struct request *req, struct reply *rep)
{
	const char *dash = strrchr(req->args[1], '-');
	char *locator = keepn(req->args[1], dash ? (size_t)(dash - req->args[1]) : strlen(req->args[1]));
	struct soql_scope scope = { true, NULL };
	struct soql *q = pool_alloc(sizeof *q);
	struct soql_plan *plan = pool_alloc(sizeof *plan);
	struct sf_error e = { 0 };

	db_run("DELETE FROM locator WHERE at < ?", "i", clock_now() - LOCATOR_DAYS * DAY_MS);
	char *source = db_text("SELECT soql FROM locator WHERE id = ?", "s", locator);
	char *ids = db_text("SELECT ids FROM locator WHERE id = ?", "s", locator);
	size_t from = dash ? strtoul(dash + 1, NULL, 10) : 0;

	if (!source || !dash || from > strlen(ids) / ID_LEN)
		sf_fail(&e, "INVALID_QUERY_LOCATOR", NULL, "invalid query locator");
	else if (soql_parse(source, q, &e))
		soql_compile(q, &scope, plan, &e);
	if (e.code)
		sf_reply_error(rep, &e);
	else
		reply_page(req, rep, plan, ids, from, locator);
}
