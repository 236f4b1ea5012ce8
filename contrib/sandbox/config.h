/* Everything POST /sandbox/config can change while the sandbox runs. One table (config.c) feeds both the
 * setter and GET; a new setting is a member here and a row there.
 */
#ifndef SANDBOX_CONFIG_H
#define SANDBOX_CONFIG_H

#include <stdbool.h>

struct cJSON;
struct text;

struct config {
	long page_size;		 /* SF query rows a page, when the client does not ask for fewer */
	long token_ttl;		 /* seconds an issued access token lives; 0 = for ever */
	long sc_rate;		 /* SC requests a minute and user before 429; 0 = no limit */
	long api_limit;		 /* SF requests a day before 403 REQUEST_LIMIT_EXCEEDED; 0 = no limit */
	bool rotate;		 /* refresh tokens change with every refresh */
	bool external_id;	 /* Task has remindfs_id__c */
	bool restrict_picklists; /* unlisted Status, Priority, Type are refused */
	bool private_sharing;	 /* SF tasks of others are invisible instead of read-only */
	bool view_all_data;	 /* SF callers may subscribe to /data/TaskChangeEvent */
	long cometd_timeout;	 /* ms a connect is held at most */
	bool sc_task_sync;	 /* SC reports that its own mirror is on */
	long mirror_delay;	 /* ...which copies after so many seconds; 0: it only says so */
	bool mirror_pairs;	 /* and looks whether somebody has copied a task already */
	char activity_detail[512];
	char push_topics[256];	      /* SF PushTopics there are: comma separated names */
	char hidden_fields[512];      /* SF field-level security: comma separated names */
	char latest_date_covered[64]; /* stuck value for updated/deleted, "" = the asked end */
	char earliest_date_available[64];
	char instance_url[256]; /* in token replies; "" = where the request came in */
};

extern struct config config;

void config_reset(void);
void config_default_pages(long rows);		    /* what config_reset() sets page_size to from now on */
const char *config_set(const struct cJSON *values); /* NULL, or what is wrong */
void config_json(struct text *t);

#endif
