#include "config.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct config config;

static long default_pages;

enum kind { NUMBER, SWITCH, ON_OFF, STRING };

static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset, size;
	long number;
	const char *string;
} settings[] = {
#define ROW(member, kind, number, string)                                                                    \
	{                                                                                                    \
#member, kind, offsetof(struct config, member), sizeof(config.member), number, string        \
	}
	ROW(page_size, NUMBER, 2000, NULL),
	ROW(token_ttl, NUMBER, 7200, NULL),
	ROW(sc_rate, NUMBER, 600, NULL),
	ROW(api_limit, NUMBER, 100000, NULL),
	ROW(rotate, SWITCH, false, NULL),
	ROW(external_id, SWITCH, false, NULL),
	ROW(restrict_picklists, SWITCH, true, NULL),
	ROW(private_sharing, SWITCH, false, NULL),
	ROW(view_all_data, SWITCH, false, NULL),
	ROW(cometd_timeout, NUMBER, 110000, NULL),
	ROW(sc_task_sync, ON_OFF, false, NULL),
	ROW(mirror_delay, NUMBER, 0, NULL),
	ROW(mirror_pairs, SWITCH, true, NULL),
	ROW(activity_detail, STRING, 0, "{{activity_subject}}"),
	ROW(push_topics, STRING, 0, "MyTasks"),
	ROW(hidden_fields, STRING, 0, ""),
	ROW(latest_date_covered, STRING, 0, ""),
	ROW(earliest_date_available, STRING, 0, ""),
	ROW(instance_url, STRING, 0, ""),
#undef ROW
};

#define COUNT (sizeof settings / sizeof settings[0])

static void *place(const struct setting *s)
{
	return (char *)&config + s->offset;
}

static void assign(const struct setting *s, long number, const char *string)
{
	if (s->kind == NUMBER)
		*(long *)place(s) = number;
	else if (s->kind == STRING)
		snprintf(place(s), s->size, "%s", string);
	else
		*(bool *)place(s) = number != 0;
}

void config_reset(void)
{
	for (size_t i = 0; i < COUNT; i++)
		assign(&settings[i], settings[i].number, settings[i].string);
	if (default_pages > 0)
		config.page_size = default_pages;
}

void config_default_pages(long rows)
{
	default_pages = rows;
}

static const char *set_one(const struct setting *s, const cJSON *v)
{
	bool on = cJSON_IsTrue(v) || (cJSON_IsString(v) && strcmp(v->valuestring, "on") == 0);
	bool off = cJSON_IsFalse(v) || (cJSON_IsString(v) && strcmp(v->valuestring, "off") == 0);

	if (s->kind == NUMBER && cJSON_IsNumber(v))
		assign(s, (long)v->valuedouble, NULL);
	else if (s->kind == STRING && (cJSON_IsString(v) || cJSON_IsNull(v)))
		assign(s, 0, cJSON_IsNull(v) ? "" : v->valuestring);
	else if ((s->kind == SWITCH || s->kind == ON_OFF) && (on || off))
		assign(s, on, NULL);
	else
		return fmt("%s: wrong type", s->name);
	return NULL;
}

const char *config_set(const cJSON *values)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, values)
	{
		const char *wrong = fmt("%s: no such setting", v->string);

		for (size_t i = 0; i < COUNT; i++)
			if (strcmp(settings[i].name, v->string) == 0)
				wrong = set_one(&settings[i], v);
		if (wrong)
			return wrong;
	}
	return NULL;
}

void config_json(struct text *t)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct setting *s = &settings[i];

		text_printf(t, "%s\"%s\":", i ? "," : "{", s->name);
		if (s->kind == NUMBER)
			text_printf(t, "%ld", *(long *)place(s));
		else if (s->kind == STRING)
			text_json(t, place(s));
		else if (s->kind == ON_OFF)
			text_json(t, *(bool *)place(s) ? "on" : "off");
		else
			text_add(t, *(bool *)place(s) ? "true" : "false");
	}
	text_add(t, "}");
}
