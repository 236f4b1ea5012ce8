#include "cycle_p.h"
#include "merge.h"
#include "rules.h"
#include "subject.h"
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static uint32_t differing(const struct link *l, const struct task *hub)
{
	struct task same = { 0 };
	memcpy(same.field, l->base, sizeof(same.field));	/* borrowed */
	return merge_task(l->base, hub, &same, 0).push;
}

uint32_t push_fields(const struct pass *p, const struct link *l, const struct task *hub)
{
	return differing(l, hub) & rules_may_push(p->side, p->template);
}

/* linked: there is a link row. */
static enum verb decide(enum gone gone, bool linked, const struct link *l, bool born, uint32_t fields)
{
	if (!linked)
		return gone == GONE_DELETED || gone == GONE_AWAY || !born ? VERB_NONE : VERB_CREATE;
	if (l->gone || l->away)
		return VERB_NONE;
	if (!l->rid)
		return VERB_WAIT;
	if (l->doom && !l->completed)
		return VERB_HELD;
	if (gone == GONE_DELETED)
		return VERB_REMOVE;
	return gone != GONE_AWAY && fields ? VERB_UPDATE : VERB_NONE;
}

void parcel_finish(struct parcel *x)
{
	task_finish(&x->task);
	task_finish(&x->wire);
	link_finish(&x->link);
	free(x->from);
}

/* Salesforce shows the subject that the template makes of the name; Sales Connect the name. */
static enum err dress(struct pass *p, struct parcel *x)
{
	AUTO_BUF subject = BUF_INIT;
	TRY(task_copy(&x->wire, &x->task));
	if (p->side != SIDE_SF)
		return ERR_OK;
	subject_render(p->template, &x->task, &subject);
	TRY(buf_err(&subject));
	return subject.n ? task_set(&x->wire, FIELD_TITLE, subject.s) : ERR_OK;
}

enum err parcel_read(struct pass *p, const struct outgoing *row, struct parcel *x, enum verb *verb)
{
	enum gone gone;
	x->row = *row;
	TRY(store_get(p->s, row->task, &x->task));
	TRY(store_gone(p->s, row->task, &gone));
	enum err e = store_link(p->s, row->task, p->side, &x->link);
	if (e != ERR_OK && e != ERR_NOENT)
		return e;
	x->fields = e == ERR_OK ? push_fields(p, &x->link, &x->task) : FIELDS_ALL;
	*verb = decide(gone, e == ERR_OK, &x->link, x->task.born & BIT(p->side), x->fields);
	return dress(p, x);
}

enum err parcel_say(struct parcel *x, const struct task *text)
{
	for (enum field f = 0; f < TASK_NFIELDS; f++) {
		TRY(task_set(&x->task, f, text->field[f]));
		TRY(task_set(&x->wire, f, text->field[f]));
	}
	return ERR_OK;
}

enum err replace_text(char **slot, const char *value)
{
	bool ok = true;
	char *copy = str_dup(value, &ok);
	if (!ok)
		return ERR_NOMEM;
	free(*slot);
	*slot = copy;
	return ERR_OK;
}

enum err parcel_agree(struct parcel *x, uint32_t fields)
{
	const char *shown = x->wire.field[FIELD_TITLE];
	for (int f = 0; f < TASK_NFIELDS; f++) {
		bool renamed = f == FIELD_TITLE && !field_same(shown, x->task.field[f]);
		if (!(fields & BIT(f)))
			continue;
		TRY(replace_text(&x->link.base[f], x->task.field[f]));
		TRY(replace_text(&x->link.raw[f], renamed ? shown : NULL));
	}
	return ERR_OK;
}

enum err parcel_elsewhere(struct pass *p, int64_t task, enum elsewhere *out)
{
	AUTO_LINK l = LINK_INIT;
	enum side other = pass_other(p);
	struct side_state st;
	TRY(store_side(p->s, other, &st));
	enum err e = store_link(p->s, task, other, &l);
	/* on a side that is off nothing will be found out */
	*out = l.rid ? ELSEWHERE_KNOWN : e == ERR_NOENT || !st.on ? ELSEWHERE_NOT : ELSEWHERE_IN_DOUBT;
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err parcel_other_is_next(struct pass *p, int64_t task)
{
	AUTO_TASK t = TASK_INIT;
	enum side other = pass_other(p);
	enum elsewhere where;
	TRY(store_get(p->s, task, &t));
	TRY(parcel_elsewhere(p, task, &where));
	if (where != ELSEWHERE_NOT || !(t.born & BIT(other)))
		return ERR_OK;
	return store_outbox_add(p->s, task, other, p->local_now);
}

static enum err origin_there(struct pass *p, enum side side, const char *rid, struct buf *b)
{
	static const char *const account_key[NSIDES] = { [SIDE_SC] = "sc.account", [SIDE_SF] = "sf.account" };
	AUTO_FREE char *account = NULL;
	TRY(store_meta(p->s, account_key[side], &account));
	buf_printf(b, "%s %s", account, rid);
	return buf_err(b);
}

static enum err own_origin(struct pass *p, int64_t task, struct buf *b)
{
	AUTO_TASK t = TASK_INIT;
	TRY(store_get(p->s, task, &t));
	buf_printf(b, "%s %lld %lld", p->store_id, (long long)task, (long long)t.created_at);
	return buf_err(b);
}

/* A task that is on the other side already is the same to every mount of the account;
 * else it is this store's. */
static enum err origin(struct pass *p, int64_t task, struct buf *b)
{
	enum side other = pass_other(p);
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link(p->s, task, other, &l);
	if (e != ERR_NOENT)
		TRY(e);
	return l.rid ? origin_there(p, other, l.rid, b) : own_origin(p, task, b);
}

/* Looks like a UUID (version 8). */
static enum err key_of(const struct buf *b, char out[PARCEL_KEY])
{
	unsigned char d[SHA256_DIGEST_LENGTH];
	char *to = out;
	TRY(buf_err(b));
	SHA256((const unsigned char *)b->s, b->n, d);
	d[6] = 0x80 | (d[6] & 0x0f);
	d[8] = 0x80 | (d[8] & 0x3f);
	for (int i = 0; i < 16; i++)
		to += sprintf(to, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", d[i]);
	return ERR_OK;
}

enum err parcel_key(struct pass *p, struct parcel *x)
{
	char text[PARCEL_KEY];
	AUTO_BUF b = BUF_INIT;
	TRY(origin(p, x->row.task, &b));
	TRY(key_of(&b, text));
	return replace_text(&x->link.once, text);
}

enum err parcel_is_key_of(struct pass *p, int64_t task, const char *once, bool *yes)
{
	char text[PARCEL_KEY];
	AUTO_BUF b = BUF_INIT;
	TRY(origin(p, task, &b));
	TRY(key_of(&b, text));
	*yes = str_eq(text, once);
	return ERR_OK;
}

enum err parcel_copy_key(struct pass *p, enum side side, const char *rid, char once[PARCEL_KEY])
{
	AUTO_BUF b = BUF_INIT;
	TRY(origin_there(p, side, rid, &b));
	return key_of(&b, once);
}

enum err parcel_is_copy_of(struct pass *p, enum side side, const char *rid, const char *once, bool *yes)
{
	char text[PARCEL_KEY];
	TRY(parcel_copy_key(p, side, rid, text));
	*yes = str_eq(text, once);
	return ERR_OK;
}

enum err parcel_may_be_key_of(struct pass *p, int64_t task, const char *once, bool *yes, bool *maybe)
{
	char text[PARCEL_KEY];
	AUTO_BUF b = BUF_INIT;
	enum elsewhere where;
	TRY(parcel_is_key_of(p, task, once, yes));
	TRY(own_origin(p, task, &b));
	TRY(key_of(&b, text));
	TRY(parcel_elsewhere(p, task, &where));
	*yes |= str_eq(text, once);
	*maybe = where == ELSEWHERE_IN_DOUBT;
	return ERR_OK;
}

/* What was sent, from the journal; with facts from the task, which a create carries once. */
enum err parcel_of_journal(struct pass *p, const struct link *l, struct parcel *x)
{
	x->row.task = l->task;
	TRY(store_link(p->s, l->task, p->side, &x->link));
	TRY(store_get(p->s, l->task, &x->task));
	for (int f = 0; f < TASK_NFIELDS; f++)
		TRY(task_set(&x->task, f, l->base[f]));
	TRY(task_copy(&x->wire, &x->task));
	return l->raw[FIELD_TITLE] ? task_set(&x->wire, FIELD_TITLE, l->raw[FIELD_TITLE]) : ERR_OK;
}

enum err parcel_recall(struct pass *p, struct link *l)
{
	AUTO_PARCEL x = { 0 };
	x.row.task = l->task;
	x.link.task = l->task;
	TRY(store_get(p->s, l->task, &x.task));
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		TRY(task_set(&x.task, f, l->base[f]));
	TRY(dress(p, &x));
	TRY(parcel_agree(&x, BIT(FIELD_TITLE)));
	TRY(parcel_key(p, &x));
	TRY(replace_text(&l->raw[FIELD_TITLE], x.link.raw[FIELD_TITLE]));
	return replace_text(&l->once, x.link.once);
}
