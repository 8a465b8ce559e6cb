/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/json.h"

#include "bkup/message.h"
#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/*
 * How many bytes of text are one character of UTF-8, at most left; 0 if they
 * are none. jansson has the last word on what is one.
 */
static size_t character_length(const char *text, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++) {
		json_t *one = json_stringn(text, n);

		json_decref(one);
		if (one)
			return n;
	}
	return 0;
}

/* Copies text to to, which has three bytes of room for each of text's. */
static void replace_invalid(const char *text, char *to)
{
	size_t left = strlen(text);

	while (left) {
		size_t n = character_length(text, left);

		if (n)
			to = mempcpy(to, text, n);
		else
			to = stpcpy(to, replacement);
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	*to = '\0';
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	cleanup_free char *valid = NULL;

	if (string)
		return string;
	valid = malloc(3 * strlen(text) + 1);
	if (!valid)
		return NULL;
	replace_invalid(text, valid);
	return json_string(valid);
}

int json_line(json_t *object)
{
	if (!object)
		return -ENOMEM;
	json_dumpf(object, stdout, 0);
	json_decref(object);
	putchar('\n');
	return stdout_error();
}
