/*
 * sandbox - the real sandbox program on a free port, and the hand behind it. One for a test program; each
 * test begins with empty systems, a token file of its own and a fresh remote.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "config.h"
#include "http.h"
#include "remote.h"
#include <stdbool.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define assert_ok(e) assert_string_equal(err_str(e), err_str(ERR_OK))
#define assert_err(e, want) assert_string_equal(err_str(e), err_str(want))
#define assert_same(a, b) same_((a), (b), __FILE__, __LINE__)
void same_(const char *a, const char *b, const char *file, int line);

struct sandbox {
	pid_t pid;
	char url[64];
	char dir[64];		/* the state directory */
	struct http *http;	/* for the hand */
	struct config c;	/* both remotes at this sandbox; SC by token file, SF by refresh token */
	long long seen;		/* log number up to which requests were looked at */
};
extern struct sandbox box;

int sandbox_start(void **state);	/* group setup */
int sandbox_stop(void **state);		/* group teardown */
int sandbox_clean(void **state);	/* before each test: empty systems, fresh files */
int sandbox_tidy(void **state);		/* after it */
/* The hand: any path below /sandbox; the test fails unless the answer is 2xx. The answer, until the next
 * call. */
const char *hand(const char *method, const char *path, const char *body);
void fault(const char *name, int count, const char *match);
/* How many requests since the last call had "METHOD /path" in them; match "" counts all. */
int asked(const char *match);
/* A text member of the last answer by path; borrowed until the next call. */
const char *told(const char *path);
/* Make the next SF remote use the fixed access token. */
void fixed_token(void);

/* A record of a page by its id or title; the test fails if there is none. */
struct remote_task *record(struct page *p, const char *id_or_title);
/* All pages of a pull. mark NULL: first import. The new mark goes to *mark, if that is wanted. */
enum err read_pages(
	struct remote *r, const char *mark, enum first_import first, struct page *out, char **new_mark);

static inline void remote_auto(struct remote **r)
{
	remote_destroy(*r);
}
#define AUTO_REMOTE AUTO(remote_auto) struct remote *
static inline void item_auto(struct item *i)
{
	item_finish(i);
}
#define AUTO_ITEM AUTO(item_auto) struct item

#endif
