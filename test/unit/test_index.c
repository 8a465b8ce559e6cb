/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a backup file, against files made by hand and a naive decoder */
#include "naive.h"

#include "store/index.h"
#include "util/le.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANDOM_FILES = 1500, MANY = 100000 };

static int load(const struct bytes *file, bool salvage, struct index **index,
		struct index_fault *fault)
{
	int fd = unit_file(file->data, file->size);
	int rc;

	*fault = (struct index_fault){0};
	rc = index_load(fd, file->size,
			&(struct index_options){.salvage = salvage}, index,
			fault);
	close(fd);
	return rc;
}

/* Whether what the map says is what the pieces hold. */
static bool same_content(const struct index_stream *stream,
			 const struct content *expected,
			 const struct bytes *file)
{
	struct content got = {.size = stream->size};
	const struct bkup_extent *extents;
	uint64_t stored = 0;
	size_t n;
	bool same;

	if (!stream->map) {
		content_put(&got, 0, file->data + index_payload(stream),
			    stream->record.size);
		stored = stream->record.size;
	} else {
		n = bkup_sparse_map_extents(stream->map, &extents);
		for (size_t i = 0; i < n; i++) {
			content_put(&got, extents[i].offset,
				    file->data + extents[i].where,
				    extents[i].size);
			stored += extents[i].size;
		}
	}
	same = got.size == expected->size && stored == stream->stored &&
	       content_reads_as(&got, expected);
	for (size_t i = 0; same && i < expected->count; i++)
		stored -= expected->list[i].data.size;
	content_done(&got);
	/* As many bytes stand there: zeros are not holes. */
	return same && stored == 0;
}

static void compare_stream(const struct index *index, size_t i,
			   const struct naive_stream *expected,
			   const struct bytes *file, uint64_t seed)
{
	struct index_stream *stream = &index->streams[i];

	ck_assert_msg(stream->offset == expected->offset,
		      "seed %ju, stream %zu: offset", (uintmax_t)seed, i);
	ck_assert_msg(stream->record.id == expected->record.id &&
			      stream->record.attributes ==
				      expected->record.attributes &&
			      stream->record.size == expected->record.size &&
			      stream->record.name_size == expected->raw.size,
		      "seed %ju, stream %zu: header", (uintmax_t)seed, i);
	ck_assert_msg(strcmp(index_name(index, stream), expected->child) == 0,
		      "seed %ju, stream %zu: '%s', not '%s'", (uintmax_t)seed,
		      i, index_name(index, stream), expected->child);
	ck_assert_msg(index_find(index, expected->child) == stream,
		      "seed %ju, stream %zu: not found", (uintmax_t)seed, i);
	ck_assert_msg(!stream->map == !expected->has_blocks,
		      "seed %ju, stream %zu: map", (uintmax_t)seed, i);
	ck_assert_msg(same_content(stream, &expected->content, file),
		      "seed %ju, stream %zu: content", (uintmax_t)seed, i);
}

/* The runs tile the file, and those of a stream are its records. */
static void compare_runs(const struct index *index, const struct naive *naive,
			 const struct bytes *file, uint64_t seed)
{
	uint64_t at = 0;

	for (size_t i = 0; i < index->run_count; i++) {
		const struct index_run *run = &index->runs[i];

		ck_assert_msg(run->offset == at && run->size,
			      "seed %ju, run %zu", (uintmax_t)seed, i);
		ck_assert_msg(!i || run->stream != run[-1].stream,
			      "seed %ju, run %zu: torn", (uintmax_t)seed, i);
		at += run->size;
	}
	ck_assert_uint_eq(at, file->size);
	for (size_t i = 0; i < naive->count; i++) {
		struct bytes records = {0};

		for (size_t j = 0; j < index->run_count; j++)
			if (index->runs[j].stream == i)
				bytes_add(&records,
					  file->data + index->runs[j].offset,
					  index->runs[j].size);
		ck_assert_msg(bytes_are(&records, naive->list[i].records.data,
					naive->list[i].records.size),
			      "seed %ju, stream %zu: runs", (uintmax_t)seed, i);
		bytes_done(&records);
	}
}

static void compare(const struct bytes *file, const struct index *index,
		    uint64_t seed)
{
	struct naive naive;
	bool duplicates = false;

	naive_decode(&naive, file);
	ck_assert_msg(index->count == naive.count,
		      "seed %ju: %zu streams, not %zu", (uintmax_t)seed,
		      index->count, naive.count);
	ck_assert_uint_eq(index->end, file->size);
	for (size_t i = 0; i < naive.count; i++) {
		compare_stream(index, i, &naive.list[i], file, seed);
		duplicates |= index->streams[i].count > 1;
	}
	ck_assert_int_eq(index->duplicates, duplicates);
	compare_runs(index, &naive, file, seed);
	naive_done(&naive);
}

START_TEST(agrees_with_a_naive_decoder)
{
	for (uint64_t seed = 1; seed <= RANDOM_FILES; seed++) {
		uint64_t random = seed;
		struct bytes file = {0};
		struct index_fault fault;
		struct index *index;

		naive_random(&file, &random, naive_below(&random, 30));
		ck_assert_msg(load(&file, false, &index, &fault) == 0,
			      "seed %ju: %s", (uintmax_t)seed, fault.reason);
		compare(&file, index, seed);
		index_free(index);
		bytes_done(&file);
	}
}
END_TEST

/* A stream as a row says that it is. */
struct expected {
	const char *name;
	uint64_t offset, size, stored;
	size_t runs;
};

static void check_expected(const struct index *index,
			   const struct expected *expected, size_t count)
{
	ck_assert_uint_eq(index->count, count);
	for (size_t i = 0; i < count; i++) {
		const struct index_stream *stream = &index->streams[i];
		size_t runs = 0;

		for (size_t j = 0; j < index->run_count; j++)
			runs += index->runs[j].stream == i;
		ck_assert_str_eq(index_name(index, stream), expected[i].name);
		ck_assert_uint_eq(stream->offset, expected[i].offset);
		ck_assert_uint_eq(stream->size, expected[i].size);
		ck_assert_uint_eq(stream->stored, expected[i].stored);
		ck_assert_uint_eq(runs, expected[i].runs);
	}
}

START_TEST(folds_blocks_into_what_precedes_them)
{
	static const struct expected expected[] = {
		{"sparse_block", 0, 11, 11, 1},	 {"ea", 31, 2, 2, 1},
		{"sparse_block#2", 53, 8, 8, 1}, {"data", 81, 100, 7, 2},
		{"security", 161, 3, 3, 1},	 {":a", 243, 9, 3, 1},
		{"link", 310, 1, 1, 1},
	};
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	bytes_add_block(&file, 5, "abc");
	bytes_add_record(&file, BKUP_EA_DATA, 0, "", "ea");
	bytes_add_block(&file, 0, "");
	bytes_add_record(&file, BKUP_DATA, 8, "", "");
	bytes_add_block(&file, 0, "abcd");
	bytes_add_block(&file, 100, "");
	bytes_add_record(&file, BKUP_SECURITY_DATA, 2, "", "sec");
	/* The owner is still the data stream. */
	bytes_add_block(&file, 50, "xyz");
	bytes_add_block(&file, 7, "");
	bytes_add_record(&file, BKUP_ALTERNATE_DATA, 8, ":a:$DATA", "");
	bytes_add_block(&file, 6, "end");
	bytes_add_record(&file, BKUP_LINK, 0, "", "l");
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	check_expected(index, expected, 7);
	ck_assert_uint_eq(index->streams[0].count, 2);
	index_free(index);
	bytes_done(&file);
}
END_TEST

START_TEST(keeps_the_payload_of_a_sparse_stream)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	bytes_add_record(&file, BKUP_DATA, 8, "", "0123456789");
	bytes_add_block(&file, 4, "ABC");
	bytes_add_block(&file, 5, "xy");
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	compare(&file, index, 0);
	ck_assert_uint_eq(index->streams[0].size, 10);
	ck_assert_uint_eq(index->streams[0].stored, 10);
	index_free(index);
	bytes_done(&file);
}
END_TEST

START_TEST(numbers_duplicates)
{
	static const char *const names[] = {"ea",   ":s", "ea#2", ":s#2",
					    "ea#3", "%",  "%#2",  ":s%232"};
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	for (size_t i = 0; i < 3; i++) {
		bytes_add_record(&file, BKUP_EA_DATA, 0, "", "");
		if (i < 2)
			bytes_add_record(&file, BKUP_ALTERNATE_DATA, 0,
					 ":s:$DATA", "");
	}
	bytes_add_record(&file, BKUP_ALTERNATE_DATA, 0, "", "");
	bytes_add_record(&file, BKUP_ALTERNATE_DATA, 0, "", "");
	bytes_add_record(&file, BKUP_ALTERNATE_DATA, 0, ":s#2:$DATA", "");
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	ck_assert_uint_eq(index->count, N_ELEMENTS(names));
	for (size_t i = 0; i < index->count; i++)
		ck_assert_str_eq(index_name(index, &index->streams[i]),
				 names[i]);
	ck_assert(index->duplicates);
	ck_assert_uint_eq(index_find(index, "ea")->count, 3);
	ck_assert_uint_eq(index_find(index, ":s")->count, 2);
	ck_assert_ptr_null(index_find(index, "ea#1"));
	ck_assert_ptr_null(index_find(index, "ea#4"));
	index_free(index);
	bytes_done(&file);
}
END_TEST

/* What is wrong with a file of two good streams and one more thing. */
struct wrong {
	uint32_t id;
	uint64_t size;
	uint32_t name_size;
	size_t payload; /* bytes that are there, 0xff all of them */
	size_t header;	/* bytes that are there of that, if not all */
	const char *reason;
};

static const struct wrong wrongs[] = {
	{BKUP_EA_DATA, 1ULL << 63, 0, 0, 0, "size beyond 2^63-1"},
	{BKUP_EA_DATA, UINT64_MAX, 0, 9, 0, "size beyond 2^63-1"},
	{BKUP_EA_DATA, 0, 65538, 0, 0, "name of more than 65536 bytes"},
	{BKUP_EA_DATA, 0, UINT32_MAX - 1, 0, 0,
	 "name of more than 65536 bytes"},
	{BKUP_EA_DATA, 0, 3, 3, 0, "name of an odd number of bytes"},
	{BKUP_EA_DATA, 1, 0, 0, 0, "payload passes the end of the file"},
	{BKUP_EA_DATA, INT64_MAX, 0, 5, 0,
	 "payload passes the end of the file"},
	{BKUP_SPARSE_BLOCK, 12, 0, 11, 0, "payload passes the end of the file"},
	{BKUP_SPARSE_BLOCK, 7, 0, 7, 0, "sparse block of less than 8 bytes"},
	{BKUP_SPARSE_BLOCK, 0, 0, 0, 0, "sparse block of less than 8 bytes"},
	{BKUP_SPARSE_BLOCK, 8, 0, 8, 0, "sparse block ends beyond 2^63-1"},
	{BKUP_EA_DATA, 0, 6, 5, 0, "file ends within a header"},
	{BKUP_EA_DATA, 0, 65536, 65535, 0, "file ends within a header"},
	{BKUP_EA_DATA, 0, 0, 0, 1, "file ends within a header"},
	{BKUP_EA_DATA, 0, 0, 0, 19, "file ends within a header"},
};

static size_t add_good(struct bytes *file)
{
	bytes_add_record(file, BKUP_DATA, 8, "", "");
	bytes_add_block(file, 6, "end");
	bytes_add_record(file, BKUP_ALTERNATE_DATA, 0, ":a:$DATA", "aaa");
	return file->size;
}

static void add_wrong(struct bytes *file, const struct wrong *wrong)
{
	bytes_add_header(file, wrong->id, 0, wrong->size, wrong->name_size);
	if (wrong->header)
		file->size -= 20 - wrong->header;
	bytes_fill(file, 0xff, wrong->payload);
}

START_TEST(says_what_is_wrong_and_where)
{
	for (size_t i = 0; i < N_ELEMENTS(wrongs); i++) {
		struct bytes file = {0};
		size_t good = add_good(&file);
		struct index_fault fault;
		struct index *index = NULL;

		add_wrong(&file, &wrongs[i]);
		ck_assert_int_eq(load(&file, false, &index, &fault), -EBADMSG);
		ck_assert_ptr_null(index);
		ck_assert_msg(fault.offset == good, "row %zu: offset %ju", i,
			      (uintmax_t)fault.offset);
		ck_assert_str_eq(fault.reason, wrongs[i].reason);
		bytes_done(&file);
	}
}
END_TEST

START_TEST(salvages_what_stands_before_it)
{
	for (size_t i = 0; i < N_ELEMENTS(wrongs); i++) {
		struct bytes file = {0}, leading = {0};
		size_t good = add_good(&file);
		struct index_fault fault;
		struct index *index;

		add_wrong(&file, &wrongs[i]);
		bytes_add(&leading, file.data, good);
		ck_assert_int_eq(load(&file, true, &index, &fault), 0);
		ck_assert_uint_eq(fault.offset, good);
		ck_assert_str_eq(fault.reason, wrongs[i].reason);
		compare(&leading, index, i);
		index_free(index);
		bytes_done(&leading);
		bytes_done(&file);
	}
}
END_TEST

/* EFS raw data of so many bytes behind its magic, or almost that. */
static bool is_taken_for_efs(size_t size, bool almost)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	bytes_add_u32(&file, 0x100);
	bytes_add_utf16(&file, almost ? "ROBX" : "ROBS");
	bytes_add_zeros(&file, size);
	ck_assert_int_eq(load(&file, false, &index, &fault), -EBADMSG);
	bytes_done(&file);
	return fault.is_efs;
}

START_TEST(knows_efs_raw_data)
{
	/* Behind this the record ends for which its first bytes are taken. */
	static const size_t record = 8 + 0x530042;

	ck_assert(is_taken_for_efs(0, false));
	ck_assert(is_taken_for_efs(1000, false));
	ck_assert(is_taken_for_efs(record - 1, false));
	ck_assert(is_taken_for_efs(record + 1, false));
	ck_assert(!is_taken_for_efs(1000, true));
	ck_assert(!is_taken_for_efs(record + 1, true));
}
END_TEST

/* Where the record that holds a byte begins; the end if it is the first. */
static size_t record_at(const struct items *items, size_t size, size_t at)
{
	size_t begin = size;

	for (size_t i = items->count; i-- > 0;)
		if (items->list[i].offset <= at) {
			begin = items->list[i].offset;
			break;
		}
	return begin;
}

static void check_truncated(const struct bytes *whole, size_t size,
			    const struct items *items)
{
	size_t begin = record_at(items, whole->size, size);
	struct bytes file = {.data = whole->data, .size = size};
	struct bytes leading = {.data = whole->data, .size = begin};
	struct index_fault fault;
	struct index *index;
	int rc = load(&file, false, &index, &fault);

	ck_assert_msg(rc == (begin == size ? 0 : -EBADMSG), "%zu: %d", size,
		      rc);
	if (rc == 0)
		index_free(index);
	else
		ck_assert_uint_eq(fault.offset, begin);
	ck_assert_int_eq(load(&file, true, &index, &fault), 0);
	ck_assert_int_eq(!fault.reason, begin == size);
	compare(&leading, index, size);
	index_free(index);
}

START_TEST(finds_a_cut_at_every_byte)
{
	struct bytes file = {0};
	struct items items = {0};
	uint64_t random = 4711;

	add_good(&file);
	naive_random(&file, &random, 20);
	items_expect(&items, &file);
	for (size_t size = 0; size < file.size; size++)
		check_truncated(&file, size, &items);
	items_done(&items);
	bytes_done(&file);
}
END_TEST

START_TEST(takes_an_empty_file)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	ck_assert_uint_eq(index->count, 0);
	ck_assert_uint_eq(index->end, 0);
	ck_assert_ptr_null(index_find(index, "data"));
	index_free(index);
	ck_assert_int_eq(index_new(&index), 0);
	ck_assert_ptr_null(index_find(index, ""));
	index_free(index);
	index_free(NULL);
}
END_TEST

START_TEST(notices_that_the_file_became_shorter)
{
	struct bytes file = {0};

	add_good(&file);
	for (size_t size = 0; size < file.size; size++) {
		int fd = unit_file(file.data, size);
		struct index_fault fault = {0};
		struct index *index;
		int rc = index_load(fd, file.size, NULL, &index, &fault);

		/* A payload that is not there is found when it is read. */
		if (rc == 0)
			index_free(index);
		else
			ck_assert_msg(rc == -EBADMSG && fault.reason, "%zu: %d",
				      size, rc);
		ck_assert(rc < 0 || size >= file.size - 3);
		close(fd);
	}
	bytes_done(&file);
}
END_TEST

START_TEST(gives_errors_of_reading)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	struct index_fault fault = {0};
	struct index *index = NULL;

	/* Nothing is mapped at address 0. */
	ck_assert_int_eq(index_load(fd, 100,
				    &(struct index_options){.salvage = true},
				    &index, &fault), -EIO);
	ck_assert_ptr_null(index);
	ck_assert_ptr_null(fault.reason);
	close(fd);
}
END_TEST

static void add_numbered(struct bytes *file, size_t i)
{
	char name[32];

	snprintf(name, sizeof(name), ":s%zu:$DATA", i);
	bytes_add_record(file, BKUP_ALTERNATE_DATA, 0, name, "x");
}

START_TEST(indexes_many_streams)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;
	char name[32];

	for (size_t i = 0; i < MANY; i++)
		add_numbered(&file, i);
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	ck_assert_uint_eq(index->count, MANY);
	ck_assert_uint_eq(index->run_count, MANY);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), ":s%zu", i);
		if (index_find(index, name) != &index->streams[i])
			ck_abort_msg("%s", name);
	}
	index_free(index);
	bytes_done(&file);
}
END_TEST

/* All of one name: each is found without walking along the others. */
START_TEST(indexes_many_duplicates)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;
	char name[32];

	for (size_t i = 0; i < MANY; i++)
		bytes_add_header(&file, 12, 0, 0, 0);
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	for (size_t i = 1; i < MANY; i++) {
		snprintf(name, sizeof(name), "id_0000000c#%zu", i + 1);
		if (index_find(index, name) != &index->streams[i])
			ck_abort_msg("%s", name);
	}
	index_free(index);
	bytes_done(&file);
}
END_TEST

START_TEST(indexes_many_extents)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;
	const struct bkup_extent *extents;

	/* Backwards, so that none joins another. */
	bytes_add_record(&file, BKUP_DATA, 8, "", "");
	for (size_t i = MANY; i-- > 0;)
		bytes_add_block(&file, 2 * i, "x");
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	ck_assert_uint_eq(index->count, 1);
	ck_assert_uint_eq(index->run_count, 1);
	ck_assert_uint_eq(index->streams[0].size, 2 * MANY - 1);
	ck_assert_uint_eq(index->streams[0].stored, MANY);
	ck_assert_uint_eq(
		bkup_sparse_map_extents(index->streams[0].map, &extents), MANY);
	index_free(index);
	bytes_done(&file);
}
END_TEST

START_TEST(adopts_names)
{
	static const char *const names[] = {"ea#2", ":a", "data#7"};
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	bytes_add_record(&file, BKUP_EA_DATA, 0, "", "");
	bytes_add_record(&file, BKUP_ALTERNATE_DATA, 0, ":x:$DATA", "");
	bytes_add_record(&file, BKUP_DATA, 0, "", "");
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	ck_assert_int_eq(index_adopt_names(index, names), 0);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_ptr_eq(index_find(index, names[i]),
				 &index->streams[i]);
		ck_assert_str_eq(index_name(index, &index->streams[i]),
				 names[i]);
	}
	ck_assert_ptr_null(index_find(index, "ea"));
	ck_assert_ptr_null(index_find(index, "data"));
	index_free(index);
	bytes_done(&file);
}
END_TEST

START_TEST(reads_the_worked_example)
{
	struct bytes file = {0};
	struct index_fault fault;
	struct index *index;

	bytes_load(&file, "nt-backup/ms-bkup-section3-example.bin");
	ck_assert_int_eq(load(&file, false, &index, &fault), 0);
	compare(&file, index, 0);
	index_free(index);
	bytes_done(&file);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		agrees_with_a_naive_decoder,
		folds_blocks_into_what_precedes_them,
		keeps_the_payload_of_a_sparse_stream,
		numbers_duplicates,
		says_what_is_wrong_and_where,
		salvages_what_stands_before_it,
		knows_efs_raw_data,
		finds_a_cut_at_every_byte,
		takes_an_empty_file,
		notices_that_the_file_became_shorter,
		gives_errors_of_reading,
		indexes_many_streams,
		indexes_many_duplicates,
		indexes_many_extents,
		adopts_names,
		reads_the_worked_example,
	};

	return unit_main("index", tests, N_ELEMENTS(tests), 60);
}
