/*
 * oauth_p - inside oauth: the token file and the token endpoint.
 */
#ifndef OAUTH_P_H
#define OAUTH_P_H

#include "oauth.h"

#define OAUTH_LOGIN_URL "https://login.salesforce.com"

char *token_path(enum side side, const char *state_dir, const char *suffix);
/* ERR_NOENT, ERR_PERM (others may read it), ERR_IO, ERR_INVAL. */
NODISCARD enum err token_read(const char *path, struct oauth_token *out);

/* A new token file whose room is taken before the token exists: once the server has handed it out, the old
 * one is dead. */
struct token_draft {
	const char *path;	/* borrowed */
	char *temp;
	int fd;
};
NODISCARD enum err token_draft_begin(struct token_draft *d, const char *path);
/* Write, sync, put in place, sync the directory. */
NODISCARD enum err token_draft_commit(struct token_draft *d, const char *text, size_t n);
void token_draft_finish(struct token_draft *d);
#define AUTO_DRAFT AUTO(token_draft_finish) struct token_draft

/* The file's text. */
void token_json(struct buf *b, const struct oauth_token *t);
void secret_finish(struct buf *b);	/* wipe and free */
#define AUTO_SECRET AUTO(secret_finish) struct buf

/* "name=value&", escaped; NULL: nothing. */
void form_add(struct buf *b, const char *name, const char *value);
/* The login host, without a trailing slash; ERR_NOMEM in b. */
void login_host(struct buf *b, const struct config_remote *c);
/* Adds client_secret, if a command for it is configured. */
NODISCARD enum err form_secret(
	struct buf *form, const struct config_remote *c, bool (*stop)(void *), void *arg);
/*
 * One POST to the token endpoint. ERR_LOST: the token may be used up. ERR_AUTH: refused for good.
 * ERR_OFFLINE, ERR_LIMIT, ERR_RETRY.
 */
NODISCARD enum err token_post(struct http *h, const struct config_remote *c, const struct buf *form,
	struct oauth_token *out, int64_t *retry_ms, char msg[OAUTH_MSG]);

#endif
