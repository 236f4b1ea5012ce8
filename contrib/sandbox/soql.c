#include "soql.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"

#define DEPTH_MAX 100
#define CONDITIONS_MAX 500 /* SQLite takes expressions 1000 deep, a chain of ORs is as deep as it is long */

enum token { END, WORD, STRING, LITERAL, SYMBOL, BAD };

struct parser {
	const char *s;
	size_t at, next; /* current token: s[at..next) */
	enum token token;
	char *text; /* decoded string, else the token's own text */
	char *pattern;
	struct sf_error *error;
	int depth, conditions;
};

bool soql_fail(struct sf_error *e, const char *source, size_t at, const char *code, const char *message)
{
	size_t row = 1, line = 0;

	for (size_t i = 0; i < at; i++)
		if (source[i] == '\n') {
			row++;
			line = i + 1;
		}
	size_t from = at - line > 40 ? at - 40 : line, len = strcspn(source + at, "\n");

	if (len > 40)
		len = 40;
	return sf_fail(e, code, NULL, "\n%.*s\n%*s^\nERROR at Row:%zu:Column:%zu\n%s", (int)(at - from + len),
		source + from, (int)(at - from), "", row, at - line + 1, message);
}

static bool malformed(struct parser *p)
{
	if (p->error->code)
		return false;
	return soql_fail(p->error, p->s, p->at, "MALFORMED_QUERY",
		p->token == END	  ? "unexpected token: <EOF>"
		: p->token == BAD ? p->text
				  : fmt("unexpected token: '%.60s'", p->text));
}

/* --- tokens --- */

static void bad(struct parser *p, size_t at, const char *message)
{
	p->at = at;
	p->next = strlen(p->s);
	p->token = BAD;
	p->text = keep(message);
}

/* From after the opening quote. Two readings at once: the plain text, and the LIKE pattern where an
 * escaped % or _ must stay escaped. */
static void string_token(struct parser *p)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	struct text plain = { 0 }, pattern = { 0 };
	const char *s = p->s + p->at + 1;

	for (; *s && *s != '\''; s++) {
		if (*s != '\\') {
			text_addn(&plain, s, 1);
			text_addn(&pattern, s, 1);
			continue;
		}
		char c = *++s;
		const char *letter = c ? strchr(from, tolower((unsigned char)c)) : NULL;

		if (letter) {
			text_addn(&plain, &to[letter - from], 1);
			text_addn(&pattern, &to[letter - from], 1);
		} else if (c && strchr("\\'\"", c)) {
			text_addn(&plain, &c, 1);
			text_add(&pattern, c == '\\' ? "\\\\" : "");
			text_addn(&pattern, &c, c != '\\');
		} else if (c == '%' || c == '_') {
			text_addn(&plain, &c, 1);
			text_add(&pattern, "\\");
			text_addn(&pattern, &c, 1);
		} else {
			bad(p, (size_t)(s - p->s) - 1,
				fmt("Invalid string literal: illegal escape '\\%c'", c ? c : ' '));
			return;
		}
	}
	if (!*s) {
		bad(p, p->at, "line 1: mismatched character '<EOF>' expecting '''");
		return;
	}
	p->token = STRING;
	p->next = (size_t)(s + 1 - p->s);
	p->text = keep(text_str(&plain));
	p->pattern = keep(text_str(&pattern));
}

static size_t span(const char *s, const char *more)
{
	size_t n = 0;

	while (s[n] && (isalnum((unsigned char)s[n]) || strchr(more, s[n])))
		n++;
	return n;
}

static void advance(struct parser *p)
{
	static const char *const symbols[] = { "<=", ">=", "!=", "<>", "=", "<", ">", "(", ")", ",", NULL };
	const char *s;

	p->at = p->next;
	while (isspace((unsigned char)p->s[p->at]))
		p->at++;
	s = p->s + p->at;
	size_t len = 0;

	if (!*s) {
		p->token = END;
	} else if (*s == '\'') {
		string_token(p);
		return;
	} else if (isalpha((unsigned char)*s)) {
		p->token = WORD;
		len = span(s, "_.:");
	} else if (isdigit((unsigned char)*s) || *s == '-' || *s == '+') {
		p->token = LITERAL;
		len = 1 + span(s + 1, ".:-+");
	} else {
		p->token = BAD;
		for (const char *const *sym = symbols; *sym && !len; sym++)
			if (strncmp(s, *sym, strlen(*sym)) == 0) {
				p->token = SYMBOL;
				len = strlen(*sym);
			}
	}
	p->next = p->at + len;
	p->text = keepn(s, len);
	if (p->token == BAD)
		bad(p, p->at, fmt("unexpected token: '%c'", *s));
}

static bool is(const struct parser *p, enum token token, const char *text)
{
	return p->token == token && strcasecmp(p->text, text) == 0;
}

static bool accept(struct parser *p, enum token token, const char *text)
{
	if (!is(p, token, text))
		return false;
	advance(p);
	return true;
}

static bool expect(struct parser *p, enum token token, const char *text)
{
	return accept(p, token, text) || malformed(p);
}

static bool reserved(const char *word)
{
	static const char *const words[] = { "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE",
		"ORDER", "LIMIT", "OFFSET", "GROUP", "HAVING", "USING", "WITH", "NULLS", NULL };

	for (const char *const *w = words; *w; w++)
		if (strcasecmp(*w, word) == 0)
			return true;
	return false;
}

/* --- grammar --- */

static bool path(struct parser *p, struct soql_path *out)
{
	if (p->token != WORD || reserved(p->text) || strchr(p->text, ':'))
		return malformed(p);
	*out = (struct soql_path){ p->text, p->at };
	advance(p);
	return true;
}

static bool count(struct parser *p, struct soql *q)
{
	struct soql_path id;

	if (!expect(p, SYMBOL, "("))
		return false;
	q->count = true;
	if (accept(p, SYMBOL, ")"))
		return true;
	q->count_id = true;
	if (!is(p, WORD, "Id"))
		return soql_fail(p->error, p->s, p->at, "MALFORMED_QUERY",
			"only COUNT() and COUNT(Id) are supported here");
	return path(p, &id) && expect(p, SYMBOL, ")");
}

static bool columns(struct parser *p, struct soql *q)
{
	if (accept(p, WORD, "COUNT"))
		return count(p, q);
	do {
		if (q->ncolumns == SOQL_COLUMNS_MAX)
			return soql_fail(p->error, p->s, p->at, "MALFORMED_QUERY", "too many fields");
		if (!path(p, &q->columns[q->ncolumns++]))
			return false;
	} while (accept(p, SYMBOL, ","));
	return true;
}

static bool number_like(const char *s)
{
	char *end;

	strtod(s, &end);
	return *s && !*end;
}

/* --- values --- */

static bool ranged(struct parser *p, struct soql_value *v)
{
	static const char *const names[] = { "YESTERDAY", "TODAY", "TOMORROW", "LAST_N_DAYS", "NEXT_N_DAYS",
		NULL };
	size_t len = strcspn(p->text, ":");

	for (const char *const *n = names; *n; n++) {
		if (strlen(*n) != len || strncasecmp(*n, p->text, len) != 0)
			continue;
		bool counted = strstr(*n, "_N_") != NULL;

		if (counted != (p->text[len] == ':'))
			return false;
		v->kind = SOQL_RANGE;
		v->text = keep(*n);
		v->days = counted ? atoi(p->text + len + 1) : 0;
		return true;
	}
	return false;
}

static bool value(struct parser *p, struct soql_value **out)
{
	struct soql_value *v = *out = pool_alloc(sizeof *v);
	int64_t ms;

	v->at = p->at;
	v->text = p->text;
	v->pattern = p->pattern;
	if (p->token == STRING)
		v->kind = SOQL_STRING;
	else if (is(p, WORD, "null"))
		v->kind = SOQL_NULL;
	else if (is(p, WORD, "true") || is(p, WORD, "false"))
		v->kind = SOQL_BOOLEAN;
	else if (p->token == LITERAL && date_parse(p->text, &ms))
		v->kind = SOQL_DATE;
	else if (p->token == LITERAL && time_parse(p->text, &ms))
		v->kind = SOQL_DATETIME;
	else if (p->token == LITERAL && number_like(p->text))
		v->kind = SOQL_NUMBER;
	else if (p->token != WORD || !ranged(p, v))
		return malformed(p);
	advance(p);
	return true;
}

static bool value_list(struct parser *p, struct soql_value **out)
{
	if (!expect(p, SYMBOL, "("))
		return false;
	do {
		if (!value(p, out))
			return false;
		out = &(*out)->next;
	} while (accept(p, SYMBOL, ","));
	return expect(p, SYMBOL, ")");
}

/* --- conditions --- */

static bool comparison(struct parser *p, struct soql_expr *e)
{
	static const struct {
		const char *symbol;
		enum soql_op op;
	} ops[] = {
		{ "=", SOQL_EQ },
		{ "!=", SOQL_NE },
		{ "<>", SOQL_NE },
		{ "<", SOQL_LT },
		{ "<=", SOQL_LE },
		{ ">", SOQL_GT },
		{ ">=", SOQL_GE },
		{ "LIKE", SOQL_LIKE },
	};

	if (!path(p, &e->path))
		return false;
	bool not = accept(p, WORD, "NOT");

	if (accept(p, WORD, "IN")) {
		e->op = not ? SOQL_NOT_IN : SOQL_IN;
		return value_list(p, &e->values);
	}
	for (size_t i = 0; !not &&i < sizeof ops / sizeof ops[0]; i++)
		if (accept(p, isalpha((unsigned char)ops[i].symbol[0]) ? WORD : SYMBOL, ops[i].symbol)) {
			e->op = ops[i].op;
			return value(p, &e->values);
		}
	return malformed(p);
}

static bool condition(struct parser *p, struct soql_expr **out);

static bool factor(struct parser *p, struct soql_expr **out)
{
	bool fine;

	if (p->depth++ > DEPTH_MAX)
		return soql_fail(
			p->error, p->s, p->at, "MALFORMED_QUERY", "the condition is nested too deeply");
	if (p->conditions++ > CONDITIONS_MAX)
		return sf_fail(p->error, "QUERY_TOO_COMPLICATED", NULL,
			"Query is either selecting too many fields or the "
			"filter conditions are too complicated.");
	if (accept(p, SYMBOL, "(")) {
		fine = condition(p, out) && expect(p, SYMBOL, ")");
	} else if (accept(p, WORD, "NOT")) {
		*out = pool_alloc(sizeof **out);
		(*out)->op = SOQL_NOT;
		fine = factor(p, &(*out)->left);
	} else {
		*out = pool_alloc(sizeof **out);
		fine = comparison(p, *out);
	}
	p->depth--;
	return fine;
}

static bool condition(struct parser *p, struct soql_expr **out)
{
	const char *joint = NULL;

	if (!factor(p, out))
		return false;
	while (is(p, WORD, "AND") || is(p, WORD, "OR")) {
		/* Salesforce refuses `a AND b OR c`; so the first joint decides for this level. */
		if (joint && strcasecmp(joint, p->text) != 0)
			return malformed(p);
		joint = p->text;
		struct soql_expr *e = pool_alloc(sizeof *e);

		e->op = strcasecmp(joint, "AND") == 0 ? SOQL_AND : SOQL_OR;
		e->left = *out;
		advance(p);
		if (!factor(p, &e->right))
			return false;
		*out = e;
	}
	return true;
}

/* --- the tail --- */

static bool order(struct parser *p, struct soql *q)
{
	if (!expect(p, WORD, "BY"))
		return false;
	do {
		struct soql_order *o = &q->order[q->norder];

		if (q->norder == SOQL_ORDER_MAX)
			return malformed(p);
		if (!path(p, &o->path))
			return false;
		q->norder++;
		o->descending = !accept(p, WORD, "ASC") && accept(p, WORD, "DESC");
		if (accept(p, WORD, "NULLS")) {
			o->nulls_last = accept(p, WORD, "LAST");
			if (!o->nulls_last && !expect(p, WORD, "FIRST"))
				return false;
		}
	} while (accept(p, SYMBOL, ","));
	return true;
}

static bool number(struct parser *p, long *out)
{
	if (p->token != LITERAL || strspn(p->text, "0123456789") != strlen(p->text))
		return malformed(p);
	*out = strtol(p->text, NULL, 10);
	advance(p);
	return true;
}

bool soql_parse(const char *source, struct soql *q, struct sf_error *error)
{
	struct parser p = { .s = source, .error = error };

	*q = (struct soql){ .source = source, .limit = -1 };
	if (strlen(source) > 100000)
		return sf_fail(error, "MALFORMED_QUERY", NULL,
			"SOQL statements cannot be longer than 100000 characters.");
	advance(&p);
	if (!expect(&p, WORD, "SELECT") || !columns(&p, q) || !expect(&p, WORD, "FROM") ||
		!path(&p, &q->object))
		return false;
	if (accept(&p, WORD, "WHERE") && !condition(&p, &q->where))
		return false;
	if (accept(&p, WORD, "ORDER") && !order(&p, q))
		return false;
	if (accept(&p, WORD, "LIMIT") && !number(&p, &q->limit))
		return false;
	if (accept(&p, WORD, "OFFSET") && !number(&p, &q->offset))
		return false;
	return p.token == END || malformed(&p);
}
