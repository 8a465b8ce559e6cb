/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a backup file: its streams under their child names, with
 * SPARSE_BLOCKs folded into the DATA or ALTERNATE_DATA that most recently
 * preceded them ([MS-BKUP] 2.13.2). Made by a walk over the headers; payloads
 * are not read.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "util/table.h"

#include <bkup/bkup.h>
#include <stdbool.h>
#include <sys/types.h>

struct index_stream {
	struct table_link link; /* in index.by_name */
	struct bkup_record record;
	uint64_t offset;  /* of its header, in the file */
	uint64_t size;	  /* logical: of the content that a reader sees */
	uint64_t stored;  /* bytes of content in the file */
	uint64_t version; /* differs when the content may differ */
	struct bkup_sparse_map *map; /* of its bytes; NULL if it is plain */
	size_t name;		     /* its child name, in index.names */
	uint32_t count;	 /* of streams with its id and raw name, if the first */
	uint32_t blocks; /* SPARSE_BLOCK records that are folded in */
};

/*
 * Consecutive records of one stream. A stream is one run, unless other
 * records stand between it and its blocks.
 */
struct index_run {
	uint64_t offset; /* in the file */
	uint64_t size;
	size_t stream;
};

struct index {
	struct index_stream *streams; /* in the order of the file */
	size_t count;
	struct index_run *runs; /* likewise */
	size_t run_count;
	char *names;
	size_t names_used, names_room;
	struct table by_name;
	uint64_t end;	 /* of the last good record */
	bool duplicates; /* some child names have ordinals */
	size_t records;	 /* streams and sparse blocks */
	size_t recorded; /* streams that have a record: all but an extra one */
	size_t memory;	 /* about, in bytes, with all that belongs to it */
};

/* What is wrong with a file. */
struct index_fault {
	uint64_t offset;
	const char *reason; /* static; NULL if nothing is */
	bool is_efs;	    /* the file is EFS raw data instead */
};

struct index_options {
	bool salvage;	    /* stop before what is wrong, instead of failing */
	size_t max_records; /* streams and sparse blocks; 0: any number */
	/*
	 * The name and size of a stream that has no record: its content stands
	 * behind the last one, and beyond the size of the source. NULL if there
	 * is none.
	 */
	const char *extra;
	uint64_t extra_size;
};

/* What is indexed. */
struct index_source {
	/* Reads bytes of it as pread(2); -errno. */
	ssize_t (*read)(void *context, void *buffer, size_t size,
			uint64_t offset);
	void *context;
	uint64_t size; /* of all of it */
};

/*
 * Reads the headers of a source. The memory that this takes is bounded by the
 * number of records: a record takes about 130 bytes and its child name, which
 * is cut to 1 KiB; a sparse block 24, and as many again and more while it is
 * read.
 *
 * options: NULL for none.
 * ret_fault: set whether salvage or not, if something is wrong.
 * Errors: -EBADMSG; -EFBIG if there are more records than allowed, with a
 * fault too; -ENOMEM.
 */
int index_load_from(const struct index_source *source,
		    const struct index_options *options,
		    struct index **ret_index, struct index_fault *ret_fault);

/* The same of a file. */
int index_load(int fd, uint64_t size, const struct index_options *options,
	       struct index **ret_index, struct index_fault *ret_fault);

/* The index of nothing. */
int index_new(struct index **ret_index);
/* The index of a file that is one stream, without a header or name. */
int index_new_whole(uint64_t size, uint64_t version, struct index **ret_index);
void index_free(struct index *index);

/* A stream made up for all of a file: its payload begins at offset 0. */
struct index_stream index_whole(uint64_t size, uint64_t version);

/* The stream with that child name, or NULL. */
struct index_stream *index_find(const struct index *index, const char *name);

/* A stream's child name; lives as long as the index. */
const char *index_name(const struct index *index,
		       const struct index_stream *stream);

/*
 * Gives the streams other child names than their places in the file say: one
 * for each, all different. After an error the index is of no use.
 */
int index_adopt_names(struct index *index, const char *const *names);

/*
 * Where in the file the content at offset is, which is not in a hole.
 *
 * ret_size: how much of it stands there in one piece.
 */
uint64_t index_stream_where(const struct index_stream *stream, uint64_t offset,
			    uint64_t *ret_size);

/* The offset of a stream's payload in the file. */
uint64_t index_payload(const struct index_stream *stream);

#endif
