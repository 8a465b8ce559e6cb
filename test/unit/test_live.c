/* SPDX-License-Identifier: BSD-2-Clause */
/* A live store of files of Linux: what is shown, taken and refused. */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static struct scene scene;

static void setup(void)
{
	scene_init(&scene);
	scene_close(&scene);
	scene.options.live = true;
	scene.options.profile = "posix";
	ck_assert_int_eq(scene_open(&scene), 0);
}

static void teardown(void)
{
	scene_done(&scene);
}

static void put(const char *path, const char *text)
{
	int fd = open(scene_at(&scene, path), O_WRONLY | O_CREAT | O_TRUNC,
		      0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static bool holds(const char *path, const char *text)
{
	char buffer[256] = "";
	int fd = open(scene_at(&scene, path), O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);

	if (fd >= 0)
		close(fd);
	return n >= 0 && strcmp(buffer, text) == 0;
}

static int use(const char *dir, enum store_kind kind, const char *name,
	       int flags, struct store_file **ret_file)
{
	return store_file_open(scene.store, dir, kind, name, flags, 0644,
			       (struct store_caller){0}, ret_file);
}

/* Writes all of a stream; the first error. */
static int set(const char *dir, enum store_kind kind, const char *name,
	       const void *bytes, size_t size)
{
	struct store_file *file;
	int rc = use(dir, kind, name, O_WRONLY | O_CREAT | O_TRUNC, &file);
	ssize_t n;

	if (rc < 0)
		return rc;
	n = store_file_write(file, bytes, size, 0, false);
	rc = n < 0 ? (int)n : store_file_flush(file);
	store_file_close(file, O_WRONLY);
	return rc;
}

static ssize_t get(const char *dir, enum store_kind kind, const char *name,
		   void *buffer, size_t size)
{
	struct store_file *file;
	ssize_t n = use(dir, kind, name, O_RDONLY, &file);

	if (n < 0)
		return n;
	n = store_file_read(file, buffer, size, 0);
	store_file_close(file, O_RDONLY);
	return n;
}

static int find(const char *dir, enum store_kind kind, const char *name)
{
	struct store_entry entry;

	return store_lookup(scene.store, dir, kind, name, &entry);
}

#define EA "\0\0\0\0\0\3\2\0foo\0ok\0\0"
#define EA_SIZE (sizeof(EA) - 1)

START_TEST(streams_are_set_and_removed)
{
	char value[8] = "";
	uint8_t bytes[64];

	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", EA, EA_SIZE), 0);
	ck_assert_int_eq(getxattr(scene_at(&scene, "f"), "user.foo", value,
				  sizeof(value)),
			 2);
	ck_assert_str_eq(value, "ok");
	ck_assert_int_eq(get("f", STORE_OBJECT, "ea", bytes, sizeof(bytes)),
			 EA_SIZE);
	ck_assert_int_eq(scene_unlink(&scene, "f", "ea"), 0);
	ck_assert_int_eq(find("f", STORE_OBJECT, "ea"), -ENOENT);
	ck_assert_int_lt(getxattr(scene_at(&scene, "f"), "user.foo", value,
				  sizeof(value)),
			 0);
	/* An empty list is none. */
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", EA, EA_SIZE), 0);
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", "", 0), 0);
	ck_assert_int_eq(find("f", STORE_OBJECT, "ea"), -ENOENT);
	ck_assert_int_eq(scene_unlink(&scene, "f", "data"), 0);
	ck_assert(holds("f", ""));
	ck_assert_int_eq(find("f", STORE_OBJECT, "data"), -ENOENT);
}
END_TEST

START_TEST(what_no_file_has_is_refused)
{
	static const char *const names[] = {
		"link", "property",  "txfs",	  "id_0000000c",
		"ea#2", ":a:$INDEX", "object_id", ":a",
		":a#2",
	};
	const uint8_t basic[40] = {[0] = 1, [7] = 1, [32] = 0x80};
	char large[70000] = "";

	put("f", "content");
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		ck_assert_msg(set("f", STORE_OBJECT, names[i], "x", 1) < 0,
			      "%s", names[i]);
	ck_assert_int_eq(set("f", STORE_OBJECT, "x", "x", 1), -EINVAL);
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", "x", 1), -EBADMSG);
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", large, sizeof(large)),
			 -EFBIG);
	ck_assert_int_eq(set("f", STORE_OBJECT, "security", "x", 1), -EBADMSG);
	ck_assert_int_eq(set("f", STORE_OBJECT, "basic_info", "x", 1), -EINVAL);
	/* There is no time of creation. */
	ck_assert_int_eq(
		set("f", STORE_OBJECT, "basic_info", basic, sizeof(basic)),
		-EOPNOTSUPP);
	ck_assert_int_lt(set("f", STORE_OBJECT, "reparse", "x", 1), 0);
	ck_assert(holds("f", "content"));
}
END_TEST

START_TEST(streams_are_not_renamed)
{
	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", EA, EA_SIZE), 0);
	ck_assert_int_lt(scene_rename(&scene, "f", "ea", "f", "data", 0), 0);
	ck_assert_int_lt(
		scene_rename(&scene, "f", "ea", "f", "data", RENAME_EXCHANGE),
		0);
	ck_assert_int_lt(store_setxattr(scene.store, "f/data", STORE_STREAM,
					"user.bkupfs.attributes", "1", 1, 0),
			 0);
	ck_assert(holds("f", "content"));
}
END_TEST

START_TEST(the_main_stream_is_the_file)
{
	struct store_file *file;
	ino_t inode;

	put("f", "content");
	inode = scene_stat(&scene, "f").st_ino;
	ck_assert_int_eq(use("f", STORE_OBJECT, "data", O_RDWR, &file), 0);
	scene_add(file, 3, "XY");
	ck_assert(holds("f", "conXYnt"));
	ck_assert(scene_reads(file, "conXYnt"));
	ck_assert_int_eq(store_file_truncate(file, 4), 0);
	ck_assert(holds("f", "conX"));
	ck_assert_int_eq(store_file_sync(file), 0);
	scene_add(file, 4, "!");
	store_file_close(file, O_RDWR);
	ck_assert(holds("f", "conX!"));
	ck_assert_uint_eq(scene_stat(&scene, "f").st_ino, inode);
	ck_assert_int_eq(set("f", STORE_OBJECT, "data", "new", 3), 0);
	ck_assert(holds("f", "new"));
}
END_TEST

START_TEST(an_empty_directory_becomes_a_file)
{
	const uint8_t basic[40] = {[32] = 0x80};

	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(set("d", STORE_DIRECTORY, "ea", EA, EA_SIZE), 0);
	ck_assert(S_ISREG(scene_stat(&scene, "d").st_mode));
	ck_assert_int_eq(scene_mkdir(&scene, "", "e"), 0);
	ck_assert_int_eq(set("e", STORE_DIRECTORY, "data", "text", 4), 0);
	ck_assert(holds("e", "text"));
	/* What nobody gave it is not seen. */
	ck_assert_int_eq(find("e", STORE_OBJECT, "basic_info"), -ENOENT);
	ck_assert_int_eq(find("e", STORE_OBJECT, "security"), -ENOENT);
	/* Once it is given, it is. */
	ck_assert_int_eq(
		set("e", STORE_OBJECT, "basic_info", basic, sizeof(basic)), 0);
	ck_assert_int_eq(find("e", STORE_OBJECT, "basic_info"), 0);
	ck_assert_int_eq(find("e", STORE_OBJECT, "security"), -ENOENT);
	scene_reopen(&scene);
	ck_assert_int_eq(find("e", STORE_OBJECT, "basic_info"), 0);
	ck_assert_int_eq(find("e", STORE_OBJECT, "security"), 0);
}
END_TEST

/* An empty mount point. */
static const uint8_t mount_point[20] = {3, 0, 0, 0xa0, 12};

START_TEST(a_directory_may_stay_one)
{
	uint8_t basic[40] = {[32] = 0x10};

	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(
		set("d", STORE_DIRECTORY, "basic_info", basic, sizeof(basic)),
		0);
	ck_assert(S_ISDIR(scene_stat(&scene, "d").st_mode));
	/* There is no place for it here; but no file is made for its sake. */
	ck_assert_int_eq(scene_mkdir(&scene, "", "m"), 0);
	ck_assert_int_eq(set("m", STORE_DIRECTORY, "reparse", mount_point,
			     sizeof(mount_point)),
			 -EOPNOTSUPP);
	ck_assert(S_ISDIR(scene_stat(&scene, "m").st_mode));
	basic[32] = 0x80;
	ck_assert_int_eq(scene_mkdir(&scene, "", "n"), 0);
	ck_assert_int_eq(
		set("n", STORE_DIRECTORY, "basic_info", basic, sizeof(basic)),
		0);
	ck_assert(S_ISREG(scene_stat(&scene, "n").st_mode));
	/* A file cannot be without its type, nor that be removed. */
	put("f", "");
	ck_assert_int_eq(scene_unlink(&scene, "f", "basic_info"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "security"), 0);
	ck_assert_int_eq(find("f", STORE_OBJECT, "security"), -ENOENT);
	ck_assert_int_eq(scene_rmdir(&scene, "", "f"), 0);
	ck_assert(!scene_exists(&scene, "f"));
}
END_TEST

START_TEST(directories_have_streams_of_their_own)
{
	char names[256];

	ck_assert_int_eq(mkdir(scene_at(&scene, "d"), 0755), 0);
	ck_assert_int_eq(set("d/.streams", STORE_OBJECT, "ea", EA, EA_SIZE), 0);
	ck_assert_int_eq(getxattr(scene_at(&scene, "d"), "user.foo", names,
				  sizeof(names)),
			 2);
	ck_assert_int_lt(set("d/.streams", STORE_OBJECT, "data", "x", 1), 0);
	/* What is really named so is shown under another name. */
	put("d/.streams", "real");
	ck_assert_int_eq(find("d", STORE_DIRECTORY, "%.streams"), 0);
	ck_assert_int_eq(get("d/%.streams", STORE_OBJECT, "data", names, 256),
			 4);
	ck_assert_int_eq(find("d/.streams/x", STORE_DIRECTORY, "y"), -ENOENT);
	scene_list(&scene, "d", names, sizeof(names));
	ck_assert_str_eq(names, "%.streams .streams ");
	ck_assert_int_eq(scene_rename(&scene, "d", "%.streams", "", "out", 0),
			 0);
	ck_assert(holds("out", "real"));
}
END_TEST

START_TEST(symlinks_and_fifos_are_objects)
{
	uint8_t reparse[256], other[256];
	struct store_entry entry;
	ssize_t n;

	ck_assert_int_eq(symlink("target", scene_at(&scene, "l")), 0);
	ck_assert_int_eq(mkfifo(scene_at(&scene, "p"), 0640), 0);
	ck_assert_int_eq(
		store_lookup(scene.store, "", STORE_DIRECTORY, "l", &entry), 0);
	ck_assert_int_eq(entry.kind, STORE_OBJECT);
	n = get("l", STORE_OBJECT, "reparse", reparse, sizeof(reparse));
	ck_assert_int_gt(n, 0);
	ck_assert_int_gt(
		get("p", STORE_OBJECT, "reparse", other, sizeof(other)), 0);
	ck_assert_int_eq(scene_mkdir(&scene, "", "c"), 0);
	ck_assert_int_eq(set("c", STORE_DIRECTORY, "reparse", reparse, n), 0);
	ck_assert(S_ISLNK(scene_stat(&scene, "c").st_mode));
	/* Of a file with content it cannot be made. */
	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, "reparse", reparse, n),
			 -EOPNOTSUPP);
	ck_assert(holds("f", "content"));
}
END_TEST

START_TEST(a_whole_backup_is_restored)
{
	uint8_t backup[4096];
	ssize_t n;

	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", EA, EA_SIZE), 0);
	n = get("f/.view", STORE_VIEWS, "backup", backup, sizeof(backup));
	ck_assert_int_gt(n, 0);
	put("g", "old");
	ck_assert_int_eq(set("g/.view", STORE_VIEWS, "backup", backup, n), 0);
	ck_assert(holds("g", "content"));
	ck_assert_int_eq(set("g/.view", STORE_VIEWS, "backup", backup, n - 1),
			 -EBADMSG);
	ck_assert(holds("g", "content"));
}
END_TEST

static int set_time(const char *path, enum store_kind kind, time_t time)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = time}};

	return store_utimens(scene.store, path, kind, times);
}

static time_t time_of(const char *dir, enum store_kind kind, const char *name)
{
	struct store_entry entry;

	ck_assert_int_eq(store_lookup(scene.store, dir, kind, name, &entry), 0);
	return entry.st.st_mtim.tv_sec;
}

START_TEST(streams_have_the_time_of_the_file)
{
	struct store_file *file;
	time_t security;

	put("f", "content");
	security = time_of("f", STORE_OBJECT, "security");
	ck_assert_int_eq(set_time("f/data", STORE_STREAM, 1000), 0);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mtime, 1000);
	ck_assert_int_eq(time_of("f", STORE_OBJECT, "data"), 1000);
	ck_assert_int_eq(time_of("", STORE_DIRECTORY, "f"), 1000);
	ck_assert_int_eq(set_time("f", STORE_OBJECT, 2000), 0);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mtime, 2000);
	ck_assert_int_eq(set_time("f/.view/backup", STORE_VIEW, 3000), 0);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mtime, 3000);
	ck_assert_int_eq(set_time("f/none", STORE_STREAM, 4000), -ENOENT);
	/* That of small metadata says what is in them. */
	ck_assert_int_eq(set_time("f/security", STORE_STREAM, 4000), 0);
	ck_assert_int_eq(time_of("f", STORE_OBJECT, "security"), security);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mtime, 3000);
	ck_assert_int_eq(store_chmod(scene.store, "f/data", STORE_STREAM, 0600),
			 0);
	ck_assert_int_ne(time_of("f", STORE_OBJECT, "security"), security);
	/* What is set while somebody writes counts at the end. */
	ck_assert_int_eq(use("f", STORE_OBJECT, "data", O_RDWR, &file), 0);
	scene_add(file, 0, "C");
	ck_assert_int_eq(set_time("f/data", STORE_STREAM, 5000), 0);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mtime, 5000);
	ck_assert(holds("f", "Content"));
}
END_TEST

START_TEST(directories_have_times_and_modes)
{
	struct stat st;

	ck_assert_int_eq(mkdir(scene_at(&scene, "d"), 0755), 0);
	ck_assert_int_eq(set_time("d", STORE_DIRECTORY, 1000), 0);
	ck_assert_int_eq(scene_stat(&scene, "d").st_mtime, 1000);
	ck_assert_int_eq(set_time("d/.streams", STORE_OBJECT, 2000), 0);
	ck_assert_int_eq(scene_stat(&scene, "d").st_mtime, 2000);
	ck_assert_int_eq(set_time("none", STORE_DIRECTORY, 1), -ENOENT);
	ck_assert_int_eq(store_chmod(scene.store, "d", STORE_DIRECTORY, 0700),
			 0);
	put("f", "content");
	st = scene_stat(&scene, "f");
	/* What is so already is not touched. */
	ck_assert_int_eq(store_chmod(scene.store, "f", STORE_OBJECT, 0755), 0);
	ck_assert_int_eq(store_chown(scene.store, "f", STORE_OBJECT, st.st_uid,
				     st.st_gid),
			 0);
	ck_assert_int_eq(scene_stat(&scene, "f").st_ctim.tv_nsec,
			 st.st_ctim.tv_nsec);
	ck_assert_int_eq(store_chown(scene.store, "f", STORE_OBJECT, (uid_t)-1,
				     (gid_t)-1),
			 0);
	ck_assert_int_eq(store_chmod(scene.store, "f", STORE_OBJECT, 0700), 0);
	ck_assert_int_eq(scene_stat(&scene, "f").st_mode & 0777, 0600);
}
END_TEST

static void use_profile(const char *name)
{
	scene_close(&scene);
	scene.options.profile = name;
	ck_assert_int_eq(scene_open(&scene), 0);
}

/* O:BAG:SYD:(D;;FA;;;WD) */
static const uint8_t descriptor[] = {
	1, 0,  4, 0x80, 20, 0,	  0,  0, 36, 0,	 0, 0, 0,  0,	 0, 0, 48, 0, 0,
	0, 1,  2, 0,	0,  0,	  0,  0, 5,  32, 0, 0, 0,  0x20, 2, 0, 0,  1, 1,
	0, 0,  0, 0,	0,  5,	  18, 0, 0,  0,	 2, 0, 28, 0,	 1, 0, 0,  0, 1,
	0, 20, 0, 0xff, 1,  0x1f, 0,  1, 1,  0,	 0, 0, 0,  0,	 1, 0, 0,  0, 0,
};

/* Of a tag that means nothing here, with 4 bytes. */
static const uint8_t other_tag[12] = {0x23, 0, 0, 0x80, 4, 0, 0, 0, 'd', 'a',
				      't',  'a'};

START_TEST(shares_of_samba_have_what_windows_has)
{
	uint8_t basic[40] = {
		[0] = 1, [7] = 1, [16] = 1, [22] = 0xc1, [23] = 1, [32] = 0x22};
	uint8_t buffer[256];

	use_profile("samba");
	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, ":a", "stream", 6), 0);
	ck_assert_int_eq(getxattr(scene_at(&scene, "f"),
				  "user.DosStream.a:$DATA", buffer,
				  sizeof(buffer)),
			 7);
	ck_assert_int_eq(get("f", STORE_OBJECT, ":a", buffer, sizeof(buffer)),
			 6);
	ck_assert_int_eq(set("f", STORE_OBJECT, "security", descriptor,
			     sizeof(descriptor)),
			 0);
	/* For which nothing was kept, nothing is. */
	ck_assert_int_lt(getxattr(scene_at(&scene, "f"), "user.DOSATTRIB",
				  buffer, sizeof(buffer)),
			 0);
	ck_assert_int_eq(
		get("f", STORE_OBJECT, "security", buffer, sizeof(buffer)),
		sizeof(descriptor));
	ck_assert_int_eq(memcmp(buffer, descriptor, sizeof(descriptor)), 0);
	ck_assert_int_eq(
		set("f", STORE_OBJECT, "basic_info", basic, sizeof(basic)), 0);
	ck_assert_int_eq(
		get("f", STORE_OBJECT, "basic_info", buffer, sizeof(buffer)),
		sizeof(basic));
	ck_assert_int_eq(buffer[32], 0x22);
	ck_assert_int_eq(memcmp(buffer, basic, 8), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", ":a"), 0);
	ck_assert_int_eq(find("f", STORE_OBJECT, ":a"), -ENOENT);
	ck_assert(holds("f", "content"));
}
END_TEST

/* Of a file it is removed, of what is one because of it hidden. */
START_TEST(reparse_points_of_files_are_removed)
{
	use_profile("samba");
	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, "reparse", other_tag,
			     sizeof(other_tag)),
			 0);
	ck_assert_int_eq(find("f", STORE_OBJECT, "reparse"), 0);
	ck_assert_int_eq(scene_unlink(&scene, "f", "reparse"), 0);
	ck_assert_int_eq(find("f", STORE_OBJECT, "reparse"), -ENOENT);
	ck_assert(holds("f", "content"));
	ck_assert_int_eq(symlink("target", scene_at(&scene, "l")), 0);
	ck_assert_int_eq(scene_unlink(&scene, "l", "reparse"), 0);
	ck_assert_int_eq(find("l", STORE_OBJECT, "reparse"), -ENOENT);
	ck_assert(S_ISLNK(scene_stat(&scene, "l").st_mode));
}
END_TEST

START_TEST(what_a_whole_backup_has_too_much_is_told)
{
	uint8_t backup[4096];
	ssize_t n;

	use_profile("samba");
	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, ":a", "stream", 6), 0);
	ck_assert_int_eq(set("f", STORE_OBJECT, "security", descriptor,
			     sizeof(descriptor)),
			 0);
	n = get("f/.view", STORE_VIEWS, "backup", backup, sizeof(backup));
	ck_assert_int_gt(n, 0);
	use_profile("posix");
	put("g", "old");
	ck_assert_int_lt(set("g/.view", STORE_VIEWS, "backup", backup, n), 0);
	scene_expect_log(&scene, "g/:a' is not taken");
	ck_assert(holds("g", "content"));
}
END_TEST

START_TEST(scratch_becomes_a_stream)
{
	ck_assert_int_eq(scene_mkdir(&scene, "", "d"), 0);
	ck_assert_int_eq(set("d", STORE_DIRECTORY, ".data.x", "text", 4), 0);
	ck_assert_int_eq(scene_rename(&scene, "d", ".data.x", "d", "data", 0),
			 0);
	ck_assert(holds("d", "text"));
	/* A colon means something below some of these. */
	ck_assert_int_eq(set("d", STORE_OBJECT, ".:a.x", "more", 4), 0);
	ck_assert_int_eq(find("d", STORE_OBJECT, ".:a.x"), 0);
	ck_assert_int_eq(scene_rename(&scene, "d", ".:a.x", "d", ".:b", 0), 0);
	ck_assert_int_lt(scene_rename(&scene, "d", ".:b", "d", ":b", 0), 0);
	ck_assert_int_eq(scene_unlink(&scene, "d", ".:b"), 0);
	ck_assert_uint_eq(scene_control(&scene, "stage"), 0);
	ck_assert_uint_eq(scene_control(&scene, "new"), 0);
}
END_TEST

START_TEST(data_is_written_while_the_rest_is_read)
{
	struct store_file *small, *view;
	uint8_t bytes[1024];

	put("f", "content");
	ck_assert_int_eq(set("f", STORE_OBJECT, "ea", EA, EA_SIZE), 0);
	ck_assert_int_eq(use("f", STORE_OBJECT, "ea", O_RDONLY, &small), 0);
	ck_assert_int_eq(use("f/.view", STORE_VIEWS, "backup", O_RDONLY, &view),
			 0);
	put("f", "other content");
	ck_assert_int_eq(store_file_read(small, bytes, sizeof(bytes), 0),
			 EA_SIZE);
	ck_assert_mem_eq(bytes, EA, EA_SIZE);
	/* This is the file of two moments. */
	ck_assert_int_eq(store_file_read(view, bytes, sizeof(bytes), 0),
			 -ESTALE);
	store_file_close(small, O_RDONLY);
	store_file_close(view, O_RDONLY);
}
END_TEST

START_TEST(a_profile_must_be_one)
{
	scene_close(&scene);
	scene.options.profile = "fat";
	ck_assert_int_eq(scene_open(&scene), -EINVAL);
	scene.options.profile = NULL;
	ck_assert_int_eq(scene_open(&scene), 0);
	scene_expect_log(&scene, "profile posix");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		streams_are_set_and_removed,
		what_no_file_has_is_refused,
		streams_are_not_renamed,
		the_main_stream_is_the_file,
		an_empty_directory_becomes_a_file,
		a_directory_may_stay_one,
		directories_have_streams_of_their_own,
		symlinks_and_fifos_are_objects,
		a_whole_backup_is_restored,
		shares_of_samba_have_what_windows_has,
		reparse_points_of_files_are_removed,
		what_a_whole_backup_has_too_much_is_told,
		scratch_becomes_a_stream,
		streams_have_the_time_of_the_file,
		directories_have_times_and_modes,
		data_is_written_while_the_rest_is_read,
		a_profile_must_be_one,
	};

	return unit_main_with("live", tests, N_ELEMENTS(tests), 30, setup,
			      teardown);
}
