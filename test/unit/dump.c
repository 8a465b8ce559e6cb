/* SPDX-License-Identifier: BSD-2-Clause */
#include "dump.h"

#include "util/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATE = 1262304000 /* 2010 */, CONTENT_SIZE = 1 << 21 };

struct dump {
	struct scene *scene;
	FILE *out;
};

static void dump_directory(struct dump *dump, const char *path,
			   enum store_kind kind);

/* An assertion of Check's that holds makes a system call, for each time. */
static void expect(bool is, const char *what, const char *of)
{
	if (!is)
		ck_abort_msg("cannot %s '%s'", what, of);
}

/* The names, in order: listings have none. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dump_xattrs(struct dump *dump, const char *path,
			enum store_kind kind)
{
	struct store *store = dump->scene->store;
	char list[1024], value[1024];
	ssize_t size =
		store_listxattr(store, path, kind, true, list, sizeof(list));

	expect(size >= 0 || size == -EBADMSG || size == -EOPNOTSUPP,
	       "listxattr", path);
	for (char *name = list; name < list + size; name += strlen(name) + 1) {
		ssize_t n = store_getxattr(store, path, kind, name, value,
					   sizeof(value));

		expect(n >= 0, "getxattr", path);
		fprintf(dump->out, " %s=%.*s", name, (int)n, value);
	}
}

/* All of it where it is short, else its size and a hash. */
static void dump_content(struct dump *dump, const char *dir,
			 enum store_kind kind, const char *name)
{
	static char bytes[CONTENT_SIZE];
	struct store_file *file;
	ssize_t n;
	int rc = store_file_open(dump->scene->store, dir, kind, name, O_RDONLY,
				 0, (struct store_caller){0}, &file);

	expect(rc == 0, "open", name);
	n = store_file_read(file, bytes, sizeof(bytes), 0);
	expect(n >= 0, "read", name);
	store_file_close(file, O_RDONLY);
	if (n < 40)
		fprintf(dump->out, " '%.*s'", (int)n, bytes);
	else
		fprintf(dump->out, " %zd bytes, %jx", n,
			(uintmax_t)table_hash(bytes, n));
}

static void dump_link(struct dump *dump, const char *path, enum store_kind kind)
{
	char target[256];
	ssize_t n = store_readlink(dump->scene->store, path, kind, target,
				   sizeof(target));

	expect(n >= 0, "readlink", path);
	fprintf(dump->out, " -> %.*s", (int)n, target);
}

static void dump_entry(struct dump *dump, const char *dir, enum store_kind kind,
		       const char *name)
{
	struct store_entry entry;
	char path[PATH_MAX];
	int rc = store_lookup(dump->scene->store, dir, kind, name, &entry);

	expect(rc == 0, "lookup", name);
	snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name);
	fprintf(dump->out, "%d %s %o %u:%u", entry.kind, path, entry.st.st_mode,
		entry.st.st_uid, entry.st.st_gid);
	if (entry.st.st_mtim.tv_sec < LATE)
		fprintf(dump->out, " %ld", (long)entry.st.st_mtim.tv_sec);
	if (S_ISLNK(entry.st.st_mode))
		dump_link(dump, path, entry.kind);
	else
		dump_xattrs(dump, path, entry.kind);
	if (S_ISREG(entry.st.st_mode))
		dump_content(dump, dir, kind, name);
	fputc('\n', dump->out);
	if (S_ISDIR(entry.st.st_mode))
		dump_directory(dump, path, entry.kind);
}

static void dump_directory(struct dump *dump, const char *path,
			   enum store_kind kind)
{
	struct store_listing *listing;
	const char *names[64] = {NULL};
	size_t count;
	int rc = store_list(dump->scene->store, path, kind, &listing);

	if (rc == -EBADMSG) {
		fprintf(dump->out, "  broken\n");
		return;
	}
	expect(rc == 0, "list", path);
	count = store_listing_count(listing);
	expect(count <= N_ELEMENTS(names), "list", path);
	for (size_t i = 0; i < count; i++)
		names[i] = store_listing_at(listing, i).name;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++)
		dump_entry(dump, path, kind, names[i]);
	store_listing_free(listing);
}

char *dump_store(struct scene *scene)
{
	struct dump dump = {.scene = scene};
	char *text;
	size_t size;

	dump.out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(dump.out);
	dump_directory(&dump, "", STORE_DIRECTORY);
	fclose(dump.out);
	return text;
}

const char *dump_difference(const char *dump, const char *other)
{
	static char lines[4096];
	size_t used = 0;

	*lines = '\0';
	for (const char *end; *dump; dump = end) {
		char line[1024];

		end = strchr(dump, '\n') + 1;
		snprintf(line, sizeof(line), "%.*s", (int)(end - dump), dump);
		if (!strstr(other, line) && used < sizeof(lines))
			used += snprintf(lines + used, sizeof(lines) - used,
					 "%s", line);
	}
	return lines;
}
