/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text_ea.h"

#include "util/le.h"

#include <errno.h>

static void put_u32(struct json_out *out, const uint8_t *value)
{
	json_put_number(out, "u32", le32_get(value));
}

static void put_mode(struct json_out *out, const uint8_t *value)
{
	json_put_octal(out, "mode", le32_get(value));
}

static void put_device(struct json_out *out, const uint8_t *value)
{
	json_put_number(out, "major", le32_get(value));
	json_put_number(out, "minor", le32_get(value + 4));
}

static const struct {
	const char *name;
	size_t size; /* of the value */
	void (*put)(struct json_out *out, const uint8_t *value);
} known[] = {
	{"$LXUID", 4, put_u32},
	{"$LXGID", 4, put_u32},
	{"$LXMOD", 4, put_mode},
	{"$LXDEV", 8, put_device},
};

enum { KNOWN = sizeof(known) / sizeof(known[0]) };

void text_put_ea_value(struct json_out *out, const struct bkup_ea *ea)
{
	size_t i = 0;

	while (i < KNOWN &&
	       (ea->value_size != known[i].size ||
		ea->name_size != strlen(known[i].name) ||
		memcmp(ea->name, known[i].name, ea->name_size) != 0))
		i++;
	if (i == KNOWN) {
		json_put_utf8(out, "value", ea->value, ea->value_size);
		return;
	}
	json_open_line(out, "value");
	known[i].put(out, ea->value);
	json_close_line(out);
}

struct value {
	struct bytes *bytes;
	uint32_t first, second;
};

static int read_hex(struct scan *scan, void *target)
{
	return json_read_digits(scan, ((struct value *)target)->bytes);
}

static int read_u32(struct scan *scan, uint32_t *ret_value)
{
	uint64_t value;
	int rc = json_read_number(scan, UINT32_MAX, &value);

	if (rc == 0)
		*ret_value = value;
	return rc;
}

static int read_first(struct scan *scan, void *target)
{
	return read_u32(scan, &((struct value *)target)->first);
}

static int read_second(struct scan *scan, void *target)
{
	return read_u32(scan, &((struct value *)target)->second);
}

static int read_mode(struct scan *scan, void *target)
{
	return json_read_octal(scan, &((struct value *)target)->first);
}

enum { HEX, U32, MODE, MAJOR, MINOR, FORMS };

static int read_form(struct scan *scan, struct bytes *bytes)
{
	static const struct json_key keys[FORMS] = {
		[HEX] = {"hex", read_hex, NULL, 0},
		[U32] = {"u32", read_first, NULL, 0},
		[MODE] = {"mode", read_mode, NULL, 0},
		[MAJOR] = {"major", read_first, NULL, 0},
		[MINOR] = {"minor", read_second, NULL, 0},
	};
	struct value value = {.bytes = bytes};
	size_t at[FORMS], start = scan->at, count = 0;
	int rc = json_read_object(scan, keys, FORMS, &value, at);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < FORMS; i++)
		count += at[i] != SIZE_MAX;
	if (count == 2 && at[MAJOR] != SIZE_MAX && at[MINOR] != SIZE_MAX) {
		bytes_add_u32(bytes, value.first);
		bytes_add_u32(bytes, value.second);
		return 0;
	}
	if (count != 1 || at[MAJOR] != SIZE_MAX || at[MINOR] != SIZE_MAX)
		return scan_fail_at(scan, start,
				    "this must have one of 'hex', 'u32', "
				    "'mode', or 'major' and 'minor'");
	if (at[HEX] == SIZE_MAX)
		bytes_add_u32(bytes, value.first);
	return 0;
}

int text_read_ea_value(struct scan *scan, struct bytes *value)
{
	if (scan_peek(scan) == '{')
		return read_form(scan, value);
	return json_read_string(scan, value);
}
