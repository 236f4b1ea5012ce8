/*
 * cycle_p - what the parts of a pass share: cycle.c, pull.c, pull_alike.c, record.c, brake.c, settle.c,
 * push.c, send.c, parcel.c, join.c, join_choose.c, join_guess.c, order.c. Never included from elsewhere.
 * Times in here are the remote's clock unless a name says local.
 */
#ifndef CYCLE_P_H
#define CYCLE_P_H

#include "cycle.h"

struct links {			/* growing array, owned */
	struct link *l;
	size_t n;
	bool failed;		/* out of memory on the way */
};
void links_finish(struct links *l);
bool links_add(struct links *x, const struct link *l);	/* a copy; false: failed */
#define AUTO_LINKS AUTO(links_finish) struct links

struct ids {			/* growing array of remote ids, owned */
	char **id;
	size_t n;
};
NODISCARD enum err ids_add(struct ids *x, const char *id);
void ids_finish(struct ids *x);
#define AUTO_IDS AUTO(ids_finish) struct ids

struct lonely_list {		/* see lonely.c */
	struct lonely_one *one;
	size_t n, room;
	struct lonely_name *name;	/* that may be theirs, in order */
	size_t n_names, names_room;
	bool loaded;
	bool keyed;		/* some of them have keys */
};
void lonely_finish(struct lonely_list x[NSIDES]);

struct pass {
	struct cycle *c;
	struct store *s;
	struct remote *r;
	const struct remote_ops *ops;
	enum side side;
	int64_t local_now;
	int64_t now;		/* the remote's clock */
	char *template;		/* owned: the subject template in force; NULL: the default */
	char *store_id;		/* owned: tells this store's creates from another's */
	struct side_state state;	/* as stored */
	struct links doubt;	/* creates whose answer is not known, until adopted */
	int suspects;		/* calls that failed so far without an obvious reason */
	enum err broken;	/* why a whole call failed, */
	bool answered;		/* and whether any was answered */
	int64_t rebuilt;	/* the database was rebuilt then, in the remote's clock; 0: never */
	const struct page *page;	/* borrowed: the one whose records are taken; NULL: none */
	bool part;		/* and there are others of this pull, */
	bool first;		/* which is a first import */
	struct ids undecided;	/* of these: to be skipped (R8), unless they turn out to be a copy */
	struct lonely_list lonely[NSIDES];	/* who has no copy, once it was asked */
	int64_t first_at[NSIDES];	/* see pass_first_at; 0: was not asked, or there is none yet */
	bool touched;		/* something new was learnt in this pass */
	bool will_pull;		/* this pass has a pull */
	bool look_first;	/* a create waits for a pull */
	bool pulled;		/* everything that is new there has been seen in this pass */
};

/* ERR_BUSY once the owner wants to stop: asked before every request. */
NODISCARD enum err pass_go_on(struct pass *p);
/* The side that it is not of. */
enum side pass_other(const struct pass *p);
/* Ask the clock again. That it was set meanwhile changes nothing: the remote's goes on. */
void pass_tick(struct pass *p);
/* Who are we there, and what are the settings? Asked once an hour, or when hello_at is 0.
 * ERR_CONFIG: another account. */
NODISCARD enum err pass_greet(struct pass *p);
/* The same before news of Sales Connect are taken, if that was over a minute ago:
 * they may be its mirror's work (D7). */
NODISCARD enum err pass_greet_again(struct pass *p);
/* Small values of this side: name "mark" is "sf.mark". Get: *value NULL if there is none. */
NODISCARD enum err pass_get(struct pass *p, const char *name, char **value);
NODISCARD enum err pass_set(struct pass *p, const char *name, const char *value);
NODISCARD enum err pass_get_int(struct pass *p, const char *name, int64_t *value);	/* none: 0 */
NODISCARD enum err pass_set_int(struct pass *p, const char *name, int64_t value);
/* Does Salesforce keep the keys of creates? Then a copy there says of what it is one. */
NODISCARD enum err pass_keyed(struct pass *p, bool *yes);
/* When the first import of a side was done, on this machine's clock; 0: it is not. It never changes then. */
NODISCARD enum err pass_first_at(struct pass *p, enum side side, int64_t *at);
/* When did a pass begin that read all changes of that side (this machine's clock)? INT64_MAX: it is silent,
 * and has none. Only a look that was asked for is noted; 0: none yet. *since: since then they came one after
 * the other; who slept before that, as we perhaps did, was awake no sooner. */
NODISCARD enum err pass_looked(struct pass *p, enum side side, int64_t *at, int64_t *since);
NODISCARD enum err pass_ask_look(struct pass *p, enum side side);
NODISCARD enum err pass_put_state(struct pass *p);
NODISCARD enum err pass_load_doubt(struct pass *p);

/* pull.c: everything that changed there, page by page; resumes where it was cut off. */
NODISCARD enum err pull_all(struct pass *p);
/* After a rebuild: records whose partner is known and that no pull brought, as they are older than its
 * window; some a pass. */
NODISCARD enum err pull_partners(struct pass *p);
/* Has a pull been cut off? Then what we know of the remote is older than what we may
 * have sent: finish it first. */
NODISCARD enum err pull_unfinished(struct pass *p, bool *yes);
/* At a start, once a day, after switching on, after a long absence:
 * every linked record by its id (R19), some a pass. */
NODISCARD enum err pull_check(struct pass *p);
/* Read these again and merge: absent ones are away (D5). */
NODISCARD enum err pull_these(struct pass *p, const struct ids *ids);
/*
 * pull_alike.c: a new record that is as one we know. Who is reassigned or un-shared does not tell
 * (salesforce.md 0.5), or a subject was changed (R25), and another mount, that could not know the first, has
 * copied the task again. So look at the first before the second becomes a task that is copied in turn.
 * *freed: records that are to be read as new ones.
 */
NODISCARD enum err pull_alike(struct pass *p, const struct page *page, struct ids *freed);

/* record.c, record_new.c: one record meets the hub. All of it joins the caller's transaction. */
NODISCARD enum err record_take(struct pass *p, const struct remote_task *rt);
/* Deleted there: so it is here (D3, D4), at once. */
NODISCARD enum err record_bury(struct pass *p, struct link *l);
/* Completed there: so it is here. */
NODISCARD enum err record_complete(struct pass *p, struct link *l);
/* Reassigned, or no longer to be seen (D5). */
NODISCARD enum err record_away(struct pass *p, struct link *l, const char *why);
/* A create in doubt turns out to be this record. */
NODISCARD enum err record_adopt(struct pass *p, struct link *l, const struct remote_task *rt);
/* How like the record that the create in doubt made is this one? 0: it cannot be it. Fields that are as they
 * were sent, if it was made at that time; somebody may have edited others since. SAME or more: it has its
 * key, or all that was sent. Was that forgotten (sent_at 0), nothing less will do. Of several, for the same
 * person counts first. */
enum { UNLIKE = 0, SAME = 2 * TASK_NFIELDS + 1 };
NODISCARD enum err record_is_ours(struct pass *p, const struct link *l, const struct remote_task *rt,
	int *likeness);

/* brake.c (D6): deletions and completions told by the remote are done here, unless they are too many at once;
 * what was confirmed is. */
NODISCARD enum err brake_incoming(struct pass *p);
/* Too many deletions or completions made here at once are not sent. Before push_all. */
NODISCARD enum err brake_outgoing(struct pass *p);

/* settle.c: find out about creates in doubt; drop those that never happened. */
NODISCARD enum err settle_doubt(struct pass *p);
/* push.c: everything in the outbox that is due. */
NODISCARD enum err push_all(struct pass *p);

/*
 * join.c: two rows that are one task become one. Several mounts of one account know nothing of each other,
 * and whoever sees a task that has no copy on the other side makes it. How does the next one know the copy
 * again?
 *  - SF to SC: by the key (salesconnect.md), which is made of the record's id alone, so every mount's is the
 *    same: the answer is the record, or that the key was used for another text. Then it is asked again by the
 *    texts of what is there and has no copy: the right one answers what it is. That is proof; what remains is
 *    told in errors, shown twice and never copied. The vendor's mirror (D7) has no keys: what is younger than
 *    our record and the same in all fields is its copy. A key is remembered for a week: who comes to a copy
 *    that is older waits, and then goes by the looks.
 *  - SC to SF where the org has an external-id field: likewise, and the record shows its key to every mount,
 *    so that no other look counts where both are here (lonely_keyed; record_new.c, find_copy).
 *  - SC to SF else: there is no key. What is the same in all fields is it, if nothing else on either side has
 *    or had its name (record_new.c, find_twin). What is not is taken in as a task of its own, and before
 *    either is copied, with both sides read, the other is looked at: made by the account, for the same
 *    person, and the name and each field as they are or ever were: it is it. Which value is newer, the
 *    history of both tells; where it does not, it is a clash (D2). Deleted here meanwhile: the copy goes, too
 *    (D3).
 *  - The name alone, or a subject as the template makes it (one without a name makes all alike): perhaps.
 *    Then it waits for two idle polls (36 minutes), and until both sides were read after that, for whoever
 *    made the copy brings both in line by then, deletes it, or is no more. What has stood here unchanged for
 *    longer than that has had its time. How old it is says nothing: who made the copy may have slept as long
 *    as we did, so the time counts since we are awake. But for what the first import finds, old and the same
 *    in all fields on both sides: who has many of one name does not wait for them.
 *
 * Several that are alike. To join A's copy with B's task is worse than anything else here: what is deleted in
 * one mount's pair is deleted in another mount's other pair, and all are gone. Three rules keep all mounts'
 * pairs the same:
 *  1. Nobody joins where there is a choice, unless both sides have as many of that look, and of that name:
 *     else one is still to come, or to go, or to be edited. A deleted one counts as long as its copy may not
 *     know. Each must be the other's best (like.h), and what is perhaps the one's, too, must be like another:
 *     else both may have been edited since. Where Salesforce's is a colleague's, what was there long ago is
 *     no reason either: the one that is gone may have been another's original, so the key is asked first.
 *     Nor is it a choice for a deleted one that a living one looks less like it: that may have been changed
 *     since. And what may be the copy of a deleted one of ours waits for whoever made it.
 *  2. Where both have as many, and all are as like each, the first has the first, in the order of the
 *     records' ids, which are the same to everybody; each makes its copies in that order. But if a colleague
 *     made some of Salesforce's, and mounts the others, the keys of the former's copies are asked first.
 *  3. Pairs that were made one by one (a create that failed and was repeated) may be in another order:
 *     whenever a link is new, those whose records on this side show the same exchange them (order.c). As they
 *     show the same, nothing is lost by it, and no request is sent; as the order is that of the ids, every
 *     mount comes to the same one. Of those that we made in Sales Connect, what is yet to be made in
 *     Salesforce is the last there: while the first waits, who sees no more takes the copy of the second for
 *     its own. A record that is out of sight (D5) is the last one's, for who never saw it counts without it.
 *     But where Salesforce keeps keys, whoever has the key of the other's copy is its copy, as every mount
 *     can see; and so is what Sales Connect's key told. Nor do a task whose record in Salesforce is a
 *     colleague's and one whose record there a mount made: the key of the former's copy told. Two of
 *     different names (a template without one) do so only if neither was ever edited: who could tell the
 *     records apart once means the one that he edits. If nobody could, a colleague's edit between two polls
 *     may end in the other task. Only records of this pass's side are exchanged: the other side's thread may
 *     be sending; it does so when the joined task's turn comes.
 *
 * No mount ever deletes a copy of its own: to the others that would be a deletion of the task. Nor does a
 * deletion pass over what is only a guess (apart.h).
 * What remains without a key: two mounts that both make the copy within the same second or two; a task whose
 * subject a colleague changed, or that was copied under another template, before this mount saw it; and one
 * that waited in vain. They are copied twice, and a fuse ends the copying of copies (push.c). To take two
 * tasks for one would lose one of them; so it is never enough that they have a name, a day or a text in
 * common. Before a task is copied to this side, whose changes were all read just now: is a task that is
 * there, and that nobody has copied, perhaps it? JOIN_DONE: it was; there is nothing to be made. JOIN_WAIT:
 * nobody can tell yet.
 */
enum joined { JOIN_NONE, JOIN_DONE, JOIN_WAIT };
/* copied: there is one, for its key is taken.
 * late: whoever made one has had time to bring it in line, or to make another. */
NODISCARD enum err join_copy(struct pass *p, int64_t task, bool copied, bool late, enum joined *out);
/* join_choose.c: which one there is it? *copy: 0: none; with *wait, nobody can tell yet. */
NODISCARD enum err join_choose(
	struct pass *p, int64_t task, bool copied, bool late, int64_t *copy, bool *wait);
/*
 * echo.c: what another mount has copied though it is here already, as it could not know that. A task of Sales
 * Connect that has for a name what is a subject in Salesforce, and not the name, of a task that is on both
 * sides (R26); or a record of the account that has the subject of such a one. It came after that one, is for
 * the same person, and says in each field what that one says or said; or, if it has a key, that says so. It
 * is no third task: to copy it, too, would be answered by the other mount with a copy of that.
 */
NODISCARD enum err join_echo(struct pass *p, int64_t task, bool *yes);
/*
 * join_guess.c: the key of this task's copy is taken, and used again with the text it was made with it
 * answers what was made: that is proof. So it is asked for by what this one said first, and by what its own
 * system says without what was edited here; then whatever is there and has no copy, or was taken for another
 * one's for its looks, the most like first, by its own text; then, as it may have been edited since, by what
 * this one said first under its name. ERR_NOENT: there are not as many.
 */
NODISCARD enum err join_guess(struct pass *p, const struct task *of, int nth, struct task *text);
/* order.c: records that show the same are in the order in which every mount has them (rule 3). Joins the
 * caller's transaction. */
NODISCARD enum err order_alike(struct pass *p, int64_t task);
/* This record is out of sight from now on (D5), and so the last one's: who never saw it counts without it.
 * *l is read again. */
NODISCARD enum err order_away(struct pass *p, struct link *l);
/* The order of two ids, as they are given; NULL: it is yet to be made, so the last. */
bool order_before(const char *a, const char *b);
/* And so are two of one name of which each says what the other one's record on this side shows. */
NODISCARD enum err order_unswap(struct pass *p, int64_t task);
/* A task that is not on this side, but on the other, is this record for certain: that was made with this key.
 * Was it taken for another one's copy, or copied to there while this one's was out of sight (D5), that one
 * is a task of its own from now on, and nothing is deleted: to other mounts that may be the deletion of the
 * task. *joined: false if whoever has the record is on the other side, too, and deleted or out of sight. If
 * it is deleted, this one is (D3). */
NODISCARD enum err join_record(struct pass *p, int64_t task, const char *rid, const char *once, bool *joined);

/* parcel.c: a row of the outbox on its way. */
enum verb { VERB_NONE, VERB_WAIT, VERB_HELD, VERB_CREATE, VERB_UPDATE, VERB_REMOVE, NVERBS };
struct parcel {
	struct outgoing row;	/* seq 0: none, a create that is repeated */
	struct task task;	/* as it was read */
	struct task wire;	/* the same as the remote shall show it */
	struct link link;
	char *from;		/* of a create on its way: the other side's record; owned */
	uint32_t fields;
};
void parcel_finish(struct parcel *x);
#define AUTO_PARCEL AUTO(parcel_finish) struct parcel
/* As it stands now: the row names the task, no more. *x is empty before. */
NODISCARD enum err parcel_read(struct pass *p, const struct outgoing *row, struct parcel *x, enum verb *verb);
/* Is the task on the other side, or is its create there in doubt? */
enum elsewhere { ELSEWHERE_NOT, ELSEWHERE_IN_DOUBT, ELSEWHERE_KNOWN };
NODISCARD enum err parcel_elsewhere(struct pass *p, int64_t task, enum elsewhere *out);
/* Its create on the other side waited for this side:
 * for its record here, or for that to be in sight again (D5). */
NODISCARD enum err parcel_other_is_next(struct pass *p, int64_t task);
/* Does a record made with this key mirror the task? */
NODISCARD enum err parcel_is_key_of(struct pass *p, int64_t task, const char *once, bool *yes);
/* The key that a copy of this record has in the other system; looks like a UUID. */
enum { PARCEL_KEY = 40 };
NODISCARD enum err parcel_copy_key(struct pass *p, enum side side, const char *rid, char once[PARCEL_KEY]);
/* And is one the copy of this record of the other system? */
NODISCARD enum err parcel_is_copy_of(
	struct pass *p, enum side side, const char *rid, const char *once, bool *yes);
/* And did it, in any order in which the two systems may have been reached? *maybe:
 * the other one's record is not known. */
NODISCARD enum err parcel_may_be_key_of(struct pass *p, int64_t task, const char *once, bool *yes,
	bool *maybe);
/* A create in doubt as it was sent. */
NODISCARD enum err parcel_of_journal(struct pass *p, const struct link *l, struct parcel *x);
/* A create in doubt that may have been sent before the database's log was lost (sent_at 0): its key, and the
 * subject it would have had, in the link. */
NODISCARD enum err parcel_recall(struct pass *p, struct link *l);
/* The link's base and raw say that the remote has these fields of the parcel now. */
NODISCARD enum err parcel_agree(struct parcel *x, uint32_t fields);
/* The key of a create, in the link. The same attempt has the same key, also after a crash; and so has every
 * mount's attempt to copy a record of the other side, whatever it says by then. */
NODISCARD enum err parcel_key(struct pass *p, struct parcel *x);
/* It is sent with this text. */
NODISCARD enum err parcel_say(struct parcel *x, const struct task *text);
/* Replace an owned text. */
NODISCARD enum err replace_text(char **slot, const char *value);
/* The fields in which the hub differs from what the remote has, and which may be sent. */
uint32_t push_fields(const struct pass *p, const struct link *l, const struct task *hub);

#endif
