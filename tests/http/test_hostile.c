/* http alone, against a server that answers with whatever a test wants. */
#include "sandbox.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

static struct buf canned;

static void serve(int fd, int times)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	while (times--) {
		char s[4096];
		int c = accept(fd, NULL, NULL);
		if (read(c, s, sizeof s) > 0)
			for (size_t at = 0; at < canned.n;) {
				ssize_t n = write(c, canned.s + at, canned.n - at);
				if (n <= 0)
					break;
				at += (size_t)n;
			}
		shutdown(c, SHUT_WR);
		while (read(c, s, sizeof s) > 0)
			;
		close(c);
	}
	_exit(0);
}

/* One request to a server that says what is canned. */
static enum err ask(struct http_reply *out, const char *header)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;
	char url[64];
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	pid_t pid = fork();
	if (pid == 0)
		serve(fd, 1);
	close(fd);
	snprintf(url, sizeof url, "http://127.0.0.1:%d/x?token=secret", ntohs(a.sin_port));
	struct http *h = http_create();
	enum err e = http_request(
		h, &(struct http_request){ .method = "GET", .url = url, .header = { header } }, out);
	http_destroy(h);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return e;
}

static void can(const char *head, const void *body, size_t n)
{
	buf_clear(&canned);
	buf_puts(&canned, head);
	buf_add(&canned, body, n);
}

static void gzip_zeros(size_t n, struct buf *out)
{
	static unsigned char zeros[1 << 20], packed[1 << 16];
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	for (size_t at = 0; at <= n; at += sizeof zeros) {
		z.next_in = zeros;
		z.avail_in = at < n ? sizeof zeros : 0;
		do {
			z.next_out = packed;
			z.avail_out = sizeof packed;
			deflate(&z, at < n ? Z_NO_FLUSH : Z_FINISH);
			buf_add(out, packed, sizeof packed - z.avail_out);
		} while (z.avail_out == 0);
	}
	deflateEnd(&z);
}

static void a_packed_answer_is_unpacked(void **state)
{
	AUTO_REPLY r = { 0 };
	AUTO_BUF zip = BUF_INIT;
	gzip_zeros(3 << 20, &zip);
	can("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: Text/X; charset=utf-8\r\n\r\n", zip.s,
		zip.n);
	assert_ok(ask(&r, NULL));
	assert_int_equal(r.body.n, 3 << 20);
	assert_string_equal(r.type, "Text/X");
}

/* 512 MiB in half a megabyte: given up at 32 MiB, counted as they come out. */
static void a_bomb_is_given_up(void **state)
{
	AUTO_REPLY r = { 0 };
	AUTO_BUF zip = BUF_INIT;
	struct rusage u;
	gzip_zeros((size_t)512 << 20, &zip);
	assert_true(zip.n < 1 << 20);
	can("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", zip.s, zip.n);
	assert_err(ask(&r, NULL), ERR_TOOBIG);
	assert_true(r.body.n <= HTTP_BODY_MAX);
	getrusage(RUSAGE_SELF, &u);
	print_message("# peak memory %ld KiB\n", u.ru_maxrss);
}

static void a_redirect_is_not_followed(void **state)
{
	AUTO_REPLY r = { 0 };
	can("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "", 0);
	assert_ok(ask(&r, NULL));
	assert_int_equal(r.status, 302);
}

static void odd_answers(void **state)
{
	static const struct {
		const char *text;
		enum err want;
	} row[] = {
		{ "", ERR_LOST },
		{ "<html>hello</html>", ERR_LOST }, /* HTTP/0.9 */
		{ "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ERR_LOST },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ERR_LOST },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip", ERR_LOST },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ERR_LOST },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", ERR_OK },
		{ "HTTP/1.1 200 OK\r\nRetry-After: 1e9\r\nDate: nonsense\r\nSforce-Limit-Info: "
		  "api-usage=x\r\n"
		  "Content-Length: 2\r\n\r\nok",
			ERR_OK },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_REPLY r = { 0 };
		can(row[i].text, "", 0);
		enum err e = ask(&r, NULL);
		if (e != row[i].want)
			print_error("%s\n", row[i].text);
		assert_err(e, row[i].want);
		assert_true(r.retry_ms == 0 && r.date == 0 && r.quota == 0);
	}
}

static void a_head_without_end(void **state)
{
	AUTO_REPLY r = { 0 };
	AUTO_BUF head = BUF_INIT;
	buf_puts(&head, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 5000; i++)
		buf_printf(&head, "X-%d: aaaaaaaaaaaaaaaaaaaa\r\n", i);
	can(head.s, "", 0);
	assert_err(ask(&r, NULL), ERR_LOST);
}

static void a_header_is_one_line(void **state)
{
	AUTO_REPLY r = { 0 };
	can("HTTP/1.1 200 OK\r\n\r\n", "", 0);
	assert_err(ask(&r, "X: a\r\nEvil: b"), ERR_CONFIG);
}

static int finish(void **state)
{
	buf_finish(&canned);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packed_answer_is_unpacked),
		cmocka_unit_test(a_bomb_is_given_up),
		cmocka_unit_test(a_redirect_is_not_followed),
		cmocka_unit_test(odd_answers),
		cmocka_unit_test(a_head_without_end),
		cmocka_unit_test(a_header_is_one_line),
	};
	return cmocka_run_group_tests_name("hostile", tests, NULL, finish);
}
