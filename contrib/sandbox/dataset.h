/* What the two systems hold at the start: the people of the house, and the tasks of a data set. */
#ifndef SANDBOX_DATASET_H
#define SANDBOX_DATASET_H

struct cJSON;

void dataset_reset(void); /* empties everything, then Ann, Ben, the picklists, the fixed tokens */
void dataset_house(void); /* the latter alone, where missing */

/* {"users":[],"people":[],"salesforce":[],"salesconnect":[],"statuses":[],"priorities":[]} or
 * {"generate":N,"seed":S,"only":"salesforce"|"salesconnect"}. NULL, or what is wrong (nothing is kept then).
 */
const char *dataset_load(const struct cJSON *);

#define USER_ME "005000000000007AAA"	/* Ann Lee, SC user 7 */
#define USER_OTHER "005000000000008AAA" /* Ben Okafor, SC user 8: the colleague */
#define SC_ME 7
#define SC_OTHER 8

#endif
