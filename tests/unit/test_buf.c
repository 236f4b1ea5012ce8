/* buf, wake, log and the error texts: the small things below everything else. */
#include "unit.h"
#include "log.h"
#include "wake.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#define LOG_MODULE "test"

static void empty_is_a_string(void **state)
{
	AUTO_BUF b = BUF_INIT;
	assert_string_equal(buf_str(&b), "");
	buf_puts(&b, NULL);
	buf_add(&b, NULL, 0);
	assert_null(b.s);
	AUTO_FREE char *s = buf_take(&b);
	assert_string_equal(s, "");
	assert_ok(buf_err(&b));
}

static void grows_and_ends_in_nul(void **state)
{
	AUTO_BUF b = BUF_INIT;
	for (int i = 0; i < 10000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.s[b.n], '\0');
	}
	assert_int_equal(b.n, 10000);
	assert_int_equal(b.s[9999], 'a' + 9999 % 26);
	buf_add(&b, "x\0y", 3);
	assert_memory_equal(b.s + 10000, "x\0y", 4);
}

static void prints_any_length(void **state)
{
	AUTO_BUF b = BUF_INIT;
	char want[3000];
	memset(want, 'w', sizeof(want));
	want[sizeof(want) - 1] = '\0';
	buf_printf(&b, "%d:", 7);
	buf_printf(&b, "%s", "");
	buf_printf(&b, "%s", want);
	assert_int_equal(b.n, 2 + sizeof(want) - 1);
	assert_string_equal(b.s + 2, want);
}

static void resize_zeroes_what_is_new(void **state)
{
	AUTO_BUF b = BUF_INIT;
	buf_puts(&b, "hello");
	buf_resize(&b, 2);
	assert_string_equal(b.s, "he");
	buf_resize(&b, 6);
	assert_memory_equal(b.s, "he\0\0\0\0", 7);
	buf_resize(&b, 0);
	assert_string_equal(buf_str(&b), "");
}

static void write_is_pwrite(void **state)
{
	static const struct {
		const char *was;
		size_t off;
		const char *s;
		const char *want;
		size_t n;
	} row[] = {
		{ "hello", 0, "J", "Jello", 5 },
		{ "hello", 3, "p me", "help me", 7 },
		{ "hello", 5, "!", "hello!", 6 },
		{ "hello", 7, "x", "hello\0\0x", 8 },
		{ "", 2, "x", "\0\0x", 3 },
		{ "hello", 100, "", "hello", 5 },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_BUF b = BUF_INIT;
		buf_puts(&b, row[i].was);
		buf_write(&b, row[i].off, row[i].s, strlen(row[i].s));
		assert_int_equal(b.n, row[i].n);
		assert_memory_equal(buf_str(&b), row[i].want, row[i].n + 1);
	}
}

static void failure_sticks(void **state)
{
	AUTO_BUF b = BUF_INIT;
	buf_puts(&b, "kept");
	buf_resize(&b, SIZE_MAX - 1);
	assert_err(buf_err(&b), ERR_NOMEM);
	buf_puts(&b, "more");
	buf_write(&b, SIZE_MAX, "xy", 2);
	buf_resize(&b, 1);
	assert_string_equal(b.s, "kept");
	buf_clear(&b);
	assert_err(buf_err(&b), ERR_NOMEM);
	assert_null(buf_take(&b));
	assert_null(b.s);
	assert_err(buf_err(&b), ERR_NOMEM);
}

static void far_write_fails_without_harm(void **state)
{
	AUTO_BUF b = BUF_INIT;
	buf_puts(&b, "kept");
	buf_write(&b, SIZE_MAX - 1, "xy", 2);
	assert_err(buf_err(&b), ERR_NOMEM);
	assert_string_equal(b.s, "kept");
}

static void clear_keeps_the_memory(void **state)
{
	AUTO_BUF b = BUF_INIT;
	buf_puts(&b, "something");
	const char *s = b.s;
	buf_clear(&b);
	assert_string_equal(b.s, "");
	buf_puts(&b, "else");
	assert_ptr_equal(b.s, s);
	AUTO_FREE char *taken = buf_take(&b);
	assert_string_equal(taken, "else");
	assert_int_equal(b.n, 0);
	buf_puts(&b, "again");
	assert_string_equal(b.s, "again");
}

static void null_equals_null_alone(void **state)
{
	bool ok = true;
	assert_true(str_eq(NULL, NULL));
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("a", "b"));
	assert_null(str_dup(NULL, &ok));
	AUTO_FREE char *s = str_dup("x", &ok);
	assert_string_equal(s, "x");
	assert_true(ok);
}

static void every_error_has_its_text(void **state)
{
	for (int i = 0; i < ERR_N; i++) {
		assert_string_not_equal(err_str((enum err)i), "unknown error");
		for (int k = 0; k < i; k++)
			assert_string_not_equal(err_str((enum err)i), err_str((enum err)k));
	}
	assert_string_equal(err_str(ERR_N), "unknown error");
	assert_string_equal(err_str((enum err)-1), "unknown error");
}

/* ---- wake ---- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void a_ring_before_the_wait_is_not_missed(void **state)
{
	struct wake *w = wake_create();
	uint64_t seen = wake_count(w);
	wake_ring(w);
	wake_ring(w);
	assert_int_equal(wake_wait(w, seen, -1), seen + 2);
	assert_int_equal(wake_count(w), seen + 2);
	wake_destroy(w);
}

static void a_wait_ends_by_itself(void **state)
{
	struct wake *w = wake_create();
	int64_t begin = now_ms();
	assert_int_equal(wake_wait(w, 0, 30), 0);
	assert_true(now_ms() - begin >= 29);
	assert_int_equal(wake_wait(w, 0, 0), 0);
	wake_destroy(w);
}

static void *ring_later(void *w)
{
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	wake_ring(w);
	return NULL;
}

static void a_ring_ends_the_wait(void **state)
{
	static const int64_t limit[] = { -1, 60000, INT64_MAX };
	for (size_t i = 0; i < COUNT(limit); i++) {
		struct wake *w = wake_create();
		pthread_t thread;
		int64_t begin = now_ms();
		assert_int_equal(pthread_create(&thread, NULL, ring_later, w), 0);
		assert_int_equal(wake_wait(w, 0, limit[i]), 1);
		assert_true(now_ms() - begin < 30000);
		pthread_join(thread, NULL);
		wake_destroy(w);
	}
}

static void nobody_need_listen(void **state)
{
	wake_ring(NULL);
	wake_destroy(NULL);
}

/* ---- log ---- */

static void read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, out, size - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
}

static void a_log_line_is_one_line(void **state)
{
	char path[] = "/tmp/remindfs-log-XXXXXX", text[8192], want[32];
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	log_init(LOG_LEVEL_WARN, path, 0);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	errno = ENOENT;
	log_warn("put id=%d name=%s", 7, "a\nerror forged\x1b[2J");
	assert_int_equal(errno, ENOENT);
	log_info("below the level");
	char big[5000];
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_err("%s", big);
	log_init(LOG_LEVEL_ERROR, NULL, 0);

	read_file(path, text, sizeof(text));
	unlink(path);
	char *second = strchr(text, '\n');
	assert_non_null(second);
	*second++ = '\0';
	assert_string_equal(text + 24, " warn test: put id=7 name=a error forged [2J");
	assert_int_equal(sscanf(text, "20%*2[0-9]-%*2[0-9]-%*2[0-9]T%*2[0-9]:%*2[0-9]:%*2[0-9].%*3[0-9]%1[Z]", want), 1);
	assert_memory_equal(second + 24, " error test: xxx", 16);
	assert_ptr_equal(strchr(second, '\n'), second + strlen(second) - 1);
	assert_true(strlen(second) < sizeof(big));
}

static void logging_leaves_errno_alone(void **state)
{
	log_init(LOG_LEVEL_ERROR, "/dev/full", 0);
	errno = EEXIST;
	log_err("cannot be written");
	assert_int_equal(errno, EEXIST);
	log_init(LOG_LEVEL_ERROR, NULL, 0);
}

#define LINES 200

static void *log_much(void *who)
{
	for (int i = 0; i < LINES; i++)
		log_err("thread %s says something long enough to tear if it could", (const char *)who);
	return NULL;
}

static void threads_do_not_mix_lines(void **state)
{
	char path[] = "/tmp/remindfs-log-XXXXXX";
	int fd = mkstemp(path), count = 0;
	assert_true(fd >= 0);
	log_init(LOG_LEVEL_ERROR, path, 0);
	pthread_t thread[4];
	for (size_t i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, log_much, (void *)&"a\0b\0c\0d"[i * 2]), 0);
	for (size_t i = 0; i < COUNT(thread); i++)
		pthread_join(thread[i], NULL);
	log_init(LOG_LEVEL_ERROR, NULL, 0);
	FILE *f = fdopen(fd, "r");
	char line[256];
	for (; fgets(line, sizeof(line), f); count++) {
		char who;
		assert_int_equal(sscanf(line + 24, " error test: thread %c says", &who), 1);
		assert_string_equal(line + strlen(line) - 10, " it could\n");
	}
	fclose(f);
	unlink(path);
	assert_int_equal(count, 4 * LINES);
}

static void a_quoted_word_is_one_word(void **state)
{
	static const char *const word[][2] = { { "", "''" }, { "a b", "'a b'" }, { "Tom's", "'Tom'\\''s'" }, { "$x`\"\\", "'$x`\"\\'" } };

	for (size_t i = 0; i < COUNT(word); i++) {
		AUTO_BUF b = BUF_INIT;
		buf_quote(&b, word[i][0]);
		assert_same("word", buf_str(&b), word[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_a_string),
		cmocka_unit_test(grows_and_ends_in_nul),
		cmocka_unit_test(prints_any_length),
		cmocka_unit_test(resize_zeroes_what_is_new),
		cmocka_unit_test(write_is_pwrite),
		cmocka_unit_test(failure_sticks),
		cmocka_unit_test(far_write_fails_without_harm),
		cmocka_unit_test(clear_keeps_the_memory),
		cmocka_unit_test(null_equals_null_alone),
		cmocka_unit_test(every_error_has_its_text),
		cmocka_unit_test(a_ring_before_the_wait_is_not_missed),
		cmocka_unit_test(a_wait_ends_by_itself),
		cmocka_unit_test(a_quoted_word_is_one_word),
		cmocka_unit_test(a_ring_ends_the_wait),
		cmocka_unit_test(nobody_need_listen),
		cmocka_unit_test(a_log_line_is_one_line),
		cmocka_unit_test(logging_leaves_errno_alone),
		cmocka_unit_test(threads_do_not_mix_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
