/* remindfs-sandbox: Sales Connect and Salesforce on loopback, for tests and for trying things out. */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "dataset.h"
#include "db.h"
#include "demo.h"
#include "http.h"
#include "text.h"

static const char usage[] = "usage: remindfs-sandbox [options]\n"
			    "  --port N        listen on 127.0.0.1:N; 0, the default, takes a free one\n"
			    "  --port-file F   write the port there once it listens\n"
			    "  --db FILE       keep the data there; without it they end with the program\n"
			    "  --demo N        start with N made-up tasks, if there are none yet\n"
			    "  --page-size N   rows in a page of a Salesforce query (2000)\n"
			    "  --help\n";

static const struct option options[] = {
	{ "port", required_argument, NULL, 'p' },
	{ "port-file", required_argument, NULL, 'f' },
	{ "db", required_argument, NULL, 'd' },
	{ "demo", required_argument, NULL, 'n' },
	{ "page-size", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void write_port(const char *path, int port)
{
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f) {
		if (path)
			perror(path);
		return;
	}
	fprintf(f, "%d\n", port);
	fclose(f);
}

int main(int argc, char **argv)
{
	const char *db = ":memory:", *port_file = NULL;
	int port = 0, sig, opt;
	long demo = 0, page_size = 0;
	sigset_t signals;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'p')
			port = atoi(optarg);
		else if (opt == 'f')
			port_file = optarg;
		else if (opt == 'd')
			db = optarg;
		else if (opt == 'n')
			demo = atol(optarg);
		else if (opt == 's')
			page_size = atol(optarg);
		else
			return fputs(usage, opt == 'h' ? stdout : stderr), opt == 'h' ? 0 : 2;
	}
	/* Blocked before the first thread, so that every thread inherits it and only sigwait() hears them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	http_init();
	db_open(db);
	config_default_pages(page_size);
	config_reset();
	dataset_house();
	/* A kept file is not filled again at every start. */
	if (demo > 0 && !db_int("SELECT (SELECT count(*) FROM Task) + (SELECT count(*) FROM sc_task)", "")) {
		db_run("BEGIN", "");
		demo_generate(demo, 1, "");
		db_run("COMMIT", "");
	}
	port = http_start(port);
	write_port(port_file, port);
	printf("listening on http://127.0.0.1:%d\n", port);
	fflush(stdout);
	sigwait(&signals, &sig);
	http_stop();
	db_close();
	pool_reset();
	return 0;
}
