/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder, and a source that it is fed from just as much as it wants. */
#include "internal.h"
#include "source.h"
#include "util/cleanup.h"

#include <errno.h>
#include <limits.h>

struct bkup_reader {
	struct bkup_decoder *decoder; /* keeps the reader's first error too */
	bool in_record;		      /* between RECORD and END */
	struct source source;
};

static int reader_new(struct bkup_reader **ret_reader)
{
	/* Not calloc: the source's buffer needs no zeros. */
	struct bkup_reader *reader = malloc(sizeof(*reader));
	int rc;

	if (!reader)
		return -ENOMEM;
	reader->in_record = false;
	rc = bkup_decoder_new(&reader->decoder);
	if (rc < 0) {
		free(reader);
		return rc;
	}
	*ret_reader = reader;
	return 0;
}

int bkup_reader_new_fd(int fd, struct bkup_reader **ret_reader)
{
	struct bkup_reader *reader;
	int rc = reader_new(&reader);

	if (rc < 0)
		return rc;
	rc = source_init_fd(&reader->source, fd);
	if (rc < 0) {
		bkup_reader_free(reader);
		return rc;
	}
	*ret_reader = reader;
	return 0;
}

int bkup_reader_new_mem(const void *bytes, size_t size,
			struct bkup_reader **ret_reader)
{
	int rc = reader_new(ret_reader);

	if (rc == 0)
		source_init_mem(&(*ret_reader)->source, bytes, size);
	return rc;
}

void bkup_reader_free(struct bkup_reader *reader)
{
	if (!reader)
		return;
	bkup_decoder_free(reader->decoder);
	free(reader);
}

/* Bytes of the current record that were not read; 0 outside a record. */
static uint64_t reader_left(const struct bkup_reader *reader)
{
	return reader->in_record ? bkup_decoder_wants(reader->decoder) : 0;
}

static ssize_t reader_fetch(struct bkup_reader *reader, void *buffer,
			    size_t size)
{
	ssize_t n = source_read(&reader->source, buffer, size);

	return n < 0 ? decoder_fail(reader->decoder, n, NULL) : n;
}

/* The input is over; well, if no seek went beyond its end. */
static int reader_finish(struct bkup_reader *reader)
{
	int rc = bkup_decoder_finish(reader->decoder);

	if (rc < 0)
		return rc;
	rc = source_is_whole(&reader->source);
	if (rc < 0)
		return decoder_fail(reader->decoder, rc, NULL);
	return rc ? 0
		  : decoder_fail(reader->decoder, -EBADMSG,
				 "payload cut short");
}

/* A header is complete: is there as much as it says? */
static int reader_check_payload(struct bkup_reader *reader)
{
	uint64_t size = bkup_decoder_record(reader->decoder)->size;
	int rc = source_has(&reader->source, size);

	if (rc < 0)
		return decoder_fail(reader->decoder, rc, NULL);
	return rc ? 0
		  : decoder_fail(reader->decoder, -EBADMSG,
				 "payload beyond the end of the file");
}

/* Reads a header and its name. Returns: 1, 0 at the end, or -errno. */
static int reader_read_header(struct bkup_reader *reader)
{
	struct bkup_decoder *decoder = reader->decoder;
	int event = BKUP_EVENT_MORE;

	while (event == BKUP_EVENT_MORE) {
		uint8_t bytes[1024];
		uint64_t wants = bkup_decoder_wants(decoder);
		size_t want = wants < sizeof(bytes) ? wants : sizeof(bytes);
		ssize_t got = reader_fetch(reader, bytes, want);
		size_t used;

		if (got < 0)
			return got;
		event = bkup_decoder_push(decoder, bytes, got, &used);
		if (event >= 0 && (size_t)got < want)
			return reader_finish(reader);
	}
	return event < 0 ? event : 1;
}

/* Passes over size bytes of the current record's payload. */
static int reader_skip(struct bkup_reader *reader, uint64_t size)
{
	int rc = source_skip(&reader->source, size);

	if (rc < 0)
		return decoder_fail(reader->decoder, rc, NULL);
	if (rc == 0)
		return bkup_decoder_finish(reader->decoder);
	return bkup_decoder_skip(reader->decoder, size);
}

/* Ends the current record, if there is one. */
static int reader_end_record(struct bkup_reader *reader)
{
	size_t used;
	int rc;

	if (!reader->in_record)
		return 0;
	rc = reader_skip(reader, reader_left(reader));
	if (rc < 0)
		return rc;
	reader->in_record = false;
	rc = bkup_decoder_push(reader->decoder, NULL, 0, &used);
	return rc < 0 ? rc : 0;
}

int bkup_reader_next(struct bkup_reader *reader, struct bkup_record *ret_record)
{
	int rc = decoder_error(reader->decoder);

	if (rc < 0)
		return rc;
	rc = reader_end_record(reader);
	if (rc < 0)
		return rc;
	rc = reader_read_header(reader);
	if (rc <= 0)
		return rc;
	rc = reader_check_payload(reader);
	if (rc < 0)
		return rc;
	reader->in_record = true;
	*ret_record = *bkup_decoder_record(reader->decoder);
	return 1;
}

const uint8_t *bkup_reader_name(const struct bkup_reader *reader)
{
	return bkup_decoder_name(reader->decoder);
}

ssize_t bkup_reader_read(struct bkup_reader *reader, void *buffer, size_t size)
{
	uint64_t left = reader_left(reader);
	size_t want = size < left ? size : left;
	int rc = decoder_error(reader->decoder);
	size_t used;
	ssize_t got;

	if (rc < 0)
		return rc;
	if (want > SSIZE_MAX)
		want = SSIZE_MAX;
	/* Nothing to take, and an END that is due is not to be taken. */
	if (want == 0)
		return 0;
	got = reader_fetch(reader, buffer, want);
	if (got < 0)
		return got;
	rc = bkup_decoder_push(reader->decoder, buffer, got, &used);
	if (rc >= 0 && (size_t)got < want)
		rc = bkup_decoder_finish(reader->decoder);
	return rc < 0 ? rc : got;
}

int bkup_seek(struct bkup_reader *reader, uint64_t size, uint64_t *ret_seeked)
{
	uint64_t left = reader_left(reader);
	uint64_t moved = size < left ? size : left;
	int rc = decoder_error(reader->decoder);

	if (rc < 0)
		return rc;
	rc = reader_skip(reader, moved);
	if (rc < 0)
		return rc;
	*ret_seeked = moved;
	return moved < size ? -EOVERFLOW : 0;
}

uint64_t bkup_reader_record_offset(const struct bkup_reader *reader)
{
	return bkup_decoder_record_offset(reader->decoder);
}

uint64_t bkup_reader_offset(const struct bkup_reader *reader)
{
	return bkup_decoder_offset(reader->decoder);
}

const char *bkup_reader_reason(const struct bkup_reader *reader)
{
	return bkup_decoder_reason(reader->decoder);
}
