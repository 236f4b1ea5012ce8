#include "task.h"
#include "buf.h"
#include <string.h>

const char *const side_name[NSIDES] = { "local", "salesconnect", "salesforce" };

const struct field_def task_field[TASK_NFIELDS] = {
	[FIELD_TITLE] = { "title", "Title", "Untitled" },
	[FIELD_STATUS] = { "status", NULL, TASK_OPEN },
	[FIELD_PRIORITY] = { "priority", "Priority", TASK_NORMAL },
	[FIELD_DUE] = { "due", "Due", NULL },
	[FIELD_DETAILS] = { "details", NULL, NULL },
};

const char *const task_fact[TASK_NFACTS] = {
	[FACT_PERSON] = "person",
	[FACT_EMAIL] = "email",
	[FACT_SC_PERSON] = "sc_person",
	[FACT_SF_WHO] = "sf_who",
	[FACT_TYPE] = "type",
	[FACT_CAMPAIGN] = "campaign",
	[FACT_CAMPAIGN_DAY] = "campaign_day",
	[FACT_CAMPAIGN_STEP] = "campaign_step",
};

const struct type_def task_type[TASK_NTYPES] = {
	{ "email", "Email" },
	{ "call", "Call" },
	{ "inmail", "InMail" },
	{ "custom", "Custom" },
};

static enum err replace(char **slot, const char *value)
{
	bool ok = true;
	char *copy = str_dup(value && *value ? value : NULL, &ok);
	if (!ok)
		return ERR_NOMEM;
	free(*slot);
	*slot = copy;
	return ERR_OK;
}

enum err task_set(struct task *t, enum field f, const char *value)
{
	return replace(&t->field[f], value);
}

enum err task_set_fact(struct task *t, enum fact f, const char *value)
{
	return replace(&t->fact[f], value);
}

enum err task_copy(struct task *to, const struct task *from)
{
	bool ok = true;
	*to = *from;
	for (int f = 0; f < TASK_NFIELDS; f++)
		to->field[f] = str_dup(from->field[f], &ok);
	for (int f = 0; f < TASK_NFACTS; f++)
		to->fact[f] = str_dup(from->fact[f], &ok);
	to->name = str_dup(from->name, &ok);
	if (ok)
		return ERR_OK;
	task_finish(to);
	return ERR_NOMEM;
}

uint32_t task_diff(const struct task *a, const struct task *b, uint32_t fields)
{
	uint32_t diff = 0;
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!str_eq(a->field[f], b->field[f]))
			diff |= BIT(f);
	return diff & fields;
}

enum err task_fill(struct task *t)
{
	for (int f = 0; f < TASK_NFIELDS; f++)
		if (!t->field[f])
			TRY(replace(&t->field[f], task_field[f].initial));
	return ERR_OK;
}

bool task_is_open(const struct task *t)
{
	return !str_eq(t->field[FIELD_STATUS], TASK_COMPLETE);
}

void task_finish(struct task *t)
{
	for (int f = 0; f < TASK_NFIELDS; f++)
		free(t->field[f]);
	for (int f = 0; f < TASK_NFACTS; f++)
		free(t->fact[f]);
	free(t->name);
	*t = TASK_INIT;
}

/* Length without the white space at the end. */
static size_t trimmed(const char *s)
{
	size_t n = strlen(s);
	while (n && strchr(" \t\n\v\f\r", s[n - 1]))
		n--;
	return n;
}

/* The next byte with CRLF and a lone CR read as LF; -1 at the end. */
static int next_byte(const char **p, const char *end)
{
	if (*p == end)
		return -1;
	char c = *(*p)++;
	if (c != '\r')
		return (unsigned char)c;
	if (*p < end && **p == '\n')
		(*p)++;
	return '\n';
}

bool field_same(const char *a, const char *b)
{
	a = a ? a : "";
	b = b ? b : "";
	const char *a_end = a + trimmed(a), *b_end = b + trimmed(b);
	int c;
	do {
		c = next_byte(&a, a_end);
		if (c != next_byte(&b, b_end))
			return false;
	} while (c >= 0);
	return true;
}
