/*
 * rules - what may cross between the hub and a remote, as tables (spec/rules.md R1 to R27, D1 to D10). Pure:
 * no I/O, no clock.
 */
#ifndef RULES_H
#define RULES_H

#include "config.h"
#include "remote.h"
#include "task.h"

/* Fields in which a record of a linked task says nothing: Salesforce's subject (R25), a word that is not one
 * of ours (R8, R10), a field that is hidden from this user. */
uint32_t rules_silent(enum side side, const struct remote_task *theirs);
/* Fields whose change here may be sent. template: the activity detail customization;
 * NULL: the default (R24). */
uint32_t rules_may_push(enum side side, const char *template);
/* Facts to take from a record of a linked task: what only that side knows, if it changed;
 * what is missing here. */
uint32_t rules_facts(enum side side, const struct task *ours, const struct task *theirs);
/* Does a record that is new to us become a task, or part of one? Not a tombstone, not another's (D5), not a
 * series (D9). */
bool rules_import(const struct remote_task *theirs);
/* It becomes none of its own: it has another status, and such are to be skipped (R8). But what has a key was
 * made by a mount, of a task that comes or is there. */
bool rules_skip(const struct remote_task *theirs, const struct config *c);
/* The hub's values of a new record: any other status is open, any other priority normal (R8, R10). *out is
 * overwritten; the caller's to finish. */
NODISCARD enum err rules_hub(const struct remote_task *theirs, struct task *out);
/* So many deletions at once, of so many linked tasks: is that what somebody wanted (D6)? */
bool rules_mass(int64_t n, int64_t linked);
/* A clash between a value set here by ours and one that came from theirs: does theirs win (D2)? */
bool rules_theirs_wins(const enum side order[NSIDES], enum side ours, enum side theirs);

#endif
