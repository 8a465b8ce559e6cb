/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child names: the file names under which the streams of an object are shown,
 * in a mount and by the tool. A child name and (id, raw name, ordinal) stand
 * for each other, one to one; only a name too long to be a file name is
 * shortened, and can then be found but not made.
 *
 *	id                       base            raw name          child
 *	1 DATA                   data
 *	2 EA_DATA                ea
 *	3 SECURITY_DATA          security
 *	4 ALTERNATE_DATA         (empty)         :x:$DATA          :x
 *	                                         :x:$INDEX         :x:$INDEX
 *	                                         :x:y:$DATA        :x:y:$DATA
 *	                                         :x                %3Ax
 *	                                         x:$DATA           %78:$DATA
 *	                                         (empty)           %
 *	5 LINK                   link
 *	6 PROPERTY_DATA          property
 *	7 OBJECT_ID              object_id
 *	8 REPARSE_DATA           reparse
 *	9 SPARSE_BLOCK           sparse_block
 *	10 TXFS_DATA             txfs
 *	11 GHOSTED_FILE_EXTENTS  ghosted_extents
 *	any other                id_0000000c     (empty)           id_0000000c
 *	                                         :x:$DATA          id_0000000c:x
 *
 * - The suffix after the base is made of the raw name: `:$DATA` is left off
 *   where the name is a colon, a part without a colon, and `:$DATA`. A raw
 *   name that does not start with a colon, or has no second one, has its
 *   first character escaped. An empty raw name adds nothing, but for id 4,
 *   whose child is then `%`.
 * - The text is UTF-8. Escaped are `/` `%` and NUL (`%2F` `%25` `%00`),
 *   unpaired surrogates (`%uD800`), a last `~` (`%7E`), and the `#` of a name
 *   that ends as an ordinal does (`%23`). Hexadecimal digits are upper case.
 * - The second stream of an id and raw name is `CHILD#2`, and so on: a decimal
 *   ordinal without leading zeros, from 2.
 * - A child that would be longer than BKUP_CHILD_BASE_MAX bytes is cut, at a
 *   character, to what leaves room for `%~` and 32 hexadecimal digits: the
 *   XXH3-128 of its raw name.
 */
#ifndef BKUP_NAME_H
#define BKUP_NAME_H

#include <bkup/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* The longest child name before its ordinal, in bytes. */
	BKUP_CHILD_BASE_MAX = 1000,
	/* A buffer of this size holds any child name and its NUL. */
	BKUP_CHILD_SIZE = 1024,
};

/* What a child name stands for. */
struct bkup_name {
	uint32_t id;
	uint32_t ordinal; /* 1 for the first of its id and raw name */
	size_t raw_size;  /* bytes of raw, even */
	uint8_t *raw;	  /* UTF-16LE; malloc'ed, NULL if raw_size is 0 */
};

/*
 * Formats the child name of a stream.
 *
 * raw, raw_size: the header's name, UTF-16LE, an even number of bytes.
 * ordinal: 1 or more.
 * ret_child: BKUP_CHILD_SIZE bytes; gets the name and a NUL.
 * Returns: the length of the name, without its NUL.
 */
BKUP_EXPORT size_t bkup_name_format(uint32_t id, const uint8_t *raw,
				    size_t raw_size, uint32_t ordinal,
				    char *ret_child);

/*
 * Parses a child name. Only names that bkup_name_format gives are taken, so
 * that a stream has one name.
 *
 * ret_name: to be given to bkup_name_done.
 * Errors: -EINVAL for a name that is no stream's (scratch names are not);
 * -ENAMETOOLONG for one that was cut, and so cannot be turned back, or that is
 * longer than BKUP_CHILD_BASE_MAX and an ordinal.
 */
BKUP_EXPORT int bkup_name_parse(const char *child, struct bkup_name *ret_name);

/* Frees what bkup_name_parse allocated; name itself is the caller's. */
BKUP_EXPORT void bkup_name_done(struct bkup_name *name);

/*
 * Whether a name is that of a scratch file and so never a stream's: it begins
 * with `.`, ends with `~`, or is `sed` and six more characters.
 */
BKUP_EXPORT bool bkup_name_is_scratch(const char *child);

#endif
