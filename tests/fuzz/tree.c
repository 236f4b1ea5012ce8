/*
 * tree: each line is what a program does in the mount, over a small store that is as before afterwards.
 *   wDNAME|TEXT   create or truncate, write, close (CR stands for a line break)
 *   rDENAME|NAME  rename from directory D to E
 *   dDNAME        unlink
 *   fDNAME        look up
 *   t             20 minutes go by
 */
#include "fuzz.h"
#include "dirs.h"
#include "store_sync.h"
#include "tree.h"
#include <unistd.h>

#define NOW INT64_C(1700000000000)

static struct store *store;

static void forget(void *arg, uint64_t ino, const char *name)
{
}

static void kick(void *arg)
{
}

static void on_exit_close(void)
{
	store_close(store);
}

/* On a file whose name is gone: nothing stays behind. */
static void begin(void)
{
	char dir[] = "/tmp/remindfs-fuzz-XXXXXX", path[64];
	static const char *const tail[] = { "", "-wal", "-shm" };
	struct task t = { .field = { [FIELD_TITLE] = (char *)"Call Bob" } };
	int64_t id;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	CHECK(!store_open(path, &(struct store_options){ 0 }, &store));
	CHECK(!store_side_switch(store, SIDE_SC, true, NOW - 1));
	CHECK(!store_create(store, &t, NULL, 0, SIDE_LOCAL, NOW, &id));
	CHECK(!store_conflict(store, id, SIDE_SC, NULL, &t, &t, NOW));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/s%s", dir, tail[i]);
		unlink(path);
	}
	rmdir(dir);
	atexit(on_exit_close);
}

static uint64_t dir_of(char c)
{
	return node_fixed_ino((enum fixed)((unsigned char)(c - '0') % NFIXED));
}

static enum err write_file(struct env *env, struct files *files, uint64_t dir, const char *name,
	const char *text)
{
	struct found at;
	struct handle *h;
	enum err e = tree_create(env, files, dir, name, 0644, false, &at);

	if (e == ERR_EXIST)
		e = tree_find(env, dir, name, &at);
	TRY(e);
	if (node_kind(at.ino) != KIND_TASK && node_kind(at.ino) != KIND_SCRATCH)
		return ERR_PERM;
	TRY(handle_open(files, env, at.ino, true, &h));
	e = handle_write(h, env, text, strlen(text), 0);
	if (!e)
		e = handle_flush(h, env);
	handle_release(files, h, env);
	return e;
}

/* What the kernel never asks for. */
static bool is_no_name(const char *name)
{
	return !name || !*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..");
}

static enum err act(struct env *env, struct files *files, char *line)
{
	struct found at;
	size_t head = *line == 'r' ? 3 : 2;

	if (strlen(line) <= head) {
		env->now += 20 * 60 * 1000;
		return ERR_OK;
	}
	uint64_t dir = dir_of(line[1]);
	char *text = line + head, *name = strsep(&text, "|");
	if (is_no_name(name) || (*line == 'r' && is_no_name(text)))
		return ERR_OK;
	if (*line == 'w')
		return write_file(env, files, dir, name, text ? text : "");
	if (*line == 'r')
		return tree_rename(env, files, dir, name, dir_of(line[2]), text, false);
	return *line == 'd' ? tree_remove(env, files, dir, name) : tree_find(env, dir, name, &at);
}

static bool check_entry(void *arg, const struct entry *e)
{
	struct found at;
	AUTO_BUF text = BUF_INIT;

	CHECK(name_is_task(e->name));
	CHECK(!tree_find(arg, node_fixed_ino(node_home(e->open)), e->name, &at) && at.ino == node_ino(KIND_TASK, e->id));
	CHECK(!store_text(store, e->id, &text) && text.n == (size_t)e->size);
	return true;
}

static bool check_scratch(void *arg, const struct scratch *x)
{
	struct found at;
	uint64_t dir = node_fixed_ino(node_home(x->place == PLACE_OPEN));

	CHECK(!name_is_task(x->name));
	CHECK(!tree_find(arg, dir, x->name, &at) && at.ino == node_ino(KIND_SCRATCH, x->id));
	return true;
}

struct within {
	struct env *env;
	uint64_t dir;
};

/* What is listed is found under its name, as what it was listed for, and has a text or a list of its own. */
static bool check_made(void *arg, uint64_t ino, const char *name)
{
	const struct within *w = arg;
	const struct kind_def *k = dirs_kind(ino);
	struct found at, again;
	AUTO_BUF text = BUF_INIT;
	bool hidden;

	CHECK(*name && strlen(name) <= NAME_LEN && !strchr(name, '/'));
	CHECK(k && !tree_find(w->env, w->dir, name, &at) && at.ino == ino);
	CHECK(!tree_node(w->env, ino, &again, &hidden) && again.ms == at.ms);
	CHECK(!k->text || !k->text(w->env, &at, &text));
	CHECK(!k->dir || !k->dir->list(w->env, ino, check_made, &(struct within){ w->env, ino }));
	return true;
}

static void check_dirs(struct env *env)
{
	for (int n = 0; n < NFIXED; n++) {
		struct within w = { env, node_fixed_ino((enum fixed)n) };
		const struct dir_def *d = dirs_dir(w.dir);
		CHECK(!d || !d->list(env, w.dir, check_made, &w));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);
	char *rest = s, *line;
	AUTO_TX tx = { 0 }, probe = { 0 };

	if (!store)
		begin();
	struct env env = { .store = store, .now = NOW, .today = "2026-09-03", .grace_ms = 5000,
		.forget = forget, .kick = kick };
	struct files *files = files_create();
	CHECK(files && !tx_begin(store, &tx));
	for (int i = 0; i < 40 && (line = strsep(&rest, "\n")); i++) {
		enum err e = act(&env, files, line);
		CHECK(e <= ERR_BUSY);		/* the request, never the machine */
		if (tx_begin(store, &probe))	/* what fails half way is rolled back, here all */
			break;
		CHECK(!tx_commit(&probe));
		CHECK(!store_list(store, &(struct filter){ 0 }, 0, check_entry, &env));
		CHECK(!store_scratch_list(store, true, 0, check_scratch, &env));
		CHECK(!store_scratch_list(store, false, 0, check_scratch, &env));
		check_dirs(&env);
	}
	files_destroy(files);
	return 0;
}
