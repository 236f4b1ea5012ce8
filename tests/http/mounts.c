#include "mounts.h"
#include "json.h"
#include "oauth.h"
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 40
#define LINES 4000

static int64_t frozen;
static int writes;
static long long log_seen;

/* ---- the world ---- */

int64_t world_now(void)
{
	return frozen;
}

static void set_clock(void)
{
	char body[96], when[40];
	time_t s = (time_t)(frozen / 1000);
	struct tm tm;
	gmtime_r(&s, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(body, sizeof body, "{\"now\":\"%s\",\"frozen\":true}", when);
	hand("POST", "/sandbox/clock", body);
}

void world_advance(int seconds)
{
	frozen += seconds * INT64_C(1000);
	set_clock();
}

void world_begin(const char *settings)
{
	frozen = INT64_C(1795000000000);
	set_clock();
	hand("POST", "/sandbox/config", "{\"sc_rate\":0,\"token_ttl\":0}");
	if (settings)
		hand("POST", "/sandbox/config", settings);
	box.c.first_import = FIRST_OPEN;
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		box.c.remote[s].configured = true;
	wrote(SIDE_LOCAL);
	writes = 0;
}

/* ---- a mount ---- */

static char *path_of(const struct mount *m, const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "%s/%s", m->dir, name);
	return path;
}

void mount_again(struct mount *m)
{
	struct store_options o = { 0 };	/* 20,000 commits; that one survives is told in test_store_power */
	assert_ok(store_open(path_of(m, "store.db"), &o, &m->store));
	m->remote[SIDE_SC] = salesconnect_create(&box.c, m->dir);
	m->remote[SIDE_SF] = salesforce_create(&box.c, m->dir);
	for (enum side s = SIDE_SC; s < NSIDES; s++) {
		assert_non_null(m->remote[s]);
		m->cycle[s] = (struct cycle){ .store = m->store, .remote = m->remote[s], .config = &box.c,
			.clock = world_now };
		assert_ok(store_side_switch(m->store, s, true, world_now()));
	}
}

void mount_open(struct mount *m)
{
	*m = (struct mount){ .dir = "/tmp/remindfs-mounts-XXXXXX" };
	assert_non_null(mkdtemp(m->dir));
	assert_ok(oauth_token_file(SIDE_SC, m->dir, "sc-token"));
	assert_ok(oauth_token_file(SIDE_SF, m->dir, "sf-token"));
	mount_again(m);
}

void mount_close(struct mount *m)
{
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		remote_destroy(m->remote[s]);
	store_close(m->store);
	m->store = NULL;
}

void mount_remove(struct mount *m)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm", "salesforce.token", "salesforce.lock",
		"salesconnect.token", "salesconnect.lock" };
	mount_close(m);
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(path_of(m, names[i]));
	if (rmdir(m->dir) < 0)
		print_error("something is left in %s\n", m->dir);
}

enum err mount_pass(struct mount *m, enum side s)
{
	m->cycle[s].now = world_now();
	return m->cut[s] ? ERR_OFFLINE : cycle_run(&m->cycle[s]);
}

enum err mount_push(struct mount *m, enum side s)
{
	m->cycle[s].now = world_now();
	return m->cut[s] ? ERR_OFFLINE : cycle_push(&m->cycle[s]);
}

void mount_greet(struct mount *m)
{
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		m->cycle[s].hello_at = 0;
}

/* ---- the person ---- */

int64_t mount_new(struct mount *m, const char *title)
{
	AUTO_TASK t = { .created_at = world_now() };
	int64_t id;
	assert_ok(task_set(&t, FIELD_TITLE, title));
	assert_ok(store_create(m->store, &t, NULL, 0, SIDE_LOCAL, world_now(), &id));
	assert_ok(store_closed(m->store, id, world_now(), 0));
	return id;
}

void mount_set(struct mount *m, int64_t id, enum field f, const char *value)
{
	AUTO_TASK t = TASK_INIT;
	assert_ok(task_set(&t, f, value));
	assert_ok(store_edit(m->store, id, &t, BIT(f), 0, NULL, 0, SIDE_LOCAL, world_now()));
	assert_ok(store_closed(m->store, id, world_now(), 0));
}

void mount_rm(struct mount *m, int64_t id)
{
	assert_ok(store_delete(m->store, id, SIDE_LOCAL, world_now(), 0));
}

struct ids_seen {
	int64_t *id;
	size_t n, max;
};

static bool see(void *arg, const struct entry *e)
{
	struct ids_seen *x = arg;
	if (x->n < x->max)
		x->id[x->n++] = e->id;
	return true;
}

size_t mount_tasks(struct mount *m, int64_t *id, size_t max)
{
	static const struct filter all;
	struct ids_seen x = { id, 0, max };
	assert_ok(store_list(m->store, &all, 0, see, &x));
	return x.n;
}

int64_t mount_find(struct mount *m, const char *title)
{
	int64_t id[LINES];
	size_t n = mount_tasks(m, id, LINES);
	for (size_t i = 0; i < n; i++) {
		AUTO_TASK t = TASK_INIT;
		assert_ok(store_get(m->store, id[i], &t));
		if (str_eq(t.field[FIELD_TITLE], title))
			return id[i];
	}
	return 0;
}

int64_t mount_conflicts(struct mount *m)
{
	struct counts c;
	assert_ok(store_counts(m->store, world_now(), &c));
	return c.conflicts;
}

int64_t mount_confirm(struct mount *m)
{
	int64_t n = 0;
	enum err e = store_confirm(m->store, world_now(), &n);
	assert_true(e == ERR_OK || e == ERR_NOENT);
	return n;
}

/* ---- what was written ---- */

int wrote(enum side side)
{
	char path[64];
	const struct cJSON *j;
	int n[NSIDES] = { 0 };
	int64_t seq;
	snprintf(path, sizeof path, "/sandbox/log?since=%lld", log_seen);
	const char *s = hand("GET", path, NULL);
	AUTO_JSON root = json_parse(s, strlen(s));
	cJSON_ArrayForEach(j, json_member(root, "requests")) {
		if (json_true(j, "write"))
			n[str_eq(json_text(j, "system"), "sf") ? SIDE_SF : SIDE_SC]++;
	}
	assert_true(json_int(root, "seq", &seq));
	log_seen = seq;
	writes += n[SIDE_SC] + n[SIDE_SF];
	return side == SIDE_LOCAL ? n[SIDE_SC] + n[SIDE_SF] : n[side];
}

int world_writes(void)
{
	wrote(SIDE_LOCAL);
	return writes;
}

static unsigned lot(void)
{
	static uint32_t x = 2463534242u;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x >> 7;
}

bool world_rest(struct mount *m, size_t n)
{
	int quiet = 0;
	for (int round = 0; round < ROUNDS && quiet < 2; round++) {
		bool fine = true;
		wrote(SIDE_LOCAL);
		for (size_t i = 0; i < n; i++) {
			bool sf_first = lot() & 1;	/* polls have jitter:
							 * no two mounts answer each other in step for ever */
			fine = mount_pass(&m[i], sf_first ? SIDE_SF : SIDE_SC) == ERR_OK && fine;
			fine = mount_pass(&m[i], sf_first ? SIDE_SC : SIDE_SF) == ERR_OK && fine;
		}
		quiet = wrote(SIDE_LOCAL) == 0 && fine ? quiet + 1 : 0;
		world_advance(120);
	}
	return quiet == 2;
}

/* ---- as text ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct lines {
	char *line[LINES];
	size_t n;
};

static void add_line(struct lines *x, const char *const word[TASK_NFIELDS])
{
	AUTO_BUF b = BUF_INIT;
	for (int f = 0; f < TASK_NFIELDS; f++)
		buf_printf(&b, "%s%s", word[f] ? word[f] : "-", f < TASK_NFIELDS - 1 ? " | " : "\n");
	assert_true(x->n < LINES);
	x->line[x->n++] = buf_take(&b);
}

static char *join(struct lines *x)
{
	AUTO_BUF b = BUF_INIT;
	qsort(x->line, x->n, sizeof *x->line, by_text);
	for (size_t i = 0; i < x->n; i++) {
		buf_puts(&b, x->line[i]);
		free(x->line[i]);
	}
	return b.n ? buf_take(&b) : strdup("");
}

char *mount_text(struct mount *m)
{
	static struct lines x;
	int64_t id[LINES];
	x.n = 0;
	size_t n = mount_tasks(m, id, LINES);
	for (size_t i = 0; i < n; i++) {
		AUTO_TASK t = TASK_INIT;
		assert_ok(store_get(m->store, id[i], &t));
		add_line(&x, (const char *const *)t.field);
	}
	return join(&x);
}

static const char *const member[NSIDES][TASK_NFIELDS] = {
	[SIDE_SC] = { "name", "status", "priority", "due_date", "details" },
	[SIDE_SF] = { "Subject", "Status", "Priority", "ActivityDate", "Description" },
};
static const char *const words[][2] = {
	{ "Not Started", TASK_OPEN }, { "Completed", TASK_COMPLETE }, { "Normal", TASK_NORMAL }, { "High", TASK_HIGH },
};

static const char *our_word(const char *v)
{
	for (size_t i = 0; v && i < COUNT(words); i++)
		if (strcmp(v, words[i][0]) == 0)
			return words[i][1];
	return v;
}

static bool live(enum side side, const struct cJSON *j)
{
	return side == SIDE_SF ? !json_true(j, "IsDeleted") : !json_text(j, "deleted_at");
}

static struct cJSON *records(enum side side)
{
	const char *s = hand("GET", side == SIDE_SF ? "/sandbox/tasks?system=sf" : "/sandbox/tasks?system=sc", NULL);
	return json_parse(s, strlen(s));
}

char *remote_text(enum side side)
{
	static struct lines x;
	AUTO_JSON root = records(side);
	const struct cJSON *j;
	x.n = 0;
	cJSON_ArrayForEach(j, json_member(root, "tasks")) {
		const char *word[TASK_NFIELDS];
		for (int f = 0; f < TASK_NFIELDS; f++)
			word[f] = our_word(json_text(j, member[side][f]));
		if (live(side, j))
			add_line(&x, word);
	}
	return join(&x);
}

int remote_count(enum side side, const char *title)
{
	AUTO_JSON root = records(side);
	const struct cJSON *j;
	int n = 0;
	cJSON_ArrayForEach(j, json_member(root, "tasks")) {
		if (live(side, j) && (!title || str_eq(json_text(j, member[side][FIELD_TITLE]), title)))
			n++;
	}
	return n;
}

/* ---- the colleague ---- */

static const char *const system_of[NSIDES] = { [SIDE_SC] = "sc", [SIDE_SF] = "sf" };

static const char *their_word(enum side side, const char *v)
{
	for (size_t i = 0; side == SIDE_SF && i < COUNT(words); i++)
		if (strcmp(v, words[i][1]) == 0)
			return words[i][0];
	return v;
}

void colleague_new(enum side side, const char *title)
{
	char path[64], body[128];
	snprintf(path, sizeof path, "/sandbox/tasks?system=%s", system_of[side]);
	snprintf(body, sizeof body, "{\"%s\":\"%s\"}", member[side][FIELD_TITLE], title);
	hand("POST", path, body);
}

bool colleague_pick(enum side side, unsigned lot, char id[24], char title[64])
{
	AUTO_JSON root = records(side);
	const struct cJSON *j;
	unsigned n = 0;
	cJSON_ArrayForEach(j, json_member(root, "tasks"))
		n += live(side, j);
	lot = n ? lot % n : 0;
	cJSON_ArrayForEach(j, json_member(root, "tasks")) {
		int64_t number = 0;
		if (!live(side, j) || lot--)
			continue;
		if (json_int(j, "id", &number))
			snprintf(id, 24, "%lld", (long long)number);
		else
			snprintf(id, 24, "%s", json_text(j, "Id"));
		snprintf(title, 64, "%s", json_text(j, member[side][FIELD_TITLE]));
		return true;
	}
	return false;
}

void colleague_set(enum side side, const char *id, enum field f, const char *value)
{
	char path[96], body[128];
	snprintf(path, sizeof path, "/sandbox/tasks/%s?system=%s", id, system_of[side]);
	snprintf(body, sizeof body, "{\"%s\":\"%s\"}", member[side][f], their_word(side, value));
	hand("PATCH", path, body);
}

void colleague_rm(enum side side, const char *id)
{
	char path[96];
	snprintf(path, sizeof path, "/sandbox/tasks/%s?system=%s", id, system_of[side]);
	hand("DELETE", path, NULL);
}
