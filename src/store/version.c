/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/version.h"

#include "live/image.h"
#include "store/control.h"
#include "store/times.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct underlying {
	int fd;			  /* -1 while it is closed */
	struct live_image *image; /* of a live file, while it is open */
	bool live;
	bool shared; /* it has several names */
	pthread_rwlock_t lock;	  /* guards what follows */
	struct stat st;		  /* as last noted */
	struct version *versions;
	int saved; /* the file of what was saved, or -1 */
	uint64_t saved_size;
};

void version_source_close(struct version_source *source)
{
	live_image_free(source->image);
	source->image = NULL;
	if (source->fd >= 0)
		close(source->fd);
	source->fd = -1;
}

/* 1 if a file has several names, or 0. Errors: -errno. */
static int is_shared(const struct version_source *source, const struct stat *st)
{
	int names = source->image
			    ? live_file_names(live_image_file(source->image))
			    : (int)st->st_nlink;

	return names < 0 ? names : names > 1;
}

/* Of a live file what it was before anything else of it was looked at. */
static int stat_source(const struct version_source *source, struct stat *ret_st)
{
	if (source->image)
		*ret_st = live_image_file(source->image)->st;
	else if (fstat(source->fd, ret_st) < 0)
		return -errno;
	return 0;
}

int version_init(struct version *version, struct version_source source)
{
	struct underlying *file = calloc(1, sizeof(*file));
	int rc = file ? 0 : -ENOMEM;

	if (rc == 0)
		rc = stat_source(&source, &file->st);
	if (rc == 0)
		rc = is_shared(&source, &file->st);
	if (rc < 0) {
		free(file);
		version_source_close(&source);
		return rc;
	}
	file->fd = source.fd;
	file->image = source.image;
	file->live = source.image;
	file->shared = rc;
	file->saved = -1;
	file->versions = version;
	pthread_rwlock_init(&file->lock, NULL);
	*version = (struct version){.file = file};
	return 0;
}

void version_init_next(struct version *version, const struct version *before)
{
	struct underlying *file = before->file;

	pthread_rwlock_wrlock(&file->lock);
	*version = (struct version){.file = file, .next = file->versions};
	file->versions = version;
	pthread_rwlock_unlock(&file->lock);
}

/* Takes a version out of the list; whether that was the last one. */
static bool leave(struct underlying *file, struct version *version)
{
	struct version **place = &file->versions;
	bool last;

	pthread_rwlock_wrlock(&file->lock);
	while (*place != version)
		place = &(*place)->next;
	*place = version->next;
	last = !file->versions;
	/* Who is left alone has nothing saved: it is the file as it is. */
	if (!last && !file->versions->next && !file->versions->saved_count &&
	    file->saved >= 0) {
		close(file->saved);
		file->saved = -1;
		file->saved_size = 0;
	}
	pthread_rwlock_unlock(&file->lock);
	return last;
}

void version_done(struct version *version)
{
	struct underlying *file = version->file;

	if (!file)
		return;
	if (leave(file, version)) {
		version_source_close(
			&(struct version_source){file->fd, file->image});
		if (file->saved >= 0)
			close(file->saved);
		pthread_rwlock_destroy(&file->lock);
		free(file);
	}
	free(version->saved);
	*version = (struct version){0};
}

int version_fd(const struct version *version)
{
	return version->file ? version->file->fd : -1;
}

void version_close(struct version *version)
{
	struct underlying *file = version->file;
	struct version_source source = {.fd = -1};

	if (!file)
		return;
	pthread_rwlock_wrlock(&file->lock);
	if (!version->next && file->versions == version) {
		source = (struct version_source){file->fd, file->image};
		file->fd = -1;
		file->image = NULL;
	}
	pthread_rwlock_unlock(&file->lock);
	version_source_close(&source);
}

bool version_is_closed(const struct version *version)
{
	return version->file && version->file->fd < 0;
}

void version_open(struct version *version, struct version_source source)
{
	pthread_rwlock_wrlock(&version->file->lock);
	version->file->fd = source.fd;
	version->file->image = source.image;
	pthread_rwlock_unlock(&version->file->lock);
}

bool version_is_live(const struct version *version)
{
	return version->file && version->file->live;
}

bool version_is_shared(const struct version *version)
{
	return version->file && version->file->shared;
}

const char *version_profile(const struct version *version)
{
	return version_is_live(version) && version->file->image
		       ? live_image_file(version->file->image)->profile->name
		       : NULL;
}

uint64_t version_size(const struct version *version, const struct stat *st)
{
	const struct live_image *image = version->file->image;

	return image ? live_image_size(image) : (uint64_t)st->st_size;
}

struct stat version_stat(const struct version *version)
{
	struct stat st = {0};

	if (!version->file)
		return st;
	pthread_rwlock_rdlock(&version->file->lock);
	st = version->file->st;
	pthread_rwlock_unlock(&version->file->lock);
	return st;
}

void version_note_stat(const struct version *version, const struct stat *st)
{
	if (!version->file)
		return;
	pthread_rwlock_wrlock(&version->file->lock);
	version->file->st = *st;
	pthread_rwlock_unlock(&version->file->lock);
}

int version_set_times(const struct version *version, const char *path,
		      const struct timespec times[2], struct stat *ret_st)
{
	struct stat st;
	int rc = 0;

	pthread_rwlock_wrlock(&version->file->lock);
	if (utimensat(AT_FDCWD, path, times, 0) < 0 ||
	    fstat(version->file->fd, &st) < 0)
		rc = -errno;
	else
		*ret_st = version->file->st = st;
	pthread_rwlock_unlock(&version->file->lock);
	return rc;
}

/* The first range that ends behind offset, or the count. */
static size_t find_saved(const struct version *version, uint64_t offset)
{
	size_t low = 0, high = version->saved_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct saved_range *range = &version->saved[middle];

		if (range->offset + range->size <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Where the bytes at offset are: a descriptor, an offset there, and how many
 * of size are there in one piece. The file is locked.
 */
struct piece {
	int fd;
	uint64_t where;
	uint64_t size;
};

static struct piece find_piece(const struct version *version, uint64_t offset,
			       uint64_t size)
{
	size_t i = find_saved(version, offset);
	struct piece piece = {version->file->fd, offset, size};
	const struct saved_range *range;

	if (i == version->saved_count)
		return piece;
	range = &version->saved[i];
	if (range->offset > offset) {
		if (range->offset - offset < size)
			piece.size = range->offset - offset;
		return piece;
	}
	piece.fd = version->file->saved;
	piece.where = range->where + (offset - range->offset);
	if (range->offset + range->size - offset < size)
		piece.size = range->offset + range->size - offset;
	return piece;
}

/* Whether the file is as it was when its attributes were noted. */
static int check_unchanged(const struct underlying *file)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return -errno;
	/* Metadata may change: rename and chmod touch ctime only. */
	return st.st_size == file->st.st_size &&
			       times_equal(st.st_mtim, file->st.st_mtim)
		       ? 0
		       : -ESTALE;
}

static int read_pieces(const struct version *version, char *buffer, size_t size,
		       uint64_t offset)
{
	if (version->file->image)
		return live_image_read(version->file->image, buffer, size,
				       offset);
	while (size) {
		struct piece piece = find_piece(version, offset, size);
		ssize_t n = io_pread(piece.fd, buffer, piece.size, piece.where);

		if (n < 0)
			return n;
		if ((uint64_t)n < piece.size)
			return -ESTALE;
		buffer += n;
		offset += n;
		size -= n;
	}
	return 0;
}

/* Whether bytes are those of the version, whatever becomes of the file. */
static bool is_held(const struct underlying *file, uint64_t size,
		    uint64_t offset)
{
	return file->image && live_image_holds(file->image, size, offset);
}

int version_read(const struct version *version, void *buffer, size_t size,
		 uint64_t offset)
{
	int rc;

	pthread_rwlock_rdlock(&version->file->lock);
	rc = version->lost ? -ESTALE
			   : read_pieces(version, buffer, size, offset);
	if (rc == 0 && !is_held(version->file, size, offset))
		rc = check_unchanged(version->file);
	pthread_rwlock_unlock(&version->file->lock);
	return rc;
}

int version_read_held(const struct version *version, void *buffer, size_t size,
		      uint64_t offset)
{
	int rc;

	pthread_rwlock_rdlock(&version->file->lock);
	rc = live_image_read_held(version->file->image, buffer, size, offset);
	pthread_rwlock_unlock(&version->file->lock);
	return rc;
}

static int copy_pieces(const struct version *version, uint64_t offset, int to,
		       uint64_t to_offset, uint64_t size)
{
	if (version->file->image)
		return live_image_copy(version->file->image, to, to_offset,
				       size, offset);
	while (size) {
		struct piece piece = find_piece(version, offset, size);
		int rc = io_copy(piece.fd, piece.where, to, to_offset,
				 piece.size);

		if (rc < 0)
			return rc == -EBADMSG ? -ESTALE : rc;
		offset += piece.size;
		to_offset += piece.size;
		size -= piece.size;
	}
	return 0;
}

int version_copy(const struct version *version, uint64_t offset, int to,
		 uint64_t to_offset, uint64_t size)
{
	int rc;

	pthread_rwlock_rdlock(&version->file->lock);
	rc = version->lost ? -ESTALE
			   : copy_pieces(version, offset, to, to_offset, size);
	if (rc == 0)
		rc = check_unchanged(version->file);
	pthread_rwlock_unlock(&version->file->lock);
	return rc;
}

/* The part of a range, from its beginning, that is saved or is not. */
static bool saved_run(const struct version *version,
		      const struct version_range *range, uint64_t *ret_size)
{
	struct piece piece = find_piece(version, range->offset, range->size);

	*ret_size = piece.size;
	return piece.fd != version->file->fd;
}

static bool is_saved(const struct version *version, struct version_range range)
{
	uint64_t size;

	while (range.size && saved_run(version, &range, &size)) {
		range.offset += size;
		range.size -= size;
	}
	return !range.size;
}

static int insert_saved(struct version *version, uint64_t offset, uint64_t size,
			uint64_t where)
{
	size_t at = find_saved(version, offset);
	int rc = array_reserve(&version->saved, version->saved_count, 1,
			       &version->saved_room, sizeof(*version->saved));

	if (rc < 0)
		return rc;
	memmove(version->saved + at + 1, version->saved + at,
		(version->saved_count - at) * sizeof(*version->saved));
	version->saved[at] = (struct saved_range){offset, size, where};
	version->saved_count++;
	return 0;
}

/* Enters what of a range was not saved for a version yet. */
static int note_saved(struct version *version, struct version_range range,
		      uint64_t where)
{
	uint64_t size;
	int rc = 0;

	for (; rc == 0 && range.size; range.size -= size) {
		if (!saved_run(version, &range, &size))
			rc = insert_saved(version, range.offset, size, where);
		range.offset += size;
		where += size;
	}
	return rc;
}

static int open_saved(struct store *store, struct underlying *file)
{
	char name[CONTROL_NAME_SIZE];

	if (file->saved >= 0)
		return 0;
	file->saved = control_create(store, "stage", name);
	if (file->saved < 0)
		return file->saved;
	control_unlink(store, name);
	return 0;
}

/* Whether some version needs a range that it has not saved. */
static bool is_needed(const struct underlying *file, const struct version *but,
		      const struct version_range *range)
{
	const struct version *version;

	for (version = file->versions; version; version = version->next)
		if (version != but && !is_saved(version, *range))
			return true;
	return false;
}

static int save_range(struct store *store, struct underlying *file,
		      const struct version *but, struct version_range range)
{
	struct version *version;
	uint64_t where = file->saved_size;
	int rc = 0;

	if (range.offset >= (uint64_t)file->st.st_size)
		return 0;
	if (range.size > file->st.st_size - range.offset)
		range.size = file->st.st_size - range.offset;
	if (!range.size || !is_needed(file, but, &range))
		return 0;
	rc = open_saved(store, file);
	if (rc == 0)
		rc = io_copy(file->fd, range.offset, file->saved, where,
			     range.size);
	if (rc < 0)
		return rc == -EBADMSG ? -ESTALE : rc;
	file->saved_size += range.size;
	for (version = file->versions; rc == 0 && version;
	     version = version->next)
		if (version != but)
			rc = note_saved(version, range, where);
	return rc;
}

int version_save(struct store *store, const struct version *version,
		 const struct version *but, const struct version_range *ranges,
		 size_t count)
{
	struct underlying *file = version->file;
	int rc = 0;

	pthread_rwlock_wrlock(&file->lock);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = save_range(store, file, but, ranges[i]);
	if (rc == 0)
		rc = check_unchanged(file);
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

void version_change(const struct version *version)
{
	pthread_rwlock_wrlock(&version->file->lock);
}

int version_changed(const struct version *version, struct stat *ret_st)
{
	struct underlying *file = version->file;
	int rc = fstat(file->fd, &file->st) < 0 ? -errno : 0;

	if (rc == 0)
		*ret_st = file->st;
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

void version_lose(struct version *version)
{
	pthread_rwlock_wrlock(&version->file->lock);
	version->lost = true;
	pthread_rwlock_unlock(&version->file->lock);
}
