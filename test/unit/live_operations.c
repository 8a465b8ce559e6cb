/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_operations.h"

#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define EA "\0\0\0\0\0\3\2\0foo\0ok\0\0"

/* O:BAG:SYD:(D;;FA;;;WD) */
static const uint8_t descriptor[] = {
	1, 0,  4, 0x80, 20, 0,	  0,  0, 36, 0,	 0, 0, 0,  0,	 0, 0, 48, 0, 0,
	0, 1,  2, 0,	0,  0,	  0,  0, 5,  32, 0, 0, 0,  0x20, 2, 0, 0,  1, 1,
	0, 0,  0, 0,	0,  5,	  18, 0, 0,  0,	 2, 0, 28, 0,	 1, 0, 0,  0, 1,
	0, 20, 0, 0xff, 1,  0x1f, 0,  1, 1,  0,	 0, 0, 0,  0,	 1, 0, 0,  0, 0,
};

/* Streams of other files, as they were read. */
static struct value {
	uint8_t bytes[4096];
	size_t size;
} security, reparse, backup;

static int finish(struct scene *scene, const char *dir, const char *name,
		  int flags, ssize_t (*how)(struct store_file *file))
{
	struct store_file *file;
	int rc = scene_file(scene, dir, name, flags, &file);

	return rc < 0 ? rc
		      : operation_close(file, how(file), flags & O_ACCMODE);
}

static int set(struct scene *scene, const char *dir, const char *name,
	       const void *bytes, size_t size)
{
	struct store_file *file;
	int rc = scene_file(scene, dir, name, O_WRONLY | O_CREAT | O_TRUNC,
			    &file);

	if (rc < 0)
		return rc;
	return operation_close(
		file, store_file_write(file, bytes, size, 0, false), O_WRONLY);
}

/* FILE_BASIC_INFORMATION: a time of the last write, and attributes. */
static int set_basic(struct scene *scene, const char *dir, uint8_t time,
		     uint8_t attributes)
{
	const uint8_t basic[40] = {[16] = time ? 1 : 0,
				   [22] = time,
				   [23] = time ? 1 : 0,
				   [32] = attributes};

	return set(scene, dir, "basic_info", basic, sizeof(basic));
}

static ssize_t write_middle(struct store_file *file)
{
	return store_file_write(file, "XY", 2, 3, false);
}

static ssize_t write_behind(struct store_file *file)
{
	int rc = store_file_truncate(file, 7);

	return rc < 0 ? rc : store_file_write(file, "!", 1, 0, true);
}

static ssize_t write_and_sync(struct store_file *file)
{
	ssize_t n = write_middle(file);

	return n < 0 ? n : store_file_sync(file);
}

static ssize_t shorten(struct store_file *file)
{
	return store_file_truncate(file, 3);
}

static ssize_t allocate(struct store_file *file)
{
	return store_file_allocate(file, 0, 0, 100);
}

/* Check's own assertions allocate, which may fail here. */
static void expect(bool is, const char *what)
{
	if (!is)
		ck_abort_msg("another %s", what);
}

/* All that can be asked of content. */
static ssize_t look(struct store_file *file)
{
	char buffer[64];
	struct stat st;
	uint64_t hole = 0;
	ssize_t n = store_file_read(file, buffer, sizeof(buffer), 0);
	int rc = n < 0 ? (int)n : store_file_stat(file, &st);

	if (rc == 0)
		rc = store_file_seek(file, 0, SEEK_HOLE, &hole);
	if (rc < 0)
		return rc;
	expect(n == 7 && memcmp(buffer, "content", 7) == 0, "content");
	expect(st.st_size == 7 && hole == 7, "size");
	rc = store_file_seek(file, 7, SEEK_DATA, &hole);
	return rc == -ENXIO ? 0 : rc;
}

#define RUN(name, call)                                                        \
	static int run_##name(struct scene *scene)                             \
	{                                                                      \
		return call;                                                   \
	}

RUN(write, finish(scene, "f", "data", O_RDWR, write_middle))
RUN(write_behind, finish(scene, "f", "data", O_RDWR, write_behind))
RUN(write_and_sync, finish(scene, "f", "data", O_RDWR, write_and_sync))
RUN(write_anew, set(scene, "f", "data", "new", 3))
RUN(shorten, finish(scene, "f", "data", O_RDWR, shorten))
RUN(allocate, finish(scene, "f", "data", O_RDWR, allocate))
RUN(look, finish(scene, "f", "data", O_RDONLY, look))
RUN(write_linked, finish(scene, "h", "data", O_RDWR, write_middle))
RUN(write_link, set(scene, "l", "data", "new", 3))
RUN(set_ea, set(scene, "f", "ea", EA, sizeof(EA) - 1))
RUN(set_own, set(scene, "d/.streams", "ea", EA, sizeof(EA) - 1))
RUN(set_security, set(scene, "f", "security", security.bytes, security.size))
RUN(set_ntacl, set(scene, "f", "security", descriptor, sizeof(descriptor)))
RUN(set_time, set_basic(scene, "f", 0xc1, 0x80))
RUN(set_hidden, set_basic(scene, "f", 0xc1, 0x22))
RUN(set_reparse, set(scene, "f", "reparse", reparse.bytes, reparse.size))
RUN(set_alternate, set(scene, "f", ":a", "stream", 6))
RUN(remove_security, scene_unlink(scene, "f", "security"))
RUN(remove_linked, scene_unlink(scene, "h", "ea"))
RUN(remove_target, scene_unlink(scene, "l", "reparse"))
RUN(first_ea, set(scene, "d", "ea", EA, sizeof(EA) - 1))
RUN(first_data, set(scene, "d", "data", "first", 5))
RUN(first_reparse, set(scene, "d", "reparse", reparse.bytes, reparse.size))
RUN(first_directory, set_basic(scene, "d", 0, 0x10))
RUN(restore, set(scene, "f/.view", "backup", backup.bytes, backup.size))
RUN(restore_broken,
    set(scene, "f/.view", "backup", backup.bytes, backup.size - 1))
RUN(rename, scene_rename(scene, "f", "ea", "f", "object_id", 0))

/* Where it was done and something failed behind it, there is none left. */
static int again(const struct scene *scene, int rc, const char *dir)
{
	struct stat st;

	return rc == -ENOENT && lstat(scene_at(scene, dir), &st) == 0 &&
			       S_ISREG(st.st_mode)
		       ? 0
		       : rc;
}

RUN(place_data,
    again(scene, scene_rename(scene, "s", ".data.x", "s", "data", 0), "s"))
RUN(place_alternate,
    again(scene, scene_rename(scene, "s", ".small.x", "s", ":a", 0), "s"))
RUN(place_nowhere, scene_rename(scene, "l", ".data.x", "l", "data", 0))

static int remove_again(struct scene *scene, const char *name)
{
	int rc = scene_unlink(scene, "f", name);
	struct store_entry entry;

	if (rc != -ENOENT)
		return rc;
	rc = store_lookup(scene->store, "", STORE_DIRECTORY, "f", &entry);
	return rc < 0 ? rc : 0;
}

RUN(remove_data, remove_again(scene, "data"))
RUN(remove_ea, remove_again(scene, "ea"))
RUN(remove_alternate, remove_again(scene, ":b"))

/* Once security is, the rest of what has other names is only hidden. */
static int run_remove_all_linked(struct scene *scene)
{
	int rc = scene_unlink(scene, "h", "security");

	if (rc == 0 || rc == -ENOENT)
		rc = scene_unlink(scene, "h", "ea");
	return rc == -ENOENT ? 0 : rc;
}

/* Who writes takes the file that another one reads. */
static int run_write_beside(struct scene *scene)
{
	struct store_file *reader;
	char buffer[64];
	int rc = scene_file(scene, "f", "data", O_RDONLY, &reader);
	ssize_t n = 0;

	if (rc < 0)
		return rc;
	rc = run_write(scene);
	if (rc == 0)
		n = store_file_read(reader, buffer, sizeof(buffer), 0);
	if (n > 0)
		expect(n == 7 && memcmp(buffer, "conXYnt", 7) == 0, "content");
	store_file_close(reader, O_RDONLY);
	return n < 0 ? (int)n : rc;
}

const struct live_operation live_operations[] = {
	{"write", "posix", run_write, 0, "f data", false},
	{"write_behind", "posix", run_write_behind, 0, "f data", false},
	{"write_and_sync", "posix", run_write_and_sync, 0, "f data", false},
	{"write_anew", "posix", run_write_anew, 0, "f data", false},
	{"write_beside", "posix", run_write_beside, 0, "f data", false},
	{"write_linked", "posix", run_write_linked, 0, "h", false},
	{"write_link", "posix", run_write_link, -EOPNOTSUPP, NULL, false},
	{"shorten", "posix", run_shorten, 0, "f data", false},
	{"allocate", "posix", run_allocate, 0, "f data", false},
	{"look", "posix", run_look, 0, NULL, false},
	{"set_ea", "posix", run_set_ea, 0, "f user.foo", false},
	{"set_own", "posix", run_set_own, 0, NULL, false},
	{"set_security", "posix", run_set_security, 0, "f mode", false},
	{"set_time", "posix", run_set_time, 0, "f data time", false},
	{"set_hidden", "posix", run_set_hidden, -EOPNOTSUPP, "f data time",
	 false},
	{"set_reparse", "posix", run_set_reparse, -EOPNOTSUPP, NULL, false},
	{"set_alternate", "posix", run_set_alternate, -EOPNOTSUPP, NULL, false},
	{"remove_data", "posix", run_remove_data, 0, "f data", false},
	{"remove_ea", "posix", run_remove_ea, 0, "f user.foo", false},
	{"remove_security", "posix", run_remove_security, 0, NULL, true},
	{"remove_linked", "posix", run_remove_linked, -EPERM, NULL, false},
	{"remove_all_linked", "posix", run_remove_all_linked, 0, NULL, true},
	{"remove_target", "posix", run_remove_target, 0, NULL, true},
	{"first_ea", "posix", run_first_ea, 0, "d ", true},
	{"first_data", "posix", run_first_data, 0, "d ", true},
	{"first_reparse", "posix", run_first_reparse, 0, "d ", true},
	{"first_directory", "posix", run_first_directory, 0, "d data", false},
	{"place_data", "posix", run_place_data, 0, "s ", true},
	{"place_nowhere", "posix", run_place_nowhere, -EOPNOTSUPP, NULL, false},
	{"restore", "posix", run_restore, 0, "f ", false},
	{"restore_broken", "posix", run_restore_broken, -EBADMSG, NULL, false},
	{"rename", "posix", run_rename, -EXDEV, NULL, false},
	{"set_alternate", "samba", run_set_alternate, 0, NULL, false},
	{"remove_alternate", "samba", run_remove_alternate, 0, NULL, false},
	{"place_alternate", "samba", run_place_alternate, 0, "s ", true},
	{"set_ntacl", "samba", run_set_ntacl, 0, NULL, false},
	{"set_hidden", "samba", run_set_hidden, 0, "f ", false},
	{"restore", "samba", run_restore, 0, "f ", false},
};

const size_t live_operations_count = N_ELEMENTS(live_operations);

static void put(const struct scene *scene, const char *path, mode_t mode,
		const char *text)
{
	int fd = open(scene_at(scene, path), O_WRONLY | O_CREAT, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void put_xattr(const struct scene *scene, const char *path,
		      const char *name, const char *value, size_t size)
{
	ck_assert_int_eq(setxattr(scene_at(scene, path), name, value, size, 0),
			 0);
}

/* Scratch with content of more than one part, and with holes. */
static void put_scratch(struct scene *scene)
{
	struct store_file *file =
		scene_use(scene, "s", ".data.x", O_RDWR | O_CREAT);

	scene_add(file, 0, "scratch");
	scene_add(file, 200000, "and more");
	ck_assert_int_eq(store_file_truncate(file, 300000), 0);
	ck_assert_int_eq(store_file_flush(file), 0);
	store_file_close(file, O_RDWR);
	ck_assert_int_eq(scene_write(scene, "s", ".small.x", "small"), 0);
	ck_assert_int_eq(scene_write(scene, "l", ".data.x", "none"), 0);
}

static void get(struct scene *scene, const char *dir, const char *name,
		struct value *ret_value)
{
	struct store_file *file = scene_use(scene, dir, name, O_RDONLY);
	ssize_t n = store_file_read(file, ret_value->bytes,
				    sizeof(ret_value->bytes), 0);

	ck_assert_int_gt(n, 0);
	ret_value->size = n;
	store_file_close(file, O_RDONLY);
}

void live_prepare(struct scene *scene)
{
	static const struct timespec times[2] = {{.tv_sec = 1000000000},
						 {.tv_sec = 1000000000}};

	put(scene, "f", 0644, "content");
	put_xattr(scene, "f", "user.foo", "no", 2);
	put_xattr(scene, "f", "user.DosStream.b:$DATA", "old", 4);
	put(scene, "g", 0600, "other");
	put_xattr(scene, "g", "user.bar", "x", 1);
	put(scene, "h", 0644, "linked");
	put_xattr(scene, "h", "user.foo", "no", 2);
	ck_assert_int_eq(link(scene_at(scene, "h"), scene_at(scene, "h2")), 0);
	ck_assert_int_eq(symlink("target", scene_at(scene, "l")), 0);
	ck_assert_int_eq(mkdir(scene_at(scene, "d"), 0755), 0);
	ck_assert_int_eq(mkdir(scene_at(scene, "s"), 0755), 0);
	put_scratch(scene);
	get(scene, "g", "security", &security);
	get(scene, "l", "reparse", &reparse);
	get(scene, "g/.view", "backup", &backup);
	ck_assert_int_eq(utimensat(AT_FDCWD, scene_at(scene, "f"), times, 0),
			 0);
}
