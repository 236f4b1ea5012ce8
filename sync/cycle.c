#include "like.h"
#include "log.h"
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "cycle"
#define HELLO_EVERY (3600 * INT64_C(1000))
#define MIRROR_TIME (15 * 60 * INT64_C(1000))
#define FRESH (60 * INT64_C(1000))

static const char *const prefix[NSIDES] = { [SIDE_SC] = "sc", [SIDE_SF] = "sf" };

void links_finish(struct links *x)
{
	for (size_t i = 0; i < x->n; i++)
		link_finish(&x->l[i]);
	free(x->l);
	*x = (struct links){ 0 };
}

enum err ids_add(struct ids *x, const char *id)
{
	bool ok = true;
	char **more = reallocarray(x->id, x->n + 1, sizeof(*more));
	if (!more)
		return ERR_NOMEM;
	x->id = more;
	x->id[x->n] = str_dup(id, &ok);
	if (!ok)
		return ERR_NOMEM;
	x->n++;
	return ERR_OK;
}

void ids_finish(struct ids *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->id[i]);
	free(x->id);
	*x = (struct ids){ 0 };
}

/* ---- small values ---- */

static void key(enum side side, const char *name, char out[64])
{
	snprintf(out, 64, "%s.%s", prefix[side], name);
}

static enum err get(struct store *s, enum side side, const char *name, char **value)
{
	char k[64];
	key(side, name, k);
	*value = NULL;
	enum err e = store_meta(s, k, value);
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err pass_get(struct pass *p, const char *name, char **value)
{
	return get(p->s, p->side, name, value);
}

enum err pass_set(struct pass *p, const char *name, const char *value)
{
	char k[64];
	key(p->side, name, k);
	return store_meta_set(p->s, k, value);
}

static enum err get_int(struct store *s, enum side side, const char *name, int64_t *value)
{
	AUTO_FREE char *text = NULL;
	TRY(get(s, side, name, &text));
	*value = text ? strtoll(text, NULL, 10) : 0;
	return ERR_OK;
}

enum err pass_get_int(struct pass *p, const char *name, int64_t *value)
{
	return get_int(p->s, p->side, name, value);
}

enum err pass_keyed(struct pass *p, bool *yes)
{
	AUTO_FREE char *keyed = NULL;
	enum err e = store_meta(p->s, "sf.keyed", &keyed);
	*yes = keyed;
	return e == ERR_NOENT ? ERR_OK : e;
}

enum err pass_first_at(struct pass *p, enum side side, int64_t *at)
{
	if (!p->first_at[side])
		TRY(get_int(p->s, side, "first_at", &p->first_at[side]));
	*at = p->first_at[side];
	return ERR_OK;
}

enum err pass_set_int(struct pass *p, const char *name, int64_t value)
{
	char text[32];
	snprintf(text, sizeof(text), "%lld", (long long)value);
	return pass_set(p, name, text);
}

enum err pass_looked(struct pass *p, enum side side, int64_t *at, int64_t *since)
{
	AUTO_FREE char *mirror = NULL;
	struct side_state st;
	TRY(get_int(p->s, side, "looked", at));
	TRY(get_int(p->s, side, "awake", since));
	TRY(store_side(p->s, side, &st));
	TRY(get(p->s, SIDE_SC, "mirror", &mirror));
	if (!st.on || mirror)
		*at = INT64_MAX;
	return ERR_OK;
}

enum err pass_ask_look(struct pass *p, enum side side)
{
	char k[64];
	key(side, "look", k);
	return store_meta_set(p->s, k, "1");
}

/* Only if somebody asks: at rest nothing is written. */
static enum err note_look(struct pass *p)
{
	AUTO_FREE char *asked = NULL;
	int64_t last;
	TRY(pass_get(p, "look", &asked));
	TRY(pass_get_int(p, "looked", &last));
	if (!asked)
		return ERR_OK;
	if (p->c->now - last > SETTLED)
		TRY(pass_set_int(p, "awake", p->c->now));
	TRY(pass_set(p, "look", NULL));
	return pass_set_int(p, "looked", p->c->now);
}

enum err pass_put_state(struct pass *p)
{
	return store_side_put(p->s, p->side, &p->state);
}

enum err pass_go_on(struct pass *p)
{
	return p->c->stop && p->c->stop(p->c->stop_arg) ? ERR_BUSY : ERR_OK;
}

void pass_tick(struct pass *p)
{
	int64_t was = p->local_now;
	if (p->c->clock)
		p->local_now = p->c->clock();
	if (p->local_now < was || p->local_now - was > HELLO_EVERY)	/* it was set: the remote's goes on */
		p->c->offset += was - p->local_now;
	p->now = p->local_now + p->c->offset;
}

/* ---- may this side run at all? ---- */

static void say(struct cycle *c, const char *text)
{
	snprintf(c->message, sizeof(c->message), "%s", text);
}

/* R1, D7: Salesforce is silent while Sales Connect has not told us whether the vendor's own mirror is on. */
static enum err may_run(struct pass *p, bool *yes)
{
	*yes = p->state.on;
	if (!*yes || p->side != SIDE_SF || !p->c->config->remote[SIDE_SC].configured)
		return ERR_OK;
	AUTO_FREE char *seen = NULL, *mirror = NULL;
	TRY(get(p->s, SIDE_SC, "seen", &seen));
	TRY(get(p->s, SIDE_SC, "mirror", &mirror));
	*yes = seen && !mirror;
	p->c->waiting = !seen;
	if (!seen)
		say(p->c, "waiting for Sales Connect's settings");
	if (mirror)
		say(p->c,
			"Sales Connect's own Salesforce sync is on: remindfs syncs with Sales Connect only");
	return ERR_OK;
}

enum side pass_other(const struct pass *p)
{
	return p->side == SIDE_SC ? SIDE_SF : SIDE_SC;
}

/* ---- hello ---- */

/* Another account's tasks must never be merged into this store. */
static enum err same_account(struct pass *p, const struct hello *h)
{
	AUTO_FREE char *account = NULL;
	TRY(pass_get(p, "account", &account));
	if (!account)
		return pass_set(p, "account", h->account);
	if (str_eq(account, h->account))
		return ERR_OK;
	say(p->c,
		"logged in as another user than before: log in as the former one, or start with an empty "
		"cache");
	return ERR_CONFIG;
}

/* R15 compares Sales Connect's created_at, so the moment of enabling is needed on its clock:
 * measured once for each. */
static enum err unmeasured(struct pass *p, int64_t *enabled_at)
{
	struct side_state sf;
	int64_t measured;
	*enabled_at = 0;
	if (p->side != SIDE_SC)
		return ERR_OK;
	TRY(store_side(p->s, SIDE_SF, &sf));
	TRY(pass_get_int(p, "clock_offset_for", &measured));
	if (measured != sf.enabled_at)
		*enabled_at = sf.enabled_at;
	return ERR_OK;
}

static enum err measure_enabling(struct pass *p)
{
	int64_t enabled_at;
	TRY(unmeasured(p, &enabled_at));
	if (!enabled_at)
		return ERR_OK;
	TRY(pass_set_int(p, "clock_offset", p->c->offset));
	return pass_set_int(p, "clock_offset_for", enabled_at);
}

/* D7: is it on, and when was it on last? */
static enum err learn_mirror(struct pass *p, const struct hello *h)
{
	AUTO_FREE char *was = NULL;
	TRY(pass_get(p, "mirror", &was));
	if (was && !h->mirror)
		TRY(pass_set_int(p, "mirrored", h->now));
	return pass_set(p, "mirror", h->mirror ? "on" : NULL);
}

static enum err learn_settings(struct pass *p, const struct hello *h)
{
	TRY(pass_set(p, "template", h->template));
	TRY(learn_mirror(p, h));
	TRY(pass_set(p, "seen", "yes"));
	return measure_enabling(p);
}

/* A create in Salesforce that waits, of a task that the mirror sees; or one in doubt, but of a task that is
 * deleted here: it tells what a copy of that is. */
static enum err is_left(struct pass *p, int64_t task, bool *doubt, bool *yes)
{
	AUTO_LINK sc = LINK_INIT, sf = LINK_INIT;
	enum gone gone;
	TRY(store_gone(p->s, task, &gone));
	enum err in_sc = store_link(p->s, task, SIDE_SC, &sc), in_sf = store_link(p->s, task, SIDE_SF, &sf);
	if (in_sc != ERR_NOENT)
		TRY(in_sc);
	if (in_sf != ERR_NOENT)
		TRY(in_sf);
	*doubt = in_sf == ERR_OK;
	*yes = *doubt ? !sf.rid && gone != GONE_DELETED : sc.rid != NULL;
	return ERR_OK;
}

/* In doubt: if it happened, the mirror's copy of it was met by now, and Sales Connect need not wait for it
 * any longer. Else an edit later on is no reason to create it either:
 * it is there, though perhaps nobody here knows. */
static enum err leave(struct pass *p, int64_t task, bool doubt)
{
	return doubt ? store_link_drop(p->s, task, SIDE_SF) : store_unborn(p->s, task, SIDE_SF);
}

/* The rows up to that one; *last: of those that stay. */
static enum err leave_rows(struct pass *p, int64_t upto, int64_t *last)
{
	struct outgoing row[256];
	size_t n;
	*last = 0;
	TRY(store_outbox(p->s, SIDE_SF, p->local_now, row, 256, &n));
	for (size_t i = 0; i < n; i++) {
		bool doubt, yes;
		TRY(is_left(p, row[i].task, &doubt, &yes));
		if (yes && row[i].seq <= upto)
			TRY(leave(p, row[i].task, doubt));
		else if (yes && row[i].seq > *last)
			*last = row[i].seq;
	}
	return ERR_OK;
}

/*
 * The vendor's own mirror is on, and copies what is new within minutes: what waited to be created in
 * Salesforce when Sales Connect said so the last time is its business by now. What came since waits for the
 * next time: should the mirror be switched off before it comes to it, it is ours again. "1795000000000:42":
 * when that was, and the last row.
 */
static enum err leave_creates(struct pass *p, int64_t now)
{
	AUTO_FREE char *told = NULL;
	long long at = 0, upto = 0;
	int64_t last;
	char text[48];
	TRY(pass_get(p, "left", &told));
	if (told && sscanf(told, "%lld:%lld", &at, &upto) == 2 && now - at < MIRROR_TIME)
		return ERR_OK;
	TRY(leave_rows(p, upto, &last));
	snprintf(text, sizeof(text), "%lld:%lld", (long long)now, (long long)last);
	return pass_set(p, "left", last ? text : NULL);
}

static enum err hello_store(struct pass *p, const struct hello *h)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	TRY(same_account(p, h));
	if (p->side == SIDE_SC)
		TRY(learn_settings(p, h));
	else
		TRY(pass_set(p, "keyed", p->r->once_is_kept ? "yes" : NULL));
	if (p->side == SIDE_SC)
		TRY(h->mirror ? leave_creates(p, h->now) : pass_set(p, "left", NULL));
	return tx_commit(&tx);
}

enum err pass_greet_again(struct pass *p)
{
	struct side_state sf;
	TRY(store_side(p->s, SIDE_SF, &sf));
	if (p->side != SIDE_SC || !sf.on || p->c->now - p->c->hello_at < FRESH)
		return ERR_OK;
	p->c->hello_at = 0;
	return pass_greet(p);
}

enum err pass_greet(struct pass *p)
{
	struct cycle *c = p->c;
	int64_t age = c->now - c->hello_at, enabled_at;
	TRY(unmeasured(p, &enabled_at));
	if (c->hello_at && age >= 0 && age < HELLO_EVERY && !enabled_at)
		return ERR_OK;
	AUTO_HELLO h = { 0 };
	TRY(pass_go_on(p));
	TRY(p->ops->hello(p->r, &h));
	pass_tick(p);	/* the answer may have taken long */
	c->offset = h.now - p->local_now;
	TRY(hello_store(p, &h));
	c->hello_at = c->now;
	return ERR_OK;
}

/* ---- the pass ---- */

static enum err load_template(struct pass *p)
{
	bool ok = true;
	const struct config *c = p->c->config;
	if (c->remote[SIDE_SC].configured)
		return get(p->s, SIDE_SC, "template", &p->template);
	p->template = str_dup(c->remote[SIDE_SF].activity_detail, &ok);
	return ok ? ERR_OK : ERR_NOMEM;
}

static enum err load_store_id(struct pass *p)
{
	unsigned char r[16];
	char id[2 * sizeof(r) + 1];
	enum err e = store_meta(p->s, "store.uuid", &p->store_id);
	if (e != ERR_NOENT)
		return e;
	if (RAND_bytes(r, sizeof(r)) != 1)
		return ERR_IO;
	for (size_t i = 0; i < sizeof(r); i++)
		snprintf(id + 2 * i, 3, "%02x", r[i]);
	TRY(store_meta_set(p->s, "store.uuid", id));
	return store_meta(p->s, "store.uuid", &p->store_id);
}

static enum err load_rebuilt(struct pass *p)
{
	AUTO_FREE char *at = NULL;
	enum err e = store_meta(p->s, STORE_REBUILT, &at);
	p->rebuilt = at ? strtoll(at, NULL, 10) + p->c->offset : 0;
	return e == ERR_NOENT ? ERR_OK : e;
}

static enum err link_copy(struct link *to, const struct link *from)
{
	bool ok = true;
	*to = *from;
	to->rid = str_dup(from->rid, &ok);
	to->once = str_dup(from->once, &ok);
	to->version = str_dup(from->version, &ok);
	to->url = str_dup(from->url, &ok);
	for (int f = 0; f < TASK_NFIELDS; f++) {
		to->base[f] = str_dup(from->base[f], &ok);
		to->raw[f] = str_dup(from->raw[f], &ok);
		to->sent[f] = str_dup(from->sent[f], &ok);
	}
	if (ok)
		return ERR_OK;
	link_finish(to);
	return ERR_NOMEM;
}

bool links_add(struct links *x, const struct link *l)
{
	struct link *more = reallocarray(x->l, x->n + 1, sizeof(*more));
	if (!more) {
		x->failed = true;
		return false;
	}
	x->l = more;
	x->failed = link_copy(&x->l[x->n], l) != ERR_OK;
	x->n += !x->failed;
	return !x->failed;
}

static bool keep_link(void *arg, const struct link *l)
{
	return links_add(arg, l);
}

enum err pass_load_doubt(struct pass *p)
{
	links_finish(&p->doubt);
	TRY(store_links(p->s, p->side, true, 0, keep_link, &p->doubt));
	for (size_t i = 0; i < p->doubt.n; i++)
		if (!p->doubt.l[i].sent_at)
			TRY(parcel_recall(p, &p->doubt.l[i]));
	return p->doubt.failed ? ERR_NOMEM : ERR_OK;
}

static void pass_finish(struct pass *p)
{
	free(p->template);
	free(p->store_id);
	links_finish(&p->doubt);
	ids_finish(&p->undecided);
	lonely_finish(p->lonely);
}

static enum err pull_and_settle(struct pass *p)
{
	TRY(pass_load_doubt(p));	/* of this pass, too */
	TRY(pull_all(p));
	TRY(pull_these(p, &p->undecided));
	ids_finish(&p->undecided);
	TRY(pull_partners(p));
	TRY(pull_check(p));
	TRY(note_look(p));
	p->pulled = true;
	return settle_doubt(p);
}

/* Somebody may have made what is to be made here; a pull tells. */
static enum err look_and_push(struct pass *p)
{
	p->will_pull = true;
	TRY(pull_and_settle(p));
	TRY(brake_incoming(p));
	return push_all(p);
}

static enum err pull_and_push(struct pass *p, bool pull)
{
	bool unfinished;
	TRY(pass_greet(p));
	pass_tick(p);
	TRY(load_template(p));
	TRY(load_store_id(p));
	TRY(load_rebuilt(p));
	TRY(pull_unfinished(p, &unfinished));
	p->will_pull = pull || unfinished;
	TRY(settle_doubt(p));
	if (p->will_pull)
		TRY(pull_and_settle(p));
	TRY(brake_incoming(p));
	TRY(brake_outgoing(p));
	TRY(push_all(p));
	return p->look_first ? look_and_push(p) : ERR_OK;
}

static enum err run(struct cycle *c, bool pull)
{
	AUTO(pass_finish) struct pass p = { .c = c, .s = c->store, .r = c->remote, .ops = c->remote->ops,
		.side = c->remote->ops->side, .local_now = c->now };
	bool yes;
	say(c, "");
	c->waiting = false;
	TRY(store_side(p.s, p.side, &p.state));
	TRY(may_run(&p, &yes));
	c->blocked = !yes;
	if (c->blocked)
		return ERR_OK;
	enum err e = pull_and_push(&p, pull);
	if (e == ERR_AUTH)
		c->hello_at = 0;
	if (e != ERR_OK && !c->message[0])
		say(c, c->remote->message[0] ? c->remote->message : err_str(e));
	return e;
}

/* A token that may be another user's: hello tells, and either all is well or nothing more is sent. */
static enum err run_greeted(struct cycle *c, bool pull)
{
	enum err e = run(c, pull);
	bool look = e == ERR_AUTH && c->remote->stranger;
	return look ? run(c, pull) : e;
}

enum err cycle_run(struct cycle *c)
{
	return run_greeted(c, true);
}

enum err cycle_push(struct cycle *c)
{
	return run_greeted(c, false);
}
