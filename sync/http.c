#include "http.h"
#include "log.h"
#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LOG_MODULE "http"
#ifndef VERSION
#define VERSION "0.1.0"
#endif

#define CONNECT_MS 10000L
#define TICK_MS 1000
#define STALL_S 30L
#define TOTAL_MS 120000L
#define DAY_MS (INT64_C(86400) * 1000)

struct http {
	CURL *curl;
	CURLM *multi;		/* holds the connections; curl alone would look up once a second only */
	bool (*stop)(void *);
	void *stop_arg;
	const char *why;
};

struct transfer {
	struct http_reply *out;
	size_t head;
	bool full;
	char retry_after[64];
};

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_create(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, global_init);
	struct http *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->curl = curl_easy_init();
	h->multi = curl_multi_init();
	if (h->curl && h->multi)
		return h;
	http_destroy(h);
	return NULL;
}

void http_destroy(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	curl_multi_cleanup(h->multi);
	free(h);
}

void http_set_stop(struct http *h, bool (*stop)(void *), void *arg)
{
	h->stop = stop;
	h->stop_arg = arg;
}

void http_wake(struct http *h)
{
	curl_multi_wakeup(h->multi);
}

void http_keep_cookies(struct http *h)
{
	curl_easy_setopt(h->curl, CURLOPT_COOKIELIST, "");	/* a COOKIEFILE leaks at each reset */
}

const char *http_why(const struct http *h)
{
	return h->why ? h->why : "";
}

void http_reply_finish(struct http_reply *r)
{
	buf_finish(&r->body);
}

static size_t on_body(char *s, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct buf *b = &t->out->body;
	n *= size;
	t->full = n > HTTP_BODY_MAX - b->n;
	if (t->full)
		return 0;
	buf_add(b, s, n);
	return buf_err(b) == ERR_OK ? n : 0;
}

static void keep(char *out, size_t cap, const char *value)
{
	snprintf(out, cap, "%s", value);
}

static void header_date(struct transfer *t, const char *value)
{
	time_t at = curl_getdate(value, NULL);
	t->out->date = at > 0 ? (int64_t)at * 1000 : 0;
}

static void header_retry(struct transfer *t, const char *value)
{
	keep(t->retry_after, sizeof t->retry_after, value);
}

static void header_type(struct transfer *t, const char *value)
{
	keep(t->out->type, sizeof t->out->type, value);
	t->out->type[strcspn(t->out->type, "; \t")] = '\0';
}

static void header_limit(struct transfer *t, const char *value)
{
	const char *s = strstr(value, "api-usage=");
	if (!s || sscanf(s, "api-usage=%9d/%9d", &t->out->used, &t->out->quota) != 2)
		t->out->used = t->out->quota = 0;
}

static const struct header {
	const char *name;
	void (*take)(struct transfer *t, const char *value);
} headers[] = {
	{ "date", header_date },
	{ "retry-after", header_retry },
	{ "content-type", header_type },
	{ "sforce-limit-info", header_limit },
};

static size_t on_header(char *s, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	char line[512];
	n *= size;
	t->head += n;
	if (t->head > HTTP_HEAD_MAX)
		return 0;
	snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), s);
	line[strcspn(line, "\r\n")] = '\0';
	char *value = strchr(line, ':');
	if (!value)
		return n;
	*value++ = '\0';
	value += strspn(value, " \t");
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		if (strcasecmp(line, headers[i].name) == 0)
			headers[i].take(t, value);
	return n;
}

/* Names must not be able to point http, or a proxy, at a token. */
static void set_where(CURL *c, const struct http_request *q, const struct http_url *u)
{
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, u->loopback ? "http,https" : "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_UNRESTRICTED_AUTH, 0L);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	if (u->loopback)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	if (q->once)
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_patience(CURL *c, const struct http_request *q)
{
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, q->wait_ms ? (long)q->wait_ms : TOTAL_MS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, q->wait_ms ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, STALL_S);
}

static void set_what(CURL *c, const struct http_request *q, struct transfer *t)
{
	curl_easy_setopt(c, CURLOPT_USERAGENT, "remindfs/" VERSION);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (q->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
}

static void slist_free(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}

static enum err add_header(struct curl_slist **l, const char *line)
{
	if (strpbrk(line, "\r\n"))
		return ERR_CONFIG;
	struct curl_slist *more = curl_slist_append(*l, line);
	if (!more)
		return ERR_NOMEM;
	*l = more;
	return ERR_OK;
}

static enum err add_headers(struct curl_slist **l, const struct http_request *q)
{
	TRY(add_header(l, "Expect:"));
	for (int i = 0; i < HTTP_HEADERS && q->header[i]; i++)
		TRY(add_header(l, q->header[i]));
	return ERR_OK;
}

static bool stopped(const struct http *h)
{
	return h->stop && h->stop(h->stop_arg);
}

static CURLcode result(struct http *h)
{
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left)) != NULL;)
		if (m->msg == CURLMSG_DONE)
			code = m->data.result;
	return code;
}

static CURLcode perform(struct http *h)
{
	int running = 1;
	CURLMcode m = curl_multi_add_handle(h->multi, h->curl);
	if (m != CURLM_OK)
		return CURLE_OUT_OF_MEMORY;
	while (m == CURLM_OK && running) {
		m = curl_multi_perform(h->multi, &running);
		if (m != CURLM_OK || !running || stopped(h))
			break;
		m = curl_multi_poll(h->multi, NULL, 0, TICK_MS, NULL);
	}
	CURLcode code = result(h);
	curl_multi_remove_handle(h->multi, h->curl);
	return code;
}

static enum err judge(CURL *c, CURLcode code, const struct transfer *t)
{
	long sent = 0;
	if (code == CURLE_OK)
		return ERR_OK;
	if (t->full)
		return ERR_TOOBIG;
	curl_easy_getinfo(c, CURLINFO_REQUEST_SIZE, &sent);
	return sent > 0 ? ERR_LOST : ERR_OFFLINE;
}

static void report(CURL *c, const struct http_request *q, const struct http_url *u, int status, enum err e)
{
	curl_off_t us = 0;
	curl_easy_getinfo(c, CURLINFO_TOTAL_TIME_T, &us);
	log_dbg("request method=%s path=%s status=%d ms=%lld%s%s", q->method, u->path, status,
		(long long)us / 1000, e ? " error=" : "", e ? err_str(e) : "");
}

enum err http_request(struct http *h, const struct http_request *q, struct http_reply *out)
{
	*out = (struct http_reply){ 0 };
	struct http_url u;
	h->why = "not an https address";
	TRY(http_url(q->url, &u));
	AUTO(slist_free) struct curl_slist *list = NULL;
	h->why = "a header is not one line";
	TRY(add_headers(&list, q));

	struct transfer t = { .out = out };
	curl_easy_reset(h->curl);
	set_where(h->curl, q, &u);
	set_patience(h->curl, q);
	set_what(h->curl, q, &t);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, list);
	CURLcode code = perform(h);
	long status = 0;
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	out->status = (int)status;
	out->retry_ms = http_retry_after(t.retry_after, out->date ? out->date : (int64_t)time(NULL) * 1000);
	enum err e = judge(h->curl, code, &t);
	h->why = e == ERR_TOOBIG ? "the answer is too long" : curl_easy_strerror(code);
	report(h->curl, q, &u, out->status, e);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
	return e;
}

static void url_free(CURLU **u)
{
	curl_url_cleanup(*u);
}

static void part_free(char **s)
{
	curl_free(*s);
}

static bool is_loopback(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

enum err http_url(const char *url, struct http_url *out)
{
	AUTO(url_free) CURLU *u = curl_url();
	AUTO(part_free) char *scheme = NULL;
	AUTO(part_free) char *host = NULL;
	AUTO(part_free) char *path = NULL;
	AUTO(part_free) char *user = NULL;
	*out = (struct http_url){ 0 };
	if (!u)
		return ERR_NOMEM;
	if (!url || curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) ||
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(u, CURLUPART_HOST, &host, 0) ||
		curl_url_get(u, CURLUPART_PATH, &path, 0) ||
		curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK || strlen(host) >= sizeof out->host)
		return ERR_CONFIG;
	for (size_t i = 0; host[i]; i++) {
		if (!isalnum((unsigned char)host[i]) && !strchr(".-_[]:", host[i]))
			return ERR_CONFIG;
		out->host[i] = (char)tolower((unsigned char)host[i]);
	}
	keep(out->path, sizeof out->path, path);
	out->loopback = is_loopback(out->host);
	bool https = strcasecmp(scheme, "https") == 0;
	return https || (out->loopback && strcasecmp(scheme, "http") == 0) ? ERR_OK : ERR_CONFIG;
}

void http_escape(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if ((c < 0x80 && isalnum(c)) || strchr("-._~", c))
			buf_putc(b, *s);
		else
			buf_printf(b, "%%%02X", c);
	}
}

void http_unescape(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char hex[3] = { 0 };
		if (s[i] != '%') {
			buf_putc(b, s[i] == '+' ? ' ' : s[i]);
			continue;
		}
		if (n - i < 3 || !isxdigit((unsigned char)s[i + 1]) || !isxdigit((unsigned char)s[i + 2]))
			continue;
		memcpy(hex, s + i + 1, 2);
		char c = (char)strtol(hex, NULL, 16);
		if (c)
			buf_putc(b, c);
		i += 2;
	}
}

/* Not strftime: its names follow the user's language. */
void http_date(int64_t ms, char out[HTTP_DATE_LEN])
{
	static const char day[] = "SunMonTueWedThuFriSat";
	static const char month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	gmtime_r(&t, &tm);
	snprintf(out, HTTP_DATE_LEN, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", day + 3 * tm.tm_wday,
		tm.tm_mday, month + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min,
		tm.tm_sec);
}

int64_t http_retry_after(const char *value, int64_t now)
{
	char *end;
	int64_t ms;
	value += strspn(value, " \t");
	if (!*value)
		return 0;
	long long s = strtoll(value, &end, 10);
	if (end != value && !end[strspn(end, " \t")]) {
		ms = s > DAY_MS / 1000 ? DAY_MS : s * 1000;
	} else {
		time_t at = curl_getdate(value, NULL);
		ms = at > 0 ? (int64_t)at * 1000 - now : 0;
	}
	return ms < 0 ? 0 : ms > DAY_MS ? DAY_MS : ms;
}
