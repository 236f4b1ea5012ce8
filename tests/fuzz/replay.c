/* replay TARGET DIRECTORY: the target with every input in the directory, as one TAP test. */
#include "fuzz.h"
#include <dirent.h>
#include <unistd.h>

static void replay(const char *path)
{
	FILE *f = fopen(path, "re");
	AUTO_BUF b = BUF_INIT;
	char part[4096];
	size_t n;

	CHECK(f);
	while ((n = fread(part, 1, sizeof(part), f)))
		buf_add(&b, part, n);
	fclose(f);
	CHECK(!buf_err(&b));
	AUTO_FREE char *exact = malloc(b.n ? b.n : 1);	/* so that the sanitizer sees its end */
	CHECK(exact);
	memcpy(exact, buf_str(&b), b.n);
	LLVMFuzzerTestOneInput((const uint8_t *)exact, b.n);
}

static int is_input(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **in = NULL;
	int n = argc == 3 && !chdir(argv[2]) ? scandir(".", &in, is_input, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		fprintf(stderr, "# %s\n", in[i]->d_name);	/* the last one is the one that failed */
		replay(in[i]->d_name);
		free(in[i]);
	}
	free((void *)in);
	printf("%s 1 - %s replays %d inputs\n1..1\n", n > 0 ? "ok" : "not ok", argc > 1 ? argv[1] : "", n);
	return n <= 0;
}
