/*
 * config_p - inside config: config_keys.c knows the sections, their keys and what a value may be; config.c
 * reads the lines. Pure. No message repeats what may be a secret.
 */
#ifndef CONFIG_P_H
#define CONFIG_P_H

#include "config.h"

struct parse {			/* where it stands */
	struct config_error *e;	/* NULL: nobody wants to know */
	int line;
	const char *key;
};
/* Says in *p->e what is wrong in that line, in visible letters. ERR_CONFIG. */
NODISCARD enum err config_fail(struct parse *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct key {
	const char *name;
	size_t at;		/* in struct config */
	enum err (*set)(struct parse *p, void *at, const char *v);	/* reads v into *at */
};
struct section {
	const char *name;
	const struct key *key;
	size_t nkeys;
};
enum { NSECTIONS = 4 };
extern const struct section config_section[NSECTIONS];

/* What has a value even if the file does not say one, and has none yet. ERR_NOMEM. */
NODISCARD enum err config_fill(struct config *c);

#endif
