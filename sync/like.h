/*
 * like - is one row perhaps the copy that another mount made of the other (join.c has the rules), and whose
 * values are the newer ones? Reads rows and decides; changes nothing.
 */
#ifndef LIKE_H
#define LIKE_H

#include "cycle_p.h"

#define SETTLED (36 * 60 * INT64_C(1000))	/* whoever made a copy has had two idle polls */
#define KEY_KEPT (6 * 86400 * INT64_C(1000))	/* of the 7 days that Sales Connect remembers a key */

struct past {			/* growing array, owned */
	struct said {
		enum field field;
		char *value;
	} *said;
	size_t n;
	bool renamed;		/* by a user here */
	uint32_t edited;	/* fields that are not as they came */
	bool failed;
};

struct half {			/* one of the two rows */
	struct task t;
	enum gone gone;
	struct link l;		/* the only one it has */
	struct past past;
	bool imported;		/* it came with the first import, and has not changed there since */
};

void like_finish(struct half *h);
#define AUTO_HALF AUTO(like_finish) struct half
/* side: where it has its link. *h is empty before. */
NODISCARD enum err like_load(struct pass *p, int64_t task, enum side side, struct half *h);
/* Did the row ever say this? */
bool like_said(const struct half *h, enum field f, const char *value);
/* What is nobody's else is not his. By name; NULL: nobody's. */
bool like_persons(const char *us, const char *them);
bool like_person(const struct task *a, const struct task *b);
/* Another word of Salesforce's, that does not cross (R8, R10), says nothing;
 * unless ours was changed since. */
bool like_foreign(const struct half *sf, enum field f);
/* What the record itself says in a field. */
const char *like_shown(const struct link *l, enum field f);
/* FOR_HIM is added where both name the same person, which is not edited and so tells more than any field. */
enum { MAYBE = -1, NO = 0, ALL_SAME = 1 + TASK_NFIELDS, FOR_HIM = ALL_SAME };
bool like_is_same(int score);	/* in all fields */
/*
 * Is the one a copy that a mount made of the other, and either was edited since? It is for the same person,
 * has a name the other has or had, and says in each field what the other says or ever said. Less is not
 * enough: two tasks of one name and two dates may be two, and to take two for one loses one of them, while to
 * take one for two shows it twice. *score: the more, the more alike. MAYBE: a name that both have or had
 * is all; then whoever made it brings both in line within his next polls.
 */
NODISCARD enum err like_score(struct pass *p, const struct half *sc, const struct half *sf, int *score);
/* The plain name is Sales Connect's; unless a mount that knew the subject only has copied it there (R26),
 * or it was changed here. Where the subject is the name, another one is a rename. */
bool like_name(const struct pass *p, const struct half *keep, const struct half *drop);
/* What both agreed on as the name, borrowed from sc: the name, however the subject differs (R26); or, where
 * that is still a former one's, the former one: it was changed since, and goes to Salesforce (R24). */
NODISCARD enum err like_agreed_name(
	struct pass *p, const struct half *sc, const struct half *sf, const char **out);
/*
 * Whose choice is the later one, where both records of a task came with one, and neither was the other's
 * before? > 0: a's; 0: nobody knows. As it was made, a record says what was chosen before that, and a change
 * of the other one is later.
 */
#define CHOICES (BIT(FIELD_STATUS) | BIT(FIELD_PRIORITY))	/* of two values: nobody's word tells */
struct chooser {
	const struct task *t;	/* borrowed */
	uint32_t edited;	/* fields that changed since it came; but for these */
	bool as_made;		/* it is as it was made */
};
struct chooser like_chooser(const struct half *h);
int like_later(const struct chooser *a, const struct chooser *b, enum field f);
bool like_as_made(const struct task *t);
/* Or perhaps not: the copy was made after that change, and its maker may have known it, and what its user
 * chose since; or have read the other one just before. He brings both in line. */
bool like_unsure(const struct chooser *a, const struct chooser *b);
/* The fields in which the row to be kept takes the other's value, and those in which nobody can tell (D2). */
NODISCARD enum err like_choose(struct pass *p, const struct half *keep, const struct half *drop,
	uint32_t *take, uint32_t *clash);

#endif
