#include "record_p.h"
#include "apart.h"
#include "like.h"
#include "log.h"
#include "rules.h"
#include "subject.h"
#include <string.h>

#define LOG_MODULE "record"
#define SENT_SLACK INT64_C(300000)	/* between sending a create and its time stamp: time-outs, clocks */

static bool says_the_same(const struct link *l, const struct remote_task *rt, int f)
{
	const char *sent = f == FIELD_TITLE && l->raw[f] ? l->raw[f] : l->base[f];
	const char *there = f == FIELD_TITLE && rt->raw[f] ? rt->raw[f] : rt->t.field[f];
	return field_same(sent, there);
}

static bool is_ours(const struct link *l, const struct remote_task *rt)
{
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!(rt->unknown & BIT(f)) && !says_the_same(l, rt, f))
			return false;
	return true;
}

/* A subject that all have does not tell which of them was deleted; nor, where nobody has changed it since it
 * was made, what else is not as it was sent. */
static bool tells(const struct pass *p, const struct link *l, const struct remote_task *rt, enum field f)
{
	bool shared = f == FIELD_TITLE && p->side == SIDE_SF && !subject_has_title(p->template);
	return l->base[f] && !(shared && (rt->deleted || like_as_made(&rt->t)));
}

/* Made by us when ours was sent, for nobody else; and one field that tells is as it was sent. */
static bool resembles(const struct pass *p, const struct link *l, const struct task *sent,
	const struct remote_task *rt)
{
	static const enum field telling[] = { FIELD_TITLE, FIELD_DETAILS, FIELD_DUE };
	const char *us = sent->fact[FACT_PERSON], *them = rt->t.fact[FACT_PERSON];
	int64_t later = rt->t.created_at - l->sent_at;
	if (!rt->by_me || later < -SENT_SLACK || later > SENT_SLACK || (us && them && !str_eq(us, them)))
		return false;
	for (size_t i = 0; i < sizeof(telling) / sizeof(*telling); i++)
		if (tells(p, l, rt, telling[i]) && says_the_same(l, rt, telling[i]))
			return true;
	return false;
}

static int alike(const struct link *l, const struct remote_task *rt)
{
	int n = 0;
	for (int f = 0; f < TASK_NFIELDS; f++)
		n += says_the_same(l, rt, f);
	return n;
}

/* Its key, or another's? */
static enum err has_key(struct pass *p, const struct link *l, const struct remote_task *rt, bool *yes,
	bool *other)
{
	bool maybe = false;
	*yes = rt->once && str_eq(rt->once, l->once);
	if (rt->once && !l->sent_at)
		TRY(parcel_may_be_key_of(p, l->task, rt->once, yes, &maybe));
	*other = rt->once && !*yes && !maybe;
	return ERR_OK;
}

enum err record_is_ours(struct pass *p, const struct link *l, const struct remote_task *rt, int *likeness)
{
	AUTO_TASK sent = TASK_INIT;
	bool key, other;
	*likeness = UNLIKE;
	if (!rt->mine && !rt->by_me)	/* ours may be another's by now (D5), or deleted */
		return ERR_OK;
	TRY(has_key(p, l, rt, &key, &other));
	if (other)
		return ERR_OK;
	TRY(store_get(p->s, l->task, &sent));
	if (!l->sent_at && rt->t.created_at < sent.created_at + p->c->offset - SENT_SLACK)
		return ERR_OK;
	bool person = str_eq(sent.fact[FACT_PERSON], rt->t.fact[FACT_PERSON]);
	if (key || is_ours(l, rt))
		*likeness = SAME + person;
	else if (resembles(p, l, &sent, rt))
		*likeness = alike(l, rt) + (person ? TASK_NFIELDS : 0);
	return ERR_OK;
}

/* Is Sales Connect's name the subject that we gave? A mount that knew no more has copied it,
 * and a subject is no name (R26). */
static enum err is_our_subject(struct pass *p, int64_t task, const struct remote_task *rt, bool *out)
{
	AUTO_LINK sf = LINK_INIT;
	*out = false;
	if (p->side != SIDE_SC)
		return ERR_OK;
	enum err e = store_link(p->s, task, SIDE_SF, &sf);
	*out = sf.sent_at && field_same(sf.raw[FIELD_TITLE], rt->t.field[FIELD_TITLE]);
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err record_adopt(struct pass *p, struct link *l, const struct remote_task *rt)
{
	bool subject;
	if (!l->sent_at)
		l->sent_at = rt->t.created_at;
	TRY(replace_text(&l->rid, rt->id));
	TRY(is_our_subject(p, l->task, rt, &subject));
	if (subject)
		TRY(replace_text(&l->base[FIELD_TITLE], rt->t.field[FIELD_TITLE]));
	TRY(store_link_put(p->s, l));
	log_info("task=%lld side=%s: the create in doubt had happened", (long long)l->task,
		side_name[p->side]);
	return record_known(p, rt, l);
}

static bool renamed_here(void *arg, const struct history *h)
{
	bool *yes = arg;
	*yes |= h->field == FIELD_TITLE && h->by == SIDE_LOCAL;
	return !*yes;
}

/* What have the two agreed on as the name? Ours, which takes Sales Connect's from now on. But if that is our
 * subject, theirs; and nothing, if it was changed here. */
static enum err agreed_name(struct pass *p, const struct remote_task *rt, const struct task *ours,
	const char **out)
{
	bool renamed = false, subject;
	*out = ours->field[FIELD_TITLE];
	if (p->side != SIDE_SC)
		return ERR_OK;
	TRY(store_history(p->s, ours->id, renamed_here, &renamed));
	TRY(is_our_subject(p, ours->id, rt, &subject));
	if (subject)
		*out = rt->t.field[FIELD_TITLE];
	else if (renamed)
		*out = NULL;
	return subject || renamed ? ERR_OK : record_settle_names(p, rt, ours->id);
}

/* Which other side may this task be created on (R14, R15)?
 * One that is older than the rebuilt database may be there. */
static enum err born(struct pass *p, const struct remote_task *rt, uint32_t *out)
{
	enum side other = pass_other(p);
	struct side_state st;
	int64_t offset = 0;
	*out = 0;
	TRY(store_side(p->s, other, &st));
	if (!st.on || rt->t.created_at <= p->rebuilt)
		return ERR_OK;
	if (other == SIDE_SF)
		TRY(pass_get_int(p, "clock_offset", &offset));
	bool old = other == SIDE_SF && rt->t.created_at <= st.enabled_at + offset;
	if (!old)
		*out = BIT(other);
	return ERR_OK;
}

/* In this machine's clock. */
static int64_t made_here(const struct pass *p, const struct remote_task *rt)
{
	return rt->t.created_at ? rt->t.created_at - p->c->offset : 0;
}

/* Where Salesforce has another word, Sales Connect's is the task's, and no change to be sent (R8, R10). */
static enum err settle_words(struct pass *p, const struct remote_task *rt, int64_t task, uint32_t *words)
{
	AUTO_HALF sf = { 0 };
	*words = 0;
	enum err e = p->side == SIDE_SC ? like_load(p, task, SIDE_SF, &sf) : ERR_NOENT;
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (like_foreign(&sf, f)) {
			TRY(replace_text(&sf.l.base[f], rt->t.field[f]));
			*words |= BIT(f);
		}
	return *words ? store_link_put(p->s, &sf.l) : ERR_OK;
}

/* Join a task that another remote gave us with the same task here (D7). Nothing was agreed on yet: what one
 * side has and the other lacks is taken over, real differences are a clash, unless it says what we said when
 * it was copied. The plain name is Sales Connect's. */
static enum err pair(struct pass *p, const struct remote_task *rt, int64_t task, bool guess)
{
	AUTO_LINK l = LINK_INIT;
	AUTO_TASK ours = TASK_INIT;
	bool ok = true;
	uint32_t agreed = rules_silent(p->side, rt) | BIT(FIELD_TITLE), words, sides;
	struct compared is;
	enum gone gone;
	const char *name;
	TRY(store_get(p->s, task, &ours));
	TRY(record_compare(p, &ours, rt, &is));
	TRY(settle_words(p, rt, task, &words));
	agreed |= is.later | words;
	TRY(agreed_name(p, rt, &ours, &name));
	l.task = task;
	l.side = p->side;
	l.rid = str_dup(rt->id, &ok);
	l.once = str_dup(rt->once, &ok);
	l.by_me = rt->by_me;
	l.made_at = made_here(p, rt);
	l.as_made = like_as_made(&rt->t);
	for (int f = 0; f < TASK_NFIELDS; f++)
		l.base[f] = agreed & BIT(f) ? str_dup(f == FIELD_TITLE ? name : ours.field[f], &ok) :
			is.former & BIT(f) ? str_dup(rt->t.field[f], &ok) : NULL;
	if (!ok)
		return ERR_NOMEM;
	TRY(store_link_put(p->s, &l));
	log_info("task=%lld side=%s paired with its twin", (long long)task, side_name[p->side]);
	TRY(record_known(p, rt, &l));
	if (is.unsure)
		TRY(apart_leave(p, task, like_as_made(&rt->t) ? p->side : pass_other(p)));
	TRY(born(p, rt, &sides));
	TRY(store_born(p->s, task, sides));	/* should they be taken apart */
	if (guess)
		TRY(apart_mark(p, rt->id));
	TRY(store_gone(p->s, task, &gone));	/* the copy of what was deleted here is to be deleted, too */
	if (gone == GONE_DELETED)
		TRY(store_outbox_add(p->s, task, p->side, p->local_now));
	return order_alike(p, task);
}

/* The other task may show the name as the record has it, or as the template renders it. */
static enum err twin(struct pass *p, const struct remote_task *rt, bool whole, int64_t *task, bool *several)
{
	AUTO_BUF subject = BUF_INIT;
	AUTO_TASK rendered = TASK_INIT;
	int64_t made_at = rt->t.created_at - p->c->offset;
	enum err e = store_twin(p->s, p->side, &rt->t, p->template, whole, made_at, task, several);
	if (e != ERR_NOENT || p->side == SIDE_SF || (!whole && !subject_has_title(p->template)))
		return e;
	TRY(task_copy(&rendered, &rt->t));
	subject_render(p->template, &rt->t, &subject);
	TRY(buf_err(&subject));
	if (subject_is_name(p->template) && field_same(buf_str(&subject), rt->t.field[FIELD_TITLE]))
		return e;	/* it was asked just now */
	TRY(task_set(&rendered, FIELD_TITLE, buf_str(&subject)));
	return store_twin(p->s, p->side, &rendered, NULL, whole, made_at, task, several);
}

/* Was it sent under a subject that all have? Not if the template was another one, and showed its name. */
static enum err is_shared(struct pass *p, const struct link *l, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF subject = BUF_INIT;
	const char *name = l->base[FIELD_TITLE], *sent = l->raw[FIELD_TITLE] ? l->raw[FIELD_TITLE] : name;
	*yes = p->side == SIDE_SF && !subject_has_title(p->template);
	if (!*yes)
		return ERR_OK;
	TRY(store_get(p->s, l->task, &t));
	subject_render(p->template, &t, &subject);
	TRY(buf_err(&subject));
	*yes = field_same(buf_str(&subject), sent) || !name || !strstr(sent, name);
	return ERR_OK;
}

/* The next one that it is as like. None: it stays. */
static enum err next_doubtful(struct pass *p, const struct remote_task *rt, int likeness, struct link **out)
{
	int is = UNLIKE;
	for (struct link *l = *out + 1; l < p->doubt.l + p->doubt.n && is != likeness; l++) {
		is = UNLIKE;
		if (!l->rid)
			TRY(record_is_ours(p, l, rt, &is));
		*out = is == likeness ? l : *out;
	}
	return ERR_OK;
}

/* Of several that it is as like, the first is for the first record of the page that may be theirs, and so on,
 * as they are sent. */
static enum err in_place(struct pass *p, const struct remote_task *rt, int likeness, struct link **out)
{
	for (size_t i = 0; p->page && i < p->page->n; i++) {
		const struct remote_task *x = &p->page->task[i];
		AUTO_LINK has = LINK_INIT;
		int is;
		if (x->deleted || !order_before(x->id, rt->id))
			continue;
		enum err e = store_link_by_rid(p->s, p->side, x->id, &has);
		if (e != ERR_NOENT) {
			TRY(e);
			continue;
		}
		TRY(record_is_ours(p, *out, x, &is));
		if (is != UNLIKE)
			TRY(next_doubtful(p, rt, likeness, out));
	}
	return ERR_OK;
}

/* The create in doubt that this record is most like; NULL: none, or it only resembles that by a subject that
 * all have, and is as another task in all fields. */
static enum err doubtful(struct pass *p, const struct remote_task *rt, struct link **out)
{
	int best = UNLIKE, is;
	int64_t other;
	bool several, shared;
	*out = NULL;
	for (size_t i = 0; i < p->doubt.n; i++) {
		struct link *l = &p->doubt.l[i];
		if (l->rid)
			continue;
		TRY(record_is_ours(p, l, rt, &is));
		if (is > best)
			*out = l;
		best = is > best ? is : best;
	}
	if (*out && !rt->deleted)
		TRY(in_place(p, rt, best, out));
	if (!*out || best >= SAME || rt->deleted)
		return ERR_OK;
	TRY(is_shared(p, *out, &shared));
	if (!shared)
		return ERR_OK;
	enum err e = twin(p, rt, true, &other, &several);
	if (e == ERR_OK)
		*out = NULL;
	return e == ERR_NOENT ? ERR_OK : e;
}

/* We gave its record in Salesforce a subject without a name: that says nothing. */
static enum err key_tells(struct pass *p, int64_t task, bool *yes)
{
	AUTO_LINK sf = LINK_INIT;
	enum err e = store_link(p->s, task, SIDE_SF, &sf);
	*yes = sf.sent_at && !subject_has_title(p->template);
	return e == ERR_NOENT ? ERR_OK : e;
}

/* Has the page another one of that name that is nobody's yet? The last ones are, most likely. */
static enum err page_has_another(struct pass *p, const struct remote_task *rt, bool *yes)
{
	*yes = false;
	for (size_t i = p->page ? p->page->n : 0; i && !*yes; i--) {
		const struct remote_task *x = &p->page->task[i - 1];
		AUTO_LINK l = LINK_INIT;
		if (x->deleted || str_eq(x->id, rt->id) ||
			!field_same(x->t.field[FIELD_TITLE], rt->t.field[FIELD_TITLE]))
			continue;
		enum err e = store_link_by_rid(p->s, p->side, x->id, &l);
		*yes = e == ERR_NOENT;
		if (e != ERR_NOENT)
			TRY(e);
	}
	return ERR_OK;
}

/* Is there nothing else of its name on either side that has no copy? Else it is not known yet which belongs
 * to which (join.c). A first import is not read to its end for that, but for what is to be skipped (R8). */
static enum err is_plain(struct pass *p, const struct remote_task *rt, int64_t twin, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	enum gone gone;
	int64_t here, there;
	bool more;
	TRY(store_get(p->s, twin, &t));
	TRY(store_gone(p->s, twin, &gone));
	/* a copy of a deleted one is not what had its name: who made it, and sleeps, would delete both */
	bool former = gone != GONE_DELETED;
	TRY(store_namesakes(p->s, p->side, rt->t.field[FIELD_TITLE], true, &here));
	TRY(store_namesakes(p->s, pass_other(p), t.field[FIELD_TITLE], former, &there));
	TRY(page_has_another(p, rt, &more));
	bool read = !p->part || (p->first && !rules_skip(rt, p->c->config));
	*yes = read && !more && !here && there == (gone != GONE_DELETED);
	return ERR_OK;
}

/*
 * D7. And what is the same in all fields is a copy of any age: another mount, or the vendor's mirror, makes
 * it when it comes to it, and two copies would be copied by every other mount again. Of several that are the
 * same, the keys of their copies in Sales Connect tell which it is (join.c); the vendor's mirror has no keys.
 */
static enum err find_twin(struct pass *p, const struct remote_task *rt, int64_t *task)
{
	AUTO_FREE char *mirror = NULL;
	bool several, plain, ours = false, rebuilt = rt->t.created_at <= p->rebuilt;
	enum err e = twin(p, rt, true, task, &several);
	if (e == ERR_NOENT && !rebuilt)
		e = twin(p, rt, false, task, &several);
	if (e || rebuilt)
		return e;
	if (p->side == SIDE_SC) {
		TRY(key_tells(p, *task, &ours));
		TRY(pass_get(p, "mirror", &mirror));
	}
	if (mirror)
		return ours ? ERR_NOENT : ERR_OK;
	TRY(is_plain(p, rt, *task, &plain));
	return several || ours || !plain ? ERR_NOENT : ERR_OK;
}

/* Is that a guess? It waits where somebody knows more: the task was made here; Salesforce's record has a
 * key, or, where none is kept, another mount's was changed since it was made, and said perhaps more then.
 * And what is deleted takes nothing along by it. */
static enum err is_guess(struct pass *p, const struct remote_task *rt, int64_t task, bool *guess, enum err *e)
{
	AUTO_TASK ours = TASK_INIT;
	AUTO_LINK other = LINK_INIT;
	struct link l = { .rid = rt->id, .once = rt->once, .by_me = rt->by_me };	/* borrowed */
	enum gone gone;
	bool key, later = false, wait;
	TRY(store_get(p->s, task, &ours));
	TRY(store_gone(p->s, task, &gone));
	TRY(store_link(p->s, task, pass_other(p), &other));
	const struct link *sc = p->side == SIDE_SC ? &l : &other, *sf = p->side == SIDE_SC ? &other : &l;
	const struct task *t = p->side == SIDE_SC ? &ours : &rt->t;
	TRY(apart_is_guess(p, sc, sf, t, guess));
	TRY(apart_key_tells(p, sc, sf, t, &key));
	if (gone == GONE_DELETED)
		TRY(apart_is_later(p, made_here(p, rt), task, &later, &wait));
	bool waits = sc->sent_at || (sf->once ? !sf->sent_at : sf->by_me && !like_as_made(t));
	if (gone == GONE_DELETED ? *guess || key || later : *guess && waits)
		*e = ERR_NOENT;
	return ERR_OK;
}

/* Another mount has made what is to be made here, by the key that they share. */
static enum err find_copy(struct pass *p, const struct remote_task *rt, int64_t *task)
{
	struct outgoing row[256];
	size_t n = 0;
	if (rt->once)
		TRY(store_outbox(p->s, p->side, p->local_now, row, 256, &n));
	for (size_t i = 0; i < n; i++) {
		AUTO_LINK l = LINK_INIT;
		bool yes;
		enum err e = store_link(p->s, row[i].task, p->side, &l);
		if (e != ERR_NOENT && e != ERR_OK)
			return e;
		TRY(parcel_is_key_of(p, row[i].task, rt->once, &yes));
		*task = row[i].task;
		if (yes && e == ERR_NOENT)
			return ERR_OK;
	}
	return ERR_NOENT;
}

static enum err import(struct pass *p, const struct remote_task *rt)
{
	AUTO_TASK hub = TASK_INIT;
	AUTO_LINK l = LINK_INIT;
	bool ok = true, changed;
	TRY(rules_hub(rt, &hub));
	TRY(born(p, rt, &hub.born));
	TRY(store_create(p->s, &hub, NULL, 0, p->side, p->local_now, &l.task));
	l.side = p->side;
	l.rid = str_dup(rt->id, &ok);
	l.once = str_dup(rt->once, &ok);
	for (int f = 0; f < TASK_NFIELDS; f++)
		l.base[f] = str_dup(hub.field[f], &ok);
	if (!ok)
		return ERR_NOMEM;
	l.by_me = rt->by_me;
	l.made_at = made_here(p, rt);
	l.as_made = like_as_made(&rt->t);
	TRY(record_learn(p, &l, rt, FIELDS_ALL, &changed));
	l.synced_at = p->local_now;
	p->touched = true;
	return store_link_put(p->s, &l);
}

/* Is anything else that has no copy, or is on the page, as much that task? */
static enum err has_rival(struct pass *p, const struct remote_task *rt, int64_t task, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	int64_t other;
	bool several;
	TRY(page_has_another(p, rt, yes));
	if (*yes)
		return ERR_OK;
	TRY(store_get(p->s, task, &t));
	enum err e = store_twin(
		p->s, pass_other(p), &t, p->template, true, made_here(p, rt), &other, &several);
	*yes = e == ERR_OK;
	return e == ERR_NOENT ? ERR_OK : e;
}

/* Nobody is told of it again: is it a copy of a task here, once all pages are read? What the account made is,
 * if it is as several, or as one that nothing else is: of which one, join.c finds out. */
static enum err skip(struct pass *p, const struct remote_task *rt)
{
	int64_t task;
	bool several, rival;
	bool part = p->part && p->undecided.n < p->ops->check_max;
	enum err e = twin(p, rt, true, &task, &several);
	if (e == ERR_NOENT && part)
		e = twin(p, rt, false, &task, &several);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	if (part)
		return ids_add(&p->undecided, rt->id);
	TRY(has_rival(p, rt, task, &rival));
	return rt->by_me && (several || !rival) ? import(p, rt) : ERR_OK;
}

enum err record_new(struct pass *p, const struct remote_task *rt)
{
	int64_t twin;
	struct link *d;
	TRY(doubtful(p, rt, &d));
	if (d)
		return record_adopt(p, d, rt);
	if (!rules_import(rt))
		return ERR_OK;
	enum err e = store_partner(p->s, p->side, rt->id, &twin);
	bool partner = !e, guess = false;
	if (e == ERR_NOENT)
		e = find_copy(p, rt, &twin);
	if (e == ERR_NOENT) {
		e = find_twin(p, rt, &twin);
		if (!e)
			TRY(is_guess(p, rt, twin, &guess, &e));
	}
	if (e == ERR_NOENT)
		return rules_skip(rt, p->c->config) ? skip(p, rt) : import(p, rt);
	TRY(e);
	TRY(pair(p, rt, twin, guess));
	return partner ? store_partner_drop(p->s, p->side, rt->id) : ERR_OK;
}

/* Is there a living one on the page that looks it as well? That the key tells. */
static enum err page_has_living(struct pass *p, const struct link *l, const struct remote_task *rt, bool *yes)
{
	int best, is;
	*yes = false;
	TRY(record_is_ours(p, l, rt, &best));
	for (size_t i = 0; p->page && !rt->once && i < p->page->n && !*yes; i++) {
		const struct remote_task *x = &p->page->task[i];
		AUTO_LINK has = LINK_INIT;
		enum err e = x->deleted ? ERR_OK : store_link_by_rid(p->s, p->side, x->id, &has);
		if (e != ERR_NOENT) {
			TRY(e);
			continue;
		}
		TRY(record_is_ours(p, l, x, &is));
		*yes = is >= best;
	}
	return ERR_OK;
}

enum err record_stillborn(struct pass *p, const struct remote_task *rt)
{
	struct link *d;
	bool living;
	TRY(doubtful(p, rt, &d));
	if (!d)
		return ERR_OK;
	TRY(page_has_living(p, d, rt, &living));
	if (living)
		return ERR_OK;
	TRY(replace_text(&d->rid, rt->id));
	TRY(store_link_put(p->s, d));
	return record_doom(p, d);
}
