/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/restore_parts.h"

#include <bkup/name.h>
#include <errno.h>
#include <string.h>

enum { SMALL_MAX = 1 << 16 };

/* The small streams, in the order in which they are set. */
static const uint32_t small_ids[RESTORE_SMALL_COUNT] = {
	BKUP_EA_DATA,
	BKUP_OBJECT_ID,
	BKUP_SECURITY_DATA,
	BKUP_REPARSE_DATA,
};

size_t restore_small_of(uint32_t id)
{
	size_t i = 0;

	while (i < RESTORE_SMALL_COUNT && small_ids[i] != id)
		i++;
	return i;
}

int restore_take_small(struct restoring *restoring,
		       const struct bkup_record *record, size_t i)
{
	struct bytes *value = &restoring->small[i];
	ssize_t n = 1;

	if (record->size > SMALL_MAX || restoring->has_small[i]) {
		char child[BKUP_CHILD_SIZE];

		restore_name_current(restoring, record, child);
		restore_lose(restoring, child,
			     restoring->has_small[i] ? -EEXIST : -E2BIG);
		return 0;
	}
	restoring->has_small[i] = true;
	while (n > 0) {
		n = bkup_reader_read(restoring->reader, restoring->buffer,
				     RESTORE_BUFFER_SIZE);
		if (n > 0)
			bytes_add(value, restoring->buffer, n);
	}
	return n < 0 ? n : value->error;
}

static const char *small_name(size_t i)
{
	static const char *const names[RESTORE_SMALL_COUNT] = {
		"ea", "object_id", "security", "reparse"};

	return names[i];
}

static int set_value(struct restoring *restoring, size_t i)
{
	struct live_file *file = restoring->file;
	const struct bytes *value = &restoring->small[i];
	int rc;

	if (restoring->plan)
		return file->profile->plan(file, small_ids[i], value,
					   &restoring->kept[i]);
	rc = file->profile->set(file, small_ids[i], value);
	if (rc == 0 && small_ids[i] == BKUP_REPARSE_DATA)
		rc = live_file_reopen(file);
	return rc;
}

static void set_one(struct restoring *restoring, size_t i)
{
	int rc;

	if (!restoring->has_small[i])
		return;
	rc = set_value(restoring, i);
	if (rc < 0) {
		restoring->has_small[i] = false;
		restore_lose(restoring, small_name(i), rc);
	}
}

void restore_set_small(struct restoring *restoring)
{
	size_t last = RESTORE_SMALL_COUNT - 1; /* the reparse point */
	bool first = restoring->file->profile->reparse_first;

	if (first)
		set_one(restoring, last);
	for (size_t i = 0; i < (first ? last : RESTORE_SMALL_COUNT); i++)
		set_one(restoring, i);
}

static int get_value(const struct restoring *restoring, size_t i,
		     struct bytes *value)
{
	const struct live_file *file = restoring->file;
	const struct bytes *kept = &restoring->kept[i];

	if (!restoring->plan)
		return file->profile->get(file, small_ids[i], value);
	bytes_add(value, kept->data, kept->size);
	return value->error < 0 ? value->error : value->size > 0;
}

void restore_check_small(struct restoring *restoring)
{
	for (size_t i = 0; i < RESTORE_SMALL_COUNT; i++) {
		struct bytes now = {0};
		const struct bytes *set = &restoring->small[i];
		int rc;

		if (!restoring->has_small[i])
			continue;
		rc = get_value(restoring, i, &now);
		/* An empty list of attributes is none. */
		if (rc == 0 && !set->size)
			rc = 1;
		if (rc < 0 || rc == 0 || now.size != set->size ||
		    (now.size && memcmp(now.data, set->data, now.size) != 0))
			restore_lose(restoring, small_name(i),
				     rc < 0 ? rc : -EIO);
		bytes_done(&now);
	}
}
