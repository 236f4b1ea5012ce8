#include "store_p.h"
#include <string.h>

enum { SIDE, SIDE_SWITCH, SIDE_PUT, META, META_SET, META_DROP, NSQL };
static const char *const sql_text[NSQL] = {
	[SIDE] = "SELECT is_on, enabled_at, tried_at, ok_at, err, message, done, total, left_out FROM side"
		 " WHERE side = :side",
	[SIDE_SWITCH] = "UPDATE side SET is_on = :on, enabled_at = iif(:on, :now, enabled_at)"
			" WHERE side = :side",
	[SIDE_PUT] = "UPDATE side SET tried_at = :tried_at, ok_at = :ok_at, err = :err, message = :message,"
		     " done = :done, total = :total, left_out = :left_out WHERE side = :side",
	[META] = "SELECT value FROM meta WHERE key = :key",
	[META_SET] = "INSERT INTO meta(key, value) VALUES(:key, :value)"
		     " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
	[META_DROP] = "DELETE FROM meta WHERE key = :key",
};

static struct q sql(struct store *s, int i)
{
	return q_get(s, SQL_SIDE, i, sql_text[i]);
}

/* ---- sides ---- */

enum err store_side(struct store *s, enum side side, struct side_state *out)
{
	*out = (struct side_state){ .left_out = -1 };
	AUTO_Q q = sql(s, SIDE);
	q_int(&q, ":side", side);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	out->on = q_col(&q, 0);
	out->enabled_at = q_col(&q, 1);
	out->tried_at = q_col(&q, 2);
	out->ok_at = q_col(&q, 3);
	out->err = (enum err)q_col(&q, 4);
	q_col_copy(&q, 5, out->message, sizeof(out->message));
	out->done = q_col(&q, 6);
	out->total = q_col(&q, 7);
	out->left_out = q_col(&q, 8);
	return q_end(&q, ERR_OK);
}

enum err store_side_switch(struct store *s, enum side side, bool on, int64_t now)
{
	struct side_state was;
	AUTO_TX tx = { 0 };
	TRY(store_side(s, side, &was));
	if (was.on == on)
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, SIDE_SWITCH);
	q_int(&q, ":side", side);
	q_int(&q, ":on", on);
	q_int(&q, ":now", now);
	TRY(q_run(&q));
	s->ring |= RING_CHANGED | RING_OUTBOX;
	return tx_commit(&tx);
}

static bool side_same(const struct side_state *a, const struct side_state *b)
{
	return a->tried_at == b->tried_at && a->ok_at == b->ok_at && a->err == b->err && a->done == b->done &&
		a->total == b->total && a->left_out == b->left_out && !strcmp(a->message, b->message);
}

enum err store_side_put(struct store *s, enum side side, const struct side_state *st)
{
	struct side_state was;
	AUTO_TX tx = { 0 };
	TRY(store_side(s, side, &was));
	if (side_same(&was, st))
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, SIDE_PUT);
	q_int(&q, ":side", side);
	q_int(&q, ":tried_at", st->tried_at);
	q_int(&q, ":ok_at", st->ok_at);
	q_int(&q, ":err", st->err);
	q_text(&q, ":message", st->message);
	q_int(&q, ":done", st->done);
	q_int(&q, ":total", st->total);
	q_int(&q, ":left_out", st->left_out);
	TRY(q_run(&q));
	s->ring |= RING_CHANGED;
	return tx_commit(&tx);
}

/* ---- named values ---- */

enum err store_meta(struct store *s, const char *key, char **value)
{
	*value = NULL;
	AUTO_Q q = sql(s, META);
	q_text(&q, ":key", key);
	if (!q_row(&q))
		return q_end(&q, ERR_NOENT);
	*value = q_col_dup(&q, 0);
	return q_end(&q, ERR_OK);
}

enum err store_meta_set(struct store *s, const char *key, const char *value)
{
	AUTO_FREE char *was = NULL;
	AUTO_TX tx = { 0 };
	enum err e = store_meta(s, key, &was);
	if (e && e != ERR_NOENT)
		return e;
	if (str_eq(was, value))
		return ERR_OK;
	TRY(tx_begin(s, &tx));
	AUTO_Q q = sql(s, value ? META_SET : META_DROP);
	q_text(&q, ":key", key);
	if (value)
		q_text(&q, ":value", value);
	TRY(q_run(&q));
	return tx_commit(&tx);
}
