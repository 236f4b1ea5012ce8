#include "rules.h"
#include "subject.h"

/* Fields that always have a value: where a record has none, its word is not one of ours. */
#define ALWAYS (BIT(FIELD_TITLE) | BIT(FIELD_STATUS) | BIT(FIELD_PRIORITY))

static const uint32_t never_read[NSIDES] = {
	[SIDE_SF] = BIT(FIELD_TITLE),	/* R25 */
};

static const uint32_t sent_by_template[NSIDES] = {
	[SIDE_SF] = BIT(FIELD_TITLE),	/* R24 */
};

static const uint32_t own_facts[NSIDES] = {
	[SIDE_SC] = BIT(FACT_SC_PERSON) | BIT(FACT_TYPE) | BIT(FACT_CAMPAIGN) | BIT(FACT_CAMPAIGN_DAY) |
		BIT(FACT_CAMPAIGN_STEP),
	[SIDE_SF] = BIT(FACT_SF_WHO),
};

uint32_t rules_silent(enum side side, const struct remote_task *theirs)
{
	uint32_t silent = never_read[side] | theirs->unknown;
	for (int f = 0; f < TASK_NFIELDS; f++)
		if ((ALWAYS & BIT(f)) && !theirs->t.field[f])
			silent |= BIT(f);
	return silent;
}

uint32_t rules_may_push(enum side side, const char *template)
{
	return subject_has_title(template) ? FIELDS_ALL : FIELDS_ALL & ~sent_by_template[side];
}

uint32_t rules_facts(enum side side, const struct task *ours, const struct task *theirs)
{
	uint32_t take = 0;
	for (int f = 0; f < TASK_NFACTS; f++) {
		bool may = (own_facts[side] & BIT(f)) || !ours->fact[f];
		if (may && theirs->fact[f] && !str_eq(ours->fact[f], theirs->fact[f]))
			take |= BIT(f);
	}
	return take;
}

bool rules_import(const struct remote_task *theirs)
{
	return !theirs->deleted && theirs->mine && !theirs->master;
}

bool rules_skip(const struct remote_task *theirs, const struct config *c)
{
	return c->other_values_skip && !theirs->once && !theirs->t.field[FIELD_STATUS] &&
		!(theirs->unknown & BIT(FIELD_STATUS));
}

enum err rules_hub(const struct remote_task *theirs, struct task *out)
{
	TRY(task_copy(out, &theirs->t));
	enum err e = task_fill(out);
	if (e != ERR_OK)
		task_finish(out);
	return e;
}

bool rules_mass(int64_t n, int64_t linked)
{
	return n > 10 && n * 4 > linked;
}

bool rules_theirs_wins(const enum side order[NSIDES], enum side ours, enum side theirs)
{
	if (ours == theirs)
		return true;	/* its own later word */
	for (int i = 0; i < NSIDES; i++)
		if (order[i] == ours || order[i] == theirs)
			return order[i] == theirs;
	return false;
}
