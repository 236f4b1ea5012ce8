#include "salesconnect_json.h"
#include "date.h"
#include "json.h"
#include "remote_p.h"
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const member[TASK_NFIELDS] = { "name", "status", "priority", "due_date", "details" };

/* Their words are ours; any other is not. */
static const char *const words[TASK_NFIELDS][2] = {
	[FIELD_STATUS] = { TASK_OPEN, TASK_COMPLETE },
	[FIELD_PRIORITY] = { TASK_NORMAL, TASK_HIGH },
};

static const struct {
	enum fact fact;
	const char *object, *member;	/* object NULL: of the task itself */
	bool number;
} facts[] = {
	{ FACT_TYPE, NULL, "type", false },
	{ FACT_PERSON, "person", "name", false },
	{ FACT_EMAIL, "person", "email", false },
	{ FACT_SC_PERSON, "person", "id", true },
	{ FACT_SF_WHO, "person", "salesforce_id", false },
	{ FACT_CAMPAIGN, "campaign", "name", false },
	{ FACT_CAMPAIGN_DAY, "campaign", "day", true },
	{ FACT_CAMPAIGN_STEP, "campaign", "step", true },
};

static const struct {
	const char *code;
	enum err err;
} codes[] = {
	{ "limit_exceeded", ERR_LIMIT },
	{ "rate_limited", ERR_LIMIT },
};

static const struct {
	int from, to;
	enum err err;
} statuses[] = {
	{ 400, 400, ERR_REFUSED }, { 401, 401, ERR_AUTH }, { 403, 403, ERR_DENIED }, { 404, 404, ERR_GONE },
	{ 408, 409, ERR_RETRY }, { 410, 410, ERR_GONE }, { 412, 412, ERR_STALE }, { 413, 413, ERR_REFUSED },
	{ 422, 422, ERR_REFUSED }, { 429, 429, ERR_LIMIT }, { 500, 599, ERR_RETRY },
};

bool sc_id(const char *s)
{
	char *end;
	if (!s || *s < '1' || *s > '9' || strlen(s) >= SC_ID_LEN)
		return false;
	return strtoll(s, &end, 10) <= JSON_INT_MAX && !*end;
}

enum err sc_read_user(const char *s, size_t n, struct sc_user *out)
{
	AUTO_JSON root = json_parse(s, n);
	const char *name = json_text(root, "name");
	*out = (struct sc_user){ 0 };
	if (!json_int(root, "id", &out->id) || out->id <= 0)
		return ERR_PROTOCOL;
	return str_put(&out->name, name ? name : json_text(root, "email"));
}

enum err sc_read_settings(const char *s, size_t n, bool *mirror, char **template)
{
	AUTO_JSON root = json_parse(s, n);
	*template = NULL;
	if (!cJSON_IsObject(root))
		return ERR_PROTOCOL;
	*mirror = str_eq(json_text(root, "task_sync"), "on");
	return str_put(template, json_text(root, "activity_detail"));
}

static const char *our_value(int f, const char *v)
{
	if (!v || !words[f][0])
		return v;
	for (int i = 0; i < 2; i++)
		if (strcmp(v, words[f][i]) == 0)
			return words[f][i];
	return NULL;
}

/* A member that is not there is unknown; one that is null is cleared. */
static enum err read_fields(const struct cJSON *j, struct remote_task *r)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		const struct cJSON *v = json_member(j, member[f]);
		const char *s = cJSON_GetStringValue(v);
		if (!s && !cJSON_IsNull(v))
			r->unknown |= BIT(f);
		else
			TRY(remote_set(r, (enum field)f, s, our_value(f, s)));
	}
	return ERR_OK;
}

static bool known_type(const char *s)
{
	for (int i = 0; s && i < TASK_NTYPES; i++)
		if (strcmp(s, task_type[i].name) == 0)
			return true;
	return false;
}

static enum err read_facts(const struct cJSON *j, struct remote_task *r)
{
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		const struct cJSON *o = facts[i].object ? json_member(j, facts[i].object) : j;
		const char *s = json_text(o, facts[i].member);
		char digits[24];
		int64_t number;
		if (facts[i].number) {
			s = json_int(o, facts[i].member, &number) && number > 0 ? digits : NULL;
			snprintf(digits, sizeof digits, "%" PRId64, s ? number : 0);
		}
		if (facts[i].fact == FACT_TYPE && !known_type(s))
			s = NULL;
		TRY(task_set_fact(&r->t, facts[i].fact, s));
	}
	return ERR_OK;
}

static enum err read_task(const struct cJSON *j, int64_t id, struct remote_task *r)
{
	char digits[24];
	int64_t revision;
	snprintf(digits, sizeof digits, "%" PRId64, id);
	TRY(str_put(&r->id, digits));
	r->mine = r->by_me = true;
	r->deleted = json_text(j, "deleted_at") != NULL;
	r->t.created_at = json_time(j, "created_at");
	r->t.changed_at = json_time(j, "updated_at");
	if (json_int(j, "revision", &revision)) {
		snprintf(digits, sizeof digits, "%" PRId64, revision);
		TRY(str_put(&r->version, digits));
	}
	TRY(read_fields(j, r));
	return read_facts(j, r);
}

static enum err add_task(const struct cJSON *j, struct page *out, bool *usable)
{
	int64_t id;
	*usable = json_int(j, "id", &id) && id > 0;
	if (!*usable)
		return ERR_OK;
	struct remote_task *r = page_add(out);
	return r ? read_task(j, id, r) : ERR_NOMEM;
}

enum err sc_read_page(const char *s, size_t n, struct page *out, struct sc_more *m)
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *rows = json_member(root, "tasks");
	const char *next = json_text(root, "next_cursor");
	const struct cJSON *j;
	*m = (struct sc_more){ .server_time = json_time(root, "server_time") };
	if (!cJSON_IsArray(rows))
		return ERR_PROTOCOL;
	cJSON_ArrayForEach(j, rows)
	{
		bool usable;
		int64_t stamp = json_time(j, "updated_at");
		TRY(add_task(j, out, &usable));
		m->bad += !usable;
		m->last = stamp > m->last ? stamp : m->last;
	}
	return str_put(&m->next, next && *next ? next : NULL);
}

enum err sc_read_task(const char *s, size_t n, struct page *out)
{
	AUTO_JSON root = json_parse(s, n);
	bool usable;
	TRY(add_task(root, out, &usable));
	return usable ? ERR_OK : ERR_PROTOCOL;
}

static void write_member(struct buf *b, const char *name, const char *value, const char *before)
{
	if (!value)
		return;
	buf_printf(b, "%s\"%s\":", before, name);
	json_quote(b, value);
}

static void write_person(struct buf *b, const struct task *t)
{
	const char *id = t->fact[FACT_SC_PERSON], *name = t->fact[FACT_PERSON], *email = t->fact[FACT_EMAIL];
	if (sc_id(id)) {
		buf_printf(b, ",\"person\":{\"id\":%s}", id);
	} else if (name && email) {
		write_member(b, "name", name, ",\"person\":{");
		write_member(b, "email", email, ",");
		buf_putc(b, '}');
	}
}

void sc_write_task(struct buf *b, const struct task *t, uint32_t fields, bool create)
{
	const char *sep = "";
	buf_putc(b, '{');
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(fields & BIT(f)))
			continue;
		buf_printf(b, "%s\"%s\":", sep, member[f]);
		json_quote(b, t->field[f]);
		sep = ",";
	}
	if (create) {
		write_member(b, "type", known_type(t->fact[FACT_TYPE]) ? t->fact[FACT_TYPE] : NULL, sep);
		write_person(b, t);
	}
	buf_putc(b, '}');
}

static enum err classify(const char *code, int status)
{
	for (size_t i = 0; code && i < sizeof codes / sizeof codes[0]; i++)
		if (strcmp(code, codes[i].code) == 0)
			return codes[i].err;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if (status >= statuses[i].from && status <= statuses[i].to)
			return statuses[i].err;
	return ERR_PROTOCOL;
}

enum err sc_read_error(const char *s, size_t n, int status, char code[64], char msg[200])
{
	AUTO_JSON root = json_parse(s, n);
	const struct cJSON *error = json_member(root, "error");
	const char *name = json_text(error, "code");
	const char *text = json_text(error, "message");
	char plain[64];
	snprintf(plain, sizeof plain, "status %d without an explanation", status);
	code_set(code, name);
	msg_set(msg, name, text || name ? text : plain);
	return classify(name, status);
}
