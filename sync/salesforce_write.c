#include "salesforce_p.h"
#include "date.h"
#include <stdio.h>
#include <string.h>

static enum err item_fail(struct item *it, enum err e, const char *msg)
{
	it->err = e;
	msg_set(it->msg, NULL, msg);
	return ERR_OK;
}

/* What became of a write whose call as a whole ended with e. */
static enum err settle(struct salesforce *sf, struct item *it, size_t n, enum err e)
{
	if (e == ERR_TOOBIG)
		e = ERR_LOST;
	if (n != 1 || !err_of_item(e))
		return e;
	return item_fail(it, e, sf->r.message);
}

static enum err send_collection(struct salesforce *sf, const struct sf_call *c, struct item *it, size_t n)
{
	AUTO_REPLY r = { 0 };
	enum err e = sf_call(sf, c, &r);
	if (e != ERR_OK)
		return settle(sf, it, n, e);
	return sf_nonsense(sf, sf_read_results(buf_str(&r.body), r.body.n, it, n));
}

typedef enum err write_fn(struct salesforce *sf, struct item *it, size_t n);

/*
 * A call that was refused as a whole for what is wrong with one of its records is made again one by one; no
 * right to make the call is true of them all.
 */
static enum err one_by_one(struct salesforce *sf, struct item *it, size_t n, enum err whole, write_fn *write)
{
	for (size_t i = 0; whole != ERR_REFUSED && i < n; i++)
		item_fail(&it[i], whole, sf->r.message);
	if (whole != ERR_REFUSED)
		return ERR_OK;
	for (size_t i = 0; i < n; i++) {
		enum err e = write(sf, &it[i], 1);
		if (e != ERR_OK)
			return items_give_up(it, n, i, e);
	}
	return ERR_OK;
}

/* Refused for a column that was there when the schema was learnt? */
static bool of_old_schema(const struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (it[i].err == ERR_PROTOCOL && strncmp(it[i].msg, "INVALID_FIELD:", 14) == 0)
			return true;
	return false;
}

/* Those alone are sent again, by what the org looks like now. */
static enum err by_new_schema(struct salesforce *sf, struct item *it, size_t n, write_fn *write)
{
	TRY(err_of_read(sf_learn_schema(sf)));
	for (size_t i = 0; i < n; i++) {
		if (!of_old_schema(&it[i], 1))
			continue;
		it[i].msg[0] = '\0';
		enum err e = write(sf, &it[i], 1);
		if (e != ERR_OK)
			it[i].err = e;
	}
	return ERR_OK;
}

/* A flow of the org that fails may have met another that held a row: those are sent once more, in one call
 * (4.2). */
static enum err flow_again(struct salesforce *sf, struct item *it, size_t n, write_fn *write)
{
	static const char flow[] = "CANNOT_EXECUTE_FLOW_TRIGGER:";
	AUTO_FREE struct item *some = calloc(n, sizeof *some);
	AUTO_FREE size_t *from = calloc(n, sizeof *from);
	size_t k = 0;
	if (!some || !from)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (it[i].err == ERR_DENIED && !strncmp(it[i].msg, flow, sizeof flow - 1)) {
			from[k] = i;
			some[k] = it[i];
			some[k++].msg[0] = '\0';
		}
	enum err e = k ? write(sf, some, k) : ERR_OK;
	for (size_t i = 0; i < k; i++) {
		it[from[i]] = some[i];
		if (e != ERR_OK)
			item_fail(&it[from[i]], e, sf->r.message);
	}
	return ERR_OK;
}

static enum err write_items(struct remote *r, struct item *it, size_t n, write_fn *write)
{
	struct salesforce *sf = sf_self(r);
	if (!n)
		return ERR_OK;
	for (size_t i = 0; i < n; i++)
		it[i].msg[0] = '\0';
	TRY(sf_ready(sf));
	enum err e = write(sf, it, n);
	if (e == ERR_PROTOCOL && sf_code_is(sf, "INVALID_FIELD")) {
		TRY(err_of_read(sf_learn_schema(sf)));
		e = write(sf, it, n);
	}
	if (e == ERR_OK && of_old_schema(it, n))
		e = by_new_schema(sf, it, n, write);
	if (n > 1 && err_of_item(e))
		e = one_by_one(sf, it, n, e, write);
	return e == ERR_OK ? flow_again(sf, it, n, write) : e;
}

/* ---- what moved on there meanwhile ---- */

static const char *version_in(const struct page *p, const char *id)
{
	char key[SF_ID_LEN];
	for (size_t i = 0; sf_id(id, key) && i < p->n; i++)
		if (strcmp(p->task[i].id, key) == 0)
			return p->task[i].version;
	return NULL;
}

static enum err read_versions(struct salesforce *sf, const struct item *it, size_t n, struct page *out)
{
	AUTO_BUF columns = BUF_INIT;
	AUTO_FREE const char **ids = calloc(n, sizeof *ids);
	size_t k = 0;
	if (!ids)
		return ERR_NOMEM;
	buf_puts(&columns, "\"Id\",\"OwnerId\",\"LastModifiedDate\"");
	for (size_t i = 0; i < n; i++)
		if (it[i].version)
			ids[k++] = it[i].id;
	return k ? err_of_read(sf_retrieve(sf, ids, k, &columns, out)) : ERR_OK;
}

/*
 * Collections and deletions know no precondition (salesforce.md 4.3): the versions are read just before, in
 * one call, and what moved on is left out. What moves on in between is not seen.
 */
static enum err write_current(struct remote *r, struct item *it, size_t n, write_fn *write)
{
	AUTO_PAGE now = PAGE_INIT;
	AUTO_FREE struct item *some = calloc(n, sizeof *some);
	AUTO_FREE size_t *from = calloc(n, sizeof *from);
	size_t k = 0;
	if (!some || !from)
		return ERR_NOMEM;
	TRY(read_versions(sf_self(r), it, n, &now));
	for (size_t i = 0; i < n; i++) {
		const char *version = it[i].version ? version_in(&now, it[i].id) : NULL;
		it[i].err = version && !str_eq(version, it[i].version) ? ERR_STALE : ERR_OK;
		if (it[i].err == ERR_STALE)
			continue;
		from[k] = i;
		some[k++] = it[i];
	}
	enum err e = write_items(r, some, k, write);
	for (size_t i = 0; i < k; i++)
		it[from[i]] = some[i];
	return e;
}

static enum err set_url(struct salesforce *sf, struct item *it)
{
	AUTO_BUF b = BUF_INIT;
	if (!it->new_id)
		return ERR_OK;
	buf_printf(&b, "%s/lightning/r/Task/%s/view", sf->org.instance, it->new_id);
	it->url = buf_take(&b);
	return it->url ? ERR_OK : ERR_NOMEM;
}

/* May a create say its key, so that a second one with it makes nothing (salesforce.md 4.4)? */
static bool by_key(const struct salesforce *sf, const struct item *it)
{
	return sf->org.keyed && it->once;
}

static enum err post(struct salesforce *sf, struct item *it, size_t n, char (*who)[SF_ID_LEN])
{
	AUTO_BUF body = BUF_INIT;
	bool keyed = by_key(sf, it);
	buf_puts(&body, "{\"allOrNone\":false,\"records\":[");
	for (size_t i = 0; i < n; i++) {
		uint32_t fields = 0;
		for (int f = 0; f < TASK_NFIELDS; f++)
			fields |= it[i].t->field[f] ? BIT(f) : 0;
		buf_puts(&body, i ? "," : "");
		sf_write_task(&body, it[i].t, fields, &sf->org, NULL, sf->org.me,
			who && who[i][0] ? who[i] : NULL, keyed ? it[i].once : NULL, true);
	}
	buf_puts(&body, "]}");
	TRY(buf_err(&body));
	TRY(send_collection(sf,
		&(struct sf_call){ .method = keyed ? "PATCH" : "POST",
			.path = keyed ? SF_API "/composite/sobjects/Task/" SF_KEY
				      : SF_API "/composite/sobjects",
			.body = &body,
			.once = true },
		it, n));
	for (size_t i = 0; i < n; i++)
		TRY(set_url(sf, &it[i]));
	return ERR_OK;
}

/* The person may be gone or out of reach by now; the task matters more. */
static enum err without_person(struct salesforce *sf, struct item *it, size_t n, char (*who)[SF_ID_LEN])
{
	for (size_t i = 0; i < n; i++) {
		if (!who[i][0] ||
			(it[i].err != ERR_REFUSED && it[i].err != ERR_DENIED && it[i].err != ERR_GONE) ||
			!strstr(it[i].msg, "CROSS_REFERENCE"))
			continue;
		it[i].msg[0] = '\0';
		enum err e = post(sf, &it[i], 1, NULL);
		if (e != ERR_OK)
			it[i].err = e;
	}
	return ERR_OK;
}

static enum err make(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_FREE void *room = calloc(n, SF_ID_LEN);
	struct sf_people p = { .it = it, .n = n, .who = room };
	if (!room)
		return ERR_NOMEM;
	TRY(sf_know_people(sf, &p));
	TRY(post(sf, it, n, p.who));
	return without_person(sf, it, n, p.who);
}

/* The oldest record that bears the key. */
static const struct remote_task *made_by(const struct page *p, const char *once)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->task[i].once, once))
			return &p->task[i];
	return NULL;
}

/* What a request whose answer was lost has made, or another mount. */
static enum err find_made(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_PAGE page = PAGE_INIT;
	AUTO_BUF soql = BUF_INIT;
	sf_add_select(sf, &soql);
	buf_puts(&soql, SF_KEY " IN (");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&soql, i ? "," : "");
		sf_quote(&soql, it[i].once);
	}
	buf_puts(&soql, ") ORDER BY CreatedDate,Id");
	TRY(err_of_read(sf_read_all(sf, &soql, false, &page)));
	for (size_t i = 0; i < n; i++) {
		const struct remote_task *made = made_by(&page, it[i].once);
		if (!made)
			continue;
		it[i].err = ERR_OK;
		it[i].msg[0] = '\0';
		TRY(str_put(&it[i].new_id, made->id));
		it[i].was_there = true;
		TRY(set_url(sf, &it[i]));
	}
	return ERR_OK;
}

/* The other request with this key is being done, or two have made a record each: read back;
 * not there yet is no refusal. */
static enum err read_back(struct salesforce *sf, struct item *it, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (it[i].err != ERR_REFUSED ||
			(strncmp(it[i].msg, "DUPLICATE_VALUE:", 16) != 0 &&
				strncmp(it[i].msg, "DUPLICATE_EXTERNAL_ID:", 22) != 0))
			continue;
		it[i].err = ERR_RETRY;
		TRY(find_made(sf, &it[i], 1));
	}
	return ERR_OK;
}

/* The key is looked for first: an upsert would write over what was edited since. */
static enum err write_create(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_FREE struct item *rest = calloc(n, sizeof *rest);
	AUTO_FREE size_t *from = calloc(n, sizeof *from);
	size_t k = 0;
	if (!rest || !from)
		return ERR_NOMEM;
	if (!by_key(sf, it))
		return make(sf, it, n);
	TRY(find_made(sf, it, n));
	for (size_t i = 0; i < n; i++)
		if (!it[i].new_id) {
			from[k] = i;
			rest[k++] = it[i];
		}
	enum err e = k ? make(sf, rest, k) : ERR_OK;
	for (size_t i = 0; i < k; i++) {
		it[from[i]] = rest[i];
		if (e != ERR_OK)
			it[from[i]].err = e;
	}
	if (e != ERR_OK)
		return k < n ? ERR_OK : e;
	return read_back(sf, it, n);
}

enum err sf_create(struct remote *r, struct item *it, size_t n)
{
	return write_items(r, it, n, write_create);
}

/* What can be said without asking. ERR_OK: nothing. */
static enum err precheck(struct salesforce *sf, struct item *it, bool update, char id[SF_ID_LEN])
{
	if (!sf_id(it->id, id)) {
		item_fail(it, ERR_REFUSED, "not a Salesforce id");
		return ERR_REFUSED;
	}
	if (update && !(it->fields & ~sf->org.hidden)) {
		item_fail(it, ERR_DENIED, "Salesforce hides this field from you");
		return ERR_DENIED;
	}
	return ERR_OK;
}

static enum err patch_one(struct salesforce *sf, struct item *it)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_BUF body = BUF_INIT;
	AUTO_BUF since = BUF_INIT;
	AUTO_REPLY r = { 0 };
	char id[SF_ID_LEN], date[HTTP_DATE_LEN];
	int64_t ms;
	if (precheck(sf, it, true, id) != ERR_OK)
		return ERR_OK;
	if (it->version && date_parse_time(it->version, &ms) == ERR_OK) {
		http_date(ms, date);
		buf_printf(&since, "If-Unmodified-Since: %s", date);
	}
	buf_printf(&path, SF_API "/sobjects/Task/%s", id);
	sf_write_task(&body, it->t, it->fields, &sf->org, NULL, NULL, NULL, NULL, false);
	TRY(buf_err(&path));
	TRY(buf_err(&body));
	TRY(buf_err(&since));
	it->err = ERR_OK;
	struct sf_call c = { .method = "PATCH", .path = path.s, .body = &body, .header = since.s };
	return settle(sf, it, 1, sf_call(sf, &c, &r));
}

static enum err write_update(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_BUF body = BUF_INIT;
	char id[SF_ID_LEN];
	if (n == 1)
		return patch_one(sf, it);
	buf_puts(&body, "{\"allOrNone\":false,\"records\":[");
	for (size_t i = 0; i < n; i++) {
		if (precheck(sf, &it[i], true, id) != ERR_OK)
			return ERR_REFUSED;
		buf_puts(&body, i ? "," : "");
		sf_write_task(&body, it[i].t, it[i].fields, &sf->org, id, NULL, NULL, NULL, true);
	}
	buf_puts(&body, "]}");
	TRY(buf_err(&body));
	TRY(send_collection(sf,
		&(struct sf_call){ .method = "PATCH", .path = SF_API "/composite/sobjects", .body = &body },
		it, n));
	for (size_t i = 0; i < n; i++)
		item_finish(&it[i]);
	return ERR_OK;
}

enum err sf_update(struct remote *r, struct item *it, size_t n)
{
	return n > 1 ? write_current(r, it, n, write_update) : write_items(r, it, n, write_update);
}

static void forgive_deleted(struct item *it)
{
	item_finish(it);
	if (it->err == ERR_GONE && strstr(it->msg, "ENTITY_IS_DELETED")) {
		it->err = ERR_OK;
		it->msg[0] = '\0';
	}
}

static enum err delete_one(struct salesforce *sf, struct item *it)
{
	AUTO_BUF path = BUF_INIT;
	AUTO_REPLY r = { 0 };
	char id[SF_ID_LEN];
	if (precheck(sf, it, false, id) != ERR_OK)
		return ERR_OK;
	buf_printf(&path, SF_API "/sobjects/Task/%s", id);
	TRY(buf_err(&path));
	it->err = ERR_OK;
	enum err e = settle(sf, it, 1,
		sf_call(sf, &(struct sf_call){ .method = "DELETE", .path = path.s }, &r));
	forgive_deleted(it);
	return e;
}

static enum err write_remove(struct salesforce *sf, struct item *it, size_t n)
{
	AUTO_BUF path = BUF_INIT;
	char id[SF_ID_LEN];
	if (n == 1)
		return delete_one(sf, it);
	buf_puts(&path, SF_API "/composite/sobjects?ids=");
	for (size_t i = 0; i < n; i++) {
		if (precheck(sf, &it[i], false, id) != ERR_OK)
			return ERR_REFUSED;
		buf_printf(&path, "%s%s", i ? "," : "", id);
	}
	buf_puts(&path, "&allOrNone=false");
	TRY(buf_err(&path));
	TRY(send_collection(sf, &(struct sf_call){ .method = "DELETE", .path = path.s }, it, n));
	for (size_t i = 0; i < n; i++)
		forgive_deleted(&it[i]);
	return ERR_OK;
}

enum err sf_remove(struct remote *r, struct item *it, size_t n)
{
	return n ? write_current(r, it, n, write_remove) : ERR_OK;
}
