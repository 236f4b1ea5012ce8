#include "doorbell.h"
#include "bayeux.h"
#include "clock.h"
#include "http.h"
#include "log.h"
#include "oauth.h"
#include "salesforce_json.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOG_MODULE "doorbell"
#define PATH "/cometd/66.0"
#define KEY "sf.replay" /* "CHANNEL NUMBER" */
#define GOODBYE_MS 300

struct doorbell {
	const char *channel;
	struct wake *rang, *wake; /* wake: something of the next lines has changed */
	atomic_bool stop, allowed;
	atomic_uint rings;
	atomic_llong replay; /* the newest event heard of; stored before rings counts it */
	atomic_bool gap;
	/* the thread's own */
	struct http *http;
	struct oauth *oauth;
	struct bayeux talk;
	uint32_t chance;
	pthread_t thread;
	bool running;
	/* of the thread that runs the passes */
	bool loaded;
	bool answering;
	unsigned taken, covered; /* rings: of the pass under way, of the last that went well */
	long long taken_replay, stored_replay;
};

static bool silent(void *arg)
{
	const struct doorbell *d = arg;
	return atomic_load(&d->stop) || !atomic_load(&d->allowed);
}

/* ---- one exchange ---- */

static bool any(const struct http_reply *r)
{
	return true;
}

static enum err post(struct doorbell *d, enum bayeux_step step, int64_t patience, struct http_reply *out)
{
	AUTO_BUF body = BUF_INIT;
	bayeux_write(&body, step, d->talk.client, d->channel, d->talk.replay);
	TRY(buf_err(&body));
	struct http_request q = { .method = "POST",
		.url = PATH,
		.body = body.s,
		.body_len = body.n,
		.header = { "Content-Type: application/json", "Accept: application/json" },
		.wait_ms = patience };
	return oauth_request(d->oauth, &q, step == BAYEUX_GOODBYE ? any : sf_false_alarm, out);
}

/* An answer that is none of Bayeux is an error page, or the API's own words. */
static void read_reply(struct doorbell *d, const struct http_reply *in, struct bayeux_reply *out)
{
	struct sf_error e;
	if (bayeux_read(buf_str(&in->body), in->body.n, d->talk.step, d->channel, out) == ERR_OK)
		return;
	sf_read_error(buf_str(&in->body), in->body.n, in->status, &e);
	bool well = in->status >= 200 && in->status < 300;
	out->word = well ? BAYEUX_SILENT : bayeux_word_of(e.err);
	msg_set(out->msg, NULL, well ? "the answer makes no sense" : e.msg);
}

/* Whoever the token is of: nothing is done in his name here, and the pass looks who it is. */
static void ask(struct doorbell *d, struct bayeux_reply *out)
{
	AUTO_REPLY in = { 0 };
	if (d->talk.step == BAYEUX_HANDSHAKE)
		oauth_greet(d->oauth, true);
	enum err e = d->talk.renew ? oauth_renew(d->oauth) : ERR_OK;
	if (e == ERR_OK)
		e = post(d, d->talk.step, bayeux_patience(&d->talk), &in);
	if (e == ERR_OK) {
		read_reply(d, &in, out);
		return;
	}
	*out = (struct bayeux_reply){ .word = bayeux_word_of(e),
		.timeout_ms = -1,
		.replay = -1,
		.interval_ms = oauth_retry_ms(d->oauth) };
	msg_set(out->msg, NULL, oauth_message(d->oauth));
}

static void tell(struct doorbell *d, const struct bayeux_news *news)
{
	atomic_store(&d->replay, d->talk.replay);
	if (news->gap)
		atomic_store(&d->gap, true);
	if (!news->ring && !news->gap)
		return;
	atomic_fetch_add(&d->rings, 1);
	wake_ring(d->rang);
}

static void exchange(struct doorbell *d)
{
	struct bayeux_reply r;
	struct bayeux_news news;
	enum bayeux_step step = d->talk.step;
	int64_t began = clock_steady();
	ask(d, &r);
	if (silent(d))
		return; /* how it ended says nothing about the server */
	d->chance = d->chance * 1664525 + 1013904223;
	bayeux_next(&d->talk, &r, clock_steady() - began, d->chance >> 8, &news);
	tell(d, &news);
	if (r.word != BAYEUX_OK)
		log_info("no push for now why=%s wait_ms=%lld: %s", bayeux_word_name[r.word],
			(long long)d->talk.wait_ms, r.msg);
	else if (step == BAYEUX_SUBSCRIBE)
		log_info("listening channel=%s replay=%lld", d->channel, (long long)d->talk.replay);
}

/* ---- the thread ---- */

static void pause_ms(struct doorbell *d, int64_t ms)
{
	int64_t until = clock_steady() + ms;
	for (int64_t left = ms; left > 0 && !silent(d); left = until - clock_steady()) {
		uint64_t seen = wake_count(d->wake);
		if (!silent(d))
			wake_wait(d->wake, seen, left);
	}
}

static void wait_for_leave(struct doorbell *d)
{
	uint64_t seen = wake_count(d->wake);
	if (!atomic_load(&d->stop) && !atomic_load(&d->allowed))
		wake_wait(d->wake, seen, -1);
}

static void converse(struct doorbell *d)
{
	bayeux_begin(&d->talk, atomic_load(&d->replay));
	while (!silent(d)) {
		pause_ms(d, d->talk.wait_ms);
		if (!silent(d))
			exchange(d);
	}
}

/* Only where it may still talk, and with what is at hand. */
static void say_goodbye(struct doorbell *d)
{
	AUTO_REPLY in = { 0 };
	if (!d->talk.client[0] || !atomic_load(&d->allowed))
		return;
	http_set_stop(d->http, NULL, NULL);
	if (post(d, BAYEUX_GOODBYE, GOODBYE_MS, &in) != ERR_OK)
		log_dbg("no answer to the good-bye");
}

static void *run(void *arg)
{
	struct doorbell *d = arg;
	while (!atomic_load(&d->stop)) {
		wait_for_leave(d);
		converse(d);
	}
	say_goodbye(d);
	return NULL;
}

/* ---- from outside ---- */

static enum err start(struct doorbell *d, const struct config *c, const char *state_dir)
{
	d->wake = wake_create();
	d->http = http_create();
	if (!d->wake || !d->http)
		return ERR_NOMEM;
	http_keep_cookies(d->http);
	http_set_stop(d->http, silent, d);
	d->oauth = oauth_create(&c->remote[SIDE_SF], SIDE_SF, state_dir, d->http);
	if (!d->oauth)
		return ERR_NOMEM;
	oauth_set_stop(d->oauth, silent, d);
	d->running = !pthread_create(&d->thread, NULL, run, d);
	return d->running ? ERR_OK : ERR_NOMEM;
}

enum err doorbell_create(
	const struct config *c, const char *state_dir, struct wake *rang, struct doorbell **out)
{
	*out = NULL;
	if (!c->remote[SIDE_SF].push)
		return ERR_OK;
	struct doorbell *d = calloc(1, sizeof *d);
	if (!d)
		return ERR_NOMEM;
	d->channel = c->remote[SIDE_SF].push_channel;
	d->rang = rang;
	d->chance = (uint32_t)clock_steady() * 2654435761u;
	atomic_store(&d->replay, -1);
	enum err e = start(d, c, state_dir);
	if (e == ERR_OK)
		*out = d;
	else
		doorbell_destroy(d);
	return e;
}

static void nudge(struct doorbell *d)
{
	wake_ring(d->wake);
	http_wake(d->http);
}

void doorbell_destroy(struct doorbell *d)
{
	if (!d)
		return;
	atomic_store(&d->stop, true);
	if (d->running) {
		nudge(d);
		pthread_join(d->thread, NULL);
	}
	oauth_destroy(d->oauth);
	http_destroy(d->http);
	wake_destroy(d->wake);
	free(d);
}

/* ---- the passes ---- */

bool doorbell_rang(const struct doorbell *d)
{
	return d && atomic_load(&d->rings) != d->covered;
}

void doorbell_answer(struct doorbell *d, struct cycle *c)
{
	if (!d)
		return;
	d->answering = true;
	d->taken = atomic_load(&d->rings);
	d->taken_replay = atomic_load(&d->replay);
	if (atomic_exchange(&d->gap, false))
		c->check = true;
}

/* Another channel counts its events otherwise. */
static enum err load(struct doorbell *d, struct store *s)
{
	AUTO_FREE char *text = NULL;
	size_t n = strlen(d->channel);
	enum err e = store_meta(s, KEY, &text);
	if (e != ERR_OK && e != ERR_NOENT)
		return e;
	d->stored_replay = text && strncmp(text, d->channel, n) == 0 && text[n] == ' ' ? atoll(text + n) : -1;
	d->taken_replay = d->stored_replay;
	atomic_store(&d->replay, d->stored_replay);
	d->loaded = true;
	return ERR_OK;
}

static enum err save(struct doorbell *d, struct store *s)
{
	AUTO_BUF text = BUF_INIT;
	if (d->taken_replay == d->stored_replay)
		return ERR_OK;
	buf_printf(&text, "%s %lld", d->channel, d->taken_replay);
	TRY(buf_err(&text));
	TRY(store_meta_set(s, KEY, text.s));
	d->stored_replay = d->taken_replay;
	return ERR_OK;
}

static enum err settle(struct doorbell *d, struct cycle *c)
{
	if (!d->loaded)
		TRY(load(d, c->store));
	if (!d->answering)
		return ERR_OK;
	d->covered = d->taken;
	return save(d, c->store);
}

void doorbell_settle(struct doorbell *d, struct cycle *c, enum err e)
{
	if (!d)
		return;
	bool well = e == ERR_OK && !c->blocked && settle(d, c) == ERR_OK;
	d->answering = false;
	if (atomic_exchange(&d->allowed, well) != well)
		nudge(d);
}
