/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/reparse.h>

#include <errno.h>
#include <string.h>

/* [MS-FSCC] 2.1.2.1, and DATALESS_CIM of winnt.h. */
static const struct {
	uint32_t tag;
	const char *name;
} tags[] = {
	{0x00000000, "RESERVED_ZERO"},
	{0x00000001, "RESERVED_ONE"},
	{0x00000002, "RESERVED_TWO"},
	{0xa0000003, "MOUNT_POINT"},
	{0xc0000004, "HSM"},
	{0x80000005, "DRIVE_EXTENDER"},
	{0x80000006, "HSM2"},
	{0x80000007, "SIS"},
	{0x80000008, "WIM"},
	{0x80000009, "CSV"},
	{0x8000000a, "DFS"},
	{0x8000000b, "FILTER_MANAGER"},
	{0xa000000c, "SYMLINK"},
	{0xa0000010, "IIS_CACHE"},
	{0x80000012, "DFSR"},
	{0x80000013, "DEDUP"},
	{0xc0000014, "APPXSTRM"},
	{0x80000014, "NFS"},
	{0x80000015, "FILE_PLACEHOLDER"},
	{0x80000016, "DFM"},
	{0x80000017, "WOF"},
	{0x80000018, "WCI"},
	{0x90001018, "WCI_1"},
	{0xa0000019, "GLOBAL_REPARSE"},
	{0x9000001a, "CLOUD"},
	{0x9000101a, "CLOUD_1"},
	{0x9000201a, "CLOUD_2"},
	{0x9000301a, "CLOUD_3"},
	{0x9000401a, "CLOUD_4"},
	{0x9000501a, "CLOUD_5"},
	{0x9000601a, "CLOUD_6"},
	{0x9000701a, "CLOUD_7"},
	{0x9000801a, "CLOUD_8"},
	{0x9000901a, "CLOUD_9"},
	{0x9000a01a, "CLOUD_A"},
	{0x9000b01a, "CLOUD_B"},
	{0x9000c01a, "CLOUD_C"},
	{0x9000d01a, "CLOUD_D"},
	{0x9000e01a, "CLOUD_E"},
	{0x9000f01a, "CLOUD_F"},
	{0x8000001b, "APPEXECLINK"},
	{0x9000001c, "PROJFS"},
	{0xa000001d, "LX_SYMLINK"},
	{0x8000001e, "STORAGE_SYNC"},
	{0x90000027, "STORAGE_SYNC_FOLDER"},
	{0xa000001f, "WCI_TOMBSTONE"},
	{0x80000020, "UNHANDLED"},
	{0x80000021, "ONEDRIVE"},
	{0xa0000022, "PROJFS_TOMBSTONE"},
	{0x80000023, "AF_UNIX"},
	{0x80000024, "LX_FIFO"},
	{0x80000025, "LX_CHR"},
	{0x80000026, "LX_BLK"},
	{0xa0000027, "WCI_LINK"},
	{0xa0001027, "WCI_LINK_1"},
	{0xa0000028, "DATALESS_CIM"},
};

enum { TAGS = sizeof(tags) / sizeof(tags[0]) };

const char *bkup_reparse_tag_name(uint32_t tag)
{
	for (size_t i = 0; i < TAGS; i++)
		if (tags[i].tag == tag)
			return tags[i].name;
	return NULL;
}

int bkup_reparse_tag_find(const char *name, uint32_t *ret_tag)
{
	for (size_t i = 0; i < TAGS; i++) {
		if (strcmp(tags[i].name, name) == 0) {
			*ret_tag = tags[i].tag;
			return 0;
		}
	}
	return -ENOENT;
}
