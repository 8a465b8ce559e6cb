/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON that is read as it is expected to be, so that each fault has its
 * offset. Each function passes over one value, and returns 0, or -EINVAL with
 * the fault in scan, or -ENOMEM. Nothing nests deeper than who calls does.
 */
#ifndef TEXT_JSON_IN_H
#define TEXT_JSON_IN_H

#include "payload/scan.h"
#include "util/bytes.h"

/* A key that an object may have. */
struct json_key {
	const char *name;
	/* Reads the value. */
	int (*read)(struct scan *scan, void *target);
	/* What is wrong if it is not there; NULL if it need not be. */
	const char *missing;
	/* Of read's target in the one that json_read_object was given. */
	size_t offset;
};

/*
 * Reads an object: unknown keys, and those that stand there twice, are faults.
 *
 * ret_at: the offsets of count keys, SIZE_MAX if it is not there; or NULL.
 */
int json_read_object(struct scan *scan, const struct json_key *keys,
		     size_t count, void *target, size_t *ret_at);

/* Reads an array; read is called for each of its values. */
int json_read_array(struct scan *scan,
		    int (*read)(struct scan *scan, void *target), void *target);

int json_read_bool(struct scan *scan, bool *ret_value);
/* max: the largest that it may be. */
int json_read_number(struct scan *scan, uint64_t max, uint64_t *ret_value);
/* The text of a string is added, in UTF-8. */
int json_read_string(struct scan *scan, struct bytes *text);

/* Whether that is what was read. */
bool json_text_is(const struct bytes *text, const char *word);

/* What json_put_word wrote; its index. what: the fault if it is none. */
int json_read_word(struct scan *scan, const char *const *words, size_t count,
		   const char *what, size_t *ret_index);
int json_read_bits(struct scan *scan, uint32_t *ret_value);
/* The same in octal. */
int json_read_octal(struct scan *scan, uint32_t *ret_value);
int json_read_guid(struct scan *scan, uint8_t ret_guid[16]);

/* The digits of hex; the bytes are added. */
int json_read_digits(struct scan *scan, struct bytes *bytes);
/* What json_put_hex, _utf8 and _utf16 wrote; the bytes are added. */
int json_read_hex(struct scan *scan, struct bytes *bytes);
int json_read_utf8(struct scan *scan, struct bytes *bytes);
int json_read_utf16(struct scan *scan, struct bytes *bytes);

/* Passes over a quote. what: the fault if there is none. */
int json_quote(struct scan *scan, const char *what);
/* What a hexadecimal digit stands for; -1 if it is none. */
int json_digit(char c);

/* Nothing but space is left. */
int json_read_end(struct scan *scan);

#endif
