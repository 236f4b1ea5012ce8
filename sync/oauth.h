/*
 * oauth - where a remote's bearer token comes from: a command, or a token file in the state directory; and
 * the login that makes the file. Knows the token endpoint, nothing of tasks.
 *
 * Files (0600, looser is refused): salesforce.token, a JSON object { refresh_token, access_token,
 * instance_url, id }; salesconnect.token, the bare token. salesforce.lock: held while a token is refreshed,
 * so that only one process of the machine does it (an old refresh token used again revokes everything).
 */
#ifndef OAUTH_H
#define OAUTH_H

#include "config.h"
#include "http.h"
#include "task.h"

#define OAUTH_MSG 200

/* Belongs to one thread, as its http does; others of the same account may be at work beside it, here or
 * elsewhere. */
struct oauth;
/* All borrowed for its life. NULL: out of memory. */
struct oauth *oauth_create(
	const struct config_remote *c, enum side side, const char *state_dir, struct http *h);
void oauth_destroy(struct oauth *o);
/* While a command or the lock is waited for; as http_set_stop. */
void oauth_set_stop(struct oauth *o, bool (*stop)(void *), void *arg);
/* Where data calls go, without a trailing slash; known once a request was made; borrowed until the next. */
const char *oauth_base(const struct oauth *o);
/* With ERR_LIMIT, ERR_RETRY of the last request: how long the token endpoint wants to be left alone, ms; 0:
 * did not say. */
int64_t oauth_retry_ms(const struct oauth *o);
/* Why the last request failed, one line, safe; "" if it is not known here. */
const char *oauth_message(const struct oauth *o);

/*
 * http_request with the token. q->url is a path ("/services/data/..."), and one header place must be free.
 * When the server no longer takes the token (401; false_alarm, if given, says for which answers another token
 * would not help), one other is got and the request made once more: a second 401 is left to the caller as an
 * answer. Also ERR_AUTH: a login is needed.
 */
NODISCARD enum err oauth_request(struct oauth *o, const struct http_request *q,
	bool (*false_alarm)(const struct http_reply *), struct http_reply *out);

/*
 * A token that replaces a refused one may be another user's. Only a hello is made with it (between
 * oauth_greet(o, true) and oauth_greet(o, false)): any other request ends with ERR_AUTH, unsent, and
 * oauth_stranger says why. A hello also looks whether somebody logged in meanwhile.
 */
bool oauth_stranger(const struct oauth *o);
void oauth_greet(struct oauth *o, bool begin);

/* The server said in words of its own, not by a 401, that it does not take the token any more: get another
 * one for the next request. Errors as of oauth_request. */
NODISCARD enum err oauth_renew(struct oauth *o);

/* The login. Begin opens the loopback listener and makes the address for the browser. */
struct oauth_login {
	char *url;		/* to open */
	char *redirect;		/* http://localhost:PORT/callback, as registered with the client id */
	char *verifier;
	char *state;
	int fd;
};
void oauth_login_finish(struct oauth_login *l);
#define AUTO_LOGIN AUTO(oauth_login_finish) struct oauth_login
/* ERR_CONFIG: no client_id. ERR_BUSY: the port is taken. *out is overwritten unread; finish it in any case.
 */
NODISCARD enum err oauth_login_begin(const struct config_remote *c, struct oauth_login *out);
/* Blocks until the browser comes back. ERR_AUTH: the user or Salesforce said no (msg). ERR_OFFLINE: time is
 * up. */
NODISCARD enum err oauth_login_wait(struct oauth_login *l, int seconds, char **code, char msg[OAUTH_MSG]);
/* Exchange the code and write the token file. */
NODISCARD enum err oauth_login_complete(const struct oauth_login *l, const struct config_remote *c,
	const char *code, const char *state_dir, char msg[OAUTH_MSG]);
/*
 * For a login by pasting: keep what the user gives. salesconnect: a bare token. salesforce: a bare access
 * token, or JSON with access_token or refresh_token (and instance_url), or the sf program's own. ERR_INVAL:
 * none of these.
 */
NODISCARD enum err oauth_token_file(enum side side, const char *state_dir, const char *text);
/* Revoke what can be revoked (failing that is no error) and remove the file. ERR_NOENT: there was none. */
NODISCARD enum err oauth_logout(const struct config_remote *c, enum side side, const char *state_dir);

/* The rest is pure, for tests. */
struct oauth_token {
	char *access, *refresh, *instance, *id;		/* owned; NULL: not told */
};
void oauth_token_finish(struct oauth_token *t);
#define AUTO_TOKEN AUTO(oauth_token_finish) struct oauth_token
/* What a command printed or a file holds: JSON in any of the forms above, or a bare token. ERR_INVAL:
 * neither. */
NODISCARD enum err oauth_parse(const char *text, size_t n, struct oauth_token *out);
/* base64url(sha256(verifier)) */
NODISCARD enum err oauth_challenge(const char *verifier, struct buf *out);
/* Is this where the tokens of that login host may be sent? https and the same host or one of Salesforce's
 * domains; something on this machine only if the login host is, too. */
bool oauth_instance_ok(const char *login, const char *instance);
/* One value of a request line's query ("GET /callback?code=a HTTP/1.1"), decoded, owned; NULL: not there. */
char *oauth_query(const char *line, const char *name);

#endif
