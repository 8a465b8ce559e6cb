/* SPDX-License-Identifier: BSD-2-Clause */
#include "record.h"

#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct record *recorded;

/* Of the call that is on its way. */
static bool existed;
static uint64_t size_before;

static void *grow(void *list, size_t count, size_t size)
{
	/* A power of two is full. */
	if (count & (count - 1))
		return list;
	list = realloc(list, (count ? 2 * count : 1) * size);
	ck_assert_ptr_nonnull(list);
	return list;
}

static struct event *add_event(enum event_kind kind, int inode)
{
	struct record *record = recorded;
	struct event *event;

	record->events = grow(record->events, record->count, sizeof(*event));
	event = &record->events[record->count++];
	*event = (struct event){.kind = kind, .inode = inode};
	return event;
}

static int add_inode(struct record *record, ino_t ino, bool is_dir,
		     const struct state_entry *base)
{
	record->inodes = grow(record->inodes, record->inode_count,
			      sizeof(*record->inodes));
	record->inodes[record->inode_count] = (struct inode){ino, is_dir, base};
	return record->inode_count++;
}

/* The latest of that number: numbers are used again. */
static int find_inode(const struct record *record, ino_t ino)
{
	for (size_t i = record->inode_count; i-- > 0;)
		if (record->inodes[i].ino == ino)
			return i;
	return -1;
}

static bool look(int fd, const char *name, bool follow, struct stat *ret_st)
{
	int flags = AT_EMPTY_PATH | (follow ? 0 : AT_SYMLINK_NOFOLLOW);

	return fstatat(fd, name ? name : "", ret_st, flags) == 0;
}

static int inode_at(int fd, const char *name, bool follow)
{
	struct stat st;

	ck_assert(look(fd, name, follow, &st));
	return find_inode(recorded, st.st_ino);
}

/* Links of /proc go to what is open, and are followed. */
static bool follows(const struct call *call)
{
	return call->name && strncmp(call->name, "/proc/", 6) == 0;
}

static struct naming naming_of(int fd, const char *path, int inode)
{
	const char *slash = strrchr(path, '/');
	struct naming naming = {.inode = inode};
	char dir[512];

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0,
		 path);
	naming.dir = inode_at(fd, dir, true);
	ck_assert_msg(naming.dir >= 0, "no directory of '%s'", path);
	snprintf(naming.name, sizeof(naming.name), "%s",
		 slash ? slash + 1 : path);
	return naming;
}

static void add_name(struct event *event, struct naming naming)
{
	event->names[event->name_count++] = naming;
}

static void note_write(const struct call *call, uint64_t size)
{
	uint64_t offset = call->offset;
	int inode = inode_at(call->fd, NULL, true);
	struct event *event;
	uint8_t *bytes = malloc(size + 1);

	ck_assert_ptr_nonnull(bytes);
	if (call->at_position)
		offset = lseek(call->fd, 0, SEEK_CUR) - size;
	ck_assert_int_eq(pread(call->fd, bytes, size, offset), (ssize_t)size);
	event = add_event(EVENT_WRITE, inode);
	event->offset = offset;
	event->size = size;
	event->bytes = (struct bytes){.data = bytes, .size = size};
}

/* What is not a write to a place, for it may change the size, or all. */
static void note_whole(const struct call *call)
{
	struct call whole = {.fd = call->fd};
	struct stat st;

	ck_assert(look(call->fd, NULL, true, &st));
	note_write(&whole, st.st_size);
}

static void note_size(int inode, uint64_t size)
{
	add_event(EVENT_SIZE, inode)->size = size;
}

static void note_allocation(const struct call *call)
{
	bool grows = !(call->flags & FALLOC_FL_KEEP_SIZE) &&
		     call->offset + call->size > size_before;
	int inode = inode_at(call->fd, NULL, true);

	ck_assert_msg(
		!(call->flags & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE |
				  FALLOC_FL_ZERO_RANGE)),
		"fallocate in a way that is not recorded");
	if (grows)
		note_size(inode, call->offset + call->size);
	if (call->flags & ~FALLOC_FL_KEEP_SIZE)
		note_whole(call);
}

static void note_metadata(const struct call *call)
{
	int fd = openat(call->fd, call->name ? call->name : "",
			O_PATH | O_CLOEXEC);
	char path[64];
	struct event *event;
	struct stat st;

	if (fd < 0)
		fd = dup(call->fd);
	ck_assert(fstat(fd, &st) == 0);
	event = add_event(EVENT_METADATA, find_inode(recorded, st.st_ino));
	event->mode = st.st_mode;
	event->mtime = st.st_mtim;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	state_get_xattrs(path, &event->bytes);
	close(fd);
}

/* A name that was not there stands for something new. */
static void note_new(const struct call *call, bool is_dir, int fd)
{
	struct event *event;
	struct stat st;
	int inode;

	ck_assert(fd >= 0 ? fstat(fd, &st) == 0
			  : look(call->fd, call->name, false, &st));
	inode = add_inode(recorded, st.st_ino, is_dir, NULL);
	event = add_event(EVENT_METADATA, inode);
	event->mode = st.st_mode;
	event->mtime = st.st_mtim;
	if ((call->flags & O_TMPFILE) == O_TMPFILE)
		return;
	event = add_event(EVENT_NAMES, -1);
	add_name(event, naming_of(call->fd, call->name, inode));
}

static void note_open(const struct call *call, int fd)
{
	if (!existed)
		note_new(call, false, fd);
	else if (call->flags & O_TRUNC)
		note_size(inode_at(fd, NULL, true), 0);
}

static void note_rename(const struct call *call)
{
	struct event *event;
	int to = inode_at(call->to_fd, call->to, false);
	int from = call->flags & RENAME_EXCHANGE
			   ? inode_at(call->fd, call->name, false)
			   : -1;

	event = add_event(EVENT_NAMES, -1);
	add_name(event, naming_of(call->fd, call->name, from));
	add_name(event, naming_of(call->to_fd, call->to, to));
}

static void note_sync(const struct call *call)
{
	struct stat st;
	int inode;

	if (!recorded->syncs_count)
		return;
	ck_assert(look(call->fd, NULL, true, &st));
	inode = find_inode(recorded, st.st_ino);
	if (S_ISDIR(st.st_mode))
		add_event(EVENT_SYNC_NAMES, inode);
	add_event(EVENT_SYNC, inode);
}

static void note_sync_range(const struct call *call)
{
	struct event *event;

	if (!recorded->syncs_count ||
	    !(call->flags & SYNC_FILE_RANGE_WAIT_AFTER))
		return;
	event = add_event(EVENT_SYNC_RANGE, inode_at(call->fd, NULL, true));
	event->offset = call->offset;
	event->size = call->size ? call->size : UINT64_MAX - call->offset;
}

static void note_sync_all(void)
{
	if (!recorded->syncs_count)
		return;
	for (size_t i = 0; i < recorded->inode_count; i++)
		add_event(EVENT_SYNC, i);
	add_event(EVENT_SYNC_NAMES, 0);
}

static void note(const struct call *call, long result)
{
	struct event *event;

	switch (call->kind) {
	case CALL_WRITE:
		note_write(call, result);
		break;
	case CALL_COPY:
		if (strcmp(call->function, "ioctl") == 0)
			note_whole(call);
		else
			note_write(call, result);
		break;
	case CALL_SIZE:
		note_size(inode_at(call->fd, NULL, true), call->size);
		break;
	case CALL_ALLOCATE:
		note_allocation(call);
		break;
	case CALL_SYNC:
		note_sync(call);
		break;
	case CALL_SYNC_RANGE:
		note_sync_range(call);
		break;
	case CALL_SYNC_ALL:
		note_sync_all();
		break;
	case CALL_CREATE:
		note_open(call, result);
		break;
	case CALL_MKDIR:
		note_new(call, true, -1);
		break;
	case CALL_RENAME:
		note_rename(call);
		break;
	case CALL_LINK:
		event = add_event(EVENT_NAMES, -1);
		add_name(event,
			 naming_of(call->to_fd, call->to,
				   inode_at(call->to_fd, call->to, false)));
		break;
	case CALL_UNLINK:
		event = add_event(EVENT_NAMES, -1);
		add_name(event, naming_of(call->fd, call->name, -1));
		break;
	case CALL_METADATA:
		note_metadata(call);
		break;
	case CALL_SYMLINK:
	case CALL_MKNOD:
	case CALL_UNKNOWN:
		ck_abort_msg("%s is not recorded", call->function);
	}
}

static void before_call(struct call *call)
{
	struct stat st;

	existed = look(call->fd, call->name, follows(call), &st);
	size_before = existed ? st.st_size : 0;
}

static void after_call(const struct call *call, long result)
{
	const struct calls_watcher *watcher = calls_watcher;

	if (result < 0)
		return;
	calls_watcher = NULL;
	note(call, result);
	calls_watcher = watcher;
}

static const struct calls_watcher watcher = {before_call, after_call};

/* The inode of the directory that a path of the base is in. */
static int base_dir(const struct record *record, const struct scene *scene,
		    const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[512];

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 0,
		 path);
	return find_inode(record, scene_stat(scene, dir).st_ino);
}

static void add_base(struct record *record, const struct scene *scene,
		     const struct state *state, size_t i)
{
	const struct state_entry *entry = &state->list[i];
	const char *slash = strrchr(entry->path, '/');
	struct stat st = scene_stat(scene, entry->path);
	struct naming *naming;
	int inode = find_inode(record, st.st_ino);

	if (inode < 0)
		inode = add_inode(record, st.st_ino, S_ISDIR(st.st_mode),
				  entry);
	record->base =
		grow(record->base, record->base_count, sizeof(*record->base));
	naming = &record->base[record->base_count++];
	naming->inode = inode;
	naming->dir = base_dir(record, scene, entry->path);
	snprintf(naming->name, sizeof(naming->name), "%s",
		 slash ? slash + 1 : entry->path);
}

void record_begin(struct record *record, const struct scene *scene,
		  const struct state *state)
{
	struct stat st = scene_stat(scene, "");

	add_inode(record, st.st_ino, true, NULL);
	for (size_t i = 0; i < state->count; i++)
		add_base(record, scene, state, i);
	recorded = record;
	calls_watcher = &watcher;
}

void record_step(struct record *record, enum event_kind kind, size_t step)
{
	ck_assert_ptr_eq(record, recorded);
	add_event(kind, -1)->step = step;
}

void record_end(void)
{
	calls_watcher = NULL;
	recorded = NULL;
}

void record_done(struct record *record)
{
	for (size_t i = 0; i < record->count; i++)
		bytes_done(&record->events[i].bytes);
	free(record->events);
	free(record->inodes);
	free(record->base);
	*record = (struct record){0};
}
