/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that is being parsed. What is wrong is remembered with its offset; the
 * first fault counts, and everything that is asked for after it fails, too.
 */
#ifndef PAYLOAD_SCAN_H
#define PAYLOAD_SCAN_H

#include <bkup/fault.h>
#include <stdbool.h>
#include <stdint.h>

struct scan {
	const char *text;	 /* size bytes, which may be any, NUL as well */
	size_t size, at;	 /* at <= size */
	struct bkup_fault fault; /* what is NULL while there is none */
};

/* Notes what is wrong at an offset. Returns -EINVAL. */
int scan_fail_at(struct scan *scan, size_t offset, const char *what);
/* The same for where it stands. */
int scan_fail(struct scan *scan, const char *what);

static inline bool scan_failed(const struct scan *scan)
{
	return scan->fault.what;
}

/* The next byte, which stays; NUL at the end, and after a fault. */
char scan_peek(const struct scan *scan);
bool scan_at_end(const struct scan *scan);

/* Passes over spaces, tabs, line ends. */
void scan_space(struct scan *scan);

/* Passes over a word if it stands here, whatever its case. */
bool scan_take(struct scan *scan, const char *word);
/* The same, or it fails with what. */
int scan_expect(struct scan *scan, const char *word, const char *what);

/*
 * An integer without sign as strtoull(3) reads it: 0x for hexadecimal, a
 * leading 0 for octal if octal is set, else decimal.
 *
 * max: the largest that it may be.
 */
int scan_number(struct scan *scan, bool octal, uint64_t max,
		uint64_t *ret_value);

/* Takes two hexadecimal digits as a byte; false if they do not stand here. */
bool scan_hex(struct scan *scan, uint8_t *ret_byte);

#endif
