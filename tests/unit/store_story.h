/*
 * store_story - a story that writes to every table, one step after the other, and everything that is stored
 * as text.
 */
#ifndef STORE_STORY_H
#define STORE_STORY_H

#include "store_unit.h"

#define TEXT "# mine\nTitle: Renamed\nDue: 2026-09-03\n\nWords\n"

static enum err step_create(struct store *s)
{
	struct task t = { .field = { [FIELD_TITLE] = "T", [FIELD_DETAILS] = "words" } };
	int64_t id;
	return store_create(s, &t, NULL, 0, SIDE_LOCAL, NOW, &id);
}

static enum err step_link(struct store *s)
{
	struct link l = { .task = 1, .side = SIDE_SC, .rid = "1",
		.base = { "T", "open", "normal", NULL, "words" } };
	return store_link_put(s, &l);
}

static enum err step_edit(struct store *s)
{
	struct task t = { .field = { [FIELD_TITLE] = "Renamed", [FIELD_DUE] = "2026-09-03",
		[FIELD_DETAILS] = "Words" } };
	return store_edit(s, 1, &t, BIT(FIELD_TITLE) | BIT(FIELD_DUE) | BIT(FIELD_DETAILS), 0, TEXT, strlen(TEXT),
		SIDE_LOCAL, NOW + 1);
}

static enum err step_draft(struct store *s)
{
	return store_draft(s, 1, "Due: never\n", 11, 1, "no date", NOW + 2);
}

static enum err step_closed(struct store *s)
{
	return store_closed_all(s, NOW + 3, GRACE);
}

static enum err step_fail(struct store *s)
{
	return store_outbox_fail(s, 1, SIDE_SC, INT64_MAX, ERR_REFUSED, "no", NOW, -1);
}

static enum err step_park(struct store *s)
{
	int64_t id;
	return store_park(s, 1, true, "T~", NOW + 4, &id);
}

static enum err step_revive(struct store *s)
{
	int64_t id;
	return store_revive(s, "Renamed.txt", false, NOW + 5, &id);
}

static enum err step_conflict(struct store *s)
{
	struct task t = { .field = { "T", "open", "normal", NULL, "words" } };
	return store_conflict(s, 1, SIDE_SC, NULL, &t, &t, NOW);
}

static enum err step_scratch(struct store *s)
{
	struct scratch x;
	TRY(store_scratch_find(s, true, "T~", &x));
	return store_scratch_rename(s, x.id, true, "U~");
}

static enum err step_delete(struct store *s)
{
	return store_delete(s, 1, SIDE_LOCAL, NOW + 6, GRACE);
}

static enum err step_meta(struct store *s)
{
	return store_meta_set(s, "cursor", "2026");
}

static enum err step_many(struct store *s)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(s, &tx));
	for (int i = 0; i < 5; i++)
		TRY(step_create(s));
	return tx_commit(&tx);
}

static enum err (*const story[])(struct store *s) = { step_create, step_link, step_edit, step_draft, step_closed,
	step_fail, step_park, step_revive, step_conflict, step_scratch, step_meta, step_delete, step_many };

/* But for what a start puts in doubt that cannot know that its log is whole: an image here is another file. */
static const char *const table[] = { "task", "body", "alias", "side", "link WHERE rid IS NOT NULL OR sent_at <> 0",
	"outbox", "feed", "history", "conflict", "version", "scratch", "search", "meta" };

/* Everything that is stored, as text. */
static inline void dump(struct store *s, struct buf *out)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		char sql[96];
		sqlite3_stmt *st;
		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY 1, 2", table[i]);
		assert_int_equal(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			buf_puts(out, table[i]);
			for (int c = 0; c < sqlite3_column_count(st); c++)
				buf_printf(out, "|%s", (const char *)sqlite3_column_text(st, c));
			buf_putc(out, '\n');
		}
		sqlite3_finalize(st);
	}
}

#endif
