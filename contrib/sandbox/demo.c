#include "demo.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "clock.h"
#include "dataset.h"
#include "db.h"
#include "sc.h"
#include "sf.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PEOPLE 24

static const char *const firsts[] = { "Bob", "María", "Jürgen", "Aisha", "Tom", "Wei", "Olga", "Kwame",
	"Lucía", "Noor", "Sven", "Priya" };
static const char *const lasts[] = { "Müller", "Okonkwo", "Sanchez", "Chen", "Kowalski", "O'Brien", "Haddad",
	"Lindqvist", "Rossi", "Tanaka", "Novák", "Dubois" };
static const char *const subjects[] = {
	"Call * about the renewal",
	"Send the quote to *",
	"Follow up with *",
	"Prepare the demo for *",
	"Ask * for a reference",
	"Email * the data sheet",
	"Check in with *",
	"Book a meeting with *",
	"Review the contract with *",
	"Thank * for the introduction",
	"Remind * of the trial's end",
	"Discuss the budget with *",
};
static const char *const details[] = {
	NULL,
	"He asked for a two-year quote.",
	"Left a voicemail.\nTry again before noon.",
	"Wants to see the reporting part.\n\n- seats: 40\n- budget: next quarter",
	NULL,
	"Competes with the current supplier; be quick.",
};
static const char *const types[] = { "call", "email", "inmail", "custom" };
static const char *const statuses[] = { "Not Started", "Not Started", "Not Started", "Not Started",
	"In Progress", "Completed", "Completed", "Waiting on someone else", "Deferred", "Not Started" };
static const char *const priorities[] = { "Normal", "Normal", "Normal", "High", "High", "Low", "Normal" };
static const char *const campaigns[] = { "Q3 renewals", "Trial users", "Spring event" };

#define NAMES (COUNT(subjects) * PEOPLE)

static uint64_t state;
static bool told[NAMES];

/* xorshift: the same numbers everywhere. */
static unsigned pick(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % below;
}

struct person {
	char *name, *contact;
	int sc_id;
};

static void add_people(struct person *people)
{
	for (int i = 0; i < PEOPLE; i++) {
		people[i].sc_id = 101 + i;
		people[i].name = fmt("%s %s", firsts[(size_t)i % COUNT(firsts)],
			lasts[((size_t)i * 7 + (size_t)i / 12) % COUNT(lasts)]);
		people[i].contact = sf_id18(fmt("%s%012d", i % 6 == 5 ? "00Q" : "003", 101 + i));
		db_run("INSERT OR IGNORE INTO person(sc_id, Id, Type, FirstName, LastName, Name, Email, "
		       "CreatedDate, "
		       "LastModifiedDate, SystemModstamp) VALUES(?1,?2,?3,?4,substr(?5, length(?4) + "
		       "2),?5,?6,"
		       "'2026-01-05T09:00:00.000+0000','2026-01-05T09:00:00.000+0000','2026-01-05T09:00:00."
		       "000+0000')",
			"isssss", (int64_t)people[i].sc_id, people[i].contact,
			i % 6 == 5 ? "Lead" : "Contact", firsts[(size_t)i % COUNT(firsts)], people[i].name,
			fmt("person%d@example.test", i + 1));
	}
}

/* What a task is about, whichever system shows it. */
struct story {
	const struct person *person;
	char *name;
	const char *due, *status, *priority, *details;
	int64_t created, modified;
};

/* The star in the subject is the person. */
static char *about(const char *subject, const char *name)
{
	size_t before = strcspn(subject, "*");

	return fmt("%.*s%s%s", (int)before, subject, name, subject + before + 1);
}

/* Each of its own name while there are names: two of one name are told apart by whoever looks at both systems,
 * and that takes time. */
static char *new_name(const struct person *people, const struct person **person)
{
	unsigned at = pick(NAMES);

	for (unsigned i = 0; i < NAMES && told[at]; i++)
		at = (at + 1) % NAMES;
	told[at] = true;
	*person = &people[at % PEOPLE];
	return about(subjects[at / PEOPLE], (*person)->name);
}

static struct story new_story(const struct person *people)
{
	static const int dues[] = { 0, 0, 1, 1, -1, -3, -10, 2, 5, 7, 14, 30 };
	struct story s = { 0 };
	char buf[TIME_TEXT];
	int64_t now = clock_now();

	s.name = new_name(people, &s.person);
	if (pick(8))
		s.due = keep(date_text(now + dues[pick(COUNT(dues))] * DAY_MS, buf));
	s.status = statuses[pick(COUNT(statuses))];
	s.priority = priorities[pick(COUNT(priorities))];
	s.details = details[pick(COUNT(details))];
	s.created = now - (int64_t)pick(40 * 24 * 3600) * 1000 - 3600000;
	s.modified = pick(3) ? s.created + (int64_t)pick(3600) * 1000 : now - (int64_t)pick(23 * 3600) * 1000;
	return s;
}

static void add_text(cJSON *o, const char *name, const char *value)
{
	if (value)
		cJSON_AddStringToObject(o, name, value);
}

static void put_sf(const struct story *s)
{
	char buf[TIME_TEXT];
	cJSON *o = cJSON_CreateObject();
	struct sf_error e = { 0 };
	char *id;

	add_text(o, "Subject", s->name);
	add_text(o, "Status", s->status);
	add_text(o, "Priority", s->priority);
	add_text(o, "ActivityDate", s->due);
	add_text(o, "Description", s->details);
	add_text(o, "WhoId", s->person->contact);
	add_text(o, "CreatedDate", time_sf(s->created, buf));
	add_text(o, "LastModifiedDate", time_sf(s->modified, buf));
	sf_task_create(o, USER_ME, SF_AS_OWNER_OF_THE_WORLD, &id, &e);
}

static void put_sc(const struct story *s, int64_t created)
{
	char buf[TIME_TEXT];
	cJSON *o = cJSON_CreateObject();
	struct sc_error e = { 0 };
	int64_t id;

	add_text(o, "name", s->name);
	add_text(o, "type", types[pick(COUNT(types))]);
	add_text(o, "status", strcmp(s->status, "Completed") == 0 ? "complete" : "open");
	add_text(o, "priority", strcmp(s->priority, "High") == 0 ? "high" : "normal");
	add_text(o, "due_date", s->due);
	add_text(o, "details", s->details);
	cJSON_AddNumberToObject(cJSON_AddObjectToObject(o, "person"), "id", s->person->sc_id);
	if (!pick(6)) {
		cJSON *c = cJSON_AddObjectToObject(o, "campaign");

		add_text(c, "name", campaigns[pick(COUNT(campaigns))]);
		cJSON_AddNumberToObject(c, "day", 1 + pick(10));
		cJSON_AddNumberToObject(c, "step", 1 + pick(4));
	}
	add_text(o, "created_at", time_sc(created, buf));
	add_text(o, "updated_at", time_sc(s->modified > created ? s->modified : created, buf));
	sc_create(o, SC_ME, SC_AS_OWNER_OF_THE_WORLD, &id, &e);
}

void demo_generate(long n, unsigned seed, const char *only)
{
	struct person people[PEOPLE];
	bool sf = strcmp(only, "salesconnect") != 0, sc = strcmp(only, "salesforce") != 0;

	state = 0x9e3779b97f4a7c15u ^ ((uint64_t)seed << 20 | seed);
	memset(told, 0, sizeof(told));
	add_people(people);
	for (long i = 0; i < n; i++) {
		struct story s = new_story(people);

		/* Of both: a third only here, a third only there, a third twins within two minutes. */
		if (sf && (!sc || i % 3 != 1))
			put_sf(&s);
		if (sc && (!sf || i % 3 != 0))
			put_sc(&s, sf && i % 3 == 2 ? s.created + 1000 * (int64_t)pick(100) + 250
						    : s.created + 250);
	}
}
