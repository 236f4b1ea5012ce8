#include "config_p.h"
#include "buf.h"
#include "guess.h"
#include "name.h"
#include "utf8.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\r"

enum err config_fail(struct parse *p, const char *fmt, ...)
{
	va_list ap;
	AUTO_BUF msg = BUF_INIT, safe = BUF_INIT;
	if (!p->e)
		return ERR_CONFIG;
	va_start(ap, fmt);
	buf_vprintf(&msg, fmt, ap);
	va_end(ap);
	name_visible(buf_str(&msg), &safe);
	p->e->line = p->line;
	snprintf(p->e->msg, sizeof(p->e->msg), "%s", buf_str(&safe));
	p->e->msg[utf8_valid(p->e->msg, strlen(p->e->msg))] = '\0';
	return ERR_CONFIG;
}

struct reader {
	struct parse p;
	struct config *c;
	const struct section *section;
	int seen[NSECTIONS][16];	/* the line where a key stands; 0: nowhere yet */
};

static char *trim(char *s)
{
	s += strspn(s, BLANKS);
	size_t n = strlen(s);
	while (n && strchr(BLANKS, s[n - 1]))
		s[--n] = '\0';
	return s;
}

static enum err unknown(struct parse *p, const char *kind, const char *name, const char *meant)
{
	int n = (int)utf8_prefix(name, strlen(name), 40);
	if (meant)
		return config_fail(p, "unknown %s \"%.*s\"; did you mean \"%s\"?", kind, n, name, meant);
	return config_fail(p, "unknown %s \"%.*s\"", kind, n, name);
}

static enum err read_section(struct reader *r, char *s)
{
	size_t n = strlen(s);
	if (s[n - 1] != ']')
		return config_fail(&r->p, "a section is [NAME], alone on its line");
	s[n - 1] = '\0';
	s = trim(s + 1);
	for (size_t i = 0; i < NSECTIONS; i++)
		if (!strcasecmp(s, config_section[i].name)) {
			r->section = &config_section[i];
			return ERR_OK;
		}
	const char *meant = guess(s, strlen(s), config_section, NSECTIONS, sizeof(*config_section));
	return unknown(&r->p, "section", s, meant);
}

static enum err read_key(struct reader *r, char *s)
{
	char *value = strchr(s, '=');
	if (!value)
		return config_fail(&r->p, "a line is key = value, [section] or # comment");
	*value++ = '\0';
	s = trim(s);
	value = trim(value);
	if (!r->section)
		return config_fail(&r->p, "a [section] must come before the first key");
	const struct section *in = r->section;
	for (size_t k = 0; k < in->nkeys; k++) {
		if (strcasecmp(s, in->key[k].name))
			continue;
		int *seen = &r->seen[in - config_section][k];
		r->p.key = in->key[k].name;
		if (*seen)
			return config_fail(&r->p, "%s is given twice: here and in line %d", r->p.key, *seen);
		*seen = r->p.line;
		return in->key[k].set(&r->p, (char *)r->c + in->key[k].at, value);
	}
	return unknown(&r->p, "key", s, guess(s, strlen(s), in->key, in->nkeys, sizeof(*in->key)));
}

static enum err read_line(struct reader *r, char *s)
{
	s = trim(s);
	if (!*s || *s == '#' || *s == ';')
		return ERR_OK;
	return *s == '[' ? read_section(r, s) : read_key(r, s);
}

static enum err read_lines(struct reader *r, char *s)
{
	while (s) {
		char *next = strchr(s, '\n');
		if (next)
			*next++ = '\0';
		r->p.line++;
		TRY(read_line(r, s));
		s = next;
	}
	return ERR_OK;
}

/* Salesforce has an address even if the file says none: so look for the line. */
static bool has_salesforce_url(const struct reader *r)
{
	for (size_t i = 0; i < NSECTIONS; i++)
		for (size_t k = 0; k < config_section[i].nkeys; k++)
			if (config_section[i].key[k].at == offsetof(struct config, remote[SIDE_SF].url))
				return r->seen[i][k];
	return false;
}

enum err config_parse(struct config *c, const char *text, size_t n, struct config_error *e)
{
	struct reader r = { .p.e = e, .c = c };
	size_t good = utf8_valid(text, n);
	if (good < n) {
		for (size_t i = 0; i <= good; i++)
			r.p.line += i == 0 || text[i - 1] == '\n';
		return config_fail(&r.p, "this is not UTF-8 text");
	}
	size_t bom = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	AUTO_BUF copy = BUF_INIT;
	buf_add(&copy, text + bom, n - bom);
	AUTO_FREE char *lines = buf_take(&copy);
	if (!lines)
		return ERR_NOMEM;
	TRY(read_lines(&r, lines));
	TRY(config_fill(c));
	struct config_remote *sc = &c->remote[SIDE_SC], *sf = &c->remote[SIDE_SF];
	sc->configured = sc->url || sc->token_command;
	sf->configured = has_salesforce_url(&r) || sf->token_command || sf->client_id;
	return ERR_OK;
}
