#include "xattr.h"
#include "dirs.h"
#include "text.h"
#include <inttypes.h>
#include <string.h>

static enum err get_id(struct env *env, const struct task *t, int arg, struct buf *out)
{
	buf_printf(out, "%" PRId64, t->id);
	return ERR_OK;
}

static enum err get_state(struct env *env, const struct task *t, int arg, struct buf *out)
{
	const char *state;

	TRY(store_state(env->store, t->id, &state));
	buf_puts(out, state);
	return ERR_OK;
}

static enum err get_field(struct env *env, const struct task *t, int f, struct buf *out)
{
	buf_puts(out, t->field[f]);
	return ERR_OK;
}

static enum err get_person(struct env *env, const struct task *t, int arg, struct buf *out)
{
	const char *name = t->fact[FACT_PERSON], *mail = t->fact[FACT_EMAIL];

	buf_puts(out, name);
	if (mail)
		buf_printf(out, name ? " <%s>" : "<%s>", mail);
	return ERR_OK;
}

static enum err link_of(struct env *env, const struct task *t, int side, struct link *out)
{
	*out = LINK_INIT;
	enum err e = store_link(env->store, t->id, (enum side)side, out);
	return e == ERR_NOENT ? ERR_OK : e;
}

static enum err get_rid(struct env *env, const struct task *t, int side, struct buf *out)
{
	AUTO_LINK l;

	TRY(link_of(env, t, side, &l));
	buf_puts(out, l.rid);
	return ERR_OK;
}

static enum err get_synced(struct env *env, const struct task *t, int arg, struct buf *out)
{
	int64_t last = 0;
	char at[DATE_TIME_LEN];

	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		AUTO_LINK l;
		TRY(link_of(env, t, side, &l));
		last = l.synced_at > last ? l.synced_at : last;
	}
	if (last) {
		date_format_time(last, at);
		buf_puts(out, at);
	}
	return ERR_OK;
}

static enum err get_url(struct env *env, const struct task *t, int arg, struct buf *out)
{
	for (enum side side = NSIDES - 1; side >= SIDE_SC && !out->n; side--) {
		AUTO_LINK l;
		TRY(link_of(env, t, side, &l));
		buf_puts(out, l.url);
	}
	return ERR_OK;
}

struct search {
	const char *name;
	struct buf *out;
};

static bool match_problem(void *arg, const struct problem *p)
{
	struct search *s = arg;

	if (strcmp(p->name, s->name))
		return true;
	buf_puts(s->out, p->text);
	return false;
}

static enum err get_error(struct env *env, const struct task *t, int arg, struct buf *out)
{
	struct search s = { t->name, out };

	return t->name ? store_problems(env->store, env->now, match_problem, &s) : ERR_OK;
}

/* Each appends its value, nothing: it has none. */
static const struct attr {
	const char *name;
	enum err (*get)(struct env *env, const struct task *t, int arg, struct buf *out);
	int arg;
	bool writable;		/* arg is a field */
} attr[] = {
	{ "user.remindfs.id", get_id, 0 },
	{ "user.remindfs.state", get_state, 0 },
	{ "user.remindfs.error", get_error, 0 },
	{ "user.remindfs.due", get_field, FIELD_DUE, true },
	{ "user.remindfs.priority", get_field, FIELD_PRIORITY, true },
	{ "user.remindfs.person", get_person, 0 },
	{ "user.remindfs.sc-id", get_rid, SIDE_SC },
	{ "user.remindfs.sf-id", get_rid, SIDE_SF },
	{ "user.remindfs.synced", get_synced, 0 },
	{ "user.xdg.origin.url", get_url, 0 },
};
#define NATTRS (sizeof(attr) / sizeof(*attr))

static const struct attr *find(const char *name)
{
	for (size_t i = 0; i < NATTRS; i++)
		if (!strcmp(name, attr[i].name))
			return &attr[i];
	return NULL;
}

bool xattr_known(const char *name)
{
	return find(name);
}

bool xattr_writable(const char *name)
{
	const struct attr *a = find(name);

	return a && a->writable;
}

enum err xattr_get(struct env *env, int64_t id, const char *name, struct buf *out)
{
	AUTO_TASK t = TASK_INIT;
	const struct attr *a = find(name);
	size_t before = out->n;

	if (!a)
		return ERR_NOENT;
	TRY(store_get(env->store, id, &t));
	TRY(a->get(env, &t, a->arg, out));
	TRY(buf_err(out));
	return out->n == before ? ERR_NOENT : ERR_OK;
}

enum err xattr_list(struct env *env, int64_t id, struct buf *out)
{
	AUTO_TASK t = TASK_INIT;

	TRY(store_get(env->store, id, &t));
	for (size_t i = 0; i < NATTRS; i++) {
		AUTO_BUF value = BUF_INIT;
		TRY(attr[i].get(env, &t, attr[i].arg, &value));
		TRY(buf_err(&value));
		if (value.n)
			buf_add(out, attr[i].name, strlen(attr[i].name) + 1);
	}
	return buf_err(out);
}

/* What a person would write into the file's head: so it is read as that is, with its words and messages. */
static enum err set_field(struct env *env, const struct entry *e, enum field f, const char *value, size_t n,
	struct text_error *why)
{
	AUTO_TEXT x = { 0 };
	AUTO_BUF head = BUF_INIT;

	if (memchr(value, '\n', n))	/* a line of its own */
		return ERR_INVAL;
	buf_printf(&head, "%s: ", task_field[f].label);
	buf_add(&head, value, n);
	buf_puts(&head, "\n\n");
	TRY(buf_err(&head));
	TRY(text_parse(buf_str(&head), head.n, env->today, NULL, &x, why));
	return store_edit(env->store, e->id, &x.task, BIT(f), 0, NULL, 0, SIDE_LOCAL, env->now);
}

enum err xattr_set(struct env *env, int64_t id, const char *name, const char *value, size_t n)
{
	struct text_error why = { 0 };
	struct entry now;
	AUTO_BUF path = BUF_INIT;

	if (!xattr_writable(name))
		return ERR_PERM;
	TRY(store_entry(env->store, id, &now));
	enum err e = set_field(env, &now, (enum field)find(name)->arg, value, n, &why);
	if (*why.msg) {
		buf_printf(&path, "%s/%s", node_fixed[node_home(now.open)].name, now.name);
		dirs_refuse(env, buf_str(&path), "%s is not set; %s", name, why.msg);
	}
	if (!e)
		env->forget(env->arg, node_ino(KIND_TASK, id), NULL);
	return e;
}

enum err xattr_clear(struct env *env, int64_t id, const char *name)
{
	const char *initial = xattr_writable(name) ? task_field[find(name)->arg].initial : NULL;

	return xattr_set(env, id, name, initial ? initial : "", initial ? strlen(initial) : 0);
}
