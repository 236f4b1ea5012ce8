/* Things that go wrong on request. Each kind is one row of the table in faults.c. */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include <stdbool.h>

#include "http.h"

struct cJSON;

enum fault_stage {
	FAULT_DELAY,  /* wait, then go on as if nothing were */
	FAULT_BEFORE, /* the request is never applied */
	FAULT_AFTER,  /* it is applied, the answer suffers */
};

enum fault_ending {
	ENDING_REPLY,
	ENDING_RESET,
	ENDING_CUT
}; /* CUT: half of the promised body, then nothing */

struct fault_kind {
	const char *name;
	enum fault_stage stage;
	enum fault_ending ending;
	int status; /* 0: keep the handler's */
	const char *type;
	const char *sf_body, *sc_body;	  /* NULL: keep the handler's */
	const char *header, *value;	  /* value NULL: the fault's seconds */
	void (*before)(struct request *); /* an effect of its own, or NULL */
	void (*after)(struct reply *);
	const char *help;
};

struct fault_hit {
	const struct fault_kind *kind; /* NULL: all is well */
	double seconds;
};

/* Both take one shot of what matches what, "METHOD URI" (of /cometd: and the body): the seconds to wait
 * first, and the fault to suffer then. */
double faults_delay(const char *system, const char *what);
struct fault_hit faults_take(const char *system, const char *what);
void faults_reply(const struct fault_hit *, const char *system, struct reply *);

const char *faults_set(const struct cJSON *); /* NULL, or what is wrong */
void faults_clear(void);
void faults_json(struct text *);

#endif
