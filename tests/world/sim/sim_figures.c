/* What was played, and what came of it, for people who read nothing else. */
#include "sim.h"
#include <string.h>

#define LINE "# %-32s %8ld %8ld %8ld %8ld %8ld %8ld %9ld %8ld\n"

/* All of them are long. */
void figures_add(struct sim_figures *sum, const struct sim_figures *f)
{
	long *to = (long *)sum;
	const long *from = (const long *)f;
	for (size_t i = 0; i < sizeof(*f) / sizeof(long); i++)
		to[i] += from[i];
}

static bool clean(const struct sim_figures *f)
{
	return f->runs && !f->lost && !f->doubled && !f->diverged && !f->forbidden && !f->restless && !f->unlike;
}

static void print_row(const char *name, const struct sim_figures *f)
{
	printf(LINE, name, f->runs, f->mounts, f->crashes, f->lost, f->doubled, f->diverged, f->forbidden, f->restless);
}

static void print_kinds(const char *head, const char *const *name, const long *n, int from, int to)
{
	printf("#\n# %s\n", head);
	for (int i = from; i < to; i++)
		printf("#   %-40s %9ld\n", name[i], n[i]);
}

static void print_acts(const struct sim_figures *f)
{
	printf("#\n# tasks %ld, values typed %ld, acts %ld, passes %ld, requests %ld, writes %ld, writes of the vendor's own sync %ld\n",
		f->tasks, f->typed, f->ops, f->passes, f->requests, f->writes, f->mirrored);
	printf("# nobody could know, so counted and not failed:\n");
	printf("#   copied by two mounts in the same seconds %ld; again, as its copy is older than the first import reaches (R17) %ld\n",
		f->raced, f->too_old);
	printf("#   copied again, as it was changed, and whoever made its copy syncs no more %ld\n", f->apart);
	printf("#   taken for the copy of another task, which a template without a name makes the same: its maker syncs no more, or made it"
		" beside another %ld\n", f->taken);
	printf("#   a choice that another mount carried on while it was taken back %ld; two, in records that were both changed before a mount"
		" met either %ld\n", f->carried, f->unordered);
	printf("#   a file renamed in Sales Connect before any mount that syncs had met it %ld\n", f->unseen);
	printf("#   a file named by a subject, as the mount that made the task deleted it while its sync was off %ld\n", f->left_behind);
	printf("#   written into one of several that a template without a name makes the same, and in another now %ld\n", f->mistaken);
	printf("#   deleted there and made again, as no answer had come and its key was forgotten %ld\n", f->forgotten);
}

void figures_print(const char *const *name, const struct sim_figures *f, int n)
{
	struct sim_figures sum = { 0 };
	printf("# %-32s %8s %8s %8s %8s %8s %8s %9s %8s\n", "", "lives", "mounts", "killed", "lost", "doubled", "diverged", "forbidden",
		"restless");
	for (int i = 0; i < n; i++) {
		print_row(name[i], &f[i]);
		figures_add(&sum, &f[i]);
	}
	if (n > 1)
		print_row("all", &sum);
	print_kinds("requests that went wrong:", fault_name, sum.fault, 1, FAULTS);
	print_kinds("what else befell them:", chance_name, sum.chance, 0, CHANCES);
	print_acts(&sum);
}

bool figures_good(const char *const *name, const struct sim_figures *f, int n)
{
	bool all = true;
	for (int i = 0; i < n; i++) {
		printf("%sok %d - %s: %ld lives, nothing lost, nothing doubled, all agree\n", clean(&f[i]) ? "" : "not ", i + 1, name[i],
			f[i].runs);
		all &= clean(&f[i]);
	}
	return all;
}

bool figures_met_all(const struct sim_figures *f, int n, bool whole)
{
	struct sim_figures sum = { 0 };
	long least = 1;
	for (int i = 0; i < n; i++)
		figures_add(&sum, &f[i]);
	for (int i = 1; i < FAULTS; i++)
		least = sum.fault[i] < least ? sum.fault[i] : least;
	for (int i = 0; whole && i < CHANCES; i++)
		least = sum.chance[i] < least ? sum.chance[i] : least;
	printf("%sok %d - each %s\n", least ? "" : "not ", n + 1, whole ? "of these things happened" : "kind of request went wrong");
	return least;
}
