#include "tree_p.h"
#include "dirs.h"
#include "name.h"
#include "text.h"
#include "views.h"
#include <string.h>

struct move {
	struct env *env;
	struct files *files;
	uint64_t dir, to_dir;
	const char *name, *to;
	const char *asked;	/* the new name as the kernel has it: to, but for a link whose name says more
				 * than its task's */
	struct found from;
	bool there;		/* something has the new name: at */
	struct found at;
};

/* The kernel moved its entry along. Where that is not what the new name stands for, it must ask again. */
static void forget_names(struct move *m)
{
	m->env->forget(m->env->arg, m->dir, m->name);
	m->env->forget(m->env->arg, m->to_dir, m->asked);
}

/* What the directory that a task is moved to means. */
static enum err take(struct move *m, struct task *t, uint32_t *fields)
{
	const struct dir_def *d = dirs_dir(m->to_dir);

	if (tree_holds_tasks(m->to_dir))
		return view_verb(node_as_fixed(m->to_dir), m->env->today, t, fields);
	if (d && d->take)
		return d->take(m->env, m->to_dir, t, fields);
	tree_refuse(m->env, &m->from.e, m->to_dir, "not moved to", d ? d->no_take :
		m->to_dir == node_fixed_ino(NODE_TEMPLATES) ? "to make a template of it, cp it there" : NULL);
	return ERR_PERM;
}

/* A new title, a move, or what the directory means: all of them are one edit. */
static enum err edit_by_name(struct move *m)
{
	struct env *env = m->env;
	AUTO_TASK t = TASK_INIT;
	uint32_t fields = 0;
	struct entry now = m->from.e;

	if (!name_is_task(m->to))
		return ERR_PERM;
	bool renamed = strcmp(m->to, m->from.e.name);
	if (renamed)
		TRY(tree_taken(env, m->to, m->from.e.id));
	TRY(take(m, &t, &fields));
	if (renamed)
		TRY(view_rename(m->to, &t, &fields));
	AUTO_TX tx = { 0 };
	TRY(tx_begin(env->store, &tx));
	TRY(store_edit(env->store, m->from.e.id, &t, fields, 0, NULL, 0, SIDE_LOCAL, env->now));
	if (fields & BIT(FIELD_TITLE)) {	/* or mv back would find the two names to be one file */
		TRY(store_unalias(env->store, m->from.e.name));
		TRY(store_entry(env->store, m->from.e.id, &now));
	}
	TRY(tx_commit(&tx));
	if (fields & ~(uint32_t)BIT(FIELD_STATUS))
		env->forget(env->arg, node_ino(KIND_TASK, now.id), NULL);
	if (node_kind(m->from.ino) != KIND_TASK || !tree_holds_tasks(m->to_dir) || strcmp(now.name, m->to))
		forget_names(m);
	else if (m->from.lasting)
		env->known = store_fed(env->store);
	return ERR_OK;
}

/* An editor's backup: its next step is to create the old name anew. */
static enum err park(struct move *m)
{
	struct file *over = m->there ? files_find(m->files, m->at.ino) : NULL;
	int64_t id;

	if (over)
		TRY(file_unlinked(m->env, over));
	TRY(store_park(m->env->store, m->from.e.id, tree_is_open(m->to_dir), m->to, m->env->now, &id));
	m->env->backup.scratch = id;
	m->env->backup.task = m->from.e.id;
	forget_names(m);
	return ERR_OK;
}

static enum err rename_scratch(struct move *m)
{
	struct file *over = m->there ? files_find(m->files, m->at.ino) : NULL;
	enum scratch_place place;

	if (!tree_place(m->to_dir, &place))
		return ERR_PERM;
	if (over && over->ino != m->from.ino)
		TRY(file_unlinked(m->env, over));
	return store_scratch_rename(m->env->store, m->from.x.id, place, m->to);
}

/* The task whose save this is. *retitle: a backup that comes back under a new name. */
static enum err saved_task(struct move *m, int64_t *id, bool *retitle)
{
	AUTO_TASK parked = TASK_INIT;
	bool open = tree_is_open(m->to_dir), fresh = false;
	struct entry new = { 0 };

	*retitle = false;
	if (m->there) {
		*id = m->at.e.id;
		return ERR_OK;
	}
	TRY(tree_taken(m->env, m->to, 0));
	if (m->from.x.task && store_get(m->env->store, m->from.x.task, &parked) == ERR_OK &&
		strcmp(parked.name, m->to) &&
	    store_revive(m->env->store, parked.name, open, m->env->now, id) == ERR_OK) {
		*retitle = true;
		return ERR_OK;
	}
	TRY(tree_begin(m->env, m->files, m->to_dir, m->to, &new, &fresh));
	if (fresh)
		TRY(task_new(m->env, &new));
	*id = new.id;
	return ERR_OK;
}

#define RESTORE_MS 2000

/* vim, told that its save is refused, puts its backup back at once. The draft stays: it is what the user
 * typed, and errors says what is wrong with it. */
static bool is_restore(const struct move *m, int64_t id)
{
	const struct env *env = m->env;

	return env->backup.scratch == m->from.x.id && env->backup.task == id && env->backup.rejected == id &&
		env->now - env->backup.at < RESTORE_MS;
}

static enum err save_into(struct move *m, int64_t id, const char *s, size_t n)
{
	AUTO_BUF old = BUF_INIT;
	bool rewritten = false;

	if (is_restore(m, id))
		return ERR_OK;

	TRY(store_text(m->env->store, id, &old));
	TRY(buf_err(&old));
	if (text_blank(s, n) && !text_blank(old.s, old.n))
		return ERR_OK;
	enum err e = text_save(m->env, id, NULL, s, n, &rewritten);
	return text_rejected(e) ? ERR_OK : e;
}

static enum err retitle(struct move *m, int64_t id)
{
	AUTO_TASK t = TASK_INIT;
	uint32_t fields = 0;
	struct entry was;

	TRY(store_entry(m->env->store, id, &was));
	TRY(view_rename(m->to, &t, &fields));
	TRY(store_edit(m->env->store, id, &t, fields, 0, NULL, 0, SIDE_LOCAL, m->env->now));
	return store_unalias(m->env->store, was.name);
}

/* A file written beside a task is renamed onto it: the same task, with this text. */
static enum err save(struct move *m)
{
	struct env *env = m->env;
	struct file *f = files_find(m->files, m->from.ino);
	AUTO_BUF tmp = BUF_INIT;
	const char *s = NULL;
	size_t n = 0;
	int64_t id;
	bool renamed;

	if (m->from.x.is_link)
		return ERR_PERM;
	if (f) {
		TRY(file_read(env, f, &tmp, &s, &n));
	} else {
		TRY(store_scratch_text(env->store, m->from.x.id, &tmp));
		TRY(buf_err(&tmp));
		s = buf_str(&tmp);
		n = tmp.n;
	}
	AUTO_TX tx = { 0 };
	TRY(tx_begin(env->store, &tx));
	TRY(saved_task(m, &id, &renamed));
	TRY(save_into(m, id, s, n));
	if (renamed)
		TRY(retitle(m, id));
	TRY(store_scratch_remove(env->store, m->from.x.id, env->now, env->grace_ms));
	TRY(store_closed(env->store, id, env->now, env->grace_ms));
	TRY(tx_commit(&tx));
	env->forget(env->arg, node_ino(KIND_TASK, id), NULL);
	return files_retarget(m->files, m->from.ino, node_ino(KIND_TASK, id));
}

enum err tree_rename(struct env *env, struct files *files, uint64_t dir, const char *name, uint64_t to_dir,
	const char *to, bool noreplace)
{
	struct move m = { .env = env, .files = files, .dir = dir, .to_dir = to_dir, .name = name, .to = to,
		.asked = to };

	if (strlen(to) > NAME_LEN)
		return ERR_NAME;
	TRY(tree_find(env, dir, name, &m.from));
	enum err e = tree_find(env, to_dir, to, &m.at);
	if (e && e != ERR_NOENT)
		return e;
	m.there = !e;
	unsigned kind = node_kind(m.from.ino);
	const struct kind_def *made = dirs_kind(m.from.ino);
	if (m.there && noreplace)
		return ERR_EXIST;
	if (made && made->give) {
		TRY(made->give(env, &m.from, to_dir, to));
		forget_names(&m);
		return ERR_OK;
	}
	if (kind == KIND_FIXED || (m.there && node_kind(m.at.ino) == KIND_FIXED))
		return ERR_PERM;
	if (kind == KIND_SCRATCH)
		return tree_is_task_name(to_dir, to) ? save(&m) : rename_scratch(&m);
	if (!m.from.e.id)
		return ERR_PERM;
	if (made && !strcmp(name, to))
		m.to = m.from.e.name;
	if (!tree_holds_tasks(to_dir) || name_is_task(m.to))
		return edit_by_name(&m);
	return kind == KIND_TASK ? park(&m) : ERR_PERM;
}
