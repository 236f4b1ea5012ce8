/*
 * remote_p - what the two bodies of remote.h share. Inside sync/salesforce.c, sync/salesconnect.c.
 */
#ifndef REMOTE_P_H
#define REMOTE_P_H

#include "remote.h"

#define MSG_LEN 200

/* Replace an owned text by a copy. */
NODISCARD enum err str_put(char **to, const char *s);
/*
 * One field as it came from a stranger. theirs is kept as raw where remote.h asks for it; ours is the same in
 * our words (the same pointer where there is nothing to translate): a title becomes one line and is never
 * empty, details get LF, lengths are cut, a due date that is none is unknown.
 */
NODISCARD enum err remote_set(struct remote_task *r, enum field f, const char *theirs, const char *ours);

/* "code: text" as one line that is safe on a terminal, cut at a character. Either may be NULL. */
void msg_set(char out[MSG_LEN], const char *code, const char *text);
/* A remote's error code, for the log and to be compared: letters, digits, "_", "-" and ".";
 * "": it is none. */
#define CODE_LEN 64
void code_set(char out[CODE_LEN], const char *code);
/* From item i on nothing was sent, because of e, which item i itself met: the others have ERR_BUSY, or e
 * where it is true of them all. ERR_OK if anything was answered before, or if e may be item i's own fault. */
enum err items_give_up(struct item *it, size_t n, size_t i, enum err e);
/* Is it an error that says something about one item, rather than about the whole conversation? */
bool err_of_item(enum err e);
/* A read applies nothing: a lost answer is as good as no connection. */
enum err err_of_read(enum err e);

#endif
