/* store_more - a second story: whatever else the mount, its user and the sync write. */
#ifndef STORE_MORE_H
#define STORE_MORE_H

#include "store_story.h"

/* Six tasks: two linked and edited, two of conflicts; one deleted here, one there, long ago; one that only Salesforce has. */
static inline void begin_more(struct store *s)
{
	static const char *const title[] = { "A", "B", "C", "D", "E", "F" };
	struct task mine = { .field = { "A", "open", "normal", NULL, "mine" } }, theirs = { .field = { "A", "open", "normal", NULL, "theirs" } };
	for (int i = 0; i < 6; i++)
		make(s, title[i], i == 5 ? SIDE_SF : SIDE_LOCAL);
	assert_ok(store_closed_all(s, NOW, 0));
	join(s, 1, SIDE_SC, "1");
	join(s, 2, SIDE_SC, "2");
	join(s, 5, SIDE_SC, "5");
	join(s, 6, SIDE_SF, "6");
	set(s, 1, FIELD_DETAILS, "mine", SIDE_LOCAL);
	set(s, 2, FIELD_DETAILS, "words", SIDE_LOCAL);
	set(s, 2, FIELD_TITLE, "B2", SIDE_LOCAL);
	assert_ok(store_conflict(s, 1, SIDE_SC, NULL, &mine, &theirs, NOW));
	assert_ok(store_conflict(s, 1, SIDE_SC, NULL, &mine, &theirs, NOW));
	assert_ok(store_delete(s, 3, SIDE_LOCAL, NOW, GRACE));
	assert_ok(store_delete(s, 5, SIDE_LOCAL, NOW, 0));
	assert_ok(store_delete(s, make(s, "G", SIDE_SC), SIDE_SC, NOW, 0));
	for (int i = 0; i < 15; i++)
		assert_ok(store_trash_age(s, TRASH_STEP_MS));
}

static const struct scratch swap = { .name = ".A.swp", .place = PLACE_OPEN, .mode = 0600 };

static enum err find_swap(struct store *s, int64_t *id)
{
	struct scratch x;
	TRY(store_scratch_find(s, PLACE_OPEN, swap.name, &x));
	*id = x.id;
	return ERR_OK;
}

static enum err more_scratch(struct store *s)
{
	int64_t id;
	return store_scratch_create(s, &swap, "typed", 5, NOW, &id);
}

static enum err more_scratch_write(struct store *s)
{
	int64_t id;
	TRY(find_swap(s, &id));
	return store_scratch_write(s, id, "typed more", 10, NOW + 1);
}

static enum err more_scratch_chmod(struct store *s)
{
	int64_t id;
	TRY(find_swap(s, &id));
	return store_scratch_chmod(s, id, 0644);
}

static enum err more_scratch_remove(struct store *s)
{
	int64_t id;
	TRY(find_swap(s, &id));
	return store_scratch_remove(s, id, NOW, GRACE);
}

static enum err more_rescue(struct store *s)
{
	return store_rescue(s, 2, "typed", 5, NOW);
}

static enum err more_search(struct store *s)
{
	return store_search_make(s, "bob", NOW);
}

static enum err more_search_rename(struct store *s)
{
	return store_search_rename(s, 1, "bob acme");
}

static enum err more_search_drop(struct store *s)
{
	return store_search_drop(s, 1);
}

static enum err more_forget(struct store *s)
{
	return store_conflict_forget(s, 2, VERSION_THEIRS);
}

static enum err more_dismiss(struct store *s)
{
	return store_conflict_dismiss(s, 2);
}

static enum err more_take(struct store *s)
{
	int64_t id;
	return store_conflict_take(s, 1, VERSION_THEIRS, NOW + 2, GRACE, &id);
}

static enum err more_undo(struct store *s)
{
	int64_t id;
	return store_undo(s, NOW + 3, GRACE, &id);
}

static enum err more_restore(struct store *s)
{
	int64_t id;
	return store_restore(s, 5, NULL, NOW + 4, GRACE, &id);
}

static enum err more_retry(struct store *s)
{
	return store_retry(s, 2, NOW + 5);
}

static enum err more_done(struct store *s)
{
	return store_outbox_done(s, 1, SIDE_SC, INT64_MAX);
}

static enum err more_cancel(struct store *s)
{
	return store_cancel(s, 4, NOW + 6, GRACE);
}

static enum err more_hold(struct store *s)
{
	return store_mass_hold(s, SIDE_SC, MASS_DELETE, "many", NOW + 7);
}

static enum err more_take_back(struct store *s)
{
	int64_t n;
	return store_take_back(s, NOW + 8, GRACE, &n);
}

static enum err more_delete(struct store *s)
{
	return store_delete(s, 1, SIDE_LOCAL, NOW + 9, 0);
}

static enum err more_confirm(struct store *s)
{
	int64_t n;
	return store_confirm(s, NOW + 10, &n);
}

static enum err more_join(struct store *s)
{
	return store_join(s, 2, 6, NOW + 11);
}

static enum err more_drop(struct store *s)
{
	return store_link_drop(s, 2, SIDE_SC);
}

static enum err more_off(struct store *s)
{
	return store_side_switch(s, SIDE_SF, false, NOW + 12);
}

static enum err more_on(struct store *s)
{
	return store_side_switch(s, SIDE_SF, true, NOW + 13);
}

static enum err more_age(struct store *s)
{
	return store_trash_age(s, TRASH_STEP_MS);
}

static enum err (*const more[])(struct store *s) = { more_scratch, more_scratch_write, more_scratch_chmod, more_scratch_remove,
	more_rescue, more_search, more_search_rename, more_search_drop, more_forget, more_dismiss, more_take, more_undo, more_retry,
	more_hold, more_restore, more_done, more_cancel, more_delete, more_hold, more_take_back, more_delete, more_hold, more_confirm,
	more_join, more_drop, more_off, more_on, more_age };

#endif
