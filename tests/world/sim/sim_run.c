#include "sim.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START INT64_C(1795000000000)	/* 2026-11-18 */
#define ROUNDS_MAX 80
#define ROUND_MS (16 * MINUTE)		/* longer than any back-off of a row */

static struct sim *the_sim;		/* for callbacks that carry nothing */
static struct mount *the_mount;		/* whose pass runs */

/* ---- telling ---- */

void sim_trace(struct sim *s, const char *fmt, ...)
{
	char line[600];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (int i = 0; i < n && i < (int)sizeof(line) - 1; i++)	/* FNV-1a */
		s->digest = (s->digest ^ (unsigned char)line[i]) * 0x100000001b3;
	if (s->trace)
		fprintf(s->trace, "%s\n", line);
}

void sim_fail(struct sim *s, enum verdict v, const char *fmt, ...)
{
	va_list ap;
	if (s->verdict != FINE)
		return;
	s->verdict = v;
	va_start(ap, fmt);
	vsnprintf(s->why, sizeof(s->why), fmt, ap);
	va_end(ap);
	sim_trace(s, "FAILED: %s", s->why);
}

void sim_advance(struct sim *s, int64_t ms)
{
	for (int64_t until = s->now + ms; s->now < until;) {
		int64_t patience = mirror_patience(s);
		s->now = until - s->now < patience ? until : s->now + patience;
		server_late(s);
		mirror_work(s);
	}
}

static int64_t mount_clock(void)
{
	return the_sim->now + the_mount->skew;
}

/* ---- the database ---- */

static sqlite3 *opened;

/* Before every commit: the process that dies here has done nothing of it, and does nothing any more. */
static int on_commit(void *db)
{
	struct sim *s = the_sim;
	for (int i = 0; s && i < s->script->setup.mounts; i++) {
		struct mount *m = &s->mount[i];
		if (m->db != db)
			continue;
		if (m->die_at && !--m->die_at) {
			mount_die(m);
			s->figures->chance[KILLED_AT_COMMIT]++;
		}
		return m->dead;
	}
	return 0;
}

static int on_open(sqlite3 *db, char **msg, const struct sqlite3_api_routines *api)
{
	opened = db;
	sqlite3_commit_hook(db, on_commit, db);
	return SQLITE_OK;
}

static void must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "sim: %s: %s\n", what, err_str(e));
	exit(70);
}

static const char *dir(void)
{
	return access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
}

static void remove_db(const char *path)
{
	static const char *const tail[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT(tail); i++) {
		char name[128];
		snprintf(name, sizeof(name), "%s%s", path, tail[i]);
		unlink(name);
	}
}

/* An empty database, as a file's bytes: to migrate one a run takes longer than the run. */
static void empty_db(const char *path)
{
	static char *bytes;
	static size_t n;
	if (!bytes) {
		struct store_options o = { .durable = true };
		struct store *st;
		remove_db(path);
		must(store_open(path, &o, &st), "open");
		store_close(st);
		FILE *f = fopen(path, "rb");
		bytes = malloc(1 << 20);
		n = bytes && f ? fread(bytes, 1, 1 << 20, f) : 0;
		if (f)
			fclose(f);
	}
	remove_db(path);
	umask(077);
	FILE *f = fopen(path, "wb");
	if (!f || !n || fwrite(bytes, 1, n, f) != n || fclose(f))
		must(ERR_IO, "write");
}

static void open_store(struct sim *s, struct mount *m)
{
	struct store_options o = { .durable = true };
	must(store_open(m->path, &o, &m->store), "open");
	m->db = opened;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		m->cycle[side] = (struct cycle){ .store = m->store, .remote = &m->line[side].remote, .config = &m->config,
			.clock = mount_clock };
}

static void close_store(struct mount *m)
{
	store_close(m->store);
	m->store = NULL;
	m->db = NULL;
}

/* ---- processes ---- */

void mount_die(struct mount *m)
{
	if (m->dead)
		return;
	m->dead = true;
	m->die_at = 0;
	the_sim->figures->crashes++;
	sim_trace(the_sim, "  mount %d is killed", (int)(m - the_sim->mount));
}

void mount_restart(struct sim *s, int mount)
{
	struct mount *m = &s->mount[mount];
	if (m->running)
		return;
	m->dead = false;
	m->die_at = 0;
	close_store(m);
	open_store(s, m);
	must(store_closed_all(m->store, s->now + m->skew, 0), "closed all");
}

static void sync_state(struct sim *s, struct mount *m)
{
	struct side_state st;
	must(store_side(m->store, SIDE_SF, &st), "side");
	m->sf_on = st.on;
	if (m->switches < OPS_MAX)
		m->switched[m->switches++] = (struct switched){ s->now, st.on };
}

void mount_switch(struct sim *s, int mount, bool on)
{
	struct mount *m = &s->mount[mount];
	bool was = m->sf_on;
	if (m->dead || !(s->script->setup.sides & BIT(SIDE_SF)))
		return;
	enum err e = store_side_switch(m->store, SIDE_SF, on, s->now + m->skew);
	if (m->dead)
		mount_restart(s, mount);
	if (e == ERR_OK && on != was && s->now > START && !s->settling)
		s->figures->chance[!on ? SWITCHED_OFF : m->first_on ? ON_AGAIN : FIRST_ON_IN_LIFE]++;
	if (e == ERR_OK && on && !was) {
		m->on_since = s->now;
		m->met = false;
		m->first_on = m->first_on ? m->first_on : s->now;
	}
	sync_state(s, m);
}

static void mount_start(struct sim *s, int i)
{
	const struct setup *u = &s->script->setup;
	struct mount *m = &s->mount[i];
	snprintf(m->path, sizeof(m->path), "%s/remindfs-sim-%d-%d.db", dir(), (int)getpid(), i);
	empty_db(m->path);
	config_init(&m->config);
	m->config.other_values_skip = u->skip;
	m->config.first_import = (enum first_import)u->first_import;
	memcpy(m->config.winner, winner_order[u->order], sizeof(m->config.winner));
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		m->config.remote[side].configured = u->sides & BIT(side);
		line_init(&m->line[side], s, i, side);
	}
	open_store(s, m);
	must(store_side_switch(m->store, SIDE_SC, u->sides & BIT(SIDE_SC), s->now), "switch");
	if (u->enabled)
		mount_switch(s, i, true);
}

static void mount_stop(struct mount *m)
{
	close_store(m);
	remove_db(m->path);
	config_finish(&m->config);
}

/* ---- requests ---- */

/* Salesforce is not to be asked while that is switched off (R1), or is the vendor's own business (D7). */
static void check_allowed(struct line *l, const char *what)
{
	struct mount *m = &l->sim->mount[l->mount];
	if (l->server->side != SIDE_SF)
		return;
	if (!m->sf_on)
		sim_fail(l->sim, FORBIDDEN, "R1: %s to Salesforce by mount %d while its sync is off", what, l->mount);
	if (m->knows)
		sim_fail(l->sim, FORBIDDEN, "D7: %s to Salesforce by mount %d beside the vendor's own sync", what, l->mount);
	if (!m->told && (l->sim->script->setup.sides & BIT(SIDE_SC)))
		sim_fail(l->sim, FORBIDDEN, "D7: %s to Salesforce by mount %d before it was told the settings", what, l->mount);
}

static void people_meanwhile(struct sim *s)
{
	for (int i = 0; i < s->n_waiting; i++) {
		if (--s->waiting[i].inside > 0)
			continue;
		struct op op = s->waiting[i];
		memmove(&s->waiting[i], &s->waiting[i + 1], (size_t)(s->n_waiting - i - 1) * sizeof(op));
		s->n_waiting--;
		i--;
		sim_trace(s, "  meanwhile:");
		op_do(s, &op);
	}
}

static bool fits(const struct line *l, enum fault f, const char *what)
{
	if (f == CUT_BATCH)
		return l->items > 1;
	if (f == SHORT_PAGE)
		return !strncmp(what, "pull", 4);
	return f == DOUBLE_PAGE || f == LOST_CURSOR ? !strcmp(what, "pull next") : l->items;
}

static enum fault take_fault(struct line *l, const char *what)
{
	struct sim *s = l->sim;
	for (int i = 0; i < s->n_armed; i++) {
		struct armed *x = &s->armed[i];
		if (x->mount != l->mount || x->side != (int)l->server->side || (x->fits && !fits(l, x->fault, what)) || --x->in > 0)
			continue;
		enum fault f = x->fault;
		*x = s->armed[--s->n_armed];
		return f;
	}
	return FAULT_NONE;
}

void sim_struck(struct line *l, enum fault f)
{
	bool dead = l->sim->mount[l->mount].dead && f != KILL_BEFORE && f != KILL_AFTER;
	if (f && !dead)
		++*(l->down ? &l->sim->figures->chance[LINE_CUT] : &l->sim->figures->fault[f]);
}

static bool is_write(const char *what)
{
	return !strcmp(what, "create") || !strcmp(what, "update") || !strcmp(what, "remove");
}

enum fault sim_request(struct line *l, const char *what)
{
	struct sim *s = l->sim;
	struct mount *m = &s->mount[l->mount];
	if (m->dead)
		return LOST_REQUEST;
	s->figures->requests++;
	sim_trace(s, "  mount %d -> %s: %s", l->mount, side_name[l->server->side], what);
	sim_advance(s, 150);
	check_allowed(l, what);
	if (!s->settling)
		people_meanwhile(s);
	enum fault f = l->down ? LOST_REQUEST : take_fault(l, what);
	if (f)
		sim_trace(s, "    %s", fault_name[f]);
	if (m->dead)
		return LOST_REQUEST;
	if (f == KILL_BEFORE || (f == KILL_AFTER && !is_write(what)))
		mount_die(m);
	return f;
}

bool mount_pass(struct sim *s, int mount, enum side side, bool full)
{
	struct mount *m = &s->mount[mount], *outer = the_mount;
	if (m->running || !(s->script->setup.sides & BIT(side)))
		return true;
	s->figures->passes++;
	the_mount = m;
	m->running++;
	m->asked = false;
	sim_trace(s, " mount %d: %s %s", mount, full ? "pass" : "push", side_name[side]);
	m->cycle[side].now = mount_clock();
	oracle_pass_begins(s, mount, side);
	enum err e = full ? cycle_run(&m->cycle[side]) : cycle_push(&m->cycle[side]);
	sim_trace(s, "  %s %s", err_str(e), m->cycle[side].message);
	m->met |= side == SIDE_SC && e == ERR_OK && !m->dead;
	if (m->asked)
		m->knows = m->heard && (!m->dead || m->knows);
	if (e == ERR_OK && !m->dead && !m->unheard)
		oracle_pass_well(s, mount, side);
	if (full && e == ERR_OK && !m->dead && !m->cycle[side].blocked)
		oracle_pass_ended(s, mount, side);
	if (m->dead || m->unheard)
		oracle_pass_forgot(s, mount, side);
	if (!m->dead)
		oracle_clashes(s, mount);
	m->running--;
	the_mount = outer;
	if (m->dead)
		mount_restart(s, mount);
	return e == ERR_OK;
}

/* What a pass leaves to send to the other side goes at once: the outbox rings. To wait for the next pass is harmless as long as
 * no other mount has its turn meanwhile. */
static bool mount_rung(struct sim *s, int mount)
{
	struct mount *m = &s->mount[mount];
	struct outgoing row;
	bool well = true;
	for (enum side side = SIDE_SC; side < NSIDES && s->script->setup.mounts > 1; side++) {
		size_t n;
		must(store_outbox(m->store, side, s->now + m->skew, &row, 1, &n), "outbox");
		if (n)
			well &= mount_pass(s, mount, side, false);
	}
	return well;
}

bool mount_pass_both(struct sim *s, int mount)
{
	bool well = mount_pass(s, mount, SIDE_SC, true);
	well &= mount_pass(s, mount, SIDE_SF, true);
	return mount_rung(s, mount) && well;
}

/* ---- rows ---- */

struct gather {
	int64_t *row;
	int n;
};

static bool gather(void *arg, const struct entry *e)
{
	struct gather *g = arg;
	g->row[g->n++] = e->id;
	return g->n < ROWS_MAX;
}

int mount_rows(struct sim *s, int mount, int64_t row[ROWS_MAX])
{
	struct gather g = { .row = row };
	must(store_list(s->mount[mount].store, NULL, 0, gather, &g), "list");
	return g.n;
}

int mount_task(struct sim *s, int mount, int64_t row)
{
	struct mount *m = &s->mount[mount];
	for (int i = 0; i < m->origins; i++)
		if (m->origin[i].row == row)
			return m->origin[i].task;
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		AUTO_LINK l = LINK_INIT;
		enum err e = store_link(m->store, row, side, &l);
		for (int i = 0; e == ERR_OK && l.rid && i < s->server[side].n; i++)
			if (!strcmp(s->server[side].rec[i].id, l.rid))
				return s->server[side].rec[i].task;
	}
	return -1;
}

/* ---- coming to rest ---- */

/* Of edits that were refused a user touches the file in .remindfs/outbox. What a line, a login or a quota held up goes on by itself. */
static const bool is_refusal[ERR_N] = {
	[ERR_REFUSED] = true, [ERR_DENIED] = true, [ERR_EXIST] = true, [ERR_STALE] = true, [ERR_GONE] = true,
};

static bool retry_one(void *arg, const struct kept *k)
{
	int64_t *ids = arg;
	if (ids[0] < ROWS_MAX - 1)
		ids[++ids[0]] = k->task;
	return true;
}

/* Whoever touches what waits for another mount says that it is no copy: nobody knows that here. */
static bool leave_alone(void *arg, const struct waiting *w)
{
	bool *yes = arg;
	*yes |= w->err == ERR_BUSY || w->second || (w->next < 0 && !is_refusal[w->err]);
	return true;
}

static bool is_left_alone(struct sim *s, struct mount *m, int64_t task)
{
	bool yes = false;
	must(store_waiting(m->store, task, s->now + m->skew, leave_alone, &yes), "waiting");
	return yes;
}

static void retry_refused(struct sim *s, struct mount *m)
{
	int64_t ids[ROWS_MAX] = { 0 };
	struct counts c;
	must(store_counts(m->store, s->now, &c), "counts");
	if (!c.refused[SIDE_SC] && !c.refused[SIDE_SF])
		return;
	must(store_kept_list(m->store, KEEP_OUTBOX, 0, retry_one, ids), "outbox");
	for (int i = 1; i <= ids[0]; i++) {
		enum err e = is_left_alone(s, m, ids[i]) ? ERR_NOENT : store_retry(m->store, ids[i], s->now + m->skew);
		if (e != ERR_NOENT)
			must(e, "retry");
	}
}

static void heal(struct sim *s)
{
	s->settling = true;
	for (int i = 0; i < s->n_waiting; i++) {	/* whose moment never came */
		s->waiting[i].inside = 0;
		op_do(s, &s->waiting[i]);
	}
	s->n_waiting = s->n_armed = 0;
	for (int i = 0; i < s->script->setup.mounts; i++) {
		s->mount[i].line[SIDE_SC].down = s->mount[i].line[SIDE_SF].down = false;
		s->mount[i].die_at = 0;
		if (s->mount[i].first_on && s->script->seed % 4)
			mount_switch(s, i, true);
	}
}

/* One pass of everybody. True: nothing was written anywhere and nothing failed. */
static bool quiet_round(struct sim *s, bool retry)
{
	long writes = s->figures->writes + s->figures->mirrored;
	int64_t rows = 0;
	bool well = true;
	for (int i = 0; i < s->script->setup.mounts; i++) {
		struct mount *m = &s->mount[i];
		int64_t before = sqlite3_total_changes64(m->db);
		if (retry)
			retry_refused(s, m);
		well &= mount_pass_both(s, i);
		rows += sqlite3_total_changes64(m->db) - before;
	}
	return well && !rows && s->figures->writes + s->figures->mirrored == writes;
}

static bool rest(struct sim *s, int days)
{
	int quiet = 0;
	for (int i = 0; i < ROUNDS_MAX && quiet < 2; i++) {
		quiet = quiet_round(s, i < 8) ? quiet + 1 : 0;
		sim_advance(s, ROUND_MS);
	}
	sim_advance(s, days * DAY + HOUR);
	return quiet == 2;
}

/* Until the daily checks have looked, too. */
static void settle(struct sim *s)
{
	heal(s);
	sim_trace(s, "settling");
	int hours = s->script->setup.mirror ? 6 : 1;	/* what is left to it goes off the list hello by hello */
	bool well = rest(s, 1);
	for (int i = 0; i < hours && well; i++)
		well = rest(s, 0);
	if (!well) {
		sim_fail(s, RESTLESS, "does not come to rest");
		return;
	}
	if (!quiet_round(s, false))
		sim_fail(s, RESTLESS, "nothing changed and yet something is written");
}

/* ---- a run ---- */

static void count(struct sim *s)
{
	struct sim_figures *f = s->figures;
	static const size_t of[VERDICTS] = {
		[LOST] = offsetof(struct sim_figures, lost), [DOUBLED] = offsetof(struct sim_figures, doubled),
		[DIVERGED] = offsetof(struct sim_figures, diverged),
		[FORBIDDEN] = offsetof(struct sim_figures, forbidden),
		[RESTLESS] = offsetof(struct sim_figures, restless),
	};
	f->runs++;
	f->mounts += s->script->setup.mounts;
	f->typed += s->n_typed;
	f->tasks += s->logicals;
	if (s->verdict)
		++*(long *)((char *)f + of[s->verdict]);
}

enum verdict sim_run(const struct script *script, struct sim_figures *figures, FILE *trace, char why[300],
	uint64_t *digest)
{
	static bool hooked;
	struct sim *s = calloc(1, sizeof(*s));
	if (!s)
		must(ERR_NOMEM, "sim");
	if (!hooked) {
		sqlite3_vfs_register(sqlite3_vfs_find("unix-excl"), 1);
		sqlite3_auto_extension((void (*)(void))on_open);
	}
	hooked = true;
	*s = (struct sim){ .script = script, .now = START, .figures = figures, .trace = trace };
	s->digest = 0xcbf29ce484222325;
	the_sim = s;
	for (enum side side = SIDE_SC; side < NSIDES; side++)
		s->server[side].side = side;
	s->server[SIDE_SC].template = template_text[script->setup.template];
	s->server[SIDE_SC].skew = script->setup.skew;
	for (int i = 0; i < script->setup.mounts; i++)
		mount_start(s, i);
	for (int i = 0; i < script->n && !s->verdict; i++) {
		figures->ops++;
		op_do(s, &script->op[i]);
	}
	if (!s->verdict)
		settle(s);
	if (!s->verdict)
		oracle_check(s);
	for (int i = 0; i < script->setup.mounts; i++)
		mount_stop(&s->mount[i]);
	count(s);
	enum verdict v = s->verdict;
	memcpy(why, s->why, 300);
	*digest = s->digest;
	the_sim = NULL;
	free(s);
	return v;
}
