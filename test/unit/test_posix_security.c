/* SPDX-License-Identifier: BSD-2-Clause */
/* Mode bits and POSIX ACLs as security descriptors. */
#include "posix_random.h"

#include "live/posix_aces.h"

#include <bkup/sddl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	RANDOM_ROUNDS = 100000,
	/* Of an ACL, where its entries and what is in them stand. */
	HEAD = 4,
	ENTRY = 8,
};

/* Entries, the last of which has tag 0, as an attribute. */
static void add_value(struct bytes *value, const struct posix_entry *entries)
{
	bytes_add_u32(value, 2);
	for (; entries->tag; entries++) {
		bytes_add_u16(value, entries->tag);
		bytes_add_u16(value, entries->perms);
		bytes_add_u32(value, entries->id);
	}
}

static void check_text(const struct bytes *sd, const char *expected)
{
	struct bkup_fault fault;
	size_t size;
	char *text;

	ck_assert_int_eq(
		bkup_sddl_format(sd->data, sd->size, &text, &size, &fault), 0);
	ck_assert_str_eq(text, expected);
	free(text);
}

/* Encodes, compares with SDDL, and decodes. */
static void check(const struct posix_security *security, const char *expected)
{
	struct posix_security_made made = {0};
	struct bkup_fault fault = {0};
	struct bytes sd = {0};

	ck_assert_int_eq(posix_security_encode(security, &sd), 0);
	if (expected)
		check_text(&sd, expected);
	ck_assert_msg(posix_security_decode(sd.data, sd.size,
					    security->is_directory, &made,
					    &fault) == 0,
		      "%zu: %s", fault.offset, fault.what);
	ck_assert_uint_eq(made.uid, security->uid);
	ck_assert_uint_eq(made.gid, security->gid);
	ck_assert_uint_eq(made.mode, security->mode & 0777);
	ck_assert(bytes_are(&made.access, security->access,
			    security->access_size));
	ck_assert(bytes_are(&made.defaults, security->defaults,
			    security->defaults_size));
	/* Three entries, each of a file without ACL. */
	ck_assert_uint_eq(made.least.size, made.access.size ? 0 : 28);
	posix_security_made_done(&made);
	bytes_done(&sd);
}

#define FILE_OF(mode, owner, group, other)                                     \
	{                                                                      \
		mode, false,                                                   \
			"O:S-1-22-1-1000G:S-1-22-2-100D:P"                     \
			"(A;;" owner ";;;S-1-22-1-1000)"                       \
			"(A;;" group ";;;S-1-22-2-100)"                        \
			"(A;;" other ";;;WD)"                                  \
	}
#define DIRECTORY_OF(mode, owner, group, other)                                \
	{                                                                      \
		mode, true,                                                    \
			"O:S-1-22-1-1000G:S-1-22-2-100D:P"                     \
			"(A;;" owner ";;;S-1-22-1-1000)"                       \
			"(A;;" group ";;;S-1-22-2-100)"                        \
			"(A;;" other ";;;WD)"                                  \
	}

START_TEST(modes_are_shown_as_samba_shows_them)
{
	static const struct {
		mode_t mode;
		bool is_directory;
		const char *sddl;
	} rows[] = {
		FILE_OF(0644, "0x12019f", "FR", "FR"),
		FILE_OF(0751, "0x1e01ff", "0x1200a9", "FX"),
		FILE_OF(0230, "FW", "0x1201b6", ""),
		FILE_OF(06755, "0x1e01ff", "0x1200a9", "0x1200a9"),
		DIRECTORY_OF(0755, "FA", "0x1200a9", "0x1200a9"),
		DIRECTORY_OF(0623, "0x1201df", "0x120156", "0x1201f6"),
		DIRECTORY_OF(01000, "", "", ""),
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct posix_security security = {
			.uid = 1000,
			.gid = 100,
			.mode = rows[i].mode,
			.is_directory = rows[i].is_directory,
		};

		check(&security, rows[i].sddl);
	}
}
END_TEST

/* A mask r--; the named user 7 and the group lose w to it. */
static const struct posix_entry masked[] = {
	{POSIX_USER_OBJ, 6, POSIX_NO_ID},
	{POSIX_USER, 6, 7},
	{POSIX_USER, 4, 1000},
	{POSIX_GROUP_OBJ, 2, POSIX_NO_ID},
	{POSIX_GROUP, 0, 100},
	{POSIX_MASK, 4, POSIX_NO_ID},
	{POSIX_OTHER, 0, POSIX_NO_ID},
	{0, 0, 0},
};

#define MASKED                                                                 \
	"O:S-1-22-1-1000G:S-1-22-2-100D:P"                                     \
	"(A;;0x12019f;;;S-1-22-1-1000)"                                        \
	"(A;;FR;;;S-1-22-1-7)(A;IO;0x12019f;;;S-1-22-1-7)"                     \
	"(A;;FR;;;S-1-22-1-1000)"                                              \
	"(A;;;;;S-1-22-2-100)(A;IO;FW;;;S-1-22-2-100)"                      \
	"(A;;;;;S-1-22-2-100)"                                              \
	"(A;IO;FR;;;S-1-0-0)(A;;;;;WD)"

START_TEST(what_the_mask_takes_away_is_noted)
{
	struct bytes access = {0};
	struct posix_security security = {
		.uid = 1000, .gid = 100, .mode = 0640};

	add_value(&access, masked);
	security.access = access.data;
	security.access_size = access.size;
	check(&security, MASKED);
	bytes_done(&access);
}
END_TEST

START_TEST(default_acls_are_inherited_only)
{
	static const struct posix_entry entries[] = {
		{POSIX_USER_OBJ, 7, POSIX_NO_ID},  {POSIX_USER, 7, 7},
		{POSIX_GROUP_OBJ, 5, POSIX_NO_ID}, {POSIX_MASK, 5, POSIX_NO_ID},
		{POSIX_OTHER, 1, POSIX_NO_ID},	   {0, 0, 0},
	};
	struct bytes defaults = {0};
	struct posix_security security = {.mode = 0700, .is_directory = true};

	add_value(&defaults, entries);
	security.defaults = defaults.data;
	security.defaults_size = defaults.size;
	check(&security, "O:S-1-22-1-0G:S-1-22-2-0D:P(A;;FA;;;S-1-22-1-0)"
			 "(A;;;;;S-1-22-2-0)(A;;;;;WD)"
			 "(A;OICIIO;FA;;;CO)(A;OICIIO;0x1200a9;;;S-1-22-1-7)"
			 "(A;IO;FA;;;S-1-22-1-7)(A;OICIIO;0x1200a9;;;CG)"
			 "(A;IO;0x1200a9;;;S-1-0-0)(A;OICIIO;FX;;;WD)");
	bytes_done(&defaults);
}
END_TEST

START_TEST(whatever_a_file_has_comes_back)
{
	uint64_t random = 1;

	for (int i = 0; i < RANDOM_ROUNDS; i++) {
		struct bytes access = {0}, defaults = {0};
		struct posix_security security;

		posix_random(&security, &access, &defaults, &random);
		check(&security, NULL);
		bytes_done(&access);
		bytes_done(&defaults);
	}
}
END_TEST

START_TEST(an_acl_that_says_the_mode_is_as_good_as_none)
{
	static const struct posix_entry entries[] = {
		{POSIX_USER_OBJ, 6, POSIX_NO_ID},
		{POSIX_GROUP_OBJ, 4, POSIX_NO_ID},
		{POSIX_OTHER, 0, POSIX_NO_ID},
		{0, 0, 0},
	};
	struct bytes access = {0}, with = {0}, without = {0};
	struct posix_security security = {.mode = 0640};

	add_value(&access, entries);
	ck_assert_int_eq(posix_security_encode(&security, &without), 0);
	security.access = access.data;
	security.access_size = access.size;
	ck_assert_int_eq(posix_security_encode(&security, &with), 0);
	ck_assert(bytes_are(&with, without.data, without.size));
	bytes_done(&access);
	bytes_done(&with);
	bytes_done(&without);
}
END_TEST

START_TEST(what_contradicts_the_acl_is_stale)
{
	struct bytes access = {0}, sd = {0};
	struct posix_security security = {.mode = 0620};

	add_value(&access, masked);
	security.access = access.data;
	security.access_size = access.size;
	ck_assert_int_eq(posix_security_encode(&security, &sd), -ESTALE);
	ck_assert_uint_eq(sd.size, 0);
	bytes_done(&access);
}
END_TEST

/* Puts a number in the place of an entry's part. */
static void change(struct bytes *value, size_t entry, size_t part,
		   uint8_t number)
{
	value->data[HEAD + ENTRY * entry + part] = number;
}

START_TEST(what_is_no_acl_is_refused)
{
	static const struct {
		size_t entry, part;
		uint8_t number;
	} rows[] = {
		{0, 0, 0}, {0, 0, 2},	 {0, 1, 1}, {0, 2, 8},	  {0, 3, 1},
		{1, 0, 1}, {1, 0, 3},	 {3, 0, 2}, {3, 0, 0x40}, {4, 0, 0x20},
		{5, 0, 8}, {6, 0, 0x10}, {6, 0, 0},
	};
	struct posix_security security = {.mode = 0640};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes access = {0}, sd = {0};

		add_value(&access, masked);
		change(&access, rows[i].entry, rows[i].part, rows[i].number);
		security.access = access.data;
		security.access_size = access.size;
		ck_assert_msg(posix_security_encode(&security, &sd) == -EINVAL,
			      "row %zu", i);
		bytes_done(&access);
	}
}
END_TEST

START_TEST(an_acl_that_is_cut_off_is_refused)
{
	struct bytes access = {0}, sd = {0};
	struct posix_security security = {.mode = 0640};

	add_value(&access, masked);
	security.access = access.data;
	for (size_t size = 0; size < access.size; size++) {
		security.access_size = size;
		ck_assert_int_eq(posix_security_encode(&security, &sd),
				 -EINVAL);
	}
	bytes_done(&access);
}
END_TEST

START_TEST(what_no_file_has_is_refused)
{
	struct bytes defaults = {0}, sd = {0};
	struct posix_security security = {.uid = (uid_t)-1};

	ck_assert_int_eq(posix_security_encode(&security, &sd), -EINVAL);
	security = (struct posix_security){.gid = (gid_t)-1};
	ck_assert_int_eq(posix_security_encode(&security, &sd), -EINVAL);
	add_value(&defaults, masked);
	security = (struct posix_security){
		.defaults = defaults.data,
		.defaults_size = defaults.size,
	};
	ck_assert_int_eq(posix_security_encode(&security, &sd), -EINVAL);
	bytes_done(&defaults);
}
END_TEST

START_TEST(acls_too_long_for_a_dacl_are_refused)
{
	struct posix_security security = {.mode = 0000};
	struct bytes access = {0}, sd = {0};

	bytes_add_u32(&access, 2);
	bytes_add_u16(&access, POSIX_USER_OBJ);
	bytes_add_u16(&access, 0);
	bytes_add_u32(&access, POSIX_NO_ID);
	for (uint32_t id = 0; id < 3000; id++) {
		bytes_add_u16(&access, POSIX_USER);
		bytes_add_u16(&access, 0);
		bytes_add_u32(&access, id);
	}
	for (uint16_t tag = POSIX_GROUP_OBJ; tag <= POSIX_OTHER; tag *= 2) {
		bytes_add_u16(&access, tag);
		bytes_add_u16(&access, 0);
		bytes_add_u32(&access, 0);
	}
	security.access = access.data;
	security.access_size = access.size;
	ck_assert_int_eq(posix_security_encode(&security, &sd), -EMSGSIZE);
	bytes_done(&access);
}
END_TEST

static int decode_sddl(const char *text, bool is_directory,
		       struct bkup_fault *fault)
{
	struct posix_security_made made = {0};
	uint8_t *sd;
	size_t size;
	int rc = bkup_sddl_parse(text, strlen(text), NULL, 0, (void **)&sd,
				 &size, fault);

	ck_assert_msg(rc == 0, "%s: %s", text, fault->what);
	*fault = (struct bkup_fault){0};
	rc = posix_security_decode(sd, size, is_directory, &made, fault);
	posix_security_made_done(&made);
	free(sd);
	return rc;
}

#define OWNERS "O:S-1-22-1-1G:S-1-22-2-2"
#define OWNER "(A;;FR;;;S-1-22-1-1)"
#define GROUP "(A;;FR;;;S-1-22-2-2)"
#define USER_7 "(A;;FR;;;S-1-22-1-7)"
#define MASK "(A;IO;FR;;;S-1-0-0)"
#define OTHER "(A;;FR;;;WD)"

START_TEST(what_mode_and_acls_cannot_say_is_told)
{
	static const struct {
		const char *sddl;
		size_t offset; /* 0 if it is somewhere in the DACL */
		const char *what;
	} rows[] = {
		{"O:BAG:S-1-22-2-2D:P" OWNER GROUP OTHER, 20, "owner"},
		{"O:S-1-22-1-4294967295G:S-1-22-2-2D:P" OWNER GROUP OTHER, 20,
		 "owner"},
		{"O:S-1-22-1-1G:S-1-22-1-2D:P" OWNER GROUP OTHER, 36, "group"},
		{"G:S-1-22-2-2D:P" OWNER GROUP OTHER, 4, "owner"},
		{"O:S-1-22-1-1D:P" OWNER GROUP OTHER, 8, "group"},
		{OWNERS, 16, "DACL"},
		{OWNERS "D:NO_ACCESS_CONTROL", 16, "DACL"},
		{OWNERS "D:" OWNER GROUP OTHER, 2, "control"},
		{OWNERS "D:PAI" OWNER GROUP OTHER, 2, "control"},
		{OWNERS "D:P" OWNER GROUP OTHER "S:", 128, "SACL"},
		{OWNERS "D:P", 60, "missing"},
		{OWNERS "D:P" OWNER GROUP, 108, "missing"},
		{OWNERS "D:P" OWNER OTHER, 104, "missing"},
		{OWNERS "D:P" GROUP OTHER, 104, "missing"},
		{OWNERS "D:P" GROUP OWNER OTHER, 84, "place"},
		{OWNERS "D:P" OWNER GROUP OTHER OTHER, 128, "directories"},
		{OWNERS "D:P" OWNER USER_7 GROUP OTHER, 152, "missing"},
		{OWNERS "D:P" OWNER USER_7 GROUP MASK MASK OTHER, 152, "place"},
		{OWNERS "D:P" OWNER USER_7 MASK GROUP OTHER, 128, "place"},
		{OWNERS "D:P(D;;FR;;;WD)" OWNER GROUP OTHER, 60, "allow"},
		{OWNERS "D:P" OWNER "(A;;FR;;;BU)" GROUP OTHER, 92, "SID"},
		{OWNERS "D:P(A;;FA;;;S-1-22-1-1)" GROUP OTHER, 64, "rights"},
		{OWNERS "D:P(A;;0x1201df;;;S-1-22-1-1)" GROUP OTHER, 64,
		 "rights"},
		{OWNERS "D:P(A;ID;FR;;;S-1-22-1-1)" GROUP OTHER, 60, "make"},
		{OWNERS "D:P(A;;FR;;;S-1-22-1-3)" GROUP OTHER, 60, "make"},
		{OWNERS "D:P" OWNER "(A;;FR;;;S-1-22-2-3)" OTHER, 84, "make"},
		/* Notes of what the mask lets, or of more than it takes. */
		{OWNERS "D:P" OWNER USER_7
			"(A;IO;FR;;;S-1-22-1-7)" GROUP MASK OTHER,
		 108, "make"},
		{OWNERS "D:P" OWNER USER_7
			"(A;IO;FW;;;S-1-22-1-7)" GROUP MASK OTHER,
		 84, "make"},
		{OWNERS "D:P" OWNER "(A;;FW;;;S-1-22-1-7)" GROUP MASK OTHER, 84,
		 "make"},
		{OWNERS "D:P" OWNER GROUP "(A;;FR;;;S-1-0-0)" OTHER, 108,
		 "make"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault;

		ck_assert_msg(decode_sddl(rows[i].sddl, false, &fault) ==
				      -ENOTSUP,
			      "%s", rows[i].sddl);
		ck_assert_msg(strstr(fault.what, rows[i].what), "%s: %s",
			      rows[i].sddl, fault.what);
		ck_assert_msg(fault.offset == rows[i].offset, "%s: %zu",
			      rows[i].sddl, fault.offset);
	}
}
END_TEST

START_TEST(rights_of_files_are_none_of_directories)
{
	static const char file[] =
		OWNERS "D:P(A;;0x1e01ff;;;S-1-22-1-1)" GROUP OTHER;
	static const char directory[] =
		OWNERS "D:P(A;;0x1f01ff;;;S-1-22-1-1)" GROUP OTHER;
	struct bkup_fault fault;

	ck_assert_int_eq(decode_sddl(file, false, &fault), 0);
	ck_assert_int_eq(decode_sddl(file, true, &fault), -ENOTSUP);
	ck_assert_int_eq(decode_sddl(directory, true, &fault), 0);
	ck_assert_int_eq(decode_sddl(directory, false, &fault), -ENOTSUP);
}
END_TEST

START_TEST(what_is_no_descriptor_is_told)
{
	struct posix_security security = {.mode = 0640};
	struct posix_security_made made;
	struct bkup_fault fault;
	struct bytes sd = {0};

	ck_assert_int_eq(posix_security_encode(&security, &sd), 0);
	for (size_t size = 0; size < sd.size; size++) {
		fault = (struct bkup_fault){0};
		ck_assert_int_eq(posix_security_decode(sd.data, size, false,
						       &made, &fault),
				 -EBADMSG);
		ck_assert_ptr_nonnull(fault.what);
	}
	bytes_done(&sd);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		modes_are_shown_as_samba_shows_them,
		what_the_mask_takes_away_is_noted,
		default_acls_are_inherited_only,
		whatever_a_file_has_comes_back,
		an_acl_that_says_the_mode_is_as_good_as_none,
		what_contradicts_the_acl_is_stale,
		what_is_no_acl_is_refused,
		an_acl_that_is_cut_off_is_refused,
		what_no_file_has_is_refused,
		acls_too_long_for_a_dacl_are_refused,
		what_mode_and_acls_cannot_say_is_told,
		rights_of_files_are_none_of_directories,
		what_is_no_descriptor_is_told,
	};

	return unit_main("posix_security", tests, N_ELEMENTS(tests), 120);
}
