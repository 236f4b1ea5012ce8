#include "handle_p.h"
#include "name.h"
#include <string.h>

/* A copy says the title of what it was copied from: for a new task the file name wins then. */
static enum err drop_taken_title(struct env *env, int64_t id, struct text *x)
{
	char name[NAME_LEN + 1];
	struct entry other;

	if (!(x->fields & BIT(FIELD_TITLE)))
		return ERR_OK;
	TRY(name_of(x->task.field[FIELD_TITLE], 1, name));
	enum err e = store_lookup(env->store, name, &other);
	if (e == ERR_OK && other.id != id)
		x->fields &= ~BIT(FIELD_TITLE);
	return e == ERR_NOENT ? ERR_OK : e;
}

static enum err merge(const struct task *now, const struct text *x, uint32_t fields, struct task *out)
{
	TRY(task_copy(out, now));
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (fields & BIT(f))
			TRY(task_set(out, (enum field)f, x->task.field[f]));
	for (int f = 0; f < TASK_NFACTS; f++)
		if (x->facts & BIT(f))
			TRY(task_set_fact(out, (enum fact)f, x->task.fact[f]));
	return ERR_OK;
}

/* What the text of a task says of it. A value from a remote may hold what no line can, and is not edited by
 * that. */
static enum err shown(const struct task *t, struct task *out)
{
	static const struct {
		enum field field;
		void (*canonical)(const char *s, struct buf *out);
	} free_text[] = { { FIELD_TITLE, text_title }, { FIELD_DETAILS, text_details } };

	TRY(task_copy(out, t));
	for (size_t i = 0; i < sizeof(free_text) / sizeof(*free_text); i++) {
		AUTO_BUF b = BUF_INIT;
		enum field f = free_text[i].field;
		free_text[i].canonical(t->field[f], &b);
		TRY(buf_err(&b));
		if (t->field[f])
			TRY(task_set(out, f, buf_str(&b)));
	}
	return ERR_OK;
}

enum err text_put(struct env *env, const struct task *now, const struct task *base, struct text *x,
	uint32_t said, const char *s, size_t n, bool *rewritten)
{
	AUTO_TASK was = TASK_INIT, merged = TASK_INIT, becomes = TASK_INIT;
	AUTO_BUF text = BUF_INIT;

	TRY(shown(base, &was));
	uint32_t fields = x->fields & task_diff(&x->task, &was, x->fields);
	TRY(merge(now, x, fields, &merged));
	TRY(shown(&merged, &becomes));
	if (x->resolved || task_diff(&x->task, &becomes, said)) {
		text_render(&merged, s, n, &text);
		TRY(buf_err(&text));
		*rewritten = true;
		s = text.s;
		n = text.n;
	}
	int64_t id = now->id;
	return now->name ? store_edit(env->store, id, &merged, fields, x->facts, s, n, SIDE_LOCAL, env->now) :
		store_create_as(env->store, &id, &merged, s, n, env->now);
}

enum err text_save(struct env *env, int64_t id, const struct task *base, const char *s, size_t n,
	bool *rewritten)
{
	AUTO_TASK now = TASK_INIT;
	AUTO_TEXT x = { 0 };
	AUTO_BUF old = BUF_INIT;
	struct text_error why;
	bool fresh;

	TRY(store_whole(env->store, id, &now, &old, &fresh));
	if (n == old.n && (!n || !memcmp(s, old.s, n)))
		return ERR_OK;
	enum err e = text_parse(s, n, env->today, fresh ? NULL : &now, &x, &why);
	if (text_rejected(e)) {
		TRY(store_draft(env->store, id, s, n, why.line, why.msg, env->now));
		env->backup.rejected = id;
		env->backup.at = env->now;
		return e;
	}
	TRY(e);
	uint32_t said = x.fields;
	if (fresh)
		TRY(drop_taken_title(env, id, &x));
	else
		x.facts = 0;
	return text_put(env, &now, base ? base : &now, &x, said, s, n, rewritten);
}
