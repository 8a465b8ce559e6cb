/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings of JSON, and what stands in them. */
#include "text/json_in.h"

#include "text/plain.h"
#include "util/le.h"

#include <errno.h>
#include <string.h>

static void add_code(struct bytes *text, uint32_t code)
{
	char utf8[UTF8_MAX];

	bytes_add(text, utf8, utf8_put(code, utf8));
}

bool json_text_is(const struct bytes *text, const char *word)
{
	return text->size == strlen(word) &&
	       (text->size == 0 || memcmp(text->data, word, text->size) == 0);
}

/* What stands behind `\u`. */
static int read_unit(struct scan *scan, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = json_digit(scan_peek(scan));

		if (digit < 0)
			return scan_fail(scan,
					 "four hexadecimal digits are missing");
		unit = unit << 4 | digit;
		scan->at++;
	}
	*ret_unit = unit;
	return 0;
}

static int read_unicode(struct scan *scan, size_t start, struct bytes *text)
{
	static const char half[] = "half of a surrogate pair is no text: "
				   "write {\"hex\": ...} instead";
	uint32_t high = 0, low = 0, code;
	uint8_t units[4];

	if (read_unit(scan, &high) < 0)
		return -EINVAL;
	if (!utf16_is_high(high) && !utf16_is_low(high)) {
		add_code(text, high);
		return 0;
	}
	if (utf16_is_low(high) || !scan_take(scan, "\\u"))
		return scan_fail_at(scan, start, half);
	if (read_unit(scan, &low) < 0)
		return -EINVAL;
	if (!utf16_is_low(low))
		return scan_fail_at(scan, start, half);
	le16_put(units, high);
	le16_put(units + 2, low);
	utf16_get(units, 2, &code);
	add_code(text, code);
	return 0;
}

/* What stands behind a backslash. */
static int read_escape(struct scan *scan, struct bytes *text)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t start = scan->at - 1;
	char c = scan_peek(scan);
	const char *at = c ? strchr(from, c) : NULL;

	if (!at && c != 'u')
		return scan_fail_at(scan, start, "this is no escape of JSON");
	scan->at++;
	if (c == 'u')
		return read_unicode(scan, start, text);
	bytes_add_u8(text, to[at - from]);
	return 0;
}

/* One character, which is neither a quote nor an escape. */
static int read_character(struct scan *scan, struct bytes *text)
{
	const uint8_t *at = (const uint8_t *)scan->text + scan->at;
	uint32_t code;
	size_t size = plain_next(at, scan->size - scan->at, &code);

	if (*at < ' ')
		return scan_fail(scan, "a control character must be escaped");
	if (size == 0)
		return scan_fail(scan, "this is no UTF-8");
	bytes_add(text, at, size);
	scan->at += size;
	return 0;
}

int json_quote(struct scan *scan, const char *what)
{
	if (scan_peek(scan) != '"')
		return scan_fail(scan, what);
	scan->at++;
	return 0;
}

int json_read_string(struct scan *scan, struct bytes *text)
{
	int rc = json_quote(scan, "a string is missing");

	while (rc == 0 && scan_peek(scan) != '"') {
		if (scan_at_end(scan))
			return scan_fail(scan, "the string does not end");
		if (scan_peek(scan) != '\\') {
			rc = read_character(scan, text);
			continue;
		}
		scan->at++;
		rc = read_escape(scan, text);
	}
	return rc < 0 ? rc : json_quote(scan, "the string does not end");
}

int json_read_word(struct scan *scan, const char *const *words, size_t count,
		   const char *what, size_t *ret_index)
{
	size_t start = scan->at;
	struct bytes text = {0};
	int rc = json_read_string(scan, &text);
	size_t i = 0;

	if (rc == 0)
		rc = text.error;
	while (rc == 0 && i < count && !json_text_is(&text, words[i]))
		i++;
	bytes_done(&text);
	if (rc < 0)
		return rc;
	if (i == count)
		return scan_fail_at(scan, start, what);
	*ret_index = i;
	return 0;
}
