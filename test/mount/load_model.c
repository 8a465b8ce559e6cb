/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may be seen under a name. Events, each a version that is put there,
 * stand in the order of their starts. One that was over before another began
 * came before it; where they overlap, either may have come first. Whoever has
 * seen a version knows that it was in place by then: its event ends there at
 * the latest, so that nobody who looks later may see an older one.
 */
#include "load.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { SHOWN = 12 };

static atomic_uint_fast64_t moments = 1;

uint64_t load_now(void)
{
	return atomic_fetch_add(&moments, 1);
}

void load_fail(const char *format, ...)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	va_list arguments;

	pthread_mutex_lock(&once); /* for good: the others come too late */
	fflush(stdout);
	fputs("failed: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(1);
}

size_t load_begin(struct load_name *name, const struct load_version *version,
		  const char *how)
{
	struct load_event *events;
	size_t event;

	pthread_mutex_lock(&name->lock);
	event = name->count++;
	if ((event & (event - 1)) == 0) {
		events = realloc(name->events,
				 (event ? 2 * event : 2) * sizeof(*events));
		if (!events)
			load_fail("no memory");
		name->events = events;
	}
	name->events[event] =
		(struct load_event){*version, how, load_now(), UINT64_MAX};
	pthread_mutex_unlock(&name->lock);
	return event;
}

void load_know(struct load_name *name, size_t event,
	       const struct load_version *version)
{
	pthread_mutex_lock(&name->lock);
	name->events[event].version = *version;
	pthread_mutex_unlock(&name->lock);
}

/* Lowers the time by which an event was over. */
static void ended_by(struct load_event *event, uint64_t end)
{
	if (event->end > end)
		event->end = end;
}

void load_done(struct load_name *name, size_t event)
{
	pthread_mutex_lock(&name->lock);
	ended_by(&name->events[event], load_now());
	pthread_mutex_unlock(&name->lock);
}

void load_undo(struct load_name *name, size_t event)
{
	pthread_mutex_lock(&name->lock);
	name->events[event].version.id = LOAD_NEVER;
	pthread_mutex_unlock(&name->lock);
}

/* The last start of what was over before a look began. */
static uint64_t latest_before(const struct load_name *name, uint64_t start)
{
	for (size_t i = name->count; i-- > 0;) {
		const struct load_event *event = &name->events[i];

		if (event->version.id != LOAD_NEVER && event->end < start)
			return event->start;
	}
	return 0;
}

static bool is_seen(const struct load_event *event,
		    const struct load_version *seen, bool by_size)
{
	if (event->version.id == LOAD_NEVER)
		return false;
	if (by_size)
		return event->version.id != LOAD_ABSENT &&
		       event->version.size == seen->size;
	return event->version.id == seen->id &&
	       event->version.size == seen->size &&
	       event->version.sum == seen->sum;
}

/* How many events may have put there what was seen; and the last of them. */
static size_t find(struct load_name *name, const struct load_version *seen,
		   bool by_size, uint64_t start, uint64_t end,
		   struct load_event **ret_event)
{
	uint64_t latest = latest_before(name, start);
	size_t found = 0;

	for (size_t i = name->count; i-- > 0 && found < 2;) {
		struct load_event *event = &name->events[i];

		if (event->start < end && event->end >= latest &&
		    is_seen(event, seen, by_size) && found++ == 0)
			*ret_event = event;
	}
	return found;
}

static void show(const struct load_name *name, size_t event)
{
	const struct load_event *one = &name->events[event];

	fprintf(stderr,
		"  %zu: %s: %" PRIx64 " of %" PRIu64 " bytes from %" PRIu64
		" to ",
		event, one->how, one->version.id, one->version.size,
		one->start);
	if (one->end == UINT64_MAX)
		fputs("now\n", stderr);
	else
		fprintf(stderr, "%" PRIu64 "\n", one->end);
}

/* What came last, and where else what was seen had its time. */
static void show_events(const struct load_name *name,
			const struct load_version *seen)
{
	for (size_t i = 0; i < name->count; i++)
		if (i + SHOWN >= name->count ||
		    name->events[i].version.id == seen->id)
			show(name, i);
}

static void saw(struct load_name *name, const struct load_version *seen,
		bool by_size, uint64_t start, uint64_t end)
{
	struct load_event *event;
	size_t found;

	pthread_mutex_lock(&name->lock);
	found = find(name, seen, by_size, start, end, &event);
	if (!found) {
		show_events(name, seen);
		load_fail("%s: saw %" PRIx64 " of %" PRIu64
			  " bytes, from %" PRIu64 " to %" PRIu64,
			  name->path, seen->id, seen->size, start, end);
	}
	/* Which one it was is known only if it can be no other. */
	if (found == 1)
		ended_by(event, end);
	pthread_mutex_unlock(&name->lock);
}

void load_saw(struct load_name *name, const struct load_version *version,
	      uint64_t start, uint64_t end)
{
	saw(name, version, false, start, end);
}

void load_saw_absent(struct load_name *name, uint64_t start, uint64_t end)
{
	static const struct load_version absent = {.id = LOAD_ABSENT};

	saw(name, &absent, false, start, end);
}

void load_saw_size(struct load_name *name, uint64_t size, uint64_t start,
		   uint64_t end)
{
	struct load_version seen = {.size = size};

	saw(name, &seen, true, start, end);
}
