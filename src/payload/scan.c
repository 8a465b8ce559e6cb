/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/scan.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

int scan_fail_at(struct scan *scan, size_t offset, const char *what)
{
	if (!scan->fault.what)
		scan->fault = (struct bkup_fault){offset, what};
	return -EINVAL;
}

int scan_fail(struct scan *scan, const char *what)
{
	return scan_fail_at(scan, scan->at, what);
}

bool scan_at_end(const struct scan *scan)
{
	return scan_failed(scan) || scan->at == scan->size;
}

char scan_peek(const struct scan *scan)
{
	return scan_at_end(scan) ? '\0' : scan->text[scan->at];
}

void scan_space(struct scan *scan)
{
	while (!scan_at_end(scan) && strchr(" \t\r\n", scan_peek(scan)) &&
	       scan_peek(scan))
		scan->at++;
}

bool scan_take(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if (scan_failed(scan) || scan->size - scan->at < length ||
	    strncasecmp(scan->text + scan->at, word, length) != 0)
		return false;
	scan->at += length;
	return true;
}

int scan_expect(struct scan *scan, const char *word, const char *what)
{
	return scan_take(scan, word) ? 0 : scan_fail(scan, what);
}

/* What a digit stands for; 16 or more if it is none of the base. */
static unsigned int digit_value(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return 16;
}

static unsigned int take_base(struct scan *scan, bool octal)
{
	size_t at = scan->at;

	if (scan_take(scan, "0x")) {
		if (digit_value(scan_peek(scan)) < 16)
			return 16;
		scan->at = at;
	}
	return octal && scan_peek(scan) == '0' ? 8 : 10;
}

int scan_number(struct scan *scan, bool octal, uint64_t max,
		uint64_t *ret_value)
{
	size_t start = scan->at;
	unsigned int base = take_base(scan, octal), digit;
	size_t first = scan->at;
	uint64_t value = 0;

	while ((digit = digit_value(scan_peek(scan))) < base) {
		if (digit > max || value > (max - digit) / base)
			return scan_fail_at(scan, start,
					    "this number is too large");
		value = value * base + digit;
		scan->at++;
	}
	if (scan->at == first)
		return scan_fail_at(scan, start, "a number is missing");
	*ret_value = value;
	return 0;
}

bool scan_hex(struct scan *scan, uint8_t *ret_byte)
{
	unsigned int high, low;

	if (scan_failed(scan) || scan->size - scan->at < 2)
		return false;
	high = digit_value(scan->text[scan->at]);
	low = digit_value(scan->text[scan->at + 1]);
	if (high > 15 || low > 15)
		return false;
	*ret_byte = (uint8_t)(high << 4 | low);
	scan->at += 2;
	return true;
}
