/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/json_in.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Passes over a sign and the space around it, if it stands here. */
static bool take_sign(struct scan *scan, char sign)
{
	scan_space(scan);
	if (scan_peek(scan) != sign)
		return false;
	scan->at++;
	scan_space(scan);
	return true;
}

static int expect_sign(struct scan *scan, char sign, const char *what)
{
	return take_sign(scan, sign) ? 0 : scan_fail(scan, what);
}

/* The index of a key; its name is followed by the colon. */
static int read_key(struct scan *scan, const struct json_key *keys,
		    size_t count, size_t *ret_index)
{
	size_t start = scan->at;
	struct bytes name = {0};
	int rc = json_read_string(scan, &name);
	size_t i = 0;

	if (rc == 0)
		rc = name.error;
	while (rc == 0 && i < count && !json_text_is(&name, keys[i].name))
		i++;
	bytes_done(&name);
	if (rc < 0)
		return rc;
	if (i == count)
		return scan_fail_at(scan, start, "this key is not known here");
	*ret_index = i;
	return expect_sign(scan, ':', "a colon is missing after the key");
}

static int read_member(struct scan *scan, const struct json_key *keys,
		       size_t count, void *target, size_t *at)
{
	size_t start = scan->at, i = 0;
	int rc = read_key(scan, keys, count, &i);

	if (rc < 0)
		return rc;
	if (at[i] != SIZE_MAX)
		return scan_fail_at(scan, start, "this key is there already");
	at[i] = start;
	return keys[i].read(scan, (char *)target + keys[i].offset);
}

/* After a value: whether another one follows. */
static int next_value(struct scan *scan, char bracket, const char *what)
{
	if (take_sign(scan, ','))
		return 1;
	return expect_sign(scan, bracket, what);
}

enum { KEYS_MAX = 40 };

int json_read_object(struct scan *scan, const struct json_key *keys,
		     size_t count, void *target, size_t *ret_at)
{
	size_t own[KEYS_MAX] = {0}, *at = ret_at ? ret_at : own;
	size_t start;
	int more;

	assert(count <= KEYS_MAX);
	for (size_t i = 0; i < count; i++)
		at[i] = SIZE_MAX;
	scan_space(scan);
	start = scan->at;
	if (expect_sign(scan, '{', "an object is missing") < 0)
		return -EINVAL;
	more = !take_sign(scan, '}');
	while (more == 1) {
		int rc = read_member(scan, keys, count, target, at);

		if (rc < 0)
			return rc;
		more = next_value(scan, '}', "the object does not end here");
	}
	for (size_t i = 0; i < count && more == 0; i++)
		if (keys[i].missing && at[i] == SIZE_MAX)
			return scan_fail_at(scan, start, keys[i].missing);
	return more;
}

int json_read_array(struct scan *scan,
		    int (*read)(struct scan *scan, void *target), void *target)
{
	int more;

	if (expect_sign(scan, '[', "an array is missing") < 0)
		return -EINVAL;
	more = !take_sign(scan, ']');
	while (more == 1) {
		int rc = read(scan, target);

		if (rc < 0)
			return rc;
		more = next_value(scan, ']', "the array does not end here");
	}
	return more;
}

/* Passes over a word, in this case only. */
static bool take_exactly(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if (scan_failed(scan) || scan->size - scan->at < length ||
	    memcmp(scan->text + scan->at, word, length) != 0)
		return false;
	scan->at += length;
	return true;
}

int json_read_bool(struct scan *scan, bool *ret_value)
{
	bool value = take_exactly(scan, "true");

	if (!value && !take_exactly(scan, "false"))
		return scan_fail(scan, "this must be true or false");
	*ret_value = value;
	return 0;
}

int json_read_number(struct scan *scan, uint64_t max, uint64_t *ret_value)
{
	size_t start = scan->at;
	uint64_t value;

	if (!isdigit((unsigned char)scan_peek(scan)))
		return scan_fail(scan, "this must be a number from 0 on");
	if (take_exactly(scan, "0"))
		value = 0;
	else if (scan_number(scan, false, max, &value) < 0)
		return -EINVAL;
	if (isalnum((unsigned char)scan_peek(scan)) || scan_peek(scan) == '.')
		return scan_fail_at(scan, start,
				    "this must be a whole number, in decimal");
	*ret_value = value;
	return 0;
}

int json_read_end(struct scan *scan)
{
	scan_space(scan);
	return scan_at_end(scan) ? 0 : scan_fail(scan, "this is too much");
}
