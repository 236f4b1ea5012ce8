/*
 * sim: all lives that every test run plays, on all processors; ends with the figures. --part 2/6: every sixth of them.
 * sim [--mounts M] [--mirror] [--rare] [--from SEED] N: N lives of M mounts (1), one a seed.
 * sim [--mounts M] [--mirror] [--rare] --seed SEED: one of them, told. sim --script FILE: the same of a script.
 * sim --found FILE...: scripts that found something once, each a test named after its file.
 *
 * Exit 1 on a failure, with the seed and the shrunk script.
 */
#include "sim.h"
#include "log.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const verdict_name[VERDICTS] = {
	[FINE] = "fine", [LOST] = "lost", [DOUBLED] = "doubled", [DIVERGED] = "diverged", [FORBIDDEN] = "forbidden",
	[RESTLESS] = "restless",
};

static enum verdict run(const struct script *s, struct sim_figures *f, FILE *trace, char why[300], uint64_t *digest)
{
	*digest = 0;
	return sim_run(s, f, trace, why, digest);
}

/* The same seed ends the same. */
static bool repeats(const struct script *s, uint64_t digest)
{
	struct sim_figures f = { 0 };
	char why[300];
	uint64_t again;
	run(s, &f, NULL, why, &again);
	return again == digest;
}

static void report(const struct script *script, const char *why)
{
	struct script s = *script;
	struct sim_figures f = { 0 };
	char last[300];
	uint64_t digest;
	script_shrink(&s);
	run(&s, &f, NULL, last, &digest);
	printf("# seed %" PRIu64 ": %s\n# shrunk: %s\n", script->seed, why, last);
	script_print(&s, stdout);
}

static int tell(const struct script *s)
{
	struct sim_figures f = { 0 };
	char why[300];
	uint64_t digest;
	script_print(s, stdout);
	enum verdict v = run(s, &f, stdout, why, &digest);
	printf("%s%s%s, digest %016" PRIx64 "\n", verdict_name[v], v ? ": " : "", v ? why : "", digest);
	return v != FINE;
}

struct plan {
	const char *name;
	long n;
	uint64_t first;
	int mounts;
	int with;
};
/* What every test run plays. */
static const struct plan every[] = {
	{ "one mount", 20000, 1, 1, 0 },
	{ "beside the vendor's own sync", 2000, 1, 1, MIRRORED },
	{ "archive, bin, more faults", 1400, 1, 1, RARE },
	{ "two mounts", 300, 1, 2, 0 },
	{ "five mounts", 40, 1, 5, 0 },
	{ "twenty mounts", 40, 1, 20, 0 },
	{ "two, beside the vendor's sync", 240, 1, 2, MIRRORED },
};
enum { PLANS = COUNT(every), FAILURES_MAX = 5 };

/* The part-th of so many parts of it. False: too many failed. */
static bool play(const struct plan *p, int part, int parts, struct sim_figures *f)
{
	long failed = 0;
	for (long i = part; i < p->n && failed < FAILURES_MAX; i += parts) {
		struct script s;
		char why[300];
		uint64_t digest;
		script_make(&s, p->first + (uint64_t)i, p->mounts, p->with);
		enum verdict v = run(&s, f, NULL, why, &digest);
		bool same = i % 100 || repeats(&s, digest);
		if (v)
			report(&s, why);
		if (!same)
			printf("# seed %" PRIu64 " ends another way the second time\n", s.seed);
		f->unlike += !same;
		failed += v || !same;
	}
	return failed < FAILURES_MAX;
}

static int one_plan(const struct plan *p)
{
	struct sim_figures f = { 0 };
	play(p, 0, 1, &f);
	figures_print(&p->name, &f, 1);
	printf("1..1\n");
	return !figures_good(&p->name, &f, 1);
}

/* ---- all of them ---- */

static struct sim_figures total[PLANS];

static void play_all(int part, int parts)
{
	for (int i = 0; i < PLANS && play(&every[i], part, parts, &total[i]); i++)
		;
}

/* In a process of its own, which tells its figures by the pipe. */
static void play_apart(int part, int parts, int to)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (pid)
		return;
	play_all(part, parts);
	fflush(stdout);
	_exit(write(to, total, sizeof(total)) != (ssize_t)sizeof(total));
}

static void gather(int from)
{
	static struct sim_figures part[PLANS];
	for (size_t n = 0; n < sizeof(part);) {
		ssize_t got = read(from, (char *)part + n, sizeof(part) - n);
		if (got <= 0)
			abort();
		n += (size_t)got;
	}
	for (int i = 0; i < PLANS; i++)
		figures_add(&total[i], &part[i]);
}

/* One pipe each: what they write is longer than what comes in one piece. */
static void play_side_by_side(void)
{
	int from[64], parts = (int)sysconf(_SC_NPROCESSORS_ONLN);
	parts = parts < 1 ? 1 : parts > (int)COUNT(from) ? (int)COUNT(from) : parts;
	for (int i = 0; i < parts; i++) {
		int end[2];
		if (pipe(end))
			abort();
		play_apart(i, parts, end[1]);
		close(end[1]);
		from[i] = end[0];
	}
	for (int i = 0; i < parts; i++) {
		gather(from[i]);
		close(from[i]);
	}
	while (wait(NULL) > 0)
		;
}

static int all(int part, int parts)
{
	const char *name[PLANS];
	for (int i = 0; i < PLANS; i++)
		name[i] = every[i].name;
	if (parts)
		play_all(part, parts);
	else
		play_side_by_side();
	figures_print(name, total, PLANS);
	printf("1..%d\n", PLANS + 1);
	bool good = figures_good(name, total, PLANS), met = figures_met_all(total, PLANS, !parts);
	return !good || !met;
}

static int from_file(const char *path)
{
	struct script s;
	FILE *f = fopen(path, "r");
	bool ok = f && script_read(&s, f);
	if (f)
		fclose(f);
	if (ok)
		return tell(&s);
	fprintf(stderr, "sim: %s is no script\n", path);
	return 64;
}

static int found(char **file, int n)
{
	int failed = 0;
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		struct script s;
		struct sim_figures figures = { 0 };
		char why[300] = "no script";
		uint64_t digest;
		FILE *f = fopen(file[i], "r");
		bool bad = !f || !script_read(&s, f) || run(&s, &figures, NULL, why, &digest);
		if (f)
			fclose(f);
		printf("%sok %d - %s%s%s\n", bad ? "not " : "", i + 1, strrchr(file[i], '/') + 1, bad ? ": " : "", bad ? why : "");
		failed += bad;
	}
	return failed != 0;
}

struct order {
	struct plan plan;
	bool one;		/* tell the first of them */
	int part, parts;	/* parts 0: all */
	const char *script;
};

static bool option(struct order *o, const char *name, const char *value)
{
	struct plan *p = &o->plan;
	if (!strcmp(name, "--mounts"))
		p->mounts = atoi(value);
	else if (!strcmp(name, "--from") || !strcmp(name, "--seed"))
		p->first = strtoull(value, NULL, 10);
	else if (!strcmp(name, "--script"))
		o->script = value;
	else if (!strcmp(name, "--part"))
		return sscanf(value, "%d/%d", &o->part, &o->parts) == 2 && o->part > 0 && o->part <= o->parts;
	else
		return false;
	o->one |= !strcmp(name, "--seed");
	return true;
}

static bool options(struct order *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			o->plan.n = strtol(argv[i], NULL, 10);
			continue;
		}
		if (!strcmp(argv[i], "--mirror") || !strcmp(argv[i], "--rare")) {
			o->plan.with |= argv[i][2] == 'm' ? MIRRORED : RARE;
			continue;
		}
		if (i + 1 == argc || !option(o, argv[i], argv[i + 1]))
			return false;
		i++;
	}
	return o->plan.n >= 0 && o->plan.mounts > 0 && o->plan.mounts <= MOUNTS_MAX;
}

int main(int argc, char **argv)
{
	struct script s;
	struct order o = { .plan = { .name = "lives", .first = 1, .mounts = 1 } };
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init(LOG_LEVEL_ERROR, "/dev/null", 0);
	if (argc > 2 && !strcmp(argv[1], "--found"))
		return found(argv + 2, argc - 2);
	if (!options(&o, argc, argv)) {
		fprintf(stderr, "usage: sim [--part K/N] | [--mounts M] [--mirror] [--rare] [--from SEED] N | [--mounts M] [--mirror] [--rare] --seed SEED | --script FILE | --found FILE...\n");
		return 64;
	}
	if (o.script)
		return from_file(o.script);
	if (!o.one)
		return o.plan.n ? one_plan(&o.plan) : all(o.part - 1, o.parts);
	script_make(&s, o.plan.first, o.plan.mounts, o.plan.with);
	return tell(&s);
}
