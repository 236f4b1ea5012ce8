/*
 * sim [--mounts M] [--mirror] [--rare] [--from SEED] [N]: N runs (20,000) of M mounts (1), one a seed; prints what was run and what was
 * found. Exit 1 on a failure, with the seed and the shrunk script.
 * sim [--mounts M] [--mirror] [--rare] --seed SEED: one run, told. sim --script FILE: the same of a script.
 * sim --found FILE...: scripts that found something once, each a test named after its file.
 */
#include "sim.h"
#include "log.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_name[VERDICTS] = {
	[FINE] = "fine", [LOST] = "lost", [DOUBLED] = "doubled", [DIVERGED] = "diverged", [FORBIDDEN] = "forbidden",
	[RESTLESS] = "restless",
};

static void print_figures(const struct sim_figures *f, FILE *to)
{
	fprintf(to, "# runs %ld, mounts %ld, tasks %ld, values typed %ld, acts %ld, passes %ld, requests %ld, writes %ld, the vendor's own %ld\n",
		f->runs, f->mounts, f->tasks, f->typed, f->ops, f->passes, f->requests, f->writes, f->mirrored);
	fprintf(to, "# processes killed %ld; faults:", f->crashes);
	for (int i = 1; i < FAULTS; i++)
		fprintf(to, "%s %s %ld", i > 1 ? "," : "", fault_name[i], f->fault[i]);
	fprintf(to, "\n# lost %ld, doubled %ld, diverged %ld, forbidden %ld, restless %ld\n", f->lost, f->doubled,
		f->diverged, f->forbidden, f->restless);
	if (f->mounts > f->runs)
		fprintf(to, "# copied by two mounts in the same seconds: %ld; though there is a copy, which its first import does not reach (R17): %ld;"
			" choices that another mount carried on while they were taken back: %ld; files named by a subject, as the mount that made the task"
			" deleted it while its sync was off: %ld\n", f->raced, f->too_old, f->carried, f->left_behind);
	fprintf(to, "# written into one of several that a template without a name makes the same, and in another task now: %ld\n", f->mistaken);
	fprintf(to, "# deleted there, and made again, as its key was forgotten and no answer had come: %ld\n", f->forgotten);
}

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
	long n;
	uint64_t first;
	int mounts;
	int with;
	bool one;		/* tell the first of them */
	const char *script;
};

static int many(const struct plan *p)
{
	struct sim_figures f = { 0 };
	long failed = 0;
	for (long i = 0; i < p->n && failed < 5; i++) {
		struct script s;
		char why[300];
		uint64_t digest;
		script_make(&s, p->first + (uint64_t)i, p->mounts, p->with);
		enum verdict v = run(&s, &f, NULL, why, &digest);
		bool same = i % 100 || repeats(&s, digest);
		if (v)
			report(&s, why);
		if (!same)
			printf("# seed %" PRIu64 " ends another way the second time\n", s.seed);
		failed += v || !same;
	}
	print_figures(&f, stdout);
	printf("1..1\n%s 1 - %ld runs of %d mounts%s from seed %" PRIu64 ": nothing lost, nothing doubled, all agree\n",
		failed ? "not ok" : "ok", f.runs, p->mounts,
		p->with & MIRRORED ? " beside the vendor's own sync" : "", p->first);
	return failed != 0;
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

static bool options(struct plan *p, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *more = i + 1 < argc ? argv[i + 1] : NULL;
		if (argv[i][0] != '-') {
			p->n = strtol(argv[i], NULL, 10);
			continue;
		}
		if (!strcmp(argv[i], "--mirror") || !strcmp(argv[i], "--rare")) {
			p->with |= argv[i][2] == 'm' ? MIRRORED : RARE;
			continue;
		}
		if (!more)
			return false;
		i++;
		if (!strcmp(argv[i - 1], "--mounts"))
			p->mounts = atoi(more);
		else if (!strcmp(argv[i - 1], "--from") || !strcmp(argv[i - 1], "--seed"))
			p->first = strtoull(more, NULL, 10);
		else if (!strcmp(argv[i - 1], "--script"))
			p->script = more;
		else
			return false;
		p->one |= !strcmp(argv[i - 1], "--seed");
	}
	return p->n > 0 && p->mounts > 0 && p->mounts <= MOUNTS_MAX;
}

int main(int argc, char **argv)
{
	struct script s;
	struct plan p = { .n = 20000, .first = 1, .mounts = 1 };
	setvbuf(stdout, NULL, _IOLBF, 0);
	log_init(LOG_LEVEL_ERROR, "/dev/null", 0);
	if (argc > 2 && !strcmp(argv[1], "--found"))
		return found(argv + 2, argc - 2);
	if (!options(&p, argc, argv)) {
		fprintf(stderr, "usage: sim [--mounts M] [--mirror] [--rare] [--from SEED] [N] | [--mounts M] [--mirror] [--rare] --seed SEED | --script FILE | --found FILE...\n");
		return 64;
	}
	if (p.script)
		return from_file(p.script);
	if (!p.one)
		return many(&p);
	script_make(&s, p.first, p.mounts, p.with);
	return tell(&s);
}
