#include "config_p.h"
#include "buf.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SECONDS_MAX 86400
#define SALESFORCE_URL "https://login.salesforce.com"

/* ---- values ---- */

static enum err set_text(struct parse *p, void *at, const char *v)
{
	bool ok = true;
	char *copy = str_dup(*v ? v : NULL, &ok);
	if (!ok)
		return ERR_NOMEM;
	free(*(char **)at);
	*(char **)at = copy;
	return ERR_OK;
}

struct choice {
	const char *name;
	int value;
};

/* Ends with a row without a name. -1: none of them. */
static int choose(const struct choice *c, const char *v)
{
	while (c->name && strcasecmp(c->name, v))
		c++;
	return c->name ? c->value : -1;
}

static enum err set_bool(struct parse *p, void *at, const char *v)
{
	static const struct choice choice[] = { { "yes", 1 }, { "no", 0 }, { "on", 1 }, { "off", 0 },
		{ "true", 1 }, { "false", 0 }, { "1", 1 }, { "0", 0 }, { NULL, 0 } };
	int i = choose(choice, v);
	if (i < 0)
		return config_fail(p, "%s is yes or no", p->key);
	*(bool *)at = i;
	return ERR_OK;
}

static enum err set_other_values(struct parse *p, void *at, const char *v)
{
	static const struct choice choice[] = { { "keep", 0 }, { "skip", 1 }, { NULL, 0 } };
	int i = choose(choice, v);
	if (i < 0)
		return config_fail(p, "%s is keep or skip", p->key);
	*(bool *)at = i;
	return ERR_OK;
}

static enum err set_first_import(struct parse *p, void *at, const char *v)
{
	static const struct choice choice[] = { { "24h", FIRST_24H }, { "30d", FIRST_30D },
		{ "open", FIRST_OPEN }, { NULL, 0 } };
	int i = choose(choice, v);
	if (i < 0)
		return config_fail(p, "%s is 24h, 30d or open", p->key);
	*(enum first_import *)at = (enum first_import)i;
	return ERR_OK;
}

static enum err set_push(struct parse *p, void *at, const char *v)
{
	static const struct choice choice[] = { { "off", 0 }, { "auto", 1 }, { NULL, 0 } };
	int i = choose(choice, v);
	if (i < 0)
		return config_fail(p, "%s is auto or off", p->key);
	*(bool *)at = i;
	return ERR_OK;
}

/* Digits and nothing else; -1: not, or more than max. */
static int number(const char *v, int max)
{
	int n = 0;
	size_t len = strlen(v);
	if (!len || len > 6 || strspn(v, "0123456789") != len)
		return -1;
	while (*v)
		n = n * 10 + (*v++ - '0');
	return n <= max ? n : -1;
}

static enum err set_seconds(struct parse *p, void *at, const char *v)
{
	int n = number(v, SECONDS_MAX);
	if (n < 1)
		return config_fail(p, "%s is a number of seconds from 1 to %d", p->key, SECONDS_MAX);
	*(int *)at = n;
	return ERR_OK;
}

static enum err set_port(struct parse *p, void *at, const char *v)
{
	int n = number(v, 65535);
	if (n < 0)
		return config_fail(p, "%s is a port from 0 (any) to 65535", p->key);
	*(int *)at = n;
	return ERR_OK;
}

/* "5", "0.25": strtod would want a comma in some locales. */
static enum err set_grace(struct parse *p, void *at, const char *v)
{
	char text[16], *point;
	int s, ms = 0;
	snprintf(text, sizeof(text), "%s", strlen(v) < sizeof(text) ? v : "");
	point = strchr(text, '.');
	if (point) {
		*point++ = '\0';
		ms = strlen(point) <= 3 ? number(point, 999) : -1;
		for (size_t n = strlen(point); ms > 0 && n < 3; n++)
			ms *= 10;
	}
	s = number(text, 3600);
	if (s < 0 || ms < 0)
		return config_fail(p, "%s is a number of seconds from 0 to 3600, such as 5 or 0.5", p->key);
	*(int *)at = s * 1000 + ms;
	return ERR_OK;
}

static int side_of(const char *s, size_t n)
{
	for (int i = 0; i < NSIDES; i++)
		if (strlen(side_name[i]) == n && strncasecmp(s, side_name[i], n) == 0)
			return i;
	return -1;
}

static enum err set_winner(struct parse *p, void *at, const char *v)
{
	enum side order[NSIDES];
	uint32_t seen = 0;
	int count = 0;
	for (v += strspn(v, ", \t"); *v; v += strspn(v, ", \t")) {
		size_t n = strcspn(v, ", \t");
		int side = side_of(v, n);
		if (side < 0 || count == NSIDES || seen & BIT(side))
			break;
		seen |= BIT(side);
		order[count++] = (enum side)side;
		v += n;
	}
	if (*v || count < NSIDES)
		return config_fail(p,
			"%s names local, salesforce and salesconnect, each once, the best first", p->key);
	memcpy(at, order, sizeof(order));
	return ERR_OK;
}

static bool is_loopback(const char *host, size_t n)
{
	static const char *const loopback[] = { "127.0.0.1", "localhost", "[::1]" };
	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
		if (strlen(loopback[i]) == n && strncasecmp(host, loopback[i], n) == 0)
			return true;
	return false;
}

static bool is_plain(const char *v)
{
	for (; *v; v++)
		if ((unsigned char)*v <= ' ' || (unsigned char)*v >= 0x7f)
			return false;
	return true;
}

/* host or [v6], with or without :port; the length of the host without the port, 0: malformed. */
static size_t host_len(const char *host, size_t n)
{
	const char *end = *host == '[' ? memchr(host, ']', n) : memchr(host, ':', n);
	size_t len = !end ? n : (size_t)(end - host) + (*host == '[');
	char port[8] = "";
	if (*host == '[' && !end)
		return 0;
	if (len < n) {
		if (host[len] != ':' || n - len > sizeof(port) - 1)
			return 0;
		memcpy(port, host + len + 1, n - len - 1);
		if (number(port, 65535) < 1)
			return 0;
	}
	return len;
}

/* A token must never travel in the clear: https, or this machine itself. */
static enum err set_url(struct parse *p, void *at, const char *v)
{
	bool https = strncasecmp(v, "https://", 8) == 0, http = strncasecmp(v, "http://", 7) == 0;
	const char *host = v + (https ? 8 : 7);
	if (*v && !https && !http)
		return config_fail(p, "%s begins with https://", p->key);
	if (*v) {
		size_t n = strcspn(host, "/"), len = host_len(host, n);
		if (!len || !is_plain(v) || strpbrk(v, "?#@\\"))
			return config_fail(p,
				"%s is https://HOST or https://HOST/PATH, without user, ? and #", p->key);
		if (http && !is_loopback(host, len))
			return config_fail(p,
				"%s must be https://; http:// is for 127.0.0.1, [::1] and localhost", p->key);
	}
	TRY(set_text(p, at, v));
	char *s = *(char **)at;
	for (size_t n = s ? strlen(s) : 0; n && s[n - 1] == '/'; n--)
		s[n - 1] = '\0';
	return ERR_OK;
}

static enum err set_path(struct parse *p, void *at, const char *v)
{
	size_t n = strlen(v);
	if (n && (*v != '/' || v[n - 1] == '/' || !is_plain(v) || strpbrk(v, "?#\\")))
		return config_fail(p, "%s begins with / and does not end in one", p->key);
	return set_text(p, at, v);
}

/* A bare name is a PushTopic's. */
static enum err set_channel(struct parse *p, void *at, const char *v)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	bool data = strncmp(v, "/data/", 6) == 0, topic = strncmp(v, "/topic/", 7) == 0;
	const char *name = v + (data ? 6 : topic ? 7 : 0);
	size_t n = strspn(name, plain);
	char channel[100];
	if (!n || name[n] || n > 80)
		return config_fail(p, "%s is the name of a PushTopic, or /data/TaskChangeEvent", p->key);
	snprintf(channel, sizeof(channel), "%s%s", data ? "/data/" : "/topic/", name);
	return set_text(p, at, channel);
}

/* ---- keys ---- */

#define SC(member) offsetof(struct config, remote[SIDE_SC].member)
#define SF(member) offsetof(struct config, remote[SIDE_SF].member)

static const struct key sync_key[] = {
	{ "enabled", offsetof(struct config, sync_enabled), set_bool },
	{ "other_values", offsetof(struct config, other_values_skip), set_other_values },
	{ "first_import", offsetof(struct config, first_import), set_first_import },
	{ "poll_active", offsetof(struct config, poll_active), set_seconds },
	{ "poll_idle", offsetof(struct config, poll_idle), set_seconds },
	{ "grace", offsetof(struct config, grace_ms), set_grace },
	{ "conflict_winner", offsetof(struct config, winner), set_winner },
};

static const struct key salesforce_key[] = {
	{ "url", SF(url), set_url },
	{ "token_command", SF(token_command), set_text },
	{ "client_id", SF(client_id), set_text },
	{ "client_secret_command", SF(client_secret_command), set_text },
	{ "activity_detail", SF(activity_detail), set_text },
	{ "complete_status", SF(complete_status), set_text },
	{ "open_status", SF(open_status), set_text },
	{ "redirect_port", SF(redirect_port), set_port },
	{ "push", SF(push), set_push },
	{ "push_channel", SF(push_channel), set_channel },
};

static const struct key salesconnect_key[] = {
	{ "url", SC(url), set_url },
	{ "token_command", SC(token_command), set_text },
	{ "path", SC(path), set_path },
};

static const struct key mount_key[] = {
	{ "path", offsetof(struct config, mountpoint), set_text },
};

#define KEYS(k) k, sizeof(k) / sizeof(*(k))

const struct section config_section[NSECTIONS] = {
	{ "sync", KEYS(sync_key) },
	{ "salesforce", KEYS(salesforce_key) },
	{ "salesconnect", KEYS(salesconnect_key) },
	{ "mount", KEYS(mount_key) },
};

/* Text that has a value even if the file does not say one. */
static const struct {
	size_t at;
	const char *value;
} initial[] = {
	{ SF(url), SALESFORCE_URL },
	{ SF(complete_status), "Completed" },
	{ SF(open_status), "Not Started" },
	{ SF(push_channel), "/data/TaskChangeEvent" },
	{ SC(path), "/api/v1" },
};

enum err config_fill(struct config *c)
{
	bool ok = true;
	for (size_t i = 0; i < sizeof(initial) / sizeof(*initial); i++) {
		char **at = (char **)((char *)c + initial[i].at);
		if (!*at)
			*at = str_dup(initial[i].value, &ok);
	}
	return ok ? ERR_OK : ERR_NOMEM;
}

void config_init(struct config *c)
{
	*c = (struct config){
		.poll_active = 120,
		.poll_idle = 600,
		.grace_ms = 5000,
		.winner = { SIDE_LOCAL, SIDE_SF, SIDE_SC },
		.remote[SIDE_SF].push = true,
	};
	if (config_fill(c) != ERR_OK)
		return;		/* config_parse tries again and says so */
}

static bool is_text(const struct key *k)
{
	return k->set == set_text || k->set == set_url || k->set == set_path || k->set == set_channel;
}

void config_finish(struct config *c)
{
	for (size_t i = 0; i < NSECTIONS; i++)
		for (size_t k = 0; k < config_section[i].nkeys; k++)
			if (is_text(&config_section[i].key[k]))
				free(*(char **)((char *)c + config_section[i].key[k].at));
	*c = (struct config){ 0 };
}
