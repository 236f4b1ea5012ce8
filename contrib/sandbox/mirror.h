/* The vendor's own task sync between the two systems, the third syncer beside remindfs (D7). While the
 * setting sc_task_sync is on it copies what was changed at least mirror_delay seconds ago, by the rules R1 to
 * R27.
 */
#ifndef SANDBOX_MIRROR_H
#define SANDBOX_MIRROR_H

/* To be called when time has passed, with the world lock held;
 * does something at most once a second of the clock. */
void mirror_tick(void);
void mirror_reset(void);

#endif
