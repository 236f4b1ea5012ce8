/* The one door to SQLite. A statement the sandbox wrote that SQLite refuses ends the program.
 *
 * Arguments: `types` has one letter an argument, s = const char * (NULL binds null), i = int64_t.
 * Texts handed out live in the request's pool (text.h).
 */
#ifndef SANDBOX_DB_H
#define SANDBOX_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

void db_open(const char *path); /* ":memory:" or a file; makes what is missing */
void db_close(void);

sqlite3_stmt *db_prepare(const char *sql);
sqlite3_stmt *db_query(const char *sql, const char *types, ...); /* finish with sqlite3_finalize() */
bool db_row(sqlite3_stmt *st);					 /* another row? */
const char *db_column(sqlite3_stmt *st, int i);			 /* until the next db_row(); NULL for null */

void db_run(const char *sql, const char *types, ...);
char *db_text(const char *sql, const char *types, ...);	 /* first column of the first row, or NULL */
int64_t db_int(const char *sql, const char *types, ...); /* likewise, or 0 */

#endif
