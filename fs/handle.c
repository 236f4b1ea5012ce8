#define LOG_MODULE "handle"
#include "handle_p.h"
#include "log.h"
#include "name.h"
#include "node.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- content ------------------------------------------------------------------------------------------- */

static enum err stored(struct env *env, const struct file *f, struct buf *out)
{
	int64_t id = node_id(f->ino);

	TRY(file_is_task(f) ? store_text(env->store, id, out) : store_scratch_text(env->store, id, out));
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
	if (file_is_task(f) && !f->fresh)
		TRY(store_get(env->store, node_id(f->ino), &f->base));
	enum err e = empty || f->fresh ? ERR_OK : stored(env, f, &f->text);
	if (e)
		file_unload(f);
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

	if (size > (file_is_task(f) ? FILE_TASK_MAX : FILE_SCRATCH_MAX))
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
	h->file = files_acquire(f, ino);
	if (!h->file)
		return ERR_NOMEM;
	enum err e = truncate ? resize(h, env, 0) : ERR_OK;
	if (e) {
		files_let_go(f, h->file, env);
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
	size_t max = file_is_task(f) ? FILE_TASK_MAX : FILE_SCRATCH_MAX;

	if (off > max || n > max - off)
		return ERR_TOOBIG;
	/* there was no room for it when it was flushed; who did not hear it then, does now */
	if (h->early && f->fresh)
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
	return first && h->early && off == 0 && file_is_task(f) && !f->gone ? judge_early(h, env, f) : ERR_OK;
}

enum err handle_append(struct handle *h, struct env *env, const char *s, size_t n, size_t off)
{
	struct file *f = h->file->to ? h->file->to : h->file;

	TRY(load(env, f, false));
	if (f->text.n != off)	/* its pages have the text at off */
		env->forget(env->arg, f->ino, NULL);
	return handle_write(h, env, s, n, f->text.n);
}

/* ---- saving -------------------------------------------------------------------------------------------- */

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

/* A new task with its text. At once, unless that is refused, or says another title than the name: then an
 * alias is due. */
static enum err create(struct env *env, struct file *f)
{
	AUTO_TASK t = TASK_INIT;
	AUTO_TEXT x = { 0 };
	struct text_error why;
	bool rewritten = false;

	TRY(file_named(f->fresh, &t));
	if (text_parse(buf_str(&f->text), f->text.n, env->today, NULL, &x, &why) ||
	    (x.fields & BIT(FIELD_TITLE) && !is_name_of(f->fresh->name, x.task.field[FIELD_TITLE]))) {
		TRY(file_make(env, f));
		return save(env, f);
	}
	TRY(text_put(env, &t, &t, &x, x.fields, buf_str(&f->text), f->text.n, &rewritten));
	if (rewritten)
		env->forget(env->arg, f->ino, NULL);
	return file_check_name(env, f->fresh);
}

static enum err commit(struct file *f, struct env *env)
{
	enum err e;

	TRY(buf_err(&f->text));
	if (!file_is_task(f)) {
		TRY(store_scratch_write(env->store, node_id(f->ino), f->text.s, f->text.n, env->now));
		f->dirty = false;
		return ERR_OK;
	}
	e = f->fresh ? files_tell(env, f, create) : env->closed.n ? files_tell(env, f, save) : save(env, f);
	/* deleted on another side while it was open: the text is kept, and the writer told */
	if (e == ERR_NOENT)
		TRY(store_rescue(env->store, node_id(f->ino), f->text.s, f->text.n, env->now));
	else if (e && !text_rejected(e))
		return e;
	file_unload(f);
	f->touched = true;
	return e;
}

static bool blank(const struct file *f)
{
	return file_is_task(f) && text_blank(f->text.s, f->text.n);
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
	file_unload(f);
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
	files_let_go(f, h->file, env);
	free(h);
}

enum err files_flush(struct files *f, struct env *env)
{
	enum err first = ERR_OK;

	for (int i = 0; i < FILES_BUCKETS; i++)
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
	file_unload(f);
}
