/*
 * fake - a remote in memory: a table of records, a stream of changes, a clock. Two kinds: like Salesforce (its own words,
 * no idempotency keys, who reassigns vanishes from the stream) and like Sales Connect (keys, revisions).
 * Knows nothing of the engine; written against remote.h alone. Every request can be made to fail, see struct fault.
 */
#ifndef FAKE_H
#define FAKE_H

#include "remote.h"

#define FAKE_MAX 600

struct fake_record {
	char *id;
	char *word[TASK_NFIELDS];	/* as the remote puts it: "Not Started"; NULL: none */
	char *person;
	const char *campaign;		/* borrowed; NULL: of none */
	char *once;
	char *body;			/* what the create with that key said */
	int64_t created_at, changed_at;
	int revision;
	bool deleted, purged;		/* in the bin; out of it */
	bool ours;			/* the account's user made it */
	bool away;			/* another's now (D5) */
	bool hidden;			/* no longer visible to us */
	bool archived, master;
	uint32_t unknown;		/* fields we may not see */
};

enum how {			/* what happens to the request that is hit */
	LOSE_REQUEST,		/* never arrives, and we know: ERR_OFFLINE */
	LOSE_UNKNOWN,		/* never arrives, and we do not know: ERR_LOST */
	LOSE_REPLY,		/* is done, the answer is lost: ERR_LOST */
	KILL_BEFORE,		/* our process dies, the request was not sent */
	KILL_AFTER,		/* our process dies, the request is done */
	NHOW
};

struct fault {			/* shared by all remotes of a world */
	int at;			/* hit the at-th request from now; 0: none */
	enum how how;
	int seen;		/* requests since armed */
	bool fired;
	bool dead;		/* our process is no more: nothing goes out */
	void (*die)(void *arg);	/* called at the moment of death */
	void *arg;
};

struct fake {
	struct remote remote;	/* first */
	struct remote_ops ops;
	struct fault *fault;
	const int64_t *now;	/* the world's clock */
	int64_t skew;		/* this server's clock is so far ahead of it */
	struct fake_record rec[FAKE_MAX];
	size_t n;
	size_t page_size;
	/* settings that hello tells */
	const char *account, *template;
	bool mirror;
	/* what goes wrong */
	bool down;			/* ERR_OFFLINE for everything */
	bool auth;			/* ERR_AUTH for everything */
	const char *poison;		/* a title... */
	enum err poison_err;		/* ...and the answer to any write of it */
	bool poisons_call;		/* ...and no item of that call is answered; ERR_PROTOCOL unless told */
	enum err call_err;		/* the answer to any call that writes */
	bool bin_is_kept;		/* tombstones stay readable by id beyond memory_days */
	const char *next_account;	/* the next request finds another token, of this account's */
	bool forget_cursor;		/* the next page is refused: unknown cursor */
	void (*before_write)(void *arg);	/* somebody is faster: called once before a write is done */
	void (*during_pull)(void *arg);	/* called once while a page is asked for */
	void *arg;
	bool greeting;			/* private: a hello is being said */
	bool lose;			/* private: the answer of this call is to be lost */
	/* what was asked */
	int requests, hellos, pulls, fetches, finds, counts, creates, updates, removes;	/* calls */
	int fetched;			/* ids in all fetches */
	int items;			/* written items in all */
	uint32_t sent;			/* fields of all updates */
	int64_t first_now;		/* of the last first import */
	enum first_import first;
	int double_keys;		/* creates with a key that was known */
};

void fake_init(struct fake *f, enum side side, const int64_t *now, struct fault *fault);
void fake_finish(struct fake *f);
void fake_forget_counts(struct fake *f);
int fake_writes(const struct fake *f);	/* calls that write */

/* A colleague at work. word: the remote's own. */
struct fake_record *fake_add(struct fake *f, const char *title);
void fake_word(struct fake *f, struct fake_record *r, enum field field, const char *word);
void fake_delete(struct fake *f, struct fake_record *r);
void fake_away(struct fake *f, struct fake_record *r, bool away);
void fake_touch(struct fake *f, struct fake_record *r);	/* a new revision, nothing else */
struct fake_record *fake_titled(struct fake *f, const char *title);	/* live; NULL */
size_t fake_live(const struct fake *f);
const char *fake_word_of(struct fake *f, const char *title, enum field field);	/* "-": none; fails if no such task */

#endif
