/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the threads do. ESTALE is an honest answer to who opens, or uses a name
 * for the first time, while others change what it stands for; any other error
 * but those that the model explains is a failure.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 48 << 10 };

static uint64_t below(struct load_worker *worker, uint64_t limit)
{
	return load_random(&worker->random, limit);
}

static bool one_in(struct load_worker *worker, unsigned int n)
{
	return below(worker, n) == 0;
}

static void must(bool success, const char *what, const char *path)
{
	if (!success)
		load_fail("%s of %s: %s", what, path, strerror(errno));
}

/* Whether a call on a name went well; if not, was it a race? */
static bool went_well(struct load_worker *worker, bool success,
		      const char *what, const struct load_name *name)
{
	worker->opened++;
	if (success)
		return true;
	if (errno != ESTALE && errno != ENOENT)
		load_fail("%s of %s: %s", what, name->path, strerror(errno));
	if (errno == ESTALE)
		worker->stale++;
	return false;
}

static void pause_a_while(struct load_worker *worker)
{
	struct timespec time = {0};

	if (!one_in(worker, 4))
		return;
	time.tv_nsec = below(worker, one_in(worker, 60) ? 500000000 : 3000000);
	nanosleep(&time, NULL);
}

/* Mostly a few KiB; a tenth are larger than a request. */
static size_t random_size(struct load_worker *worker)
{
	size_t limit = one_in(worker, 10)  ? LOAD_CONTENT_MAX
		       : one_in(worker, 3) ? 50000
					   : 5000;

	return LOAD_HEADER_SIZE + below(worker, limit - LOAD_HEADER_SIZE);
}

static uint64_t new_id(struct load_worker *worker)
{
	return LOAD_ID(worker->number, ++worker->made);
}

/* Makes a content in the buffer. */
static void make(struct load_worker *worker, struct load_version *ret_version)
{
	size_t size = random_size(worker);
	uint64_t id = new_id(worker);

	load_fill(id, worker->buffer, size);
	load_seal(worker->buffer, id, size, ret_version);
}

static void write_out(struct load_worker *worker, int fd, const char *path,
		      size_t size)
{
	size_t half = one_in(worker, 2) ? below(worker, size) : size;

	must(pwrite(fd, worker->buffer + half, size - half, half) ==
		     (ssize_t)(size - half),
	     "write", path);
	must(pwrite(fd, worker->buffer, half, 0) == (ssize_t)half, "write",
	     path);
	if (one_in(worker, 10))
		must(fsync(fd) == 0, "fsync", path);
	must(close(fd) == 0, "close", path);
}

/* Reads to the end, in pieces and with pauses; -1 if it is stale at once. */
static ssize_t read_out(struct load_worker *worker, int fd,
			const struct load_name *name)
{
	size_t done = 0;
	ssize_t n;

	do {
		pause_a_while(worker);
		n = pread(fd, worker->buffer + done,
			  LOAD_CONTENT_MAX + 1 - done < PIECE
				  ? LOAD_CONTENT_MAX + 1 - done
				  : PIECE,
			  done);
		if (n < 0 && !done)
			return -1;
		must(n >= 0, "read", name->path);
		done += n;
	} while (n > 0);
	return done;
}

/* Parses what was read, and holds it against the handle's size. */
static void check_read(struct load_worker *worker, int fd,
		       const struct load_name *name, size_t size,
		       struct load_version *ret_version)
{
	const char *fault = load_parse(worker->buffer, size, ret_version);
	struct stat st;

	if (fault)
		load_fail("%s: %s in %zu bytes: version %#llx of %llu bytes",
			  name->path, fault, size,
			  (unsigned long long)ret_version->id,
			  (unsigned long long)ret_version->size);
	must(fstat(fd, &st) == 0, "stat", name->path);
	if ((size_t)st.st_size != size)
		load_fail("%s: %zu bytes were read of %zu", name->path, size,
			  (size_t)st.st_size);
}

/* Opens a name, when nobody writes in place; notes when it was. */
static int open_name(struct load_worker *worker, struct load_name *name,
		     uint64_t *ret_start, uint64_t *ret_end)
{
	int fd, error;

	pthread_rwlock_rdlock(&name->open);
	*ret_start = load_now();
	fd = open(name->path, O_RDONLY);
	error = errno;
	*ret_end = load_now();
	pthread_rwlock_unlock(&name->open);
	errno = error;
	if (went_well(worker, fd >= 0, "open", name))
		return fd;
	if (error == ENOENT)
		load_saw_absent(name, *ret_start, *ret_end);
	errno = error;
	return -1;
}

/* Returns whether it could be told, and what it is. */
static bool look(struct load_worker *worker, struct load_name *name,
		 struct load_version *ret_version)
{
	uint64_t start, end;
	int fd = open_name(worker, name, &start, &end);
	ssize_t size;

	*ret_version = (struct load_version){.id = LOAD_ABSENT};
	if (fd < 0)
		return errno == ENOENT;
	size = read_out(worker, fd, name);
	if (!went_well(worker, size >= 0, "first read", name)) {
		close(fd);
		return false;
	}
	check_read(worker, fd, name, size, ret_version);
	load_saw(name, ret_version, start, end);
	if (one_in(worker, 20))
		must(fsync(fd) == 0, "fsync of a reader", name->path);
	must(close(fd) == 0, "close of a reader", name->path);
	return true;
}

void load_look(struct load_worker *worker, struct load_name *name,
	       struct load_version *ret_version)
{
	if (!look(worker, name, ret_version))
		load_fail("%s: stale, and nobody has changed it", name->path);
}

static void op_look(struct load_worker *worker, struct load_name *name)
{
	struct load_version version;

	look(worker, name, &version);
}

static void op_stat(struct load_worker *worker, struct load_name *name)
{
	struct stat st;
	uint64_t start, end;
	int rc, error;

	pthread_rwlock_rdlock(&name->open);
	start = load_now();
	rc = stat(name->path, &st);
	error = errno;
	end = load_now();
	pthread_rwlock_unlock(&name->open);
	errno = error;
	if (went_well(worker, rc == 0, "stat", name))
		load_saw_size(name, st.st_size, start, end);
	else if (error == ENOENT)
		load_saw_absent(name, start, end);
}

/* Ends an event, by what came of it. */
static void conclude(struct load_name *name, size_t event, bool success)
{
	if (success)
		load_done(name, event);
	else
		load_undo(name, event);
}

/* A new version is written as scratch and renamed into place. */
static void op_publish(struct load_worker *worker, struct load_name *name)
{
	struct load_version version;
	char scratch[4096];
	size_t event;
	int fd, rc;

	snprintf(scratch, sizeof(scratch), "%s/%s/.scratch%u", worker->mount,
		 name->object, worker->number);
	make(worker, &version);
	fd = open(scratch, O_WRONLY | O_CREAT | O_EXCL, 0644);
	must(fd >= 0, "open", scratch);
	write_out(worker, fd, scratch, version.size);
	pthread_rwlock_rdlock(&name->change);
	event = load_begin(name, &version, "rename of scratch");
	rc = rename(scratch, name->path);
	if (rc < 0 && errno == ENOENT)
		load_fail("rename to %s: no scratch", name->path);
	rc = went_well(worker, rc == 0, "rename", name);
	conclude(name, event, rc);
	pthread_rwlock_unlock(&name->change);
	if (!rc)
		must(unlink(scratch) == 0, "unlink", scratch);
}

/* The same in place: who opens meanwhile would see half of it. */
static void op_write(struct load_worker *worker, struct load_name *name)
{
	struct load_version version;
	size_t event;
	int fd;

	make(worker, &version);
	pthread_rwlock_rdlock(&name->change);
	pthread_rwlock_wrlock(&name->open);
	event = load_begin(name, &version, "write");
	fd = open(name->path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 && errno == ENOENT)
		load_fail("open of %s: cannot be made", name->path);
	if (went_well(worker, fd >= 0, "open for writing", name))
		write_out(worker, fd, name->path, version.size);
	conclude(name, event, fd >= 0);
	pthread_rwlock_unlock(&name->open);
	pthread_rwlock_unlock(&name->change);
}

/* Changes a part of the content in the buffer, and in the file. */
static void scribble(struct load_worker *worker, int fd,
		     const struct load_name *name, size_t size)
{
	size_t at = LOAD_HEADER_SIZE + below(worker, size - LOAD_HEADER_SIZE);
	size_t length = below(worker, size - at + 1);

	if (length > 20000)
		length = 20000;
	load_fill(worker->random, worker->buffer + at, length);
	must(pwrite(fd, worker->buffer + at, length, at) == (ssize_t)length,
	     "partial write", name->path);
}

/* Turns the content that is open, and in the buffer, into the next one. */
static void revise(struct load_worker *worker, int fd, struct load_name *name,
		   size_t event, size_t size)
{
	struct load_version version;
	size_t old = size;
	uint64_t id = new_id(worker);

	if (size < LOAD_HEADER_SIZE || one_in(worker, 3))
		size = random_size(worker);
	if (size > old)
		memset(worker->buffer + old, 0, size - old);
	if (size != old)
		must(ftruncate(fd, size) == 0, "ftruncate", name->path);
	for (unsigned int i = below(worker, 4); i > 0; i--)
		scribble(worker, fd, name, size);
	load_seal(worker->buffer, id, size, &version);
	load_know(name, event, &version);
	must(pwrite(fd, worker->buffer, LOAD_HEADER_SIZE, 0) ==
		     LOAD_HEADER_SIZE,
	     "write of a header", name->path);
	if (one_in(worker, 5))
		must(fsync(fd) == 0, "fsync", name->path);
	if (one_in(worker, 5))
		must(close(dup(fd)) == 0, "close of a dup", name->path);
	must(close(fd) == 0, "close", name->path);
	load_done(name, event);
}

/*
 * What is to be a new version is known only when the old one was read; but if
 * the name is given to something else after the open, that replaces it.
 */
static void op_revise(struct load_worker *worker, struct load_name *name)
{
	struct load_version unknown = {.id = LOAD_NEVER}, seen;
	uint64_t start, end;
	size_t event;
	ssize_t size;
	int fd;

	pthread_rwlock_rdlock(&name->change);
	pthread_rwlock_wrlock(&name->open);
	event = load_begin(name, &unknown, "partial write");
	start = load_now();
	fd = open(name->path, O_RDWR);
	end = load_now();
	if (went_well(worker, fd >= 0, "open for both", name)) {
		size = read_out(worker, fd, name);
		if (went_well(worker, size >= 0, "first read", name)) {
			check_read(worker, fd, name, size, &seen);
			load_saw(name, &seen, start, end);
			revise(worker, fd, name, event, size);
		} else {
			close(fd);
		}
	} else if (errno == ENOENT) {
		load_saw_absent(name, start, end);
	}
	pthread_rwlock_unlock(&name->open);
	pthread_rwlock_unlock(&name->change);
}

static void op_empty(struct load_worker *worker, struct load_name *name)
{
	struct load_version empty = {.id = LOAD_EMPTY};
	size_t event;
	uint64_t start;
	int rc;

	pthread_rwlock_rdlock(&name->change);
	pthread_rwlock_wrlock(&name->open);
	start = load_now();
	event = load_begin(name, &empty, "truncate");
	rc = truncate(name->path, 0);
	if (rc < 0 && errno == ENOENT)
		load_saw_absent(name, start, load_now());
	conclude(name, event, went_well(worker, rc == 0, "truncate", name));
	pthread_rwlock_unlock(&name->open);
	pthread_rwlock_unlock(&name->change);
}

static void op_unlink(struct load_worker *worker, struct load_name *name)
{
	struct load_version absent = {.id = LOAD_ABSENT};
	size_t event;
	uint64_t start;
	int rc;

	pthread_rwlock_rdlock(&name->change);
	start = load_now();
	event = load_begin(name, &absent, "unlink");
	rc = unlink(name->path);
	conclude(name, event, went_well(worker, rc == 0, "unlink", name));
	if (rc < 0 && errno == ENOENT)
		load_saw_absent(name, start, load_now());
	pthread_rwlock_unlock(&name->change);
}

/* Another name of the same object. */
static struct load_name *sibling(struct load_worker *worker,
				 struct load_name *name)
{
	struct load *load = worker->load;
	size_t at = name - load->names, first = 0, count = load->shared;

	if (at >= load->shared) {
		count = load->children;
		first = at - (at - load->shared) % count;
	}
	at = (at - first + 1 + below(worker, count - 1)) % count;
	return &load->names[first + at];
}

/*
 * Both names are known, and nobody changes them. Nor does anybody open them:
 * he might find the file under its new name, and share what is written there.
 */
static void move(struct load_worker *worker, struct load_name *from,
		 struct load_name *to, const struct load_version *version,
		 const struct load_version *other, unsigned int flags)
{
	size_t leaves, comes;
	int rc;

	pthread_rwlock_wrlock(from < to ? &from->open : &to->open);
	pthread_rwlock_wrlock(from < to ? &to->open : &from->open);
	leaves = load_begin(from, other, "rename away");
	comes = load_begin(to, version, "rename of a stream");
	rc = renameat2(AT_FDCWD, from->path, AT_FDCWD, to->path, flags);
	if (rc < 0 && errno == ENOENT)
		load_fail("rename of %s: it is gone", from->path);
	rc = went_well(worker, rc == 0, "rename of a stream", from);
	conclude(from, leaves, rc);
	conclude(to, comes, rc);
	pthread_rwlock_unlock(&from->open);
	pthread_rwlock_unlock(&to->open);
}

/* What has holes cannot be exchanged with what can have none. */
static bool keeps_no_holes(const struct load_name *name)
{
	return strcmp(name->child, "security") == 0;
}

static void move_known(struct load_worker *worker, struct load_name *from,
		       struct load_name *to)
{
	struct load_version absent = {.id = LOAD_ABSENT}, version, other;
	bool exchange = one_in(worker, 4) && !keeps_no_holes(from) &&
			!keeps_no_holes(to);

	if (!look(worker, from, &version) || version.id == LOAD_ABSENT)
		return;
	if (!exchange) {
		move(worker, from, to, &version, &absent, 0);
		return;
	}
	if (look(worker, to, &other) && other.id != LOAD_ABSENT)
		move(worker, from, to, &version, &other, RENAME_EXCHANGE);
}

static void op_move(struct load_worker *worker, struct load_name *from)
{
	struct load_name *to = sibling(worker, from);

	pthread_rwlock_wrlock(from < to ? &from->change : &to->change);
	pthread_rwlock_wrlock(from < to ? &to->change : &from->change);
	move_known(worker, from, to);
	pthread_rwlock_unlock(&from->change);
	pthread_rwlock_unlock(&to->change);
}

struct operation {
	void (*run)(struct load_worker *worker, struct load_name *name);
	unsigned int weight;
};

/* Weights in all: 100. */
static const struct operation operations[] = {
	{op_look, 38},	 {op_publish, 24}, {op_stat, 8},  {op_write, 8},
	{op_revise, 10}, {op_move, 6},	   {op_empty, 2}, {op_unlink, 4},
};

void load_operate(struct load_worker *worker)
{
	struct load *load = worker->load;
	const struct operation *one = operations;
	unsigned int at = below(worker, 100);
	size_t name =
		one_in(worker, 2)
			? below(worker, load->shared)
			: load->shared +
				  below(worker, load->count - load->shared);

	while (at >= one->weight) {
		at -= one->weight;
		one++;
	}
	one->run(worker, &load->names[name]);
	worker->done++;
}
