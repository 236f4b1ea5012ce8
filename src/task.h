/*
 * task - one reminder task as plain values, and the table of its fields.
 * Knows nothing of files, databases or networks. Pure.
 *
 * The five fields of R3 are canonical UTF-8 text, so that merge, diff, render and bind are one loop each:
 *   title     1 to 255 characters, no line break; never NULL
 *   status    "open" or "complete" (R5)
 *   priority  "normal" or "high" (R9)
 *   due       "YYYY-MM-DD" or NULL: a calendar date, no zone (R11)
 *   details   up to 32,000 characters, LF line ends, or NULL; never ""
 * NULL means no value, also when cleared on purpose; which fields a call speaks of is a mask of BIT(FIELD_x).
 * The facts beside them never cross by an update (R3: set once on create, or known to one side only).
 */
#ifndef TASK_H
#define TASK_H

#include "auto.h"
#include "errcode.h"
#include <stdbool.h>
#include <stdint.h>

#define BIT(n) (1u << (n))

/* The two systems, and ourselves. Loops over remotes run from SIDE_SC to NSIDES. */
enum side { SIDE_LOCAL, SIDE_SC, SIDE_SF, NSIDES };
extern const char *const side_name[NSIDES];	/* "local", "salesconnect", "salesforce" */

enum field { FIELD_TITLE, FIELD_STATUS, FIELD_PRIORITY, FIELD_DUE, FIELD_DETAILS, TASK_NFIELDS };
#define FIELDS_ALL (BIT(TASK_NFIELDS) - 1)

enum fact {
	FACT_PERSON,		/* "Bob Müller" */
	FACT_EMAIL,		/* "bob@example.test" */
	FACT_SC_PERSON,		/* SC person id, decimal */
	FACT_SF_WHO,		/* SF Contact or Lead id, 18 characters */
	FACT_TYPE,		/* "email", "call", "inmail", "custom" (R27) */
	FACT_CAMPAIGN,		/* campaign name */
	FACT_CAMPAIGN_DAY,	/* decimal */
	FACT_CAMPAIGN_STEP,	/* decimal */
	TASK_NFACTS
};

#define TASK_OPEN "open"
#define TASK_COMPLETE "complete"
#define TASK_NORMAL "normal"
#define TASK_HIGH "high"
#define TASK_TITLE_MAX 255	/* characters (code points) */
#define TASK_DETAILS_MAX 32000	/* characters */

struct field_def {
	const char *name;	/* "title": column, log, JSON */
	const char *label;	/* "Title": the file's head; NULL: not in the head */
	const char *initial;	/* a new task's value; NULL: none */
};
extern const struct field_def task_field[TASK_NFIELDS];
extern const char *const task_fact[TASK_NFACTS];	/* "person", "email", "sc_person", "sf_who", "type",
							 * ... */

#define TASK_NTYPES 4
struct type_def {
	const char *name;	/* "inmail": the fact */
	const char *label;	/* "InMail": the file and the subject */
};
extern const struct type_def task_type[TASK_NTYPES];

struct task {
	int64_t id;			/* row id; 0: not stored yet */
	char *field[TASK_NFIELDS];	/* owned */
	char *fact[TASK_NFACTS];	/* owned; NULL: unknown */
	char *name;			/* file name, unique among live tasks; owned; the store's business */
	int64_t created_at;		/* ms since 1970 UTC */
	int64_t changed_at;		/* ms: last real change of content on any side, never an echo: the
					 * mtime */
	uint32_t born;			/* BIT(side): may still be created there (R14, R15);
					 * the store's business */
};
#define TASK_INIT ((struct task){ 0 })

/* Replace one value; a copy is made, "" counts as NULL. ERR_NOMEM leaves the old value. */
NODISCARD enum err task_set(struct task *t, enum field f, const char *value);
NODISCARD enum err task_set_fact(struct task *t, enum fact f, const char *value);
/* Copy everything; *to is overwritten unread; on failure it is empty. */
NODISCARD enum err task_copy(struct task *to, const struct task *from);
/* Which of the given fields are not the same, letter by letter. */
uint32_t task_diff(const struct task *a, const struct task *b, uint32_t fields);
/* Set every missing field to its initial value (title "Untitled"). */
NODISCARD enum err task_fill(struct task *t);
bool task_is_open(const struct task *t);
void task_finish(struct task *t);
#define AUTO_TASK AUTO(task_finish) struct task

/*
 * The same to the sync: line ends and trailing white space do not count, "" is NULL. Salesforce trims what it
 * stores, so a stricter comparison would see a change in every echo (salesforce.md 1).
 */
bool field_same(const char *a, const char *b);

#endif
