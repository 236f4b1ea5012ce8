/* command: any bytes as a command line. */
#include "fuzz.h"
#include "command.h"

static void put_quoted(struct buf *b, const char *word)
{
	buf_putc(b, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_puts(b, "'\\''");
		else
			buf_putc(b, *word);
	buf_puts(b, "' ");
}

/* Words in quotes are the same words. */
static void check_words(char **words)
{
	AUTO_BUF line = BUF_INIT;
	char **again = NULL;
	size_t n = 0, i = 0;

	for (; words[n]; n++)
		put_quoted(&line, words[n]);
	CHECK(n > 0 && !buf_err(&line));
	CHECK(!command_split(line.s, &again));
	for (; again[i]; i++)
		CHECK(i < n && !strcmp(words[i], again[i]));
	CHECK(i == n);
	command_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	AUTO_FREE char *s = fuzz_str(data, n);
	char **words = NULL;
	enum err e = command_split(s, &words);

	CHECK(e == ERR_OK || e == ERR_INVAL);
	CHECK(!e == !!words);
	if (!e)
		check_words(words);
	command_free(&words);
	return 0;
}
