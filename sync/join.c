#include "apart.h"
#include "lonely.h"
#include "log.h"
#include "rules.h"
#include "subject.h"

#define LOG_MODULE "join"

/* ---- joining ---- */

/* Salesforce's subject is what it is: that the name differs is no rename to be sent (R26). */
static enum err settle_subject(struct pass *p, int64_t task, const char *name)
{
	AUTO_LINK sf = LINK_INIT;
	TRY(store_link(p->s, task, SIDE_SF, &sf));
	TRY(replace_text(&sf.raw[FIELD_TITLE],
		field_same(like_shown(&sf, FIELD_TITLE), name) ? NULL : like_shown(&sf, FIELD_TITLE)));
	TRY(replace_text(&sf.base[FIELD_TITLE], name));
	return store_link_put(p->s, &sf);
}

/* Nor is what Sales Connect says to be sent where Salesforce has another word (R8, R10). */
static enum err settle_words(struct pass *p, int64_t task, const struct half *sc, const struct half *sf)
{
	AUTO_LINK l = LINK_INIT;
	TRY(store_link(p->s, task, SIDE_SF, &l));
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (like_foreign(sf, f))
			TRY(replace_text(&l.base[f], sc->t.field[f]));
	return store_link_put(p->s, &l);
}

/* It was deleted here before its copy came:
 * so is the copy (D3), and what it says that we did not know is kept. */
static enum err join_dead(struct pass *p, const struct half *dead, const struct half *live)
{
	uint32_t take, clash;
	TRY(like_choose(p, dead, live, &take, &clash));
	if ((take | clash) & ~(BIT(FIELD_STATUS) | (live->past.renamed ? 0 : BIT(FIELD_TITLE))))
		TRY(store_conflict(p->s, dead->t.id, live->l.side, NULL, &dead->t, &live->t, p->local_now));
	return store_join(p->s, dead->t.id, live->t.id, p->local_now);
}

static enum err join_live(struct pass *p, const struct half *keep, const struct half *drop)
{
	uint32_t take, clash;
	const struct half *sc = keep->l.side == SIDE_SC ? keep : drop, *sf = sc == keep ? drop : keep;
	const char *name;
	TRY(like_agreed_name(p, sc, sf, &name));
	TRY(like_choose(p, keep, drop, &take, &clash));
	if (clash)
		TRY(store_conflict(p->s, keep->t.id, drop->l.side, NULL, &keep->t, &drop->t, p->local_now));
	TRY(store_join(p->s, keep->t.id, drop->t.id, p->local_now));
	if (like_name(p, keep, drop))
		TRY(settle_subject(p, keep->t.id, name));
	TRY(settle_words(p, keep->t.id, sc, sf));
	return store_edit(p->s, keep->t.id, &drop->t, take, rules_facts(drop->l.side, &keep->t, &drop->t),
		NULL, 0, SIDE_LOCAL, p->local_now);
}

static enum err join_halves(struct pass *p, const struct half *keep, const struct half *drop)
{
	AUTO_TX tx = { 0 };
	bool live = keep->gone != GONE_DELETED;
	struct chooser ours = like_chooser(keep), theirs = like_chooser(drop);
	TRY(tx_begin(p->s, &tx));
	TRY(live ? join_live(p, keep, drop) : join_dead(p, keep, drop));
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		TRY(store_outbox_add(p->s, keep->t.id, side, p->local_now));
	if (live && like_unsure(&ours, &theirs))
		TRY(apart_leave(p, keep->t.id, ours.as_made ? keep->l.side : drop->l.side));
	TRY(order_alike(p, keep->t.id));
	log_info("task=%lld is task=%lld", (long long)drop->t.id, (long long)keep->t.id);
	return tx_commit(&tx);
}

/* ---- whom to join ---- */

/* Of two rows the one that is deleted is kept (D3), else the one to be seen, else the older. */
static bool is_kept(const struct half *a, const struct half *b)
{
	static const int rank[] = { [GONE_DELETED] = 0, [GONE_NO] = 1, [GONE_PARKED] = 1, [GONE_AWAY] = 2 };
	return rank[a->gone] != rank[b->gone] ? rank[a->gone] < rank[b->gone] : a->t.id < b->t.id;
}

/* a is on the pass's other side, b on this. */
static enum err join_rows(struct pass *p, int64_t a, int64_t b)
{
	AUTO_HALF x = { 0 }, y = { 0 };
	TRY(like_load(p, a, pass_other(p), &x));
	TRY(like_load(p, b, p->side, &y));
	return is_kept(&x, &y) ? join_halves(p, &x, &y) : join_halves(p, &y, &x);
}

/* They look it. A guess is marked. It waits if the task was made here, for what was made elsewhere at the
 * same time is rather another one; or if another mount's record in Salesforce, without a key, was changed
 * since it was made, and said perhaps more then. And what is deleted takes nothing along by it. */
static enum err join_by_looks(struct pass *p, int64_t a, int64_t b, bool late, enum joined *out)
{
	AUTO_HALF x = { 0 }, y = { 0 };
	AUTO_TX tx = { 0 };
	bool guess, later = false, wait = false, key = false;
	TRY(like_load(p, a, pass_other(p), &x));
	TRY(like_load(p, b, p->side, &y));
	const struct half *sc = p->side == SIDE_SC ? &y : &x, *sf = p->side == SIDE_SC ? &x : &y;
	TRY(apart_is_guess(p, &sc->l, &sf->l, &sf->t, &guess));
	bool dead = x.gone == GONE_DELETED || y.gone == GONE_DELETED;
	if (dead)
		TRY(apart_is_later(p, x.l.made_at, b, &later, &wait));
	if (dead && !guess)
		TRY(apart_key_tells(p, &sc->l, &sf->l, &sf->t, &key));
	bool changed = sf->l.by_me && !sf->l.once && !like_as_made(&sf->t);
	bool young = !late && (dead || sc->l.sent_at || changed);
	if ((guess && young) || (wait && !key))
		*out = JOIN_WAIT;
	if ((guess && young) || (dead && (guess || key || later)))
		return ERR_OK;
	*out = JOIN_DONE;
	TRY(tx_begin(p->s, &tx));
	TRY(join_rows(p, a, b));
	if (guess)
		TRY(apart_mark(p, y.l.rid));
	return tx_commit(&tx);
}

/* A record that was taken for another's copy is a task of its own again. */
static enum err split(struct pass *p, struct link *l)
{
	AUTO_TASK t = TASK_INIT;
	int64_t was = l->task;
	TRY(store_get(p->s, was, &t));
	t.born = 0;
	l->guess = false;
	TRY(store_create(p->s, &t, NULL, 0, p->side, p->local_now, &l->task));
	TRY(store_link_drop(p->s, was, p->side));
	TRY(store_link_put(p->s, l));
	TRY(apart_clear(p, was));
	return store_outbox_add(p->s, was, p->side, p->local_now);
}

enum err join_record(struct pass *p, int64_t task, const char *rid, const char *once, bool *joined)
{
	AUTO_LINK has = LINK_INIT, ours = LINK_INIT, theirs = LINK_INIT;
	enum gone gone;
	TRY(store_link_by_rid(p->s, p->side, rid, &has));
	TRY(store_gone(p->s, has.task, &gone));
	enum err e = store_link(p->s, task, pass_other(p), &ours);
	enum err other = store_link(p->s, has.task, pass_other(p), &theirs);
	/* whatever spoke for that pair: this is proof */
	if (gone == GONE_NO && e == ERR_OK && other == ERR_OK && !theirs.away) {
		TRY(apart_is_skipped(p, &theirs) ? store_link_drop(p->s, has.task, theirs.side)
						 : split(p, &has));
		other = ERR_NOENT;
	}
	*joined = gone != GONE_PARKED && e == ERR_OK && (other == ERR_NOENT || theirs.away);
	if (other != ERR_NOENT)
		TRY(other);
	if (e != ERR_NOENT)
		TRY(e);
	if (!*joined)
		return ERR_OK;
	if (p->side == SIDE_SC) {	/* Salesforce's say it themselves */
		TRY(replace_text(&has.once, once));
		TRY(store_link_put(p->s, &has));
	}
	return join_rows(p, task, has.task);
}

/* Who is it for certain, by the key that Salesforce's was made with? 0: nobody knows. Where that keeps none,
 * ours has one only, and what it was made of may be another's by now (order.c). */
static enum err by_key(struct pass *p, int64_t task, int64_t *copy)
{
	AUTO_HALF x = { 0 };
	bool kept;
	*copy = 0;
	TRY(pass_keyed(p, &kept));
	if (!kept)
		return ERR_OK;
	TRY(like_load(p, task, pass_other(p), &x));
	return lonely_keyed(p, p->side, &x, copy);
}

enum err join_copy(struct pass *p, int64_t task, bool copied, bool late, enum joined *out)
{
	int64_t copy;
	bool wait;
	TRY(by_key(p, task, &copy));
	*out = JOIN_DONE;
	if (copy)
		return join_rows(p, task, copy);
	TRY(join_choose(p, task, copied, late, &copy, &wait));
	*out = wait ? JOIN_WAIT : JOIN_NONE;
	return copy ? join_by_looks(p, task, copy, late, out) : ERR_OK;
}
