/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/json_out.h"

#include "payload/guid.h"
#include "text/plain.h"

#include <inttypes.h>

static void begin_line(struct json_out *out)
{
	bytes_add_text(&out->bytes, "\n");
	for (unsigned int i = 0; i < out->depth; i++)
		bytes_add_text(&out->bytes, "  ");
}

/* What stands before a value. */
static void begin_value(struct json_out *out, const char *key)
{
	if (out->begun)
		bytes_add_text(&out->bytes, out->flat ? ", " : ",");
	out->begun = true;
	if (out->depth && !out->flat)
		begin_line(out);
	if (key)
		bytes_print(&out->bytes, "\"%s\": ", key);
}

void json_open(struct json_out *out, const char *key, char bracket)
{
	begin_value(out, key);
	bytes_add_u8(&out->bytes, bracket);
	out->depth++;
	out->begun = false;
}

void json_close(struct json_out *out, char bracket)
{
	out->depth--;
	if (out->begun && !out->flat)
		begin_line(out);
	bytes_add_u8(&out->bytes, bracket);
	out->begun = true;
}

void json_open_line(struct json_out *out, const char *key)
{
	json_open(out, key, '{');
	out->flat = true;
}

void json_close_line(struct json_out *out)
{
	json_close(out, '}');
	out->flat = false;
}

void json_put_bool(struct json_out *out, const char *key, bool value)
{
	begin_value(out, key);
	bytes_add_text(&out->bytes, value ? "true" : "false");
}

void json_put_number(struct json_out *out, const char *key, uint64_t value)
{
	begin_value(out, key);
	bytes_print(&out->bytes, "%" PRIu64, value);
}

void json_put_word(struct json_out *out, const char *key, const char *word)
{
	begin_value(out, key);
	bytes_print(&out->bytes, "\"%s\"", word);
}

void json_put_bits(struct json_out *out, const char *key, uint32_t value)
{
	begin_value(out, key);
	bytes_print(&out->bytes, "\"0x%08" PRIx32 "\"", value);
}

void json_put_octal(struct json_out *out, const char *key, uint32_t value)
{
	begin_value(out, key);
	bytes_print(&out->bytes, "\"0%" PRIo32 "\"", value);
}

void json_put_guid(struct json_out *out, const char *key,
		   const uint8_t guid[16])
{
	begin_value(out, key);
	bytes_add_text(&out->bytes, "\"");
	guid_format(guid, &out->bytes);
	bytes_add_text(&out->bytes, "\"");
}

void json_put_hex(struct json_out *out, const char *key, const uint8_t *bytes,
		  size_t size)
{
	static const char digits[] = "0123456789abcdef";

	begin_value(out, key);
	bytes_add_text(&out->bytes, "{\"hex\": \"");
	for (size_t i = 0; i < size; i++) {
		bytes_add_u8(&out->bytes, digits[bytes[i] >> 4]);
		bytes_add_u8(&out->bytes, digits[bytes[i] & 0xf]);
	}
	bytes_add_text(&out->bytes, "\"}");
}

static void put_character(struct bytes *text, uint32_t code)
{
	char utf8[UTF8_MAX];

	if (code == '"' || code == '\\')
		bytes_add_u8(text, '\\');
	if (plain_is_hidden(code))
		bytes_print(text, "\\u%04" PRIx32, code);
	else
		bytes_add(text, utf8, utf8_put(code, utf8));
}

void json_put_utf8(struct json_out *out, const char *key, const uint8_t *bytes,
		   size_t size)
{
	if (!plain_utf8(bytes, size)) {
		json_put_hex(out, key, bytes, size);
		return;
	}
	begin_value(out, key);
	bytes_add_text(&out->bytes, "\"");
	for (size_t at = 0; at < size;) {
		uint32_t code = 0;

		at += plain_next(bytes + at, size - at, &code);
		put_character(&out->bytes, code);
	}
	bytes_add_text(&out->bytes, "\"");
}

void json_put_utf16(struct json_out *out, const char *key, const uint8_t *bytes,
		    size_t size)
{
	if (!plain_utf16(bytes, size)) {
		json_put_hex(out, key, bytes, size);
		return;
	}
	begin_value(out, key);
	bytes_add_text(&out->bytes, "\"");
	for (size_t at = 0; at < size;) {
		uint32_t code;

		at += 2 * utf16_get(bytes + at, (size - at) / 2, &code);
		put_character(&out->bytes, code);
	}
	bytes_add_text(&out->bytes, "\"");
}

int json_take(struct json_out *out, char **ret_text, size_t *ret_size)
{
	int rc;

	bytes_add_text(&out->bytes, "\n");
	rc = bytes_take(&out->bytes, ret_text, ret_size);
	bytes_done(&out->bytes);
	return rc;
}
