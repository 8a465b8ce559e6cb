/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of digests, and what it says. One JSON object a line:
 *
 *	{"bkup_digests": 1}
 *	{"file": PATH, "name": NAME, "size": S, "xxh3": 16 digits}
 *		"bytes": HEX	the path, if it is no UTF-8
 */
#ifndef BKUP_TOOL_DIGEST_LIST_H
#define BKUP_TOOL_DIGEST_LIST_H

#include "bkup/json_lines.h"
#include "util/table.h"

#include <stdio.h>

struct digest_entry {
	struct table_link link;
	uint64_t size, hash;
	bool seen;
	const char *name; /* behind the file's path */
	char file[];
};

struct digest_list {
	struct table entries;
};

void digest_list_init(struct digest_list *list);
void digest_list_done(struct digest_list *list);

/*
 * Reads a file of digests.
 *
 * Errors: -EBADMSG, with a fault; -ENOMEM; those of reading.
 */
int digest_list_read(struct digest_list *list, FILE *file,
		     struct json_fault *ret_fault);

/* What is said of a stream, or NULL. */
struct digest_entry *digest_list_find(const struct digest_list *list,
				      const char *file, const char *name);

/* The entries that were not seen, sorted; malloc'ed, NULL without memory. */
struct digest_entry **digest_list_unseen(struct digest_list *list,
					 size_t *ret_count);

/* Writes a line, the first one if file is NULL. Errors: -ENOMEM. */
int digest_list_write(FILE *stream, const char *file, const char *name,
		      uint64_t size, uint64_t hash);

#endif
