/*
 * What the rules say of each single act, asked while it happens: may this be created, may this be written, did that pass
 * see all there was? And what people chose, where a field has two values only.
 */
#include "sim.h"
#include <string.h>

#define KEY_DAYS 6	/* the engine trusts the key for so long; Sales Connect keeps it for a day more */

/* ---- choices ---- */

static bool is_choice(enum field f)
{
	return f == FIELD_STATUS || f == FIELD_PRIORITY;
}

static unsigned char choice_of(const char *ours)
{
	return !strcmp(ours, TASK_OPEN) || !strcmp(ours, TASK_NORMAL) ? 1 : 2;
}

/* Nobody may have seen what was there before another value took its place: so what was before that stands as well. */
static void choose(struct choice *c, const char *ours)
{
	unsigned char next = ours ? choice_of(ours) : c->stands | c->before;
	c->before = c->stands;
	c->stands = next;
}

/* The answer was lost, or forgotten by who was killed. Who goes back to what both sides agreed on before has said nothing, and then this is their word (D1). */
static void choice_in_doubt(struct sim *s, int task, enum field f, const char *ours)
{
	if (task >= 0 && is_choice(f) && ours)
		s->logical[task].in_doubt[f - FIELD_STATUS] |= choice_of(ours);
}

/* Who takes his choice back while another mount has carried it on, and has not heard of that: to him it is their word, and his own is
 * what both sides agreed on before. */
static void carried_meanwhile(struct sim *s, int task, enum field f, unsigned char ours, int who)
{
	const struct choice *all = s->logical[task].choice[f - FIELD_STATUS];
	unsigned char before = all[who - SF_PERSON].before;
	for (int i = 0; !all[who - SF_PERSON].before && i < MOUNTS_MAX - SF_PERSON; i++)	/* his first one was about somebody else's */
		before |= i == who - SF_PERSON ? 0 : all[i].stands;
	if (before != ours)
		return;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *r = &s->server[side].rec[i];
			if (r->task != task || !r->sent_at[f] || r->sent_by[f] == who || r->shown[who] == r->revision)
				continue;
			choice_in_doubt(s, task, f, server_ours(side, f, r->word[f]));
			s->figures->carried++;
		}
}

/* Likewise: a mount has carried on what this person takes back, and another was never shown that it stood here, or is not yet that it
 * was carried on, so that it is a colleague's word to it. */
void choice_again(struct sim *s, enum side side, const struct record *r, enum field f)
{
	const struct server *v = &s->server[side == SIDE_SC ? SIDE_SF : SIDE_SC];
	const char *ours = is_choice(f) && r->chosen[f] ? server_ours(side, f, r->word[f]) : NULL;
	bool doubt = false;
	for (int i = 0; ours && i < v->n; i++) {
		const struct record *o = &v->rec[i];
		if (o->task != r->task || !o->sent_at[f] || strcmp(o->word[f], server_word(v->side, f, ours)))
			continue;
		for (int m = 0; m < s->script->setup.mounts; m++)
			doubt |= m != o->sent_by[f] && (r->shown[m] != r->revision || o->shown[m] < o->sent_as[f]);
	}
	if (doubt)
		choice_in_doubt(s, r->task, f, ours);
	s->figures->carried += doubt;
}

/* Both records of a task were changed before the mount met the first of them: which choice is the later one (D2)? */
static void choices_met(struct sim *s, int mount, enum side side, const struct record *r)
{
	enum side other = side == SIDE_SC ? SIDE_SF : SIDE_SC;
	const struct server *v = &s->server[other];
	for (int i = 0; i < v->n; i++) {
		const struct record *o = &v->rec[i];
		if (o->task != r->task || !o->met[mount] || o->met_new[mount] || r->met_new[mount])
			continue;
		for (enum field f = FIELD_STATUS; f <= FIELD_PRIORITY; f++) {
			const char *here = server_ours(side, f, r->word[f]), *there = server_ours(other, f, o->word[f]);
			if (!here || !there || !strcmp(here, there))
				continue;
			choice_in_doubt(s, r->task, f, here);
			choice_in_doubt(s, r->task, f, there);
			s->figures->unordered++;
		}
	}
}

void choice_made(struct sim *s, int task, enum field f, const char *ours, int who)
{
	if (task < 0 || !is_choice(f))
		return;
	struct logical *g = &s->logical[task];
	if (who >= 0 && ours)
		carried_meanwhile(s, task, f, choice_of(ours), who);
	choose(&g->choice[f - FIELD_STATUS][who - SF_PERSON], ours);
	if (who >= 0)
		g->chosen_at[f] = s->now;
}

bool choice_stands(const struct sim *s, int task, enum field f, const char *ours)
{
	const struct logical *g = &s->logical[task];
	unsigned char standing = is_choice(f) ? g->in_doubt[f - FIELD_STATUS] : 3;
	for (int i = 0; is_choice(f) && i < MOUNTS_MAX - SF_PERSON; i++)
		standing |= g->choice[f - FIELD_STATUS][i].stands;
	return standing & choice_of(ours);
}

/* ---- requests that the rules forbid ---- */

static const struct origin *origin_of(const struct mount *m, int64_t row)
{
	for (int i = 0; i < m->origins; i++)
		if (m->origin[i].row == row)
			return &m->origin[i];
	return NULL;
}

static bool was_on(const struct mount *m, int64_t at)
{
	bool on = false;
	for (int i = 0; i < m->switches && m->switched[i].at <= at; i++)
		on = m->switched[i].on;
	return on;
}

static bool in_common(const struct record *a, const struct record *b, enum field f)
{
	return *a->word[f] && !strcmp(a->word[f], b->word[f]);
}

static bool has_stranger(const struct server *v, int task, int mount)
{
	for (int i = 0; i < v->n; i++)
		if (v->rec[i].task == task && v->rec[i].made_by != mount && !v->rec[i].deleted)
			return true;
	return false;
}

/* Two mounts copied it in the same seconds, or the other's create was still on its way: neither could see the other's. */
static void raced(struct sim *s, int task)
{
	s->figures->raced++;
	s->logical[task].was_hidden = s->logical[task].beyond = true;
}

/* R17: it had not changed for so long when this mount first looked that it was not told of it, nor is it since; a row that was
 * committed late by its stamp. */
static bool too_old(const struct sim *s, const struct line *l, const struct record *o)
{
	static const int64_t window[] = { [FIRST_24H] = DAY, [FIRST_30D] = 30 * DAY, [FIRST_OPEN] = INT64_MAX / 2 };
	const struct mount *m = &s->mount[l->mount];
	int64_t looked = m->since[SIDE_SF] ? m->since[SIDE_SF] : m->pass_began;
	return l->server->side == SIDE_SF && !o->shown[l->mount] && looked + l->server->skew - o->changed_at > window[s->script->setup.first_import];
}

/* And the mount was not told of as many as there are to be. */
static bool is_beyond_first_import(struct sim *s, const struct line *l, const struct record *r)
{
	int told = 0, old = 0;
	for (int i = 0; i < l->server->n; i++) {
		const struct record *o = &l->server->rec[i];
		if (o == r || o->task != r->task || o->deleted)
			continue;
		old += too_old(s, l, o);
		told += o->shown[l->mount] != 0;
	}
	bool yes = old && told < s->logical[r->task].copies;
	s->figures->too_old += yes;
	return yes;
}

/* Each mount that made a record of it, and would bring what is changed there in line, does not sync any more. */
static bool is_left_alone(const struct sim *s, const struct line *l, int task)
{
	bool made = false, on = false;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *o = &s->server[side].rec[i];
			bool other = o->task == task && o->made_by >= 0 && o->made_by != l->mount;
			made |= other;
			on |= other && s->mount[o->made_by].sf_on;
		}
	return made && !on;
}

/* One of its records was changed before this mount met it, so that the copy says something else than the one that is there. */
static bool is_out_of_line(const struct sim *s, const struct line *l, const struct record *o, const struct record *r)
{
	bool differs = false, changed = false;
	for (enum field f = FIELD_STATUS; f < TASK_NFIELDS; f++)
		differs |= strcmp(o->word[f], r->word[f]) != 0;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *x = &s->server[side].rec[i];
			changed |= x->task == r->task && x->met[l->mount] && !x->met_new[l->mount];
		}
	return differs && changed;
}

/* Of two made alike one was renamed, here or there: of those of this one's name there are more on the other side than here. */
static bool lacks_namesake(const struct sim *s, const struct line *l, const struct record *r)
{
	const char *template = l->server->side == SIDE_SF ? s->server[SIDE_SC].template : NULL;
	int more = 0, others = 0;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		for (int i = 0; i < s->server[side].n; i++) {
			const struct record *o = &s->server[side].rec[i];
			char shown[WORD];
			if (o == r || o->task != r->task || o->deleted)
				continue;
			template_show(side == SIDE_SC ? template : NULL, o->word[FIELD_TITLE], shown);
			bool is = !strcmp(shown, r->word[FIELD_TITLE]), here = side == l->server->side;
			more += is ? (here ? -1 : 1) : 0;
			others += here && !is;
		}
	return s->logical[r->task].copies > 1 && more > 0 && others;
}

/*
 * Who copies a task that has its copy already must be able to see that: by the name, for whatever else was changed is in line soon,
 * if anybody who made one of them syncs. There is no such name if it was changed before he came to see both, and does not cross
 * (R24, R25), or if the template was another one (join.c).
 */
static void excuse(struct sim *s, struct line *l, const struct record *r)
{
	enum side side = l->server->side, from = side == SIDE_SC ? SIDE_SF : SIDE_SC;
	bool names = (side == SIDE_SC || template_has_name(s->server[SIDE_SC].template)) && template_stays(s) && !lacks_namesake(s, l, r);
	const struct mount *m = &s->mount[l->mount];
	bool other = false, old = is_beyond_first_import(s, l, r), left = is_left_alone(s, l, r->task);
	for (int i = 0; i < l->server->n; i++) {
		const struct record *o = &l->server->rec[i];
		if (o == r || o->task != r->task || o->deleted)
			continue;
		if (o->made_by >= 0 && o->made_by != l->mount && (o->born_at || o->true_at >= m->pass_began))
			return raced(s, r->task);
		bool named = names && in_common(o, r, FIELD_TITLE) && !old, apart = named && left && is_out_of_line(s, l, o, r);
		if (named && !apart)
			return;
		s->figures->apart += apart;
		other = true;
	}
	bool strange = has_stranger(&s->server[from], r->task, l->mount) || (old && has_stranger(l->server, r->task, l->mount));
	if (!other || !strange)
		return;
	s->logical[r->task].was_hidden = s->logical[r->task].beyond = true;
}

/*
 * The vendor's copy is another mount's: known if it says the same (D7). Not if it came between our look and our create, nor when it
 * says something else, for to take two tasks for one loses one of them.
 */
static void excuse_beside_mirror(struct sim *s, struct line *l, const struct record *r, int64_t row)
{
	AUTO_LINK sent = LINK_INIT;
	(void)!store_link(s->mount[l->mount].store, row, l->server->side, &sent);	/* a create is repeated as it was sent first */
	const struct server *from = &s->server[l->server->side == SIDE_SC ? SIDE_SF : SIDE_SC];
	struct logical *g = &s->logical[r->task];
	bool copied = false;
	for (int i = 0; i < from->n; i++) {
		const struct record *a = &from->rec[i];
		copied |= a->task == r->task && a->made_by == MIRROR;
		if (a->task == r->task && a->deleted && s->mount[l->mount].heard)
			g->was_hidden = g->beyond = true;	/* in Salesforce, where it does not look any more */
	}
	for (int i = 0; i < l->server->n; i++) {
		const struct record *o = &l->server->rec[i];
		bool since = o->true_at >= s->mount[l->mount].pass_began || (sent.sent_at && o->created_at > sent.sent_at - MINUTE);
		bool other = since || memcmp(o->word, r->word, sizeof(o->word));
		bool missed = (o->deleted || o->away || o->hidden) && !o->alive_to[l->mount];
		if (o != r && o->task == r->task && (o->made_by == MIRROR || copied) && (other || missed))
			g->was_hidden = g->beyond = true;
	}
}

/* A create whose answer was lost, or not noted, is repeated by its key. Once that is forgotten, and the record was deleted before it was ever seen, a
 * tombstone's id tells nobody whose it was: it is made again. */
static void forgotten(struct sim *s, struct line *l, const struct record *r)
{
	for (int i = 0; i < l->server->n; i++) {
		struct record *o = &l->server->rec[i];
		if (o == r || l->server->side != SIDE_SC || strcmp(o->once, r->once) || !o->deleted || !o->unheard || o->alive_to[l->mount] ||
			o->made_by != l->mount || s->now - o->true_at < KEY_DAYS * DAY)
			continue;
		o->task = -1;
		s->logical[r->task].removed--;
		s->figures->forgotten++;
		return;
	}
}

/* When did this row's task come to Sales Connect? Of two made alike each for itself. */
static int64_t came(const struct sim *s, const struct mount *m, int64_t row, int task)
{
	AUTO_LINK l = LINK_INIT;
	const struct server *v = &s->server[SIDE_SC];
	enum err e = store_link(m->store, row, SIDE_SC, &l);
	for (int i = 0; e == ERR_OK && l.rid && i < v->n; i++)
		if (!strcmp(v->rec[i].id, l.rid))
			return v->rec[i].true_at;
	return there_since(s, task, SIDE_SC);
}

/* R14, R15: what is older than the switching on, or was made while it was off, stays where it is. */
void oracle_create(struct sim *s, struct line *l, struct record *r, int64_t row)
{
	const struct mount *m = &s->mount[l->mount];
	if (r->task < 0) {
		sim_fail(s, FORBIDDEN, "%s created for a row of no task", r->id);
		return;
	}
	const struct origin *o = origin_of(m, row);
	if (s->script->setup.mounts > 1)
		excuse(s, l, r);
	excuse_beside_mirror(s, l, r, row);
	forgotten(s, l, r);
	r->named = r->revision;
	if (l->server->side != SIDE_SF)
		return;
	if (o ? !o->sf_on : !was_on(m, came(s, m, row, r->task)))
		sim_fail(s, FORBIDDEN, "R14: task %d was made while the sync was off and was created in Salesforce", r->task);
}

static bool typed_by(const struct sim *s, int task, enum field f, const char *value, int who)
{
	for (int i = 0; i < s->n_typed; i++)
		if (s->typed[i].task == task && s->typed[i].field == f && s->typed[i].who == who &&
			!strcmp(s->typed[i].value, value))
			return true;
	return false;
}

static void check_title(struct sim *s, const struct line *l, const struct record *r, const char *title)
{
	if (l->server->side == SIDE_SF && (s->script->setup.sides & BIT(SIDE_SC)) && template_stays(s) &&
		!template_has_name(s->server[SIDE_SC].template))
		sim_fail(s, FORBIDDEN, "R24: subject of task %d updated", r->task);
	if (l->server->side == SIDE_SC && s->logical[r->task].from != SIDE_SF &&
		typed_by(s, r->task, FIELD_TITLE, title ? title : "", SF_PERSON))
		sim_fail(s, FORBIDDEN, "R25: the subject \"%s\" came to Sales Connect", title);
}

/* Another mount has carried over to Sales Connect what stood in Salesforce before, or has sent a choice to both, and somebody changed it
 * in Salesforce before this mount looked there; whoever is told of it in Sales Connect takes it for a choice of the user's, for it has
 * his name. */
static bool is_carried(const struct sim *s, const struct line *l, const struct record *r, enum field f, const char *ours)
{
	bool unseen = r->sent_by[f] != l->mount && r->sent_at[f] > s->mount[l->mount].good[SIDE_SF];
	for (int i = 0; i < s->server[SIDE_SC].n; i++) {
		const struct record *o = &s->server[SIDE_SC].rec[i];
		bool news = unseen || o->sent_at[f] > r->agreed_at[f];
		bool told = o->shown[l->mount] >= (o->sent_at[f] ? o->sent_as[f] : o->revision);
		if (o->task == r->task && news && o->sent_by[f] != l->mount && told &&
			!strcmp(o->word[f], server_word(SIDE_SC, f, ours)))
			return true;
	}
	return false;
}

/* R8, R10: another value is replaced only by what somebody chose since the last one was sent. */
static void check_other(struct sim *s, const struct line *l, const struct record *r, enum field f, const char *ours)
{
	const struct logical *g = &s->logical[r->task];
	bool other = is_choice(f) && !server_ours(l->server->side, f, r->word[f]);
	if (!other || g->copies > 1 || g->chosen_at[f] >= r->agreed_at[f])
		return;
	if (l->server->side == SIDE_SF && is_carried(s, l, r, f, ours))
		s->figures->carried++;
	else
		sim_fail(s, FORBIDDEN, "R8, R10: %s \"%s\" of task %d is replaced, and nobody chose that", task_field[f].name,
			r->word[f], r->task);
}

/* ---- two values that have not seen each other (D2) ---- */

static struct typed *standing(struct sim *s, int task, enum field f, const char *value)
{
	for (int i = s->n_typed - 1; value && i >= 0; i--) {
		struct typed *t = &s->typed[i];
		if (t->task == task && t->field == f && !t->replaced && !strcmp(t->value, value))
			return t;
	}
	return NULL;
}

static int rank(const struct sim *s, const struct typed *t)
{
	enum side side = t->who == SC_PERSON ? SIDE_SC : t->who == SF_PERSON ? SIDE_SF : SIDE_LOCAL;
	const enum side *order = winner_order[s->script->setup.order];
	return order[0] == side ? 0 : order[1] == side ? 1 : 2;
}

/* A subject has rules of its own; and where nobody can tell which record is whose, or somebody else copies too, nothing is certain. */
static bool is_judged(const struct sim *s, int task, enum field f)
{
	const struct logical *g = task < 0 ? NULL : &s->logical[task];
	return g && (f == FIELD_DETAILS || f == FIELD_DUE) && g->copies == 1 && !g->out_of_sight && !g->was_hidden && !g->undeleted &&
		!(g->cleared & BIT(f)) &&	/* no value wins, too */
		s->script->setup.mounts == 1 && !s->script->setup.mirror;
}

static void check_winner(struct sim *s, const struct typed *won, const struct typed *lost)
{
	if (won && lost && won != lost && !lost->beaten && rank(s, won) > rank(s, lost))
		sim_fail(s, DIVERGED, "D2: %s \"%s\" of task %d won against \"%s\"", task_field[won->field].name, won->value, won->task,
			lost->value);
}

static const char *shown_by(struct sim *s, int mount, const struct typed *t, struct task *out)
{
	int64_t row[ROWS_MAX];
	int n = mount_rows(s, mount, row);
	for (int i = 0; i < n; i++)
		if (mount_task(s, mount, row[i]) == t->task)
			return store_get(s->mount[mount].store, row[i], out) == ERR_OK ? out->field[t->field] : NULL;
	return NULL;
}

void oracle_clashes(struct sim *s, int mount)
{
	for (int i = 0; i < s->n_typed; i++) {
		struct typed *t = &s->typed[i];
		AUTO_TASK x = TASK_INIT;
		if (!t->rivalled || t->replaced || t->beaten || !is_judged(s, t->task, t->field))
			continue;
		const char *is = shown_by(s, mount, t, &x);
		if (!is || !strcmp(is, t->value)) {
			t->held |= is != NULL;
			continue;
		}
		const struct typed *other = standing(s, t->task, t->field, is);
		bool was = t->held || t->who >= 0;
		if (was)
			check_winner(s, other, t);
		t->beaten = was || (other && rank(s, other) < rank(s, t));
	}
}

/* No write when nothing changed: who knows what a record says does not say it again. Of several mounts one may see the subject that
 * another made of a new name before it hears of the name (R25), and it sends that subject once more. */
static void check_news(struct sim *s, const struct line *l, const struct record *r, enum field f, const char *ours)
{
	if (s->script->setup.mounts == 1 && r->sure[l->mount] == r->revision && same(r->word[f], server_word(l->server->side, f, ours)))
		sim_fail(s, FORBIDDEN, "%s \"%s\" of task %d is sent to %s, where it is already", task_field[f].name, r->word[f], r->task,
			side_name[l->server->side]);
}

void oracle_update(struct sim *s, struct line *l, const struct record *r, uint32_t fields, const struct task *t)
{
	if (!fields || (fields & ~FIELDS_ALL))
		sim_fail(s, FORBIDDEN, "R3: update of fields %x", fields);
	if (fields & BIT(FIELD_TITLE))
		check_title(s, l, r, t->field[FIELD_TITLE]);
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (fields & BIT(f)) {
			check_news(s, l, r, f, t->field[f]);
			check_other(s, l, r, f, t->field[f]);
			if (is_judged(s, r->task, f))
				check_winner(s, standing(s, r->task, f, t->field[f]), standing(s, r->task, f, r->word[f]));
		}
}

/* It was taken back while it was on its way, as in choice_again; or where another mount has it from, which this one was not told of. */
static bool is_taken_back(const struct sim *s, const struct line *l, const struct record *o, enum field f, const char *ours)
{
	enum side from = l->server->side == SIDE_SC ? SIDE_SF : SIDE_SC;
	bool stands = !strcmp(o->word[f], server_word(from, f, ours)), told = !stands && o->shown[l->mount] == o->revision;
	if (o->chosen[f])
		return !stands && !told;
	if (told || !o->sent_at[f] || o->sent_by[f] == l->mount)
		return false;
	const struct choice *c = &s->logical[o->task].choice[f - FIELD_STATUS][o->sent_by[f] - SF_PERSON];
	return c->before == choice_of(ours) && c->stands != c->before;
}

static void carried_too_late(struct sim *s, const struct line *l, const struct record *r, enum field f)
{
	const struct server *v = &s->server[l->server->side == SIDE_SC ? SIDE_SF : SIDE_SC];
	const char *ours = is_choice(f) ? server_ours(l->server->side, f, r->word[f]) : NULL;
	for (int i = 0; ours && i < v->n; i++) {
		const struct record *o = &v->rec[i];
		if (o->task != r->task || !is_taken_back(s, l, o, f, ours))
			continue;
		choice_in_doubt(s, r->task, f, ours);
		s->figures->carried++;
	}
}

void oracle_updated(struct sim *s, const struct line *l, struct record *r, uint32_t fields)
{
	if (l->server->side == SIDE_SC && (fields & BIT(FIELD_TITLE)))
		r->named = r->revision + 1;
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (fields & BIT(f)) {
			carried_too_late(s, l, r, f);
			r->sent_at[f] = s->now;
			r->sent_by[f] = l->mount;
			r->sent_as[f] = r->revision + 1;
			r->chosen[f] = false;
		}
}

void oracle_shown(struct sim *s, const struct line *l, struct record *r)
{
	enum side side = l->server->side;
	if (!r->met[l->mount]) {
		r->met[l->mount] = r->revision;
		r->met_new[l->mount] = r->changed_at == r->created_at || r->made_by == l->mount;
		choices_met(s, l->mount, side, r);
	}
	r->shown[l->mount] = r->revision;
	r->alive_to[l->mount] |= !r->deleted;
	r->shown_ours |= server_ours(side, FIELD_STATUS, r->word[FIELD_STATUS]) != NULL;
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (side == SIDE_SC && r->chosen[f])
			s->logical[r->task].chosen_at[f] = s->now;
}

void oracle_agreed(struct sim *s, struct line *l, struct record *r, uint32_t fields)
{
	for (enum field f = 0; f < TASK_NFIELDS; f++)
		if (fields & BIT(f))
			r->agreed_at[f] = s->mount[l->mount].pass_began;
}

/* ---- what a pass has seen ---- */

void oracle_told(struct sim *s, int mount, bool mirror)
{
	s->mount[mount].told = s->mount[mount].asked = true;
	s->mount[mount].heard = mirror;
}

void oracle_pass_begins(struct sim *s, int mount, enum side side)
{
	struct server *v = &s->server[side];
	s->mount[mount].pass_began = s->now;
	s->mount[mount].anew = s->mount[mount].unheard = false;
	for (int i = 0; i < v->n; i++)
		v->rec[i].begun[mount] = v->rec[i].born_at ? 0 : v->rec[i].revision;	/* not to be seen yet */
}

/* A create of which nobody knows whether it happened, and others that said the same: no rule tells which record is whose, and
 * what people do to one may befall the other. */
static void check_alike(struct sim *s, enum side side, const struct record *r)
{
	struct server *v = &s->server[side];
	for (int i = 0; i < v->n; i++) {
		const struct record *o = &v->rec[i];
		if (o->task == r->task || o->made_by != r->made_by || strcmp(o->body, r->body))
			continue;
		struct logical *both[] = { &s->logical[o->task], &s->logical[r->task] };
		for (int k = 0; k < 2; k++)
			both[k]->out_of_sight = both[k]->was_hidden = both[k]->beyond = true;
	}
}

void oracle_pass_forgot(struct sim *s, int mount, enum side side)
{
	struct server *v = &s->server[side];
	int64_t began = s->mount[mount].pass_began;
	for (int i = 0; i < v->n; i++) {
		struct record *r = &v->rec[i];
		for (enum field f = 0; f < TASK_NFIELDS; f++) {
			if (r->sent_at[f] < began)
				continue;
			r->agreed_at[f] = 0;
			choice_in_doubt(s, r->task, f, server_ours(side, f, r->word[f]));
		}
		bool made = r->made_by == mount && r->true_at >= began;
		r->unheard |= made;
		if (made && side == SIDE_SF)
			check_alike(s, side, r);
	}
}

void oracle_pass_well(struct sim *s, int mount, enum side side)
{
	for (int i = 0; i < s->server[side].n; i++)
		s->server[side].rec[i].sure[mount] = s->server[side].rec[i].shown[mount];
}

/* R2, R17: what changed since the first import, before this pass began, was in one of its pages or in an earlier one. */
void oracle_pass_ended(struct sim *s, int mount, enum side side)
{
	struct mount *m = &s->mount[mount];
	struct server *v = &s->server[side];
	for (int i = 0; i < v->n && m->since[side] && m->anew; i++) {
		const struct record *r = &v->rec[i];
		if (r->touched_at > m->since[side] && r->begun[mount] == r->revision && r->shown[mount] != r->revision &&
			server_tells(&m->line[side], r))
			sim_fail(s, LOST, "task %d: mount %d was not told of %s by a pass that ended well", r->task, mount, r->id);
	}
	if (!m->since[side])
		m->since[side] = m->pass_began;
	if (m->anew)
		m->good[side] = m->pass_began;
}
