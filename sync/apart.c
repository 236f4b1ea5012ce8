#include "apart.h"
#include "like.h"
#include "log.h"
#include "subject.h"

#define LOG_MODULE "apart"
#define DAY (86400 * INT64_C(1000))

/* When was the vendor's mirror, which has no keys, on last (D7)? 0: never. */
static enum err mirrored(struct pass *p, bool *now, int64_t *last)
{
	AUTO_FREE char *on = NULL, *at = NULL;
	enum err e = store_meta(p->s, "sc.mirror", &on);
	if (e != ERR_NOENT)
		TRY(e);
	e = store_meta(p->s, "sc.mirrored", &at);
	*now = on;
	*last = at ? strtoll(at, NULL, 10) : 0;
	return e == ERR_NOENT ? ERR_OK : e;
}

static bool says_something(const struct pass *p, const struct task *t)
{
	const char *due = t->field[FIELD_DUE], *details = t->field[FIELD_DETAILS];
	return subject_has_title(p->template) || (due && *due) || (details && *details);
}

enum err apart_is_guess(
	struct pass *p, const struct link *sc, const struct link *sf, const struct task *t, bool *yes)
{
	bool copy = true, mirror;
	int64_t last;
	TRY(mirrored(p, &mirror, &last));
	if (sf->once && !sf->sent_at)
		TRY(parcel_is_copy_of(p, SIDE_SC, sc->rid, sf->once, &copy));
	*yes = !mirror && !last && (!copy || !says_something(p, t));
	return ERR_OK;
}

/* Is it still to be deleted on some side? */
static enum err has_record(struct pass *p, int64_t task, bool *yes)
{
	*yes = false;
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link(p->s, task, side, &l);
		if (e != ERR_NOENT)
			TRY(e);
		*yes |= l.rid && !l.gone && !l.away;
	}
	return ERR_OK;
}

enum err apart_is_later(struct pass *p, int64_t made_at, int64_t deleted, bool *yes, bool *wait)
{
	bool mirror, there;
	int64_t last, gone_at;
	TRY(mirrored(p, &mirror, &last));
	TRY(store_gone_at(p->s, deleted, &gone_at));
	TRY(has_record(p, deleted, &there));
	bool later = gone_at && made_at > gone_at - CLOCKS_MS;
	*yes = (later || there) && !mirror && !last;
	*wait = *yes && (there || p->local_now - gone_at < DAY);
	return ERR_OK;
}

static enum err set_guess(struct pass *p, int64_t task, bool guess)
{
	AUTO_LINK sf = LINK_INIT;
	enum err e = store_link(p->s, task, SIDE_SF, &sf);
	if (e)
		return e == ERR_NOENT ? ERR_OK : e;
	sf.guess = guess;
	return store_link_put(p->s, &sf);
}

enum err apart_mark(struct pass *p, const char *rid)
{
	AUTO_LINK l = LINK_INIT;
	TRY(store_link_by_rid(p->s, p->side, rid, &l));
	return set_guess(p, l.task, true);
}

enum err apart_look(struct pass *p, struct link *l, int64_t deleted_at)
{
	AUTO_LINK other = LINK_INIT;
	bool mirror;
	int64_t last;
	TRY(mirrored(p, &mirror, &last));
	enum err e = store_link(p->s, l->task, pass_other(p), &other);
	if (e != ERR_NOENT)
		TRY(e);
	bool known = !l->gone && other.made_at && deleted_at && !mirror && !last;
	if (!known || l->sent_at || other.sent_at ||
		other.made_at <= deleted_at - p->c->offset - CLOCKS_MS)
		return ERR_OK;
	l->guess = p->side == SIDE_SF;
	return p->side == SIDE_SC ? apart_mark(p, l->rid) : ERR_OK;
}

enum err apart_clear(struct pass *p, int64_t task)
{
	return set_guess(p, task, false);
}

enum err apart_key_tells(
	struct pass *p, const struct link *sc, const struct link *sf, const struct task *t, bool *yes)
{
	struct side_state st;
	bool mirror;
	int64_t last;
	TRY(store_side(p->s, SIDE_SF, &st));
	TRY(mirrored(p, &mirror, &last));
	const int64_t after[] = { st.enabled_at + p->c->offset, last, p->rebuilt, p->now - KEY_KEPT };
	*yes = st.on && !mirror && !sf->by_me && !sf->sent_at && !sc->sent_at;
	for (size_t i = 0; i < sizeof(after) / sizeof(*after); i++)
		*yes &= t->created_at > after[i];
	return ERR_OK;
}

static enum err leave(struct pass *p, int64_t task, enum side side, const char *why)
{
	TRY(store_outbox_add(p->s, task, side, p->local_now));
	return store_outbox_fail(p->s, task, side, INT64_MAX, ERR_BUSY, why, p->local_now, SETTLED);
}

enum err apart_leave(struct pass *p, int64_t task, enum side side)
{
	return leave(p, task, side,
		"its copy says something else, and nobody but who made it knows which was chosen last; if he "
		"does not send that, this is sent");
}

/* Whoever made the copy that was deleted deletes this one within two idle polls, if it is that. */
static enum err wait(struct pass *p, int64_t task, enum side side)
{
	return leave(p, task, side,
		"what was perhaps its copy was deleted there; if nobody deletes it, too, it is copied again");
}

bool apart_is_skipped(const struct pass *p, const struct link *l)
{
	return p->c->config->other_values_skip && l->side == SIDE_SF && l->raw[FIELD_STATUS] && !l->once;
}

/* Salesforce's is a task of its own, as the record says; R1: it does not cross while the sync is off. */
static enum err set_free(struct pass *p, struct link *sf, struct task *t)
{
	struct side_state st;
	int64_t was = sf->task;
	TRY(store_side(p->s, SIDE_SF, &st));
	TRY(replace_text(&sf->base[FIELD_TITLE], like_shown(sf, FIELD_TITLE)));
	TRY(replace_text(&sf->raw[FIELD_TITLE], NULL));
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		TRY(task_set(t, f, sf->base[f]));
	t->born = st.on ? BIT(SIDE_SC) : 0;
	TRY(store_create(p->s, t, NULL, 0, SIDE_SF, p->local_now, &sf->task));
	TRY(store_link_drop(p->s, was, SIDE_SF));
	bool guess = sf->guess;
	sf->guess = false;
	TRY(store_link_put(p->s, sf));
	log_info("task=%lld was perhaps task=%lld", (long long)sf->task, (long long)was);
	return st.on && guess ? wait(p, sf->task, SIDE_SC) : ERR_OK;
}

static enum err leave_alone(struct pass *p, const struct task *t)
{
	TRY(store_link_drop(p->s, t->id, SIDE_SF));
	return t->born & BIT(SIDE_SF) ? wait(p, t->id, SIDE_SF) : ERR_OK;
}

enum err apart_bury(struct pass *p, const struct link *l, bool *lives)
{
	AUTO_LINK other = LINK_INIT;
	AUTO_TASK t = TASK_INIT;
	bool apart, mirror;
	int64_t last;
	*lives = false;
	enum err e = store_link(p->s, l->task, pass_other(p), &other);
	if (e != ERR_NOENT)
		TRY(e);
	TRY(mirrored(p, &mirror, &last));
	if (mirror || !other.rid || other.gone || other.away)
		return ERR_OK;
	TRY(store_get(p->s, l->task, &t));
	*lives = p->side == SIDE_SF && l->guess;
	if (p->side == SIDE_SF)
		return *lives ? leave_alone(p, &t) : ERR_OK;
	TRY(apart_key_tells(p, l, &other, &t, &apart));
	if (!apart && !other.guess)
		return ERR_OK;
	return apart_is_skipped(p, &other) ? store_link_drop(p->s, l->task, SIDE_SF)
					   : set_free(p, &other, &t);
}
