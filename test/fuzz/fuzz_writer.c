/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the writer in any order, to memory, a file and a pipe: each says
 * what a model of the contract says, and what was written is what the plainest
 * encoder gives, and is read back. An input is a script of calls.
 */
#include "fuzz.h"

#include "util/le.h"

#include <bkup/bkup.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 60000 }; /* what a pipe holds */

/* What the writer should do. */
struct model {
	bool seekable;
	int error; /* the first */
	bool in_record;
	struct bkup_record record;
	uint64_t written;
	size_t header; /* where it stands */
	struct bytes bytes;
};

static bool is_unknown(const struct bkup_record *record)
{
	return record->size == BKUP_SIZE_UNKNOWN;
}

static bool is_good(const struct bkup_record *record)
{
	return record->name_size <= BKUP_NAME_MAX &&
	       record->name_size % 2 == 0 &&
	       (record->size <= INT64_MAX || is_unknown(record));
}

static int model_fail(struct model *model, int error)
{
	if (!model->error)
		model->error = error;
	return model->error;
}

static int model_begin(struct model *model, const struct bkup_record *record,
		       const uint8_t *name)
{
	if (model->error)
		return model->error;
	if (model->in_record)
		return model_fail(model, -EINVAL);
	if (is_unknown(record) && !model->seekable)
		return model_fail(model, -ESPIPE);
	if (!is_good(record))
		return model_fail(model, -EINVAL);
	model->in_record = true;
	model->record = *record;
	model->written = 0;
	model->header = model->bytes.size;
	bytes_add_header(&model->bytes, record->id, record->attributes,
			 record->size, record->name_size);
	bytes_add(&model->bytes, name, record->name_size);
	return 0;
}

static int model_write(struct model *model, const uint8_t *bytes, size_t size)
{
	if (model->error)
		return model->error;
	if (!model->in_record || (!is_unknown(&model->record) &&
				  size > model->record.size - model->written))
		return model_fail(model, -EINVAL);
	bytes_add(&model->bytes, bytes, size);
	model->written += size;
	return 0;
}

static int model_end(struct model *model)
{
	if (model->error)
		return model->error;
	if (!model->in_record)
		return model_fail(model, -EINVAL);
	model->in_record = false;
	if (is_unknown(&model->record))
		le64_put(model->bytes.data + model->header + 8, model->written);
	else if (model->written != model->record.size)
		return model_fail(model, -EINVAL);
	return 0;
}

static struct bkup_record take_record(struct fuzz_script *script)
{
	uint8_t how = fuzz_take_byte(script);
	struct bkup_record record = {
		.id = fuzz_take_byte(script),
		.attributes = fuzz_take_byte(script),
		.size = fuzz_take_size(script),
		.name_size = fuzz_take_below(script, 40) & ~1,
	};

	if (how % 4 == 0)
		record.size = BKUP_SIZE_UNKNOWN;
	if (how % 64 == 1)
		record.name_size = fuzz_take_size(script);
	return record;
}

static void begin(struct bkup_writer *writer, struct model *model,
		  struct fuzz_script *script)
{
	struct bkup_record record = take_record(script);
	const uint8_t *name = NULL;

	if (is_good(&record))
		record.name_size =
			fuzz_take_bytes(script, record.name_size, &name) & ~1;
	ck_assert_int_eq(bkup_writer_begin(writer, &record, name),
			 model_begin(model, &record, name));
}

static void write_some(struct bkup_writer *writer, struct model *model,
		       struct fuzz_script *script)
{
	const uint8_t *bytes;
	size_t size = fuzz_take_bytes(script, fuzz_take_byte(script), &bytes);

	ck_assert_int_eq(bkup_writer_write(writer, bytes, size),
			 model_write(model, bytes, size));
}

/* Writes what the record lacks, if that is not too much. */
static void complete(struct bkup_writer *writer, struct model *model)
{
	static const uint8_t zeros[4096];
	uint64_t left = model->record.size - model->written;

	if (!model->in_record || left > sizeof(zeros))
		left = 0;
	ck_assert_int_eq(bkup_writer_write(writer, zeros, left),
			 model_write(model, zeros, left));
	ck_assert_int_eq(bkup_writer_end(writer), model_end(model));
}

static void run(struct bkup_writer *writer, struct model *model,
		struct fuzz_script script)
{
	while (script.size && model->bytes.size < OUTPUT_MAX - 8192) {
		uint8_t what = fuzz_take_byte(&script);

		if (what % 8 < 3)
			begin(writer, model, &script);
		else if (what % 8 < 6)
			write_some(writer, model, &script);
		else if (what % 8 < 7)
			complete(writer, model);
		else
			ck_assert_int_eq(bkup_writer_end(writer),
					 model_end(model));
	}
	ck_assert_int_eq(bkup_writer_finish(writer),
			 model->in_record ? model_fail(model, -EINVAL)
					  : model->error);
}

/* What is finished is read back; what is not is refused. */
static void check_bytes(const struct model *model, const uint8_t *bytes,
			size_t size)
{
	struct bkup_reader *reader;
	struct bkup_record record;
	int rc;

	ck_assert(bytes_are(&model->bytes, bytes, size));
	ck_assert_int_eq(bkup_reader_new_mem(bytes, size, &reader), 0);
	while ((rc = bkup_reader_next(reader, &record)) > 0)
		;
	if (!model->error)
		ck_assert_int_eq(rc, 0);
	else if (model->in_record && is_unknown(&model->record))
		ck_assert_int_eq(rc, -EBADMSG);
	bkup_reader_free(reader);
}

static void check_memory(struct fuzz_script script)
{
	struct model model = {.seekable = true};
	struct bkup_writer *writer;
	const uint8_t *bytes;
	size_t size;

	ck_assert_int_eq(bkup_writer_new_mem(&writer), 0);
	run(writer, &model, script);
	size = bkup_writer_bytes(writer, &bytes);
	check_bytes(&model, bytes, size);
	bkup_writer_free(writer);
	bytes_done(&model.bytes);
}

/* Writes to one descriptor and looks at what comes out of another. */
static void check_fd(struct fuzz_script script, int to, int from, bool seekable)
{
	static uint8_t bytes[OUTPUT_MAX + 1];
	struct model model = {.seekable = seekable};
	struct bkup_writer *writer;
	ssize_t size;

	ck_assert_int_eq(bkup_writer_new_fd(to, &writer), 0);
	run(writer, &model, script);
	bkup_writer_free(writer);
	size = seekable ? pread(from, bytes, sizeof(bytes), 0)
			: read(from, bytes, model.bytes.size);
	check_bytes(&model, bytes, size);
	bytes_done(&model.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_script script = {data, size};
	int file = unit_file(NULL, 0);
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	check_memory(script);
	check_fd(script, file, file, true);
	check_fd(script, ends[1], ends[0], false);
	close(file);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
