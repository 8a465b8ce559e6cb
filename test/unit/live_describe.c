/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_operations.h"

#include "util/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { LATE = 1262304000 /* 2010 */, CONTENT_SIZE = 1 << 19, SHORT = 64 };

static const char *const names[] = {"f", "g", "h", "h2", "l", "d", "s"};

/* All of it where it is short, else a hash. */
static void print_bytes(FILE *out, const char *bytes, ssize_t size)
{
	if (size > SHORT)
		fprintf(out, "%zd bytes, %jx\n", size,
			(uintmax_t)table_hash(bytes, size));
	else
		fprintf(out, "'%.*s'\n", size < 0 ? 0 : (int)size, bytes);
}

static void describe_content(FILE *out, const char *path, const char *name)
{
	static char bytes[CONTENT_SIZE];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	close(fd);
	fprintf(out, "%s data ", name);
	print_bytes(out, bytes, n);
}

static void describe_xattrs(FILE *out, const char *path, const char *name)
{
	char list[1024], value[1024];
	ssize_t size = llistxattr(path, list, sizeof(list));

	for (char *xattr = list; xattr < list + size;
	     xattr += strlen(xattr) + 1) {
		ssize_t n = lgetxattr(path, xattr, value, sizeof(value));

		fprintf(out, "%s %s=", name, xattr);
		print_bytes(out, value, n);
	}
}

static void describe(FILE *out, const char *path, const char *name)
{
	char target[256] = "";
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	fprintf(out, "%s mode %o %u:%u, %ju names\n", name, st.st_mode,
		st.st_uid, st.st_gid,
		S_ISDIR(st.st_mode) ? 1 : (uintmax_t)st.st_nlink);
	if (S_ISREG(st.st_mode))
		describe_content(out, path, name);
	if (S_ISLNK(st.st_mode) &&
	    readlink(path, target, sizeof(target) - 1) >= 0)
		fprintf(out, "%s -> %s\n", name, target);
	if (st.st_mtim.tv_sec < LATE)
		fprintf(out, "%s data time %ld\n", name,
			(long)st.st_mtim.tv_sec);
	describe_xattrs(out, path, name);
}

char *live_describe(const struct scene *scene)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		describe(out, scene_at(scene, names[i]), names[i]);
	fclose(out);
	return text;
}

static void show(FILE *out, struct scene *scene, const char *dir,
		 const char *name)
{
	static char bytes[CONTENT_SIZE];
	struct store_file *file;
	ssize_t n = scene_file(scene, dir, name, O_RDONLY, &file);

	fprintf(out, "%s/%s ", dir, name);
	if (n == 0) {
		n = store_file_read(file, bytes, sizeof(bytes), 0);
		store_file_close(file, O_RDONLY);
	}
	if (n < 0)
		fprintf(out, "%s\n", strerror(-(int)n));
	else
		print_bytes(out, bytes, n);
}

char *live_show(struct scene *scene)
{
	static const char *const children[] = {"data",	  "ea", "security",
					       "reparse", ":a", ":b"};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < N_ELEMENTS(names); i++)
		for (size_t j = 0; j < N_ELEMENTS(children); j++)
			show(out, scene, names[i], children[j]);
	fclose(out);
	return text;
}
