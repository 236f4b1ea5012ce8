/*
 * fill STORE TREE: put gen_tree.py's files into a new store, as a remote would have. TREE: its output directory.
 * fill -c STORE N:  be a first import: N short tasks into a store that may be mounted, 200 a commit, with
 *   a pause after each.
 */
#include "log.h"
#include "store.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMPORT_STEP 200
#define IMPORT_WAIT_US 50000	/* the next page's way over the network */

/* The value of a head line, NUL-terminated in place. */
static char *value(char *head, const char *label)
{
	size_t n = strlen(label);

	for (char *p = head; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, label, n))
			return p + n;
	return NULL;
}

static char *cut(char *line)
{
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line;
}

static enum err one(struct store *s, char *text, int64_t ms)
{
	char *body = strstr(text, "\n\n");
	struct task t = TASK_INIT;	/* borrows */
	int64_t id;

	if (!body)
		return ERR_INVAL;
	*body = '\0';
	body += 2;
	body[strlen(body) - 1] = '\0';
	char *title = value(text, "Subject: "), *status = value(text, "Status: "), *due = value(text, "Due: "),
		*priority = value(text, "Priority: "), *contact = value(text, "Contact: ");
	cut(title), cut(status), cut(due), cut(priority), cut(contact);
	t.field[FIELD_TITLE] = title;
	t.field[FIELD_STATUS] = !strcmp(status, "Completed") ? TASK_COMPLETE : TASK_OPEN;
	t.field[FIELD_PRIORITY] = !strcmp(priority, "High") ? TASK_HIGH : TASK_NORMAL;
	t.field[FIELD_DUE] = due;
	t.field[FIELD_DETAILS] = body;
	t.fact[FACT_PERSON] = contact;
	t.created_at = t.changed_at = ms;
	return store_create(s, &t, NULL, 0, SIDE_SC, ms, &id);
}

static enum err one_file(struct store *s, const char *dir, const char *name)
{
	char path[4096], text[65536];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st))
		return ERR_IO;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return one(s, text, (int64_t)st.st_mtime * 1000);
}

static enum err directory(struct store *s, const char *tree, const char *sub)
{
	char dir[2048];
	enum err e = ERR_OK;

	snprintf(dir, sizeof(dir), "%s/%s", tree, sub);
	DIR *d = opendir(dir);
	if (!d)
		return ERR_IO;
	for (struct dirent *x; !e && (x = readdir(d));)
		if (*x->d_name != '.')
			e = one_file(s, dir, x->d_name);
	closedir(d);
	return e;
}

static enum err tree_in(struct store *s, const char *tree)
{
	AUTO_TX tx = { 0 };

	TRY(tx_begin(s, &tx));
	TRY(directory(s, tree, "open"));
	TRY(directory(s, tree, "completed"));
	return tx_commit(&tx);
}

static enum err import(struct store *s, int n)
{
	int64_t id;
	enum err e = ERR_OK;

	for (int i = 0; !e && i < n; i += IMPORT_STEP) {
		AUTO_TX tx = { 0 };
		e = tx_begin(s, &tx);
		for (int k = i; !e && k < n && k < i + IMPORT_STEP; k++) {
			char title[64];
			snprintf(title, sizeof(title), "Imported task number %d", k);
			struct task t = { .field = { [FIELD_TITLE] = title, [FIELD_DETAILS] = title },
				.created_at = 1, .changed_at = 1 };
			e = store_create(s, &t, NULL, 0, SIDE_SF, 1, &id);
		}
		if (!e)
			e = tx_commit(&tx);
		usleep(IMPORT_WAIT_US);
	}
	return e;
}

int main(int argc, char **argv)
{
	bool beside = argc == 4 && !strcmp(argv[1], "-c");
	struct store *s = NULL;

	if (argc != 3 && !beside) {
		fprintf(stderr, "usage: fill STORE TREE\n       fill -c STORE N\n");
		return 2;
	}
	log_init(LOG_LEVEL_WARN, NULL, 2);
	enum err e = store_open(argv[beside ? 2 : 1], &(struct store_options){ 0 }, &s);
	if (!e)
		e = beside ? import(s, atoi(argv[3])) : tree_in(s, argv[2]);
	store_close(s);
	if (e)
		fprintf(stderr, "fill: %s\n", err_str(e));
	return e != ERR_OK;
}
