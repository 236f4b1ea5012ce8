#include "http.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "faults.h"
#include "log.h"
#include "mirror.h"

#define BODY_MAX (64u << 20)

static const struct http_system *const systems[] = { &sf_system, &sc_system, &control_system };

static struct MHD_Daemon *server;
static pthread_mutex_t world = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static unsigned long changes;
static bool stopping;

/* One request while it is being received; malloc'd, because it is filled without the lock. */
struct incoming {
	char *uri, *body;
	size_t len, size;
	bool begun;
};

/* --- the pieces of a request --- */

static const char *pair_get(
	const struct pair *p, size_t n, const char *name, int (*cmp)(const char *, const char *))
{
	for (size_t i = 0; i < n; i++)
		if (cmp(p[i].name, name) == 0)
			return p[i].value;
	return NULL;
}

const char *http_param(const struct request *req, const char *name)
{
	return pair_get(req->params, req->nparams, name, strcmp);
}

const char *http_header(const struct request *req, const char *name)
{
	return pair_get(req->headers, req->nheaders, name, strcasecmp);
}

const char *http_form_get(const struct pair *form, size_t n, const char *name)
{
	return pair_get(form, n, name, strcmp);
}

size_t http_form(const char *s, size_t len, struct pair *out, size_t max)
{
	const char *end = s + len;
	size_t n = 0;

	while (s < end && n < max) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		size_t part = (size_t)((amp ? amp : end) - s);
		const char *eq = memchr(s, '=', part);
		size_t name = eq ? (size_t)(eq - s) : part;

		if (part) {
			out[n].name = url_decode(s, name, true);
			out[n++].value = eq ? url_decode(eq + 1, part - name - 1, true) : keep("");
		}
		s += part + 1;
	}
	return n;
}

void http_split_uri(struct request *req, const char *uri)
{
	size_t len = strcspn(uri, "?");

	req->uri = uri;
	req->query = uri[len] ? uri + len + 1 : uri + len;
	while (len > 1 && uri[len - 1] == '/')
		len--;
	req->path = url_decode(uri, len, false);
	req->nparams = http_form(req->query, strlen(req->query), req->params, PAIRS_MAX);
}

void http_reply(struct reply *rep, int status, const char *type, const char *body)
{
	rep->status = status;
	rep->type = type;
	rep->body = (struct text){ 0 };
	if (body)
		text_add(&rep->body, body);
}

void http_reply_header(struct reply *rep, const char *name, const char *value)
{
	if (rep->nheaders < sizeof rep->headers / sizeof rep->headers[0])
		rep->headers[rep->nheaders++] = (struct pair){ keep(name), keep(value) };
}

/* --- routing --- */

/* Segment by segment; {} matches one segment, which becomes the next argument. */
static bool route_matches(const char *pattern, const char *path, const char **args)
{
	size_t n = 0;

	while (*pattern && *path) {
		size_t want = strcspn(pattern + 1, "/"), have = strcspn(path + 1, "/");

		if (want == 2 && strncmp(pattern + 1, "{}", 2) == 0 && have && n < ARGS_MAX)
			args[n++] = keepn(path + 1, have);
		else if (want != have || strncmp(pattern, path, want + 1) != 0)
			return false;
		pattern += want + 1;
		path += have + 1;
	}
	return !*pattern && !*path;
}

void http_dispatch(const struct http_system *sys, struct request *req, struct reply *rep)
{
	bool wrong_method = false;

	for (const struct route *r = sys->routes; r->method; r++) {
		if (!route_matches(r->pattern, req->path, req->args))
			continue;
		if (strcmp(r->method, req->method) != 0) {
			wrong_method = true;
			continue;
		}
		req->writes |= (r->flags & ROUTE_WRITE) != 0;
		if (sys->admit(r, req, rep))
			r->handle(req, rep);
		return;
	}
	sys->no_route(req, rep, wrong_method);
}

static const struct http_system *system_of(const char *path)
{
	for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
		for (const char *const *p = systems[i]->prefixes; *p; p++)
			if (strncmp(path, *p, strlen(*p)) == 0)
				return systems[i];
	return &control_system;
}

/* --- answering --- */

/* SO_LINGER 0 makes the close a RST, but only the socket's last close: so the socket is replaced under
 * MHD's hands by one that is not connected, which MHD may then shut down and close as it likes. */
static enum MHD_Result reset_connection(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct linger hard = { 1, 0 };
	int stand_in = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	if (stand_in >= 0) {
		dup2(stand_in, info->connect_fd);
		close(stand_in);
	}
	return MHD_NO;
}

/* A body whose reader gives up half way, so that the promised length is never reached. */
struct cut_body {
	size_t len;
	char s[];
};

static ssize_t read_cut(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct cut_body *cut = cls;
	size_t left = pos < cut->len ? cut->len - (size_t)pos : 0;

	if (!left)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left > max)
		left = max;
	memcpy(buf, cut->s + pos, left);
	return (ssize_t)left;
}

static struct MHD_Response *make_response(const struct reply *rep, bool cut)
{
	struct MHD_Response *r;

	if (cut) {
		struct cut_body *body = calloc(1, sizeof *body + rep->body.len + 1);

		body->len = rep->body.len / 2;
		memcpy(body->s, text_str(&rep->body), body->len);
		r = MHD_create_response_from_callback(rep->body.len, 4096, read_cut, body, free);
	} else {
		r = MHD_create_response_from_buffer(
			rep->body.len, (void *)(uintptr_t)text_str(&rep->body), MHD_RESPMEM_MUST_COPY);
	}
	if (rep->type)
		MHD_add_response_header(r, "Content-Type", rep->type);
	for (size_t i = 0; i < rep->nheaders; i++)
		MHD_add_response_header(r, rep->headers[i].name, rep->headers[i].value);
	/* The clients of both systems take the server's time from here, so it must be the sandbox's. */
	char date[TIME_TEXT];

	MHD_add_response_header(r, "Date", time_http(clock_now(), date));
	return r;
}

static struct timespec in_seconds(double seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += (time_t)seconds;
	t.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* Gives the lock away meanwhile; to be called before anything is in the request's pool. */
static void world_sleep(double seconds)
{
	struct timespec until = in_seconds(seconds);

	while (!stopping && pthread_cond_timedwait(&wake, &world, &until) == 0)
		;
}

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct request *req = cls;

	(void)kind;
	if (req->nheaders < PAIRS_MAX)
		req->headers[req->nheaders++] = (struct pair){ keep(name), keep(value ? value : "") };
	return MHD_YES;
}

/* What a fault's "match" is looked for in; a streaming message says in its body what it is about. */
static const char *fault_what(const char *method, const char *uri, const char *body)
{
	bool streaming = strncmp(uri, "/cometd", 7) == 0;

	return fmt("%s %s%s%s", method, uri, streaming ? " " : "", streaming && body ? body : "");
}

/* What happened, for the log and for the sending side. */
struct outcome {
	struct reply rep;
	enum fault_ending ending;
	const char *fault;
};

static struct request *make_request(
	struct MHD_Connection *conn, const char *method, const struct incoming *in)
{
	struct request *req = pool_alloc(sizeof *req);

	req->method = method;
	req->body = in->body ? in->body : "";
	req->body_len = in->len;
	http_split_uri(req, in->uri);
	MHD_get_connection_values(conn, MHD_HEADER_KIND, add_header, req);
	return req;
}

static bool client_is_there(struct MHD_Connection *conn)
{
	char c;

	return recv(MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd, &c, 1,
		       MSG_PEEK | MSG_DONTWAIT) != 0;
}

/* A long poll: logged when it comes, handled again at every change until it has something to say. Nothing of
 * the request's pool outlives the wait. Answers the request that was answered,
 * NULL if the client went away. */
static struct request *hold(const struct http_system *sys, struct request *req, struct MHD_Connection *conn,
	const struct incoming *in, struct reply *rep)
{
	const char *method = req->method, *fault = req->fault;
	int64_t ticket = req->ticket, since = clock_monotonic(), seq = log_add(sys->name, req, 0, fault);

	while (rep->hold_ms > 0 && !stopping) {
		int64_t left = rep->hold_ms - (clock_monotonic() - since);
		struct timespec until = in_seconds(left > 500 ? 0.5 : left > 0 ? (double)left / 1000 : 0);

		pool_reset();
		pthread_cond_timedwait(&wake, &world, &until);
		pool_reset();
		req = make_request(conn, method, in);
		if (!client_is_there(conn))
			return NULL;
		req->fault = fault;
		req->held_ms = clock_monotonic() - since + 1;
		req->ticket = ticket;
		*rep = (struct reply){ 0 };
		http_dispatch(sys, req, rep);
	}
	log_answer(seq, rep->status);
	return req;
}

static void serve_system(const struct http_system *sys, struct request *req, struct MHD_Connection *conn,
	const struct incoming *in, struct outcome *out)
{
	struct fault_hit hit = faults_take(sys->name, fault_what(req->method, req->uri, req->body));
	bool held = false;

	if (hit.kind && hit.kind->before)
		hit.kind->before(req);
	req->fault = hit.kind ? hit.kind->name : NULL;
	if (!hit.kind || hit.kind->stage == FAULT_AFTER)
		http_dispatch(sys, req, &out->rep);
	held = out->rep.hold_ms > 0;
	if (held)
		req = hold(sys, req, conn, in, &out->rep);
	if (!req || out->rep.hold_ms > 0) {
		out->ending = ENDING_RESET;
		return;
	}
	if (hit.kind) {
		faults_reply(&hit, sys->name, &out->rep);
		out->ending = hit.kind->ending;
		out->fault = hit.kind->name;
	}
	if (!held)
		log_add(sys->name, req, out->ending == ENDING_RESET ? 0 : out->rep.status, out->fault);
	if (req->writes)
		http_changed();
}

static enum MHD_Result answer(struct MHD_Connection *conn, const char *method, struct incoming *in)
{
	struct outcome out = { 0 };
	struct request *req;
	const struct http_system *sys;
	enum MHD_Result result;

	pthread_mutex_lock(&world);
	sys = system_of(in->uri);
	pool_reset();
	double delay = sys->name ? faults_delay(sys->name, fault_what(method, in->uri, in->body)) : 0;

	pool_reset();
	if (delay > 0)
		world_sleep(delay);
	if (sys->name)
		mirror_tick();
	pool_reset();
	req = make_request(conn, method, in);
	if (sys->name)
		serve_system(sys, req, conn, in, &out);
	else
		http_dispatch(sys, req, &out.rep);
	struct MHD_Response *r =
		out.ending == ENDING_RESET ? NULL : make_response(&out.rep, out.ending == ENDING_CUT);
	unsigned status = (unsigned)out.rep.status;

	pool_reset();
	pthread_mutex_unlock(&world);
	if (!r)
		return reset_connection(conn);
	result = MHD_queue_response(conn, status, r);
	MHD_destroy_response(r);
	return result;
}

/* --- the page's live connection --- */

void http_changed(void)
{
	changes++;
	pthread_cond_broadcast(&wake);
}

struct watcher {
	unsigned long seen;
};

static ssize_t read_events(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct watcher *w = cls;
	int n;

	pthread_mutex_lock(&world);
	struct timespec until = in_seconds(15);

	if (w->seen == changes && pos && !stopping)
		pthread_cond_timedwait(&wake, &world, &until);
	if (stopping)
		n = -1;
	else if (w->seen == changes && pos)
		n = snprintf(buf, max, ": still here\n\n");
	else
		n = snprintf(buf, max, "data: %lu\n\n", w->seen = changes);
	pthread_mutex_unlock(&world);
	return n < 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

static enum MHD_Result watch(struct MHD_Connection *conn)
{
	struct watcher *w = calloc(1, sizeof *w);
	struct MHD_Response *r =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 256, read_events, w, free);

	MHD_add_response_header(r, "Content-Type", "text/event-stream");
	MHD_add_response_header(r, "Cache-Control", "no-cache");
	enum MHD_Result result = MHD_queue_response(conn, 200, r);

	MHD_destroy_response(r);
	return result;
}

/* --- receiving --- */

static void *remember_uri(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct incoming *in = calloc(1, sizeof *in);

	(void)cls;
	(void)conn;
	if (in)
		in->uri = strdup(uri);
	return in;
}

static void forget(void *cls, struct MHD_Connection *conn, void **state, enum MHD_RequestTerminationCode why)
{
	struct incoming *in = *state;

	(void)cls;
	(void)conn;
	(void)why;
	if (in) {
		free(in->uri);
		free(in->body);
		free(in);
	}
	*state = NULL;
}

static bool take_body(struct incoming *in, const char *data, size_t len)
{
	if (in->len + len > BODY_MAX)
		return false;
	if (in->len + len + 1 > in->size) {
		in->size = (in->len + len + 1) * 2;
		char *more = realloc(in->body, in->size);

		if (!more)
			exit(1);
		in->body = more;
	}
	memcpy(in->body + in->len, data, len);
	in->len += len;
	in->body[in->len] = '\0';
	return true;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url, const char *method,
	const char *version, const char *data, size_t *len, void **state)
{
	struct incoming *in = *state;

	(void)cls;
	(void)url;
	(void)version;
	if (!in || !in->uri)
		return MHD_NO;
	if (!in->begun) {
		in->begun = true;
		return MHD_YES;
	}
	if (*len) {
		bool fits = take_body(in, data, *len);

		*len = 0;
		return fits ? MHD_YES : MHD_NO;
	}
	if (strcmp(in->uri, "/sandbox/events") == 0)
		return watch(conn);
	return answer(conn, method, in);
}

void http_init(void)
{
	cJSON_Hooks hooks = { pool_alloc, pool_ignore };

	cJSON_InitHooks(&hooks);
}

int http_start(int port)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	server = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
					  MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		0, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&here,
		MHD_OPTION_URI_LOG_CALLBACK, remember_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, forget, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)256 * 1024, MHD_OPTION_CONNECTION_TIMEOUT, 120u,
		MHD_OPTION_END);
	if (!server) {
		fprintf(stderr, "sandbox: cannot listen on 127.0.0.1:%d\n", port);
		exit(1);
	}
	return MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_stop(void)
{
	pthread_mutex_lock(&world);
	stopping = true;
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&world);
	MHD_stop_daemon(server);
}
