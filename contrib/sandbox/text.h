/* Memory and text for one request.
 *
 * Everything handed out here lives until pool_reset(), which the HTTP side calls when a request has been
 * answered; nobody frees anything in between. Callers hold the world lock (http.h), so there is one pool.
 * Out of memory ends the program: this is a test double, not a mount.
 */
#ifndef SANDBOX_TEXT_H
#define SANDBOX_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *pool_alloc(size_t size); /* zeroed */
void *pool_realloc(void *old, size_t size);
void pool_ignore(void *); /* a free() that leaves it to pool_reset() */
void pool_reset(void);

char *keep(const char *s); /* NULL stays NULL */
char *keepn(const char *s, size_t len);
char *fmt(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Growing text; always terminated, {0} is empty. */
struct text {
	char *s;
	size_t len, size;
};

void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t len);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_json(struct text *t, const char *s); /* as a JSON string, NULL as null */
const char *text_str(const struct text *t);    /* never NULL */

char *url_decode(const char *s, size_t len, bool plus_is_space);
size_t utf8_length(const char *s); /* in characters */
bool utf8_valid(const char *s, size_t len);
char *trim_end(const char *s);
void hex_random(char *out, size_t chars); /* chars hex digits and a NUL */

#endif
