#include "facts.h"
#include "name.h"
#include <inttypes.h>
#include <string.h>

#define LABEL "%-14s "

static void put(const char *label, const char *value, struct buf *out)
{
	if (!value || !*value)
		return;
	buf_printf(out, LABEL, label);
	name_visible(value, out);
	buf_putc(out, '\n');
}

static void put_time(const char *label, int64_t ms, struct buf *out)
{
	char at[DATE_TIME_LEN];

	if (!ms)
		return;
	date_format_time(ms, at);
	put(label, at, out);
}

static void put_field(enum field f, const char *value, struct buf *out)
{
	AUTO_BUF label = BUF_INIT;

	buf_printf(&label, "  %s:", task_field[f].name);
	put(buf_str(&label), value, out);
}

/* ---- info ---------------------------------------------------------------------------------------------- */

static const char *stands(const struct link *l)
{
	return l->gone ? "deleted there" : l->away ? "out of reach: reassigned, or not visible" :
		!l->rid ? "a create was sent, its answer is not known" : "linked";
}

static void put_link(const struct link *l, struct buf *out)
{
	buf_printf(out, "\n%s\n", side_name[l->side]);
	put("  link:", stands(l), out);
	put("  id:", l->rid, out);
	put("  web:", l->url, out);
	put("  version:", l->version, out);
	put_time("  synced:", l->synced_at, out);
	for (enum field f = 0; f < FIELD_DETAILS; f++)
		put_field(f, l->base[f], out);
	for (enum field f = 0; f < FIELD_DETAILS; f++) {
		AUTO_BUF label = BUF_INIT;
		buf_printf(&label, "  raw %s:", task_field[f].name);
		put(buf_str(&label), l->raw[f], out);
	}
}

static void put_task(const struct task *t, const char *state, struct buf *out)
{
	buf_printf(out, LABEL "%" PRId64 "\n", "id:", t->id);
	if (t->name)
		buf_printf(out, LABEL "%s/%s\n", "file:", task_is_open(t) ? "open" : "completed", t->name);
	put("state:", state, out);
	put_time("created:", t->created_at, out);
	put_time("changed:", t->changed_at, out);
	for (int f = 0; f < TASK_NFACTS; f++) {
		AUTO_BUF label = BUF_INIT;
		buf_printf(&label, "%s:", task_fact[f]);
		put(buf_str(&label), t->fact[f], out);
	}
}

enum err facts_info(struct store *s, int64_t task, struct buf *out)
{
	AUTO_TASK t = TASK_INIT;
	const char *state;

	TRY(store_get(s, task, &t));
	TRY(store_state(s, task, &state));
	put_task(&t, state, out);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link(s, task, side, &l);
		if (e && e != ERR_NOENT)
			return e;
		if (!e)
			put_link(&l, out);
	}
	return buf_err(out);
}

/* ---- history ------------------------------------------------------------------------------------------- */

static void put_value(const char *value, struct buf *out)
{
	if (value)
		name_visible(value, out);
	else
		buf_puts(out, "none");
}

static bool put_history(void *arg, const struct history *h)
{
	struct buf *out = arg;
	char at[DATE_TIME_LEN];

	date_format_time(h->at, at);
	buf_printf(out, "%s %s %s: ", at, side_name[h->by], task_field[h->field].name);
	put_value(h->was, out);
	buf_puts(out, " -> ");
	put_value(h->is, out);
	buf_putc(out, '\n');
	return true;
}

enum err facts_history(struct store *s, int64_t task, struct buf *out)
{
	AUTO_TASK t = TASK_INIT;
	char at[DATE_TIME_LEN];

	TRY(store_get(s, task, &t));
	date_format_time(t.created_at, at);
	buf_printf(out, "%s created\n", at);
	TRY(store_history(s, task, put_history, out));
	return buf_err(out);
}

/* ---- outbox -------------------------------------------------------------------------------------------- */

static void put_fields(uint32_t fields, struct buf *out)
{
	const char *sep = " ";

	for (int f = 0; f < TASK_NFIELDS; f++)
		if (fields & BIT(f)) {
			buf_printf(out, "%s%s", sep, task_field[f].name);
			sep = ", ";
		}
}

struct waits {
	struct store *s;
	struct buf *out;
	enum err err;
};

static void put_next(const struct waiting *w, enum err side, struct buf *out)
{
	if (w->second)
		put("  next try:",
			"once its deletion is in both systems, in a day, or when this file is touched", out);
	else if (w->next > 0)
		put_time("  next try:", w->next, out);
	else if (w->next)
		put("  next try:", "when the task is edited, or this file is touched", out);
	else
		put("  next try:", side ? "when it answers again, or this file is touched" : "now", out);
}

static bool put_waiting(void *arg, const struct waiting *w)
{
	struct waits *x = arg;
	struct buf *out = x->out;
	struct side_state st;

	x->err = store_side(x->s, w->side, &st);
	if (x->err)
		return false;
	buf_printf(out, "%s\n" LABEL "%s", side_name[w->side], "  waits:", w->what);
	put_fields(w->fields, out);
	buf_putc(out, '\n');
	put_time("  since:", w->since, out);
	if (w->tries)
		buf_printf(out, LABEL "%d\n", "  tries:", w->tries);
	if (w->err)
		put("  error:", *w->message ? w->message : err_str(w->err), out);
	if (st.err)
		put("  last sync:", *st.message ? st.message : err_str(st.err), out);
	put_next(w, st.err, out);
	return true;
}

enum err facts_outbox(struct store *s, int64_t task, int64_t now, struct buf *out)
{
	struct waits x = { .s = s, .out = out };

	TRY(store_waiting(s, task, now, put_waiting, &x));
	return x.err ? x.err : buf_err(out);
}

/* ---- changes ------------------------------------------------------------------------------------------- */

static const char *event_of(const struct change *c)
{
	if (!*c->was_name)
		return "appeared";
	if (!*c->name)
		return "vanished";
	return c->open != c->was_open || strcmp(c->name, c->was_name) ? "moved" : "edited";
}

static void put_path(const char *key, bool open, const char *name, struct buf *out)
{
	AUTO_BUF path = BUF_INIT;

	if (!*name)
		return;
	buf_printf(&path, "%s/%s", open ? "open" : "completed", name);
	buf_printf(out, ",\"%s\":", key);
	buf_json(out, buf_str(&path));
}

void facts_change(const struct change *c, struct buf *out)
{
	const char *sep = "";

	buf_printf(out, "{\"seq\":%" PRId64 ",\"event\":\"%s\",\"by\":\"%s\",\"id\":%" PRId64, c->seq,
		event_of(c), side_name[c->by], c->task);
	put_path("path", c->open, c->name, out);
	put_path("was", c->was_open, c->was_name, out);
	buf_puts(out, ",\"fields\":[");
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (c->fields & BIT(f)) {
			buf_printf(out, "%s\"%s\"", sep, task_field[f].name);
			sep = ",";
		}
	buf_puts(out, "]}\n");
}
