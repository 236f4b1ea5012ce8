#include "cycle_p.h"
#include "log.h"
#include "merge.h"
#include "rules.h"
#include "subject.h"
#include <string.h>

#define LOG_MODULE "record"
#define SENT_SLACK INT64_C(300000)	/* between sending a create and its time stamp: time-outs, clocks */

/* ---- what a record tells a link ---- */

static enum err set(char **slot, const char *value, bool *changed)
{
	bool ok = true;
	if (str_eq(*slot, value))
		return ERR_OK;
	char *copy = str_dup(value, &ok);
	if (!ok)
		return ERR_NOMEM;
	free(*slot);
	*slot = copy;
	*changed = true;
	return ERR_OK;
}

/* The remote's own word where it is not ours: another status, another priority, a rendered subject. */
static const char *foreign(const struct link *l, const struct remote_task *rt, int f)
{
	bool ours = field_same(rt->raw[f], l->base[f]) || (f != FIELD_TITLE && rt->t.field[f]);
	return ours ? NULL : rt->raw[f];
}

/* Base, raw, version are what the remote has now, but for a completion that is still to be judged. *changed: the link must
 * be stored. */
static enum err learn(struct pass *p, struct link *l, const struct remote_task *rt, uint32_t silent, bool *changed)
{
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(silent & BIT(f)) && !field_same(l->base[f], rt->t.field[f]))
			TRY(set(&l->base[f], rt->t.field[f], changed));
		if (!(rt->unknown & BIT(f)))
			TRY(set(&l->raw[f], foreign(l, rt, f), changed));
	}
	if (rt->version)
		TRY(set(&l->version, rt->version, changed));
	if (rt->url)
		TRY(set(&l->url, rt->url, changed));
	*changed |= l->away;
	l->away = false;
	if (*changed)
		l->synced_at = p->local_now;
	return ERR_OK;
}

/* ---- a record we know ---- */

static enum err conflict(struct pass *p, const struct link *l, const struct task *mine, const struct task *theirs)
{
	struct task base = { .id = l->task };
	memcpy(base.field, l->base, sizeof(base.field));	/* borrowed */
	return store_conflict(p->s, l->task, p->side, &base, mine, theirs, p->local_now);
}

/* Of the fields in the clash, those that go to the remote (D2). */
static enum err lost_to_theirs(struct pass *p, int64_t task, uint32_t clash, uint32_t *lost)
{
	*lost = 0;
	for (int f = 0; f < TASK_NFIELDS; f++) {
		enum side by;
		if (!(clash & BIT(f)))
			continue;
		TRY(store_last_by(p->s, task, f, &by));
		if (rules_theirs_wins(p->c->config->winner, by, p->side))
			*lost |= BIT(f);
	}
	return ERR_OK;
}

/* Theirs with our values where they say nothing: for showing, and for storing. */
static enum err speak_for(struct task *out, const struct task *theirs, const struct task *ours, uint32_t silent)
{
	TRY(task_copy(out, theirs));
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (silent & BIT(f))
			TRY(task_set(out, f, ours->field[f]));
	return ERR_OK;
}

/* Their edit of a task that is deleted here: the delete wins, their text is kept (D3); a mere completion is none (D4). Should
 * the delete be taken back, the task comes back as they left it. */
static enum err merge_dead(struct pass *p, struct link *l, const struct task *ours, const struct task *theirs,
	struct merge m)
{
	uint32_t text = (m.pull | m.clash) & ~BIT(FIELD_STATUS);
	if (text)
		TRY(conflict(p, l, ours, theirs));
	return m.pull ? store_edit(p->s, l->task, theirs, m.pull, 0, NULL, 0, p->side, p->local_now) : ERR_OK;
}

static enum err merge_live(struct pass *p, struct link *l, const struct task *ours, const struct task *theirs,
	struct merge m)
{
	uint32_t lost, facts = rules_facts(p->side, ours, theirs);
	TRY(lost_to_theirs(p, l->task, m.clash, &lost));
	if (m.clash)
		TRY(conflict(p, l, ours, theirs));
	if (!(m.pull | lost | facts))
		return ERR_OK;
	return store_edit(p->s, l->task, theirs, m.pull | lost, facts, NULL, 0, p->side, p->local_now);
}

enum err record_away(struct pass *p, struct link *l, const char *why)
{
	if (l->away)
		return ERR_OK;
	l->away = true;
	l->doom = DOOM_NO;
	log_info("task=%lld side=%s is away: %s", (long long)l->task, side_name[p->side], why);
	return store_link_put(p->s, l);
}

/* Still something to send? Then it must be on the list; a refused edit is tried again now that the remote changed. */
static enum err list_rest(struct pass *p, const struct link *l)
{
	AUTO_TASK now = TASK_INIT;
	enum gone gone;
	TRY(store_get(p->s, l->task, &now));
	TRY(store_gone(p->s, l->task, &gone));
	if (gone == GONE_DELETED || !push_fields(p, l, &now))
		return ERR_OK;	/* a deletion is listed since it was made */
	return store_outbox_add(p->s, l->task, p->side, p->local_now);
}

/* A completion is not taken yet: it is judged at the end of the pass, with the others, as a deletion is (D6). True: the link
 * changed. */
static bool postpone(struct link *l, enum gone gone, const struct task *theirs, struct merge *m, uint32_t *silent)
{
	enum doom was = l->doom;
	bool was_completed = l->completed;
	l->completed = gone != GONE_DELETED && (m->pull & BIT(FIELD_STATUS)) && !task_is_open(theirs);
	if (!l->completed)
		l->doom = DOOM_NO;
	else if (!was || !was_completed)
		l->doom = DOOM_NEW;
	if (l->completed) {
		m->pull &= ~BIT(FIELD_STATUS);
		*silent |= BIT(FIELD_STATUS);
	}
	return l->doom != was || l->completed != was_completed;
}

/* Salesforce's record came first, and its subject is the task's name for now: that Sales Connect's differs is no rename
 * to be sent (R26). */
static enum err settle_names(struct pass *p, const struct remote_task *rt, int64_t task)
{
	AUTO_LINK sf = LINK_INIT;
	bool changed = false;
	if (p->side != SIDE_SC)
		return ERR_OK;
	enum err e = store_link(p->s, task, SIDE_SF, &sf);
	if (e == ERR_NOENT)
		return ERR_OK;
	TRY(e);
	TRY(set(&sf.raw[FIELD_TITLE], sf.raw[FIELD_TITLE] ? sf.raw[FIELD_TITLE] : sf.base[FIELD_TITLE], &changed));
	TRY(set(&sf.base[FIELD_TITLE], rt->t.field[FIELD_TITLE], &changed));
	return store_link_put(p->s, &sf);
}

/* Sales Connect's name was a subject, and now is the name of which that subject is made: no rename (R26). */
static enum err settle_if_rendered(struct pass *p, const struct remote_task *rt, const struct task *ours)
{
	AUTO_BUF subject = BUF_INIT;
	AUTO_TASK t = TASK_INIT;
	if (p->side != SIDE_SC || !subject_has_title(p->template) || field_same(rt->t.field[FIELD_TITLE], ours->field[FIELD_TITLE]))
		return ERR_OK;
	TRY(task_copy(&t, ours));
	TRY(task_set(&t, FIELD_TITLE, rt->t.field[FIELD_TITLE]));
	subject_render(p->template, &t, &subject);
	TRY(buf_err(&subject));
	return field_same(buf_str(&subject), ours->field[FIELD_TITLE]) ? settle_names(p, rt, ours->id) : ERR_OK;
}

static enum err known(struct pass *p, const struct remote_task *rt, struct link *l)
{
	AUTO_TASK ours = TASK_INIT, theirs = TASK_INIT;
	enum gone gone;
	if (l->gone)
		return ERR_OK;	/* no zombie comes back by itself */
	if (!rt->mine)
		return record_away(p, l, "reassigned");
	uint32_t silent = rules_silent(p->side, rt);
	TRY(store_get(p->s, l->task, &ours));
	TRY(store_gone(p->s, l->task, &gone));
	TRY(settle_if_rendered(p, rt, &ours));
	TRY(speak_for(&theirs, &rt->t, &ours, silent));
	struct merge m = merge_task(l->base, &ours, &theirs, silent);
	bool changed = postpone(l, gone, &theirs, &m, &silent);
	if (gone == GONE_DELETED)
		TRY(merge_dead(p, l, &ours, &theirs, m));
	else
		TRY(merge_live(p, l, &ours, &theirs, m));
	TRY(learn(p, l, rt, silent, &changed));
	if (!changed)
		return ERR_OK;
	p->touched = true;
	TRY(store_link_put(p->s, l));
	return list_rest(p, l);
}

enum err record_bury(struct pass *p, struct link *l)
{
	AUTO_TASK ours = TASK_INIT;
	enum gone gone;
	if (l->gone)
		return ERR_OK;
	TRY(store_get(p->s, l->task, &ours));
	TRY(store_gone(p->s, l->task, &gone));
	if (gone != GONE_DELETED && (push_fields(p, l, &ours) & ~BIT(FIELD_STATUS)))
		TRY(conflict(p, l, &ours, NULL));
	if (gone != GONE_DELETED)
		TRY(store_delete(p->s, l->task, p->side, p->local_now, 0));
	l->gone = p->touched = true;
	l->doom = DOOM_NO;
	l->synced_at = p->local_now;
	return store_link_put(p->s, l);
}

enum err record_complete(struct pass *p, struct link *l)
{
	struct task complete = { .field = { [FIELD_STATUS] = TASK_COMPLETE } };
	enum gone gone;
	TRY(store_gone(p->s, l->task, &gone));
	if (gone != GONE_DELETED)
		TRY(store_edit(p->s, l->task, &complete, BIT(FIELD_STATUS), 0, NULL, 0, p->side, p->local_now));
	TRY(replace_text(&l->base[FIELD_STATUS], TASK_COMPLETE));
	l->doom = DOOM_NO;
	l->completed = false;
	l->synced_at = p->local_now;
	p->touched = true;
	return store_link_put(p->s, l);
}

/* Judged at the end of the pass, with the others (D6). What is deleted here too is no loss. */
static enum err record_doom(struct pass *p, struct link *l)
{
	enum gone gone;
	if (l->gone || (l->doom && !l->completed))
		return ERR_OK;
	TRY(store_gone(p->s, l->task, &gone));
	if (gone == GONE_DELETED)
		return record_bury(p, l);
	p->touched = true;
	l->doom = DOOM_NEW;
	l->completed = false;
	return store_link_put(p->s, l);
}

/* ---- a record that is new to us ---- */

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

/* Made by us when ours was sent, for nobody else; and one field that tells is as it was sent. */
static bool resembles(const struct link *l, const struct task *sent, const struct remote_task *rt)
{
	static const enum field telling[] = { FIELD_TITLE, FIELD_DETAILS, FIELD_DUE };
	const char *us = sent->fact[FACT_PERSON], *them = rt->t.fact[FACT_PERSON];
	int64_t later = rt->t.created_at - l->sent_at;
	if (!rt->by_me || later < -SENT_SLACK || later > SENT_SLACK || (us && them && !str_eq(us, them)))
		return false;
	for (size_t i = 0; i < sizeof(telling) / sizeof(*telling); i++)
		if (l->base[telling[i]] && says_the_same(l, rt, telling[i]))
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

enum err record_is_ours(struct pass *p, const struct link *l, const struct remote_task *rt, int *likeness)
{
	AUTO_TASK sent = TASK_INIT;
	*likeness = UNLIKE;
	if (!rt->mine && !rt->by_me)	/* ours may be another's by now (D5), or deleted */
		return ERR_OK;
	if (rt->once ? str_eq(rt->once, l->once) : is_ours(l, rt)) {
		*likeness = SAME;
		return ERR_OK;
	}
	if (rt->once)	/* another's */
		return ERR_OK;
	TRY(store_get(p->s, l->task, &sent));
	*likeness = resembles(l, &sent, rt) ? alike(l, rt) : UNLIKE;
	return ERR_OK;
}

/* Is Sales Connect's name the subject that we gave? A mount that knew no more has copied it, and a subject is no name (R26). */
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
	bool changed, subject;
	TRY(set(&l->rid, rt->id, &changed));
	TRY(is_our_subject(p, l->task, rt, &subject));
	if (subject)
		TRY(set(&l->base[FIELD_TITLE], rt->t.field[FIELD_TITLE], &changed));
	TRY(store_link_put(p->s, l));
	log_info("task=%lld side=%s: the create in doubt had happened", (long long)l->task, side_name[p->side]);
	TRY(known(p, rt, l));
	return store_uncross(p->s, l->task, p->side);
}

/* The create in doubt that this record is most like; NULL: none. */
static enum err doubtful(struct pass *p, const struct remote_task *rt, struct link **out)
{
	int best = UNLIKE, is;
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
	return ERR_OK;
}

static bool renamed_here(void *arg, const struct history *h)
{
	bool *yes = arg;
	*yes |= h->field == FIELD_TITLE && h->by == SIDE_LOCAL;
	return !*yes;
}

/* What have the two agreed on as the name? Ours, which takes Sales Connect's from now on. But if that is our subject, theirs;
 * and nothing, if it was changed here. */
static enum err agreed_name(struct pass *p, const struct remote_task *rt, const struct task *ours, const char **out)
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
	return subject || renamed ? ERR_OK : settle_names(p, rt, ours->id);
}

struct former {
	const struct remote_task *rt;
	uint32_t fields;	/* in which it says what we said before */
};

static bool see_former(void *arg, const struct history *h)
{
	struct former *x = arg;
	if (h->field != FIELD_TITLE && field_same(h->was, x->rt->t.field[h->field]))
		x->fields |= BIT(h->field);
	return true;
}

/* Join a task that another remote gave us with the same task here (D7). Nothing was agreed on yet: what one side has and
 * the other lacks is taken over, real differences are a clash, unless it says what we said when it was copied. The plain name is
 * Sales Connect's. */
static enum err pair(struct pass *p, const struct remote_task *rt, int64_t task)
{
	AUTO_LINK l = LINK_INIT;
	AUTO_TASK ours = TASK_INIT;
	bool ok = true;
	uint32_t agreed = rules_silent(p->side, rt) | BIT(FIELD_TITLE);
	struct former former = { .rt = rt };
	enum gone gone;
	const char *name;
	TRY(store_get(p->s, task, &ours));
	TRY(store_history(p->s, task, see_former, &former));
	TRY(agreed_name(p, rt, &ours, &name));
	l.task = task;
	l.side = p->side;
	l.rid = str_dup(rt->id, &ok);
	l.by_me = rt->by_me;
	for (int f = 0; f < TASK_NFIELDS; f++)
		l.base[f] = agreed & BIT(f) ? str_dup(f == FIELD_TITLE ? name : ours.field[f], &ok) :
			former.fields & BIT(f) ? str_dup(rt->t.field[f], &ok) : NULL;
	if (!ok)
		return ERR_NOMEM;
	TRY(store_link_put(p->s, &l));
	log_info("task=%lld side=%s paired with its twin", (long long)task, side_name[p->side]);
	TRY(known(p, rt, &l));
	TRY(store_gone(p->s, task, &gone));	/* the copy of what was deleted here is to be deleted, too */
	if (gone == GONE_DELETED)
		TRY(store_outbox_add(p->s, task, p->side, p->local_now));
	return store_uncross(p->s, task, p->side);
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
	TRY(task_set(&rendered, FIELD_TITLE, buf_str(&subject)));
	return store_twin(p->s, p->side, &rendered, NULL, whole, made_at, task, several);
}

/* We gave its record in Salesforce a subject without a name: that says nothing. */
static enum err key_tells(struct pass *p, int64_t task, bool *yes)
{
	AUTO_LINK sf = LINK_INIT;
	enum err e = store_link(p->s, task, SIDE_SF, &sf);
	*yes = sf.sent_at && !subject_has_title(p->template);
	return e == ERR_NOENT ? ERR_OK : e;
}

/* Has the page another one of that name that is nobody's yet? */
static enum err page_has_another(struct pass *p, const struct remote_task *rt, bool *yes)
{
	*yes = false;
	for (size_t i = 0; p->page && i < p->page->n && !*yes; i++) {
		const struct remote_task *x = &p->page->task[i];
		AUTO_LINK l = LINK_INIT;
		if (x->deleted || str_eq(x->id, rt->id) || !field_same(x->t.field[FIELD_TITLE], rt->t.field[FIELD_TITLE]))
			continue;
		enum err e = store_link_by_rid(p->s, p->side, x->id, &l);
		*yes = e == ERR_NOENT;
		if (e != ERR_NOENT)
			TRY(e);
	}
	return ERR_OK;
}

/* Is there nothing else of its name on either side that has no copy? Else it is not known yet which belongs to which (join.c). */
static enum err is_plain(struct pass *p, const struct remote_task *rt, int64_t twin, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	enum gone gone;
	int64_t here, there;
	bool more;
	TRY(store_get(p->s, twin, &t));
	TRY(store_gone(p->s, twin, &gone));
	TRY(store_namesakes(p->s, p->side, rt->t.field[FIELD_TITLE], &here));
	TRY(store_namesakes(p->s, pass_other(p), t.field[FIELD_TITLE], &there));
	TRY(page_has_another(p, rt, &more));
	*yes = !p->part && !more && !here && there == (gone != GONE_DELETED);
	return ERR_OK;
}

/*
 * D7. And what is the same in all fields is a copy of any age: another mount, or the vendor's mirror, makes it when it comes
 * to it, and two copies would be copied by every other mount again. Of several that are the same, the keys of their copies in
 * Sales Connect tell which it is (join.c); the vendor's mirror has no keys.
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

/* Which other side may this task be created on (R14, R15)? One that is older than the rebuilt database may be there. */
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
	for (int f = 0; f < TASK_NFIELDS; f++)
		l.base[f] = str_dup(hub.field[f], &ok);
	if (!ok)
		return ERR_NOMEM;
	l.by_me = rt->by_me;
	TRY(learn(p, &l, rt, FIELDS_ALL, &changed));
	l.synced_at = p->local_now;
	p->touched = true;
	return store_link_put(p->s, &l);
}

static enum err unknown(struct pass *p, const struct remote_task *rt)
{
	int64_t twin;
	struct link *d;
	TRY(doubtful(p, rt, &d));
	if (d)
		return record_adopt(p, d, rt);
	if (!rules_import(rt))
		return ERR_OK;
	enum err e = store_partner(p->s, p->side, rt->id, &twin);
	bool partner = !e;
	if (e == ERR_NOENT)
		e = find_copy(p, rt, &twin);
	if (e == ERR_NOENT)
		e = find_twin(p, rt, &twin);
	if (e == ERR_NOENT)
		return rules_skip(rt, p->c->config) ? ERR_OK : import(p, rt);
	TRY(e);
	TRY(pair(p, rt, twin));
	return partner ? store_partner_drop(p->s, p->side, rt->id) : ERR_OK;
}

/* What a create in doubt made was deleted there before we knew of it: it is deleted here, and not made again (D3). */
static enum err stillborn(struct pass *p, const struct remote_task *rt)
{
	struct link *d;
	TRY(doubtful(p, rt, &d));
	if (!d)
		return ERR_OK;
	TRY(replace_text(&d->rid, rt->id));
	TRY(store_link_put(p->s, d));
	return record_doom(p, d);
}

enum err record_take(struct pass *p, const struct remote_task *rt)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link_by_rid(p->s, p->side, rt->id, &l);
	if (e == ERR_NOENT)
		return rt->deleted ? stillborn(p, rt) : unknown(p, rt);
	TRY(e);
	return rt->deleted ? record_doom(p, &l) : known(p, rt, &l);
}
