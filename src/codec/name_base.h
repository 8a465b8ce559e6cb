/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of a child name that says the id, and marks that stand in it. */
#ifndef CODEC_NAME_BASE_H
#define CODEC_NAME_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAME_BASE_SIZE = 32, /* holds any base and its NUL */
	/* `%~` and 32 hexadecimal digits: how a cut name ends. */
	NAME_CUT_SIZE = 34,
	NAME_DATA_TYPE_UNITS = 6, /* of `:$DATA` */
};

/* Writes the base of an id and a NUL. Returns: its length. */
size_t name_base_format(uint32_t id, char *ret_base);

/*
 * The id whose base begins a child name: all of it, or up to a `:` or `%`. It
 * takes more than name_base_format gives: the caller is to format it again.
 *
 * Returns: the length of the base, or -EINVAL.
 */
int name_base_parse(const char *child, uint32_t *ret_id);

/* Whether text is a decimal number from 2, without leading zeros. */
bool name_is_ordinal(const char *text);

#endif
