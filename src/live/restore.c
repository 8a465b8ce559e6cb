/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/restore.h"

#include "live/stream_name.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"
#include "util/le.h"

#include <bkup/name.h>
#include <bkup/stream.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
	BUFFER_SIZE = 1 << 18,
	/* What is no file is put together in memory; no profile takes more. */
	BYTES_MAX = 1 << 20,
	SMALL_MAX = 1 << 16,
};

/* The small streams, in the order in which they are set. */
static const uint32_t small_ids[] = {
	BKUP_EA_DATA,
	BKUP_OBJECT_ID,
	BKUP_SECURITY_DATA,
	BKUP_REPARSE_DATA,
};

enum { SMALL_COUNT = sizeof(small_ids) / sizeof(small_ids[0]) };

/* An alternate stream that was put. */
struct put {
	char *name;
	uint64_t size;
};

struct restoring {
	struct live_file *file;
	struct bkup_reader *reader;
	struct live_losses *losses;
	bool plan; /* nothing is written */
	char *buffer;
	struct bytes small[SMALL_COUNT];
	bool has_small[SMALL_COUNT];
	struct bytes kept[SMALL_COUNT]; /* what would be read back */

	/* The main or alternate stream that blocks belong to. */
	bool is_open, is_main;
	char *name;
	char child[BKUP_CHILD_SIZE];
	struct live_content content;
	uint64_t stored; /* bytes of it that came */

	bool has_main;
	uint64_t main_size;
	struct put *puts;
	size_t put_count, put_room;
};

static void lose(struct restoring *restoring, const char *what, int error)
{
	restoring->losses->count++;
	restoring->losses->lost(restoring->losses->context, what, error);
}

/* The name of the current record, for people. */
static void name_current(const struct restoring *restoring,
			 const struct bkup_record *record, char *child)
{
	bkup_name_format(record->id, bkup_reader_name(restoring->reader),
			 record->name_size, 1, child);
}

static int note_put(struct restoring *restoring)
{
	int rc = array_reserve(&restoring->puts, restoring->put_count, 1,
			       &restoring->put_room, sizeof(struct put));

	if (rc < 0)
		return rc;
	restoring->puts[restoring->put_count++] = (struct put){
		steal_pointer(&restoring->name), restoring->content.size};
	return 0;
}

static int put_bytes(struct live_content *content, const void *bytes,
		     size_t size, uint64_t offset)
{
	if (offset > BYTES_MAX || size > BYTES_MAX - offset)
		return -E2BIG;
	if (content->bytes.size < offset + size)
		bytes_add_zeros(&content->bytes,
				offset + size - content->bytes.size);
	if (content->bytes.error)
		return content->bytes.error;
	if (size)
		memcpy(content->bytes.data + offset, bytes, size);
	return 0;
}

static int put_main(struct restoring *restoring)
{
	const struct live_content *content = &restoring->content;

	if (ftruncate(content->fd, (off_t)content->size) < 0)
		return -errno;
	restoring->has_main = true;
	restoring->main_size = content->size;
	return 0;
}

static int put_alternate(struct restoring *restoring)
{
	const struct live_file *file = restoring->file;
	struct live_content *content = &restoring->content;
	int rc = 0;

	/* A hole at the end. */
	if (content->fd < 0)
		rc = put_bytes(content, NULL, 0, content->size);
	return rc < 0 ? rc : file->profile->put(file, restoring->name, content);
}

/* Finds out whether it would be taken. */
static int plan_content(const struct restoring *restoring)
{
	const struct live_file *file = restoring->file;

	if (restoring->is_main)
		return live_file_check_data(file, restoring->stored);
	return file->profile->plan_stream(file, restoring->name,
					  restoring->content.size,
					  restoring->stored);
}

static int put_content(struct restoring *restoring)
{
	if (restoring->plan)
		return plan_content(restoring);
	return restoring->is_main ? put_main(restoring)
				  : put_alternate(restoring);
}

/* The content of a stream is complete. */
static int end_content(struct restoring *restoring)
{
	int rc = 0, error;

	if (!restoring->is_open)
		return 0;
	error = put_content(restoring);
	if (error < 0)
		lose(restoring, restoring->child, error);
	else if (!restoring->is_main && !restoring->plan)
		rc = note_put(restoring);
	live_content_done(&restoring->content);
	free(steal_pointer(&restoring->name));
	restoring->is_open = false;
	return rc;
}

/*
 * It cannot be taken: it is as if it had not come. What is put together in
 * memory replaced nothing yet.
 */
static void drop_content(struct restoring *restoring, int error)
{
	const struct live_file *file = restoring->file;
	bool begun = restoring->content.fd >= 0;

	lose(restoring, restoring->child, error);
	live_content_done(&restoring->content);
	if (begun && !restoring->is_main)
		file->profile->remove(file, restoring->name);
	free(steal_pointer(&restoring->name));
	restoring->is_open = false;
}

static int put_at(struct restoring *restoring, size_t size, uint64_t offset)
{
	struct live_content *content = &restoring->content;

	if (restoring->plan)
		return 0;
	if (content->fd >= 0)
		return io_pwrite(content->fd, restoring->buffer, size, offset);
	return put_bytes(content, restoring->buffer, size, offset);
}

/* Copies the rest of the current record to an offset of the content. */
static int copy_payload(struct restoring *restoring, uint64_t offset)
{
	struct live_content *content = &restoring->content;
	int rc = 0;

	while (rc == 0) {
		ssize_t n = bkup_reader_read(restoring->reader,
					     restoring->buffer, BUFFER_SIZE);

		if (n <= 0)
			return n;
		rc = put_at(restoring, n, offset);
		offset += n;
		restoring->stored += n;
		if (rc == 0 && offset > content->size)
			content->size = offset;
		if (rc < 0)
			drop_content(restoring, rc);
	}
	return 0;
}

static int open_main(struct restoring *restoring,
		     const struct bkup_record *record)
{
	int fd;

	if (restoring->plan)
		return 0;
	fd = live_file_rewrite_data(restoring->file, record->size);
	if (fd < 0)
		return fd;
	restoring->content = (struct live_content){.fd = fd};
	return 0;
}

static int open_alternate(struct restoring *restoring,
			  const struct bkup_record *record)
{
	const struct live_file *file = restoring->file;
	int rc = stream_name_from_raw(bkup_reader_name(restoring->reader),
				      record->name_size, &restoring->name);

	if (rc == 0 && !file->profile->make)
		rc = -ENOTSUP;
	if (rc == 0 && !restoring->plan)
		rc = file->profile->make(file, restoring->name, record->size,
					 &restoring->content);
	return rc;
}

static int take_content(struct restoring *restoring,
			const struct bkup_record *record)
{
	int rc = end_content(restoring);

	if (rc < 0)
		return rc;
	name_current(restoring, record, restoring->child);
	restoring->content = (struct live_content){.fd = -1};
	restoring->stored = 0;
	restoring->is_main = record->id == BKUP_DATA;
	rc = restoring->is_main ? open_main(restoring, record)
				: open_alternate(restoring, record);
	if (rc < 0) {
		free(steal_pointer(&restoring->name));
		lose(restoring, restoring->child, rc);
		return 0;
	}
	restoring->is_open = true;
	return copy_payload(restoring, 0);
}

static int take_block(struct restoring *restoring,
		      const struct bkup_record *record)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
	uint64_t offset;
	ssize_t n;
	int rc;

	if (record->size < sizeof(bytes))
		return -EBADMSG;
	n = bkup_reader_read(restoring->reader, bytes, sizeof(bytes));
	if (n < 0)
		return n;
	rc = bkup_sparse_offset_decode(bytes, record->size, &offset);
	/* What its stream was lost with was told. */
	if (rc < 0 || !restoring->is_open)
		return rc;
	if (offset > restoring->content.size)
		restoring->content.size = offset;
	return copy_payload(restoring, offset);
}

static int take_small(struct restoring *restoring,
		      const struct bkup_record *record, size_t i)
{
	struct bytes *value = &restoring->small[i];
	ssize_t n = 1;

	if (record->size > SMALL_MAX || restoring->has_small[i]) {
		char child[BKUP_CHILD_SIZE];

		name_current(restoring, record, child);
		lose(restoring, child,
		     restoring->has_small[i] ? -EEXIST : -E2BIG);
		return 0;
	}
	restoring->has_small[i] = true;
	while (n > 0) {
		n = bkup_reader_read(restoring->reader, restoring->buffer,
				     BUFFER_SIZE);
		if (n > 0)
			bytes_add(value, restoring->buffer, n);
	}
	return n < 0 ? n : value->error;
}

static int take_record(struct restoring *restoring,
		       const struct bkup_record *record)
{
	char child[BKUP_CHILD_SIZE];

	if (bkup_stream_takes_blocks(record->id))
		return take_content(restoring, record);
	if (record->id == BKUP_SPARSE_BLOCK)
		return take_block(restoring, record);
	for (size_t i = 0; i < SMALL_COUNT; i++) {
		if (small_ids[i] == record->id)
			return take_small(restoring, record, i);
	}
	name_current(restoring, record, child);
	lose(restoring, child, -ENOTSUP);
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
	return rc < 0 ? rc : end_content(restoring);
}

static const char *small_name(size_t i)
{
	static const char *const names[SMALL_COUNT] = {"ea", "object_id",
						       "security", "reparse"};

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
		lose(restoring, small_name(i), rc);
	}
}

static void set_small(struct restoring *restoring)
{
	size_t last = SMALL_COUNT - 1; /* the reparse point */
	bool first = restoring->file->profile->reparse_first;

	if (first)
		set_one(restoring, last);
	for (size_t i = 0; i < (first ? last : SMALL_COUNT); i++)
		set_one(restoring, i);
}

/* Which attributes and times were asked for, and are others. */
static void check_basic(struct restoring *restoring,
			const struct live_basic *basic,
			const struct live_basic *now)
{
	uint32_t differ = (now->attributes ^ basic->attributes) & ~LIVE_NATURAL;

	if (differ)
		lose(restoring, "attributes", -ENOTSUP);
	if (basic->creation && now->creation != basic->creation)
		lose(restoring, "creation time", -ENOTSUP);
	if (basic->write && now->write != basic->write)
		lose(restoring, "last write time", -ENOTSUP);
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
		lose(restoring, "basic_info", rc);
	else
		check_basic(restoring, basic, &now);
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

static void check_small(struct restoring *restoring)
{
	for (size_t i = 0; i < SMALL_COUNT; i++) {
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
			lose(restoring, small_name(i), rc < 0 ? rc : -EIO);
		bytes_done(&now);
	}
}

static void check_alternate(struct restoring *restoring, const struct put *put)
{
	const struct live_file *file = restoring->file;
	struct live_content content = {.fd = -1};
	int rc = file->profile->open(file, put->name, &content);

	if (rc == 0 && content.size != put->size)
		rc = -EIO;
	live_content_done(&content);
	if (rc < 0)
		lose(restoring, put->name, rc);
}

static void check_main(struct restoring *restoring)
{
	struct stat st;
	int fd = live_file_open_data(restoring->file, O_RDONLY);
	int rc = fd < 0 ? fd : 0;

	if (rc == 0 && fstat(fd, &st) < 0)
		rc = -errno;
	if (rc == 0 && (uint64_t)st.st_size != restoring->main_size)
		rc = -EIO;
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		lose(restoring, "data", rc);
}

/* To be done before there is a reparse point, which content is hidden by. */
static void check_content(struct restoring *restoring)
{
	if (restoring->has_main)
		check_main(restoring);
	for (size_t i = 0; i < restoring->put_count; i++)
		check_alternate(restoring, &restoring->puts[i]);
}

static void apply(struct restoring *restoring, const struct live_basic *basic)
{
	check_content(restoring);
	set_small(restoring);
	set_basic(restoring, basic);
	check_small(restoring);
}

static void done(struct restoring *restoring)
{
	live_content_done(&restoring->content);
	free(restoring->name);
	for (size_t i = 0; i < restoring->put_count; i++)
		free(restoring->puts[i].name);
	free(restoring->puts);
	for (size_t i = 0; i < SMALL_COUNT; i++) {
		bytes_done(&restoring->small[i]);
		bytes_done(&restoring->kept[i]);
	}
	free(restoring->buffer);
}

static int restore(struct restoring *restoring, const struct live_basic *basic)
{
	int rc;

	restoring->content.fd = -1;
	restoring->buffer = malloc(BUFFER_SIZE);
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
