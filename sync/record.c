#include "record_p.h"
#include "apart.h"
#include "like.h"
#include "log.h"
#include "merge.h"
#include "rules.h"
#include "subject.h"
#include <string.h>

#define LOG_MODULE "record"

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

/* What we made was made when the remote says: this machine's clock may have been set before it was sent. */
static void learn_when(struct link *l, const struct remote_task *rt, bool *changed)
{
	if (!l->sent_at || !rt->t.created_at || l->sent_at == rt->t.created_at)
		return;
	l->sent_at = rt->t.created_at;
	*changed = true;
}

enum err record_learn(struct pass *p, struct link *l, const struct remote_task *rt, uint32_t silent,
	bool *changed)
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
	learn_when(l, rt, changed);
	if (*changed)
		l->synced_at = p->local_now;
	return ERR_OK;
}

/* ---- a record we know ---- */

static enum err conflict(struct pass *p, const struct link *l, const struct task *mine,
	const struct task *theirs)
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
static enum err speak_for(struct task *out, const struct task *theirs, const struct task *ours,
	uint32_t silent)
{
	TRY(task_copy(out, theirs));
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (silent & BIT(f))
			TRY(task_set(out, f, ours->field[f]));
	return ERR_OK;
}

/* Their edit of a task that is deleted here: the delete wins, their text is kept (D3); a mere completion is
 * none (D4). Should the delete be taken back, the task comes back as they left it. */
static enum err merge_dead(struct pass *p, struct link *l, const struct task *ours, const struct task *theirs,
	struct merge m)
{
	uint32_t text = (m.pull | m.clash) & ~BIT(FIELD_STATUS);
	if (text)
		TRY(conflict(p, l, ours, theirs));
	return m.pull ? store_edit(p->s, l->task, theirs, m.pull, 0, NULL, 0, p->side, p->local_now) : ERR_OK;
}

/* In place of what a user wrote here, and has not sent to the other side yet, comes what that still says:
 * another mount has carried it on, perhaps, and never saw his. It stands, and his is kept (D2). */
static enum err overruns(struct pass *p, const struct task *ours, const struct task *theirs, uint32_t pull,
	bool *yes)
{
	AUTO_LINK other = LINK_INIT;
	int64_t looked, since;
	*yes = false;
	if (!(pull & (BIT(FIELD_DUE) | BIT(FIELD_DETAILS))))
		return ERR_OK;
	TRY(pass_looked(p, pass_other(p), &looked, &since));
	enum err e = looked == INT64_MAX ? ERR_NOENT : store_link(p->s, ours->id, pass_other(p), &other);
	if (e != ERR_NOENT)
		TRY(e);
	bool synced = other.rid && !other.gone && !other.away;
	for (enum field f = FIELD_DUE; synced && f <= FIELD_DETAILS; f++) {
		enum side by;
		const char *his = ours->field[f];
		if (!(pull & BIT(f)) || !his || !*his || !field_same(theirs->field[f], other.base[f]))
			continue;
		TRY(store_last_by(p->s, ours->id, f, &by));
		*yes |= by == SIDE_LOCAL;
	}
	return ERR_OK;
}

static enum err merge_live(struct pass *p, struct link *l, const struct task *ours, const struct task *theirs,
	struct merge m)
{
	uint32_t lost, facts = rules_facts(p->side, ours, theirs);
	TRY(lost_to_theirs(p, l->task, m.clash, &lost));
	bool over;
	TRY(overruns(p, ours, theirs, m.pull, &over));
	if (m.clash)
		TRY(conflict(p, l, ours, theirs));
	else if (over)
		TRY(store_conflict(p->s, l->task, p->side, NULL, ours, theirs, p->local_now));
	if (!(m.pull | lost | facts))
		return ERR_OK;
	return store_edit(p->s, l->task, theirs, m.pull | lost, facts, NULL, 0, p->side, p->local_now);
}

enum err record_away(struct pass *p, struct link *l, const char *why)
{
	if (l->away)
		return ERR_OK;
	TRY(order_away(p, l));
	l->away = true;
	l->doom = DOOM_NO;
	log_info("task=%lld side=%s is away: %s", (long long)l->task, side_name[p->side], why);
	return store_link_put(p->s, l);
}

/* Still something to send? Then it must be on the list; a refused edit is tried again now that the remote
 * changed. */
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

/* A completion is not taken yet: it is judged at the end of the pass, with the others, as a deletion is (D6).
 * True: the link changed. */
static bool postpone(struct link *l, enum gone gone, const struct task *theirs, struct merge *m,
	uint32_t *silent)
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

enum err record_settle_names(struct pass *p, const struct remote_task *rt, int64_t task)
{
	AUTO_LINK sf = LINK_INIT;
	bool changed = false;
	if (p->side != SIDE_SC)
		return ERR_OK;
	enum err e = store_link(p->s, task, SIDE_SF, &sf);
	if (e == ERR_NOENT)
		return ERR_OK;
	TRY(e);
	TRY(set(&sf.raw[FIELD_TITLE], sf.raw[FIELD_TITLE] ? sf.raw[FIELD_TITLE] : sf.base[FIELD_TITLE],
		&changed));
	TRY(set(&sf.base[FIELD_TITLE], rt->t.field[FIELD_TITLE], &changed));
	return store_link_put(p->s, &sf);
}

/* Sales Connect's name was a subject, and now is the name of which that subject is made: no rename (R26). */
static enum err settle_if_rendered(struct pass *p, const struct remote_task *rt, const struct task *ours)
{
	AUTO_BUF subject = BUF_INIT;
	AUTO_TASK t = TASK_INIT;
	if (p->side != SIDE_SC || !subject_has_title(p->template) ||
		field_same(rt->t.field[FIELD_TITLE], ours->field[FIELD_TITLE]))
		return ERR_OK;
	TRY(task_copy(&t, ours));
	TRY(task_set(&t, FIELD_TITLE, rt->t.field[FIELD_TITLE]));
	subject_render(p->template, &t, &subject);
	TRY(buf_err(&subject));
	return field_same(buf_str(&subject), ours->field[FIELD_TITLE]) ? record_settle_names(p, rt, ours->id)
		: ERR_OK;
}

/* Does the record show what was sent? Salesforce's subject: as the template makes it of that name. */
static enum err arrived(struct pass *p, const struct remote_task *rt, const struct task *sent, int f,
	bool *yes)
{
	AUTO_BUF subject = BUF_INIT;
	*yes = !(rt->unknown & BIT(f)) && field_same(sent->field[f], rt->t.field[f]);
	if (p->side != SIDE_SF || f != FIELD_TITLE)
		return ERR_OK;
	subject_render(p->template, sent, &subject);
	TRY(buf_err(&subject));
	*yes = field_same(buf_str(&subject), rt->raw[f]);
	return ERR_OK;
}

/* The answer of an update was lost. Where the record shows what was sent, that is our own word that we hear,
 * and no change of theirs, whatever the user has written since (D1). */
static enum err settle_update(struct pass *p, const struct remote_task *rt, const struct task *ours,
	struct link *l, bool *changed)
{
	AUTO_TASK sent = TASK_INIT;
	bool yes;
	if (!l->in_doubt)
		return ERR_OK;
	TRY(task_copy(&sent, ours));
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (l->in_doubt & BIT(f))
			TRY(task_set(&sent, f, l->sent[f]));
	for (int f = 0; f < TASK_NFIELDS; f++) {
		if (!(l->in_doubt & BIT(f)))
			continue;
		TRY(arrived(p, rt, &sent, f, &yes));
		if (yes)
			TRY(set(&l->base[f], l->sent[f], changed));
	}
	link_answered(l);
	return ERR_OK;
}

struct former {
	const struct remote_task *rt;
	uint32_t fields;	/* in which it says what we said before */
	uint32_t edited;
};

static bool see_former(void *arg, const struct history *h)
{
	struct former *x = arg;
	x->edited |= BIT(h->field);
	if (h->field != FIELD_TITLE && field_same(h->was, x->rt->t.field[h->field]))
		x->fields |= BIT(h->field);
	return true;
}

enum err record_compare(
	struct pass *p, const struct task *ours, const struct remote_task *rt, struct compared *out)
{
	struct former x = { .rt = rt };
	AUTO_LINK other = LINK_INIT;
	TRY(store_history(p->s, ours->id, see_former, &x));
	enum err e = store_link(p->s, ours->id, pass_other(p), &other);
	if (e != ERR_NOENT)
		TRY(e);
	struct chooser us = { ours, x.edited, other.as_made || like_as_made(ours) },
		       them = { &rt->t, 0, like_as_made(&rt->t) };
	*out = (struct compared){ .former = x.fields, .unsure = like_unsure(&us, &them) };
	for (enum field f = FIELD_STATUS; f <= FIELD_PRIORITY; f++) {
		int choice = like_later(&us, &them, f);
		out->former |= choice > 0 ? BIT(f) : 0;
		out->later |= choice < 0 ? BIT(f) & ~out->former : 0;
	}
	return ERR_OK;
}

/* As it was made it has another name than ours, which was typed here: who made it knew the subject alone, and
 * that is a colleague's by now; or he has renamed it, and had not seen ours. Both are kept (D2). */
static enum err settle_name(struct pass *p, const struct remote_task *rt, struct link *l, bool *changed)
{
	struct former x = { .rt = rt };
	AUTO_LINK sf = LINK_INIT;
	if (p->side != SIDE_SC || field_same(l->base[FIELD_TITLE], rt->t.field[FIELD_TITLE]))
		return ERR_OK;
	TRY(store_history(p->s, l->task, see_former, &x));
	enum err e = store_link(p->s, l->task, SIDE_SF, &sf);
	if (e != ERR_NOENT)
		TRY(e);
	bool typed = e == ERR_NOENT || sf.sent_at || (x.edited & BIT(FIELD_TITLE));
	return typed ? set(&l->base[FIELD_TITLE], NULL, changed) : ERR_OK;
}

/*
 * What our create has made is seen for the first time. The key is every mount's that copies the task: what
 * says something else as it was made, another one has made, of what the task said to that. If we said it
 * before, it is no change of somebody's; else nobody knows which text is the later one, unless ours is as it
 * was made, too.
 */
static enum err settle_create(struct pass *p, const struct remote_task *rt, const struct task *ours,
	struct link *l, uint32_t silent, bool *changed)
{
	struct compared is;
	if (!l->sent_at || l->version || !like_as_made(&rt->t))
		return ERR_OK;
	TRY(settle_name(p, rt, l, changed));
	if (like_as_made(ours))
		return ERR_OK;
	TRY(record_compare(p, ours, rt, &is));
	for (int f = FIELD_STATUS; f < TASK_NFIELDS; f++)
		if (!((silent | is.later) & BIT(f)) && !field_same(l->base[f], rt->t.field[f]))
			TRY(set(&l->base[f], is.former & BIT(f) ? rt->t.field[f] : NULL, changed));
	return ERR_OK;
}

enum err record_known(struct pass *p, const struct remote_task *rt, struct link *l)
{
	AUTO_TASK ours = TASK_INIT, theirs = TASK_INIT;
	enum gone gone;
	bool changed = false, in_doubt = l->in_doubt, was_away = l->away, first = l->sent_at && !l->version;
	if (l->gone)
		return ERR_OK;	/* no zombie comes back by itself */
	if (!rt->mine)
		return record_away(p, l, "reassigned");
	uint32_t silent = rules_silent(p->side, rt);
	TRY(store_get(p->s, l->task, &ours));
	TRY(store_gone(p->s, l->task, &gone));
	TRY(settle_if_rendered(p, rt, &ours));
	TRY(settle_create(p, rt, &ours, l, silent, &changed));
	TRY(settle_update(p, rt, &ours, l, &changed));
	TRY(speak_for(&theirs, &rt->t, &ours, silent));
	struct merge m = merge_task(l->base, &ours, &theirs, silent);
	changed |= postpone(l, gone, &theirs, &m, &silent);
	if (gone == GONE_DELETED)
		TRY(merge_dead(p, l, &ours, &theirs, m));
	else
		TRY(merge_live(p, l, &ours, &theirs, m));
	TRY(record_learn(p, l, rt, silent, &changed));
	if (changed || in_doubt)
		TRY(store_link_put(p->s, l));
	if (was_away && gone != GONE_DELETED)
		TRY(parcel_other_is_next(p, l->task));
	p->touched |= changed;
	if (changed)
		TRY(list_rest(p, l));
	return first || was_away ? order_alike(p, l->task) : ERR_OK;
}

enum err record_bury(struct pass *p, struct link *l)
{
	AUTO_TASK ours = TASK_INIT;
	enum gone gone;
	bool lives = false;
	if (l->gone)
		return ERR_OK;
	TRY(store_get(p->s, l->task, &ours));
	TRY(store_gone(p->s, l->task, &gone));
	if (gone != GONE_DELETED)
		TRY(apart_bury(p, l, &lives));
	if (lives)
		return ERR_OK;
	if (gone != GONE_DELETED && (push_fields(p, l, &ours) & ~BIT(FIELD_STATUS)))
		TRY(conflict(p, l, &ours, NULL));
	if (gone != GONE_DELETED)
		TRY(store_delete(p->s, l->task, p->side, p->local_now, 0));
	l->gone = p->touched = true;
	l->doom = DOOM_NO;
	if (gone != GONE_DELETED)	/* else somebody deleted it at any time since */
		l->synced_at = p->local_now;
	return store_link_put(p->s, l);
}

enum err record_complete(struct pass *p, struct link *l)
{
	struct task complete = { .field = { [FIELD_STATUS] = TASK_COMPLETE } };
	enum gone gone;
	TRY(store_gone(p->s, l->task, &gone));
	if (gone != GONE_DELETED)
		TRY(store_edit(p->s, l->task, &complete, BIT(FIELD_STATUS), 0, NULL, 0, p->side,
			p->local_now));
	TRY(replace_text(&l->base[FIELD_STATUS], TASK_COMPLETE));
	l->doom = DOOM_NO;
	l->completed = false;
	l->synced_at = p->local_now;
	p->touched = true;
	return store_link_put(p->s, l);
}

enum err record_doom(struct pass *p, struct link *l)
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

enum err record_take(struct pass *p, const struct remote_task *rt)
{
	AUTO_LINK l = LINK_INIT;
	enum err e = store_link_by_rid(p->s, p->side, rt->id, &l);
	if (e == ERR_NOENT)
		return rt->deleted ? record_stillborn(p, rt) : record_new(p, rt);
	TRY(e);
	if (!rt->deleted)
		return record_known(p, rt, &l);
	TRY(apart_look(p, &l, rt->t.changed_at));
	if (!l.gone && !l.doom)
		l.gone_at = rt->t.changed_at ? rt->t.changed_at - p->c->offset : 0;
	return record_doom(p, &l);
}
