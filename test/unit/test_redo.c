/* SPDX-License-Identifier: BSD-2-Clause */
/* Redo records: made, applied, found after a crash, damaged, hostile. */
#include "naive.h"
#include "scene.h"

#include "store/redo.h"
#include "util/le.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { HEAD_SIZE = 56, RANGE_SIZE = 16, HASH_SIZE = 8 };

static const char before[] = "data=data ea=ea";
static const char after[] = "data=other ea=ea";

static struct scene scene;

/* A hard link is what is changed in place. */
static void setup(void)
{
	scene_init(&scene);
	scene_put(&scene, "f", "d=data e=ea");
}

static void teardown(void)
{
	scene_done(&scene);
}

/* The plan that makes of `before` what is `after`. */
static struct plan *make_plan(int old, struct stage *ret_stage)
{
	struct index_fault fault;
	struct plan_edit edit = {
		.kind = PLAN_SET, .name = "data", .old = old, .attributes = -1};
	struct stat st = scene_stat(&scene, "f");
	struct index *index;
	struct plan *plan;

	*ret_stage = stage_of_file(unit_file("other", 5), 5);
	edit.stage = ret_stage;
	ck_assert_int_eq(index_load(old, st.st_size, NULL, &index, &fault), 0);
	ck_assert_int_eq(plan_make(index, &edit, STORE_ORDER_KEEP, &plan), 0);
	index_free(index);
	return plan;
}

/* Records that plan for f, or says why not. */
static int record(struct redo *ret_redo)
{
	int old = open(scene_at(&scene, "f"), O_RDONLY | O_CLOEXEC);
	const struct metadata metadata = {.mtime = {.tv_sec = 1000000000}};
	struct stage stage;
	struct plan *plan;
	int rc;

	ck_assert_int_ge(old, 0);
	plan = make_plan(old, &stage);
	rc = redo_record(scene.store, "f", plan, old, stage.fd, &metadata,
			 ret_redo);
	plan_free(plan);
	close(stage.fd);
	close(old);
	return rc;
}

/* Forgets a record as a crash does. */
static void crash(struct redo *redo)
{
	close(redo->fd);
	free(redo->path);
	scene_close(&scene);
}

/* The bytes of a record that was made before a crash; it is taken away. */
static void take_record(struct bytes *ret_bytes)
{
	struct redo redo;
	char path[128];

	ck_assert_int_eq(record(&redo), 0);
	ck_assert_int_eq(strncmp(redo.name, "redo-", 5), 0);
	snprintf(path, sizeof(path), ".bkupfs/%s", redo.name);
	scene_get_bytes(&scene, path, ret_bytes);
	crash(&redo);
	ck_assert_int_eq(unlink(scene_at(&scene, path)), 0);
}

static void set_hash(struct bytes *bytes)
{
	le64_put(bytes->data + bytes->size - HASH_SIZE,
		 XXH3_64bits(bytes->data, bytes->size - HASH_SIZE));
}

/* Mounts with a record of these bytes; whether it was applied. */
static bool recovers(const struct bytes *bytes, const char *name)
{
	char path[128];

	mkdir(scene_at(&scene, ".bkupfs"), 0700);
	snprintf(path, sizeof(path), ".bkupfs/%s", name);
	scene_put_bytes(&scene, path, bytes);
	*scene.log = '\0';
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_close(&scene);
	if (!scene_exists(&scene, path))
		return true;
	/* What cannot be applied is told of, and stays. */
	ck_assert_ptr_nonnull(strstr(scene.log, path));
	ck_assert_ptr_nonnull(strstr(scene.log, "it is kept"));
	ck_assert_int_eq(unlink(scene_at(&scene, path)), 0);
	return false;
}

START_TEST(records_then_applies)
{
	struct stat old = scene_stat(&scene, "f");
	struct redo redo;

	ck_assert_int_eq(record(&redo), 0);
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 1);
	ck_assert_uint_eq(scene_control(&scene, "new-"), 0);
	scene_expect_file(&scene, "f", before);
	ck_assert_int_eq(redo_apply(scene.store, &redo), 0);
	scene_expect_file(&scene, "f", after);
	ck_assert_uint_eq(scene_stat(&scene, "f").st_ino, old.st_ino);
	/* It stays until the file is on the disk. */
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 1);
	ck_assert_int_eq(fcntl(redo.file, F_GETFL) & O_ACCMODE, O_RDWR);
	ck_assert_int_eq(redo_finish(scene.store, &redo), 0);
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 0);
}
END_TEST

START_TEST(an_aborted_record_leaves_nothing)
{
	struct redo redo;

	ck_assert_int_eq(record(&redo), 0);
	redo_abort(scene.store, &redo);
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 0);
	scene_expect_file(&scene, "f", before);
	scene_close(&scene);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
}
END_TEST

START_TEST(an_incomplete_record_is_swept)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	for (size_t size = 0; size <= bytes.size; size++) {
		struct bytes cut = {.data = bytes.data, .size = size};

		ck_assert(recovers(&cut, "new-0"));
		scene_expect_file(&scene, "f", before);
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_complete_record_is_applied)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	ck_assert(recovers(&bytes, "redo-0"));
	ck_assert_ptr_nonnull(strstr(scene.log, "'f': completed a commit"));
	scene_expect_file(&scene, "f", after);
	ck_assert(!scene_exists(&scene, ".bkupfs"));
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_record_is_applied_as_often_as_needed)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	for (int i = 0; i < 3; i++) {
		struct stat st = scene_stat(&scene, "f");

		/* The crash may have come at any byte of it. */
		ck_assert_int_eq(truncate(scene_at(&scene, "f"),
					  st.st_size - 5 * (i == 1)),
				 0);
		ck_assert(recovers(&bytes, "redo-7"));
		scene_expect_file(&scene, "f", after);
	}
	bytes_done(&bytes);
}
END_TEST

/* The file as it is when the first so many bytes of a record are applied. */
START_TEST(a_commit_that_stopped_half_way_is_completed)
{
	struct bytes bytes = {0}, old = {0}, new = {0};

	scene_get_bytes(&scene, "f", &old);
	take_record(&bytes);
	ck_assert(recovers(&bytes, "redo-0"));
	scene_get_bytes(&scene, "f", &new);
	for (size_t n = 0; n <= new.size; n++) {
		struct bytes mixed = {0};

		bytes_add(&mixed, new.data, n);
		if (n < old.size)
			bytes_add(&mixed, old.data + n, old.size - n);
		scene_put_bytes(&scene, "f", &mixed);
		ck_assert(recovers(&bytes, "redo-0"));
		scene_expect_file(&scene, "f", after);
		bytes_done(&mixed);
	}
	bytes_done(&bytes);
	bytes_done(&old);
	bytes_done(&new);
}
END_TEST

START_TEST(a_damaged_record_is_kept_and_not_applied)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	for (size_t i = 0; i < bytes.size; i++) {
		bytes.data[i] ^= 0x5a;
		ck_assert_msg(!recovers(&bytes, "redo-0"), "byte %zu", i);
		scene_expect_file(&scene, "f", before);
		bytes.data[i] ^= 0x5a;
	}
	for (size_t size = 0; size < bytes.size; size++) {
		struct bytes cut = {.data = bytes.data, .size = size};

		ck_assert_msg(!recovers(&cut, "redo-0"), "%zu bytes", size);
		scene_expect_file(&scene, "f", before);
	}
	bytes_done(&bytes);
}
END_TEST

/* Fields of a record that has the right hash and is wrong nevertheless. */
START_TEST(a_hostile_record_is_kept)
{
	static const struct {
		size_t offset; /* of the field; from the path on if 1000 */
		uint64_t value;
		size_t size;
	} rows[] = {
		{8, 1, 4},	     {8, 3, 4},
		{8, 0, 4},	     {12, 0, 4},
		{12, 4096, 4},	     {12, UINT32_MAX, 4},
		{12, 1000, 4},	     {24, 1, 8},
		{24, UINT64_MAX, 8}, {32, UINT64_MAX, 8},
		{32, 1ULL << 60, 8}, {32, UINT64_MAX / 16, 8},
		{32, 1000, 8},	     {32, UINT64_MAX / 16 + 2, 8},
		{48, 1000000000, 4}, {52, UINT32_MAX, 4},
		{52, 60000, 4},	     {64, UINT64_MAX, 8},
		{64, 1ULL << 63, 8}, {64, 100000, 8},
		{56, 1ULL << 63, 8}, {56, UINT64_MAX, 8},
		{16, 1ULL << 63, 8}, {16, UINT64_MAX, 8},
	};
	struct bytes bytes = {0};

	take_record(&bytes);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bad = {0};
		uint8_t value[8];

		bytes_add(&bad, bytes.data, bytes.size);
		le64_put(value, rows[i].value);
		memcpy(bad.data + rows[i].offset, value, rows[i].size);
		set_hash(&bad);
		ck_assert_msg(!recovers(&bad, "redo-0"), "row %zu", i);
		ck_assert_msg(scene_file_is(&scene, "f", before), "row %zu", i);
		bytes_done(&bad);
	}
	bytes_done(&bytes);
}
END_TEST

/* The ranges of a record that is made by hand. */
struct ranges {
	uint64_t file_size;
	struct {
		uint64_t offset, size;
	} list[2];
	const char *data;
};

/* A record made as they are made. */
static void make_ranges(struct bytes *bytes, const char *path, uint64_t inode,
			const struct ranges *ranges)
{
	uint8_t head[HEAD_SIZE + 2 * RANGE_SIZE] = "BKUPREDO";
	uint8_t hash[HASH_SIZE] = {0};

	le32_put(head + 8, 2);
	le32_put(head + 12, strlen(path));
	le64_put(head + 16, ranges->file_size);
	le64_put(head + 24, inode);
	le64_put(head + 32, 2);
	for (size_t i = 0; i < 2; i++) {
		uint8_t *range = head + HEAD_SIZE + i * RANGE_SIZE;

		le64_put(range, ranges->list[i].offset);
		le64_put(range + 8, ranges->list[i].size);
	}
	bytes_add(bytes, head, sizeof(head));
	bytes_add(bytes, path, strlen(path));
	bytes_add(bytes, ranges->data, strlen(ranges->data));
	bytes_add(bytes, hash, sizeof(hash));
	set_hash(bytes);
}

/* A record for a file elsewhere. */
static void make_record(struct bytes *bytes, const char *path, uint64_t inode)
{
	const struct ranges ranges = {4, {{0, 4}, {4, 0}}, "evil"};

	make_ranges(bytes, path, inode, &ranges);
}

/* Nothing of a record is applied before all of it is known to be good. */
START_TEST(a_bad_record_changes_nothing)
{
	/* Of a file of 46 bytes. */
	static const struct {
		struct ranges ranges;
		bool good;
	} rows[] = {
		{{46, {{0, 4}, {8, 4}}, "evilevil"}, true},
		{{50, {{0, 4}, {46, 4}}, "evilevil"}, true},
		{{4, {{0, 4}, {4, 0}}, "evil"}, true},
		/* Not all that it has, or more than that. */
		{{46, {{0, 4}, {8, 4}}, "evilevil!"}, false},
		{{46, {{0, 4}, {8, 4}}, "evilevi"}, false},
		{{46, {{0, 4}, {8, UINT64_MAX}}, "evilevil"}, false},
		/* Not one behind the other, or not in the file. */
		{{46, {{8, 4}, {0, 4}}, "evilevil"}, false},
		{{46, {{0, 4}, {3, 4}}, "evilevil"}, false},
		{{46, {{0, 4}, {43, 4}}, "evilevil"}, false},
		{{46, {{0, 4}, {UINT64_MAX - 3, 4}}, "evilevil"}, false},
		/* What would lie between them is nowhere. */
		{{51, {{0, 4}, {47, 4}}, "evilevil"}, false},
		{{47, {{0, 4}, {8, 4}}, "evilevil"}, false},
		{{1ULL << 62, {{0, 4}, {8, 4}}, "evilevil"}, false},
		{{1ULL << 62, {{0, 4}, {(1ULL << 62) - 4, 4}}, "evilevil"},
		 false},
	};
	struct bytes old = {0};

	scene_get_bytes(&scene, "f", &old);
	ck_assert_uint_eq(old.size, 46);
	scene_close(&scene);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = {0}, new = {0};

		scene_put_bytes(&scene, "f", &old);
		make_ranges(&bytes, "f", scene_stat(&scene, "f").st_ino,
			    &rows[i].ranges);
		ck_assert_msg(recovers(&bytes, "redo-0") == rows[i].good,
			      "row %zu", i);
		scene_get_bytes(&scene, "f", &new);
		ck_assert_msg(bytes_are(&new, old.data, old.size) !=
				      rows[i].good,
			      "row %zu", i);
		bytes_done(&bytes);
		bytes_done(&new);
	}
	bytes_done(&old);
}
END_TEST

START_TEST(a_record_is_not_for_what_the_store_keeps)
{
	static const char *const paths[] = {
		".bkupfs/mine",
		"./.bkupfs/mine",
		"dir/../.bkupfs/mine",
		".bkupfs//mine",
	};
	struct bytes mine = {0};

	ck_assert_int_eq(scene_mkdir(&scene, "", "dir"), 0);
	scene_close(&scene);
	ck_assert_int_eq(mkdir(scene_at(&scene, ".bkupfs"), 0700), 0);
	bytes_add(&mine, "mine", 4);
	scene_put_bytes(&scene, ".bkupfs/mine", &mine);
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		struct bytes bytes = {0}, now = {0};

		make_record(&bytes, paths[i],
			    scene_stat(&scene, ".bkupfs/mine").st_ino);
		ck_assert_msg(!recovers(&bytes, "redo-0"), "%s", paths[i]);
		scene_get_bytes(&scene, ".bkupfs/mine", &now);
		ck_assert(bytes_are(&now, mine.data, mine.size));
		bytes_done(&bytes);
		bytes_done(&now);
	}
	bytes_done(&mine);
}
END_TEST

START_TEST(a_record_cannot_lead_out_of_the_source)
{
	static const char *const paths[] = {
		"../victim",	  "/etc/hostname", "link", "dir/../../victim",
		"dirlink/victim", "dir",	   "none", ".",
	};
	char outside[PATH_MAX + 16];
	struct stat st;
	int fd;

	ck_assert_int_eq(scene_mkdir(&scene, "", "dir"), 0);
	ck_assert_int_eq(scene_mkdir(&scene, "", ".bkupfs"), -EINVAL);
	scene_close(&scene);
	snprintf(outside, sizeof(outside), "%s.victim", scene.path);
	fd = open(outside, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(symlink(outside, scene_at(&scene, "link")), 0);
	ck_assert_int_eq(symlink("..", scene_at(&scene, "dirlink")), 0);
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		struct bytes bytes = {0};

		make_record(&bytes, paths[i], st.st_ino);
		ck_assert_msg(!recovers(&bytes, "redo-0"), "%s", paths[i]);
		bytes_done(&bytes);
		ck_assert_int_eq(fstat(fd, &st), 0);
		ck_assert_int_eq(st.st_size, 0);
	}
	close(fd);
	unlink(outside);
}
END_TEST

START_TEST(a_record_of_another_inode_is_kept)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	scene_put(&scene, "g", "d=data e=ea");
	ck_assert_int_eq(rename(scene_at(&scene, "g"), scene_at(&scene, "f")),
			 0);
	ck_assert(!recovers(&bytes, "redo-0"));
	scene_expect_file(&scene, "f", before);
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_file_that_was_renamed_since_is_found)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	ck_assert_int_eq(mkdir(scene_at(&scene, "a"), 0755), 0);
	ck_assert_int_eq(mkdir(scene_at(&scene, "a/b"), 0755), 0);
	ck_assert_int_eq(
		rename(scene_at(&scene, "f"), scene_at(&scene, "a/b/g")), 0);
	scene_put(&scene, "f", "l=another");
	ck_assert(recovers(&bytes, "redo-0"));
	scene_expect_file(&scene, "f", "link=another");
	scene_expect_file(&scene, "a/b/g", after);
	ck_assert_int_eq(scene_stat(&scene, "a/b/g").st_mtim.tv_sec,
			 1000000000);
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_record_of_a_file_that_is_gone_is_kept)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	ck_assert_int_eq(unlink(scene_at(&scene, "f")), 0);
	ck_assert(!recovers(&bytes, "redo-0"));
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_kept_record_is_not_replaced)
{
	struct bytes bytes = {0}, kept = {0};
	struct redo redo;
	char path[128];

	ck_assert_int_eq(record(&redo), 0);
	snprintf(path, sizeof(path), ".bkupfs/%s", redo.name);
	scene_get_bytes(&scene, path, &bytes);
	crash(&redo);
	bytes.data[bytes.size - 1] ^= 1;
	scene_put_bytes(&scene, path, &bytes);
	ck_assert_int_eq(link(scene_at(&scene, "f"), scene_at(&scene, "g")), 0);
	ck_assert_int_eq(scene_open(&scene), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(scene_write(&scene, "f", ":a", "x"), 0);
	scene_get_bytes(&scene, path, &kept);
	ck_assert(bytes_are(&kept, bytes.data, bytes.size));
	bytes_done(&bytes);
	bytes_done(&kept);
}
END_TEST

START_TEST(what_stands_there_now_is_not_overwritten)
{
	struct redo redo;

	ck_assert_int_eq(record(&redo), 0);
	scene_put(&scene, "g", "l=another");
	ck_assert_int_eq(rename(scene_at(&scene, "g"), scene_at(&scene, "f")),
			 0);
	ck_assert_int_eq(redo_apply(scene.store, &redo), -ESTALE);
	ck_assert(!redo.begun);
	redo_abort(scene.store, &redo);
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 0);
	scene_expect_file(&scene, "f", "link=another");
}
END_TEST

START_TEST(a_read_only_mount_applies_nothing)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	scene_put_bytes(&scene, ".bkupfs/redo-0", &bytes);
	scene.options.read_only = true;
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_close(&scene);
	ck_assert(scene_exists(&scene, ".bkupfs/redo-0"));
	scene_expect_file(&scene, "f", before);
	bytes_done(&bytes);
}
END_TEST

START_TEST(a_record_that_others_may_have_made_is_not_applied)
{
	struct bytes bytes = {0};

	take_record(&bytes);
	mkdir(scene_at(&scene, ".bkupfs"), 0700);
	scene_put_bytes(&scene, ".bkupfs/redo-0", &bytes);
	ck_assert_int_eq(chmod(scene_at(&scene, ".bkupfs"), 0777), 0);
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_expect(&scene, "f", before);
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 1);
	scene_expect_log(&scene, "others may write to it");
	bytes_done(&bytes);
}
END_TEST

START_TEST(other_files_there_are_left_alone)
{
	struct bytes bytes = {0};
	char text[64];

	take_record(&bytes);
	scene_put_bytes(&scene, ".bkupfs/redo-0", &bytes);
	ck_assert_int_eq(
		symlink("/etc/passwd", scene_at(&scene, ".bkupfs/redo-1")), 0);
	ck_assert_int_eq(mkdir(scene_at(&scene, ".bkupfs/redo-2"), 0700), 0);
	ck_assert_int_eq(mkfifo(scene_at(&scene, ".bkupfs/redo-3"), 0600), 0);
	ck_assert_int_eq(mkdir(scene_at(&scene, ".bkupfs/stage-0"), 0700), 0);
	scene_put(&scene, ".bkupfs/stage-1", "d=x");
	scene_put(&scene, ".bkupfs/mine", "d=x");
	alarm(10);
	ck_assert_int_eq(scene_open(&scene), 0);
	alarm(0);
	scene_expect_file(&scene, "f", after);
	ck_assert_uint_eq(scene_control(&scene, "redo-"), 3);
	ck_assert_uint_eq(scene_control(&scene, "stage-"), 0);
	ck_assert(scene_exists(&scene, ".bkupfs/mine"));
	scene_list(&scene, "", text, sizeof(text));
	ck_assert_str_eq(text, "f ");
	bytes_done(&bytes);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		records_then_applies,
		an_aborted_record_leaves_nothing,
		an_incomplete_record_is_swept,
		a_complete_record_is_applied,
		a_record_is_applied_as_often_as_needed,
		a_commit_that_stopped_half_way_is_completed,
		a_damaged_record_is_kept_and_not_applied,
		a_hostile_record_is_kept,
		a_bad_record_changes_nothing,
		a_record_is_not_for_what_the_store_keeps,
		a_record_cannot_lead_out_of_the_source,
		a_record_of_another_inode_is_kept,
		a_file_that_was_renamed_since_is_found,
		a_record_of_a_file_that_is_gone_is_kept,
		a_kept_record_is_not_replaced,
		what_stands_there_now_is_not_overwritten,
		a_read_only_mount_applies_nothing,
		a_record_that_others_may_have_made_is_not_applied,
		other_files_there_are_left_alone,
	};

	return unit_main_with("redo", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}
