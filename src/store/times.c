/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/times.h"

#include "util/cleanup.h"
#include "util/le.h"
#include "util/table.h"

#include <errno.h>
#include <sys/xattr.h>

enum {
	VERSION = 1,
	HAS_COMMON = 1,
	HEAD_SIZE = 2,
	TIME_SIZE = 12,
	ENTRY_SIZE = 8 + TIME_SIZE,
	VALUE_MAX = 65536,
};

bool times_equal(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static struct timespec time_get(const uint8_t *bytes)
{
	return (struct timespec){
		.tv_sec = (int64_t)le64_get(bytes),
		.tv_nsec = le32_get(bytes + 8) % 1000000000,
	};
}

static void time_put(uint8_t *bytes, struct timespec time)
{
	le64_put(bytes, time.tv_sec);
	le32_put(bytes + 8, time.tv_nsec);
}

static uint64_t name_hash(const char *name)
{
	return table_hash(name, strlen(name));
}

static int times_decode(const uint8_t *bytes, size_t size,
			struct times *ret_times)
{
	struct times times = {0};
	size_t at = HEAD_SIZE;

	if (size < HEAD_SIZE || bytes[0] != VERSION)
		return 0;
	times.has_common = bytes[1] & HAS_COMMON;
	if (times.has_common && size < at + TIME_SIZE)
		return 0;
	if (times.has_common) {
		times.common = time_get(bytes + at);
		at += TIME_SIZE;
	}
	times.count = (size - at) / ENTRY_SIZE;
	times.entries = calloc(times.count, sizeof(*times.entries));
	if (times.count && !times.entries)
		return -ENOMEM;
	for (size_t i = 0; i < times.count; i++, at += ENTRY_SIZE)
		times.entries[i] = (struct times_entry){
			.hash = le64_get(bytes + at),
			.time = time_get(bytes + at + 8)};
	*ret_times = times;
	return 0;
}

int times_load(int fd, struct times *ret_times)
{
	uint8_t small[HEAD_SIZE + TIME_SIZE + 16 * ENTRY_SIZE];
	cleanup_free uint8_t *large = NULL;
	ssize_t n = fgetxattr(fd, TIMES_XATTR, small, sizeof(small));

	*ret_times = (struct times){0};
	if (n < 0 && errno == ERANGE) {
		large = malloc(VALUE_MAX);
		if (!large)
			return -ENOMEM;
		n = fgetxattr(fd, TIMES_XATTR, large, VALUE_MAX);
	}
	if (n < 0)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -errno;
	return times_decode(large ? large : small, n, ret_times);
}

void times_done(struct times *times)
{
	free(times->entries);
	*times = (struct times){0};
}

int times_encode(const struct times *times, uint8_t **ret_bytes,
		 size_t *ret_size)
{
	size_t size = HEAD_SIZE + (times->has_common ? TIME_SIZE : 0);
	uint8_t *bytes = malloc(size + times->count * ENTRY_SIZE);

	if (!bytes)
		return -ENOMEM;
	bytes[0] = VERSION;
	bytes[1] = times->has_common ? HAS_COMMON : 0;
	if (times->has_common)
		time_put(bytes + HEAD_SIZE, times->common);
	for (size_t i = 0; i < times->count; i++, size += ENTRY_SIZE) {
		le64_put(bytes + size, times->entries[i].hash);
		time_put(bytes + size + 8, times->entries[i].time);
	}
	*ret_bytes = bytes;
	*ret_size = times->has_common || times->count ? size : 0;
	return 0;
}

int times_store_encoded(int fd, const uint8_t *bytes, size_t size)
{
	if (size)
		return fsetxattr(fd, TIMES_XATTR, bytes, size, 0) < 0 ? -errno
								      : 0;
	if (fremovexattr(fd, TIMES_XATTR) == 0 || errno == ENODATA ||
	    errno == ENOTSUP)
		return 0;
	return -errno;
}

int times_store(int fd, const struct times *times)
{
	cleanup_free uint8_t *bytes = NULL;
	size_t size = 0;
	int rc = times_encode(times, &bytes, &size);

	return rc < 0 ? rc : times_store_encoded(fd, bytes, size);
}

static struct timespec base_time(const struct times *times,
				 struct timespec file)
{
	return times->has_common ? times->common : file;
}

static struct times_entry *entry_find(const struct times *times, uint64_t hash)
{
	for (size_t i = 0; i < times->count; i++)
		if (times->entries[i].hash == hash)
			return &times->entries[i];
	return NULL;
}

struct timespec times_get(const struct times *times, const char *name,
			  struct timespec file)
{
	struct times_entry *entry =
		times->count ? entry_find(times, name_hash(name)) : NULL;

	return entry ? entry->time : base_time(times, file);
}

void times_rebase(struct times *times, struct timespec before,
		  struct timespec after)
{
	struct timespec base = base_time(times, before);

	times->common = base;
	times->has_common = !times_equal(base, after);
}

int times_set(struct times *times, const char *name, struct timespec time,
	      struct timespec file, bool alone)
{
	uint64_t hash = name_hash(name);
	struct times_entry *bigger;

	times_remove(times, name);
	if (alone) {
		times->count = 0;
		times->has_common = !times_equal(time, file);
		times->common = time;
		return 0;
	}
	if (times_equal(time, base_time(times, file)))
		return 0;
	bigger = reallocarray(times->entries, times->count + 1,
			      sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	times->entries = bigger;
	bigger[times->count++] =
		(struct times_entry){.hash = hash, .time = time};
	return 0;
}

void times_remove(struct times *times, const char *name)
{
	uint64_t hash = name_hash(name);
	size_t kept = 0;

	/* Others may have written it twice; then the first one counts. */
	for (size_t i = 0; i < times->count; i++)
		if (times->entries[i].hash != hash)
			times->entries[kept++] = times->entries[i];
	times->count = kept;
}

int times_copy(const struct times *times, struct times *ret_times)
{
	struct times copy = *times;

	copy.entries = calloc(times->count ? times->count : 1,
			      sizeof(*copy.entries));
	if (!copy.entries)
		return -ENOMEM;
	if (times->count)
		memcpy(copy.entries, times->entries,
		       times->count * sizeof(*copy.entries));
	*ret_times = copy;
	return 0;
}
