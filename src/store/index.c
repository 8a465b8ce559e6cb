/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/index.h"

#include "util/array.h"
#include "util/cleanup.h"
#include "util/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WINDOW_MIN = 4096, WINDOW_MAX = 1 << 18 };

/* The part of the file that is in memory; grows while headers stand close. */
struct window {
	const struct index_source *source;
	uint8_t *bytes;
	size_t size;	 /* to read next time */
	uint64_t offset; /* of what is in memory */
	size_t have;
};

/* What a walk works on. */
struct walk {
	struct index *index;
	struct window window;
	struct bkup_decoder *decoder;
	struct index_fault fault;
	uint64_t offset; /* of the next byte to look at */
	size_t owner;	 /* of SPARSE_BLOCKs: a stream, or NONE */
	size_t max_records;
	size_t streams_room, runs_room;
};

#define NONE SIZE_MAX

/* Points at up to want bytes of the file at offset; returns how many. */
static ssize_t window_at(struct window *window, uint64_t offset, size_t want,
			 const uint8_t **ret_bytes)
{
	uint64_t left = window->source->size - offset;

	if (want > left)
		want = left;
	if (offset < window->offset ||
	    offset + want > window->offset + window->have) {
		bool close_by = window->have && offset >= window->offset &&
				offset - window->offset <= 2 * window->size;
		ssize_t n;

		if (close_by && window->size < WINDOW_MAX)
			window->size *= 2;
		else if (!close_by)
			window->size = WINDOW_MIN;
		n = window->source->read(
			window->source->context, window->bytes,
			window->size < left ? window->size : left, offset);
		if (n < 0)
			return n;
		window->offset = offset;
		window->have = n;
		if ((size_t)n < want)
			want = n;
	}
	*ret_bytes = window->bytes + (offset - window->offset);
	return want;
}

static int fail(struct walk *walk, uint64_t offset, const char *reason)
{
	walk->fault = (struct index_fault){.offset = offset, .reason = reason};
	return -EBADMSG;
}

static int too_many(struct walk *walk, uint64_t offset)
{
	fail(walk, offset, "more streams and sparse blocks than are allowed");
	return -EFBIG;
}

/* Stores a name; ret_place: where it is in index.names. */
static int keep_name(struct index *index, const char *name, size_t *ret_place)
{
	size_t size = strlen(name) + 1;
	int rc = array_reserve(&index->names, index->names_used, size,
			       &index->names_room, 1);

	if (rc < 0)
		return rc;
	memcpy(index->names + index->names_used, name, size);
	*ret_place = index->names_used;
	index->names_used += size;
	return 0;
}

static int add_run(struct walk *walk, size_t stream, uint64_t offset,
		   uint64_t size)
{
	struct index *index = walk->index;
	struct index_run *last =
		index->run_count ? &index->runs[index->run_count - 1] : NULL;
	int rc;

	if (last && last->stream == stream &&
	    last->offset + last->size == offset) {
		last->size += size;
		return 0;
	}
	rc = array_reserve(&index->runs, index->run_count, 1, &walk->runs_room,
			   sizeof(*index->runs));
	if (rc < 0)
		return rc;
	index->runs[index->run_count++] = (struct index_run){
		.offset = offset, .size = size, .stream = stream};
	return 0;
}

static int add_stream(struct walk *walk, const struct bkup_record *record,
		      uint64_t offset)
{
	struct index *index = walk->index;
	char name[BKUP_CHILD_SIZE];
	struct index_stream *stream;
	int rc;

	rc = array_reserve(&index->streams, index->count, 1,
			   &walk->streams_room, sizeof(*index->streams));
	if (rc < 0)
		return rc;
	stream = &index->streams[index->count];
	*stream = (struct index_stream){
		.record = *record,
		.offset = offset,
		.size = record->size,
		.stored = record->size,
	};
	bkup_name_format(record->id, bkup_decoder_name(walk->decoder),
			 record->name_size, 1, name);
	rc = keep_name(index, name, &stream->name);
	if (rc < 0)
		return rc;
	index->count++;
	return 0;
}

/* Turns a plain stream into one with a map, for its first block. */
static int start_map(struct index_stream *stream)
{
	int rc = bkup_sparse_map_new(&stream->map);

	if (rc == 0)
		rc = bkup_sparse_map_add(stream->map, 0, stream->record.size,
					 index_payload(stream));
	return rc;
}

static int add_block(struct walk *walk, const struct bkup_record *record,
		     uint64_t header, uint64_t payload)
{
	struct index_stream *stream;
	const uint8_t *bytes = NULL;
	uint64_t offset = 0;
	ssize_t n;
	int rc;

	if (record->size < BKUP_SPARSE_OFFSET_SIZE)
		return fail(walk, header, "sparse block of less than 8 bytes");
	n = window_at(&walk->window, payload, BKUP_SPARSE_OFFSET_SIZE, &bytes);
	if (n < 0)
		return n;
	if (n < BKUP_SPARSE_OFFSET_SIZE)
		return fail(walk, header, "file became shorter");
	rc = bkup_sparse_offset_decode(bytes, record->size, &offset);
	if (rc < 0)
		return fail(walk, header, "sparse block ends beyond 2^63-1");
	if (walk->owner == NONE)
		return 0;
	stream = &walk->index->streams[walk->owner];
	stream->blocks++;
	rc = stream->map ? 0 : start_map(stream);
	if (rc == 0)
		rc = bkup_sparse_map_add(stream->map, offset,
					 record->size - BKUP_SPARSE_OFFSET_SIZE,
					 payload + BKUP_SPARSE_OFFSET_SIZE);
	return rc;
}

/* A header is complete: its payload begins at walk->offset. */
static int take_record(struct walk *walk)
{
	struct bkup_record record = *bkup_decoder_record(walk->decoder);
	uint64_t header = bkup_decoder_record_offset(walk->decoder);
	uint64_t payload = walk->offset;
	size_t stream = walk->index->count;
	int rc = 0;

	if (record.size > walk->window.source->size - payload)
		return fail(walk, header, "payload passes the end of the file");
	if (walk->max_records && walk->index->records == walk->max_records)
		return too_many(walk, header);
	walk->index->records++;
	if (record.id == BKUP_SPARSE_BLOCK)
		rc = add_block(walk, &record, header, payload);
	if (rc < 0)
		return rc;
	if (record.id == BKUP_SPARSE_BLOCK && walk->owner != NONE)
		stream = walk->owner;
	else
		rc = add_stream(walk, &record, header);
	if (rc == 0)
		rc = add_run(walk, stream, header,
			     payload - header + record.size);
	if (rc < 0)
		return rc;
	if (record.id == BKUP_DATA || record.id == BKUP_ALTERNATE_DATA)
		walk->owner = stream;
	walk->offset = payload + record.size;
	walk->index->end = walk->offset;
	return bkup_decoder_skip(walk->decoder, record.size);
}

/* Feeds the decoder what it wants of the current header or name. */
static int feed(struct walk *walk)
{
	uint64_t want = bkup_decoder_wants(walk->decoder);
	const uint8_t *bytes = NULL;
	size_t used = 0;
	ssize_t n;
	int event;

	if (want > WINDOW_MIN)
		want = WINDOW_MIN;
	n = window_at(&walk->window, walk->offset, want, &bytes);
	if (n < 0)
		return n;
	event = bkup_decoder_push(walk->decoder, bytes, n, &used);
	if (event < 0)
		return event;
	walk->offset += used;
	if (event == BKUP_EVENT_MORE && n == 0)
		return fail(walk, walk->offset, "file became shorter");
	return event;
}

static int walk_file(struct walk *walk)
{
	while (walk->offset < walk->window.source->size) {
		int rc = feed(walk);

		if (rc == BKUP_EVENT_RECORD)
			rc = take_record(walk);
		if (rc == -EBADMSG && !walk->fault.reason)
			fail(walk, bkup_decoder_record_offset(walk->decoder),
			     bkup_decoder_reason(walk->decoder));
		if (rc < 0)
			return rc;
	}
	if (walk->index->end < walk->offset)
		return fail(walk, bkup_decoder_record_offset(walk->decoder),
			    "file ends within a header");
	return 0;
}

static int seal_maps(struct index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		struct index_stream *stream = &index->streams[i];
		const struct bkup_extent *extents;
		size_t n;
		int rc;

		if (!stream->map)
			continue;
		rc = bkup_sparse_map_seal(stream->map);
		if (rc < 0)
			return rc;
		stream->size = bkup_sparse_map_size(stream->map);
		stream->stored = 0;
		n = bkup_sparse_map_extents(stream->map, &extents);
		for (size_t j = 0; j < n; j++)
			stream->stored += extents[j].size;
	}
	return 0;
}

/* A key for looking up a name: the table's links stand in the streams. */
struct name_key {
	const struct index *index;
	const char *name;
};

static bool name_matches(const struct table_link *link, const void *key)
{
	const struct index_stream *stream =
		table_item(link, struct index_stream, link);
	const struct name_key *wanted = key;

	return strcmp(index_name(wanted->index, stream), wanted->name) == 0;
}

static uint64_t hash_name(const char *name)
{
	return table_hash(name, strlen(name));
}

static struct index_stream *find_hashed(const struct index *index,
					const char *name, uint64_t hash)
{
	struct name_key key = {.index = index, .name = name};
	struct table_link *link =
		table_find(&index->by_name, hash, name_matches, &key);

	return link ? table_item(link, struct index_stream, link) : NULL;
}

/* Gives a stream whose name another one has an ordinal. */
static int name_duplicate(struct index *index, struct index_stream *first,
			  struct index_stream *stream)
{
	char name[BKUP_CHILD_SIZE + 16];
	int rc;

	index->duplicates = true;
	snprintf(name, sizeof(name), "%s#%u", index_name(index, stream),
		 ++first->count);
	rc = keep_name(index, name, &stream->name);
	stream->link.hash = hash_name(name);
	return rc;
}

/* So many names ahead an item of the table is fetched, and its bucket. */
enum { ITEM_AHEAD = 8, BUCKET_AHEAD = 16 };

static void hash_names(struct index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		struct index_stream *stream = &index->streams[i];

		stream->link.hash = hash_name(index_name(index, stream));
	}
}

static void look_ahead(const struct index *index, size_t i)
{
	if (index->count - i > BUCKET_AHEAD)
		table_prefetch(&index->by_name,
			       index->streams[i + BUCKET_AHEAD].link.hash);
	if (index->count - i > ITEM_AHEAD)
		table_prefetch_item(&index->by_name,
				    index->streams[i + ITEM_AHEAD].link.hash);
}

/* Enters all streams by name, giving duplicates their ordinals. */
static int name_streams(struct index *index)
{
	int rc = table_reserve(&index->by_name, index->count);

	if (rc < 0)
		return rc;
	hash_names(index);
	for (size_t i = 0; i < index->count; i++) {
		struct index_stream *stream = &index->streams[i];
		struct index_stream *first;

		look_ahead(index, i);
		first = find_hashed(index, index_name(index, stream),
				    stream->link.hash);
		stream->count = 1;
		if (first)
			rc = name_duplicate(index, first, stream);
		if (rc == 0)
			rc = table_add(&index->by_name, &stream->link,
				       stream->link.hash);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static size_t memory_of(const struct index *index)
{
	size_t memory = sizeof(*index) + index->names_used;
	const struct bkup_extent *extents;

	memory += index->count * sizeof(*index->streams);
	memory += index->run_count * sizeof(*index->runs);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers. */
	memory += (index->by_name.mask + 1) * sizeof(*index->by_name.buckets);
	/* A map may have room for twice as many extents. */
	for (size_t i = 0; i < index->count; i++)
		if (index->streams[i].map)
			memory += 2 * sizeof(*extents) *
				  bkup_sparse_map_extents(index->streams[i].map,
							  &extents);
	return memory;
}

static int add_extra(struct walk *walk, const char *name, uint64_t size)
{
	struct index *index = walk->index;
	struct index_stream *stream;
	int rc = array_reserve(&index->streams, index->count, 1,
			       &walk->streams_room, sizeof(*index->streams));

	if (rc < 0)
		return rc;
	stream = &index->streams[index->count];
	*stream = index_whole(size, 0);
	stream->offset += index->end;
	rc = keep_name(index, name, &stream->name);
	if (rc == 0)
		index->count++;
	return rc;
}

/* Makes an index of what the walk found. */
static int finish(struct index *index)
{
	int rc = seal_maps(index);

	if (rc < 0)
		return rc;
	array_trim(&index->streams, index->count, sizeof(*index->streams));
	array_trim(&index->runs, index->run_count, sizeof(*index->runs));
	rc = name_streams(index);
	if (rc < 0)
		return rc;
	array_trim(&index->names, index->names_used, 1);
	index->names_room = index->names_used;
	index->memory = memory_of(index);
	return 0;
}

static int walk_init(struct walk *walk, const struct index_source *source)
{
	uint64_t size = source->size;
	int rc;

	*walk = (struct walk){
		.window = {.source = source, .size = WINDOW_MIN},
		.owner = NONE,
	};
	/* It never holds more than all of the file. */
	walk->window.bytes = malloc(size < WINDOW_MAX ? size + 1 : WINDOW_MAX);
	rc = walk->window.bytes ? index_new(&walk->index) : -ENOMEM;
	if (rc == 0)
		rc = bkup_decoder_new(&walk->decoder);
	return rc;
}

static void walk_done(struct walk *walk)
{
	index_free(walk->index);
	bkup_decoder_free(walk->decoder);
	free(walk->window.bytes);
}

/* Its first bytes may have been taken for a record. */
static bool is_efs(const struct index_source *source)
{
	uint8_t bytes[BKUP_EFS_MAGIC_SIZE];
	ssize_t n = source->read(source->context, bytes, sizeof(bytes), 0);

	return n > 0 && bkup_efs_is_raw(bytes, n);
}

int index_load_from(const struct index_source *source,
		    const struct index_options *options,
		    struct index **ret_index, struct index_fault *ret_fault)
{
	bool salvage = options && options->salvage;
	struct walk walk;
	int rc = walk_init(&walk, source);

	walk.max_records = options ? options->max_records : 0;
	if (rc == 0)
		rc = walk_file(&walk);
	if (rc == -EBADMSG)
		walk.fault.is_efs = is_efs(source);
	if (rc == -EBADMSG || rc == -EFBIG)
		*ret_fault = walk.fault;
	if (rc == -EBADMSG && salvage)
		rc = 0;
	if (rc == 0)
		walk.index->recorded = walk.index->count;
	if (rc == 0 && options && options->extra)
		rc = add_extra(&walk, options->extra, options->extra_size);
	if (rc == 0)
		rc = finish(walk.index);
	if (rc == 0)
		*ret_index = steal_pointer(&walk.index);
	walk_done(&walk);
	return rc;
}

static ssize_t read_file(void *context, void *buffer, size_t size,
			 uint64_t offset)
{
	const int *fd = context;

	return io_pread(*fd, buffer, size, offset);
}

int index_load(int fd, uint64_t size, const struct index_options *options,
	       struct index **ret_index, struct index_fault *ret_fault)
{
	const struct index_source source = {read_file, &fd, size};

	return index_load_from(&source, options, ret_index, ret_fault);
}

int index_adopt_names(struct index *index, const char *const *names)
{
	table_done(&index->by_name);
	index->names_used = 0;
	/* Only ordinals make names differ from what the file says. */
	index->duplicates = true;
	for (size_t i = 0; i < index->count; i++) {
		struct index_stream *stream = &index->streams[i];
		int rc = keep_name(index, names[i], &stream->name);

		if (rc == 0)
			rc = table_add(&index->by_name, &stream->link,
				       hash_name(names[i]));
		if (rc < 0)
			return rc;
	}
	return 0;
}

int index_new(struct index **ret_index)
{
	struct index *index = calloc(1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	table_init(&index->by_name);
	*ret_index = index;
	return 0;
}

struct index_stream index_whole(uint64_t size, uint64_t version)
{
	return (struct index_stream){
		.record = {.size = size},
		/* So that the payload, behind a header, is at 0. */
		.offset = -(uint64_t)BKUP_HEADER_SIZE,
		.size = size,
		.stored = size,
		.version = version,
	};
}

int index_new_whole(uint64_t size, uint64_t version, struct index **ret_index)
{
	cleanup_free struct index_stream *stream = malloc(sizeof(*stream));
	struct index *index;
	int rc = stream ? index_new(&index) : -ENOMEM;

	if (rc < 0)
		return rc;
	*stream = index_whole(size, version);
	index->streams = steal_pointer(&stream);
	index->count = 1;
	*ret_index = index;
	return 0;
}

void index_free(struct index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->count; i++)
		bkup_sparse_map_free(index->streams[i].map);
	table_done(&index->by_name);
	free(index->streams);
	free(index->runs);
	free(index->names);
	free(index);
}

struct index_stream *index_find(const struct index *index, const char *name)
{
	return find_hashed(index, name, hash_name(name));
}

const char *index_name(const struct index *index,
		       const struct index_stream *stream)
{
	return index->names + stream->name;
}

uint64_t index_payload(const struct index_stream *stream)
{
	return stream->offset + BKUP_HEADER_SIZE + stream->record.name_size;
}

uint64_t index_stream_where(const struct index_stream *stream, uint64_t offset,
			    uint64_t *ret_size)
{
	const struct bkup_extent *extents, *extent;

	if (!stream->map) {
		*ret_size = stream->size - offset;
		return index_payload(stream) + offset;
	}
	bkup_sparse_map_extents(stream->map, &extents);
	extent = &extents[bkup_sparse_map_find(stream->map, offset)];
	*ret_size = extent->offset + extent->size - offset;
	return extent->where + (offset - extent->offset);
}
