#include "bayeux.h"
#include "pace.h"
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define TIMEOUT_MS (110 * SECOND) /* Salesforce's own */
#define TIMEOUT_MAX (10 * MINUTE)
#define INTERVAL_MAX HOUR

/* What a word of trouble leads to: the handshake, after first, doubled each time up to last. */
static const struct {
	bool at_once; /* the first time without a wait */
	bool renew;
	int64_t first, last;
} plan[BAYEUX_NWORDS] = {
	[BAYEUX_SILENT] = { .first = 5 * SECOND, .last = 5 * MINUTE },
	[BAYEUX_UNKNOWN] = { .at_once = true, .first = 5 * SECOND, .last = 5 * MINUTE },
	[BAYEUX_TOKEN] = { .at_once = true, .renew = true, .first = MINUTE, .last = 15 * MINUTE },
	[BAYEUX_REPLAY] = { .at_once = true, .first = MINUTE, .last = HOUR },
	[BAYEUX_LIMIT] = { .first = 15 * MINUTE, .last = 4 * HOUR },
	[BAYEUX_DENIED] = { .first = HOUR, .last = 24 * HOUR },
	[BAYEUX_BUSY] = { .first = MINUTE, .last = 15 * MINUTE },
};

static const enum bayeux_step after[BAYEUX_NSTEPS] = {
	[BAYEUX_HANDSHAKE] = BAYEUX_FIRST,
	[BAYEUX_FIRST] = BAYEUX_SUBSCRIBE,
	[BAYEUX_SUBSCRIBE] = BAYEUX_CONNECT,
	[BAYEUX_CONNECT] = BAYEUX_CONNECT,
};

void bayeux_begin(struct bayeux *b, int64_t replay)
{
	*b = (struct bayeux){ .step = BAYEUX_HANDSHAKE, .replay = replay, .timeout_ms = TIMEOUT_MS };
}

static int64_t within(int64_t ms, int64_t max)
{
	return ms < max ? ms : max;
}

static int64_t back_off(struct bayeux *b, enum bayeux_word word, uint32_t chance)
{
	int n = ++b->fails[word] - plan[word].at_once;
	int64_t ms = n ? plan[word].first << (n < 16 ? n - 1 : 15) : 0;
	return pace_jitter(within(ms, plan[word].last), chance);
}

static void fail(struct bayeux *b, const struct bayeux_reply *r, uint32_t chance, struct bayeux_news *news)
{
	bool at_hand = r->word == BAYEUX_REPLAY && b->step == BAYEUX_SUBSCRIBE && b->replay != -1;
	b->wait_ms = back_off(b, r->word, chance);
	b->renew = plan[r->word].renew;
	if (r->word == BAYEUX_REPLAY) {
		b->replay = -1;
		news->gap = true;
	}
	if (at_hand)
		return;
	b->step = BAYEUX_HANDSHAKE;
	b->client[0] = '\0';
}

/* A subscription from now on may come just behind an event. */
static void succeed(struct bayeux *b, const struct bayeux_reply *r, int64_t took_ms, struct bayeux_news *news)
{
	bool connect = b->step == BAYEUX_CONNECT;
	b->wait_ms = connect && !r->events && took_ms < BAYEUX_EMPTY_MS ? 5 * SECOND : 0;
	if (b->step == BAYEUX_HANDSHAKE)
		memcpy(b->client, r->client, sizeof b->client);
	if (b->step == BAYEUX_SUBSCRIBE && b->replay == -1)
		news->ring = true;
	if (connect)
		memset(b->fails, 0, sizeof b->fails);
	b->step = after[b->step];
}

void bayeux_next(struct bayeux *b, const struct bayeux_reply *r, int64_t took_ms, uint32_t chance,
	struct bayeux_news *news)
{
	*news = (struct bayeux_news){ .ring = r->events };
	b->renew = false;
	if (r->replay > b->replay)
		b->replay = r->replay;
	if (r->timeout_ms > 0)
		b->timeout_ms = within(r->timeout_ms, TIMEOUT_MAX);
	if (r->word == BAYEUX_OK)
		succeed(b, r, took_ms, news);
	else
		fail(b, r, chance, news);
	if (r->interval_ms > b->wait_ms)
		b->wait_ms = within(r->interval_ms, INTERVAL_MAX);
}

int64_t bayeux_patience(const struct bayeux *b)
{
	return b->step == BAYEUX_CONNECT ? b->timeout_ms + BAYEUX_PATIENCE_MS : 0;
}
