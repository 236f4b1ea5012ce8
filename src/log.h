/*
 * log - one line per event, key facts as k=v, to stderr or syslog. Never a token, a header or a task's text.
 * Each .c file says once: #define LOG_MODULE "store". Safe from any thread.
 */
#ifndef LOG_H
#define LOG_H

#include "buf.h"
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* file: append there (0600, NULL: stderr only). echo: to stderr too. Call once, before threads. */
void log_init(enum log_level max, const char *file, int echo);
void log_line(enum log_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The last whole lines of the file, at most n bytes, appended; nothing where there is no file. */
void log_tail(size_t n, struct buf *out);

#define log_err(...) log_line(LOG_LEVEL_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, LOG_MODULE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, LOG_MODULE, __VA_ARGS__)
#define log_dbg(...) log_line(LOG_LEVEL_DEBUG, LOG_MODULE, __VA_ARGS__)

#endif
