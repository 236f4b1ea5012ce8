#include "like.h"
#include "rules.h"
#include "subject.h"

/* ---- a row with all that it ever said ---- */

void like_finish(struct half *h)
{
	task_finish(&h->t);
	link_finish(&h->l);
	for (size_t i = 0; i < h->past.n; i++)
		free(h->past.said[i].value);
	free(h->past.said);
	*h = (struct half){ 0 };
}

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
	x->edited |= BIT(h->field);
	return add_said(arg, h->field, h->was) && add_said(arg, h->field, h->is);
}

enum err like_load(struct pass *p, int64_t task, enum side side, struct half *h)
{
	int64_t first_at;
	TRY(store_get(p->s, task, &h->t));
	TRY(store_gone(p->s, task, &h->gone));
	TRY(store_link(p->s, task, side, &h->l));
	TRY(pass_first_at(p, side, &first_at));
	h->imported = !h->l.sent_at && h->l.synced_at <= first_at;
	TRY(store_history(p->s, task, add_history, &h->past));
	for (int f = 0; f < TASK_NFIELDS && !h->past.failed; f++)
		add_said(&h->past, (enum field)f, h->l.base[f]);
	return h->past.failed ? ERR_NOMEM : ERR_OK;
}

bool like_said(const struct half *h, enum field f, const char *value)
{
	for (size_t i = 0; i < h->past.n; i++)
		if (h->past.said[i].field == f && field_same(h->past.said[i].value, value))
			return true;
	return field_same(h->t.field[f], value);
}

/* ---- how alike are they? ---- */

const char *like_shown(const struct link *l, enum field f)
{
	return l->raw[f] ? l->raw[f] : l->base[f];
}

static enum err is_name(const struct task *t, const char *subject, const char *template, bool *out)
{
	AUTO_BUF b = BUF_INIT;
	if (subject_has_title(template))
		subject_render(template, t, &b);
	TRY(buf_err(&b));
	*out = field_same(buf_str(&b), subject) || field_same(t->field[FIELD_TITLE], subject);
	return ERR_OK;
}

/* Is the subject the name of the task, or what the template makes of it? *was: a name that it had? */
static enum err names(const struct half *sc, const char *subject, const char *template, bool *is, bool *was)
{
	AUTO_TASK t = TASK_INIT;
	TRY(task_copy(&t, &sc->t));
	TRY(is_name(&t, subject, template, is));
	*was = false;
	for (size_t i = 0; i < sc->past.n && !*was; i++) {
		if (sc->past.said[i].field != FIELD_TITLE)
			continue;
		TRY(task_set(&t, FIELD_TITLE, sc->past.said[i].value));
		TRY(is_name(&t, subject, template, was));
	}
	return ERR_OK;
}

enum err like_agreed_name(struct pass *p, const struct half *sc, const struct half *sf, const char **out)
{
	AUTO_TASK t = TASK_INIT;
	const char *subject = like_shown(&sf->l, FIELD_TITLE);
	bool is;
	*out = sc->t.field[FIELD_TITLE];
	TRY(task_copy(&t, &sc->t));
	TRY(is_name(&t, subject, p->template, &is));
	for (size_t i = 0; i < sc->past.n && !is && !sf->l.sent_at; i++) {
		const struct said *x = &sc->past.said[i];
		if (x->field != FIELD_TITLE)
			continue;
		TRY(task_set(&t, FIELD_TITLE, x->value));
		TRY(is_name(&t, subject, p->template, &is));
		*out = is ? x->value : *out;
	}
	return ERR_OK;
}

/* Did Salesforce's ever have the name of Sales Connect's, or the subject that the template makes of it (one
 * without a name, of all)? */
static enum err had(const struct half *sf, const struct task *sc, const char *template, bool *name,
	bool *made)
{
	AUTO_BUF subject = BUF_INIT;
	subject_render(template, sc, &subject);
	TRY(buf_err(&subject));
	*name = like_said(sf, FIELD_TITLE, sc->field[FIELD_TITLE]);
	*made = subject.n && like_said(sf, FIELD_TITLE, buf_str(&subject));
	return ERR_OK;
}

/* Did it ever have a former name of that, or its subject? Both were renamed since. */
static enum err had_former(const struct half *sc, const struct half *sf, const char *template, bool *yes)
{
	AUTO_TASK t = TASK_INIT;
	bool name, made;
	*yes = false;
	TRY(task_copy(&t, &sc->t));
	for (size_t i = 0; i < sc->past.n && !*yes; i++) {
		if (sc->past.said[i].field != FIELD_TITLE)
			continue;
		TRY(task_set(&t, FIELD_TITLE, sc->past.said[i].value));
		TRY(had(sf, &t, template, &name, &made));
		*yes = name || made;
	}
	return ERR_OK;
}

static bool filled(const char *v)
{
	return v && *v;
}

bool like_persons(const char *us, const char *them)
{
	return !us || !them || str_eq(us, them);
}

bool like_person(const struct task *a, const struct task *b)
{
	return like_persons(a->fact[FACT_PERSON], b->fact[FACT_PERSON]);
}

bool like_foreign(const struct half *sf, enum field f)
{
	return f != FIELD_TITLE && sf->l.raw[f] && field_same(sf->t.field[f], sf->l.base[f]);
}

/* Or would be, had it come with that other word (R8, R10), whatever it said before. */
static bool is_same(const struct half *sc, const struct half *sf, enum field f)
{
	const char *there = sc->t.field[f];
	return field_same(there, sf->t.field[f]) ||
		(like_foreign(sf, f) && field_same(there, task_field[f].initial));
}

bool like_is_same(int score)
{
	return score == ALL_SAME || score == ALL_SAME + FOR_HIM;
}

/* Does something speak for them but a subject that all have? Else they must be the same, for the same person
 * or for nobody: what was edited, or lost its person, is not known again. */
static bool speaks_for(const struct half *sc, const struct half *sf)
{
	bool same = !filled(sc->t.fact[FACT_PERSON]) == !filled(sf->t.fact[FACT_PERSON]);
	for (enum field f = FIELD_DUE; f <= FIELD_DETAILS; f++) {
		const char *ours = sc->t.field[f], *theirs = sf->t.field[f];
		if ((filled(ours) && like_said(sf, f, ours)) || (filled(theirs) && like_said(sc, f, theirs)))
			return true;
		same &= field_same(ours, theirs);
	}
	return same;
}

enum err like_score(struct pass *p, const struct half *sc, const struct half *sf, int *score)
{
	bool is, was, name, made, fits, all = true, has_title = subject_has_title(p->template);
	int same = ALL_SAME - TASK_NFIELDS;
	*score = NO;
	if (!like_person(&sc->t, &sf->t))
		return ERR_OK;
	TRY(names(sc, like_shown(&sf->l, FIELD_TITLE), p->template, &is, &was));
	TRY(had(sf, &sc->t, p->template, &name, &made));
	was |= name || (made && has_title);
	same += is || !has_title;
	same += filled(sc->t.fact[FACT_PERSON]) && filled(sf->t.fact[FACT_PERSON]) ? FOR_HIM : 0;
	TRY(subject_fits(p->template, &sc->t, like_shown(&sf->l, FIELD_TITLE), &fits));
	fits |= made;
	for (enum field f = FIELD_STATUS; f < TASK_NFIELDS; f++) {
		all &= like_said(sc, f, sf->t.field[f]) || like_said(sf, f, sc->t.field[f]) ||
			like_foreign(sf, f);
		same += is_same(sc, sf, f);
	}
	if (all && (is || was || (fits && !has_title && speaks_for(sc, sf))))
		*score = same;
	if (*score == NO && !is && !was && !fits)
		TRY(had_former(sc, sf, p->template, &fits));
	if (*score == NO && (is || was || fits))
		*score = MAYBE;
	return ERR_OK;
}

/* ---- which value is it? ---- */

/* The value that stands in b is a former one of a, or b never had any. */
static bool older(const struct half *a, const struct half *b, enum field f)
{
	const char *y = b->t.field[f];
	return filled(y) ? like_said(a, f, y) : !like_said(b, f, a->t.field[f]);
}

bool like_as_made(const struct task *t)
{
	return t->created_at && t->changed_at == t->created_at;
}

struct chooser like_chooser(const struct half *h)
{
	return (struct chooser){ &h->t, h->past.edited, h->l.as_made || like_as_made(&h->t) };
}

static bool is_first(const struct chooser *x, enum field f)
{
	return x->as_made && !(x->edited & BIT(f));
}

int like_later(const struct chooser *a, const struct chooser *b, enum field f)
{
	bool x = is_first(a, f), y = is_first(b, f);
	int64_t at = a->t->created_at, other = b->t->created_at;
	return x && y ? (at > other) - (at < other) : y - x;
}

/* As it was made, after the other one, that was not edited here, had changed last. */
static bool came_after(const struct chooser *a, const struct chooser *b, enum field f)
{
	return is_first(a, f) && !is_first(b, f) && !b->edited && a->t->created_at > b->t->changed_at;
}

bool like_unsure(const struct chooser *a, const struct chooser *b)
{
	bool yes = false;
	for (enum field f = FIELD_STATUS; f <= FIELD_PRIORITY; f++) {
		const char *ours = a->t->field[f], *theirs = b->t->field[f];
		yes |= ours && theirs && !field_same(ours, theirs) &&
			(came_after(a, b, f) || came_after(b, a, f));
	}
	return yes;
}

/* > 0: a's; 0: nobody can tell. */
static int later(const struct half *a, const struct half *b, enum field f)
{
	struct chooser x = like_chooser(a), y = like_chooser(b);
	int is = older(a, b, f) - older(b, a, f);
	return is || !(CHOICES & BIT(f)) ? is : like_later(&x, &y, f);
}

static enum err last_by(struct pass *p, const struct half *h, enum field f, enum side *by)
{
	TRY(store_last_by(p->s, h->t.id, f, by));
	if (field_same(h->t.field[f], h->l.base[f]))
		*by = h->l.side;
	return ERR_OK;
}

/* Sales Connect's name is the subject that we gave: who copied it there knew no more. */
static bool is_subject(const struct pass *p, const struct half *sc, const struct half *sf)
{
	return sf->l.sent_at && !subject_is_name(p->template) &&
		field_same(sf->l.raw[FIELD_TITLE], sc->t.field[FIELD_TITLE]);
}

bool like_name(const struct pass *p, const struct half *keep, const struct half *drop)
{
	const struct half *sc = keep->l.side == SIDE_SC ? keep : drop, *sf = sc == keep ? drop : keep;
	return !is_subject(p, sc, sf) && (sc->past.renamed || !sf->past.renamed);
}

/* Both names were typed: one of them was changed here; or the task was made here, and elsewhere it was given
 * another name, perhaps by somebody who had not seen ours. The subject that we gave is none: who copied it
 * knew no more; but one that no template made of ours is a colleague's. */
static enum err names_clash(struct pass *p, const struct half *sc, const struct half *sf, bool *yes)
{
	AUTO_BUF subject = BUF_INIT;
	AUTO_TASK given = TASK_INIT;
	TRY(task_copy(&given, &sf->t));
	TRY(task_set(&given, FIELD_TITLE, sf->l.base[FIELD_TITLE]));
	subject_render(p->template, &given, &subject);
	bool ours = is_subject(p, sc, sf) && field_same(buf_str(&subject), sf->l.raw[FIELD_TITLE]);
	*yes = sc->past.renamed || sf->past.renamed || (sf->l.sent_at && !ours);
	return buf_err(&subject);
}

enum err like_choose(struct pass *p, const struct half *keep, const struct half *drop, uint32_t *take,
	uint32_t *clash)
{
	const struct half *sf = keep->l.side == SIDE_SF ? keep : drop, *sc = sf == keep ? drop : keep;
	*take = *clash = 0;
	for (enum field f = 0; f < TASK_NFIELDS; f++) {
		enum side ours, theirs;
		if (field_same(keep->t.field[f], drop->t.field[f]))
			continue;
		if (like_foreign(sf, f)) {
			*take |= sf == keep ? BIT(f) : 0;
			continue;
		}
		if (f == FIELD_TITLE) {
			bool both;
			TRY(names_clash(p, sc, sf, &both));
			*clash |= both ? BIT(f) : 0;
			*take |= like_name(p, keep, drop) == (drop->l.side == SIDE_SC) ? BIT(f) : 0;
			continue;
		}
		int which = later(keep, drop, f);
		if (which) {
			*take |= which < 0 ? BIT(f) : 0;
			continue;
		}
		TRY(last_by(p, keep, f, &ours));
		TRY(last_by(p, drop, f, &theirs));
		*clash |= BIT(f);
		*take |= rules_theirs_wins(p->c->config->winner, ours, theirs) ? BIT(f) : 0;
	}
	return ERR_OK;
}
