/* The first import, shown while one waits: a bar on a terminal, plain lines elsewhere. */
#include "cmd.h"
#include <time.h>
#include <unistd.h>

static void draw(bool tty, enum side side, const struct side_state *st)
{
	int width = 30, full = st->total > 0 ? (int)(st->done * width / st->total) : 0;

	if (!tty)
		return;
	if (full > width)
		full = width;
	fprintf(stderr, "\r%-12s [%.*s%.*s] %lld", side_name[side], full, "##############################",
		width - full, "..............................", (long long)st->done);
	if (st->total > 0)
		fprintf(stderr, " of %lld", (long long)st->total);
	fputs("\033[K", stderr);
}

enum verdict { WAITING, DONE, STUCK };

static enum verdict look(struct store *s, enum side side, struct side_state *st)
{
	if (store_side(s, side, st))
		return STUCK;
	if (!st->on || (st->ok_at && !st->total))
		return DONE;
	return st->err && st->tried_at ? STUCK : WAITING;
}

/* What came from Salesforce is looked for in Sales Connect, and joined with its copy or sent there.
 * A row that was tried and has to wait is not due. */
static enum verdict look_for_rest(struct store *s, struct side_state *st)
{
	int64_t due;

	if (store_side(s, SIDE_SC, st) || store_outbox_next(s, SIDE_SC, now_ms(), &due))
		return STUCK;
	return !st->on || due ? DONE : st->err ? STUCK : WAITING;
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
}

/* Until then a name that was listed may be gone. Where it cannot be done, that side's row says why. */
static void wait_for_rest(struct store *s, bool tty, int64_t end)
{
	struct side_state st;
	struct counts n;

	while (look_for_rest(s, &st) == WAITING && now_ms() < end) {
		if (tty && !store_counts(s, now_ms(), &n))
			fprintf(stderr, "\r%-12s %lld to be joined or sent\033[K", side_name[SIDE_SC],
				(long long)n.waiting[SIDE_SC]);
		nap();
	}
	if (tty)
		fputs("\r\033[K", stderr);
}

bool progress_wait(struct store *s, int64_t ms)
{
	bool tty = isatty(STDERR_FILENO), fine = true;
	int64_t end = now_ms() + ms;

	for (enum side side = SIDE_SC; side < NSIDES; side++) {
		struct side_state st;
		enum verdict v;

		/* one may wait for another that is stuck */
		while ((v = look(s, side, &st)) == WAITING && fine && now_ms() < end) {
			draw(tty, side, &st);
			nap();
		}
		if (v == DONE && !st.on)
			continue;
		fprintf(stderr, "%s%-12s %s%s\n", tty ? "\r\033[K" : "", side_name[side],
			v == DONE ? "imported" : v == STUCK ? "not imported: "
			: "still importing; the mount goes on with it", v == STUCK ? st.message : "");
		fine &= v == DONE;
	}
	if (fine)
		wait_for_rest(s, tty, end);
	return fine;
}
