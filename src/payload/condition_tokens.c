/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/condition_tokens.h"

const struct condition_word condition_unary[] = {
	{"Exists", TOKEN_EXISTS},
	{"Not_Exists", 0x8d},
	{"Member_of", 0x89},
	{"Device_Member_of", 0x8a},
	{"Member_of_Any", 0x8b},
	{"Device_Member_of_Any", 0x8c},
	{"Not_Member_of", 0x90},
	{"Not_Device_Member_of", 0x91},
	{"Not_Member_of_Any", 0x92},
	{"Not_Device_Member_of_Any", 0x93},
	{NULL, 0},
};

const struct condition_word condition_binary[] = {
	{"==", 0x80},	      {"!=", 0x81},	{"<=", 0x83},
	{"<", 0x82},	      {">=", 0x85},	{">", 0x84},
	{"Contains", 0x86},   {"Any_of", 0x88}, {"Not_Contains", 0x8e},
	{"Not_Any_of", 0x8f}, {NULL, 0},
};

const struct condition_word condition_attributes[] = {
	{"", TOKEN_LOCAL},  {"@User.", 0xf9}, {"@Resource.", 0xfa},
	{"@Device.", 0xfb}, {NULL, 0},
};

const char *condition_word(const struct condition_word *table, uint8_t token)
{
	for (; table->word; table++) {
		if (table->token == token)
			return table->word;
	}
	return NULL;
}
