/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/live_apply.h"

#include "live/basic.h"
#include "live/restore.h"
#include "live/stream_name.h"
#include "store/objects.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

enum { SMALL_MAX = 1 << 16 };

bool live_is_basic(const char *child)
{
	return strcmp(child, VERSION_BASIC) == 0;
}

static bool is_small(uint32_t id)
{
	return id == BKUP_SECURITY_DATA || id == BKUP_EA_DATA ||
	       id == BKUP_REPARSE_DATA || id == BKUP_OBJECT_ID;
}

/* What a child name stands for; name: of an alternate stream, malloc'ed. */
static int parse_child(const char *child, uint32_t *ret_id, char **ret_name)
{
	struct bkup_name name;
	int rc = bkup_name_parse(child, &name);

	if (rc < 0)
		return rc;
	*ret_id = name.id;
	*ret_name = NULL;
	if (name.id == BKUP_ALTERNATE_DATA && name.ordinal == 1)
		rc = stream_name_from_raw(name.raw, name.raw_size, ret_name);
	else if (name.ordinal != 1 || name.raw_size ||
		 (name.id != BKUP_DATA && !is_small(name.id)))
		rc = -EOPNOTSUPP;
	bkup_name_done(&name);
	return rc;
}

int live_check_name(const char *child)
{
	cleanup_free char *name = NULL;
	uint32_t id;

	return live_is_basic(child) ? 0 : parse_child(child, &id, &name);
}

/* Sets the size of what may not let it be set, if it is that already. */
static int set_size(int fd, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size != size && ftruncate(fd, (off_t)size) < 0)
		return -errno;
	return 0;
}

int live_read_staged(const struct plan_edit *edit, struct bytes *value)
{
	uint8_t bytes[4096];
	uint64_t at = 0;

	if (edit->stage->size > SMALL_MAX)
		return -EFBIG;
	while (at < edit->stage->size) {
		ssize_t n = stage_read(edit->stage, &edit->base, bytes,
				       sizeof(bytes), at);

		if (n <= 0)
			return n < 0 ? n : -EIO;
		bytes_add(value, bytes, n);
		at += n;
	}
	return value->error;
}

static int set_basic(const struct live_file *file, const struct bytes *value)
{
	struct live_basic basic = {0}, now = {0};
	int rc = live_basic_decode(value->data, value->size, &basic);

	if (rc == 0)
		rc = file->profile->set_basic(file, &basic);
	if (rc == 0)
		rc = file->profile->get_basic(file, &now);
	if (rc < 0)
		return rc;
	if (((now.attributes ^ basic.attributes) & ~(uint32_t)LIVE_NATURAL) ||
	    (basic.creation && now.creation != basic.creation) ||
	    (basic.write && now.write != basic.write))
		return -EOPNOTSUPP;
	return 0;
}

/* Sets a small stream, and reads it back. */
static int set_small(struct live_file *file, uint32_t id,
		     const struct bytes *value)
{
	struct bytes now = {0};
	int rc = file->profile->set(file, id, value);

	if (rc == 0 && id == BKUP_REPARSE_DATA)
		rc = live_file_reopen(file);
	if (rc == 0)
		rc = file->profile->get(file, id, &now);
	if (rc >= 0)
		rc = now.size == value->size &&
				     (!now.size || memcmp(now.data, value->data,
							  now.size) == 0)
			     ? 0
			     : -EIO;
	bytes_done(&now);
	return rc == -ENOTSUP ? -EOPNOTSUPP : rc;
}

/* Copies a range of it; buffer: BKUP_HOLE_MIN bytes. */
static int copy_range(const struct plan_edit *edit, bool holes_are_hidden,
		      int to, char *buffer, uint64_t at, uint64_t end)
{
	int rc = 0;

	while (rc == 0 && at < end) {
		size_t want = end - at < BKUP_HOLE_MIN ? end - at
						       : BKUP_HOLE_MIN;
		ssize_t n = stage_read(edit->stage, &edit->base, buffer, want,
				       at);

		if (n <= 0)
			return n < 0 ? n : -EIO;
		if (!holes_are_hidden || n < BKUP_HOLE_MIN ||
		    !bytes_are_zero(buffer, n))
			rc = io_pwrite(to, buffer, n, at);
		at += n;
	}
	return rc;
}

/*
 * Copies what is staged into what is empty; holes stay holes. Where there are
 * none to be seen, long runs of zeros become some.
 */
static int copy_staged(const struct plan_edit *edit, bool holes_are_hidden,
		       int to)
{
	cleanup_free char *buffer = malloc(BKUP_HOLE_MIN);
	const struct stage *stage = edit->stage;
	uint64_t at = 0, hole;
	int rc;

	if (!buffer)
		return -ENOMEM;
	while ((rc = stage_seek(stage, &edit->base, at, SEEK_DATA, &at)) == 0) {
		rc = stage_seek(stage, &edit->base, at, SEEK_HOLE, &hole);
		if (rc == 0)
			rc = copy_range(edit, holes_are_hidden, to, buffer, at,
					hole);
		if (rc < 0)
			return rc;
		at = hole;
	}
	return rc == -ENXIO ? set_size(to, stage->size) : rc;
}

static int set_data(struct live_file *file, const struct plan_edit *edit)
{
	cleanup_close int fd = -1;
	int rc = file->profile->uncover ? file->profile->uncover(file) : 0;

	if (rc < 0)
		return rc;
	fd = live_file_rewrite_data(file,
				    stage_stored(edit->stage, &edit->base));
	if (fd < 0)
		return fd == -EINVAL ? -EOPNOTSUPP : fd;
	return copy_staged(edit, file->profile->holes_are_hidden, fd);
}

/* What is kept in an attribute is put together in memory. */
static int fill_bytes(const struct plan_edit *edit,
		      struct live_content *content)
{
	int rc = live_read_staged(edit, &content->bytes);

	content->size = content->bytes.size;
	return rc;
}

static int set_alternate(const struct live_file *file, const char *name,
			 const struct plan_edit *edit)
{
	struct live_content content = {.fd = -1};
	uint64_t needed = stage_stored(edit->stage, &edit->base);
	int rc = file->profile->make
			 ? file->profile->make(file, name, needed, &content)
			 : -EOPNOTSUPP;

	if (rc < 0)
		return rc;
	content.size = edit->stage->size;
	rc = content.fd >= 0
		     ? copy_staged(edit, file->profile->holes_are_hidden,
				   content.fd)
		     : fill_bytes(edit, &content);
	if (rc == 0)
		rc = file->profile->put(file, name, &content);
	live_content_done(&content);
	return rc;
}

static int set_stream(struct live_file *file, const char *child,
		      const struct plan_edit *edit)
{
	cleanup_free char *name = NULL;
	struct bytes value = {0};
	uint32_t id = 0;
	int rc = live_is_basic(child) ? 0 : parse_child(child, &id, &name);

	if (rc < 0)
		return rc;
	if (id == BKUP_DATA)
		return set_data(file, edit);
	if (id == BKUP_ALTERNATE_DATA)
		return set_alternate(file, name, edit);
	rc = live_read_staged(edit, &value);
	if (rc == 0)
		rc = id ? set_small(file, id, &value) : set_basic(file, &value);
	bytes_done(&value);
	return rc;
}

static int remove_stream(struct live_file *file, const char *child)
{
	cleanup_free char *name = NULL;
	uint32_t id;
	int fd, rc = live_is_basic(child) ? -EPERM
					  : parse_child(child, &id, &name);

	if (rc < 0)
		return rc;
	if (id == BKUP_ALTERNATE_DATA)
		return file->profile->remove(file, name);
	if (id != BKUP_DATA)
		return file->profile->set(file, id, NULL);
	fd = live_file_open_data(file, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Of a whole backup that is restored. */
struct losses {
	struct store_object *object;
	int error; /* the first one */
};

static void tell_loss(void *context, const char *what, int error)
{
	struct losses *losses = context;
	cleanup_free char *path = NULL;

	if (!losses->error)
		losses->error = error;
	if (object_path(losses->object, &path) == 0)
		store_report(losses->object->store, LOG_ERR,
			     "'%s/%s' is not taken: %s", path, what,
			     strerror(-error));
}

static int restore(struct store_object *object, struct live_file *file,
		   const struct plan_edit *edit)
{
	struct losses told = {object, 0};
	struct live_losses losses = {.lost = tell_loss, .context = &told};
	struct bkup_reader *reader;
	int rc;

	if (lseek(edit->stage->fd, 0, SEEK_SET) < 0)
		return -errno;
	rc = bkup_reader_new_fd(edit->stage->fd, &reader);
	if (rc < 0)
		return rc;
	rc = live_restore(file, reader, NULL, &losses);
	bkup_reader_free(reader);
	return rc < 0 ? rc : told.error;
}

int live_apply(struct store_object *object, struct live_file *file,
	       const struct plan_edit *edit)
{
	switch (edit->kind) {
	case PLAN_SET:
		return set_stream(file, edit->name, edit);
	case PLAN_REMOVE:
		return remove_stream(file, edit->name);
	case PLAN_WHOLE:
		return restore(object, file, edit);
	case PLAN_RENAME:
		return -EXDEV;
	case PLAN_EXCHANGE:
	case PLAN_ATTRIBUTES:
		break;
	}
	return -EOPNOTSUPP;
}
