/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a backup file to memory and reads it, with what is installed only. */
#include <bkup/bkup.h>

#include <stdio.h>
#include <string.h>

static const uint8_t name[] = {':', 0, 'n', 0, ':', 0, '$', 0,
			       'D', 0, 'A', 0, 'T', 0, 'A', 0};

static int write_file(struct bkup_writer *writer)
{
	const struct bkup_record record = {
		.id = BKUP_ALTERNATE_DATA,
		.size = BKUP_SIZE_UNKNOWN,
		.name_size = sizeof(name),
	};

	bkup_writer_begin(writer, &record, name);
	bkup_writer_write(writer, "hello", 5);
	bkup_writer_end(writer);
	return bkup_writer_finish(writer);
}

static int read_file(struct bkup_reader *reader)
{
	char child[BKUP_CHILD_SIZE], payload[16];
	struct bkup_record record;

	if (bkup_reader_next(reader, &record) != 1 ||
	    bkup_reader_read(reader, payload, sizeof(payload)) != 5)
		return -1;
	bkup_name_format(record.id, bkup_reader_name(reader), record.name_size,
			 1, child);
	printf("%s: %.5s\n", child, payload);
	return bkup_reader_next(reader, &record);
}

int main(void)
{
	struct bkup_sparse_map *map = NULL;
	struct bkup_writer *writer = NULL;
	struct bkup_reader *reader = NULL;
	const uint8_t *bytes;
	size_t size;
	int failed;

	if (bkup_writer_new_mem(&writer) < 0 || write_file(writer) < 0)
		return 1;
	size = bkup_writer_bytes(writer, &bytes);
	failed = bkup_reader_new_mem(bytes, size, &reader) < 0 ||
		 read_file(reader) != 0 || bkup_sparse_map_new(&map) < 0;
	bkup_sparse_map_free(map);
	bkup_reader_free(reader);
	bkup_writer_free(writer);
	return failed;
}
