/* What was typed, by whomever; machines, lines and clocks; and the table of all that may happen. */
#include "sim.h"
#include <stdlib.h>
#include <string.h>

/* ---- what was typed ---- */

void typed_add(struct sim *s, int task, enum field f, const char *value, int who)
{
	if (!value || !*value || f == FIELD_STATUS || f == FIELD_PRIORITY || task < 0)
		return;
	if (s->n_typed == TYPED_MAX)
		abort();
	struct typed *t = &s->typed[s->n_typed++];
	*t = (struct typed){ .task = task, .field = f, .who = who };
	snprintf(t->value, WORD, "%s", value);
	for (struct typed *o = s->typed; o < t; o++)
		if (o->task == task && o->field == f && o->who != who && !o->replaced)
			o->rivalled = t->rivalled = true;
}

void typed_replaced(struct sim *s, int task, enum field f, const char *value)
{
	for (int i = 0; value && i < s->n_typed; i++)
		if (s->typed[i].task == task && s->typed[i].field == f && !strcmp(s->typed[i].value, value))
			s->typed[i].replaced = true;
}

int logical_new(struct sim *s, enum side from)
{
	if (s->logicals == TASKS_MAX)
		abort();
	s->logical[s->logicals] = (struct logical){ .copies = 1, .from = from, .at = s->now };
	return s->logicals++;
}

/* Never the same, and none is part of another. */
void new_text(struct sim *s, char who, char out[WORD])
{
	snprintf(out, WORD, "%c<%d>", who, ++s->serial);
}

void new_due(struct sim *s, char out[WORD])
{
	int n = ++s->serial;
	snprintf(out, WORD, "%04d-%02d-%02d", 2027 + n / 336, 1 + n / 28 % 12, 1 + n % 28);
}

/* ---- machines ---- */

static void wait_a_while(struct sim *s, const struct op *op)
{
	static const int64_t ms[] = { SECOND, 30 * SECOND, MINUTE, 3 * MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY };
	sim_advance(s, ms[op->b % (int)COUNT(ms)]);
}

/* Within a request: another mount's. */
static int who_passes(const struct sim *s, const struct op *op)
{
	int n = s->script->setup.mounts, i = op->mount;
	while (s->mount[i].running && (i = (i + 1) % n) != op->mount)
		;
	return i;
}

static void pass(struct sim *s, const struct op *op)
{
	mount_pass(s, who_passes(s, op), op->a & 1 ? SIDE_SC : SIDE_SF, op->b & 3);
}

static void pass_all(struct sim *s, const struct op *op)
{
	for (int i = 0; i < s->script->setup.mounts; i++)
		mount_pass_both(s, (i + op->mount) % s->script->setup.mounts);
}

static void arm(struct sim *s, const struct op *op)
{
	if (s->n_armed == (int)COUNT(s->armed))
		return;
	enum fault f = (enum fault)(1 + op->a % (FAULTS - 1));
	s->armed[s->n_armed++] = (struct armed){ f, op->mount, op->b & 1 ? SIDE_SC : SIDE_SF, 1 + op->b / 2 % 6 };
	sim_trace(s, "  %s", fault_name[f]);
}

/* The next or the next but one that it can strike: by chance alone few writes and few last pages are struck. */
static void arm_fitting(struct sim *s, const struct op *op)
{
	if (s->n_armed == (int)COUNT(s->armed))
		return;
	enum fault f = (enum fault)(1 + op->a % (FAULTS - 1));
	s->armed[s->n_armed++] = (struct armed){ f, op->mount, op->b & 1 ? SIDE_SC : SIDE_SF, 1 + op->b / 2 % 2, true };
	sim_trace(s, "  %s", fault_name[f]);
}

static void crash(struct sim *s, const struct op *op)
{
	s->mount[op->mount].die_at = 1 + op->b % 12;
}

/* The machine's clock is set wrong, or right again; not between switching on and the first word of Sales Connect, for the
 * moment of switching on is known by that clock alone. */
static void set_clock(struct sim *s, const struct op *op)
{
	static const int64_t by[] = { 0, 0, 30 * SECOND, -30 * SECOND, 7 * HOUR, -7 * HOUR, 400 * DAY, -400 * DAY };
	int64_t *skew = &s->mount[op->mount].skew, is = by[op->b % (int)COUNT(by)];
	if (!s->mount[op->mount].met || *skew == is)
		return;
	*skew = is;
	s->figures->chance[CLOCK_SET]++;
}

static void restart(struct sim *s, const struct op *op)
{
	mount_restart(s, op->mount);
}

static void cut(struct sim *s, const struct op *op)
{
	s->mount[op->mount].line[op->a & 1 ? SIDE_SC : SIDE_SF].down = op->b & 1;
}

static void sync_on(struct sim *s, const struct op *op)
{
	mount_switch(s, op->mount, true);
}

static void sync_off(struct sim *s, const struct op *op)
{
	mount_switch(s, op->mount, false);
}

static void sc_mirror(struct sim *s, const struct op *op)
{
	mirror_switch(s, op->b & 1);
}

#define SF BIT(SIDE_SF)
#define BOTH (BIT(SIDE_SC) | SF)
static const struct op_def fate_op[] = {
	{ "wait", wait_a_while, 12, false, 0 },
	{ "pass", pass, 20, false, 0 },
	{ "pass-all", pass_all, 12, false, 0 },
	{ "fault", arm, 16, false, 0 },
	{ "crash", crash, 4, false, 0 },
	{ "restart", restart, 2, false, 0 },
	{ "line", cut, 3, false, 0 },
	{ "clock", set_clock, 1, true, 0 },
	{ "mirror", sc_mirror, 4, true, BOTH | MIRRORED },
	{ "sync-on", sync_on, 2, false, SF },
	{ "sync-off", sync_off, 1, false, SF },
	{ "fault-that-fits", arm_fitting, 20, false, RARE },
};

int op_defs(void)
{
	return user_ops + people_ops + (int)COUNT(fate_op);
}

const struct op_def *op_def(int kind)
{
	if (kind < user_ops)
		return &user_op[kind];
	kind -= user_ops;
	return kind < people_ops ? &people_op[kind] : &fate_op[kind - people_ops];
}

void op_do(struct sim *s, const struct op *op)
{
	const struct op_def *d = op_def(op->kind);
	if (op->inside) {
		s->waiting[s->n_waiting++] = *op;
		return;
	}
	sim_advance(s, 1100);
	sim_trace(s, "%s m=%d a=%d b=%d", d->name, op->mount, op->a, op->b);
	d->fn(s, op);
}
