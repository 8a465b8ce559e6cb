/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader says where reading ended, and a phrase why. Where the file can
 * be read again, a second look at that header gives the numbers:
 *
 *	reader has no reason       a SPARSE_BLOCK's offset was refused
 *	offset of current record   its payload ends early (on a pipe)
 *	another offset             the header there is wrong or ends early
 */
#include "bkup/defect.h"

#include "util/io.h"
#include "util/le.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char advice_cut[] =
	"it was cut short: copy it again; the streams before this offset are "
	"whole";
static const char advice_damaged[] =
	"this record or the one before it is damaged: get the file from "
	"another copy";
static const char advice_foreign[] = "this is no NT backup file";
static const char advice_efs[] =
	"this is EFS raw data (ReadEncryptedFileRaw), no NT backup file";

/* What people take for backup files, by how it begins. */
static const struct {
	const char *magic;
	size_t size;
	const char *advice;
} foreigners[] = {
	{"TAPE", 4, "this is an MTF archive (.bkf), no NT backup file"},
	{"\x1f\x8b", 2, "this is gzip data: decompress it first"},
	{"\xfd"
	 "7zXZ",
	 5, "this is xz data: decompress it first"},
	{"\x28\xb5\x2f\xfd", 4, "this is zstd data: decompress it first"},
	{"PK\3\4", 4, "this is a zip archive: unpack it first"},
};

/* What a file is instead that begins with these bytes; NULL if unknown. */
static const char *foreign_advice(const uint8_t *bytes, size_t size)
{
	if (bkup_efs_is_raw(bytes, size))
		return advice_efs;
	for (size_t i = 0; i < sizeof(foreigners) / sizeof(*foreigners); i++) {
		if (size >= foreigners[i].size &&
		    memcmp(bytes, foreigners[i].magic, foreigners[i].size) == 0)
			return foreigners[i].advice;
	}
	return NULL;
}

__attribute__((format(printf, 3, 4))) static void
set(struct defect *defect, const char *advice, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(defect->reason, sizeof(defect->reason), format, arguments);
	va_end(arguments);
	defect->advice = advice;
}

static void describe_block(const struct input *input, struct defect *defect)
{
	if (input->record.size < BKUP_SPARSE_OFFSET_SIZE)
		set(defect, advice_damaged,
		    "sparse block of %ju bytes is too small for its offset "
		    "(8 bytes)",
		    (uintmax_t)input->record.size);
	else
		set(defect, advice_damaged,
		    "sparse block of %ju bytes at %ju of its stream ends "
		    "beyond 2^63-1",
		    (uintmax_t)input->record.size - BKUP_SPARSE_OFFSET_SIZE,
		    (uintmax_t)input->block_offset);
}

static void describe_payload(const struct input *input, struct defect *defect)
{
	set(defect, advice_cut,
	    "payload of %ju bytes passes the end of the input",
	    (uintmax_t)input->record.size);
}

/* Says what the fields of a whole header are; leaves it if all are good. */
static void describe_fields(const uint8_t *header, uint64_t left,
			    struct defect *defect)
{
	uint64_t size = le64_get(header + 8);
	uint32_t name_size = le32_get(header + 16);

	left = left < BKUP_HEADER_SIZE ? 0 : left - BKUP_HEADER_SIZE;
	if (name_size > BKUP_NAME_MAX)
		set(defect, advice_damaged,
		    "name of %u bytes is too long (at most %d)", name_size,
		    BKUP_NAME_MAX);
	else if (name_size % 2)
		set(defect, advice_damaged,
		    "name of %u bytes is not of whole UTF-16 units", name_size);
	else if (size > INT64_MAX)
		set(defect, advice_damaged,
		    "payload of %ju bytes is impossible (at most 2^63-1)",
		    (uintmax_t)size);
	else if (name_size > left)
		set(defect, advice_cut,
		    "name of %u bytes passes the end of the file (have %ju)",
		    name_size, (uintmax_t)left);
	else if (size > left - name_size)
		set(defect, advice_cut,
		    "payload of %ju bytes passes the end of the file "
		    "(have %ju)",
		    (uintmax_t)size, (uintmax_t)(left - name_size));
}

/* Whether a header that is cut short is one at all: its id is a known one. */
static bool id_is_known(const uint8_t *header, size_t size)
{
	uint32_t id = size < 4 ? 0 : le32_get(header);

	return id >= BKUP_DATA && id <= BKUP_GHOSTED_FILE_EXTENTS;
}

static void describe_header(const struct input *input, struct defect *defect)
{
	uint64_t offset = input->start + defect->offset;
	uint8_t header[BKUP_HEADER_SIZE];
	struct stat st;
	ssize_t n = io_pread(input->fd, header, sizeof(header), offset);

	if (n <= 0 || fstat(input->fd, &st) < 0)
		return;
	if (n < BKUP_HEADER_SIZE)
		set(defect, advice_cut,
		    "%zd bytes are too few for a header (20 bytes)", n);
	else
		describe_fields(header, st.st_size - offset, defect);
	if (defect->offset == 0 &&
	    (defect->advice != advice_cut || !id_is_known(header, n)))
		defect->advice = advice_foreign;
}

/* How many bytes of the first header can still be told, which may be none. */
static size_t first_header(const struct input *input, uint8_t *ret_bytes)
{
	ssize_t n = 0;

	if (input->seekable)
		n = io_pread(input->fd, ret_bytes, BKUP_HEADER_SIZE,
			     input->start);
	else if (input->record_seen) {
		bkup_record_encode(&input->first, ret_bytes);
		n = BKUP_HEADER_SIZE;
	}
	return n < 0 ? 0 : n;
}

/*
 * What has a magic is foreign wherever reading ended: its first bytes may make
 * a header, whose payload may even be there.
 */
static void describe_foreign(const struct input *input, struct defect *defect)
{
	uint8_t header[BKUP_HEADER_SIZE];
	size_t size = first_header(input, header);
	const char *advice = foreign_advice(header, size);

	if (advice)
		defect->advice = advice;
}

void defect_find(const struct input *input, struct defect *ret_defect)
{
	const char *reason = bkup_reader_reason(input->reader);
	struct defect defect = {
		.offset = bkup_reader_record_offset(input->reader),
	};

	set(&defect, advice_damaged, "%s", reason ? reason : "");
	if (!reason)
		describe_block(input, &defect);
	else if (!input->seekable && input->record_seen &&
		 defect.offset == input->record_offset)
		describe_payload(input, &defect);
	else if (input->seekable)
		describe_header(input, &defect);
	describe_foreign(input, &defect);
	*ret_defect = defect;
}
