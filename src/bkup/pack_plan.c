/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a backup file is to hold of what stands in a directory:
 *
 *	a file that       becomes
 *	is as unpacked    the records that the side file tells
 *	was edited        one record, or a sparse set, in the place of the old
 *	                  one and with its attributes
 *	was added         the same with the attributes of a new stream, last
 *	was removed       nothing
 *
 * Edited is what has another size, or data where the side file has holes; the
 * bytes themselves do not matter, since records hold what is in the file. As
 * in a mount, a sparse DATA that is written anew stands before the first
 * ALTERNATE_DATA, and a SPARSE_BLOCK that is a stream before what would take
 * it. Streams that are added are sorted canonically, then by name.
 */
#include "bkup/message.h"
#include "bkup/pack.h"
#include "bkup/side.h"
#include "util/array.h"
#include "util/bytes.h"
#include "util/cleanup.h"
#include "util/files.h"
#include "util/io.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANEW SIZE_MAX

/* A stream that the side file does not know. */
struct added {
	const char *file;
	struct bkup_name name;
	size_t base_size; /* of the file's name without ordinal */
	uint64_t size;
	bool sparse;
};

struct added_list {
	struct added *items;
	size_t count, room;
};

enum status pack_read_failed(const struct pack *pack, const char *file,
			     int error)
{
	if (error == -ESTALE || error == -ELOOP) {
		message("'%s/%s' is no regular file; remove it", pack->path,
			file);
		return STATUS_BAD_DATA;
	}
	message("cannot read '%s/%s': %s", pack->path, file, error_text(error));
	return STATUS_FAILED;
}

int pack_seek(void *context, uint64_t offset, int whence, uint64_t *ret_offset)
{
	off_t found = lseek(*(const int *)context, offset, whence);

	if (found < 0)
		return -errno;
	*ret_offset = found;
	return 0;
}

/* Opens a file of the directory. Returns a handle or -errno. */
static int open_stream(const struct pack *pack, const char *file,
		       uint64_t *ret_size)
{
	cleanup_close int fd = open_regular_at(pack->dir, file);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_size = st.st_size;
	return steal_fd(&fd);
}

/* 1 if an open file would be written sparse, 0 if not, -errno. */
static int is_sparse(int fd, uint32_t id, uint64_t size)
{
	struct bkup_extent *extents = NULL;
	size_t count = 0;
	int rc;

	if (!bkup_stream_takes_blocks(id))
		return 0;
	rc = bkup_stream_extents(pack_seek, &fd, size, &extents, &count);
	free(extents);
	return rc;
}

/* Whether nothing but zeros is in a range: 1, 0 or -errno. */
static int is_zero_range(int fd, char *buffer, size_t room, uint64_t at,
			 uint64_t end)
{
	while (at < end) {
		uint64_t data = at;
		int rc = pack_seek(&fd, at, SEEK_DATA, &data);
		size_t want;
		ssize_t n;

		if (rc == -ENXIO || (rc == 0 && data >= end))
			return 1;
		if (rc < 0)
			return rc;
		want = end - data < room ? end - data : room;
		n = io_pread(fd, buffer, want, data);
		if (n < 0)
			return n;
		if (!bytes_are_zero(buffer, n))
			return 0;
		if ((size_t)n < want)
			return 1;
		at = data + n;
	}
	return 1;
}

/* Whether there are only zeros where a sealed map has nothing. */
static int gaps_are_zero(int fd, const struct bkup_sparse_map *map,
			 uint64_t size)
{
	enum { ROOM = 1 << 16 };
	cleanup_free char *buffer = malloc(ROOM);
	const struct bkup_extent *extents = NULL;
	size_t count = bkup_sparse_map_extents(map, &extents);
	uint64_t at = 0;
	int rc = buffer ? 1 : -ENOMEM;

	for (size_t i = 0; rc == 1 && i < count; i++) {
		rc = is_zero_range(fd, buffer, ROOM, at, extents[i].offset);
		at = extents[i].offset + extents[i].size;
	}
	return rc == 1 ? is_zero_range(fd, buffer, ROOM, at, size) : rc;
}

/* Whether a stream's file is as its records tell: 1, 0 or -errno. */
static int is_as_told(const struct pack *pack, size_t i, int fd, uint64_t size)
{
	const struct layout_stream *stream = &pack->layout.streams[i];
	struct bkup_sparse_map *map = NULL;
	int rc;

	if (size != stream->size)
		return 0;
	if (stream->first == stream->last)
		return 1;
	rc = layout_map(&pack->layout, i, &map);
	if (rc < 0)
		return rc;
	rc = gaps_are_zero(fd, map, size);
	bkup_sparse_map_free(map);
	return rc;
}

/* Looks at the file of a stream of the side file. */
static int look_at_known(struct pack *pack, size_t i)
{
	const struct layout_stream *stream = &pack->layout.streams[i];
	struct pack_stream *ours = &pack->streams[i];
	cleanup_close int fd =
		open_stream(pack, layout_file(stream), &ours->size);
	int rc;

	if (fd == -ENOENT)
		return 0;
	rc = fd < 0 ? fd : is_as_told(pack, i, fd, ours->size);
	if (rc < 0)
		return rc;
	ours->fate = rc ? PACK_KEEP : PACK_ANEW;
	if (rc)
		return 0;
	rc = is_sparse(fd, stream->id, ours->size);
	ours->sparse = rc > 0;
	return rc < 0 ? rc : 0;
}

static enum status look_at_all_known(struct pack *pack)
{
	enum status status = STATUS_FINE;

	for (size_t i = 0; i < pack->known; i++) {
		int rc = look_at_known(pack, i);

		if (rc < 0)
			status = status_worse(
				status,
				pack_read_failed(
					pack,
					layout_file(&pack->layout.streams[i]),
					rc));
	}
	return status;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/*
 * The files that the side file names, sorted; malloc'ed.
 * Errors: -EEXIST if two streams have the same; -ENOMEM.
 */
static int known_files(const struct pack *pack, const char ***ret_files)
{
	const char **files = calloc(pack->known + 1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	for (size_t i = 0; i < pack->known; i++)
		files[i] = layout_file(&pack->layout.streams[i]);
	qsort(files, pack->known, sizeof(*files), compare_text);
	for (size_t i = 1; i < pack->known; i++) {
		if (strcmp(files[i - 1], files[i]) == 0) {
			free(files);
			return -EEXIST;
		}
	}
	*ret_files = files;
	return 0;
}

static enum status refuse(const struct pack *pack, const char *file,
			  const char *why)
{
	message("'%s/%s': %s", pack->path, file, why);
	return STATUS_BAD_DATA;
}

/* A SPARSE_BLOCK must be one that a reader takes. */
static int check_block(int fd, uint64_t size)
{
	uint8_t bytes[BKUP_SPARSE_OFFSET_SIZE];
	uint64_t offset;
	ssize_t n = io_pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return n;
	return n < (ssize_t)sizeof(bytes)
		       ? -EBADMSG
		       : bkup_sparse_offset_decode(bytes, size, &offset);
}

/* Looks at the content of an added stream. */
static enum status look_at_added(struct pack *pack, struct added *added)
{
	cleanup_close int fd = open_stream(pack, added->file, &added->size);
	int rc = fd;

	if (fd >= 0 && added->name.id == BKUP_SPARSE_BLOCK)
		rc = check_block(fd, added->size);
	if (rc == -EBADMSG)
		return refuse(pack, added->file,
			      "is no sparse block: it must begin with the "
			      "offset (8 bytes) where it stands");
	if (rc >= 0)
		rc = is_sparse(fd, added->name.id, added->size);
	if (rc < 0)
		return pack_read_failed(pack, added->file, rc);
	added->sparse = rc;
	return STATUS_FINE;
}

/* A name with an ordinal needs the one that it counts from. */
static bool has_first(const struct pack *pack, struct added *added)
{
	char first[BKUP_CHILD_SIZE];

	added->base_size = bkup_name_format(added->name.id, added->name.raw,
					    added->name.raw_size, 1, first);
	return added->name.ordinal == 1 || listing_has(&pack->listing, first);
}

static enum status add(struct pack *pack, struct added_list *list,
		       const char *file)
{
	struct added added = {.file = file};
	enum status status;
	int rc = bkup_name_parse(file, &added.name);

	if (rc == -EINVAL || rc == -ENAMETOOLONG)
		return refuse(pack, file,
			      "is no name of a stream; rename or remove it");
	if (rc == 0 && !has_first(pack, &added))
		status = refuse(pack, file,
				"there is no first stream of that name that "
				"it counts from; rename it");
	else
		status = rc < 0 ? pack_read_failed(pack, file, rc)
				: look_at_added(pack, &added);
	if (status == STATUS_FINE) {
		rc = array_reserve(&list->items, list->count, 1, &list->room,
				   sizeof(*list->items));
		if (rc == 0)
			list->items[list->count++] = added;
		else
			status = pack_read_failed(pack, file, rc);
	}
	if (status != STATUS_FINE)
		bkup_name_done(&added.name);
	return status;
}

/* Looks through the names in the directory for what was added. */
static enum status find_added(struct pack *pack, const char *const *files,
			      struct added_list *list)
{
	enum status status = STATUS_FINE;

	for (size_t i = 0; i < pack->listing.count; i++) {
		const char *name = pack->listing.names[i];

		if (side_is_own(name) || bsearch(&name, files, pack->known,
						 sizeof(*files), compare_text))
			continue;
		if (bkup_name_is_scratch(name))
			message("'%s/%s' is scratch, and left out", pack->path,
				name);
		else
			status = status_worse(status, add(pack, list, name));
	}
	return status;
}

static int compare_added(const void *a, const void *b)
{
	const struct added *left = a, *right = b;
	unsigned int rank = bkup_stream_rank(left->name.id);
	unsigned int other = bkup_stream_rank(right->name.id);
	size_t size = left->base_size < right->base_size ? left->base_size
							 : right->base_size;
	int order;

	if (rank != other)
		return rank < other ? -1 : 1;
	order = memcmp(left->file, right->file, size);
	if (order)
		return order;
	if (left->base_size != right->base_size)
		return left->base_size < right->base_size ? -1 : 1;
	return left->name.ordinal < right->name.ordinal ? -1 : 1;
}

/* Makes added streams the layout's. */
static int take_added(struct pack *pack, const struct added_list *list)
{
	struct pack_stream *streams = reallocarray(
		pack->streams, pack->known + list->count + 1, sizeof(*streams));
	int rc = 0;

	if (!streams)
		return -ENOMEM;
	pack->streams = streams;
	for (size_t i = 0; rc == 0 && i < list->count; i++) {
		const struct added *added = &list->items[i];
		struct layout_stream stream = {.id = added->name.id,
					       .name = strdup(added->file)};

		if (!stream.name)
			return -ENOMEM;
		streams[pack->known + i] = (struct pack_stream){
			PACK_ANEW, added->size, added->sparse};
		rc = layout_add_stream(
			&pack->layout, &stream,
			bkup_stream_attributes(added->name.id, false),
			added->size, 0);
	}
	return rc;
}

static int put_item(struct pack *pack, size_t stream, size_t record)
{
	int rc = array_reserve(&pack->items, pack->item_count, 1,
			       &pack->item_room, sizeof(*pack->items));

	if (rc < 0)
		return rc;
	pack->items[pack->item_count++] = (struct pack_item){stream, record};
	return 0;
}

/* Where a stream that is written anew may not stand where it otherwise would.
 */
enum before { BEFORE_NOTHING, BEFORE_OWNERS, BEFORE_ALTERNATES };

static enum before before_what(const struct pack *pack, size_t stream)
{
	const struct layout_stream *of = &pack->layout.streams[stream];

	if (pack->streams[stream].fate != PACK_ANEW)
		return BEFORE_NOTHING;
	if (of->id == BKUP_SPARSE_BLOCK)
		return BEFORE_OWNERS;
	/* Those with ordinals would change places with what they count from. */
	if (of->id == BKUP_DATA && pack->streams[stream].sparse &&
	    !strchr(of->name, '#'))
		return BEFORE_ALTERNATES;
	return BEFORE_NOTHING;
}

/* Puts what is to stand before something, from a stream on. */
static int put_before(struct pack *pack, enum before what, size_t from)
{
	int rc = 0;

	for (size_t i = from; rc == 0 && i < pack->layout.stream_count; i++)
		if (before_what(pack, i) == what)
			rc = put_item(pack, i, ANEW);
	return rc;
}

/*
 * Puts a record of the side file.
 *
 * moved: what stands before something is put elsewhere from this stream on.
 */
static int put_record(struct pack *pack, size_t i, const size_t *moved)
{
	size_t stream = pack->layout.records[i].stream;
	enum before before = before_what(pack, stream);

	switch (pack->streams[stream].fate) {
	case PACK_KEEP:
		return put_item(pack, stream, i);
	case PACK_ANEW:
		if (!layout_is_head(&pack->layout, i) ||
		    (before != BEFORE_NOTHING && stream >= moved[before]))
			return 0;
		return put_item(pack, stream, ANEW);
	default:
		return 0;
	}
}

/* Puts what stands before a record, if it is the first of its kind. */
static int put_before_record(struct pack *pack, size_t i, size_t *moved)
{
	size_t stream = pack->layout.records[i].stream;
	uint32_t id = pack->layout.streams[stream].id;
	int rc = 0;

	if (pack->streams[stream].fate == PACK_GONE)
		return 0;
	if (moved[BEFORE_OWNERS] == SIZE_MAX && bkup_stream_takes_blocks(id)) {
		moved[BEFORE_OWNERS] = stream;
		rc = put_before(pack, BEFORE_OWNERS, stream);
	}
	if (rc == 0 && moved[BEFORE_ALTERNATES] == SIZE_MAX &&
	    id == BKUP_ALTERNATE_DATA) {
		moved[BEFORE_ALTERNATES] = stream;
		rc = put_before(pack, BEFORE_ALTERNATES, stream);
	}
	return rc;
}

/* Orders what is written. */
static int order_items(struct pack *pack)
{
	/* By enum before: from which stream on it was put. */
	size_t moved[] = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
	size_t records = pack->layout.record_count -
			 (pack->layout.stream_count - pack->known);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < records; i++) {
		rc = put_before_record(pack, i, moved);
		if (rc == 0)
			rc = put_record(pack, i, moved);
	}
	/* The others are in an order that has no need of it. */
	for (size_t i = pack->known; rc == 0 && i < pack->layout.stream_count;
	     i++)
		if (moved[before_what(pack, i)] == SIZE_MAX)
			rc = put_item(pack, i, ANEW);
	return rc;
}

static enum status failed(const struct pack *pack, int error)
{
	message("cannot read '%s': %s", pack->path, error_text(error));
	return STATUS_FAILED;
}

static enum status plan_added(struct pack *pack, const char *const *files)
{
	struct added_list list = {0};
	enum status status = find_added(pack, files, &list);
	int rc = 0;

	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items),
		      compare_added);
	if (status == STATUS_FINE)
		rc = take_added(pack, &list);
	for (size_t i = 0; i < list.count; i++)
		bkup_name_done(&list.items[i].name);
	free(list.items);
	return rc < 0 ? failed(pack, rc) : status;
}

/* The side file, if there is one. */
static enum status read_side(struct pack *pack)
{
	struct json_fault fault = {0};
	int rc = side_read(pack->dir, &pack->layout, &fault);

	if (rc == -EBADMSG) {
		message("'%s/" SIDE_FILE "': line %ju: %s; remove it to pack "
			"the files as new ones",
			pack->path, (uintmax_t)fault.line, fault.what);
		return STATUS_BAD_DATA;
	}
	if (rc < 0)
		return pack_read_failed(pack, SIDE_FILE, rc);
	pack->known = pack->layout.stream_count;
	pack->streams = calloc(pack->known + 1, sizeof(*pack->streams));
	return pack->streams ? STATUS_FINE : failed(pack, -ENOMEM);
}

static enum status plan_streams(struct pack *pack)
{
	cleanup_free const char **files = NULL;
	enum status status;
	int rc = known_files(pack, &files);

	if (rc == -EEXIST)
		return refuse(pack, SIDE_FILE,
			      "two streams have the same file; remove it to "
			      "pack the files as new ones");
	if (rc < 0)
		return failed(pack, rc);
	status = status_worse(look_at_all_known(pack), plan_added(pack, files));
	if (status != STATUS_FINE)
		return status;
	rc = order_items(pack);
	return rc < 0 ? failed(pack, rc) : STATUS_FINE;
}

enum status pack_plan(int dir, const char *path, struct pack *ret_pack)
{
	enum status status;
	int rc;

	*ret_pack = (struct pack){.dir = dir, .path = path};
	layout_init(&ret_pack->layout);
	rc = listing_read(dir, &ret_pack->listing);
	if (rc < 0)
		return failed(ret_pack, rc);
	status = read_side(ret_pack);
	return status == STATUS_FINE ? plan_streams(ret_pack) : status;
}

void pack_done(struct pack *pack)
{
	listing_done(&pack->listing);
	layout_done(&pack->layout);
	free(pack->streams);
	free(pack->items);
}
