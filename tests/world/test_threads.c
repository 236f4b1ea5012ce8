/* The threads, with remotes that nobody answers for: start, kick, edits meanwhile, an end within a second. For TSan. */
#include "store_files.h"
#include "sync.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/remindfs-threads-XXXXXX";
static struct store *store;
static struct config config;
static struct wake *changed, *outbox;

static int64_t now(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A port that accepts and never says a word (deaf), or one where nobody listens. */
static int port(bool deaf, int *fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &n), 0);
	if (deaf)
		assert_int_equal(listen(*fd, 8), 0);
	return ntohs(a.sin_port);
}

static void configure(int at)
{
	AUTO_BUF b = BUF_INIT;
	struct config_error e;
	buf_printf(&b, "[sync]\nenabled = yes\n[salesconnect]\nurl = http://127.0.0.1:%d\ntoken_command = echo t\n"
		       "[salesforce]\nurl = http://127.0.0.1:%d\ntoken_command = echo t\n", at, at);
	config_init(&config);
	assert_int_equal(config_parse(&config, b.s, b.n, &e), ERR_OK);
}

static void begin(void)
{
	char path[64];
	struct store_options o = { 0 };
	snprintf(path, sizeof(path), "%s/store.db", dir);
	changed = wake_create();
	outbox = wake_create();
	o.changed = changed;
	o.outbox = outbox;
	assert_int_equal(store_open(path, &o, &store), ERR_OK);
	for (enum side s = SIDE_SC; s < NSIDES; s++)
		assert_int_equal(store_side_switch(store, s, true, now(CLOCK_REALTIME)), ERR_OK);
}

static void end(void)
{
	static const char *const tail[] = { "", "-wal", "-shm" };
	store_close(store);
	wake_destroy(changed);
	wake_destroy(outbox);
	config_finish(&config);
	for (size_t i = 0; i < 3; i++) {
		char path[72];
		snprintf(path, sizeof(path), "%s/store.db%s", dir, tail[i]);
		unlink(path);
	}
}

static void edit(int i)
{
	AUTO_TASK t = TASK_INIT;
	char title[32];
	int64_t id;
	snprintf(title, sizeof(title), "task %d", i);
	assert_int_equal(task_set(&t, FIELD_TITLE, title), ERR_OK);
	assert_int_equal(store_create(store, &t, NULL, 0, SIDE_LOCAL, now(CLOCK_REALTIME), &id), ERR_OK);
	assert_int_equal(store_closed(store, id, now(CLOCK_REALTIME), 0), ERR_OK);
}

static bool tried(enum side s)
{
	struct side_state st;
	assert_int_equal(store_side(store, s, &st), ERR_OK);
	return st.tried_at && st.err;
}

static void nobody_listens(void **state)
{
	struct sync *y;
	int fd;
	configure(port(false, &fd));
	begin();
	assert_int_equal(sync_create(&config, dir, changed, outbox, &y), ERR_OK);
	for (int i = 0; i < 100; i++) {
		edit(i);
		sync_kick(y);
		usleep(5000);
	}
	for (int i = 0; i < 500 && !tried(SIDE_SC); i++)
		usleep(10000);
	assert_true(tried(SIDE_SC));
	sync_destroy(y);
	end();
	close(fd);
}

static void a_hung_request_does_not_hold_up_the_end(void **state)
{
	struct sync *y;
	int fd;
	configure(port(true, &fd));
	begin();
	assert_int_equal(sync_create(&config, dir, changed, outbox, &y), ERR_OK);
	edit(1);
	usleep(300000);
	int64_t from = now(CLOCK_MONOTONIC);
	sync_destroy(y);
	assert_in_range(now(CLOCK_MONOTONIC) - from, 0, 1500);
	end();
	close(fd);
}

static void no_remote_no_thread(void **state)
{
	struct sync *y;
	config_init(&config);
	begin();
	assert_int_equal(sync_create(&config, dir, changed, outbox, &y), ERR_OK);
	assert_null(y);
	sync_kick(y);
	sync_destroy(y);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_hung_request_does_not_hold_up_the_end),
		cmocka_unit_test(no_remote_no_thread),
	};
	if (!mkdtemp(dir))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
