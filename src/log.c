#include "log.h"
#include "date.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_MODULE "log"

/* Set once before there are threads, read only afterwards: no lock needed. */
static enum log_level max_level = LOG_LEVEL_INFO;
static int file_fd = -1;
static int to_stderr = 1;

static const char *const level_name[] = { "error", "warn", "info", "debug" };

void log_init(enum log_level max, const char *file, int echo)
{
	max_level = max;
	if (file_fd >= 0)
		close(file_fd);
	file_fd = file ? open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	int e = errno;
	to_stderr = echo || file_fd < 0;
	if (file && file_fd < 0)
		log_warn("cannot open the log file errno=%d", e);
}

/* One line stays one line, whatever an argument holds. */
static void one_line(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = ' ';
}

/* A whole line in one write(2): lines of several threads and processes never mix. */
static void put(int fd, const char *line, size_t n)
{
	while (write(fd, line, n) < 0 && errno == EINTR)
		;
}

void log_line(enum log_level level, const char *module, const char *fmt, ...)
{
	if (level > max_level)
		return;
	int e = errno;
	char line[1024], stamp[DATE_TIME_LEN];
	struct timespec now;
	va_list ap;

	clock_gettime(CLOCK_REALTIME, &now);
	date_format_time((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, stamp);
	size_t n = (size_t)snprintf(line, sizeof(line) / 2, "%s %s %.32s: ", stamp, level_name[level],
		module);
	va_start(ap, fmt);
	errno = e;	/* for %m */
	vsnprintf(line + n, sizeof(line) - 1 - n, fmt, ap);
	va_end(ap);
	one_line(line);
	n = strlen(line);
	line[n++] = '\n';
	if (file_fd >= 0)
		put(file_fd, line, n);
	if (to_stderr)
		put(STDERR_FILENO, line, n);
	errno = e;
}

void log_tail(size_t n, struct buf *out)
{
	AUTO_BUF text = BUF_INIT;
	off_t size = file_fd < 0 ? 0 : lseek(file_fd, 0, SEEK_END),
		from = size > (off_t)n ? size - (off_t)n : 0;

	buf_resize(&text, (size_t)(size - from));
	if (size <= 0 || buf_err(&text))
		return;
	ssize_t got = pread(file_fd, text.s, text.n, from);
	if (got <= 0)
		return;
	const char *end = text.s + got, *cut = from ? memchr(text.s, '\n', (size_t)got) : NULL;
	const char *begin = cut ? cut + 1 : from ? end : text.s;
	buf_add(out, begin, (size_t)(end - begin));
}
