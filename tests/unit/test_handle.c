/* Open files without a mount: what is committed, when, and what is kept of a save that is refused. */
#include "fs_unit.h"

#define HEAD "Title: T\nPriority: Normal\nDue: 2026-09-03\n\n"

static int64_t task_with(struct rig *r, const char *text)
{
	int64_t id = make(r->s, "T", SIDE_LOCAL);
	assert_ok(save_text(r, id, text));
	return id;
}

static void a_reader_needs_no_copy(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *h = open_task(r, id, false);
	int64_t before = writes(r->s);

	check_read(r, h, HEAD "one\n");
	assert_false(h->file->loaded);
	set(r->s, id, FIELD_DETAILS, "from afar", SIDE_SC);	/* seen at once */
	check_read(r, h, HEAD "from afar\n");
	before = writes(r->s);
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	assert_int_equal(writes(r->s), before);
}

static void a_save_is_one_edit_at_the_flush(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n"), before = edits(r);
	struct handle *h = open_task(r, id, true);

	put_text(r, h, HEAD, 0);
	put_text(r, h, "two\n", strlen(HEAD));
	assert_int_equal(edits(r), before);
	check_text(r->s, id, HEAD "one\n");
	assert_ok(handle_flush(h, &r->env));
	assert_int_equal(edits(r), before + 1);
	check_text(r->s, id, HEAD "two\n");
	assert_no_write(r->s, handle_flush(h, &r->env));	/* a dup is closed, too */
	put_text(r, h, "three\n", strlen(HEAD));
	assert_ok(handle_flush(h, &r->env));
	assert_int_equal(edits(r), before + 2);
	handle_release(r->files, h, &r->env);
	check_text(r->s, id, HEAD "three\n");
	assert_int_equal(r->forgotten, 0);	/* the kernel holds these very bytes */
}

static void the_same_bytes_write_nothing(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *h = open_task(r, id, true);

	put_text(r, h, HEAD "one\n", 0);
	assert_no_write(r->s, handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
}

static void only_a_writer_is_judged(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *w = open_task(r, id, true), *reader = open_task(r, id, false);

	put_text(r, w, "half a te", 0);
	check_read(r, reader, "half a te");	/* shared */
	assert_no_write(r->s, handle_flush(reader, &r->env));
	handle_release(r->files, reader, &r->env);
	check_text(r->s, id, HEAD "one\n");
	put_text(r, w, "xt\n", 9);
	assert_ok(handle_flush(w, &r->env));
	handle_release(r->files, w, &r->env);
	check_text(r->s, id, "half a text\n");
}

/* A remote deletes the task while its file is open, or while it serves a rejected save. */
static void D3_what_was_typed_survives_a_deletion_elsewhere(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n"), other = task_with(r, HEAD "two\n");
	struct handle *h = open_task(r, id, true);
	AUTO_BUF kept = BUF_INIT, draft = BUF_INIT;
	AUTO_TASK t = TASK_INIT, u = TASK_INIT;
	struct scratch x;
	char name[NAME_LEN + 1];

	put_text(r, h, HEAD "typed for an hour\n", 0);
	assert_ok(store_get(r->s, id, &t));
	assert_ok(store_delete(r->s, id, SIDE_SC, NOW, 0));
	assert_err(handle_flush(h, &r->env), ERR_NOENT);
	handle_release(r->files, h, &r->env);
	snprintf(name, sizeof(name), "%.*s", (int)strlen(t.name) - 4, t.name);
	assert_ok(store_scratch_find(r->s, PLACE_OPEN, name, &x));
	assert_ok(store_scratch_text(r->s, x.id, &kept));
	assert_string_equal(buf_str(&kept), HEAD "typed for an hour\n");
	assert_no_write(r->s, store_rescue(r->s, id, kept.s, kept.n, NOW));

	assert_err(save_text(r, other, "Title: T\nDue: whenever\n\nx\n"), ERR_INVAL);
	assert_ok(store_get(r->s, other, &u));
	assert_ok(store_delete(r->s, other, SIDE_SC, NOW, 0));
	snprintf(name, sizeof(name), "%.*s", (int)strlen(u.name) - 4, u.name);
	assert_ok(store_scratch_find(r->s, PLACE_OPEN, name, &x));
	assert_ok(store_scratch_text(r->s, x.id, &draft));
	assert_string_equal(buf_str(&draft), "Title: T\nDue: whenever\n\nx\n");
	assert_ok(store_rescue(r->s, id, "another", 7, NOW));
	/* the others are taken */
	snprintf(name, sizeof(name), "%.*s (3)", (int)strlen(t.name) - 4, t.name);
	assert_ok(store_scratch_find(r->s, PLACE_OPEN, name, &x));
}

static void empty_and_nul_saves_change_nothing(void **state)
{
	static const char nul[100] = { 0 };
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n"), before;

	for (size_t n = 0; n <= sizeof(nul); n += 50) {
		struct handle *h = open_task(r, id, true);
		assert_ok(handle_write(h, &r->env, nul, n, 0));
		before = edits(r);
		assert_ok(handle_flush(h, &r->env));	/* not yet: more may come */
		check_text(r->s, id, HEAD "one\n");
		r->forgotten = 0;
		handle_release(r->files, h, &r->env);
		check_text(r->s, id, HEAD "one\n");
		assert_int_equal(edits(r), before);
		assert_int_equal(r->forgotten, 1);	/* the kernel thinks it is empty */
		assert_int_equal(r->last_ino, node_ino(KIND_TASK, id));
	}
}

static void a_refused_save_is_a_draft(void **state)
{
	static const struct {
		const char *text;
		enum err want;
	} row[] = {
		{ HEAD "bad \xff bytes\n", ERR_UTF8 },
		{ "Title: T\nDue: whenever\n\nx\n", ERR_INVAL },
		{ "Title: T\nDeu: 2026-09-03\n\nx\n", ERR_INVAL },
		{ "Title: T\nStatus: complete\n\nx\n", ERR_INVAL },
	};
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n"), before = edits(r);

	for (size_t i = 0; i < COUNT(row); i++) {
		assert_err(save_text(r, id, row[i].text), row[i].want);
		check_text(r->s, id, row[i].text);
		check_state(r->s, id, "invalid");
		check_field(r, id, FIELD_DETAILS, "one");
	}
	assert_int_equal(edits(r), before);
	assert_ok(save_text(r, id, HEAD "two\n"));
	check_text(r->s, id, HEAD "two\n");
	assert_int_equal(edits(r), before + 1);
	assert_int_equal(number(r->s, "SELECT count(*) FROM body WHERE draft IS NOT NULL"), 0);
}

static void too_long_a_text_is_kept_and_refused(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	AUTO_BUF big = BUF_INIT;

	buf_resize(&big, 40000);
	memset(big.s, 'x', big.n);
	assert_err(save_text(r, id, big.s), ERR_TOOBIG);
	check_text(r->s, id, big.s);

	struct handle *h = open_task(r, id, false);
	assert_err(handle_write(h, &r->env, "x", 1, FILE_TASK_MAX), ERR_TOOBIG);
	assert_err(handle_write(h, &r->env, "x", 1, SIZE_MAX), ERR_TOOBIG);
	assert_err(handle_truncate(h, &r->env, FILE_TASK_MAX + 1), ERR_TOOBIG);
	handle_release(r->files, h, &r->env);
}

/* echo x > file: open with O_TRUNC, dup and close (a flush), write, close. Only write() is heard. */
static void a_shell_is_told_at_its_first_write(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *h = open_task(r, id, true);

	assert_ok(handle_flush(h, &r->env));
	assert_err(handle_write(h, &r->env, "Due: never\n", 11, 0), ERR_INVAL);
	assert_err(handle_write(h, &r->env, "\nbody\n", 6, 0), ERR_INVAL);	/* its offset did not move */
	assert_err(handle_flush(h, &r->env), ERR_INVAL);
	handle_release(r->files, h, &r->env);
	check_text(r->s, id, "Due: never\n\nbody\n");
	check_field(r, id, FIELD_DETAILS, "one");

	h = open_task(r, id, true);	/* and a good one goes through, piece by piece */
	assert_ok(handle_flush(h, &r->env));
	put_text(r, h, "Title: T\n", 0);
	put_text(r, h, "Due: 2026-09-04\n", 9);
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_field(r, id, FIELD_DUE, "2026-09-04");
}

static void only_what_the_writer_changed_is_an_edit(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *h = open_task(r, id, false);

	assert_ok(handle_truncate(h, &r->env, strlen(HEAD)));
	set(r->s, id, FIELD_PRIORITY, TASK_HIGH, SIDE_SC);	/* meanwhile */
	put_text(r, h, "two\n", strlen(HEAD));
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_field(r, id, FIELD_PRIORITY, TASK_HIGH);
	check_field(r, id, FIELD_DETAILS, "two");
	check_text(r->s, id, "Title: T\nPriority: High\nDue: 2026-09-03\n\ntwo\n");
	assert_int_equal(r->forgotten, 1);
}

static void a_date_word_is_rewritten(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, "Title: T\n# mine\nDue: tomorrow\n\nx\n");
	AUTO_BUF text = BUF_INIT;

	check_field(r, id, FIELD_DUE, "2026-11-25");
	assert_ok(store_text(r->s, id, &text));
	assert_non_null(strstr(text.s, "Due: 2026-11-25\n"));
	assert_non_null(strstr(text.s, "# mine\n"));
	assert_true(r->forgotten > 0);
}

static void bytes_that_mean_the_same_are_kept(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n"), before = edits(r);

	assert_ok(save_text(r, id, "due:   2026-09-03\r\n# note\r\nTITLE: T\r\n\r\none\r\n"));
	check_text(r->s, id, "due:   2026-09-03\r\n# note\r\nTITLE: T\r\n\r\none\r\n");
	assert_int_equal(edits(r), before);
	assert_int_equal(r->forgotten, 0);
}

static int64_t new_file(struct rig *r, const char *title)
{
	struct task t = { .field = { [FIELD_TITLE] = (char *)title }, .created_at = NOW };
	int64_t id;
	assert_ok(store_create(r->s, &t, "", 0, SIDE_LOCAL, NOW, &id));
	return id;
}

static void a_new_files_title_line_beats_its_name_unless_taken(void **state)
{
	struct rig *r = *state;
	int64_t a = new_file(r, "name"), b = new_file(r, "copy");

	assert_ok(save_text(r, a, "Title: Inside\nPriority: High\n\nx\n"));
	check_name(r->s, a, "Inside.txt");
	assert_ok(save_text(r, b, "Title: Inside\nPriority: High\n\nx\n"));
	check_name(r->s, b, "copy.txt");
	check_field(r, b, FIELD_PRIORITY, TASK_HIGH);
	check_text(r->s, b, "Title: copy\nPriority: High\nDue:\n\nx\n");
}

static void a_new_file_says_who_an_old_one_does_not(void **state)
{
	struct rig *r = *state;
	int64_t id = new_file(r, "name");
	AUTO_TASK t = TASK_INIT;

	assert_ok(save_text(r, id, "Title: name\nPerson: Bob <bob@example.test>\n\nx\n"));
	assert_ok(store_get(r->s, id, &t));
	assert_same("person", t.fact[FACT_PERSON], "Bob");
	assert_err(save_text(r, id, "Title: name\nPerson: Eve <eve@example.test>\n\nx\n"), ERR_INVAL);
}

static void a_new_file_is_new_until_a_save_is_taken(void **state)
{
	struct rig *r = *state;
	int64_t id = new_file(r, "name");
	AUTO_TASK t = TASK_INIT;

	assert_err(save_text(r, id, "Title: Inside\nPerson: Bob\nDue: never\n"), ERR_INVAL);
	assert_ok(store_closed_all(r->s, NOW, GRACE));
	/* or it would go without its person */
	assert_false(due_at(r->s, id, SIDE_SC, NOW + 10 * GRACE));
	assert_ok(save_text(r, id, "Title: Inside\nPerson: Bob\nDue: today\n"));
	check_name(r->s, id, "Inside.txt");
	assert_ok(store_get(r->s, id, &t));
	assert_same("person", t.fact[FACT_PERSON], "Bob");
	assert_false(due_at(r->s, id, SIDE_SC, NOW + GRACE - 1));
	assert_true(due_at(r->s, id, SIDE_SC, NOW + GRACE));
	assert_err(save_text(r, id, "Title: Inside\nPerson: Eve\nDue: today\n"), ERR_INVAL);
}

static void the_grace_time_starts_at_the_last_close(void **state)
{
	struct rig *r = *state;
	int64_t id = new_file(r, "name");
	struct handle *a = open_task(r, id, false), *b = open_task(r, id, false);

	put_text(r, a, "x\n", 0);
	assert_ok(handle_flush(a, &r->env));
	handle_release(r->files, a, &r->env);
	assert_false(due_at(r->s, id, SIDE_SC, NOW + 10 * GRACE));	/* held while open */
	r->env.now = NOW + 1000;
	handle_release(r->files, b, &r->env);
	assert_ok(files_closed(&r->env));
	assert_false(due_at(r->s, id, SIDE_SC, NOW + 1000 + GRACE - 1));
	assert_true(due_at(r->s, id, SIDE_SC, NOW + 1000 + GRACE));
}

static struct handle *begin_file(struct rig *r, const char *name)
{
	struct entry e = { .open = true, .created_at = NOW, .changed_at = NOW };
	struct handle *h;

	strcpy(e.name, name);
	assert_ok(store_reserve(r->s, &e.id));
	assert_ok(handle_create(r->files, &r->env, &e, &h));
	assert_err(store_entry(r->s, e.id, &e), ERR_NOENT);
	return h;
}

static int count_commit(void *arg)
{
	++*(int *)arg;
	return 0;
}

static void a_new_file_is_one_commit(void **state)
{
	struct rig *r = *state;
	int commits = 0;
	int64_t id[20];

	handle_release(r->files, begin_file(r, "numbers are there.txt"), &r->env);
	sqlite3_commit_hook(r->s->db, count_commit, &commits);
	for (int i = 0; i < 20; i++) {
		char name[40];
		snprintf(name, sizeof(name), "new %d.txt", i);
		struct handle *h = begin_file(r, name);
		id[i] = node_id(h->file->ino);
		put_text(r, h, "one\n", 0);
		assert_ok(handle_flush(h, &r->env));
		check_text(r->s, id[i], "one\n");
		assert_true(r->env.known > 0);
		handle_release(r->files, h, &r->env);
		assert_int_equal(commits, i + 1);
	}
	sqlite3_commit_hook(r->s->db, NULL, NULL);
	/* the last one: with the next save, or in a quiet moment */
	assert_false(due_at(r->s, id[19], SIDE_SC, NOW + GRACE));
	assert_ok(files_closed(&r->env));
	for (int i = 0; i < 20; i++)
		assert_true(due_at(r->s, id[i], SIDE_SC, NOW + GRACE));
}

static void a_new_file_that_is_asked_about_is_there(void **state)
{
	struct rig *r = *state;
	struct handle *h = begin_file(r, "new.txt");
	int64_t id = node_id(h->file->ino);

	put_text(r, h, "Due: today\n", 0);
	assert_ok(files_make(&r->env));
	check_name(r->s, id, "new.txt");
	check_text(r->s, id, "");
	put_text(r, h, "\nx\n", strlen("Due: today\n"));
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_field(r, id, FIELD_DUE, TODAY);
	check_field(r, id, FIELD_TITLE, "new");
	handle_release(r->files, begin_file(r, "empty.txt"), &r->env);	/* as touch does */
	check_name(r->s, id + 1, "empty.txt");
}

static void a_new_file_that_another_side_changes_meanwhile_keeps_that(void **state)
{
	struct rig *r = *state;
	struct handle *h = begin_file(r, "new.txt");
	int64_t id = node_id(h->file->ino);

	put_text(r, h, "Priority: Normal\n\nx\n", 0);
	assert_ok(files_make(&r->env));
	set(r->s, id, FIELD_PRIORITY, TASK_HIGH, SIDE_SC);
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_field(r, id, FIELD_PRIORITY, TASK_HIGH);
	check_field(r, id, FIELD_DETAILS, "x");
}

static void a_new_file_whose_name_was_taken_meanwhile_is_another(void **state)
{
	struct rig *r = *state;
	struct handle *h = begin_file(r, "new.txt");
	int64_t id = node_id(h->file->ino), other = make(r->s, "new", SIDE_SC);

	assert_int_not_equal(other, id);
	put_text(r, h, "x\n", 0);
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_name(r->s, other, "new.txt");
	check_name(r->s, id, "new (2).txt");
	assert_int_equal(r->env.known, 0);	/* the kernel thinks otherwise */
	assert_int_equal(r->last_ino, node_fixed_ino(NODE_OPEN));
	assert_same("name", r->last_name, "new.txt");
}

static void a_new_file_that_is_refused_is_kept(void **state)
{
	struct rig *r = *state;
	struct handle *h = begin_file(r, "new.txt");
	int64_t id = node_id(h->file->ino);

	put_text(r, h, "Due: never\n", 0);
	assert_err(handle_flush(h, &r->env), ERR_INVAL);
	handle_release(r->files, h, &r->env);
	check_text(r->s, id, "Due: never\n");
	check_state(r->s, id, "invalid");
}

static int refuse_commit(void *arg)
{
	return 1;
}

/* A shell does not hear what close() says: its write() is told. */
static void a_new_file_that_has_no_room_says_so_at_the_write(void **state)
{
	struct rig *r = *state;
	struct handle *h = begin_file(r, "new.txt");
	int64_t id = node_id(h->file->ino);

	sqlite3_commit_hook(r->s->db, refuse_commit, NULL);
	assert_true(handle_flush(h, &r->env) != ERR_OK);
	assert_true(handle_write(h, &r->env, "x\n", 2, 0) != ERR_OK);
	sqlite3_commit_hook(r->s->db, NULL, NULL);
	put_text(r, h, "x\n", 0);
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_text(r->s, id, "x\n");
}

static void an_unlinked_file_is_read_and_never_committed(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *h = open_task(r, id, false);

	assert_ok(file_unlinked(&r->env, files_find(r->files, node_ino(KIND_TASK, id))));
	assert_ok(store_delete(r->s, id, SIDE_LOCAL, NOW, GRACE));
	check_read(r, h, HEAD "one\n");
	put_text(r, h, "never\n", strlen(HEAD));
	check_read(r, h, HEAD "never\n");
	assert_no_write(r->s, handle_flush(h, &r->env));
	int64_t before = writes(r->s);
	handle_release(r->files, h, &r->env);
	assert_int_equal(writes(r->s), before);
}

static int64_t scratch_file(struct rig *r, const char *name)
{
	struct scratch x = { .place = PLACE_OPEN, .mode = 0644 };
	int64_t id;
	snprintf(x.name, sizeof(x.name), "%s", name);
	assert_ok(store_scratch_create(r->s, &x, "", 0, NOW, &id));
	return id;
}

static void scratch_is_kept_as_it_is(void **state)
{
	struct rig *r = *state;
	uint64_t ino = node_ino(KIND_SCRATCH, scratch_file(r, ".x.swp"));
	struct handle *h;
	AUTO_BUF text = BUF_INIT;

	assert_ok(handle_open(r->files, &r->env, ino, false, &h));
	assert_ok(handle_write(h, &r->env, "\0\xff", 2, 4));
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	assert_ok(store_scratch_text(r->s, node_id(ino), &text));
	assert_int_equal(text.n, 6);
	assert_memory_equal(text.s, "\0\0\0\0\0\xff", 6);
}

static void handles_follow_their_file_onto_the_task(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n"), sid = scratch_file(r, "tmp1");
	uint64_t ino = node_ino(KIND_SCRATCH, sid);
	struct handle *h, *reader = open_task(r, id, false);

	assert_ok(handle_open(r->files, &r->env, ino, false, &h));
	put_text(r, h, HEAD "two\n", 0);
	assert_ok(handle_flush(h, &r->env));
	bool rewritten = false;
	assert_ok(text_save(&r->env, id, NULL, HEAD "two\n", strlen(HEAD) + 4, &rewritten));
	assert_false(rewritten);
	assert_ok(store_scratch_remove(r->s, sid, NOW, GRACE));
	assert_ok(files_retarget(r->files, ino, node_ino(KIND_TASK, id)));
	assert_int_equal(files_find(r->files, ino)->ino, node_ino(KIND_TASK, id));
	check_read(r, h, HEAD "two\n");
	handle_release(r->files, reader, &r->env);
	put_text(r, h, "three\n", strlen(HEAD));
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_text(r->s, id, HEAD "three\n");
	assert_null(files_find(r->files, ino));
	assert_null(files_find(r->files, node_ino(KIND_TASK, id)));
}

static void the_end_commits_what_is_open(void **state)
{
	struct rig *r = *state;
	int64_t a = task_with(r, HEAD "one\n"), b = make(r->s, "B", SIDE_LOCAL), c = task_with(r, HEAD "one\n");
	struct handle *ha = open_task(r, a, true), *hb = open_task(r, b, false), *hc = open_task(r, c, true);

	put_text(r, ha, HEAD "last words\n", 0);
	assert_ok(files_flush(r->files, &r->env));
	check_text(r->s, a, HEAD "last words\n");
	check_field(r, c, FIELD_DETAILS, "one");	/* emptied, not written */
	handle_release(r->files, ha, &r->env);
	handle_release(r->files, hb, &r->env);
	handle_release(r->files, hc, &r->env);
}

static void appending_goes_to_the_end_that_is(void **state)
{
	struct rig *r = *state;
	int64_t id = task_with(r, HEAD "one\n");
	struct handle *h = open_task(r, id, false);
	size_t end = strlen(HEAD "one\n");

	set(r->s, id, FIELD_DETAILS, "longer from afar", SIDE_SC);
	r->forgotten = 0;
	assert_ok(handle_append(h, &r->env, "two\n", 4, end));	/* the kernel's end is the old one */
	assert_int_equal(r->forgotten, 1);
	assert_int_equal(r->last_ino, node_ino(KIND_TASK, id));
	assert_ok(handle_append(h, &r->env, "three\n", 6, strlen(HEAD "longer from afar\ntwo\n")));
	assert_int_equal(r->forgotten, 1);
	assert_ok(handle_flush(h, &r->env));
	handle_release(r->files, h, &r->env);
	check_text(r->s, id, HEAD "longer from afar\ntwo\nthree\n");
}

/* A remote's value that a file can only show in other bytes is not edited by saving the file. */
static void what_a_line_cannot_hold_is_not_edited(void **state)
{
	static const struct {
		enum field field;
		const char *value;
	} row[] = {
		{ FIELD_TITLE, " tab\there " }, { FIELD_TITLE, "esc\x1b[31m" }, { FIELD_TITLE, "two\nlines" },
		{ FIELD_DETAILS, "one\r\ntwo" }, { FIELD_DETAILS, "one\rtwo\r" }, { FIELD_DETAILS, "\r\n" },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		int64_t id = task_with(r, HEAD "one\n");
		AUTO_BUF text = BUF_INIT;
		set(r->s, id, row[i].field, row[i].value, SIDE_SC);
		assert_ok(store_text(r->s, id, &text));
		char *due = strstr(text.s, "2026-09-03");
		assert_non_null(due);
		memcpy(due, "2026-10-04", 10);
		int64_t before = edits(r);
		assert_ok(save_text(r, id, text.s));
		assert_int_equal(edits(r), before + 1);
		check_field(r, id, row[i].field, row[i].value);
		check_field(r, id, FIELD_DUE, "2026-10-04");
		check_text(r->s, id, text.s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(a_reader_needs_no_copy),
		RIG_TEST(a_save_is_one_edit_at_the_flush),
		RIG_TEST(the_same_bytes_write_nothing),
		RIG_TEST(only_a_writer_is_judged),
		RIG_TEST(D3_what_was_typed_survives_a_deletion_elsewhere),
		RIG_TEST(empty_and_nul_saves_change_nothing),
		RIG_TEST(a_refused_save_is_a_draft),
		RIG_TEST(too_long_a_text_is_kept_and_refused),
		RIG_TEST(a_shell_is_told_at_its_first_write),
		RIG_TEST(only_what_the_writer_changed_is_an_edit),
		RIG_TEST(a_date_word_is_rewritten),
		RIG_TEST(bytes_that_mean_the_same_are_kept),
		RIG_TEST(a_new_files_title_line_beats_its_name_unless_taken),
		RIG_TEST(a_new_file_says_who_an_old_one_does_not),
		RIG_TEST(a_new_file_is_new_until_a_save_is_taken),
		RIG_TEST(the_grace_time_starts_at_the_last_close),
		RIG_TEST(a_new_file_is_one_commit),
		RIG_TEST(a_new_file_that_is_asked_about_is_there),
		RIG_TEST(a_new_file_that_another_side_changes_meanwhile_keeps_that),
		RIG_TEST(a_new_file_whose_name_was_taken_meanwhile_is_another),
		RIG_TEST(a_new_file_that_is_refused_is_kept),
		RIG_TEST(a_new_file_that_has_no_room_says_so_at_the_write),
		RIG_TEST(an_unlinked_file_is_read_and_never_committed),
		RIG_TEST(scratch_is_kept_as_it_is),
		RIG_TEST(handles_follow_their_file_onto_the_task),
		RIG_TEST(the_end_commits_what_is_open),
		RIG_TEST(appending_goes_to_the_end_that_is),
		RIG_TEST(what_a_line_cannot_hold_is_not_edited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
