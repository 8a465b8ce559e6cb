/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/store.h"

#include "store/control.h"
#include "store/descriptor.h"
#include "store/file.h"
#include "store/journal.h"
#include "store/live.h"
#include "store/lock.h"
#include "store/objects.h"
#include "store/redo.h"
#include "store/scratch.h"
#include "store/tree.h"
#include "util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

/*
 * What kind of filesystem SOURCE is: of one that is not known, attributes may
 * be out of date until it is asked for them.
 */
static void look_at_filesystem(struct store *store)
{
	struct statfs st;

	store->remote = true;
	store->one_device = false;
	if (fstatfs(store->root, &st) < 0)
		return;
	switch ((unsigned int)st.f_type) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
		store->one_device = true;
		store->remote = false;
		break;
	case BTRFS_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
		store->remote = false;
		break;
	default:
		break;
	}
}

static void store_free(struct store *store)
{
	if (store->root >= 0)
		close(store->root);
	if (store->lock >= 0)
		close(store->lock);
	table_done(&store->objects);
	table_done(&store->scratch_files);
	claims_done(&store->names);
	pthread_mutex_destroy(&store->names_lock);
	pthread_mutex_destroy(&store->objects_lock);
	pthread_mutex_destroy(&store->scratch_lock);
	pthread_mutex_destroy(&store->control_lock);
	free(store);
}

static struct store *store_new(const struct store_options *options)
{
	struct store *store = calloc(1, sizeof(*store));
	struct timespec now;

	if (!store)
		return NULL;
	store->options = *options;
	store->root = -1;
	store->lock = -1;
	store->control = -1;
	descriptor_init(store);
	clock_gettime(CLOCK_REALTIME, &now);
	atomic_init(&store->next_name,
		    now.tv_sec * 1000000000ULL + now.tv_nsec);
	TAILQ_INIT(&store->idle);
	TAILQ_INIT(&store->held);
	claims_init(&store->names);
	pthread_mutex_init(&store->names_lock, NULL);
	pthread_mutex_init(&store->objects_lock, NULL);
	pthread_mutex_init(&store->scratch_lock, NULL);
	pthread_mutex_init(&store->control_lock, NULL);
	return store;
}

static int open_root(struct store *store, int source_fd)
{
	struct stat st;

	store->root = openat(source_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store->root < 0 || fstat(store->root, &st) < 0)
		return -errno;
	store->dev = st.st_dev;
	look_at_filesystem(store);
	store->ordered = journal_orders(store->root, store->dev);
	return 0;
}

int store_open(int source_fd, const struct store_options *options,
	       struct store **ret_store)
{
	struct store *store = store_new(options);
	int rc;

	if (!store)
		return -ENOMEM;
	rc = open_root(store, source_fd);
	if (rc == 0 && options->live)
		rc = live_begin(store);
	if (rc == 0 && !options->read_only)
		rc = lock_take(store);
	if (rc == 0 && !options->read_only)
		rc = redo_recover(store);
	if (rc == 0 && !options->read_only)
		rc = control_sweep(store);
	if (rc == 0 && !options->read_only)
		rc = scratch_sweep(store);
	if (rc < 0)
		store_free(store);
	else
		*ret_store = store;
	return rc;
}

/* An open file that its holders will never close, whatever it stands for. */
static void drop_file(struct store_file *file)
{
	struct store_object *object = atomic_load(&file->object);

	if (object && !object->gone && file_is_committable(file))
		file_rescue(object, file, -EINTR);
	if (object)
		object_detach_file(object, file);
	store_file_let_go(file);
}

static void drop_unfinished(struct table_link *link, void *context)
{
	struct store_object *object =
		table_item(link, struct store_object, link);

	(void)context;
	if (!object->unfinished)
		return;
	object_use(object);
	redo_abort(object->store, object->unfinished);
	object_drop_unfinished(object);
	object_put(object);
}

int store_close(struct store *store)
{
	while (!LIST_EMPTY(&store->open_files))
		drop_file(LIST_FIRST(&store->open_files));
	table_each(&store->objects, drop_unfinished, NULL);
	objects_free(store);
	scratch_settle(store);
	/* A file that was open may have kept its directory when it went. */
	if (!store->options.read_only)
		scratch_sweep(store);
	control_close(store);
	store_free(store);
	return 0;
}

bool store_is_remote(const struct store *store)
{
	return store->remote;
}

uint64_t store_changes(struct store *store)
{
	return atomic_load(&store->changes);
}

void store_set_mount(struct store *store, dev_t dev)
{
	atomic_store(&store->own_mount, dev);
}

int store_statfs(struct store *store, struct statvfs *ret_st)
{
	/* An O_PATH descriptor will do for this call. */
	return fstatvfs(store->root, ret_st) < 0 ? -errno : 0;
}
