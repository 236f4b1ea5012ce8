#define LOG_MODULE "files"
#include "handle_p.h"
#include "log.h"
#include "name.h"
#include "node.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct file **slot(struct files *f, uint64_t ino)
{
	struct file **p = &f->bucket[(ino ^ ino >> 6) % FILES_BUCKETS];

	while (*p && (*p)->ino != ino)
		p = &(*p)->next;
	return p;
}

bool file_is_task(const struct file *f)
{
	return node_kind(f->ino) == KIND_TASK;
}

void file_unload(struct file *f)
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
	for (int i = 0; f && i < FILES_BUCKETS; i++)
		for (struct file *p = f->bucket[i], *next; p; p = next) {
			next = p->next;
			file_unload(p);
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

struct file *files_acquire(struct files *f, uint64_t ino)
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

/* ---- what the store hears later ------------------------------------------------------------------------ */

enum err file_named(const struct entry *e, struct task *t)
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

	TRY(file_named(e, &t));
	return store_create_as(env->store, &e->id, &t, "", 0, env->now);
}

enum err file_check_name(struct env *env, const struct entry *e)
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

enum err file_make(struct env *env, struct file *f)
{
	TRY(task_new(env, f->fresh));
	TRY(file_check_name(env, f->fresh));
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

enum err files_tell(struct env *env, struct file *f, enum err (*how)(struct env *env, struct file *f))
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
	return env->fresh ? files_tell(env, env->fresh, file_make) : ERR_OK;
}

enum err files_closed(struct env *env)
{
	return env->closed.n ? files_tell(env, NULL, NULL) : ERR_OK;
}

static void note_closed(struct env *env, int64_t task)
{
	if (env->closed.n == sizeof(env->closed.task) / sizeof(*env->closed.task) && files_closed(env)) {
		log_warn("event=close-not-noted task=%" PRId64, task);
		return;
	}
	env->closed.task[env->closed.n++] = task;
}

void files_let_go(struct files *f, struct file *p, struct env *env)
{
	if (--p->handles)
		return;
	if (p->to)
		files_let_go(f, p->to, env);
	else if (file_is_task(p) && p->touched && !p->gone && !p->fresh)
		note_closed(env, node_id(p->ino));
	*slot(f, p->ino) = p->next;
	forget_fresh(env, p);
	file_unload(p);
	free(p);
}

enum err files_retarget(struct files *f, uint64_t scratch, uint64_t task)
{
	struct file *from = *slot(f, scratch);

	if (!from)
		return ERR_OK;
	from->to = files_acquire(f, task);
	if (!from->to)
		return ERR_NOMEM;
	from->to->touched = true;
	file_unload(from);
	return ERR_OK;
}
