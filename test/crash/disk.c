/* SPDX-License-Identifier: BSD-2-Clause */
#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, NAMES = 2048, INODES = 512 };

/* Which number stands for which recorded one, in the disk made last. */
static struct {
	uint64_t real, recorded;
} numbers[INODES];
static size_t number_count;

uint64_t disk_inode(uint64_t ino)
{
	for (size_t i = 0; i < number_count; i++)
		if (numbers[i].real == ino)
			return numbers[i].recorded;
	/* What was made since has a number that nothing recorded has. */
	return ino | 1ULL << 48;
}

/* The names at the cut. */
struct names {
	struct naming list[NAMES];
	size_t count;
};

static void assign(struct names *names, const struct naming *naming)
{
	size_t i = 0;

	while (i < names->count &&
	       (names->list[i].dir != naming->dir ||
		strcmp(names->list[i].name, naming->name) != 0))
		i++;
	ck_assert_uint_lt(i, NAMES);
	names->list[i] = *naming;
	if (i == names->count)
		names->count++;
}

static void find_names(const struct disk *disk, struct names *names)
{
	names->count = 0;
	for (size_t i = 0; i < disk->record->base_count; i++)
		assign(names, &disk->record->base[i]);
	for (size_t i = 0; i < disk->names; i++) {
		const struct event *event = &disk->record->events[i];

		if (event->kind != EVENT_NAMES)
			continue;
		for (size_t j = 0; j < event->name_count; j++)
			assign(names, &event->names[j]);
	}
}

size_t disk_names_least(const struct record *record, size_t end)
{
	while (end && record->events[end - 1].kind != EVENT_SYNC_NAMES)
		end--;
	return end;
}

/* Whether a later change of names is on the disk, so that a range is. */
static bool is_ordered(const struct disk *disk, size_t after)
{
	if (!disk->ordered)
		return false;
	for (size_t i = after; i < disk->names; i++)
		if (disk->record->events[i].kind == EVENT_NAMES)
			return true;
	return false;
}

static bool is_in(const struct event *event, const struct event *range)
{
	return event->kind == EVENT_SIZE ||
	       (event->kind == EVENT_WRITE && event->offset >= range->offset &&
		event->offset + event->size - range->offset <= range->size);
}

/* Whether a change of an inode must be on the disk. */
static bool is_durable(const struct disk *disk, size_t i)
{
	const struct event *change = &disk->record->events[i];

	for (size_t j = i + 1; j < disk->end; j++) {
		const struct event *event = &disk->record->events[j];

		if (event->inode != change->inode)
			continue;
		if (event->kind == EVENT_SYNC)
			return true;
		if (event->kind == EVENT_SYNC_RANGE && is_in(change, event) &&
		    is_ordered(disk, j))
			return true;
	}
	return false;
}

/* How much of a change is on the disk. */
struct part {
	bool any;
	bool torn;
	bool size;	  /* the size that a write makes */
	uint64_t sectors; /* where torn: a bit for each, repeated */
};

static struct part choose(const struct disk *disk, size_t i)
{
	uint64_t random = disk->random + i;
	struct part all = {.any = true, .size = true}, part = {0};

	if (disk->kind == DISK_ALL || is_durable(disk, i))
		return all;
	if (disk->kind == DISK_NONE)
		return part;
	part.any = unit_random(&random) % 2;
	part.size = unit_random(&random) % 2;
	part.torn = part.any && unit_random(&random) % 3 == 0;
	if (part.torn)
		part.sectors = unit_random(&random);
	return part;
}

static bool is_change(const struct event *event, int inode)
{
	return event->inode == inode &&
	       (event->kind == EVENT_WRITE || event->kind == EVENT_SIZE ||
		event->kind == EVENT_METADATA);
}

static void mix(uint64_t *hash, uint64_t value)
{
	uint64_t state = *hash ^ value;

	*hash = unit_random(&state);
}

static void mix_inode(const struct disk *disk, int inode, uint64_t *hash)
{
	mix(hash, inode);
	for (size_t i = 0; i < disk->end; i++) {
		struct part part;

		if (!is_change(&disk->record->events[i], inode))
			continue;
		part = choose(disk, i);
		if (part.any || part.size)
			mix(hash,
			    i * 8 + part.any * 4 + part.size * 2 + part.torn);
		if (part.torn)
			mix(hash, part.sectors);
	}
}

uint64_t disk_hash(const struct disk *disk)
{
	static struct names names;
	uint64_t hash = 1;

	find_names(disk, &names);
	for (size_t i = 0; i < names.count; i++) {
		const struct naming *naming = &names.list[i];

		if (naming->inode < 0)
			continue;
		mix(&hash, naming->dir);
		for (const char *c = naming->name; *c; c++)
			mix(&hash, *c);
		mix_inode(disk, naming->inode, &hash);
	}
	return hash;
}

/* An inode's content, while changes are made to it. */
struct image {
	uint8_t *bytes;
	uint64_t size, room;
	const struct event *metadata;
};

static void resize(struct image *image, uint64_t size)
{
	if (size > image->room) {
		image->room = 2 * size;
		image->bytes = realloc(image->bytes, image->room);
		ck_assert_ptr_nonnull(image->bytes);
	}
	if (size > image->size)
		memset(image->bytes + image->size, 0, size - image->size);
	image->size = size;
}

static void put(struct image *image, const struct event *event,
		struct part part)
{
	uint64_t end = event->offset + event->size;

	if (part.size && end > image->size)
		resize(image, end);
	if (!part.any)
		return;
	if (end > image->size)
		end = image->size;
	for (uint64_t at = event->offset; at < end;) {
		uint64_t sector = at / SECTOR;
		uint64_t next = part.torn ? (sector + 1) * SECTOR : end;

		next = next < end ? next : end;
		if (!part.torn || part.sectors >> sector % 64 & 1)
			memcpy(image->bytes + at,
			       event->bytes.data + (at - event->offset),
			       next - at);
		at = next;
	}
}

static void build(const struct disk *disk, int inode, struct image *image)
{
	const struct state_entry *base = disk->record->inodes[inode].base;

	*image = (struct image){0};
	resize(image, base ? base->content.size : 0);
	if (image->size)
		memcpy(image->bytes, base->content.data, image->size);
	for (size_t i = 0; i < disk->end; i++) {
		const struct event *event = &disk->record->events[i];
		struct part part;

		if (!is_change(event, inode))
			continue;
		part = choose(disk, i);
		if (event->kind == EVENT_WRITE)
			put(image, event, part);
		else if (event->kind == EVENT_SIZE && part.any)
			resize(image, event->size);
		else if (event->kind == EVENT_METADATA && part.any)
			image->metadata = event;
	}
}

static void note_number(const char *path, uint64_t recorded)
{
	struct stat st;

	ck_assert_uint_lt(number_count, INODES);
	ck_assert_int_eq(lstat(path, &st), 0);
	numbers[number_count].real = st.st_ino;
	numbers[number_count++].recorded = recorded;
}

static void dress(int fd, mode_t mode, struct timespec mtime,
		  const struct bytes *xattrs)
{
	const struct timespec times[2] = {mtime, mtime};

	ck_assert_int_eq(fchmod(fd, mode & 07777), 0);
	state_put_xattrs(fd, xattrs);
	ck_assert_int_eq(futimens(fd, times), 0);
}

static void make_file(const struct disk *disk, int inode, const char *path)
{
	const struct state_entry *base = disk->record->inodes[inode].base;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct image image;

	ck_assert_int_ge(fd, 0);
	build(disk, inode, &image);
	ck_assert_int_eq(pwrite(fd, image.bytes, image.size, 0),
			 (ssize_t)image.size);
	if (image.metadata)
		dress(fd, image.metadata->mode, image.metadata->mtime,
		      &image.metadata->bytes);
	else if (base)
		dress(fd, base->mode, base->mtime, &base->xattrs);
	free(image.bytes);
	close(fd);
}

/* Where an inode was made first, for its other names. */
struct made {
	char path[512];
};

static void make_dir(const struct disk *disk, const struct names *names,
		     int inode, const char *path, struct made *made);

static void make_name(const struct disk *disk, const struct names *names,
		      const struct naming *naming, const char *dir_path,
		      struct made *made)
{
	const struct inode *inode = &disk->record->inodes[naming->inode];
	struct made *first = &made[naming->inode];
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", dir_path, naming->name);
	if (*first->path) {
		ck_assert_int_eq(link(first->path, path), 0);
		return;
	}
	snprintf(first->path, sizeof(first->path), "%.500s", path);
	if (inode->is_dir)
		ck_assert_int_eq(mkdir(path, 0755), 0);
	else
		make_file(disk, naming->inode, path);
	note_number(path, inode->ino);
	if (inode->is_dir)
		make_dir(disk, names, naming->inode, path, made);
}

static void make_dir(const struct disk *disk, const struct names *names,
		     int inode, const char *path, struct made *made)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->list[i].dir == inode && names->list[i].inode >= 0)
			make_name(disk, names, &names->list[i], path, made);
}

void disk_make(const struct disk *disk, const char *source)
{
	static struct names names;
	struct made *made = calloc(disk->record->inode_count, sizeof(*made));

	ck_assert_ptr_nonnull(made);
	number_count = 0;
	find_names(disk, &names);
	note_number(source, disk->record->inodes[0].ino);
	make_dir(disk, &names, 0, source, made);
	free(made);
}
