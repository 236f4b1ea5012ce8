/* list: the tasks on the terminal or as JSON, also without a mount. */
#include "cmd.h"
#include "name.h"
#include <string.h>

struct listing {
	struct store *s;
	bool json;
	int64_t n;
	struct buf out;
	enum err err;
};

static enum err put_line(struct listing *l, const struct entry *e)
{
	const char *state;

	TRY(store_state(l->s, e->id, &state));
	buf_printf(&l->out, "%-8s %-10s %c ", state, *e->due ? e->due : "-", e->high ? '!' : ' ');
	name_visible(e->name, &l->out);
	buf_putc(&l->out, '\n');
	return buf_err(&l->out);
}

static void put_member(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, ",\"%s\":", name);
	buf_json(out, value);
}

static enum err put_object(struct listing *l, const struct entry *e)
{
	AUTO_TASK t = TASK_INIT;
	const char *state;

	TRY(store_get(l->s, e->id, &t));
	TRY(store_state(l->s, e->id, &state));
	buf_printf(&l->out, "%s\n{\"id\":%lld", l->n ? "," : "", (long long)e->id);
	put_member(&l->out, "name", e->name);
	put_member(&l->out, "state", state);
	for (int f = 0; f < TASK_NFIELDS; f++)
		put_member(&l->out, task_field[f].name, t.field[f]);
	for (int f = 0; f < TASK_NFACTS; f++)
		if (t.fact[f])
			put_member(&l->out, task_fact[f], t.fact[f]);
	buf_putc(&l->out, '}');
	return buf_err(&l->out);
}

static bool put(void *arg, const struct entry *e)
{
	struct listing *l = arg;

	l->err = l->json ? put_object(l, e) : put_line(l, e);
	l->n++;
	return !l->err;
}

static enum err list(struct listing *l, const struct filter *f)
{
	if (l->json)
		buf_putc(&l->out, '[');
	TRY(store_list(l->s, f, 0, put, l));
	TRY(l->err);
	if (l->json)
		buf_puts(&l->out, "\n]\n");
	return buf_err(&l->out);
}

int cmd_list(const struct args *a)
{
	static const struct {
		const char *word, *status;
	} which[] = { { "open", TASK_OPEN }, { "completed", TASK_COMPLETE }, { "all", NULL } };
	AUTO_ENV e;
	struct listing l = { .json = a->flag['j'] };
	int code = env_load(&e);

	if (code)
		return code;
	for (size_t k = 0; k < sizeof which / sizeof *which; k++) {
		if (strcmp(a->pos[0] ? a->pos[0] : "open", which[k].word))
			continue;
		code = open_store(&e, true, &l.s);
		if (code)
			return code;
		enum err err = list(&l, &(struct filter){ .status = which[k].status });
		fwrite(buf_str(&l.out), 1, l.out.n, stdout);
		buf_finish(&l.out);
		store_close(l.s);
		return err ? complain(err, "list") : 0;
	}
	complain(ERR_OK, "list takes open, completed or all, not %s", a->pos[0]);
	return EXIT_USAGE;
}
