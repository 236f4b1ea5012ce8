#include "cycle_p.h"
#include "log.h"
#include "rules.h"
#include "subject.h"
#include <string.h>

#define LOG_MODULE "join"
#define PATIENCE (7 * 86400 * INT64_C(1000))

/* ---- a row with all that it ever said ---- */

struct past {			/* growing array, owned */
	struct said {
		enum field field;
		char *value;
	} *said;
	size_t n;
	bool renamed;		/* by a user here */
	bool failed;
};

struct half {			/* one of the two rows */
	struct task t;
	enum gone gone;
	struct link l;		/* the only one it has */
	struct past past;
};

static void half_finish(struct half *h)
{
	task_finish(&h->t);
	link_finish(&h->l);
	for (size_t i = 0; i < h->past.n; i++)
		free(h->past.said[i].value);
	free(h->past.said);
	*h = (struct half){ 0 };
}
#define AUTO_HALF AUTO(half_finish) struct half

static bool add_said(struct past *x, enum field f, const char *value)
{
	bool ok = true;
	struct said *more = reallocarray(x->said, x->n + 1, sizeof(*more));
	if (more)
		x->said = more;
	char *copy = more ? str_dup(value, &ok) : NULL;
	if (!more || !ok) {
		x->failed = true;
		return false;
	}
	x->said[x->n++] = (struct said){ f, copy };
	return true;
}

static bool add_history(void *arg, const struct history *h)
{
	struct past *x = arg;
	x->renamed |= h->field == FIELD_TITLE && h->by == SIDE_LOCAL;
	return add_said(arg, h->field, h->was) && add_said(arg, h->field, h->is);
}

static enum err half_load(struct pass *p, int64_t task, enum side side, struct half *h)
{
	TRY(store_get(p->s, task, &h->t));
	TRY(store_gone(p->s, task, &h->gone));
	TRY(store_link(p->s, task, side, &h->l));
	TRY(store_history(p->s, task, add_history, &h->past));
	for (int f = 0; f < TASK_NFIELDS && !h->past.failed; f++)
		add_said(&h->past, (enum field)f, h->l.base[f]);
	return h->past.failed ? ERR_NOMEM : ERR_OK;
}

/* Did the row ever say this? */
static bool said(const struct half *h, enum field f, const char *value)
{
	for (size_t i = 0; i < h->past.n; i++)
		if (h->past.said[i].field == f && field_same(h->past.said[i].value, value))
			return true;
	return field_same(h->t.field[f], value);
}

/* ---- how alike are they? ---- */

static const char *shown(const struct link *l, enum field f)
{
	return l->raw[f] ? l->raw[f] : l->base[f];
}

/* Is the subject one of the names the task had, or what the template makes of it? */
static enum err names(const struct half *sc, const char *subject, const char *template, bool *out)
{
	AUTO_TASK t = TASK_INIT;
	TRY(task_copy(&t, &sc->t));
	*out = false;
	for (size_t i = 0; i <= sc->past.n && !*out; i++) {
		AUTO_BUF b = BUF_INIT;
		if (i < sc->past.n && sc->past.said[i].field != FIELD_TITLE)
			continue;
		if (i < sc->past.n)
			TRY(task_set(&t, FIELD_TITLE, sc->past.said[i].value));
		if (subject_has_title(template))
			subject_render(template, &t, &b);
		TRY(buf_err(&b));
		*out = field_same(buf_str(&b), subject) || field_same(t.field[FIELD_TITLE], subject);
		TRY(task_set(&t, FIELD_TITLE, sc->t.field[FIELD_TITLE]));
	}
	return ERR_OK;
}

static bool filled(const char *v)
{
	return v && *v;
}

/* What is nobody's else is not his. */
static bool same_person(const struct task *a, const struct task *b)
{
	const char *us = a->fact[FACT_PERSON], *them = b->fact[FACT_PERSON];
	return !us || !them || str_eq(us, them);
}

/* The template has no name in it: every task that was copied looks like that. */
static enum err nameless(struct pass *p, const struct half *sc, const struct half *sf, bool *out)
{
	AUTO_BUF b = BUF_INIT;
	*out = false;
	if (subject_has_title(p->template))
		return ERR_OK;
	subject_render(p->template, &sc->t, &b);
	*out = field_same(buf_str(&b), shown(&sf->l, FIELD_TITLE));
	return buf_err(&b);
}

/*
 * Is the one a copy that a mount made of the other, and either was edited since? It is for the same person, has a name the other
 * has or had, and says in each field what the other says or ever said. Less is not enough: two tasks of one name and two dates may
 * be two, and to take two for one loses one of them, while to take one for two shows it twice. *score: the more, the more alike;
 * 0: no; below 0: nobody can tell yet.
 */
static enum err likeness(struct pass *p, const struct half *sc, const struct half *sf, int *score)
{
	bool named, any, all = true;
	int same = 1;
	*score = 0;
	if (!same_person(&sc->t, &sf->t))
		return ERR_OK;
	TRY(names(sc, shown(&sf->l, FIELD_TITLE), p->template, &named));
	TRY(nameless(p, sc, sf, &any));
	for (enum field f = FIELD_STATUS; f < TASK_NFIELDS; f++) {
		all &= said(sc, f, sf->t.field[f]) || said(sf, f, sc->t.field[f]);
		same += field_same(sc->t.field[f], sf->t.field[f]);
	}
	if (all && (named || any))
		*score = same;
	else if (any)
		*score = -1;
	return ERR_OK;
}

/* ---- which value is it? ---- */

/* The value that stands in b is a former one of a, or b never had any. */
static bool older(const struct half *a, const struct half *b, enum field f)
{
	const char *y = b->t.field[f];
	return filled(y) ? said(a, f, y) : !said(b, f, a->t.field[f]);
}

static enum err last_by(struct pass *p, const struct half *h, enum field f, enum side *by)
{
	TRY(store_last_by(p->s, h->t.id, f, by));
	if (field_same(h->t.field[f], h->l.base[f]))
		*by = h->l.side;
	return ERR_OK;
}

/* The plain name is Sales Connect's; unless a mount that knew the subject only has copied it there (R26), or it was changed here. */
static bool name_of_sc(const struct half *keep, const struct half *drop)
{
	const struct half *sc = keep->l.side == SIDE_SC ? keep : drop, *sf = sc == keep ? drop : keep;
	bool subject = sf->l.sent_at && field_same(sf->l.raw[FIELD_TITLE], sc->t.field[FIELD_TITLE]);
	return !subject && (sc->past.renamed || !sf->past.renamed);
}

/* The fields in which the row to be kept takes the other's value, and those in which nobody can tell (D2). */
static enum err choose(struct pass *p, const struct half *keep, const struct half *drop, uint32_t *take, uint32_t *clash)
{
	*take = *clash = 0;
	for (enum field f = 0; f < TASK_NFIELDS; f++) {
		enum side ours, theirs;
		if (field_same(keep->t.field[f], drop->t.field[f]))
			continue;
		if (f == FIELD_TITLE) {
			*clash |= keep->past.renamed || drop->past.renamed ? BIT(f) : 0;
			*take |= name_of_sc(keep, drop) == (drop->l.side == SIDE_SC) ? BIT(f) : 0;
			continue;
		}
		bool we = older(keep, drop, f), they = older(drop, keep, f);
		if (we != they) {
			*take |= they ? BIT(f) : 0;
			continue;
		}
		TRY(last_by(p, keep, f, &ours));
		TRY(last_by(p, drop, f, &theirs));
		*clash |= BIT(f);
		*take |= rules_theirs_wins(p->c->config->winner, ours, theirs) ? BIT(f) : 0;
	}
	return ERR_OK;
}

/* ---- joining ---- */

/* Salesforce's subject is what it is: that the name differs is no rename to be sent (R26). */
static enum err settle_subject(struct pass *p, int64_t task, const char *name)
{
	AUTO_LINK sf = LINK_INIT;
	TRY(store_link(p->s, task, SIDE_SF, &sf));
	TRY(replace_text(&sf.raw[FIELD_TITLE], field_same(shown(&sf, FIELD_TITLE), name) ? NULL : shown(&sf, FIELD_TITLE)));
	TRY(replace_text(&sf.base[FIELD_TITLE], name));
	return store_link_put(p->s, &sf);
}

/* It was deleted here before its copy came: so is the copy (D3), and what it says that we did not know is kept. */
static enum err join_dead(struct pass *p, const struct half *dead, const struct half *live)
{
	uint32_t take, clash;
	TRY(choose(p, dead, live, &take, &clash));
	if ((take | clash) & ~(BIT(FIELD_STATUS) | BIT(FIELD_TITLE)))
		TRY(store_conflict(p->s, dead->t.id, live->l.side, NULL, &dead->t, &live->t, p->local_now));
	return store_join(p->s, dead->t.id, live->t.id, p->local_now);
}

static enum err join_live(struct pass *p, const struct half *keep, const struct half *drop)
{
	uint32_t take, clash;
	const struct half *sc = keep->l.side == SIDE_SC ? keep : drop;
	TRY(choose(p, keep, drop, &take, &clash));
	if (clash)
		TRY(store_conflict(p->s, keep->t.id, drop->l.side, NULL, &keep->t, &drop->t, p->local_now));
	TRY(store_join(p->s, keep->t.id, drop->t.id, p->local_now));
	if (name_of_sc(keep, drop))
		TRY(settle_subject(p, keep->t.id, sc->t.field[FIELD_TITLE]));
	return store_edit(p->s, keep->t.id, &drop->t, take, rules_facts(drop->l.side, &keep->t, &drop->t), NULL, 0, SIDE_LOCAL,
		p->local_now);
}

static enum err join_halves(struct pass *p, const struct half *keep, const struct half *drop)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	TRY(keep->gone == GONE_DELETED ? join_dead(p, keep, drop) : join_live(p, keep, drop));
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		TRY(store_outbox_add(p->s, keep->t.id, side, p->local_now));
	log_info("task=%lld is task=%lld", (long long)drop->t.id, (long long)keep->t.id);
	return tx_commit(&tx);
}

/* ---- whom to join ---- */

static enum side opposite(enum side side)
{
	return side == SIDE_SC ? SIDE_SF : SIDE_SC;
}

/* a is on the pass's other side, b on this. */
static enum err join_rows(struct pass *p, int64_t a, int64_t b)
{
	AUTO_HALF x = { 0 }, y = { 0 };
	TRY(half_load(p, a, opposite(p->side), &x));
	TRY(half_load(p, b, p->side, &y));
	bool keep_b = y.gone == GONE_DELETED || (b < a && x.gone == GONE_NO);
	return keep_b ? join_halves(p, &y, &x) : join_halves(p, &x, &y);
}

enum err join_record(struct pass *p, int64_t task, const char *rid, bool *joined)
{
	AUTO_LINK has = LINK_INIT, ours = LINK_INIT, theirs = LINK_INIT;
	enum gone gone;
	TRY(store_link_by_rid(p->s, p->side, rid, &has));
	TRY(store_gone(p->s, has.task, &gone));
	enum err e = store_link(p->s, task, opposite(p->side), &ours);
	enum err other = store_link(p->s, has.task, opposite(p->side), &theirs);
	*joined = gone == GONE_NO && e == ERR_OK && (other == ERR_NOENT || theirs.away);
	if (other != ERR_NOENT)
		TRY(other);
	if (e != ERR_NOENT)
		TRY(e);
	return *joined ? join_rows(p, task, has.task) : ERR_OK;
}

struct candidates {
	struct ids ids;
	int64_t *task;
	size_t n;
	bool failed;
};

static void candidates_finish(struct candidates *c)
{
	free(c->task);
}

static bool add_candidate(void *arg, int64_t task)
{
	struct candidates *c = arg;
	int64_t *more = reallocarray(c->task, c->n + 1, sizeof(*more));
	c->failed = !more;
	if (more) {
		c->task = more;
		c->task[c->n++] = task;
	}
	return !c->failed;
}

/* Whoever made one of the two will bring the other in line with it; not for ever, for he may be no more. */
static bool may_wait(const struct pass *p, const struct half *h)
{
	return p->now - h->t.created_at < PATIENCE;
}

struct choice {
	int64_t best;
	int most;
	int64_t only;		/* 0: there is another */
	int n;
	bool wait;
};

static bool not_tried(void *arg, const struct waiting *w)
{
	bool *yes = arg;
	*yes |= w->side == SIDE_SC && w->next >= 0;
	return true;
}

/* Sales Connect may have the copy of a record of Salesforce, and the key of that copy tells: so it is to be tried first. */
static enum err key_is_untried(struct pass *p, const struct half *sf, bool *yes)
{
	*yes = false;
	if (p->side != SIDE_SF || !(sf->t.born & BIT(SIDE_SC)) || sf->gone != GONE_NO)
		return ERR_OK;
	return store_waiting(p->s, sf->t.id, p->local_now, not_tried, yes);
}

/* A record of Salesforce that the account did not make, or that we made ourselves, is no other mount's copy. */
static enum err consider(struct pass *p, const struct half *x, int64_t other, bool sure, struct choice *out)
{
	AUTO_HALF y = { 0 };
	int score;
	bool untried;
	const struct half *sc = p->side == SIDE_SC ? &y : x, *sf = p->side == SIDE_SC ? x : &y;
	TRY(half_load(p, other, p->side, &y));
	if (y.gone == GONE_DELETED && y.l.sent_at > x->t.created_at)	/* a copy of it would be younger */
		return ERR_OK;
	TRY(likeness(p, sc, sf, &score));
	TRY(key_is_untried(p, sf, &untried));
	bool copy = sure || sf->l.by_me;
	if (copy && score > out->most) {
		out->best = other;
		out->most = score;
	}
	if (sure && same_person(&sc->t, &sf->t) && y.gone == GONE_NO) {
		out->only = out->n ? 0 : other;
		out->n++;
	}
	out->wait |= (untried && same_person(&sc->t, &sf->t)) || (copy && score < 0 && may_wait(p, x));
	return ERR_OK;
}

enum err join_copy(struct pass *p, int64_t task, enum knowledge know, enum joined *out)
{
	AUTO(candidates_finish) struct candidates c = { 0 };
	AUTO_HALF x = { 0 };
	struct choice choice = { 0 };
	*out = JOIN_NONE;
	TRY(half_load(p, task, opposite(p->side), &x));
	TRY(store_lonely(p->s, p->side, x.t.created_at - p->c->offset, add_candidate, &c));
	if (c.failed)
		return ERR_NOMEM;
	if (p->side == SIDE_SC && x.l.sent_at && !know)	/* made by us: who has copied it has used the same key */
		return ERR_OK;
	for (size_t i = 0; i < c.n; i++)
		TRY(consider(p, &x, c.task[i], know, &choice));
	if (know == KNOW_FIRST && !choice.only)
		choice.best = 0;
	if (!choice.best)
		choice.best = choice.only;
	*out = choice.best ? JOIN_DONE : choice.wait ? JOIN_WAIT : JOIN_NONE;
	return choice.best ? join_rows(p, task, choice.best) : ERR_OK;
}
