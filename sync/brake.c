#include "cycle_p.h"
#include "log.h"
#include "rules.h"
#include <stdio.h>

#define LOG_MODULE "brake"
#define LINKS_PER_TX 100

static const char *const held[NMASS] = {
	[MASS_DELETE] = "deletions",
	[MASS_COMPLETE] = "completions",
	[MASS_DELETED] = "deletions there",
	[MASS_COMPLETED] = "completions there",
};

static enum err judge(struct pass *p, enum mass_kind what, const struct mass *m)
{
	char msg[200];
	int64_t linked;
	if (!m->fresh)
		return ERR_OK;
	TRY(store_linked(p->s, p->side, &linked));
	if (!rules_mass(m->fresh + m->held, linked))
		return ERR_OK;
	snprintf(msg, sizeof(msg), "one of %lld %s at once, nothing was sent; do it: remindfs "
		"confirm-deletes; take it back: remindfs take-back", (long long)(m->fresh + m->held),
		held[what]);
	log_warn("side=%s held n=%lld %s linked=%lld", side_name[p->side], (long long)m->fresh, held[what],
		(long long)linked);
	return store_mass_hold(p->s, p->side, what, msg, p->local_now);
}

enum err brake_outgoing(struct pass *p)
{
	struct mass m[NMASS];
	TRY(store_mass(p->s, p->side, m));
	TRY(judge(p, MASS_DELETE, &m[MASS_DELETE]));
	return judge(p, MASS_COMPLETE, &m[MASS_COMPLETE]);
}

static bool keep_doomed(void *arg, const struct link *l)
{
	struct links *x = arg;
	if (l->doom == DOOM_HELD)
		return true;
	return links_add(x, l) && x->n < LINKS_PER_TX;
}

static enum err carry_out(struct pass *p, struct links *x)
{
	AUTO_TX tx = { 0 };
	TRY(tx_begin(p->s, &tx));
	for (size_t i = 0; i < x->n; i++)
		TRY(x->l[i].completed ? record_complete(p, &x->l[i]) : record_bury(p, &x->l[i]));
	return tx_commit(&tx);
}

enum err brake_incoming(struct pass *p)
{
	struct mass m[NMASS];
	size_t n;
	TRY(store_mass(p->s, p->side, m));
	TRY(judge(p, MASS_DELETED, &m[MASS_DELETED]));
	TRY(judge(p, MASS_COMPLETED, &m[MASS_COMPLETED]));
	do {
		AUTO_LINKS x = { 0 };
		TRY(store_links_doomed(p->s, p->side, keep_doomed, &x));
		if (x.failed)
			return ERR_NOMEM;
		n = x.n;
		if (n)
			TRY(carry_out(p, &x));
	} while (n == LINKS_PER_TX);
	return ERR_OK;
}
