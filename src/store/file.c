/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files: their making and going, staging, attributes. */
#include "store/file.h"

#include "store/attr.h"
#include "store/backing.h"
#include "store/objects.h"
#include "store/view_text.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void file_set_name(struct store_file *file, char *name)
{
	struct bkup_name parsed;

	file->name = name;
	/* Only names of alternate streams are too long to be parsed. */
	file->id = BKUP_ALTERNATE_DATA;
	if (bkup_name_parse(name, &parsed) == 0) {
		file->id = parsed.id;
		bkup_name_done(&parsed);
	}
}

static void join_open_files(struct store *store, struct store_file *file)
{
	pthread_mutex_lock(&store->objects_lock);
	LIST_INSERT_HEAD(&store->open_files, file, entry);
	pthread_mutex_unlock(&store->objects_lock);
}

static void leave_open_files(struct store *store, struct store_file *file)
{
	pthread_mutex_lock(&store->objects_lock);
	LIST_REMOVE(file, entry);
	pthread_mutex_unlock(&store->objects_lock);
}

struct store_file *file_new(struct store *store)
{
	struct store_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->store = store;
	file->stage = STAGE_NONE;
	file->backing = -1;
	file->attributes = -1;
	file->serial = atomic_fetch_add(&store->next_name, 1);
	atomic_init(&file->current, true);
	atomic_init(&file->holds, 1);
	pthread_rwlock_init(&file->lock, NULL);
	pthread_mutex_init(&file->state_lock, NULL);
	pthread_mutex_init(&file->making, NULL);
	join_open_files(store, file);
	return file;
}

static void file_free(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);

	leave_open_files(file->store, file);
	stage_drop(file->store, &file->stage);
	backing_close(file);
	snapshot_put(file->base);
	snapshot_put(file->source.snapshot);
	pthread_rwlock_destroy(&file->lock);
	pthread_mutex_destroy(&file->state_lock);
	pthread_mutex_destroy(&file->making);
	free(file->name);
	free(file->scratch_dir);
	free(file);
	if (object)
		object_put(object);
}

void store_file_hold(struct store_file *file)
{
	atomic_fetch_add(&file->holds, 1);
}

void store_file_let_go(struct store_file *file)
{
	if (file && atomic_fetch_sub(&file->holds, 1) == 1)
		file_free(file);
}

struct stage_base file_base(const struct store_file *file)
{
	return (struct stage_base){.snapshot = file->base,
				   .stream = file->stream};
}

int file_stage(struct store_file *file, bool keep)
{
	int rc = 0;

	if (file->stage.fd >= 0)
		return 0;
	if (backing_is_of(file))
		return backing_open(file, O_RDWR);
	if (keep)
		rc = view_make_locked(file);
	if (rc == 0)
		rc = stage_begin(file->store,
				 keep && file->stream ? file->stream->size : 0,
				 &file->stage);
	/* What it was opened with does not count any more. */
	if (rc == 0)
		atomic_store(&file->unmade, false);
	return rc;
}

int file_cut(struct store_file *file, uint64_t size)
{
	return backing_is_open(file) ? backing_truncate(file, size)
				     : stage_truncate(&file->stage, size);
}

bool file_is_committable(const struct store_file *file)
{
	return atomic_load(&file->dirty) &&
	       (atomic_load(&file->current) || atomic_load(&file->superseded));
}

void file_notice(struct store_object *object, struct store_file *file)
{
	if (atomic_load(&file->dirty) || !object->snapshot)
		return;
	pthread_rwlock_rdlock(&file->lock);
	if (backing_was_written(object, file)) {
		atomic_store(&file->dirty, true);
		atomic_store(&file->emptied, false);
		atomic_fetch_add(&file->store->changes, 1);
	}
	pthread_rwlock_unlock(&file->lock);
}

bool store_file_current(const struct store_file *file)
{
	return atomic_load(&file->current);
}

void file_stat_stream(struct store_object *object,
		      const struct index_stream *stream, const char *name,
		      struct stat *ret_st)
{
	*ret_st = attr_of_stream(&object->st, stream->record.id, name,
				 stream->size, stream->stored);
	ret_st->st_mtim = object_time(object, name);
}

/* Attributes as they are without what is staged, but for the size. */
static void stat_unstaged(struct store_object *object,
			  const struct store_file *file, uint64_t size,
			  uint64_t stored, struct stat *ret_st)
{
	if (file->view) {
		view_stat(object, file->view, size, ret_st);
		return;
	}
	*ret_st = attr_of_stream(&object->st, file->id, file->name, size,
				 stored);
	ret_st->st_mtim = object_time(object, file->name);
}

static int stat_backing(struct store_object *object,
			const struct store_file *file, struct stat *ret_st)
{
	struct stat st;
	int rc = backing_stat(file, &st);

	if (rc < 0)
		return rc;
	*ret_st = attr_of_stream(&object->st, file->id, file->name, st.st_size,
				 (uint64_t)st.st_blocks * 512);
	ret_st->st_atim = st.st_atim;
	ret_st->st_mtim = st.st_mtim;
	ret_st->st_ctim = st.st_ctim;
	return 0;
}

int file_stat(struct store_object *object, struct store_file *file,
	      struct stat *ret_st)
{
	int rc = 0;

	pthread_rwlock_rdlock(&file->lock);
	if (backing_is_open(file)) {
		rc = stat_backing(object, file, ret_st);
	} else if (file->stage.fd < 0 && file->stream) {
		stat_unstaged(object, file, file->stream->size,
			      file->stream->stored, ret_st);
	} else {
		const struct stage_base base = file_base(file);

		stat_unstaged(object, file, file->stage.size,
			      stage_stored(&file->stage, &base), ret_st);
		pthread_mutex_lock(&file->state_lock);
		if (file->has_mtime)
			ret_st->st_mtim = file->mtime;
		pthread_mutex_unlock(&file->state_lock);
	}
	pthread_rwlock_unlock(&file->lock);
	return rc;
}

bool file_has_backing(struct store_file *file)
{
	bool has;

	pthread_rwlock_rdlock(&file->lock);
	has = backing_is_open(file);
	pthread_rwlock_unlock(&file->lock);
	return has;
}

int store_file_backing(struct store_file *file)
{
	int fd = -1;

	pthread_rwlock_rdlock(&file->lock);
	if (backing_is_open(file))
		fd = fcntl(file->backing, F_DUPFD_CLOEXEC, 0);
	pthread_rwlock_unlock(&file->lock);
	return fd;
}

int store_file_stat(struct store_file *file, struct stat *ret_st)
{
	struct store_object *object = atomic_load(&file->object);
	int rc;

	if (!object) {
		struct stat st;

		if (fstat(file->stage.fd, &st) < 0)
			return -errno;
		*ret_st = attr_of_node(&st);
		ret_st->st_mode = st.st_mode;
		ret_st->st_size = st.st_size;
		ret_st->st_blocks = st.st_blocks;
		ret_st->st_nlink = st.st_nlink;
		return 0;
	}
	pthread_mutex_lock(&object->lock);
	rc = file_stat(object, file, ret_st);
	if (rc == 0 && !store_file_current(file))
		ret_st->st_nlink = 0;
	pthread_mutex_unlock(&object->lock);
	return rc;
}

int file_get(struct store_object *object, const char *name, bool create,
	     struct store_file **ret_file)
{
	struct store_file *file = object_file(object, name);
	const struct index_stream *stream = NULL;
	int rc;

	if (file) {
		file->references++;
		*ret_file = file;
		return 0;
	}
	rc = object_stream(object, name, &stream);
	if (rc < 0 && !(rc == -ENOENT && create))
		return rc;
	file = file_new(object->store);
	if (!file)
		return -ENOMEM;
	file->name = strdup(name);
	if (file->name)
		file_set_name(file, file->name);
	if (!file->name || table_add(&object->files, &file->link,
				     table_hash(name, strlen(name))) < 0) {
		store_file_let_go(file);
		return -ENOMEM;
	}
	file->references = 1;
	file->base = snapshot_get(object->snapshot);
	file->stream = stream;
	view_begin(object, file);
	atomic_store(&file->object, object);
	object_use(object);
	*ret_file = file;
	return 0;
}

void file_put(struct store_object *object, struct store_file *file)
{
	if (--file->references)
		return;
	object_detach_file(object, file);
	store_file_let_go(file);
}
