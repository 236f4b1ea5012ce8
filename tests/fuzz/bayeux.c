/* bayeux: any bytes as the answers of a whole conversation, one a line. */
#include "fuzz.h"
#include "bayeux.h"
#include "json.h"

#define CDC "/data/TaskChangeEvent"

/* Whatever it said: what is sent next is JSON and short, and the waits have an end. */
static void check(const struct bayeux *b)
{
	AUTO_BUF body = BUF_INIT;

	CHECK(b->step < BAYEUX_GOODBYE);
	CHECK(b->step == BAYEUX_HANDSHAKE || b->client[0]);
	CHECK(b->wait_ms >= 0 && b->wait_ms <= INT64_C(30) * 3600 * 1000);
	CHECK(bayeux_patience(b) >= 0 && bayeux_patience(b) < 20 * 60 * 1000);
	bayeux_write(&body, b->step, b->client, CDC, b->replay);
	CHECK(!buf_err(&body) && body.n <= 32768);
	AUTO_JSON j = json_parse(body.s, body.n);
	CHECK(j);
}

static void answer(struct bayeux *b, const char *s, size_t n)
{
	struct bayeux_reply r;
	struct bayeux_news news;
	int64_t before = b->replay;
	enum err e = bayeux_read(s, n, b->step, CDC, &r);

	CHECK(e == ERR_OK || e == ERR_PROTOCOL);
	CHECK(r.word < BAYEUX_NWORDS && (e == ERR_OK || r.word == BAYEUX_SILENT));
	CHECK(is_one_line(r.msg) && memchr(r.client, '\0', sizeof r.client));
	bayeux_next(b, &r, 0, (uint32_t)n, &news);
	CHECK(b->replay >= before || news.gap);
	CHECK(news.ring || !r.events);
	check(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);
	struct bayeux b;

	bayeux_begin(&b, n % 2 ? -1 : 7);
	for (char *line = s, *end; line; line = end) {
		end = memchr(line, '\n', n - (size_t)(line - s));
		if (end)
			*end++ = '\0';
		answer(&b, line, (end ? (size_t)(end - 1 - s) : n) - (size_t)(line - s));
	}
	return 0;
}
