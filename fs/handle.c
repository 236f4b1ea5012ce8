#define LOG_MODULE "handle"
#include "handle.h"
#include "log.h"
#include "name.h"
#include "node.h"
#include "text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256

struct files {
	struct file *bucket[BUCKETS];
};

static struct file **slot(struct files *f, uint64_t ino)
{
	struct file **p = &f->bucket[(ino ^ ino >> 6) % BUCKETS];

	while (*p && (*p)->ino != ino)
		p = &(*p)->next;
	return p;
}

static bool is_task(const struct file *f)
{
	return node_kind(f->ino) == KIND_TASK;
}

static void unload(struct file *f)
{
	buf_finish(&f->text);
	f->text = BUF_INIT;
	task_finish(&f->base);
	f->base = TASK_INIT;
	f->loaded = f->dirty = false;
}

struct files *files_create(void)
{
	return calloc(1, sizeof(struct files));
}

void files_destroy(struct files *f)
{
	for (int i = 0; f && i < BUCKETS; i++)
		for (struct file *p = f->bucket[i], *next; p; p = next) {
			next = p->next;
			unload(p);
			free(p->fresh);
			free(p);
		}
	free(f);
}

struct file *files_find(struct files *f, uint64_t ino)
{
	struct file *p = *slot(f, ino);

	return p && p->to ? p->to : p;
}

static struct file *acquire(struct files *f, uint64_t ino)
{
	struct file **p = slot(f, ino);

	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			return NULL;
		(*p)->ino = ino;
	}
	(*p)->handles++;
	return *p;
}

/* ---- what the store hears later ------------------------------------------------------------------------------- */

static enum err named(const struct entry *e, struct task *t)
{
	AUTO_BUF title = BUF_INIT;

	TRY(name_title(e->name, &title));
	TRY(buf_err(&title));
	t->id = e->id;
	t->created_at = e->created_at;
	TRY(task_set(t, FIELD_TITLE, buf_str(&title)));
	return task_set(t, FIELD_STATUS, e->open ? TASK_OPEN : TASK_COMPLETE);
}

enum err task_new(struct env *env, struct entry *e)
{
	AUTO_TASK t = TASK_INIT;

	TRY(named(e, &t));
	return store_create_as(env->store, &e->id, &t, "", 0, env->now);
}

/* The kernel has the name of a task that was just made, unless another side took that meanwhile. */
static enum err check_name(struct env *env, const struct entry *e)
{
	struct entry is;

	env->known = store_fed(env->store);
	TRY(store_entry(env->store, e->id, &is));
	if (!strcmp(is.name, e->name))
		return ERR_OK;
	env->known = 0;
	env->forget(env->arg, node_fixed_ino(node_home(e->open)), e->name);
	return ERR_OK;
}

static enum err make(struct env *env, struct file *f)
{
	TRY(task_new(env, f->fresh));
	TRY(check_name(env, f->fresh));
	task_finish(&f->base);
	return f->loaded ? store_get(env->store, f->fresh->id, &f->base) : ERR_OK;
}

static enum err tell_closed(struct env *env)
{
	for (size_t i = 0; i < env->closed.n; i++)
		TRY(store_closed(env->store, env->closed.task[i], env->now, env->grace_ms));
	return ERR_OK;
}

static void forget_fresh(struct env *env, struct file *f)
{
	if (env->fresh == f)
		env->fresh = NULL;
	free(TAKE(f->fresh));
}

/* What was closed, and a file by how: one transaction. */
static enum err tell(struct env *env, struct file *f, enum err (*how)(struct env *env, struct file *f))
{
	AUTO_TX tx = { 0 };

	TRY(tx_begin(env->store, &tx));
	TRY(tell_closed(env));
	enum err e = f ? how(env, f) : ERR_OK;
	enum err failed = e && !text_rejected(e) ? e : tx_commit(&tx);
	if (failed) {
		env->known = 0;
		return failed;
	}
	env->closed.n = 0;
	if (f)
		forget_fresh(env, f);
	return e;
}

enum err files_make(struct env *env)
{
	return env->fresh ? tell(env, env->fresh, make) : ERR_OK;
}

enum err files_closed(struct env *env)
{
	return env->closed.n ? tell(env, NULL, NULL) : ERR_OK;
}

static void note_closed(struct env *env, int64_t task)
{
	if (env->closed.n == sizeof(env->closed.task) / sizeof(*env->closed.task) && files_closed(env)) {
		log_warn("event=close-not-noted task=%" PRId64, task);
		return;
	}
	env->closed.task[env->closed.n++] = task;
}

static void let_go(struct files *f, struct file *p, struct env *env)
{
	if (--p->handles)
		return;
	if (p->to)
		let_go(f, p->to, env);
	else if (is_task(p) && p->touched && !p->gone && !p->fresh)
		note_closed(env, node_id(p->ino));
	*slot(f, p->ino) = p->next;
	forget_fresh(env, p);
	unload(p);
	free(p);
}

enum err files_retarget(struct files *f, uint64_t scratch, uint64_t task)
{
	struct file *from = *slot(f, scratch);

	if (!from)
		return ERR_OK;
	from->to = acquire(f, task);
	if (!from->to)
		return ERR_NOMEM;
	from->to->touched = true;
	unload(from);
	return ERR_OK;
}

/* ---- content ------------------------------------------------------------------------------------------------ */

static enum err stored(struct env *env, const struct file *f, struct buf *out)
{
	int64_t id = node_id(f->ino);

	TRY(is_task(f) ? store_text(env->store, id, out) : store_scratch_text(env->store, id, out));
	return buf_err(out);
}

enum err file_read(struct env *env, struct file *f, struct buf *tmp, const char **text, size_t *n)
{
	if (!f->loaded) {
		TRY(stored(env, f, tmp));
		*text = buf_str(tmp);
		*n = tmp->n;
		return ERR_OK;
	}
	*text = buf_str(&f->text);
	*n = f->text.n;
	return buf_err(&f->text);
}

/* Get ready to change the content: from here on it is ours. */
static enum err load(struct env *env, struct file *f, bool empty)
{
	if (f->loaded)
		return ERR_OK;
	if (is_task(f) && !f->fresh)
		TRY(store_get(env->store, node_id(f->ino), &f->base));
	enum err e = empty || f->fresh ? ERR_OK : stored(env, f, &f->text);
	if (e)
		unload(f);
	else
		f->loaded = true;
	return e;
}

static void written(struct handle *h, struct file *f, int64_t now)
{
	h->wrote = true;
	f->dirty = true;
	f->written_at = now;
}

static enum err resize(struct handle *h, struct env *env, size_t size)
{
	struct file *f = h->file->to ? h->file->to : h->file;

	if (size > (is_task(f) ? FILE_TASK_MAX : FILE_SCRATCH_MAX))
		return ERR_TOOBIG;
	TRY(load(env, f, size == 0));
	buf_resize(&f->text, size);
	written(h, f, env->now);
	return buf_err(&f->text);
}

enum err handle_open(struct files *f, struct env *env, uint64_t ino, bool truncate, struct handle **out)
{
	AUTO_FREE struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return ERR_NOMEM;
	h->file = acquire(f, ino);
	if (!h->file)
		return ERR_NOMEM;
	enum err e = truncate ? resize(h, env, 0) : ERR_OK;
	if (e) {
		let_go(f, h->file, env);
		return e;
	}
	*out = TAKE(h);
	return ERR_OK;
}

enum err handle_create(struct files *f, struct env *env, const struct entry *e, struct handle **out)
{
	AUTO_FREE struct entry *fresh = malloc(sizeof(*fresh));

	if (!fresh)
		return ERR_NOMEM;
	*fresh = *e;
	TRY(handle_open(f, env, node_ino(KIND_TASK, e->id), false, out));
	env->fresh = (*out)->file;
	env->fresh->touched = true;
	env->fresh->fresh = TAKE(fresh);
	return ERR_OK;
}

enum err handle_truncate(struct handle *h, struct env *env, size_t size)
{
	return resize(h, env, size);
}

/* Only a shell's redirection is told at write(): it is deaf later, and writes whole lines at once. */
static enum err judge_early(struct handle *h, struct env *env, struct file *f)
{
	AUTO_TEXT x = { 0 };
	struct text_error e;
	enum err err = text_parse(f->text.s, f->text.n, env->today, NULL, &x, &e);

	if (err != ERR_INVAL && err != ERR_TOOBIG)
		return ERR_OK;
	bool ignored = false;
	err = text_save(env, node_id(f->ino), &f->base, f->text.s, f->text.n, &ignored);
	h->refused = text_rejected(err);
	env->forget(env->arg, f->ino, NULL);
	return err;
}

enum err handle_write(struct handle *h, struct env *env, const char *s, size_t n, size_t off)
{
	struct file *f = h->file->to ? h->file->to : h->file;
	size_t max = is_task(f) ? FILE_TASK_MAX : FILE_SCRATCH_MAX;

	if (off > max || n > max - off)
		return ERR_TOOBIG;
	if (h->early && f->fresh)	/* there was no room for it when it was flushed; who did not hear it then, does now */
		TRY(files_make(env));
	TRY(load(env, f, false));
	/* A refused write does not move the writer's offset: what follows belongs behind it all the same. */
	buf_write(&f->text, h->refused ? f->text.n : off, s, n);
	written(h, f, env->now);
	TRY(buf_err(&f->text));
	if (h->refused)
		return ERR_INVAL;
	bool first = !h->began;
	h->began = true;
	return first && h->early && off == 0 && is_task(f) && !f->gone ? judge_early(h, env, f) : ERR_OK;
}

enum err handle_append(struct handle *h, struct env *env, const char *s, size_t n, size_t off)
{
	struct file *f = h->file->to ? h->file->to : h->file;

	TRY(load(env, f, false));
	if (f->text.n != off)	/* its pages have the text at off */
		env->forget(env->arg, f->ino, NULL);
	return handle_write(h, env, s, n, f->text.n);
}

/* ---- saving --------------------------------------------------------------------------------------------------- */

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

/* What the text of a task says of it. A value from a remote may hold what no line can, and is not edited by that. */
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

/* Store a text that parsed; of a task without a name: a new one. Where it does not mean what the task is now, a rendered one that keeps its comments. */
static enum err put(struct env *env, const struct task *now, const struct task *base, struct text *x, uint32_t said,
	const char *s, size_t n, bool *rewritten)
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

enum err text_save(struct env *env, int64_t id, const struct task *base, const char *s, size_t n, bool *rewritten)
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
	return put(env, &now, base ? base : &now, &x, said, s, n, rewritten);
}

static enum err save(struct env *env, struct file *f)
{
	bool rewritten = false;
	enum err e = text_save(env, node_id(f->ino), &f->base, buf_str(&f->text), f->text.n, &rewritten);

	if (rewritten)
		env->forget(env->arg, f->ino, NULL);
	return e;
}

static bool is_name_of(const char *name, const char *title)
{
	char is[NAME_LEN + 1];

	return name_of(title, 1, is) == ERR_OK && !strcmp(is, name);
}

/* A new task with its text. At once, unless that is refused, or says another title than the name: then an alias is due. */
static enum err create(struct env *env, struct file *f)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_TEXT x = { 0 };
	struct text_error why;
	bool rewritten = false;

	TRY(named(f->fresh, &t));
	if (text_parse(buf_str(&f->text), f->text.n, env->today, NULL, &x, &why) ||
	    (x.fields & BIT(FIELD_TITLE) && !is_name_of(f->fresh->name, x.task.field[FIELD_TITLE]))) {
		TRY(make(env, f));
		return save(env, f);
	}
	TRY(put(env, &t, &t, &x, x.fields, buf_str(&f->text), f->text.n, &rewritten));
	if (rewritten)
		env->forget(env->arg, f->ino, NULL);
	return check_name(env, f->fresh);
}

static enum err commit(struct file *f, struct env *env)
{
	enum err e;

	TRY(buf_err(&f->text));
	if (!is_task(f)) {
		TRY(store_scratch_write(env->store, node_id(f->ino), f->text.s, f->text.n, env->now));
		f->dirty = false;
		return ERR_OK;
	}
	e = f->fresh ? tell(env, f, create) : env->closed.n ? tell(env, f, save) : save(env, f);
	if (e == ERR_NOENT)	/* deleted on another side while it was open: the text is kept, and the writer told */
		TRY(store_rescue(env->store, node_id(f->ino), f->text.s, f->text.n, env->now));
	else if (e && !text_rejected(e))
		return e;
	unload(f);
	f->touched = true;
	return e;
}

static bool blank(const struct file *f)
{
	return is_task(f) && text_blank(f->text.s, f->text.n);
}

enum err handle_flush(struct handle *h, struct env *env)
{
	struct file *f = h->file->to ? h->file->to : h->file;

	if (h->wrote && f->dirty && !f->gone) {
		if (!blank(f))
			return commit(f, env);
		h->early = !h->began;
	}
	if (!f->fresh)
		return ERR_OK;
	enum err e = files_make(env);
	h->early |= e != ERR_OK;
	return e;
}

/* Nothing more will be written: the empty text, too, is judged. */
static enum err settle(struct file *f, struct env *env)
{
	if (f->fresh && (!f->dirty || blank(f)))
		TRY(files_make(env));
	if (!f->dirty || f->gone)
		return ERR_OK;
	if (!blank(f))
		return commit(f, env);
	log_info("event=empty-save-dropped task=%" PRId64, node_id(f->ino));
	unload(f);
	f->touched = true;
	env->forget(env->arg, f->ino, NULL);
	return ERR_OK;
}

void handle_release(struct files *f, struct handle *h, struct env *env)
{
	struct file *p = h->file->to ? h->file->to : h->file;
	enum err e = h->wrote || p->fresh ? settle(p, env) : ERR_OK;

	if (e && p->fresh)
		env->forget(env->arg, node_fixed_ino(node_home(p->fresh->open)), p->fresh->name);
	if (e) {
		log_warn("event=save-failed ino=%" PRIu64 " err=\"%s\"", p->ino, err_str(e));
		env->forget(env->arg, p->ino, NULL);	/* the kernel has pages of what is not stored */
	}
	let_go(f, h->file, env);
	free(h);
}

enum err files_flush(struct files *f, struct env *env)
{
	enum err first = ERR_OK;

	for (int i = 0; i < BUCKETS; i++)
		for (struct file *p = f->bucket[i]; p; p = p->next) {
			enum err e = settle(p, env);
			first = first ? first : e;
		}
	return first;
}

enum err file_unlinked(struct env *env, struct file *f)
{
	TRY(load(env, f, false));
	f->gone = true;
	return ERR_OK;
}

void file_revived(struct file *f)
{
	f->gone = false;
	unload(f);
}
