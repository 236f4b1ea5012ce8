/* What the store says about itself: how each side stands, what waits, what to type next. */
#include "status.h"
#include "store_unit.h"

static const char *render(struct fx *x, bool json)
{
	static char text[4000];
	AUTO_BUF b = BUF_INIT;
	assert_ok(json ? status_json(x->s, NOW, &b) : status_render(x->s, NOW, &b));
	snprintf(text, sizeof(text), "%s", buf_str(&b));
	return text;
}

static void check(struct fx *x, bool json, const char *want)
{
	const char *is = render(x, json);
	if (!strstr(is, want))
		fail_msg("no \"%s\" in:\n%s", want, is);
}

/* Fine, cannot reach, refused: each with its next step. */
static void three_states_are_kept_apart(void **state)
{
	static const struct {
		enum err e;
		const char *word, *next;
	} row[] = {
		{ ERR_OK, "fine", "" },
		{ ERR_OFFLINE, "not reached", "edits are kept and go out by themselves" },
		{ ERR_LOST, "not reached", "edits are kept and go out by themselves" },
		{ ERR_RETRY, "not reached", "edits are kept and go out by themselves" },
		{ ERR_LIMIT, "refused", "edits are kept and go out by themselves" },
		{ ERR_AUTH, "refused", "type: remindfs login salesforce" },
		{ ERR_DENIED, "refused", "edits are kept; why, is in the log; to try again: remindfs sync" },
		{ ERR_PROTOCOL, "refused", "edits are kept; why, is in the log; to try again: remindfs sync" },
		{ ERR_CONFIG, "trouble", "mend the configuration, then: remindfs sync" },
		{ ERR_NOSPC, "trouble", "make room, then: remindfs sync" },
	};
	struct fx *x = *state;
	check(x, true, "\"salesforce\":{\"on\":false,\"state\":\"off\"");
	on(x->s, SIDE_SF);
	check(x, true, "\"salesforce\":{\"on\":true,\"state\":\"starting\"");
	for (size_t i = 0; i < COUNT(row); i++) {
		struct side_state st;
		char want[200];
		assert_ok(store_side(x->s, SIDE_SF, &st));
		st.err = row[i].e;
		st.ok_at = st.tried_at = NOW - 1000;
		snprintf(st.message, sizeof(st.message), "%s", row[i].e ? "why" : "");
		assert_ok(store_side_put(x->s, SIDE_SF, &st));
		snprintf(want, sizeof(want), "\"state\":\"%s\"", row[i].word);
		check(x, true, want);
		bool prefixed = row[i].e && strcmp(row[i].word, "trouble");
		snprintf(want, sizeof(want), "salesforce    %s%s", prefixed ? row[i].word : "", prefixed ? ": why; last synced" :
			row[i].e ? "why; last synced" : "synced just now");
		check(x, false, want);
		check(x, false, row[i].next);
	}
}

/* A parked edit: what happened, what was kept, what to do. */
static void a_parked_edit_is_shown_with_its_reason_and_the_next_step(void **state)
{
	struct fx *x = *state;
	AUTO_BUF b = BUF_INIT;
	on(x->s, SIDE_SF);
	int64_t id = make(x->s, "Call Bob", SIDE_LOCAL);
	join(x->s, id, SIDE_SF, "00T1");
	set(x->s, id, FIELD_DETAILS, "typed", SIDE_LOCAL);
	assert_ok(store_outbox_fail(x->s, id, SIDE_SF, INT64_MAX, ERR_REFUSED, "STRING_TOO_LONG: Subject.", NOW, -1));
	check(x, false, "1 refused; why, and what to change: cat .remindfs/errors");
	assert_ok(status_problems(x->s, NOW, &b));
	assert_string_equal(buf_str(&b), "open/Call Bob.txt:1: salesforce refused: STRING_TOO_LONG: Subject; your text is kept"
		" here and not sent; edit the file to try again; give it up: rm '.remindfs/outbox/Call Bob.txt'\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_states_are_kept_apart),
		TEST(a_parked_edit_is_shown_with_its_reason_and_the_next_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
