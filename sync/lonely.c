#include "lonely.h"
#include "subject.h"
#include <string.h>

void rows_finish(struct rows *x)
{
	free(x->task);
}

enum err rows_add(struct rows *x, int64_t task)
{
	int64_t *more = reallocarray(x->task, x->n + 1, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	x->task = more;
	x->task[x->n++] = task;
	return ERR_OK;
}

/* ---- names ---- */

#define UNKNOWN 0		/* of somebody whose names are not all known here: everybody's */

struct lonely_name {
	uint64_t hash;		/* of a name, as field_same sees it */
	size_t at;		/* whose */
};

/* FNV-1a */
static uint64_t hash_of(const char *name)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t n = name ? strlen(name) : 0;
	while (n && strchr(" \t\n\v\f\r", name[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		if (c == '\r' && i + 1 < n && name[i + 1] == '\n')
			continue;
		h = (h ^ (unsigned char)(c == '\r' ? '\n' : c)) * UINT64_C(1099511628211);
	}
	return h ? h : 1;
}

typedef enum err name_fn(void *arg, uint64_t hash);

/*
 * Under which names may a task show itself to the other side, with that title? Of two that have none in
 * common, with any title that they had, like_score says NO, unless subject_fits them.
 */
static enum err each_name(struct pass *p, enum side side, const struct task *of, const char *title,
	name_fn *fn, void *arg)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_BUF subject = BUF_INIT;
	TRY(fn(arg, hash_of(title)));
	if (side != SIDE_SC)
		return ERR_OK;
	TRY(task_copy(&t, of));
	TRY(task_set(&t, FIELD_TITLE, title));
	subject_render(p->template, &t, &subject);
	TRY(buf_err(&subject));
	TRY(fn(arg, hash_of(buf_str(&subject))));
	return subject_has_title(p->template) ? ERR_OK : fn(arg, hash_of(""));
}

/* Is the subject the template's, by whatever name? The names tell, but for a template that adds something. */
static bool has_shapes(const struct pass *p)
{
	return subject_has_title(p->template) && !subject_is_name(p->template);
}

/* ---- as they were when first asked for ---- */

struct lonely_one {
	int64_t task, created_at;
	bool renamed, asked;
	char *title, *subject;	/* subject NULL: the same */
	char *person;
	char *shape;		/* Sales Connect's, if there are shapes */
	char *key;		/* see lonely_keyed; NULL: none, or in Sales Connect not made yet */
};

static void list_finish(struct lonely_list *x)
{
	for (size_t i = 0; i < x->n; i++) {
		free(x->one[i].title);
		free(x->one[i].subject);
		free(x->one[i].person);
		free(x->one[i].shape);
		free(x->one[i].key);
	}
	free(x->one);
	free(x->name);
	*x = (struct lonely_list){ 0 };
}

void lonely_finish(struct lonely_list x[NSIDES])
{
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		list_finish(&x[side]);
}

/* The array, with room for one more of size bytes; NULL: there is no memory, and it stays as it is. */
static void *grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *bigger = n < *room ? array : reallocarray(array, more, size);
	if (bigger && n == *room)
		*room = more;
	return bigger;
}

static enum err add_name(void *arg, uint64_t hash)
{
	struct lonely_list *x = arg;
	struct lonely_name *more = grow(x->name, x->n_names, &x->names_room, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	x->name = more;
	x->name[x->n_names++] = (struct lonely_name){ hash, x->n - 1 };
	return ERR_OK;
}

/* Of the last one. */
static enum err add_names(struct pass *p, enum side side, const struct lonely *l, struct lonely_list *x)
{
	const char *title = l->t.field[FIELD_TITLE];
	TRY(each_name(p, side, &l->t, title, add_name, x));
	if (side == SIDE_SF) {
		TRY(add_name(x, hash_of(l->subject)));
		TRY(add_name(x, hash_of(l->base)));
	}
	return l->renamed || (side == SIDE_SC && !str_eq(title, l->base)) ? add_name(x, UNKNOWN) : ERR_OK;
}

static enum err add_one(struct pass *p, enum side side, const struct lonely *l, struct lonely_list *x)
{
	AUTO_BUF shape = BUF_INIT;
	const char *title = l->t.field[FIELD_TITLE];
	bool ok = true, shapes = side == SIDE_SC && has_shapes(p);
	if (shapes)
		TRY(subject_shape(p->template, &l->t, &shape));
	struct lonely_one *more = grow(x->one, x->n, &x->room, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	x->one = more;
	x->one[x->n++] = (struct lonely_one){ l->t.id, l->t.created_at, l->renamed, l->asked,
		str_dup(title, &ok), str_eq(title, l->subject) ? NULL : str_dup(l->subject, &ok),
		str_dup(l->t.fact[FACT_PERSON], &ok), shapes ? buf_take(&shape) : NULL,
		side == SIDE_SF ? str_dup(l->once, &ok) : NULL };
	x->keyed |= side == SIDE_SF && l->once;
	return ok ? add_names(p, side, l, x) : ERR_NOMEM;
}

struct loading {
	struct pass *p;
	enum side side;
	enum err err;
};

static bool add(void *arg, const struct lonely *l)
{
	struct loading *x = arg;
	x->err = add_one(x->p, x->side, l, &x->p->lonely[x->side]);
	return x->err == ERR_OK;
}

static int by_hash(const void *a, const void *b)
{
	const struct lonely_name *x = a, *y = b;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

static enum err load(struct pass *p, enum side side)
{
	struct lonely_list *x = &p->lonely[side];
	struct loading loading = { .p = p, .side = side };
	if (x->loaded)
		return ERR_OK;
	list_finish(x);		/* what a failure left */
	TRY(store_lonely(p->s, side, add, &loading));
	TRY(loading.err);
	if (x->n_names)
		qsort(x->name, x->n_names, sizeof(*x->name), by_hash);
	x->loaded = true;
	return ERR_OK;
}

/* ---- who may be of one name? ---- */

static bool share(const char *a, const char *b)
{
	return a && b && (strstr(a, b) || strstr(b, a));
}

static bool has_name(const struct lonely_one *x, const char *name)
{
	return share(x->title, name) || share(x->subject, name);
}

static bool is_young(const struct pass *p, int64_t created_at)
{
	return p->now - created_at <= SETTLED;
}

static bool may_be(const struct pass *p, const struct lonely_one *x, const struct half *of)
{
	bool plain = subject_is_name(p->template);
	bool young = is_young(p, x->created_at) || is_young(p, of->t.created_at);
	if (!like_persons(x->person, of->t.fact[FACT_PERSON]))
		return false;
	if (x->renamed || !subject_has_title(p->template) || (young && !plain))
		return true;
	bool yes = has_name(x, of->t.field[FIELD_TITLE]) || has_name(x, like_shown(&of->l, FIELD_TITLE));
	for (size_t i = 0; i < of->past.n && !yes; i++)
		yes = of->past.said[i].field == FIELD_TITLE && has_name(x, of->past.said[i].value);
	return yes;
}

static enum err add_if_lonely(
	struct pass *p, enum side side, const struct lonely_one *x, int64_t made_at, struct rows *out)
{
	bool yes;
	TRY(store_is_lonely(p->s, x->task, side, made_at, &yes));
	return yes ? rows_add(out, x->task) : ERR_OK;
}

struct marked {			/* those that have a name in common with somebody */
	const struct lonely_list *x;
	bool *mark;		/* owned; one for each */
};
static void marked_finish(struct marked *m)
{
	free(m->mark);
}

static enum err mark_name(void *arg, uint64_t hash)
{
	struct marked *m = arg;
	const struct lonely_name *name = m->x->name;
	size_t from = 0, to = m->x->n_names;
	while (from < to) {	/* the first one that is not before it */
		size_t i = from + (to - from) / 2;
		if (name[i].hash < hash)
			from = i + 1;
		else
			to = i;
	}
	for (; from < m->x->n_names && name[from].hash == hash; from++)
		m->mark[name[from].at] = true;
	return ERR_OK;
}

static enum err mark_names(struct pass *p, const struct half *of, struct marked *m)
{
	TRY(mark_name(m, UNKNOWN));
	TRY(mark_name(m, hash_of(like_shown(&of->l, FIELD_TITLE))));
	TRY(each_name(p, of->l.side, &of->t, of->t.field[FIELD_TITLE], mark_name, m));
	for (size_t i = 0; i < of->past.n; i++)
		if (of->past.said[i].field == FIELD_TITLE)
			TRY(each_name(p, of->l.side, &of->t, of->past.said[i].value, mark_name, m));
	return ERR_OK;
}

static enum err mark_shapes(struct pass *p, const struct half *of, struct marked *m)
{
	AUTO_BUF shape = BUF_INIT;
	if (of->l.side == SIDE_SC)
		TRY(subject_shape(p->template, &of->t, &shape));
	for (size_t i = 0; i < m->x->n; i++) {
		const struct lonely_one *x = &m->x->one[i];
		m->mark[i] |= of->l.side == SIDE_SC
			? subject_has_shape(x->subject ? x->subject : x->title, buf_str(&shape))
			: subject_has_shape(like_shown(&of->l, FIELD_TITLE), x->shape);
	}
	return ERR_OK;
}

enum err lonely_like(struct pass *p, enum side side, const struct half *of, struct rows *out)
{
	const struct lonely_list *x = &p->lonely[side];
	TRY(load(p, side));
	AUTO(marked_finish) struct marked m = { x, calloc(x->n + 1, sizeof(*m.mark)) };
	if (!m.mark)
		return ERR_NOMEM;
	TRY(mark_names(p, of, &m));
	if (has_shapes(p))
		TRY(mark_shapes(p, of, &m));
	for (size_t i = 0; i < x->n; i++)
		if (m.mark[i] && may_be(p, &x->one[i], of))
			TRY(add_if_lonely(p, side, &x->one[i], of->t.created_at - p->c->offset, out));
	return ERR_OK;
}

enum err lonely_asked(struct pass *p, const struct half *of, size_t *at, int64_t *task)
{
	const struct lonely_list *x = &p->lonely[SIDE_SF];
	TRY(load(p, SIDE_SF));
	while (*at < x->n) {
		struct lonely_one *one = &x->one[(*at)++];
		if (!one->asked || !like_persons(one->person, of->t.fact[FACT_PERSON]))
			continue;
		*task = one->task;
		TRY(store_is_lonely(p->s, one->task, SIDE_SF, of->t.created_at - p->c->offset, &one->asked));
		if (one->asked)
			return ERR_OK;
	}
	return ERR_NOENT;
}

/* The keys that copies of Sales Connect's have. */
static enum err make_keys(struct pass *p, struct lonely_list *x)
{
	for (size_t i = 0; i < x->n && !x->keyed; i++) {
		AUTO_LINK l = LINK_INIT;
		char key[PARCEL_KEY];
		enum err e = store_link(p->s, x->one[i].task, SIDE_SC, &l);
		if (e != ERR_NOENT)
			TRY(e);
		if (!l.rid)
			continue;
		TRY(parcel_copy_key(p, SIDE_SC, l.rid, key));
		TRY(replace_text(&x->one[i].key, key));
	}
	x->keyed = true;
	return ERR_OK;
}

enum err lonely_keyed(struct pass *p, enum side side, const struct half *of, int64_t *task)
{
	struct lonely_list *x = &p->lonely[side];
	char own[PARCEL_KEY] = "";
	const char *key = side == SIDE_SC ? of->l.once : own;
	*task = 0;
	if (!key)
		return ERR_OK;
	TRY(load(p, side));
	if (side == SIDE_SC)
		TRY(make_keys(p, x));
	else if (x->keyed)
		TRY(parcel_copy_key(p, SIDE_SC, of->l.rid, own));
	for (size_t i = 0; i < x->n && x->keyed && !*task; i++) {
		bool yes = str_eq(x->one[i].key, key);
		if (yes)
			TRY(store_is_lonely(p->s, x->one[i].task, side, INT64_MIN, &yes));
		*task = yes ? x->one[i].task : 0;
	}
	return ERR_OK;
}

enum err lonely_all(struct pass *p, enum side side, int64_t made_at, struct rows *out)
{
	const struct lonely_list *x = &p->lonely[side];
	TRY(load(p, side));
	for (size_t i = 0; i < x->n; i++)
		TRY(add_if_lonely(p, side, &x->one[i], made_at, out));
	return ERR_OK;
}
