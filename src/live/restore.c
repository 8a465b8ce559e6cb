/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/restore_parts.h"

#include <bkup/stream.h>
#include <errno.h>
#include <stdlib.h>

void restore_lose(struct restoring *restoring, const char *what, int error)
{
	restoring->losses->count++;
	restoring->losses->lost(restoring->losses->context, what, error);
}

void restore_name_current(const struct restoring *restoring,
			  const struct bkup_record *record, char *ret_child)
{
	bkup_name_format(record->id, bkup_reader_name(restoring->reader),
			 record->name_size, 1, ret_child);
}

static int take_record(struct restoring *restoring,
		       const struct bkup_record *record)
{
	char child[BKUP_CHILD_SIZE];
	size_t small = restore_small_of(record->id);

	if (bkup_stream_takes_blocks(record->id))
		return restore_take_content(restoring, record);
	if (record->id == BKUP_SPARSE_BLOCK)
		return restore_take_block(restoring, record);
	if (small < RESTORE_SMALL_COUNT)
		return restore_take_small(restoring, record, small);
	restore_name_current(restoring, record, child);
	restore_lose(restoring, child, -ENOTSUP);
	return 0;
}

static int take_records(struct restoring *restoring)
{
	struct bkup_record record;
	int rc;

	while ((rc = bkup_reader_next(restoring->reader, &record)) == 1) {
		rc = take_record(restoring, &record);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : restore_end_content(restoring);
}

/* Which attributes and times were asked for, and are others. */
static void check_basic(struct restoring *restoring,
			const struct live_basic *basic,
			const struct live_basic *now)
{
	uint32_t differ = (now->attributes ^ basic->attributes) & ~LIVE_NATURAL;

	if (differ)
		restore_lose(restoring, "attributes", -ENOTSUP);
	if (basic->creation && now->creation != basic->creation)
		restore_lose(restoring, "creation time", -ENOTSUP);
	if (basic->write && now->write != basic->write)
		restore_lose(restoring, "last write time", -ENOTSUP);
}

/* Sets attributes and times, and finds what they are then. */
static int put_basic(const struct restoring *restoring,
		     const struct live_basic *basic, struct live_basic *ret_now)
{
	const struct live_file *file = restoring->file;
	int rc;

	if (restoring->plan)
		return file->profile->plan_basic(file, basic, ret_now);
	rc = file->profile->set_basic(file, basic);
	return rc < 0 ? rc : file->profile->get_basic(file, ret_now);
}

static void set_basic(struct restoring *restoring,
		      const struct live_basic *basic)
{
	struct live_basic now = {0};
	int rc;

	if (!basic)
		return;
	rc = put_basic(restoring, basic, &now);
	if (rc < 0)
		restore_lose(restoring, "basic_info", rc);
	else
		check_basic(restoring, basic, &now);
}

static void apply(struct restoring *restoring, const struct live_basic *basic)
{
	restore_check_content(restoring);
	restore_set_small(restoring);
	set_basic(restoring, basic);
	restore_check_small(restoring);
}

static void done(struct restoring *restoring)
{
	live_content_done(&restoring->content);
	free(restoring->name);
	for (size_t i = 0; i < restoring->put_count; i++)
		free(restoring->puts[i].name);
	free(restoring->puts);
	for (size_t i = 0; i < RESTORE_SMALL_COUNT; i++) {
		bytes_done(&restoring->small[i]);
		bytes_done(&restoring->kept[i]);
	}
	free(restoring->buffer);
}

static int restore(struct restoring *restoring, const struct live_basic *basic)
{
	int rc;

	restoring->content.fd = -1;
	restoring->buffer = malloc(RESTORE_BUFFER_SIZE);
	rc = restoring->buffer ? take_records(restoring) : -ENOMEM;
	if (rc == 0)
		apply(restoring, basic);
	done(restoring);
	return rc;
}

int live_restore(struct live_file *file, struct bkup_reader *reader,
		 const struct live_basic *basic, struct live_losses *losses)
{
	struct restoring restoring = {
		.file = file,
		.reader = reader,
		.losses = losses,
	};

	return restore(&restoring, basic);
}

int live_restore_plan(struct live_file *file, struct bkup_reader *reader,
		      const struct live_basic *basic,
		      struct live_losses *losses)
{
	struct restoring restoring = {
		.file = file,
		.reader = reader,
		.losses = losses,
		.plan = true,
	};

	return restore(&restoring, basic);
}
