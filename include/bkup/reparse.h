/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of REPARSE_DATA ([MS-FSCC] 2.1.2): REPARSE_DATA_BUFFER, or, if
 * the highest bit of the tag is 0, REPARSE_GUID_DATA_BUFFER.
 *
 *	0	4	tag
 *	4	2	bytes of data
 *	6	2	reserved, 0
 *	8	16	GUID of the owner, only if the tag is not Microsoft's
 *		n	data
 *
 * What is in the data of those tags whose form is known, from its start:
 *
 *	NAMES, of SYMLINK (2.1.2.4) and MOUNT_POINT (2.1.2.5)
 *		0	2 2	substitute name: offset in the path, bytes
 *		4	2 2	print name
 *		8	4	flags: BKUP_REPARSE_RELATIVE; not in MOUNT_POINT
 *			n	path, UTF-16LE: both names, anywhere in it
 *	LX_SYMLINK (2.1.2.7)
 *		0	4	version, 2
 *		4	n	target, UTF-8 without a NUL
 *	NFS (2.1.2.6)
 *		0	8	type
 *		8	n	LNK: target, UTF-16LE without a NUL
 *			4 4	CHR, BLK: major and minor number
 *				FIFO, SOCK: nothing
 *	WOF_FILE, of WOF with the file provider
 *		0	4 4	version, 1; provider, 2
 *		8	4 4	its version, 1; algorithm
 *	WOF_WIM, of WOF with the WIM provider; it is not documented
 *		0	4 4	version, 1; provider, 1
 *		8	4 4	its version, 2; flags
 *		16	8	data source
 *		24	20 20	SHA-1 of the data, and of the WIM's table
 *		64	8 8 8	bytes of the data; its bytes and its offset in
 *				the WIM
 *	APPEXECLINK; it is not documented
 *		0	4	version, 3
 *		4	n	strings, UTF-16LE, each with a NUL: package,
 *				application, executable, type
 *	WCI, of WCI, WCI_1, WCI_LINK and WCI_LINK_1; it is not documented
 *		0	4 4	version, 1; 0
 *		8	16	GUID of the layer
 *		24	2 n	bytes of the name; the name, UTF-16LE
 *	DEDUP; it is not documented
 *		0	2 2	version; bytes of all this
 *		4	n	head, 20 bytes in version 0x201, 112 in 0x102
 *			16	GUID of the chunk store
 *			n	where the chunks are in it
 */
#ifndef BKUP_REPARSE_H
#define BKUP_REPARSE_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stddef.h>
#include <stdint.h>

/* The bit of tags that are Microsoft's own, and those whose data has a form. */
#define BKUP_REPARSE_MICROSOFT UINT32_C(0x80000000)
#define BKUP_REPARSE_MOUNT_POINT UINT32_C(0xa0000003)
#define BKUP_REPARSE_SYMLINK UINT32_C(0xa000000c)
#define BKUP_REPARSE_DEDUP UINT32_C(0x80000013)
#define BKUP_REPARSE_NFS UINT32_C(0x80000014)
#define BKUP_REPARSE_WOF UINT32_C(0x80000017)
#define BKUP_REPARSE_WCI UINT32_C(0x80000018)
#define BKUP_REPARSE_WCI_1 UINT32_C(0x90001018)
#define BKUP_REPARSE_APPEXECLINK UINT32_C(0x8000001b)
#define BKUP_REPARSE_LX_SYMLINK UINT32_C(0xa000001d)
#define BKUP_REPARSE_WCI_LINK UINT32_C(0xa0000027)
#define BKUP_REPARSE_WCI_LINK_1 UINT32_C(0xa0001027)

/* Flags of NAMES: the substitute name is relative. */
enum { BKUP_REPARSE_RELATIVE = 1 };

/* Types of NFS. */
#define BKUP_NFS_LNK UINT64_C(0x014b4e4c)
#define BKUP_NFS_CHR UINT64_C(0x524843)
#define BKUP_NFS_BLK UINT64_C(0x4b4c42)
#define BKUP_NFS_FIFO UINT64_C(0x4f464946)
#define BKUP_NFS_SOCK UINT64_C(0x4b434f53)

enum bkup_reparse_form {
	BKUP_REPARSE_IS_OPAQUE, /* of any other tag, and of what is not known */
	BKUP_REPARSE_IS_NAMES,
	BKUP_REPARSE_IS_LX_SYMLINK,
	BKUP_REPARSE_IS_NFS,
	BKUP_REPARSE_IS_WOF_FILE,
	BKUP_REPARSE_IS_WOF_WIM,
	BKUP_REPARSE_IS_APPEXECLINK,
	BKUP_REPARSE_IS_WCI,
	BKUP_REPARSE_IS_DEDUP,
};

/* Pointers go into the payload that was decoded; sizes are bytes. */
struct bkup_reparse {
	uint32_t tag;
	uint16_t reserved;
	uint8_t guid[16]; /* zero if the tag is Microsoft's */
	enum bkup_reparse_form form;
	union {
		struct {
			const uint8_t *data;
			size_t size;
		} opaque;
		struct {
			/* Within the path. */
			uint16_t substitute_offset, substitute_size;
			uint16_t print_offset, print_size;
			uint32_t flags;
			const uint8_t *path;
			size_t path_size;
		} names;
		struct {
			uint32_t version;
			const uint8_t *target;
			size_t target_size;
		} lx;
		struct {
			uint64_t type;
			const uint8_t *target; /* of LNK */
			size_t target_size;
			uint32_t device_major, device_minor; /* CHR, BLK */
		} nfs;
		struct {
			uint32_t version, provider_version, algorithm;
		} wof_file;
		struct {
			uint32_t version, provider_version, flags;
			uint64_t data_source;
			uint8_t data_hash[20], table_hash[20];
			uint64_t data_size, stored_size, stored_offset;
		} wof_wim;
		struct {
			uint32_t version;
			const uint8_t *strings;
			size_t strings_size;
		} appexeclink;
		struct {
			uint32_t version;
			uint8_t layer[16];
			const uint8_t *name;
			size_t name_size;
		} wci;
		struct {
			uint16_t version;
			const uint8_t *head; /* see below */
			uint8_t chunk_store[16];
			const uint8_t *chunks;
			size_t chunks_size;
		} dedup;
	};
};

/*
 * Decodes a reparse point. Data of a documented form that does not have it is
 * a fault; else it is opaque.
 *
 * Errors: -EBADMSG with a fault.
 */
BKUP_EXPORT int bkup_reparse_decode(const void *bytes, size_t size,
				    struct bkup_reparse *ret_reparse,
				    struct bkup_fault *ret_fault);

/*
 * ret_bytes: to be freed.
 * Errors: -EINVAL if the data would have more than 65535 bytes; -ENOMEM.
 */
BKUP_EXPORT int bkup_reparse_encode(const struct bkup_reparse *reparse,
				    void **ret_bytes, size_t *ret_size);

/* Bytes of the head of a version of DEDUP; 0 if its form is not known. */
BKUP_EXPORT size_t bkup_reparse_dedup_head(uint16_t version);

/*
 * The name of a tag in [MS-FSCC] 2.1.2.1, without IO_REPARSE_TAG_, or NULL;
 * and a tag by its name. Errors: -ENOENT.
 */
BKUP_EXPORT const char *bkup_reparse_tag_name(uint32_t tag);
BKUP_EXPORT int bkup_reparse_tag_find(const char *name, uint32_t *ret_tag);

#endif
