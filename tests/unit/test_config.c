#include "unit.h"
#include "config.h"
#include <fcntl.h>
#include <sys/stat.h>

static enum err parse(struct config *c, const char *s, struct config_error *e)
{
	config_init(c);
	return config_parse(c, s, strlen(s), e);
}

static void R1_off_unless_said(void **state)
{
	AUTO_CONFIG c = { 0 };
	AUTO_CONFIG d = { 0 };
	config_init(&c);
	assert_ok(parse(&d, "", NULL));
	const struct config *each[] = { &c, &d };
	for (size_t i = 0; i < COUNT(each); i++) {
		const struct config *x = each[i];
		assert_false(x->sync_enabled);
		assert_false(x->other_values_skip);
		assert_int_equal(x->first_import, FIRST_24H);
		assert_int_equal(x->poll_active, 120);
		assert_int_equal(x->poll_idle, 600);
		assert_int_equal(x->grace_ms, 5000);
		assert_int_equal(x->winner[0], SIDE_LOCAL);
		assert_int_equal(x->winner[1], SIDE_SF);
		assert_int_equal(x->winner[2], SIDE_SC);
		assert_false(x->remote[SIDE_SC].configured);
		assert_false(x->remote[SIDE_SF].configured);
		assert_same("url", x->remote[SIDE_SF].url, "https://login.salesforce.com");
		assert_same("url", x->remote[SIDE_SC].url, NULL);
		assert_same("path", x->remote[SIDE_SC].path, "/api/v1");
		assert_same("complete", x->remote[SIDE_SF].complete_status, "Completed");
		assert_same("open", x->remote[SIDE_SF].open_status, "Not Started");
		assert_true(x->remote[SIDE_SF].push);
		assert_same("channel", x->remote[SIDE_SF].push_channel, "/data/TaskChangeEvent");
		assert_same("mount", x->mountpoint, NULL);
	}
}

static void every_key_is_read(void **state)
{
	AUTO_CONFIG c = { 0 };
	struct config_error e = { 0, "" };
	enum err err = parse(&c,
		"\xef\xbb\xbf# comment = no key\r\n"
		"; neither\n"
		"  [ Sync ]  \n"
		"\tENABLED=yes\n"
		"other_values = skip\nfirst_import = 30d\npoll_active = 2\npoll_idle=86400\ngrace = 0.25\n"
		"conflict_winner = salesforce,local , SalesConnect\n"
		"[salesforce]\n"
		"url = https://acme.my.salesforce.com/\n"
		"token_command = sf org display --json | jq '.x' # ; all of it\n"
		"client_id = 3MVG9\nclient_secret_command = pass show sf\nactivity_detail = [SC] {{activity_subject}}\n"
		"complete_status = Erledigt\nopen_status = Neu begonnen\nredirect_port = 1717\n"
		"push = off\npush_channel = MyTasks\n"
		"[salesconnect]\nurl = http://127.0.0.1:8080\ntoken_command = cat token\npath = /api/v2\n"
		"[mount]\npath = /home/x/my tasks\n"
		"[sync]\n", &e);
	if (err)
		fail_msg("line %d: %s", e.line, e.msg);
	const struct config_remote *sf = &c.remote[SIDE_SF], *sc = &c.remote[SIDE_SC];
	assert_true(c.sync_enabled);
	assert_true(c.other_values_skip);
	assert_int_equal(c.first_import, FIRST_30D);
	assert_int_equal(c.poll_active, 2);
	assert_int_equal(c.poll_idle, 86400);
	assert_int_equal(c.grace_ms, 250);
	assert_int_equal(c.winner[0], SIDE_SF);
	assert_int_equal(c.winner[1], SIDE_LOCAL);
	assert_int_equal(c.winner[2], SIDE_SC);
	assert_true(sf->configured && sc->configured);
	assert_same("url", sf->url, "https://acme.my.salesforce.com");
	assert_same("token", sf->token_command, "sf org display --json | jq '.x' # ; all of it");
	assert_same("id", sf->client_id, "3MVG9");
	assert_same("secret", sf->client_secret_command, "pass show sf");
	assert_same("detail", sf->activity_detail, "[SC] {{activity_subject}}");
	assert_same("complete", sf->complete_status, "Erledigt");
	assert_same("open", sf->open_status, "Neu begonnen");
	assert_int_equal(sf->redirect_port, 1717);
	assert_false(sf->push);
	assert_same("channel", sf->push_channel, "/topic/MyTasks");
	assert_same("url", sc->url, "http://127.0.0.1:8080");
	assert_same("token", sc->token_command, "cat token");
	assert_same("path", sc->path, "/api/v2");
	assert_same("mount", c.mountpoint, "/home/x/my tasks");
}

static void what_makes_a_remote_configured(void **state)
{
	static const struct {
		const char *s;
		bool sc, sf;
	} row[] = {
		{ "[salesforce]\n[salesconnect]\n", false, false }, { "[salesforce]\nopen_status = x\n", false, false },
		{ "[salesforce]\nurl = https://x\n", false, true }, { "[salesforce]\ntoken_command = x\n", false, true },
		{ "[salesforce]\nclient_id = x\n", false, true }, { "[salesconnect]\nurl = https://x\n", true, false },
		{ "[salesconnect]\ntoken_command = x\n", true, false }, { "[salesconnect]\npath = /x\n", false, false },
		{ "[salesconnect]\ntoken_command =\n", false, false },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_CONFIG c = { 0 };
		assert_ok(parse(&c, row[i].s, NULL));
		if (c.remote[SIDE_SC].configured != row[i].sc || c.remote[SIDE_SF].configured != row[i].sf)
			fail_msg("%s", row[i].s);
	}
}

static const struct {
	const char *s;
	int line;
	const char *has;
} wrong[] = {
	{ "[sync]\nenabeld = yes\n", 2, "unknown key \"enabeld\"; did you mean \"enabled\"?" },
	{ "[sync]\npoll = 3\n", 2, "did you mean \"poll_active\"?" },
	{ "[sync]\nzzz = 3\n", 2, "unknown key \"zzz\"" },
	{ "\n\n[salesfroce]\n", 3, "unknown section \"salesfroce\"; did you mean \"salesforce\"?" },
	{ "[x\x1b]\n", 1, "unknown section \"x␛\"" },
	{ "[sync\n", 1, "[NAME]" },
	{ "[\n", 1, "[NAME]" },
	{ "[]\n", 1, "unknown section" },
	{ "[sync] enabled = yes\n", 1, "[NAME]" },
	{ "enabled = yes\n", 1, "[section] must come before" },
	{ "[sync]\nenabled\n", 2, "key = value" },
	{ "[sync]\nenabled = yes\n[mount]\n[sync]\nenabled = no\n", 5, "enabled is given twice: here and in line 2" },
	{ "[sync]\nenabled = maybe\n", 2, "enabled is yes or no" },
	{ "[sync]\nenabled =\n", 2, "enabled is yes or no" },
	{ "[sync]\nenabled = yes # now\n", 2, "enabled is yes or no" },
	{ "[sync]\nother_values = drop\n", 2, "keep or skip" },
	{ "[sync]\nfirst_import = 1y\n", 2, "24h, 30d or open" },
	{ "[sync]\npoll_active = 0\n", 2, "from 1 to 86400" },
	{ "[sync]\npoll_idle = 86401\n", 2, "from 1 to 86400" },
	{ "[sync]\npoll_idle = 5m\n", 2, "from 1 to 86400" },
	{ "[sync]\npoll_idle = -5\n", 2, "from 1 to 86400" },
	{ "[sync]\npoll_idle = 99999999999\n", 2, "from 1 to 86400" },
	{ "[sync]\ngrace = 1,5\n", 2, "such as 5 or 0.5" },
	{ "[sync]\ngrace = .5\n", 2, "such as" },
	{ "[sync]\ngrace = 1.\n", 2, "such as" },
	{ "[sync]\ngrace = 1.0005\n", 2, "such as" },
	{ "[sync]\ngrace = 3601\n", 2, "such as" },
	{ "[sync]\ngrace = 1.2.3\n", 2, "such as" },
	{ "[sync]\nconflict_winner = local, salesforce\n", 2, "each once" },
	{ "[sync]\nconflict_winner = local, local, salesforce\n", 2, "each once" },
	{ "[sync]\nconflict_winner = local, salesforce, salesconnect, local\n", 2, "each once" },
	{ "[sync]\nconflict_winner = local, salesforce, other\n", 2, "each once" },
	{ "[salesforce]\npath = /x\n", 2, "unknown key \"path\"" },
	{ "[salesconnect]\nclient_id = x\n", 2, "unknown key" },
	{ "[salesforce]\npush = on\n", 2, "push is auto or off" },
	{ "[salesforce]\npush_channel = /meta/x\n", 2, "name of a PushTopic" },
	{ "[salesforce]\npush_channel = My Tasks\n", 2, "name of a PushTopic" },
	{ "[salesforce]\npush_channel = /data/\n", 2, "name of a PushTopic" },
	{ "[salesforce]\nredirect_port = 65536\n", 2, "0 (any) to 65535" },
	{ "[salesconnect]\npath = api\n", 2, "begins with /" },
	{ "[salesconnect]\npath = /api/\n", 2, "does not end in one" },
	{ "[salesconnect]\npath = /a?b\n", 2, "begins with /" },
	{ "[salesforce]\nurl = login.salesforce.com\n", 2, "begins with https://" },
	{ "[salesforce]\nurl = ftp://x\n", 2, "begins with https://" },
	{ "[salesforce]\nurl = http://login.salesforce.com\n", 2, "must be https://" },
	{ "[salesforce]\nurl = http://127.0.0.1.evil.test\n", 2, "must be https://" },
	{ "[salesforce]\nurl = http://localhost@evil.test\n", 2, "without user" },
	{ "[salesforce]\nurl = http://localhost:80@evil.test/\n", 2, "without user" },
	{ "[salesforce]\nurl = http://evil.test/@localhost\n", 2, "without user" },
	{ "[salesforce]\nurl = http://local\n", 2, "must be https://" },
	{ "[salesforce]\nurl = http://[::2]:80\n", 2, "must be https://" },
	{ "[salesforce]\nurl = https://\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https:///x\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://x y\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://x?y\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://x:\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://x:http\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://x:123456\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://[::1\n", 2, "https://HOST" },
	{ "[salesforce]\nurl = https://x\xc3\xa4\n", 2, "https://HOST" },
	{ "[sync]\n\n# \xff\n", 3, "not UTF-8" },
};

static void errors_say_line_and_remedy(void **state)
{
	for (size_t i = 0; i < COUNT(wrong); i++) {
		AUTO_CONFIG c = { 0 };
		struct config_error e = { 0, "" };
		enum err err = parse(&c, wrong[i].s, &e);
		if (err != ERR_CONFIG || e.line != wrong[i].line || !strstr(e.msg, wrong[i].has))
			fail_msg("%s: %s, line %d: %s", wrong[i].s, err_str(err), e.line, e.msg);
	}
	AUTO_CONFIG c = { 0 };
	struct config_error e;
	config_init(&c);
	assert_err(config_parse(&c, "[sync]\n\0\n", 9, &e), ERR_CONFIG);
	assert_int_equal(e.line, 2);
}

static void https_or_this_machine(void **state)
{
	static const char *const good[][2] = {
		{ "https://x", "https://x" }, { "HTTPS://x.test:8443/base//", "HTTPS://x.test:8443/base" }, { "http://localhost", "http://localhost" },
		{ "http://LOCALHOST:1/x", "http://LOCALHOST:1/x" }, { "http://127.0.0.1:80/", "http://127.0.0.1:80" },
		{ "http://[::1]", "http://[::1]" }, { "http://[::1]:65535", "http://[::1]:65535" }, { "https://[2001:db8::1]/x", "https://[2001:db8::1]/x" },
		{ "", NULL },
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		AUTO_CONFIG c = { 0 };
		AUTO_BUF s = BUF_INIT;
		struct config_error e = { 0, "" };
		buf_printf(&s, "[salesconnect]\nurl = %s\n", good[i][0]);
		if (parse(&c, s.s, &e))
			fail_msg("%s: %s", good[i][0], e.msg);
		assert_same(good[i][0], c.remote[SIDE_SC].url, good[i][1]);
	}
}

static void secrets_are_not_repeated(void **state)
{
	static const char *const row[] = { "[salesforce]\nhunter2\n", "[salesforce]\nredirect_port = hunter2\n",
		"[salesforce]\nurl = https://me:hunter2@x\n" };
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_CONFIG c = { 0 };
		struct config_error e;
		assert_err(parse(&c, row[i], &e), ERR_CONFIG);
		assert_null(strstr(e.msg, "hunter2"));
	}
}

/* ---- files ---- */

static char dir[64], path[128];

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/remindfs-config-XXXXXX");
	umask(022);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/config", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void put_file(const char *s, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, s, strlen(s)), strlen(s));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void check_file(const char *want)
{
	char text[4096];
	struct stat st;
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, want);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(fd);
}

static enum err load(struct config *c, struct config_error *e)
{
	config_finish(c);
	config_init(c);
	return config_load(c, path, e);
}

static void a_file_others_can_reach_is_refused(void **state)
{
	static const mode_t loose[] = { 0644, 0640, 0604, 0620, 0602, 0601 };
	AUTO_CONFIG c = { 0 };
	struct config_error e;
	for (size_t i = 0; i < COUNT(loose); i++) {
		put_file("[sync]\nenabled = yes\n", loose[i]);
		assert_err(load(&c, &e), ERR_PERM);
		assert_non_null(strstr(e.msg, "chmod 600 /tmp/"));
		assert_false(c.sync_enabled);
	}
	put_file("[sync]\nenabled = yes\n", 0400);
	assert_ok(load(&c, &e));
	assert_true(c.sync_enabled);
}

static void no_file_means_the_defaults(void **state)
{
	AUTO_CONFIG c = { 0 };
	struct config_error e;
	unlink(path);
	assert_err(load(&c, &e), ERR_NOENT);
	assert_int_equal(c.poll_idle, 600);
	assert_string_equal(c.remote[SIDE_SF].open_status, "Not Started");
}

static void odd_files_are_refused(void **state)
{
	AUTO_CONFIG c = { 0 };
	struct config_error e;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_err(load(&c, &e), ERR_CONFIG);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_err(load(&c, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "not a regular file"));
	assert_int_equal(rmdir(path), 0);
	put_file("[sync]\nx = y\n", 0600);
	assert_err(load(&c, &e), ERR_CONFIG);
	assert_int_equal(e.line, 2);
	AUTO_BUF big = BUF_INIT;
	while (big.n <= 1 << 20)
		buf_puts(&big, "# a long way to say nothing\n");
	put_file(big.s, 0600);
	assert_err(load(&c, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "1 MiB"));
}

static void tilde_is_home(void **state)
{
	AUTO_CONFIG c = { 0 };
	struct config_error e;
	setenv("HOME", "/home/bob", 1);
	put_file("[mount]\npath = ~/tasks\n", 0600);
	assert_ok(load(&c, &e));
	assert_string_equal(c.mountpoint, "/home/bob/tasks");
	put_file("[mount]\npath = ~bob/tasks\n", 0600);
	assert_ok(load(&c, &e));
	assert_string_equal(c.mountpoint, "~bob/tasks");
}

static void R23_one_switch_comments_kept(void **state)
{
	static const struct {
		const char *was, *on;
	} row[] = {
		{ "", "[sync]\nenabled = yes\n" },
		{ "# mine\n[mount]\npath = /x", "# mine\n[mount]\npath = /x\n\n[sync]\nenabled = yes\n" },
		{ "[sync]\n# soon\nenabled = no\ngrace = 5\n", "[sync]\n# soon\nenabled = yes\ngrace = 5\n" },
		{ "[sync]\n  Enabled=no", "[sync]\n  Enabled= yes\n" },
		{ "[sync]\n# enabled = no\ngrace = 5\n", "[sync]\nenabled = yes\n# enabled = no\ngrace = 5\n" },
		{ "[sync]\r\ngrace = 5\r\n", "[sync]\r\nenabled = yes\ngrace = 5\r\n" },
		{ "[mount]\n\n[sync]\n[salesforce]\n", "[mount]\n\n[sync]\nenabled = yes\n[salesforce]\n" },
		{ "[sync]\n[mount]\n[ SYNC ]\nenabled = off\n", "[sync]\n[mount]\n[ SYNC ]\nenabled = yes\n" },
	};
	for (size_t i = 0; i < COUNT(row); i++) {
		AUTO_CONFIG c = { 0 };
		struct config_error e;
		put_file(row[i].was, 0600);
		assert_ok(config_set_enabled(path, true));
		check_file(row[i].on);
		assert_ok(config_set_enabled(path, true));
		check_file(row[i].on);
		assert_ok(load(&c, &e));
		assert_true(c.sync_enabled);
		assert_ok(config_set_enabled(path, false));
		assert_ok(load(&c, &e));
		assert_false(c.sync_enabled);
	}
}

static void R23_other_sections_are_left_alone(void **state)
{
	put_file("[mount]\nenabled = no\n[sync]\n", 0600);
	assert_ok(config_set_enabled(path, true));
	check_file("[mount]\nenabled = no\n[sync]\nenabled = yes\n");
}

static void R23_the_switch_makes_its_file(void **state)
{
	char keep[sizeof(path)], target[sizeof(path)], link[sizeof(path)];
	memcpy(keep, path, sizeof(path));
	snprintf(path, sizeof(path), "%s/new/deep/config", dir);
	assert_ok(config_set_enabled(path, true));
	check_file("[sync]\nenabled = yes\n");
	struct stat st;
	snprintf(target, sizeof(target), "%s/new", dir);
	assert_int_equal(stat(target, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);

	snprintf(target, sizeof(target), "%s/target", dir);
	snprintf(link, sizeof(link), "%s/link", dir);
	memcpy(path, target, sizeof(path));
	put_file("# dotfiles\n", 0600);
	assert_int_equal(symlink("target", link), 0);
	assert_ok(config_set_enabled(link, true));
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	check_file("# dotfiles\n\n[sync]\nenabled = yes\n");
	memcpy(path, keep, sizeof(path));
	if (geteuid()) {
		assert_int_equal(chmod(dir, 0500), 0);
		assert_err(config_set_enabled(path, false), ERR_PERM);
		assert_int_equal(chmod(dir, 0700), 0);
	}
}

static void where_things_are(void **state)
{
	char want[256];
	struct stat st;
	char *got = NULL;
	setenv("HOME", dir, 1);
	unsetenv("XDG_CONFIG_HOME");
	assert_ok(config_path(&got));
	snprintf(want, sizeof(want), "%s/.config/remindfs/config", dir);
	assert_string_equal(got, want);
	free(got);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_ok(config_path(&got));
	assert_string_equal(got, want);
	free(got);
	setenv("XDG_CONFIG_HOME", "/xdg", 1);
	assert_ok(config_path(&got));
	assert_string_equal(got, "/xdg/remindfs/config");
	free(got);

	unsetenv("XDG_STATE_HOME");
	snprintf(want, sizeof(want), "%s/.local/state/remindfs", dir);
	for (int i = 0; i < 2; i++) {
		assert_ok(config_state_dir(&got));
		assert_string_equal(got, want);
		assert_int_equal(stat(got, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0700);
		free(got);
	}
	assert_int_equal(chmod(want, 0750), 0);
	assert_err(config_state_dir(&got), ERR_PERM);
	assert_null(got);
	unsetenv("HOME");
	assert_err(config_state_dir(&got), ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1_off_unless_said),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(what_makes_a_remote_configured),
		cmocka_unit_test(errors_say_line_and_remedy),
		cmocka_unit_test(https_or_this_machine),
		cmocka_unit_test(secrets_are_not_repeated),
		cmocka_unit_test(a_file_others_can_reach_is_refused),
		cmocka_unit_test(no_file_means_the_defaults),
		cmocka_unit_test(odd_files_are_refused),
		cmocka_unit_test(tilde_is_home),
		cmocka_unit_test(R23_one_switch_comments_kept),
		cmocka_unit_test(R23_other_sections_are_left_alone),
		cmocka_unit_test(R23_the_switch_makes_its_file),
		cmocka_unit_test(where_things_are),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
