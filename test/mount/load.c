/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen threads write, rename, cut, remove, sync and read the streams of one
 * object and of many others, and know what each of them may see.
 *
 *	load run SECONDS SEED MOUNT FINAL  the threads; FINAL is written
 *	load mounted MOUNT FINAL           is there what was there then?
 *	load under SOURCE FINAL            the same of the underlying files
 *
 * A version that was put in place and acknowledged is seen by whoever opens
 * its name later, or a later one is; an open handle reads one version to its
 * end. ESTALE is tolerated at opening and at the first use of what others
 * change, for less than 2 % of those.
 */
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { THREADS = 16, OBJECTS = 40, STALE_PERCENT = 2 };

static struct load load;
static struct load_worker workers[THREADS];
static time_t end;

static void start_locks(struct load_name *name)
{
	pthread_rwlockattr_t attr;

	/* Else those who change something would hardly get a turn. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&name->change, &attr);
	pthread_rwlock_init(&name->open, &attr);
	pthread_mutex_init(&name->lock, NULL);
	pthread_rwlockattr_destroy(&attr);
}

static void add_name(const char *mount, const char *object, const char *child)
{
	struct load_version absent = {.id = LOAD_ABSENT};
	struct load_name *name = &load.names[load.count++];

	snprintf(name->object, sizeof(name->object), "%s", object);
	snprintf(name->child, sizeof(name->child), "%s", child);
	if (asprintf(&name->path, "%s/%s/%s", mount, object, child) < 0)
		load_fail("no memory");
	start_locks(name);
	load_done(name, load_begin(name, &absent, "start"));
}

static void add_object(const char *mount, const char *object,
		       const char *const *children)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", mount, object);
	if (mkdir(path, 0755) < 0)
		load_fail("mkdir of %s: %s", path, strerror(errno));
	for (; *children; children++)
		add_name(mount, object, *children);
}

static void add_names(const char *mount)
{
	static const char *const shared[] = {"data", "security", ":a", ":b",
					     ":c",   ":d",	 ":e", NULL};
	static const char *const others[] = {"data", ":x", ":y", NULL};
	char object[LOAD_CHILD_SIZE];

	add_object(mount, "shared", shared);
	load.shared = load.count;
	for (int i = 0; i < OBJECTS; i++) {
		snprintf(object, sizeof(object), "O%d", i);
		add_object(mount, object, others);
	}
	load.children = sizeof(others) / sizeof(*others) - 1;
}

static void *work(void *argument)
{
	struct load_worker *worker = argument;

	while (time(NULL) < end)
		load_operate(worker);
	return NULL;
}

static void run_threads(const char *mount, uint64_t seed)
{
	for (int i = 0; i < THREADS; i++) {
		struct load_worker *worker = &workers[i];

		worker->load = &load;
		worker->mount = mount;
		worker->number = i;
		worker->random = seed * THREADS + i;
		worker->buffer = malloc(LOAD_CONTENT_MAX + 1);
		if (!worker->buffer ||
		    pthread_create(&worker->thread, NULL, work, worker) != 0)
			load_fail("cannot start thread %d", i);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

static void tell(void)
{
	unsigned long done = 0, opened = 0, stale = 0;

	for (int i = 0; i < THREADS; i++) {
		done += workers[i].done;
		opened += workers[i].opened;
		stale += workers[i].stale;
	}
	printf("%lu operations, %lu uses of names, %lu stale\n", done, opened,
	       stale);
	if (stale * 100 >= opened * STALE_PERCENT)
		load_fail("%lu of %lu uses of names were stale", stale, opened);
}

static void run(unsigned long seconds, uint64_t seed, const char *mount,
		const char *final)
{
	end = time(NULL) + seconds;
	add_names(mount);
	run_threads(mount, seed);
	tell();
	for (size_t i = 0; i < load.count; i++)
		load_look(&workers[0], &load.names[i], &load.names[i].final);
	load_write_final(&load, final);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 6 && strcmp(verb, "run") == 0) {
		run(strtoul(argv[2], NULL, 0), strtoull(argv[3], NULL, 0),
		    argv[4], argv[5]);
		return 0;
	}
	if (argc != 4 || (strcmp(verb, "mounted") && strcmp(verb, "under"))) {
		fprintf(stderr, "usage: load run SECONDS SEED MOUNT FINAL\n"
				"       load mounted MOUNT FINAL\n"
				"       load under SOURCE FINAL\n");
		return 2;
	}
	load_read_final(&load, argv[3]);
	if (strcmp(verb, "mounted") == 0)
		load_check_mounted(&load, argv[2]);
	else
		load_check_under(&load, argv[2]);
	return 0;
}
