/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of EA_DATA: a list of FILE_FULL_EA_INFORMATION ([MS-FSCC]
 * 2.4.16), one after another, each at a multiple of 4 bytes:
 *
 *	0	4	offset of the next one, from the start of this one; in
 *			the last one 0, or, as NTFS stores it, what is left
 *	4	1	flags: BKUP_EA_NEED
 *	5	1	bytes of the name, without its NUL; not 0
 *	6	2	bytes of the value
 *	8		the name, a NUL, the value, padding up to the next one
 *
 * Calling sequence:
 *
 *	struct bkup_ea_list list = {.bytes = bytes, .size = size};
 *	struct bkup_ea ea;
 *	while ((rc = bkup_ea_next(&list, &ea, &fault)) == 1)
 *		...				// rc is 0 or -EBADMSG then
 */
#ifndef BKUP_EA_H
#define BKUP_EA_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	/* Who does not understand this EA must not open the file. */
	BKUP_EA_NEED = 0x80,
	/* What stands before a name. */
	BKUP_EA_HEADER_SIZE = 8,
};

/* One attribute. What a list gives points into its bytes. */
struct bkup_ea {
	uint8_t flags;
	uint8_t name_size;
	uint16_t value_size;
	const uint8_t *name; /* any bytes but NUL; no NUL need follow */
	const uint8_t *value;
	/*
	 * What stands between the value and the next one, or the end. To
	 * encode: NULL for zeros up to a multiple of 4.
	 */
	const uint8_t *padding;
	size_t padding_size;
};

/* A list that is read. Set bytes and size, the rest to zero. */
struct bkup_ea_list {
	const void *bytes;
	size_t size;
	size_t at;	  /* where the next one starts */
	bool is_at_end;	  /* the last one was given */
	bool ends_at_end; /* it has what was left as its offset, and not 0 */
};

/*
 * Reads the next attribute, and checks it. A list of 0 bytes has none.
 *
 * Returns: 1, or 0 if there is none left.
 * Errors: -EBADMSG with a fault.
 */
BKUP_EXPORT int bkup_ea_next(struct bkup_ea_list *list, struct bkup_ea *ret_ea,
			     struct bkup_fault *ret_fault);

/*
 * Puts a list together as BackupRead gives it, if nothing else is asked for.
 *
 * ends_at_end: the last one gets what is left as its offset, and not 0.
 * ret_bytes: to be freed.
 * Errors: -EINVAL for a name that is empty or holds a NUL, or padding after
 * which the next one would not be at a multiple of 4; -ENOMEM.
 */
BKUP_EXPORT int bkup_ea_encode(const struct bkup_ea *eas, size_t count,
			       bool ends_at_end, void **ret_bytes,
			       size_t *ret_size);

#endif
