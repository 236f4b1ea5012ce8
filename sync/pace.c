#include "pace.h"

#define MINUTE (60 * INT64_C(1000))

/* The first wait, doubled to the last. Where nothing is said: time alone may help, as with a network. */
static const struct {
	int64_t first, last;
} wait[ERR_N] = {
	[ERR_AUTH] = { 5 * MINUTE, 5 * MINUTE },	/* until a login, and that kicks */
	[ERR_LIMIT] = { 15 * MINUTE, 15 * MINUTE },
	[ERR_CONFIG] = { 5 * MINUTE, 5 * MINUTE },
	[ERR_CORRUPT] = { 15 * MINUTE, 15 * MINUTE },
	[ERR_NEWER] = { 15 * MINUTE, 15 * MINUTE },
	[ERR_DENIED] = { 5 * MINUTE, 15 * MINUTE },
};
#define FIRST INT64_C(5000)
#define LAST (5 * MINUTE)

int64_t pace_jitter(int64_t ms, uint32_t chance)
{
	return ms - ms / 5 + ms * 2 / 5 * (chance & 1023) / 1023;
}

int64_t pace_backoff(enum err e, int fails, int64_t retry_ms, uint32_t chance)
{
	bool own = wait[e].first && !retry_ms;	/* a remote that says how long is believed */
	int64_t first = own ? wait[e].first : FIRST, last = own ? wait[e].last : LAST;
	int doublings = fails < 1 ? 0 : fails > 12 ? 11 : fails - 1;
	if (e == ERR_BUSY)
		return -1;
	int64_t ms = first << doublings;
	ms = pace_jitter(ms < last ? ms : last, chance);
	return ms > retry_ms ? ms : retry_ms;
}

int64_t pace_bell(int64_t paid)
{
	return paid - (PACE_BELL_BURST - 1) * PACE_BELL_MS;
}

int64_t pace_bell_pay(int64_t paid, int64_t now)
{
	return (paid > now ? paid : now) + PACE_BELL_MS;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

enum pace pace_next(const struct pace_view *v, int64_t *wait_ms)
{
	int64_t full = later(v->full_at, v->hold_until);
	int64_t push = v->outbox_ms < 0 || v->blocked ? INT64_MAX :
		later(later(v->now + v->outbox_ms, v->push_after), v->hold_until);
	int64_t next = full < push ? full : push;
	*wait_ms = next > v->now ? next - v->now : 0;
	if (v->kicked || full <= v->now)
		return PACE_FULL;
	return push <= v->now ? PACE_PUSH : PACE_WAIT;
}
