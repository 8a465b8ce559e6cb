/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The step machine that every backup file goes through.
 *
 *	state     takes                       event, next state
 *	HEADER    BKUP_HEADER_SIZE bytes      RECORD, PAYLOAD or ENDING
 *	                                      none, NAME, if it has a name
 *	NAME      record.name_size bytes      RECORD, PAYLOAD or ENDING
 *	PAYLOAD   record.size bytes           PAYLOAD for each push; then ENDING
 *	ENDING    nothing                     END, HEADER
 *
 * An error is remembered and given to every push that follows.
 */
#include "internal.h"

#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

enum state {
	STATE_HEADER,
	STATE_NAME,
	STATE_PAYLOAD,
	STATE_ENDING,
};

struct bkup_decoder {
	enum state state;
	int error;
	const char *reason;
	uint64_t offset;	/* of the next byte of input */
	uint64_t record_offset; /* of the record's header */
	uint64_t left;		/* bytes that this state still takes */
	struct bkup_record record;
	uint8_t header[BKUP_HEADER_SIZE];
	uint8_t *name;
	size_t name_capacity;
};

int bkup_decoder_new(struct bkup_decoder **ret_decoder)
{
	struct bkup_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return -ENOMEM;
	decoder->left = BKUP_HEADER_SIZE;
	*ret_decoder = decoder;
	return 0;
}

void bkup_decoder_free(struct bkup_decoder *decoder)
{
	if (!decoder)
		return;
	free(decoder->name);
	free(decoder);
}

int decoder_fail(struct bkup_decoder *decoder, int error, const char *reason)
{
	if (!decoder->error) {
		decoder->error = error;
		decoder->reason = reason;
	}
	return decoder->error;
}

int decoder_error(const struct bkup_decoder *decoder)
{
	return decoder->error;
}

/* Begins a state that takes size bytes. */
static void decoder_enter(struct bkup_decoder *decoder, enum state state,
			  uint64_t size)
{
	decoder->state = state;
	decoder->left = size;
}

static void decoder_enter_payload(struct bkup_decoder *decoder)
{
	uint64_t size = decoder->record.size;

	decoder_enter(decoder, size ? STATE_PAYLOAD : STATE_ENDING, size);
}

static void decoder_advance(struct bkup_decoder *decoder, uint64_t size)
{
	decoder->offset += size;
	decoder->left -= size;
}

/* A record that no file can hold: offsets behind it would wrap. */
static const char *decoder_fault(const struct bkup_decoder *decoder)
{
	const char *fault = record_fault(&decoder->record);

	if (fault)
		return fault;
	if (decoder->record.size + decoder->record.name_size >
	    UINT64_MAX - decoder->offset)
		return "record that ends beyond 2^64-1";
	return NULL;
}

static int decoder_header(struct bkup_decoder *decoder)
{
	const char *fault;

	record_unpack(decoder->header, &decoder->record);
	fault = decoder_fault(decoder);
	if (fault)
		return decoder_fail(decoder, -EBADMSG, fault);
	if (decoder->record.name_size) {
		decoder_enter(decoder, STATE_NAME, decoder->record.name_size);
		return BKUP_EVENT_MORE;
	}
	decoder_enter_payload(decoder);
	return BKUP_EVENT_RECORD;
}

static int decoder_take_header(struct bkup_decoder *decoder,
			       const uint8_t *bytes, size_t size)
{
	size_t done = BKUP_HEADER_SIZE - decoder->left;

	if (size && done == 0)
		decoder->record_offset = decoder->offset;
	memcpy(decoder->header + done, bytes, size);
	decoder_advance(decoder, size);
	return decoder->left ? BKUP_EVENT_MORE : decoder_header(decoder);
}

/* Makes room for size bytes of a name, of which no more will come than max. */
static int decoder_grow_name(struct bkup_decoder *decoder, size_t size,
			     size_t max)
{
	size_t capacity = decoder->name_capacity;
	uint8_t *name;

	if (size <= capacity)
		return 0;
	capacity = 2 * capacity > size ? 2 * capacity : size;
	if (capacity > max)
		capacity = max;
	name = realloc(decoder->name, capacity);
	if (!name)
		return -ENOMEM;
	decoder->name = name;
	decoder->name_capacity = capacity;
	return 0;
}

static int decoder_take_name(struct bkup_decoder *decoder, const uint8_t *bytes,
			     size_t size)
{
	size_t name_size = decoder->record.name_size;
	size_t done = name_size - decoder->left;
	int rc = decoder_grow_name(decoder, done + size, name_size);

	if (rc < 0)
		return decoder_fail(decoder, rc, NULL);
	memcpy(decoder->name + done, bytes, size);
	decoder_advance(decoder, size);
	if (decoder->left)
		return BKUP_EVENT_MORE;
	decoder_enter_payload(decoder);
	return BKUP_EVENT_RECORD;
}

static void decoder_take_payload(struct bkup_decoder *decoder, uint64_t size)
{
	decoder_advance(decoder, size);
	if (decoder->left == 0)
		decoder_enter(decoder, STATE_ENDING, 0);
}

/* Takes up to what the state wants; sets *ret_used also on failure. */
static int decoder_step(struct bkup_decoder *decoder, const uint8_t *bytes,
			size_t size, size_t *ret_used)
{
	size_t used = size < decoder->left ? size : decoder->left;

	*ret_used = used;
	if (decoder->state == STATE_ENDING) {
		decoder_enter(decoder, STATE_HEADER, BKUP_HEADER_SIZE);
		return BKUP_EVENT_END;
	}
	if (used == 0)
		return BKUP_EVENT_MORE;
	if (decoder->state == STATE_HEADER)
		return decoder_take_header(decoder, bytes, used);
	if (decoder->state == STATE_NAME)
		return decoder_take_name(decoder, bytes, used);
	decoder_take_payload(decoder, used);
	return BKUP_EVENT_PAYLOAD;
}

int bkup_decoder_push(struct bkup_decoder *decoder, const void *bytes,
		      size_t size, size_t *ret_used)
{
	const uint8_t *next = bytes;
	size_t done = 0;
	int event;

	if (decoder->error)
		return decoder->error;
	do {
		size_t used;

		event = decoder_step(decoder, size ? next + done : next,
				     size - done, &used);
		done += used;
	} while (event == BKUP_EVENT_MORE && done < size);
	if (event >= 0)
		*ret_used = done;
	return event;
}

uint64_t bkup_decoder_wants(const struct bkup_decoder *decoder)
{
	return decoder->left;
}

int bkup_decoder_skip(struct bkup_decoder *decoder, uint64_t size)
{
	uint64_t left = decoder->state == STATE_PAYLOAD ? decoder->left : 0;

	if (decoder->error)
		return decoder->error;
	if (size > left)
		return -EINVAL;
	if (size)
		decoder_take_payload(decoder, size);
	return 0;
}

int bkup_decoder_finish(struct bkup_decoder *decoder)
{
	static const char *const reasons[] = {
		[STATE_HEADER] = "header cut short",
		[STATE_NAME] = "name cut short",
		[STATE_PAYLOAD] = "payload cut short",
	};

	if (decoder->error)
		return decoder->error;
	if (decoder->state == STATE_ENDING ||
	    (decoder->state == STATE_HEADER &&
	     decoder->left == BKUP_HEADER_SIZE))
		return 0;
	return decoder_fail(decoder, -EBADMSG, reasons[decoder->state]);
}

const struct bkup_record *
bkup_decoder_record(const struct bkup_decoder *decoder)
{
	return &decoder->record;
}

const uint8_t *bkup_decoder_name(const struct bkup_decoder *decoder)
{
	static const uint8_t empty;

	return decoder->name ? decoder->name : &empty;
}

uint64_t bkup_decoder_offset(const struct bkup_decoder *decoder)
{
	return decoder->offset;
}

uint64_t bkup_decoder_record_offset(const struct bkup_decoder *decoder)
{
	return decoder->record_offset;
}

const char *bkup_decoder_reason(const struct bkup_decoder *decoder)
{
	return decoder->reason;
}
