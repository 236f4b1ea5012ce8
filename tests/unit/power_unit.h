/*
 * power_unit - a disk that forgets: what was written since a file's last sync is kept apart, and at a power
 * loss any part of it may be there or not: sectors lost, torn writes, in any order. Made of vfs_unit's hook.
 */
#ifndef POWER_UNIT_H
#define POWER_UNIT_H

#include "buf.h"
#include "vfs_unit.h"
#include <sys/stat.h>

#define SECTOR 512

struct power_write {
	int64_t at;
	size_t n;		/* 0: the file is cut at at */
	char *p;
};

struct power_file {
	char path[200];
	bool there;		/* its name survives */
	struct buf synced;
	struct power_write *w;
	size_t n;
};

enum power_loss { LOSE_ALL, LOSE_NOTHING, LOSE_LATEST, LOSE_SECTORS, NLOSSES };

static struct {
	bool on;
	void (*at)(void);	/* the power may go now */
	struct power_file file[2];	/* the database, its log */
	int points, images;
} power;

static inline void power_apply(struct buf *b, const struct power_write *w, size_t from, size_t n)
{
	if (!w->n)
		buf_resize(b, (size_t)w->at);
	else if (n)
		buf_write(b, (size_t)w->at + from, w->p + from, n);
}

static inline void power_forget(struct power_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->w[i].p);
	free(f->w);
	f->w = NULL;
	f->n = 0;
}

static inline struct power_file *power_find(const char *path)
{
	size_t n = strlen(path);
	struct power_file *f = &power.file[n > 4 && !strcmp(path + n - 4, "-wal")];
	return !strcmp(f->path, path) ? f : NULL;
}

static inline void power_meet(struct power_file *f, sqlite3_file *file)
{
	sqlite3_int64 n = 0;
	assert_int_equal(file->pMethods->xFileSize(file, &n), SQLITE_OK);
	f->there = n > 0;
	buf_resize(&f->synced, (size_t)n);
	if (n)
		assert_int_equal(file->pMethods->xRead(file, f->synced.s, (int)n, 0), SQLITE_OK);
}

static inline void power_note(struct power_file *f, const struct vfs_op *x)
{
	size_t n = x->op == VFS_WRITE ? (size_t)x->n : 0;
	f->w = realloc(f->w, (f->n + 1) * sizeof(*f->w));
	assert_non_null(f->w);
	f->w[f->n] = (struct power_write){ x->at, n, n ? malloc(n) : NULL };
	if (n)
		memcpy(f->w[f->n].p, x->p, n);
	f->n++;
}

static inline int power_hook(const struct vfs_op *x)
{
	struct power_file *f = power.on && x->real && x->op != VFS_READ ? power_find(x->path) : NULL;
	if (!f)
		return SQLITE_OK;
	power.points++;
	power.on = false;
	power.at();
	power.on = true;
	if (x->op != VFS_SYNC) {
		power_note(f, x);
		return SQLITE_OK;
	}
	for (size_t i = 0; i < f->n; i++)
		power_apply(&f->synced, &f->w[i], 0, f->w[i].n);
	power_forget(f);
	f->there = true;
	return SQLITE_OK;
}

/* What is left of the writes i of n. */
static inline void power_survive(struct buf *b, const struct power_file *f, enum power_loss how, size_t prefix, unsigned odds,
	uint64_t *seed)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct power_write *w = &f->w[i];
		bool whole = how == LOSE_NOTHING || (how == LOSE_LATEST && i < prefix);
		if (whole || (how == LOSE_SECTORS && !w->n && random_below(seed, 100) < odds))
			power_apply(b, w, 0, w->n);
		for (size_t at = 0; how == LOSE_SECTORS && at < w->n; at += SECTOR)
			if (random_below(seed, 100) < odds)
				power_apply(b, w, at, w->n - at < SECTOR ? w->n - at : SECTOR);
	}
}

/* The disk after a power loss, as files to and to-wal. */
static inline void power_image(const char *to, enum power_loss how, uint64_t *seed)
{
	unsigned odds = 5 + random_below(seed, 90);
	for (int k = 0; k < 2; k++) {
		struct power_file *f = &power.file[k];
		AUTO_BUF b = BUF_INIT;
		char path[250];
		snprintf(path, sizeof(path), "%s%s", to, k ? "-wal" : "");
		unlink(path);
		if (!f->there && (how == LOSE_ALL || (how == LOSE_SECTORS && random_below(seed, 2))))
			continue;
		buf_add(&b, f->synced.s, f->synced.n);
		power_survive(&b, f, how, f->n ? random_below(seed, (unsigned)f->n + 1) : 0, odds, seed);
		FILE *out = fopen(path, "w");
		assert_non_null(out);
		assert_int_equal(fwrite(buf_str(&b), 1, b.n, out), b.n);
		fclose(out);
		chmod(path, 0600);
	}
	power.images++;
}

/* All of the open database so far counts as synced;
 * from now on, before every write, cut and sync, the power may go. */
static inline void power_on(sqlite3 *db, void (*at)(void))
{
	power.at = at;
	for (int k = 0; k < 2; k++) {
		power_forget(&power.file[k]);
		buf_finish(&power.file[k].synced);
		power.file[k] = (struct power_file){ 0 };
		sqlite3_file *f = NULL;
		assert_int_equal(sqlite3_file_control(db, "main", k ? SQLITE_FCNTL_JOURNAL_POINTER :
			SQLITE_FCNTL_FILE_POINTER, &f), SQLITE_OK);
		snprintf(power.file[k].path, sizeof(power.file[k].path), "%s", ((struct vfs_shim *)f)->path);
		power_meet(&power.file[k], real(f));
	}
	power.on = true;
}

static inline void power_off(void)
{
	power.on = false;
	for (int k = 0; k < 2; k++) {
		power_forget(&power.file[k]);
		buf_finish(&power.file[k].synced);
		power.file[k].synced = BUF_INIT;
	}
}

#endif
