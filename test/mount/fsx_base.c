/* SPDX-License-Identifier: BSD-2-Clause */
/* Chance, the log of what was done last, and the end with a reason. */
#include "fsx.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t fsx_random(struct fsx *fsx, uint64_t below)
{
	return below ? next(&fsx->random) % below : 0;
}

bool fsx_one_in(struct fsx *fsx, unsigned int n)
{
	return fsx_random(fsx, n) == 0;
}

/* Zeros now and then: they may be written where a hole could be. */
void fsx_fill(struct fsx *fsx, uint8_t *bytes, size_t size)
{
	uint64_t state = next(&fsx->random);
	size_t i = 0;

	if (fsx_one_in(fsx, 12)) {
		memset(bytes, 0, size);
		return;
	}
	for (; i + 8 <= size; i += 8, state *= 0x2545f4914f6cdd1d)
		memcpy(bytes + i, &state, 8);
	for (; i < size; i++)
		bytes[i] = state >> 8 * (i % 8);
}

void fsx_say(struct fsx *fsx, const char *format, ...)
{
	char *line = fsx->log[fsx->logged++ % FSX_LOG_LINES];
	int n = snprintf(line, FSX_LINE_SIZE, "%lu: ", fsx->done);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + n, FSX_LINE_SIZE - n, format, arguments);
	va_end(arguments);
}

static void print_log(const struct fsx *fsx)
{
	unsigned long at =
		fsx->logged > FSX_LOG_LINES ? fsx->logged - FSX_LOG_LINES : 0;

	for (; at < fsx->logged; at++)
		fprintf(stderr, "  %s\n", fsx->log[at % FSX_LOG_LINES]);
}

void fsx_fail(struct fsx *fsx, const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "the last operations, size is %zu now:\n", fsx->size);
	print_log(fsx);
	fprintf(stderr,
		"failed: fsx -s %llu -l %zu -c %lu -r %lu -a %s%s%s: "
		"operation %lu: ",
		(unsigned long long)fsx->seed, fsx->size_max, fsx->closes,
		fsx->remounts, fsx->child,
		fsx->two_names ? " -2"
		: fsx->live    ? " -d"
			       : "",
		fsx->crowd ? " -w" : "", fsx->done);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

void fsx_must(struct fsx *fsx, bool success, const char *what)
{
	if (!success)
		fsx_fail(fsx, "%s: %s", what, strerror(errno));
}

static void show_difference(struct fsx *fsx, const char *what, size_t offset,
			    const uint8_t *got, const uint8_t *want,
			    size_t size)
{
	size_t first = 0, last = size - 1;

	while (got[first] == want[first])
		first++;
	while (got[last] == want[last])
		last--;
	fsx_fail(fsx,
		 "%s differs from byte %#zx to %#zx: %02x%02x%02x%02x and not "
		 "%02x%02x%02x%02x",
		 what, offset + first, offset + last, got[first],
		 got[(first + 1) % size], got[(first + 2) % size],
		 got[(first + 3) % size], want[first], want[(first + 1) % size],
		 want[(first + 2) % size], want[(first + 3) % size]);
}

void fsx_same(struct fsx *fsx, const char *what, size_t offset,
	      const uint8_t *got, size_t got_size, const uint8_t *want,
	      size_t want_size)
{
	size_t both = got_size < want_size ? got_size : want_size;

	if (both && memcmp(got, want, both) != 0)
		show_difference(fsx, what, offset, got, want, both);
	if (got_size != want_size)
		fsx_fail(fsx, "%s: %zu bytes and not %zu at %#zx", what,
			 got_size, want_size, offset);
}
