/* SPDX-License-Identifier: BSD-2-Clause */
/* The tokens of conditional expressions, see condition.h. */
#ifndef PAYLOAD_CONDITION_TOKENS_H
#define PAYLOAD_CONDITION_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONDITION_MAGIC "artx"

enum {
	CONDITION_MAGIC_SIZE = 4,
	CONDITION_DEPTH_MAX =
		200, /* of what is nested; nobody writes so much */
	INTEGER_SIZE = 10,

	TOKEN_PADDING = 0x00,
	TOKEN_INT8 = 0x01,
	TOKEN_INT64 = 0x04,
	TOKEN_STRING = 0x10,
	TOKEN_OCTETS = 0x18,
	TOKEN_COMPOSITE = 0x50,
	TOKEN_SID = 0x51,
	TOKEN_EXISTS = 0x87,
	TOKEN_AND = 0xa0,
	TOKEN_OR = 0xa1,
	TOKEN_NOT = 0xa2,
	TOKEN_LOCAL = 0xf8,

	SIGN_PLUS = 1,
	SIGN_MINUS = 2,
	SIGN_NONE = 3,
	BASE_OCTAL = 1,
	BASE_DECIMAL = 2,
	BASE_HEXADECIMAL = 3,
};

/* Operators that stand before or between operands, and kinds of attributes. */
struct condition_word {
	const char *word;
	uint8_t token;
};

/* The tables end with NULL. A longer word comes before one that begins it. */
extern const struct condition_word condition_unary[];
extern const struct condition_word condition_binary[];
extern const struct condition_word condition_attributes[];

/* The word of a token in a table, or NULL. */
const char *condition_word(const struct condition_word *table, uint8_t token);

/* Whether a word is no local name: an operator, or what begins a literal. */
bool condition_is_operator(const char *text, size_t length);

#endif
