/*
 * salvage_unit - what a user had in a database that is going to be damaged: its bytes, and whether a text of
 * each kind was kept.
 */
#ifndef SALVAGE_UNIT_H
#define SALVAGE_UNIT_H

#include "store_unit.h"
#include "store_salvage.h"
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#define PAGE DB_PAGE

/* ---- files ---- */

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	return remove(path);
}

static inline void empty_dir(struct fx *x)
{
	nftw(x->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(x->dir, 0700), 0);
}

static inline int teardown(void **state)
{
	struct fx *x = *state;
	store_close(x->s);
	x->s = NULL;
	empty_dir(x);
	return fx_teardown(state);
}
#undef TEST
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* In memory: hundreds of salvages, each synced. */
static inline int setup(void **state)
{
	return fx_setup_in(state, access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
}

static inline void slurp(const char *path, struct buf *out)
{
	char piece[PAGE];
	ssize_t n;
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		fail_msg("%s cannot be read", path);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(out, piece, (size_t)n);
	close(fd);
}

static inline void spit(const char *path, const void *s, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, s, n), n);
	close(fd);
}

static inline bool same_file(const char *a, const struct buf *b)
{
	AUTO_BUF is = BUF_INIT;
	slurp(a, &is);
	return same_bytes(&is, b);
}

/* ---- what the user had ---- */

static inline int64_t linked(struct store *s, const char *title, int n)
{
	char sc[16], sf[32];
	int64_t id = make(s, title, SIDE_SC);
	snprintf(sc, sizeof(sc), "%d", n);
	snprintf(sf, sizeof(sf), "00T%012dAAA", n);
	join(s, id, SIDE_SC, sc);
	join(s, id, SIDE_SF, sf);
	return id;
}

#define MINE "# my note\nTitle: Commented\nPriority: Normal\nDue:\n\n"

static inline void fill(struct store *s, int tasks)
{
	struct scratch x = { .name = "notes", .place = PLACE_OPEN, .mode = 0600 };
	struct task t = TASK_INIT, base = { .field = { "Clash", "open", "normal", NULL, "lost words" } };
	int64_t id;
	on(s, SIDE_SC);
	on(s, SIDE_SF);
	for (int i = 0; i < tasks; i++) {
		char title[40];
		snprintf(title, sizeof(title), "Synced %d", i);
		id = linked(s, title, 1000 + i);
		set(s, id, FIELD_DETAILS, "words that are at both sides, and many of them, so that there are pages", SIDE_SC);
		clear_outbox(s);
		snprintf(title, sizeof(title), "%d", 1000 + i);
		join(s, id, SIDE_SC, title);
	}
	id = linked(s, "Commented", 1);
	t.field[FIELD_TITLE] = "Commented";
	assert_ok(store_edit(s, id, &t, 0, 0, MINE, strlen(MINE), SIDE_LOCAL, NOW));
	clear_outbox(s);
	assert_ok(store_draft(s, id, "Due: never\n", 11, 1, "no date", NOW));
	id = linked(s, "Clash", 2);
	assert_ok(store_conflict(s, id, SIDE_SC, NULL, &base, NULL, NOW));
	set(s, linked(s, "Edited", 3), FIELD_DETAILS, "typed and not sent", SIDE_LOCAL);
	make(s, "New", SIDE_LOCAL);
	set(s, make(s, "Done", SIDE_LOCAL), FIELD_STATUS, TASK_COMPLETE, SIDE_LOCAL);
	id = linked(s, "Gone", 4);
	assert_ok(store_delete(s, id, SIDE_LOCAL, NOW, GRACE));
	assert_ok(store_scratch_create(s, &x, "a thought", 9, NOW, &id));
	assert_ok(store_search_make(s, "acme renewal", NOW));
	assert_ok(store_search_make(s, "\"next year\" call*", NOW));
}

static const struct {
	const char *file, *part;
} want[] = {
	{ "open/Edited.txt", "typed and not sent" }, { "open/New.txt", "Title: New\n" },
	{ "completed/Done.txt", "Title: Done\n" }, { "drafts/Commented.txt", "Due: never\n" },
	{ "comments/Commented.txt", "# my note\n" }, { "conflicts/1 mine.txt", "lost words" },
	{ "trash/Gone.txt", "Title: Gone\n" }, { "scratch/notes", "a thought" },
};

/* How many of those were kept; a text that is there is right. */
static inline int64_t kept(const char *dir)
{
	int64_t n = 0;
	for (size_t i = 0; i < COUNT(want); i++) {
		char path[200];
		AUTO_BUF text = BUF_INIT;
		snprintf(path, sizeof(path), "%s/%s", dir, want[i].file);
		if (access(path, F_OK))
			continue;
		slurp(path, &text);
		n += text.n && memmem(text.s, text.n, want[i].part, strlen(want[i].part));
	}
	return n;
}

/* The user's database as the bytes of its files; with a log, it was killed. */
struct image {
	struct buf db, wal;
};

static inline void image_finish(struct image *m)
{
	buf_finish(&m->db);
	buf_finish(&m->wal);
}
#define AUTO_IMAGE AUTO(image_finish) struct image

static inline void take_image(struct fx *x, int tasks, bool killed, struct image *m)
{
	char wal[100];
	snprintf(wal, sizeof(wal), "%s-wal", x->path);
	fill(x->s, tasks);
	if (killed)
		slurp(wal, &m->wal);
	else
		store_close(TAKE(x->s));
	slurp(x->path, &m->db);
	store_close(TAKE(x->s));
}

static inline void put_image(struct fx *x, const struct image *m)
{
	char wal[100];
	empty_dir(x);
	snprintf(wal, sizeof(wal), "%s-wal", x->path);
	spit(x->path, m->db.s, m->db.n);
	if (m->wal.n)
		spit(wal, m->wal.s, m->wal.n);
}

/* ---- the way of a mount ---- */

static inline enum err open_checked(struct fx *x)
{
	struct store_options o = { .check = true };
	enum err e = store_open(x->path, &o, &x->s);
	store_close(TAKE(x->s));
	return e;
}

static inline int is_private(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	if (st->st_mode & 077)
		fail_msg("%s has mode %o", path, st->st_mode);
	return 0;
}

static inline int64_t pairs(struct fx *x)
{
	return number(x->s, "SELECT count(*) FROM pair WHERE side = 1");
}

static inline int64_t searches(struct fx *x)
{
	return number(x->s, "SELECT count(*) FROM search WHERE query IN ('acme renewal', '\"next year\" call*')");
}

#endif
