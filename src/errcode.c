#include "errcode.h"

static const char *const text[ERR_N] = {
	[ERR_OK] = "ok",
	[ERR_NOENT] = "no such thing",
	[ERR_EXIST] = "name taken",
	[ERR_PERM] = "not permitted here",
	[ERR_INVAL] = "does not parse",
	[ERR_TOOBIG] = "too long",
	[ERR_UTF8] = "not UTF-8 text",
	[ERR_NAME] = "file name too long",
	[ERR_BUSY] = "busy",
	[ERR_NOMEM] = "out of memory",
	[ERR_NOSPC] = "disk full",
	[ERR_IO] = "input/output error",
	[ERR_CORRUPT] = "database damaged",
	[ERR_NEWER] = "database written by a newer remindfs",
	[ERR_CONFIG] = "configuration makes no sense",
	[ERR_OFFLINE] = "offline",
	[ERR_LOST] = "answer lost",
	[ERR_AUTH] = "login needed",
	[ERR_LIMIT] = "out of quota",
	[ERR_RETRY] = "remote asks to try later",
	[ERR_STALE] = "remote copy changed meanwhile",
	[ERR_GONE] = "remote task deleted",
	[ERR_REFUSED] = "refused by the remote",
	[ERR_DENIED] = "no right to do this",
	[ERR_PROTOCOL] = "answer makes no sense",
	[ERR_HELD] = "one of many at once",
};

const char *err_str(enum err e)
{
	return (unsigned)e < ERR_N && text[e] ? text[e] : "unknown error";
}
