/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/json_lines.h"

#include "util/cleanup.h"

#include <errno.h>
#include <string.h>

/* Longer than any line that is written: a name of 64 KiB, and escapes. */
enum { LINE_SIZE = 1 << 18 };

int json_wrong(struct json_fault *fault, const char *what)
{
	fault->what = what;
	return -EBADMSG;
}

static int take_line(const char *line, json_take *take, void *context,
		     struct json_fault *fault)
{
	/* A NUL ends it as well. */
	size_t length = strlen(line);
	json_t *object;
	int rc;

	fault->line++;
	if (!length || line[length - 1] != '\n')
		return json_wrong(fault, "a line that does not end");
	object = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	rc = json_is_object(object) ? take(context, object, fault)
				    : json_wrong(fault, "no JSON object");
	json_decref(object);
	return rc;
}

int json_lines_read(FILE *file, json_take *take, void *context,
		    struct json_fault *ret_fault)
{
	cleanup_free char *line = malloc(LINE_SIZE);
	int rc = line ? 0 : -ENOMEM;

	*ret_fault = (struct json_fault){0};
	while (rc == 0 && fgets(line, LINE_SIZE, file))
		rc = take_line(line, take, context, ret_fault);
	if (rc == 0 && ferror(file))
		rc = errno ? -errno : -EIO;
	if (rc == 0 && !ret_fault->line)
		rc = json_wrong(ret_fault, "it is empty");
	return rc;
}
