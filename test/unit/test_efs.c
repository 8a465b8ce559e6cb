/* SPDX-License-Identifier: BSD-2-Clause */
/* EFS raw data is recognised by how it begins. */
#include "unit.h"

#include <bkup/efs.h>

static void add_magic(struct bytes *bytes)
{
	bytes_add_u32(bytes, 0x100);
	bytes_add_utf16(bytes, "ROBS");
}

START_TEST(knows_it_by_its_magic)
{
	struct bytes bytes = {0};

	add_magic(&bytes);
	ck_assert_uint_eq(bytes.size, BKUP_EFS_MAGIC_SIZE);
	ck_assert(bkup_efs_is_raw(bytes.data, bytes.size));
	bytes_add_zeros(&bytes, 8);
	bytes_add_u32(&bytes, 38);
	bytes_add_utf16(&bytes, "NTFS");
	ck_assert(bkup_efs_is_raw(bytes.data, bytes.size));
	bytes_done(&bytes);
}
END_TEST

START_TEST(needs_all_of_the_magic)
{
	struct bytes bytes = {0};

	add_magic(&bytes);
	for (size_t i = 0; i < BKUP_EFS_MAGIC_SIZE; i++) {
		ck_assert(!bkup_efs_is_raw(bytes.data, i));
		bytes.data[i] ^= 1;
		ck_assert(!bkup_efs_is_raw(bytes.data, bytes.size));
		bytes.data[i] ^= 1;
	}
	bytes_done(&bytes);
}
END_TEST

START_TEST(takes_no_backup_file_for_it)
{
	static const char *const files[] = {
		"nt-backup/ms-bkup-section3-example.bin",
		"nt-backup/windows-sacl-and-zone-identifier.bin",
	};

	ck_assert(!bkup_efs_is_raw("", 0));
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		struct bytes bytes = {0};

		bytes_load(&bytes, files[i]);
		ck_assert(!bkup_efs_is_raw(bytes.data, bytes.size));
		bytes_done(&bytes);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		knows_it_by_its_magic,
		needs_all_of_the_magic,
		takes_no_backup_file_for_it,
	};

	return unit_main("efs", tests, N_ELEMENTS(tests), 30);
}
