/* SPDX-License-Identifier: BSD-2-Clause */
/* Views: what they show, and what becomes of what is written to them. */
#include "scene.h"

#include "store/scratch.h"
#include "store/view.h"

#include <bkup/name.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VIEWS "f/.view"
#define OWNER "O:SYG:SYD:\n"
#define OTHER "O:BAG:BAD:\n"

static struct scene scene;

static void setup(void)
{
	scene_init(&scene);
}

static void teardown(void)
{
	scene_done(&scene);
}

static struct store_entry look(const char *dir, const char *name)
{
	struct store_entry entry = {0};
	int rc = store_lookup(scene.store, dir, scene_kind(&scene, dir), name,
			      &entry);

	ck_assert_msg(rc == 0, "'%s/%s': %s", dir, name, strerror(-rc));
	return entry;
}

static int find(const char *dir, const char *name)
{
	struct store_entry entry;

	return store_lookup(scene.store, dir, scene_kind(&scene, dir), name,
			    &entry);
}

/* Whether a view shows the bytes of an underlying file, and says their size. */
static void expect_whole(const char *object)
{
	struct bytes bytes = {0};
	char dir[64], buffer[4096];
	struct store_file *file;
	ssize_t n;

	snprintf(dir, sizeof(dir), "%s/.view", object);
	scene_get_bytes(&scene, object, &bytes);
	ck_assert_int_eq(look(dir, "backup").st.st_size, bytes.size);
	file = scene_use(&scene, dir, "backup", O_RDONLY);
	n = store_file_read(file, buffer, sizeof(buffer), 0);
	ck_assert(n >= 0 && bytes_are(&bytes, buffer, n));
	store_file_close(file, O_RDONLY);
	bytes_done(&bytes);
}

/* Writes all of an underlying file to a view, which must work. */
static void put_whole(const char *from, const char *dir)
{
	struct store_file *file =
		scene_use(&scene, dir, "backup", O_WRONLY | O_TRUNC);
	struct bytes bytes = {0};

	scene_get_bytes(&scene, from, &bytes);
	ck_assert_int_eq(
		store_file_write(file, bytes.data, bytes.size, 0, false),
		bytes.size);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_WRONLY);
	bytes_done(&bytes);
}

START_TEST(names_are_those_of_texts_and_streams)
{
	for (int kind = 0; kind < TEXT_KINDS; kind++) {
		const struct view *view = view_find(text_file_name(kind));
		char child[BKUP_CHILD_SIZE];

		ck_assert_ptr_nonnull(view);
		ck_assert_int_eq(view_text_kind(view), kind);
		bkup_name_format(text_stream_id(kind), NULL, 0, 1, child);
		ck_assert_str_eq(view->stream, child);
	}
}
END_TEST

START_TEST(whole_file_is_shown)
{
	scene_put(&scene, "f", "d=data e=ea a=alternate");
	expect_whole("f");
	scene_put(&scene, "none", "");
	expect_whole("none");
}
END_TEST

START_TEST(whole_file_is_replaced)
{
	scene_put(&scene, "f", "d=data e=ea");
	scene_put(&scene, "other", "s=other a=alternate");
	put_whole("other", VIEWS);
	scene_expect(&scene, "f", "security=other :a=alternate");
	expect_whole("f");
	scene_reopen(&scene);
	scene_expect(&scene, "f", "security=other :a=alternate");
	ck_assert_uint_eq(scene_control(&scene, "stage-"), 0);
}
END_TEST

START_TEST(whole_file_keeps_its_inode_if_it_has_several_names)
{
	struct stat before, after;

	scene_put(&scene, "f", "d=data e=ea");
	ck_assert_int_eq(link(scene_at(&scene, "f"), scene_at(&scene, "g")), 0);
	before = scene_stat(&scene, "f");
	scene_put(&scene, "other", "s=other a=alternate");
	put_whole("other", VIEWS);
	after = scene_stat(&scene, "f");
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	scene_expect(&scene, "g", "security=other :a=alternate");
}
END_TEST

START_TEST(empty_directory_becomes_an_object)
{
	ck_assert_int_eq(scene_mkdir(&scene, "", "f"), 0);
	ck_assert_int_eq(look("f", ".view").kind, STORE_VIEWS);
	ck_assert_int_eq(look(VIEWS, "backup").st.st_size, 0);
	ck_assert(scene_shows(&scene, VIEWS, "streams.json", "[]\n"));
	scene_put(&scene, "other", "d=data a=alternate");
	put_whole("other", VIEWS);
	scene_expect(&scene, "f", "data=data :a=alternate");
	ck_assert_int_eq(scene_mkdir(&scene, "", "g"), 0);
	ck_assert_int_eq(scene_write(&scene, "g/.view", "security.sddl", OWNER),
			 0);
	ck_assert(scene_shows(&scene, "g/.view", "security.sddl", OWNER));
}
END_TEST

/* Who reads what an empty directory would be does not keep it from one. */
START_TEST(empty_directory_stays_one_while_it_is_read)
{
	struct store_file *file;

	ck_assert_int_eq(scene_mkdir(&scene, "", "f"), 0);
	file = scene_use(&scene, VIEWS, "backup", O_RDONLY);
	ck_assert_int_eq(scene_mkdir(&scene, "f", "sub"), 0);
	ck_assert(scene_reads(file, ""));
	store_file_close(file, O_RDONLY);
	ck_assert_int_eq(find("f", ".view"), -ENOENT);
	ck_assert_int_eq(find(VIEWS, "backup"), -ENOENT);
}
END_TEST

START_TEST(malformed_whole_changes_nothing)
{
	scene_put(&scene, "f", "d=data e=ea");
	ck_assert_int_eq(scene_write(&scene, VIEWS, "backup", "junk"),
			 -EBADMSG);
	scene_expect_log(&scene, "'f/.view/backup': at offset 0 of what was "
				 "written: file ends within a header");
	scene_expect(&scene, "f", "data=data ea=ea");
	expect_whole("f");
}
END_TEST

START_TEST(whole_is_written_in_part)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, VIEWS, "backup", O_WRONLY);
	scene_add(file, BKUP_HEADER_SIZE, "DA");
	ck_assert_int_eq(store_file_flush(file), 0);
	scene_expect(&scene, "f", "data=DAta ea=ea");
	store_file_close(file, O_WRONLY);
	expect_whole("f");
}
END_TEST

/* A shell closes one descriptor before a program writes to another. */
START_TEST(cut_whole_is_committed_by_the_last_close)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, VIEWS, "backup", O_WRONLY);
	ck_assert_int_eq(store_file_cut(file), 0);
	ck_assert_int_eq(store_file_flush(file), 0);
	scene_expect_file(&scene, "f", "data=data ea=ea");
	scene_add(file, 0, "junk");
	ck_assert_int_eq(store_file_flush(file), -EBADMSG);
	scene_expect_file(&scene, "f", "data=data ea=ea");
	ck_assert_int_eq(store_file_cut(file), 0);
	store_file_close(file, O_WRONLY);
	scene_expect(&scene, "f", "");
}
END_TEST

START_TEST(reader_of_the_whole_keeps_it)
{
	struct store_file *file;
	char before[256], after[256];
	ssize_t n;

	scene_put(&scene, "f", "d=data e=ea");
	file = scene_use(&scene, VIEWS, "backup", O_RDONLY);
	n = store_file_read(file, before, sizeof(before), 0);
	ck_assert_int_eq(scene_write(&scene, "f", "data", "another"), 0);
	ck_assert(!store_file_current(file));
	ck_assert_int_eq(store_file_read(file, after, sizeof(after), 0), n);
	ck_assert_mem_eq(before, after, n);
	store_file_close(file, O_RDONLY);
	expect_whole("f");
}
END_TEST

START_TEST(text_is_shown_and_written)
{
	struct store_entry entry, later;

	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(find(VIEWS, "security.sddl"), -ENOENT);
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", OWNER), 0);
	entry = look(VIEWS, "security.sddl");
	ck_assert_int_eq(entry.kind, STORE_VIEW);
	ck_assert_int_eq(entry.st.st_size, strlen(OWNER));
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OWNER));
	ck_assert_int_eq(look("f", "security").st.st_size, 52);
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", OTHER), 0);
	later = look(VIEWS, "security.sddl");
	ck_assert_uint_ne(entry.version, later.version);
	/* What has nothing to do with it leaves it as it is. */
	ck_assert_int_eq(scene_write(&scene, "f", "data", "another"), 0);
	ck_assert_uint_eq(look(VIEWS, "security.sddl").version, later.version);
}
END_TEST

/* What is shown is what the stream says, not what was written. */
START_TEST(text_is_shown_as_it_is_made)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	file = scene_use(&scene, VIEWS, "security.sddl", O_RDWR | O_CREAT);
	scene_add(file, 0, "O:SY G:SY\nD:");
	ck_assert_int_eq(store_file_flush(file), 0);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OWNER));
	ck_assert_int_eq(look(VIEWS, "security.sddl").st.st_size,
			 strlen(OWNER));
	/* Who wrote it goes on with what he has. */
	ck_assert(!store_file_current(file));
	ck_assert(scene_reads(file, "O:SY G:SY\nD:"));
	scene_add(file, 2, "BA");
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", "O:BAG:SYD:\n"));
}
END_TEST

START_TEST(text_that_is_none_changes_nothing)
{
	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", OWNER), 0);
	ck_assert_int_eq(
		scene_write(&scene, VIEWS, "security.sddl", "O:SY\nG:?"),
		-EINVAL);
	scene_expect_log(&scene, "'f/.view/security.sddl': line 2, column 3: ");
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", ""),
			 -EINVAL);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OWNER));
	ck_assert_int_eq(scene_write(&scene, VIEWS, "ea.json", "{]"), -EINVAL);
	ck_assert_int_eq(find(VIEWS, "ea.json"), -ENOENT);
	ck_assert_int_eq(find("f", "ea"), -ENOENT);
}
END_TEST

START_TEST(malformed_stream_is_no_text_and_is_replaced)
{
	struct store_file *file;
	int rc;

	scene_put(&scene, "f", "d=data s=bad");
	ck_assert_int_eq(look(VIEWS, "security.sddl").st.st_size, 0);
	rc = scene_file(&scene, VIEWS, "security.sddl", O_RDONLY, &file);
	ck_assert_int_eq(rc, -EBADMSG);
	scene_expect_log(&scene, "'f/security': at offset ");
	file = scene_use(&scene, VIEWS, "security.sddl", O_RDWR);
	ck_assert_int_eq(store_file_write(file, "x", 1, 0, false), -EBADMSG);
	ck_assert_int_eq(store_file_cut(file), 0);
	scene_add(file, 0, OWNER);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OWNER));
}
END_TEST

/* A writer of a text, and somebody who changes the stream meanwhile. */
static int write_beside(const char *name, const char *text)
{
	struct store_file *file =
		scene_use(&scene, VIEWS, "security.sddl", O_WRONLY);
	int rc;

	ck_assert_int_eq(store_file_cut(file), 0);
	scene_add(file, 0, OTHER);
	ck_assert_int_eq(scene_write(&scene, "f", name, text), 0);
	rc = store_file_flush(file);
	store_file_close(file, O_WRONLY);
	return rc;
}

START_TEST(changes_of_the_stream_are_not_lost)
{
	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", OWNER), 0);
	ck_assert_int_eq(write_beside("data", "other"), 0);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OTHER));
	ck_assert(scene_shows(&scene, "f", "data", "other"));
	ck_assert_int_eq(write_beside("security", "mine"), -ESTALE);
	ck_assert(scene_shows(&scene, "f", "security", "mine"));
	scene_expect_log(&scene, "kept as 'f/.view/.security.sddl.stage-");
	ck_assert_int_eq(find("f", ".view"), 0);
}
END_TEST

START_TEST(changes_of_the_file_are_not_lost)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data");
	file = scene_use(&scene, VIEWS, "backup", O_WRONLY);
	scene_add(file, BKUP_HEADER_SIZE, "DATA");
	ck_assert_int_eq(scene_write(&scene, "f", "data", "mine"), 0);
	ck_assert_int_eq(store_file_flush(file), -ESTALE);
	store_file_close(file, O_WRONLY);
	scene_expect_log(&scene, "kept as 'f/.view/.backup.stage-");
	ck_assert(scene_shows(&scene, "f", "data", "mine"));
}
END_TEST

START_TEST(readers_of_streams_keep_what_a_view_replaces)
{
	struct store_file *file;

	scene_put(&scene, "f", "d=data a=alternate");
	scene_put(&scene, "other", "d=other");
	file = scene_use(&scene, "f", "data", O_RDONLY);
	put_whole("other", VIEWS);
	ck_assert(scene_reads(file, "data"));
	ck_assert(scene_shows(&scene, "f", "data", "other"));
	store_file_close(file, O_RDONLY);
}
END_TEST

/* A rename from `f/.view`, or to it, where `.s` holds OTHER. */
struct row {
	const char *from_dir, *from, *to_dir, *to;
	unsigned int flags;
	int rc;
};

START_TEST(renames_obey_the_rules)
{
	static const struct row rows[] = {
		{VIEWS, ".s", VIEWS, "security.sddl", 0, 0},
		{VIEWS, ".s", VIEWS, ".t", 0, 0},
		{VIEWS, "security.sddl", VIEWS, ".t", 0, 0},
		{VIEWS, "security.sddl", VIEWS, "security.sddl~", 0, 0},
		{VIEWS, "security.sddl", VIEWS, ".s", 0, 0},
		{VIEWS, "security.sddl", VIEWS, ".s", RENAME_NOREPLACE,
		 -EEXIST},
		{VIEWS, "security.sddl", VIEWS, ".s", RENAME_EXCHANGE, -EINVAL},
		{VIEWS, ".s", VIEWS, "security.sddl", RENAME_NOREPLACE,
		 -EEXIST},
		{VIEWS, ".s", VIEWS, "security.sddl", RENAME_EXCHANGE, -EINVAL},
		{VIEWS, ".s", VIEWS, "ea.json", 0, -EINVAL},
		{VIEWS, ".s", VIEWS, "backup", 0, -EBADMSG},
		{VIEWS, ".s", VIEWS, "streams.json", 0, -EPERM},
		{VIEWS, ".s", VIEWS, "other", 0, -EINVAL},
		{VIEWS, "backup", VIEWS, ".t", 0, -EPERM},
		{VIEWS, "streams.json", VIEWS, ".t", 0, -EPERM},
		{VIEWS, "security.sddl", VIEWS, "ea.json", 0, -EINVAL},
		{VIEWS, "ea.json", VIEWS, ".t", 0, -ENOENT},
		{VIEWS, ".s", "f", "data", 0, -EXDEV},
		{VIEWS, ".s", "f", ".t", 0, -EXDEV},
		{VIEWS, "security.sddl", "f", ".t", 0, -EXDEV},
		{"f", "data", VIEWS, ".t", 0, -EXDEV},
		{"f", "data", VIEWS, "security.sddl", 0, -EXDEV},
		{VIEWS, ".s", "other", ".t", 0, -EXDEV},
		{VIEWS, ".s", "other/.view", ".s", 0, -EXDEV},
		{"f", ".view", "f", ".t", 0, -EPERM},
		{"f", "data", "f", ".view", 0, -EINVAL},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct row *row = &rows[i];
		int rc;

		scene_put(&scene, "f", "d=data");
		scene_put(&scene, "other", "d=data");
		ck_assert_int_eq(
			scene_write(&scene, VIEWS, "security.sddl", OWNER), 0);
		ck_assert_int_eq(scene_write(&scene, VIEWS, ".s", OTHER), 0);
		rc = scene_rename(&scene, row->from_dir, row->from, row->to_dir,
				  row->to, row->flags);
		ck_assert_msg(rc == row->rc, "row %zu: %d", i, rc);
		if (rc < 0)
			ck_assert(scene_shows(&scene, VIEWS, "security.sddl",
					      OWNER));
		if (rc < 0)
			ck_assert(scene_shows(&scene, VIEWS, ".s", OTHER));
		ck_assert(scene_shows(&scene, "f", "data", "data"));
		store_unlink(scene.store, VIEWS, STORE_VIEWS, ".s");
		store_unlink(scene.store, VIEWS, STORE_VIEWS, ".t");
	}
}
END_TEST

START_TEST(scratch_becomes_what_a_view_shows)
{
	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_write(&scene, VIEWS, ".s", OWNER), 0);
	ck_assert_int_eq(
		scene_rename(&scene, VIEWS, ".s", VIEWS, "security.sddl", 0),
		0);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OWNER));
	ck_assert_int_eq(find(VIEWS, ".s"), -ENOENT);
	ck_assert_int_eq(
		scene_rename(&scene, VIEWS, "security.sddl", VIEWS, ".t", 0),
		0);
	ck_assert_int_eq(find("f", "security"), -ENOENT);
	ck_assert(scene_shows(&scene, VIEWS, ".t", OWNER));
}
END_TEST

START_TEST(removing_a_text_removes_the_stream)
{
	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", OWNER), 0);
	ck_assert_int_eq(scene_unlink(&scene, VIEWS, "security.sddl"), 0);
	scene_expect(&scene, "f", "data=data");
	ck_assert_int_eq(scene_unlink(&scene, VIEWS, "security.sddl"), -ENOENT);
	ck_assert_int_eq(scene_unlink(&scene, VIEWS, "backup"), -EPERM);
	ck_assert_int_eq(scene_unlink(&scene, VIEWS, "streams.json"), -EPERM);
	ck_assert_int_eq(scene_rmdir(&scene, "f", ".view"), -EPERM);
}
END_TEST

START_TEST(index_is_read_only)
{
	struct store_file *file;
	int rc = 0;

	scene_put(&scene, "f", "d=data");
	rc = scene_file(&scene, VIEWS, "streams.json", O_WRONLY, &file);
	ck_assert_int_eq(rc, -EACCES);
	ck_assert_int_eq(look(VIEWS, "streams.json").st.st_mode & 0222, 0);
}
END_TEST

START_TEST(index_tells_all_streams)
{
	struct bytes bytes = {0};

	bytes_add_record(&bytes, BKUP_DATA, BKUP_SPARSE_ATTRIBUTE, "", "");
	bytes_add_block(&bytes, 0, "head");
	bytes_add_block(&bytes, 10, "");
	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 1, ":\"\\\x01:$DATA",
			 "x");
	bytes_add_record(&bytes, 99, 0, "", "");
	scene_put_bytes(&scene, "f", &bytes);
	bytes_done(&bytes);
	ck_assert(scene_shows(
		&scene, VIEWS, "streams.json",
		"[\n"
		"{\"name\": \"data\", \"id\": 1, \"type\": \"DATA\", "
		"\"attributes\": 8, \"offset\": 0, \"size\": 10, "
		"\"extents\": [[0, 4]], \"xxh3\": \"52ea40e67508714c\"},\n"
		"{\"name\": \":\\\"\\\\\\u0001\", \"id\": 4, "
		"\"type\": \"ALTERNATE_DATA\", \"attributes\": 1, "
		"\"offset\": 80, \"size\": 1, "
		"\"xxh3\": \"eaf06c6480b2cd11\"},\n"
		"{\"name\": \"id_00000063\", \"id\": 99, \"type\": null, "
		"\"attributes\": 0, \"offset\": 121, \"size\": 0, "
		"\"xxh3\": \"2d06800538d394c2\"}\n"
		"]\n"));
}
END_TEST

/* All of a view, with a NUL behind it. */
static struct bytes read_all(const char *name)
{
	struct store_file *file = scene_use(&scene, VIEWS, name, O_RDONLY);
	size_t size = look(VIEWS, name).st.st_size;
	struct bytes bytes = {0};

	bytes_add_zeros(&bytes, size + 1);
	ck_assert_int_eq(bytes.error, 0);
	ck_assert_int_eq(store_file_read(file, bytes.data, size + 1, 0), size);
	store_file_close(file, O_RDONLY);
	return bytes;
}

START_TEST(index_tells_what_names_and_digests_do_not)
{
	struct bytes bytes = {0}, text;
	char name[1108];

	/* Of a length at which names are cut, and of one at which not. */
	memset(name, 'n', sizeof(name));
	memcpy(name, ":", 1);
	memcpy(name + sizeof(name) - 7, ":$DATA", 7);
	bytes_add_record(&bytes, BKUP_DATA, BKUP_SPARSE_ATTRIBUTE, "", "");
	bytes_add_block(&bytes, 1ULL << 50, "");
	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, name, "x");
	memcpy(name + 600, ":$DATA", 7);
	bytes_add_record(&bytes, BKUP_ALTERNATE_DATA, 0, name, "x");
	/* More than are put together at once. */
	for (int i = 0; i < 2000; i++)
		bytes_add_record(&bytes, 99, 0, "", "");
	scene_put_bytes(&scene, "f", &bytes);
	bytes_done(&bytes);
	text = read_all("streams.json");
	ck_assert_ptr_nonnull(strstr((char *)text.data,
				     "\"size\": 1125899906842624, "
				     "\"extents\": [], \"xxh3\": null}"));
	ck_assert_ptr_nonnull(
		strstr((char *)text.data, "\"raw_name\": \"3a006e006e00"));
	ck_assert_ptr_null(
		strstr(strstr((char *)text.data, "raw_name") + 1, "raw_name"));
	ck_assert_ptr_nonnull(
		strstr((char *)text.data, "\"id_00000063#2000\""));
	bytes_done(&text);
}
END_TEST

START_TEST(what_is_too_large_makes_no_text)
{
	struct bytes bytes = {0};
	struct store_file *file;

	bytes_add_header(&bytes, BKUP_SECURITY_DATA, 2, (16 << 20) + 1, 0);
	bytes_fill(&bytes, 0, (16 << 20) + 1);
	scene_put_bytes(&scene, "f", &bytes);
	bytes_done(&bytes);
	ck_assert_int_eq(look(VIEWS, "security.sddl").st.st_size, 0);
	ck_assert_int_eq(
		scene_file(&scene, VIEWS, "security.sddl", O_RDONLY, &file),
		-EFBIG);
	/* What is written is held to the same. */
	file = scene_use(&scene, VIEWS, "security.sddl", O_WRONLY | O_TRUNC);
	ck_assert_int_eq(store_file_truncate(file, (16 << 20) + 1), 0);
	ck_assert_int_eq(store_file_flush(file), -EFBIG);
	ck_assert_int_eq(store_file_truncate(file, 0), 0);
	scene_add(file, 0, OWNER);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_WRONLY);
	ck_assert(scene_shows(&scene, VIEWS, "security.sddl", OWNER));
}
END_TEST

START_TEST(scratch_is_hidden_and_goes_with_the_object)
{
	char text[256];

	scene_put(&scene, "f", "");
	ck_assert_int_eq(scene_write(&scene, VIEWS, ".x.swp", "swap"), 0);
	ck_assert_int_eq(scene_mkdir(&scene, VIEWS, ".dir"), 0);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, "");
	scene_list(&scene, VIEWS, text, sizeof(text));
	ck_assert_str_eq(text, ".dir .x.swp backup streams.json ");
	scene_reopen(&scene);
	ck_assert(scene_shows(&scene, VIEWS, ".x.swp", "swap"));
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), 0);
	scratch_settle(scene.store);
	ck_assert_uint_eq(scene_control(&scene, "scratch"), 0);
}
END_TEST

START_TEST(names_that_are_neither_are_refused)
{
	struct store_file *file;
	int rc;

	scene_put(&scene, "f", "d=data");
	rc = scene_file(&scene, VIEWS, "4913", O_RDWR | O_CREAT, &file);
	ck_assert_int_eq(rc, -EINVAL);
	rc = scene_file(&scene, VIEWS, "4913", O_RDWR, &file);
	ck_assert_int_eq(rc, -ENOENT);
	ck_assert_int_eq(find(VIEWS, "4913"), -ENOENT);
	ck_assert_int_eq(scene_mkdir(&scene, VIEWS, "ea.json"), -EINVAL);
}
END_TEST

START_TEST(views_are_listed_or_off)
{
	char text[256];

	scene_put(&scene, "f", "d=data");
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, "data ");
	scene.options.views = STORE_VIEWS_LISTED;
	scene_reopen(&scene);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, ".view data ");
	scene.options.views = STORE_VIEWS_OFF;
	scene_reopen(&scene);
	scene_list(&scene, "f", text, sizeof(text));
	ck_assert_str_eq(text, "data ");
	ck_assert_int_eq(find("f", ".view"), -ENOENT);
}
END_TEST

START_TEST(mode_and_times_are_those_of_what_is_shown)
{
	static const struct timespec times[2] = {{.tv_sec = 1100000000},
						 {.tv_sec = 1100000000}};

	scene_put(&scene, "f", "d=data");
	ck_assert_int_eq(scene_write(&scene, VIEWS, "security.sddl", OWNER), 0);
	ck_assert_int_eq(
		store_chmod(scene.store, VIEWS "/backup", STORE_VIEW, 0600), 0);
	ck_assert_int_eq(look(VIEWS, "security.sddl").st.st_mode,
			 S_IFREG | 0600);
	ck_assert_int_eq(look("f", ".view").st.st_mode, S_IFDIR | 0700);
	ck_assert_int_eq(store_utimens(scene.store, VIEWS "/security.sddl",
				       STORE_VIEW, times),
			 0);
	ck_assert_int_eq(look("f", "security").st.st_mtim.tv_sec, 1100000000);
	ck_assert_int_ne(look("f", "data").st.st_mtim.tv_sec, 1100000000);
	ck_assert_int_eq(
		store_utimens(scene.store, VIEWS "/backup", STORE_VIEW, times),
		0);
	ck_assert_int_eq(look("", "f").st.st_mtim.tv_sec, 1100000000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		names_are_those_of_texts_and_streams,
		whole_file_is_shown,
		whole_file_is_replaced,
		whole_file_keeps_its_inode_if_it_has_several_names,
		empty_directory_becomes_an_object,
		empty_directory_stays_one_while_it_is_read,
		malformed_whole_changes_nothing,
		whole_is_written_in_part,
		cut_whole_is_committed_by_the_last_close,
		reader_of_the_whole_keeps_it,
		text_is_shown_and_written,
		text_is_shown_as_it_is_made,
		text_that_is_none_changes_nothing,
		malformed_stream_is_no_text_and_is_replaced,
		changes_of_the_stream_are_not_lost,
		changes_of_the_file_are_not_lost,
		readers_of_streams_keep_what_a_view_replaces,
		renames_obey_the_rules,
		scratch_becomes_what_a_view_shows,
		removing_a_text_removes_the_stream,
		index_is_read_only,
		index_tells_all_streams,
		index_tells_what_names_and_digests_do_not,
		what_is_too_large_makes_no_text,
		scratch_is_hidden_and_goes_with_the_object,
		names_that_are_neither_are_refused,
		views_are_listed_or_off,
		mode_and_times_are_those_of_what_is_shown,
	};

	return unit_main_with("views", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}
