/*
 * errcode - the one list of what can go wrong, grouped by who can act.
 * Zero is fine. Translated at two edges only: fs (to errno) and sync (to a back-off).
 */
#ifndef ERRCODE_H
#define ERRCODE_H

#define NODISCARD __attribute__((warn_unused_result))

enum err {
	ERR_OK = 0,
	/* the request: whoever asked can ask differently */
	ERR_NOENT,	/* no such thing */
	ERR_EXIST,	/* the name is taken */
	ERR_PERM,	/* not a thing one does here */
	ERR_INVAL,	/* the text does not parse */
	ERR_TOOBIG,	/* title over 255 characters, details over 32,000 */
	ERR_UTF8,	/* not UTF-8, or a NUL inside */
	ERR_NAME,	/* file name too long */
	ERR_BUSY,	/* somebody else holds it; the same request may work later */
	/* this machine: the user's administrator can act */
	ERR_NOMEM,
	ERR_NOSPC,
	ERR_IO,
	ERR_CORRUPT,	/* the database is not what we wrote */
	ERR_NEWER,	/* the database was written by a newer remindfs */
	ERR_CONFIG,	/* the configuration does not make sense */
	/* a remote: time, a login or an edit can act */
	ERR_OFFLINE,	/* no answer, and certainly nothing was applied (not connected) */
	ERR_LOST,	/* sent, answer unknown: it may have been applied */
	ERR_AUTH,	/* a login is needed; nothing was applied */
	ERR_LIMIT,	/* out of quota: slow right down; nothing was applied */
	ERR_RETRY,	/* the remote says: later (503, lock); for a create it may have been applied */
	ERR_STALE,	/* the remote copy moved on: read, merge, try again */
	ERR_GONE,	/* the remote task is deleted */
	ERR_REFUSED,	/* the user must change the text first (validation) */
	ERR_DENIED,	/* no right to do this */
	ERR_PROTOCOL,	/* the answer makes no sense: our bug, theirs, or a proxy */
	/* the user: a confirmation can act */
	ERR_HELD,	/* one of many deletions or completions at once (D6): not sent until confirmed */
	ERR_N
};

/* A short lower-case text, "login needed"; static. */
const char *err_str(enum err e);

/* The one macro that hides a return. */
#define TRY(expr)                                                                                            \
	do {                                                                                                 \
		enum err try_err_ = (expr);                                                                  \
		if (try_err_ != ERR_OK)                                                                      \
			return try_err_;                                                                     \
	} while (0)

#endif
