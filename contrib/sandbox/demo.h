/* Believable tasks: some only in one system, some twins in both; the same for the same seed and day. */
#ifndef SANDBOX_DEMO_H
#define SANDBOX_DEMO_H

/* only: "salesforce", "salesconnect", or "" for both; n tasks in each system asked for. */
void demo_generate(long n, unsigned seed, const char *only);

#endif
