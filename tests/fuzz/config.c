/* config: any bytes as a configuration. */
#include "fuzz.h"
#include "config.h"
#include <strings.h>

static void check_config(const struct config *c)
{
	unsigned seen = 0;

	for (int i = 0; i < NSIDES; i++)
		seen |= BIT(c->winner[i]);
	CHECK(seen == BIT(NSIDES) - 1);
	CHECK(c->poll_active > 0 && c->poll_idle > 0 && c->grace_ms >= 0);
	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		const struct config_remote *r = &c->remote[side];
		CHECK(r->redirect_port >= 0 && r->redirect_port <= 65535);
		CHECK(!r->push_channel || !strncmp(r->push_channel, "/data/", 6) || !strncmp(r->push_channel, "/topic/", 7));
		CHECK(!r->url || (is_one_line(r->url) && !strncasecmp(r->url, "http", 4)));
		CHECK(!r->url || r->url[strlen(r->url) - 1] != '/');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_CONFIG c;
	struct config_error why = { 0, "" };

	config_init(&c);
	enum err e = config_parse(&c, (const char *)data, n, &why);
	CHECK(e == ERR_OK || e == ERR_CONFIG);
	if (e)
		CHECK(why.line > 0 && *why.msg && is_one_line(why.msg));
	else
		check_config(&c);
	return 0;
}
