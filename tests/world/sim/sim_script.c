#include "sim.h"
#include <stdlib.h>
#include <string.h>

const char *const fault_name[FAULTS] = {
	[FAULT_NONE] = "none", [LOST_REQUEST] = "request lost", [LOST_UNKNOWN] = "request lost, nobody knows",
	[LOST_REPLY] = "answer lost", [UNAUTHORIZED] = "401", [QUOTA] = "403 quota", [NO_RIGHT] = "403 right",
	[TOO_MANY] = "429", [UNAVAILABLE] = "503", [UNAVAILABLE_BUT_DONE] = "503 and done", [LOCKED] = "row locked",
	[MOVED_ON] = "412", [INVALID] = "validation", [TRUNCATED] = "body cut", [DOUBLE_PAGE] = "page twice",
	[SHORT_PAGE] = "short page", [LOST_CURSOR] = "cursor expired", [CUT_BATCH] = "batch cut",
	[KILL_BEFORE] = "killed before a request", [KILL_AFTER] = "killed after a request",
};

const char *const chance_name[CHANCES] = {
	[KILLED_AT_COMMIT] = "killed before a commit", [LINE_CUT] = "request over a cut line", [LATE_ROW] = "row committed late",
	[SAME_STAMP_AT_EDGE] = "equal stamps over a page edge", [OTHER_INSTANCE] = "other instance",
	[CLOCK_SET] = "clock set", [SWITCHED_OFF] = "sync switched off", [ON_AGAIN] = "sync on again",
	[FIRST_ON_IN_LIFE] = "sync on for the first time in the middle", [REASSIGNED] = "reassigned",
	[UNSHARED] = "un-shared", [ARCHIVED] = "archived", [PURGED] = "purged", [OUT_OF_BIN] = "back from the bin",
	[OTHER_TEMPLATE] = "other template", [MIRROR_SWITCHED] = "the vendor's own sync on or off",
};

const char *const template_text[] = { NULL, "[SC] {{activity_subject}}", "a task of Sales Connect" };
const int templates = COUNT(template_text);
const enum side winner_order[6][NSIDES] = {
	{ SIDE_LOCAL, SIDE_SF, SIDE_SC }, { SIDE_LOCAL, SIDE_SC, SIDE_SF }, { SIDE_SF, SIDE_LOCAL, SIDE_SC },
	{ SIDE_SF, SIDE_SC, SIDE_LOCAL }, { SIDE_SC, SIDE_LOCAL, SIDE_SF }, { SIDE_SC, SIDE_SF, SIDE_LOCAL },
};

bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

#define NAME "{{activity_subject}}"

bool template_has_name(const char *template)
{
	return !template || strstr(template, NAME);
}

void template_show(const char *template, const char *name, char out[WORD])
{
	const char *t = template ? template : NAME, *at = strstr(t, NAME);
	if (at)
		snprintf(out, WORD, "%.*s%s%s", (int)(at - t), t, name, at + strlen(NAME));
	else
		snprintf(out, WORD, "%s", t);
}

/* splitmix64 (Vigna) */
int64_t sim_rand(uint64_t *state, int64_t below)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (int64_t)((z ^ z >> 31) % (uint64_t)below);
}

/* ---- making ---- */

static void make_setup(struct setup *u, uint64_t *r)
{
	static const int sides[] = { BIT(SIDE_SC) | BIT(SIDE_SF), BIT(SIDE_SC) | BIT(SIDE_SF), BIT(SIDE_SC) | BIT(SIDE_SF),
		BIT(SIDE_SF), BIT(SIDE_SC) };
	u->sides = sides[sim_rand(r, COUNT(sides))];
	u->template = (int)sim_rand(r, templates);
	u->order = sim_rand(r, 2) ? 0 : (int)sim_rand(r, 6);
	u->first_import = (int)sim_rand(r, 3);
	u->skip = !sim_rand(r, 5);
	u->page = 1 + (int)sim_rand(r, 4);
	u->enabled = sim_rand(r, 4) != 0;
	u->keyed = sim_rand(r, 3) == 0;
}

static int make_kind(uint64_t *r, int has)
{
	int total = 0;
	for (int i = 0; i < op_defs(); i++)
		total += (op_def(i)->needs & ~has) ? 0 : op_def(i)->weight;
	int64_t at = sim_rand(r, total);
	for (int i = 0;; i++) {
		at -= (op_def(i)->needs & ~has) ? 0 : op_def(i)->weight;
		if (at < 0)
			return i;
	}
}

static int kind_of(const char *name)
{
	int i = 0;
	while (i < op_defs() && strcmp(op_def(i)->name, name))
		i++;
	return i;
}

/* In every other life it is on from the start. */
static void make_mirror(struct script *s, uint64_t *r)
{
	s->setup.sides = BIT(SIDE_SC) | BIT(SIDE_SF);
	s->setup.mirror = sim_rand(r, 4) ? 1 : 2;
	if (sim_rand(r, 2))
		s->op[s->n++] = (struct op){ .kind = kind_of("mirror"), .b = 1 };
}

/* In every other life: as far as clocks that are set by the net may be apart. */
static int make_skew(uint64_t *r)
{
	static const int ms[] = { 0, 0, 0, 0, -2000, -500, 900, 2000 };
	return ms[sim_rand(r, COUNT(ms))];
}

void script_make(struct script *s, uint64_t seed, int mounts, int with)
{
	uint64_t r = seed, other = ~seed;
	*s = (struct script){ .seed = seed, .setup.mounts = mounts };
	make_setup(&s->setup, &r);
	if (with & MIRRORED)
		make_mirror(s, &r);
	if (with & RARE)
		s->setup.skew = make_skew(&other);
	int from = s->n;
	s->n += 10 + (int)sim_rand(&r, 50);
	for (int i = from; i < s->n; i++) {
		struct op *op = &s->op[i];
		op->kind = make_kind(&r, s->setup.sides | with);
		op->mount = (int)sim_rand(&r, s->setup.mounts);
		op->a = (int)sim_rand(&r, 1000);
		op->b = (int)sim_rand(&r, 1000);
		if (op_def(op->kind)->inside && !sim_rand(&r, 4))
			op->inside = 1 + (int)sim_rand(&r, 8);
		if (mounts > 1 && !strncmp(op_def(op->kind)->name, "pass", 4) && !sim_rand(&other, 3))
			op->inside = 1 + (int)sim_rand(&other, 8);
	}
}

/* ---- as text ---- */

#define SETUP "sides=%d mounts=%d template=%d order=%d first=%d skip=%d page=%d enabled=%d keyed=%d mirror=%d skew=%d"

void script_print(const struct script *s, FILE *to)
{
	const struct setup *u = &s->setup;
	fprintf(to, "# seed=%llu " SETUP "\n", (unsigned long long)s->seed, u->sides, u->mounts, u->template, u->order,
		u->first_import, u->skip, u->page, u->enabled, u->keyed, u->mirror, u->skew);
	for (int i = 0; i < s->n; i++) {
		const struct op *op = &s->op[i];
		fprintf(to, "# %s m=%d a=%d b=%d inside=%d\n", op_def(op->kind)->name, op->mount, op->a, op->b, op->inside);
	}
}

static bool read_op(const char *line, struct op *op)
{
	char name[32];
	if (sscanf(line, "# %31s m=%d a=%d b=%d inside=%d", name, &op->mount, &op->a, &op->b, &op->inside) != 5)
		return false;
	op->kind = kind_of(name);
	return op->kind < op_defs();
}

bool script_read(struct script *s, FILE *from)
{
	char line[200];
	struct setup *u = &s->setup;
	unsigned long long seed;
	*s = (struct script){ 0 };
	if (!fgets(line, sizeof(line), from) || sscanf(line, "# seed=%llu " SETUP, &seed, &u->sides, &u->mounts, &u->template,
		&u->order, &u->first_import, &u->skip, &u->page, &u->enabled,
		&u->keyed, &u->mirror, &u->skew) < 10 || u->mounts < 1 || u->mounts > MOUNTS_MAX)
		return false;
	s->seed = seed;
	while (fgets(line, sizeof(line), from))
		if (s->n == OPS_MAX || !read_op(line, &s->op[s->n++]))
			return false;
	return true;
}

/* ---- shrinking ---- */

static enum verdict verdict_of(const struct script *s)
{
	struct sim_figures figures = { 0 };
	char why[300];
	uint64_t digest;
	return sim_run(s, &figures, NULL, why, &digest);
}

static bool without(struct script *s, int from, int n, enum verdict v)
{
	struct script t = *s;
	memmove(&t.op[from], &t.op[from + n], (size_t)(t.n - from - n) * sizeof(*t.op));
	t.n -= n;
	if (verdict_of(&t) != v)
		return false;
	*s = t;
	return true;
}

/* Halves, quarters, ... single ones, as long as it fails the same way; then simpler ones. */
void script_shrink(struct script *s)
{
	enum verdict v = verdict_of(s);
	for (int n = s->n; n; n = n > 1 ? (n + 1) / 2 : 0)
		for (int from = 0; from + n <= s->n;)
			from += without(s, from, n, v) ? 0 : n;
	for (int i = s->n - 1; i >= 0; i--)
		if (i < s->n)
			without(s, i, 1, v);
	for (int i = 0; i < s->n; i++) {
		struct script t = *s;
		if (!t.op[i].inside)
			continue;
		t.op[i].inside = 0;
		if (verdict_of(&t) == v)
			*s = t;
	}
	while (s->setup.mounts > 1) {
		struct script t = *s;
		t.setup.mounts--;
		for (int i = 0; i < t.n; i++)
			t.op[i].mount %= t.setup.mounts;
		if (verdict_of(&t) != v)
			break;
		*s = t;
	}
}
