#include "salesforce_json.h"
#include "date.h"
#include "json.h"
#include "remote_p.h"
#include <cjson/cJSON.h>
#include <ctype.h>
#include <string.h>

const char *const sf_column[TASK_NFIELDS] = { "Subject", "Status", "Priority", "ActivityDate",
	"Description" };

static const struct {
	const char *theirs, *ours;
} priorities[] = { { "Normal", TASK_NORMAL }, { "High", TASK_HIGH } };

bool sf_id(const char *s, char out[SF_ID_LEN])
{
	static const char code[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	size_t n = s ? strlen(s) : 0;
	if (n != 15 && n != 18)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80 || !isalnum((unsigned char)s[i]))
			return false;
	memcpy(out, s, n);
	for (size_t group = 0; n == 15 && group < 3; group++) {
		unsigned bits = 0;
		for (size_t k = 0; k < 5; k++)
			bits |= (s[group * 5 + k] >= 'A' && s[group * 5 + k] <= 'Z') ? 1u << k : 0;
		out[15 + group] = code[bits];
	}
	out[18] = '\0';
	return true;
}

void sf_quote(struct buf *b, const char *s)
{
	static const struct {
		char c;
		const char *text;
	} escape[] = {
		{ '\\', "\\\\" }, { '\'', "\\'" }, { '"', "\\\"" }, { '\n', "\\n" }, { '\r', "\\r" },
		{ '\t', "\\t" }, { '\b', "\\b" }, { '\f', "\\f" },
	};
	buf_putc(b, '\'');
	for (; *s; s++) {
		size_t i = 0;
		while (i < sizeof escape / sizeof escape[0] && escape[i].c != *s)
			i++;
		if (i < sizeof escape / sizeof escape[0])
			buf_puts(b, escape[i].text);
		else
			buf_putc(b, *s);
	}
	buf_putc(b, '\'');
}

void sf_org_finish(struct sf_org *o)
{
	free(o->user);
	free(o->complete);
	free(o->open);
	free(o->instance);
	*o = (struct sf_org){ 0 };
}

enum err sf_read_user(const char *s, size_t n, struct sf_org *o)
{
	AUTO_JSON root = json_parse(s, n);
	const char *name = json_text(root, "preferred_username");
	if (!sf_id(json_text(root, "user_id"), o->me) || !sf_id(json_text(root, "organization_id"), o->org))
		return ERR_PROTOCOL;
	return str_put(&o->user, name ? name : json_text(root, "name"));
}

struct status_row {
	const char *name;
	bool closed, chosen;
	int64_t order;
};

/* Is b a better word than a, for complete or for open? */
static bool better(const struct status_row *a, const struct status_row *b, const char *want)
{
	if (!b->name)
		return false;
	if (!a->name)
		return true;
	bool wa = str_eq(a->name, want), wb = str_eq(b->name, want);
	if (wa != wb)
		return wb;
	if (!b->closed && a->chosen != b->chosen)
		return b->chosen;
	return b->order < a->order;
}

enum err sf_read_statuses(const char *s, size_t n, const char *complete, const char *open, struct sf_org *o)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *rows = json_member(root, "records");
	const struct cJSON *j;
	struct status_row best[2] = { 0 };
	cJSON_ArrayForEach(j, rows)
	{
		struct status_row row = {
			.name = json_text(j, "ApiName"),
			.closed = json_true(j, "IsClosed"),
			.chosen = json_true(j, "IsDefault"),
		};
		if (!json_int(j, "SortOrder", &row.order))
			row.order = INT32_MAX;
		if (better(&best[row.closed], &row, row.closed ? complete : open))
			best[row.closed] = row;
	}
	if (!cJSON_IsArray(rows))
		return ERR_PROTOCOL;
	TRY(str_put(&o->complete, best[true].name ? best[true].name : complete));
	return str_put(&o->open, best[false].name ? best[false].name : open);
}

enum err sf_read_describe(const char *s, size_t n, struct sf_org *o)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *fields = json_member(root, "fields");
	const struct cJSON *j;
	if (!cJSON_IsArray(fields))
		return ERR_PROTOCOL;
	o->hidden = FIELDS_ALL;
	o->no_who = o->no_series = true;
	o->keyed = false;
	cJSON_ArrayForEach(j, fields)
	{
		const char *name = json_text(j, "name");
		for (int f = 0; name && f < TASK_NFIELDS; f++)
			if (strcmp(name, sf_column[f]) == 0)
				o->hidden &= ~BIT(f);
		o->no_who = o->no_who && !str_eq(name, "WhoId");
		o->no_series = o->no_series && !str_eq(name, "IsRecurrence");
		o->keyed = o->keyed || (str_eq(name, SF_KEY) && json_true(j, "externalId") &&
			json_true(j, "createable"));
	}
	o->no_who_email = o->no_who_email || o->no_who;
	return ERR_OK;
}

void sf_columns(struct buf *b, const struct sf_org *o, const char *quote, bool with_who)
{
	const struct {
		const char *name;
		bool skip;
	} more[] = {
		{ "OwnerId", false },
		{ "IsDeleted", false },
		{ "IsArchived", false },
		{ "CreatedById", false },
		{ "CreatedDate", false },
		{ "LastModifiedDate", false },
		{ "SystemModstamp", false },
		{ "IsRecurrence", o->no_series },
		{ SF_KEY, !o->keyed },
		{ "WhoId", o->no_who },
		{ "Who.Name", o->no_who || !with_who },
		{ "Who.Email", o->no_who_email || !with_who },
	};
	buf_printf(b, "%sId%s", quote, quote);
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!(o->hidden & BIT(f)))
			buf_printf(b, ",%s%s%s", quote, sf_column[f], quote);
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
		if (!more[i].skip)
			buf_printf(b, ",%s%s%s", quote, more[i].name, quote);
}

static const char *our_status(const char *v, const struct sf_org *o)
{
	return str_eq(v, o->complete) ? TASK_COMPLETE : str_eq(v, o->open) ? TASK_OPEN : NULL;
}

static const char *our_priority(const char *v)
{
	for (size_t i = 0; i < sizeof priorities / sizeof priorities[0]; i++)
		if (strcmp(v, priorities[i].theirs) == 0)
			return priorities[i].ours;
	return NULL;
}

static const char *our_value(int f, const char *v, const struct sf_org *o)
{
	if (!v || (f != FIELD_STATUS && f != FIELD_PRIORITY))
		return v;
	return f == FIELD_STATUS ? our_status(v, o) : our_priority(v);
}

/* A column that is not in the record is unknown; one that is null is cleared. */
static enum err read_fields(const struct cJSON *j, const struct sf_org *o, struct remote_task *r)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		const struct cJSON *v = json_member(j, sf_column[f]);
		if (!cJSON_IsString(v) && !cJSON_IsNull(v)) {
			r->unknown |= BIT(f);
			continue;
		}
		TRY(remote_set(
			r, (enum field)f, cJSON_GetStringValue(v), our_value(f, cJSON_GetStringValue(v), o)));
	}
	return ERR_OK;
}

static enum err read_person(const struct cJSON *j, struct remote_task *r)
{
	const struct cJSON *who = json_member(j, "Who");
	char id[SF_ID_LEN];
	if (sf_id(json_text(j, "WhoId"), id))
		TRY(task_set_fact(&r->t, FACT_SF_WHO, id));
	TRY(task_set_fact(&r->t, FACT_PERSON, json_text(who, "Name")));
	return task_set_fact(&r->t, FACT_EMAIL, json_text(who, "Email"));
}

static enum err read_url(struct remote_task *r, const struct sf_org *o)
{
	AUTO_BUF b = BUF_INIT;
	buf_printf(&b, "%s/lightning/r/Task/%s/view", o->instance ? o->instance : "", r->id);
	r->url = buf_take(&b);
	return r->url ? ERR_OK : ERR_NOMEM;
}

static bool is_me(const struct cJSON *j, const char *column, const struct sf_org *o)
{
	char id[SF_ID_LEN];
	return sf_id(json_text(j, column), id) && strcmp(id, o->me) == 0;
}

static enum err read_task(
	const struct cJSON *j, const struct sf_org *o, struct remote_task *r, const char *id)
{
	TRY(str_put(&r->id, id));
	r->deleted = json_true(j, "IsDeleted");
	r->archived = json_true(j, "IsArchived");
	r->master = json_true(j, "IsRecurrence");
	r->mine = is_me(j, "OwnerId", o);
	r->by_me = is_me(j, "CreatedById", o);
	r->t.created_at = json_time(j, "CreatedDate");
	/* a deletion is no change of its words */
	r->t.changed_at = json_time(j, r->deleted ? "SystemModstamp" : "LastModifiedDate");
	if (r->t.changed_at)
		TRY(str_put(&r->version, json_text(j, "LastModifiedDate")));
	TRY(str_put(&r->once, json_text(j, SF_KEY)));
	TRY(read_fields(j, o, r));
	TRY(read_person(j, r));
	return read_url(r, o);
}

/* false in *usable: no id that could be worked with. */
static enum err add_row(const struct cJSON *j, const struct sf_org *o, struct page *out, bool *usable)
{
	char id[SF_ID_LEN];
	*usable = sf_id(json_text(j, "Id"), id);
	if (!*usable)
		return ERR_OK;
	struct remote_task *r = page_add(out);
	return r ? read_task(j, o, r, id) : ERR_NOMEM;
}

/* The path of an address on whichever host, if it is one we may follow. */
static const char *safe_path(const char *s)
{
	const char *host = strstr(s, "://");
	if (host)
		s = strchr(host + 3, '/');
	if (!s || strncmp(s, "/services/data/", 15) != 0 || strstr(s, "/.") || strlen(s) > 2000)
		return NULL;
	for (const char *c = s; *c; c++)
		if (*c <= 0x20 || *c >= 0x7F || *c == '\\' || *c == '#')
			return NULL;
	return s;
}

enum err sf_read_page(const char *s, size_t n, const struct sf_org *o, struct page *out, struct sf_more *m)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *rows = json_member(root, "records");
	const char *next = json_text(root, "nextRecordsUrl");
	const struct cJSON *j;
	*m = (struct sf_more){ .total = -1 };
	if (!cJSON_IsArray(rows))
		return ERR_PROTOCOL;
	if (!json_int(root, "totalSize", &m->total))
		m->total = -1;
	cJSON_ArrayForEach(j, rows)
	{
		bool usable;
		int64_t stamp = json_time(j, "SystemModstamp");
		TRY(add_row(j, o, out, &usable));
		m->bad += !usable;
		m->last = stamp > m->last ? stamp : m->last;
	}
	if (json_true(root, "done"))
		return ERR_OK;
	next = next ? safe_path(next) : NULL;
	return next ? str_put(&m->next, next) : ERR_PROTOCOL;
}

enum err sf_read_retrieved(const char *s, size_t n, const struct sf_org *o, struct page *out)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *j;
	bool usable;
	if (!cJSON_IsArray(root))
		return ERR_PROTOCOL;
	cJSON_ArrayForEach(j, root)
		TRY(add_row(j, o, out, &usable));
	return ERR_OK;
}

enum err sf_read_people(
	const char *s, size_t n, void (*found)(void *arg, const char *email, const char *id), void *arg)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *rows = json_member(root, "records");
	const struct cJSON *j;
	char id[SF_ID_LEN];
	if (!cJSON_IsArray(rows))
		return ERR_PROTOCOL;
	cJSON_ArrayForEach(j, rows)
	{
		const char *email = json_text(j, "Email");
		if (email && sf_id(json_text(j, "Id"), id))
			found(arg, email, id);
	}
	return ERR_OK;
}

static const char *their_value(const struct task *t, int f, const struct sf_org *o)
{
	const char *v = t->field[f];
	if (v && f == FIELD_STATUS)
		return strcmp(v, TASK_COMPLETE) == 0 ? o->complete : o->open;
	for (size_t i = 0; v && f == FIELD_PRIORITY && i < sizeof priorities / sizeof priorities[0]; i++)
		if (strcmp(v, priorities[i].ours) == 0)
			return priorities[i].theirs;
	return v;
}

void sf_write_task(struct buf *b, const struct task *t, uint32_t fields, const struct sf_org *o,
	const char *id, const char *owner, const char *who, const char *key, bool collection)
{
	const struct {
		const char *name, *value;
	} once[] = { { "id", id }, { "OwnerId", owner }, { "WhoId", who }, { SF_KEY, key } };
	const char *sep = collection ? "," : "";
	buf_puts(b, collection ? "{\"attributes\":{\"type\":\"Task\"}" : "{");
	for (size_t i = 0; i < sizeof once / sizeof once[0]; i++) {
		if (!once[i].value)
			continue;
		buf_printf(b, "%s\"%s\":", sep, once[i].name);
		json_quote(b, once[i].value);
		sep = ",";
	}
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(fields & ~o->hidden & BIT(f)))
			continue;
		buf_printf(b, "%s\"%s\":", sep, sf_column[f]);
		json_quote(b, their_value(t, f, o));
		sep = ",";
	}
	buf_putc(b, '}');
}
