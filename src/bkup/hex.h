/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as hexadecimal digits, lower case. */
#ifndef BKUP_TOOL_HEX_H
#define BKUP_TOOL_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Returns: malloc'ed text, NULL if memory ran out. */
char *hex_format(const void *bytes, size_t size);

/*
 * ret_bytes: malloc'ed, also if there are none.
 * Errors: -EINVAL for what is not whole bytes of digits; -ENOMEM.
 */
int hex_parse(const char *text, uint8_t **ret_bytes, size_t *ret_size);

#endif
