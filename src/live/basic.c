/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/basic.h"

#include "util/le.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

enum { TICKS = 10000000, TICK = 100 };

/* Seconds from 1601 to 1970. */
static const int64_t epoch = INT64_C(11644473600);

void live_basic_encode(const struct live_basic *basic, uint8_t *ret_bytes)
{
	memset(ret_bytes, 0, LIVE_BASIC_SIZE);
	le64_put(ret_bytes, basic->creation);
	le64_put(ret_bytes + 8, basic->access);
	le64_put(ret_bytes + 16, basic->write);
	le64_put(ret_bytes + 24, basic->change);
	le32_put(ret_bytes + 32, basic->attributes);
}

int live_basic_decode(const void *bytes, size_t size,
		      struct live_basic *ret_basic)
{
	const uint8_t *at = bytes;

	if (size != LIVE_BASIC_SIZE)
		return -EINVAL;
	*ret_basic = (struct live_basic){
		.creation = le64_get(at),
		.access = le64_get(at + 8),
		.write = le64_get(at + 16),
		.change = le64_get(at + 24),
		.attributes = le32_get(at + 32),
	};
	return 0;
}

uint64_t live_time_encode(struct timespec time)
{
	if (time.tv_sec < -epoch)
		return 1;
	if (time.tv_sec >= INT64_MAX / TICKS - epoch)
		return INT64_MAX;
	return (uint64_t)(time.tv_sec + epoch) * TICKS + time.tv_nsec / TICK;
}

struct timespec live_time_decode(uint64_t time)
{
	return (struct timespec){
		.tv_sec = (time_t)(time / TICKS) - epoch,
		.tv_nsec = (long)(time % TICKS) * TICK,
	};
}

int live_basic_refine(const struct live_file *file,
		      const struct live_basic *basic, struct timespec mtime)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime};

	return basic->write && live_time_encode(mtime) == basic->write
		       ? live_file_set_times(file, times)
		       : 0;
}
