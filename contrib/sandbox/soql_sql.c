#include "soql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

#define OFFSET_MAX 2000

struct compiler {
	const struct soql *q;
	struct soql_plan *plan;
	struct sf_error *error;
	size_t bind_room;
	bool joined[8]; /* by index into sf_relations */
};

/* --- names --- */

bool soql_column(const struct sf_object *o, const char *path, struct soql_column *out)
{
	const char *dot = strchr(path, '.');

	*out = (struct soql_column){ 0 };
	if (!dot) {
		out->field = sf_field(o, path);
		return out->field != NULL;
	}
	/* Task.Subject in a query on Task is Subject. */
	if ((size_t)(dot - path) == strlen(o->name) && strncasecmp(path, o->name, strlen(o->name)) == 0)
		return soql_column(o, dot + 1, out);
	out->relation = sf_relation(keepn(path, (size_t)(dot - path)));
	if (!out->relation || !sf_field(o, out->relation->field))
		return false;
	out->field = sf_field(&sf_name_object, dot + 1);
	return out->field != NULL;
}

static bool column(struct compiler *c, const struct soql_path *path, struct soql_column *out)
{
	const struct sf_object *o = c->plan->object;
	const char *dot = strchr(path->text, '.');

	if (soql_column(o, path->text, out))
		return true;
	const struct sf_relation *rel =
		dot ? sf_relation(keepn(path->text, (size_t)(dot - path->text))) : NULL;

	if (dot && (!rel || !sf_field(o, rel->field)))
		return soql_fail(c->error, c->q->source, path->at, "INVALID_FIELD",
			fmt("Didn't understand relationship '%.*s' in field path. If you are attempting to "
			    "use "
			    "a custom relationship, be sure to append the '__r' after the custom "
			    "relationship "
			    "name. Please reference your WSDL or the describe call for the appropriate "
			    "names.",
				(int)(dot - path->text), path->text));
	return soql_fail(c->error, c->q->source, path->at, "INVALID_FIELD",
		fmt("No such column '%s' on entity '%s'. If you are attempting to use a custom field, be "
		    "sure "
		    "to append the '__c' after the custom field name. Please reference your WSDL or the "
		    "describe call for the appropriate names.",
			dot ? dot + 1 : path->text, dot ? "Name" : o->name));
}

static char *sql_name(const struct soql_column *col)
{
	return fmt("%s.%s", col->relation ? col->relation->name : "t", col->field->name);
}

static void note_join(struct compiler *c, const struct soql_column *col)
{
	if (col->relation)
		c->joined[col->relation - sf_relations] = true;
}

static void add_join(struct text *t, const struct sf_relation *rel)
{
	text_printf(t, " LEFT JOIN %s %s ON %s.Id = t.%s", rel->view, rel->name, rel->name, rel->field);
}

char *soql_select(const struct sf_object *o, const struct soql_column *columns, size_t n)
{
	struct text t = { 0 };
	bool joined[8] = { false };

	text_add(&t, "SELECT t.Id");
	for (size_t i = 0; i < n; i++) {
		text_printf(&t, ", %s", sql_name(&columns[i]));
		if (columns[i].relation)
			joined[columns[i].relation - sf_relations] = true;
	}
	/* The relation's Id and Type come last: rows show them as attributes. */
	for (const struct sf_relation *rel = sf_relations; rel->name; rel++)
		if (joined[rel - sf_relations])
			text_printf(&t, ", %s.Id, %s.Type", rel->name, rel->name);
		else
			text_add(&t, ", NULL, NULL");
	text_printf(&t, " FROM %s t", o->name);
	for (const struct sf_relation *rel = sf_relations; rel->name; rel++)
		if (joined[rel - sf_relations])
			add_join(&t, rel);
	return t.s;
}

/* --- conditions --- */

static void bind(struct compiler *c, struct text *t, const char *value)
{
	struct soql_plan *plan = c->plan;

	if (plan->nbinds == c->bind_room) {
		c->bind_room = c->bind_room * 2 + 16;
		plan->binds = pool_realloc(plan->binds, c->bind_room * sizeof *plan->binds);
	}
	plan->binds[plan->nbinds++] = value;
	text_add(t, "?");
}

static bool refuse(struct compiler *c, const struct soql_value *v, const char *message)
{
	return soql_fail(c->error, c->q->source, v->at, "INVALID_FIELD", message);
}

/* The literal as the column stores it. */
static bool stored(struct compiler *c, const struct sf_field *f, const struct soql_value *v, const char **out)
{
	const struct sf_type_info *type = &sf_types[f->type];
	char buf[TIME_TEXT];
	int64_t ms;

	if (v->kind == SOQL_STRING && !type->quoted)
		return refuse(c, v,
			fmt("value of filter criterion for field '%s' must be of type %s and should not be "
			    "enclosed in quotes",
				f->name, type->name));
	if (v->kind != SOQL_STRING && type->quoted)
		return refuse(c, v,
			fmt("value of filter criterion for field '%s' must be of type %s and should be "
			    "enclosed in quotes",
				f->name, type->name));
	bool fits = f->type == SF_DATE	     ? v->kind == SOQL_DATE
		    : f->type == SF_DATETIME ? v->kind == SOQL_DATETIME
		    : f->type == SF_BOOLEAN  ? v->kind == SOQL_BOOLEAN
		    : f->type == SF_INT	     ? v->kind == SOQL_NUMBER
					     : true;

	if (!fits)
		return refuse(c, v,
			fmt("value of filter criterion for field '%s' must be of type %s", f->name,
				type->name));
	*out = v->text;
	if (f->type == SF_DATETIME) {
		time_parse(v->text, &ms);
		*out = keep(time_sf(ms, buf));
	} else if (f->type == SF_BOOLEAN) {
		*out = strcasecmp(v->text, "true") == 0 ? "1" : "0";
	} else if (f->type == SF_ID || f->type == SF_REFERENCE) {
		*out = sf_id18(v->text);
		if (!*out)
			return soql_fail(c->error, c->q->source, v->at, "INVALID_QUERY_FILTER_OPERATOR",
				fmt("invalid ID field: %s", v->text));
	}
	return true;
}

static const char *const symbols[] = {
	[SOQL_EQ] = "IS",
	[SOQL_NE] = "IS NOT",
	[SOQL_LT] = "<",
	[SOQL_LE] = "<=",
	[SOQL_GT] = ">",
	[SOQL_GE] = ">=",
};

static const struct {
	const char *name;
	int from, to;	  /* days from today, `to` excluded */
	int from_n, to_n; /* times N, added */
} ranges[] = {
	{ "YESTERDAY", -1, 0, 0, 0 },
	{ "TODAY", 0, 1, 0, 0 },
	{ "TOMORROW", 1, 2, 0, 0 },
	{ "LAST_N_DAYS", 0, 1, -1, 0 },
	{ "NEXT_N_DAYS", 1, 1, 0, 1 },
};

/* A range has two ends: = is between them, < before the first, > after the last. */
static bool compare_range(
	struct compiler *c, const struct soql_expr *e, const struct soql_column *col, struct text *t)
{
	const struct soql_value *v = e->values;
	bool date = col->field->type == SF_DATE;
	char day[TIME_TEXT], from[TIME_TEXT], to[TIME_TEXT];
	char *name = sql_name(col);
	size_t i = 0;
	int64_t today;

	if (!date && col->field->type != SF_DATETIME)
		return refuse(c, v,
			fmt("value of filter criterion for field '%s' must be of type %s", col->field->name,
				sf_types[col->field->type].name));
	while (strcmp(ranges[i].name, v->text) != 0)
		i++;
	date_parse(date_text(clock_now(), day), &today);
	(date ? date_text : time_sf)(today + (ranges[i].from + ranges[i].from_n * v->days) * DAY_MS, from);
	(date ? date_text : time_sf)(today + (ranges[i].to + ranges[i].to_n * v->days) * DAY_MS, to);
	if (e->op == SOQL_EQ || e->op == SOQL_NE) {
		text_printf(t, "(%s%s >= ", e->op == SOQL_NE ? "NOT " : "", name);
		bind(c, t, keep(from));
		text_printf(t, " %s %s %s ", e->op == SOQL_NE ? "OR" : "AND", name,
			e->op == SOQL_NE ? ">=" : "<");
		bind(c, t, keep(to));
		text_add(t, ")");
		return true;
	}
	bool first = e->op == SOQL_LT || e->op == SOQL_GE;

	text_printf(t, "%s %s ", name, first ? symbols[e->op] : e->op == SOQL_LE ? "<" : ">=");
	bind(c, t, keep(first ? from : to));
	return true;
}

static bool compare(
	struct compiler *c, const struct soql_expr *e, const struct soql_column *col, struct text *t)
{
	const struct soql_value *v = e->values;
	const char *text = NULL;

	if (v->kind == SOQL_RANGE)
		return compare_range(c, e, col, t);
	if (v->kind != SOQL_NULL && !stored(c, col->field, v, &text))
		return false;
	/* Filters on text see "" and null as the same thing, because null is what "" is stored as. */
	if (v->kind == SOQL_STRING && !*text)
		text = NULL;
	text_printf(t, "%s %s ", sql_name(col), symbols[e->op]);
	bind(c, t, text);
	return true;
}

static bool like(struct compiler *c, const struct soql_expr *e, const struct soql_column *col, struct text *t)
{
	if (e->values->kind != SOQL_STRING || !sf_types[col->field->type].quoted ||
		col->field->type == SF_ID || col->field->type == SF_REFERENCE)
		return soql_fail(c->error, c->q->source, e->path.at, "INVALID_QUERY_FILTER_OPERATOR",
			"invalid operator on id field");
	text_printf(t, "%s LIKE ", sql_name(col));
	bind(c, t, e->values->pattern);
	text_add(t, " ESCAPE '\\'");
	return true;
}

static bool in(struct compiler *c, const struct soql_expr *e, const struct soql_column *col, struct text *t)
{
	bool with_null = false, any = false;

	/* x IN (..., null) is true for null here, and NOT IN is never unknown. */
	text_printf(t, "(%s IN (", sql_name(col));
	for (const struct soql_value *v = e->values; v; v = v->next) {
		const char *text = NULL;

		with_null |= v->kind == SOQL_NULL;
		if (v->kind == SOQL_NULL)
			continue;
		if (v->kind == SOQL_RANGE)
			return refuse(c, v, "date ranges cannot be used with IN");
		if (!stored(c, col->field, v, &text))
			return false;
		text_add(t, any ? "," : "");
		bind(c, t, text);
		any = true;
	}
	text_printf(t, ")%s%s%s)%s", with_null ? " OR " : "", with_null ? sql_name(col) : "",
		with_null ? " IS NULL" : "", e->op == SOQL_NOT_IN ? " IS NOT TRUE" : "");
	return true;
}

static bool expression(struct compiler *c, const struct soql_expr *e, struct text *t);

static bool leaf(struct compiler *c, const struct soql_expr *e, struct text *t)
{
	struct soql_column col;

	if (!column(c, &e->path, &col))
		return false;
	if (col.field->flags & SF_NOFILTER)
		return soql_fail(c->error, c->q->source, e->path.at, "INVALID_FIELD",
			fmt("field '%s' can not be filtered in a query call", col.field->name));
	note_join(c, &col);
	return (e->op == SOQL_LIKE			   ? like
		: e->op == SOQL_IN || e->op == SOQL_NOT_IN ? in
							   : compare)(c, e, &col, t);
}

static bool expression(struct compiler *c, const struct soql_expr *e, struct text *t)
{
	if (e->op > SOQL_NOT)
		return leaf(c, e, t);
	text_add(t, "(");
	if (!expression(c, e->left, t))
		return false;
	if (e->op == SOQL_NOT) {
		text_add(t, ") IS NOT TRUE");
		return true;
	}
	text_add(t, e->op == SOQL_AND ? " AND " : " OR ");
	if (!expression(c, e->right, t))
		return false;
	text_add(t, ")");
	return true;
}

/* --- the whole --- */

static bool order_by(struct compiler *c, struct text *t)
{
	for (size_t i = 0; i < c->q->norder; i++) {
		const struct soql_order *o = &c->q->order[i];
		struct soql_column col;

		if (!column(c, &o->path, &col))
			return false;
		if (col.field->flags & SF_NOFILTER)
			return soql_fail(c->error, c->q->source, o->path.at, "MALFORMED_QUERY",
				fmt("field '%s' can not be sorted in a query call", col.field->name));
		note_join(c, &col);
		text_printf(t, "%s%s%s NULLS %s", i ? ", " : " ORDER BY ", sql_name(&col),
			o->descending ? " DESC" : "", o->nulls_last ? "LAST" : "FIRST");
	}
	return true;
}

static void add_scope(struct compiler *c, const struct soql_scope *scope, struct text *where)
{
	static const char *const flags[] = { "IsDeleted", "IsArchived" };

	for (size_t i = 0; i < 2 && !scope->all; i++)
		if (sf_field(c->plan->object, flags[i]))
			text_printf(where, " AND t.%s = 0", flags[i]);
	if (scope->only_owner && sf_field(c->plan->object, "OwnerId")) {
		text_add(where, " AND t.OwnerId = ");
		bind(c, where, scope->only_owner);
	}
}

bool soql_compile(
	const struct soql *q, const struct soql_scope *scope, struct soql_plan *plan, struct sf_error *error)
{
	struct compiler c = { .q = q, .plan = plan, .error = error };
	struct text where = { 0 }, order = { 0 };

	*plan = (struct soql_plan){ .object = sf_object(q->object.text) };
	if (!plan->object)
		return soql_fail(error, q->source, q->object.at, "INVALID_TYPE",
			fmt("sObject type '%s' is not supported. If you are attempting to use a custom "
			    "object, be "
			    "sure to append the '__c' after the entity name. Please reference your WSDL or "
			    "the "
			    "describe call for the appropriate names.",
				q->object.text));
	if (q->offset > OFFSET_MAX)
		return sf_fail(error, "NUMBER_OUTSIDE_VALID_RANGE", NULL, "Maximum SOQL offset allowed is %d",
			OFFSET_MAX);
	for (; plan->ncolumns < q->ncolumns; plan->ncolumns++)
		if (!column(&c, &q->columns[plan->ncolumns], &plan->columns[plan->ncolumns]))
			return false;
	for (size_t i = 0; i < plan->ncolumns; i++)
		for (size_t k = 0; k < i; k++)
			if (plan->columns[i].field == plan->columns[k].field &&
				plan->columns[i].relation == plan->columns[k].relation)
				return sf_fail(error, "INVALID_FIELD", NULL, "duplicate field selected: %s",
					q->columns[i].text);
	text_add(&where, " WHERE ");
	if (!q->where)
		text_add(&where, "1");
	else if (!expression(&c, q->where, &where))
		return false;
	add_scope(&c, scope, &where);
	if (!order_by(&c, &order))
		return false;
	text_printf(&plan->sql, "SELECT t.Id FROM %s t", plan->object->name);
	for (const struct sf_relation *rel = sf_relations; rel->name; rel++)
		if (c.joined[rel - sf_relations])
			add_join(&plan->sql, rel);
	text_add(&plan->sql, text_str(&where));
	text_add(&plan->sql, text_str(&order));
	if (q->limit >= 0 || q->offset)
		text_printf(&plan->sql, " LIMIT %ld OFFSET %ld", q->limit, q->offset);
	return true;
}
