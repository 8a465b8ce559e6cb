/* SPDX-License-Identifier: BSD-2-Clause */
/* Symlinks and special files as reparse points. */
#include "unit.h"

#include "live/posix_reparse.h"

#include <bkup/reparse.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { RANDOM_ROUNDS = 100000, RANDOM_MAX = 12 };

/* Encodes, and decodes what that gives. Returns: the tag. */
static uint32_t check(const struct posix_special *special)
{
	struct posix_special made = {0};
	struct bkup_reparse reparse;
	struct bkup_fault fault = {0};
	struct bytes bytes = {0};

	ck_assert_int_eq(posix_reparse_encode(special, &bytes), 0);
	ck_assert_int_eq(
		bkup_reparse_decode(bytes.data, bytes.size, &reparse, &fault),
		0);
	ck_assert_msg(posix_reparse_decode(bytes.data, bytes.size, &made,
					   &fault) == 0,
		      "'%s': %zu: %s", special->target, fault.offset,
		      fault.what);
	ck_assert_uint_eq(made.type, special->type);
	ck_assert_uint_eq(made.device, special->device);
	if (special->target)
		ck_assert_str_eq(made.target, special->target);
	else
		ck_assert_ptr_null(made.target);
	free(made.target);
	bytes_done(&bytes);
	return reparse.tag;
}

START_TEST(what_windows_can_follow_is_a_symlink)
{
	static const char *const plain[] = {
		"a",  "g.txt",	   "../a/b c", ".",
		"..", "./x/../.y", "...x",     "\xc3\xa4/\xf0\x9f\x98\x80",
	};

	for (size_t i = 0; i < N_ELEMENTS(plain); i++) {
		struct posix_special link = {S_IFLNK, 0, strdup(plain[i])};

		ck_assert_msg(check(&link) == BKUP_REPARSE_SYMLINK, "'%s'",
			      plain[i]);
		free(link.target);
	}
}
END_TEST

START_TEST(any_other_target_is_kept_as_it_is)
{
	static const char *const other[] = {
		"/",
		"/etc/passwd",
		"a/",
		"a//b",
		"a\\b",
		"c:",
		"a.",
		"a./b",
		"a /b",
		"...",
		"a\nb",
		"a*",
		"?",
		"\"",
		"<a>",
		"a|b",
		"\xff",
		"\xc3",
		"a\xed\xa0\x80",
		"pipe:[1]",
	};

	for (size_t i = 0; i < N_ELEMENTS(other); i++) {
		struct posix_special link = {S_IFLNK, 0, strdup(other[i])};

		ck_assert_msg(check(&link) == BKUP_REPARSE_LX_SYMLINK, "'%s'",
			      other[i]);
		free(link.target);
	}
}
END_TEST

START_TEST(whatever_target_comes_back)
{
	static const char bytes[] = "ab./\\:. \xc3\xa4\xed\xa0\x80\xf0\x9f/x\n";
	uint64_t random = 1;

	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		char target[RANDOM_MAX + 1] = {0};
		size_t size = 1 + unit_random(&random) % RANDOM_MAX;
		struct posix_special link = {S_IFLNK, 0, target};

		for (size_t i = 0; i < size; i++)
			target[i] = bytes[unit_random(&random) %
					  (sizeof(bytes) - 1)];
		check(&link);
	}
}
END_TEST

START_TEST(targets_have_the_length_of_paths)
{
	char target[PATH_MAX + 1] = {0};
	struct posix_special link = {S_IFLNK, 0, target};
	struct bytes bytes = {0};

	ck_assert_int_eq(posix_reparse_encode(&link, &bytes), -EINVAL);
	memset(target, 'a', PATH_MAX - 1);
	ck_assert_uint_eq(check(&link), BKUP_REPARSE_SYMLINK);
	target[0] = '/';
	ck_assert_uint_eq(check(&link), BKUP_REPARSE_LX_SYMLINK);
	target[PATH_MAX - 1] = 'a';
	ck_assert_int_eq(posix_reparse_encode(&link, &bytes), -ENAMETOOLONG);
	ck_assert_uint_eq(bytes.size, 0);
}
END_TEST

START_TEST(special_files_come_back)
{
	const struct posix_special rows[] = {
		{S_IFIFO, 0, NULL},
		{S_IFSOCK, 0, NULL},
		{S_IFCHR, makedev(1, 3), NULL},
		{S_IFCHR, makedev(0, 0), NULL},
		{S_IFBLK, makedev(259, 1048575), NULL},
		{S_IFBLK, makedev(UINT32_MAX, UINT32_MAX), NULL},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		ck_assert_uint_eq(check(&rows[i]), BKUP_REPARSE_NFS);
}
END_TEST

START_TEST(a_device_has_its_numbers)
{
	static const uint8_t expected[] = {
		0x14, 0, 0, 0x80, 16, 0, 0, 0, 'C', 'H', 'R', 0,
		0,    0, 0, 0,	  5,  0, 0, 0, 1,   2,	 0,   0,
	};
	struct posix_special device = {S_IFCHR, makedev(5, 513), NULL};
	struct bytes bytes = {0};

	ck_assert_int_eq(posix_reparse_encode(&device, &bytes), 0);
	ck_assert(bytes_are(&bytes, expected, sizeof(expected)));
	bytes_done(&bytes);
}
END_TEST

START_TEST(other_files_have_no_reparse_point)
{
	struct posix_special file = {S_IFREG, 0, NULL};
	struct posix_special directory = {S_IFDIR, 0, NULL};
	struct bytes bytes = {0};

	ck_assert_int_eq(posix_reparse_encode(&file, &bytes), -ENOTSUP);
	ck_assert_int_eq(posix_reparse_encode(&directory, &bytes), -ENOTSUP);
	ck_assert_uint_eq(bytes.size, 0);
}
END_TEST

START_TEST(a_symlink_of_windows_is_read)
{
	struct posix_special special;
	struct bkup_fault fault;
	struct bytes bytes = {0}, again = {0};

	bytes_load(&bytes, "payload/rp_symlink_rel.bin");
	ck_assert_int_eq(
		posix_reparse_decode(bytes.data, bytes.size, &special, &fault),
		0);
	ck_assert_uint_eq(special.type, S_IFLNK);
	ck_assert_str_eq(special.target, "g.txt");
	ck_assert_int_eq(posix_reparse_encode(&special, &again), 0);
	ck_assert(bytes_are(&again, bytes.data, bytes.size));
	free(special.target);
	bytes_done(&bytes);
	bytes_done(&again);
}
END_TEST

/* A SYMLINK of names in ASCII. */
static void add_names(struct bytes *bytes, const char *substitute,
		      const char *print, uint32_t flags)
{
	size_t substitute_size = 2 * strlen(substitute);
	size_t print_size = 2 * strlen(print);

	bytes_add_u32(bytes, BKUP_REPARSE_SYMLINK);
	bytes_add_u16(bytes, 12 + substitute_size + print_size);
	bytes_add_u16(bytes, 0);
	bytes_add_u16(bytes, print_size);
	bytes_add_u16(bytes, substitute_size);
	bytes_add_u16(bytes, 0);
	bytes_add_u16(bytes, print_size);
	bytes_add_u32(bytes, flags);
	bytes_add_utf16(bytes, print);
	bytes_add_utf16(bytes, substitute);
}

START_TEST(symlinks_that_posix_has_not_are_told)
{
	static const struct {
		const char *substitute, *print;
		uint32_t flags;
		int rc;
		size_t offset;
	} rows[] = {
		{"..\\a", "..\\a", 1, 0, 0},
		{"\\??\\C:\\a", "C:\\a", 0, -ENOTSUP, 16},
		{"a", "a", 0, -ENOTSUP, 16},
		{"a", "a", 3, -ENOTSUP, 16},
		{"a", "b", 1, -ENOTSUP, 12},
		{"a", "", 1, -ENOTSUP, 12},
		{"", "", 1, -ENOTSUP, 8},
		{"a/b", "a/b", 1, -ENOTSUP, 8},
		{"\\a", "\\a", 1, -ENOTSUP, 8},
		{"a\\", "a\\", 1, -ENOTSUP, 8},
		{"a:b", "a:b", 1, -ENOTSUP, 8},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct posix_special special = {0};
		struct bkup_fault fault = {0};
		struct bytes bytes = {0};

		add_names(&bytes, rows[i].substitute, rows[i].print,
			  rows[i].flags);
		ck_assert_msg(posix_reparse_decode(bytes.data, bytes.size,
						   &special,
						   &fault) == rows[i].rc,
			      "row %zu", i);
		ck_assert_uint_eq(fault.offset, rows[i].offset);
		ck_assert_int_eq(fault.what != NULL, rows[i].rc < 0);
		free(special.target);
		bytes_done(&bytes);
	}
}
END_TEST

#define ROW(tag, data, rc, offset)                                             \
	{                                                                      \
		tag, data, sizeof(data) - 1, rc, offset                        \
	}

START_TEST(what_stands_for_nothing_else_is_told)
{
	static const struct {
		uint32_t tag;
		const char *data;
		size_t size;
		int rc;
		size_t offset;
	} rows[] = {
		ROW(BKUP_REPARSE_LX_SYMLINK, "\2\0\0\0/a", 0, 0),
		ROW(BKUP_REPARSE_LX_SYMLINK, "\2\0\0\0a", 0, 0),
		ROW(BKUP_REPARSE_LX_SYMLINK, "\1\0\0\0a", -ENOTSUP, 8),
		ROW(BKUP_REPARSE_LX_SYMLINK, "\2\0\0\0", -ENOTSUP, 12),
		ROW(BKUP_REPARSE_LX_SYMLINK, "\2\0\0\0a\0", -ENOTSUP, 12),
		ROW(BKUP_REPARSE_LX_SYMLINK, "\2\0\0", -EBADMSG, 11),
		ROW(BKUP_REPARSE_NFS, "LNK\1\0\0\0\0a\0", -ENOTSUP, 8),
		ROW(BKUP_REPARSE_NFS, "DOOR\0\0\0\0", -ENOTSUP, 0),
		ROW(BKUP_REPARSE_NFS, "FIFO\0\0\0\0", 0, 0),
		ROW(BKUP_REPARSE_MOUNT_POINT, "\0\0\0\0\0\0\0\0", -ENOTSUP, 0),
		ROW(BKUP_REPARSE_DEDUP, "", -ENOTSUP, 0),
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct posix_special special = {0};
		struct bkup_fault fault = {0};
		struct bytes bytes = {0};

		bytes_add_u32(&bytes, rows[i].tag);
		bytes_add_u32(&bytes, rows[i].size);
		bytes_add(&bytes, rows[i].data, rows[i].size);
		ck_assert_msg(posix_reparse_decode(bytes.data, bytes.size,
						   &special,
						   &fault) == rows[i].rc,
			      "row %zu", i);
		ck_assert_uint_eq(fault.offset, rows[i].offset);
		ck_assert_int_eq(fault.what != NULL, rows[i].rc < 0);
		free(special.target);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(reserved_bits_are_told)
{
	static const uint8_t bytes[] = {
		0x14, 0, 0, 0x80, 8, 0, 1, 0, 'F', 'I', 'F', 'O', 0, 0, 0, 0,
	};
	struct posix_special special;
	struct bkup_fault fault;

	ck_assert_int_eq(
		posix_reparse_decode(bytes, sizeof(bytes), &special, &fault),
		-ENOTSUP);
	ck_assert_uint_eq(fault.offset, 6);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_windows_can_follow_is_a_symlink,
		any_other_target_is_kept_as_it_is,
		whatever_target_comes_back,
		targets_have_the_length_of_paths,
		special_files_come_back,
		a_device_has_its_numbers,
		other_files_have_no_reparse_point,
		a_symlink_of_windows_is_read,
		symlinks_that_posix_has_not_are_told,
		what_stands_for_nothing_else_is_told,
		reserved_bits_are_told,
	};

	return unit_main("posix_reparse", tests, N_ELEMENTS(tests), 60);
}
