/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What there was at the end, as a file of lines, one a name: VERSION SIZE SUM
 * OBJECT/CHILD. The mount, mounted anew, and the underlying files must have
 * this and nothing else.
 */
#include "load.h"
#include "nt_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void load_write_final(const struct load *load, const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		load_fail("%s: %s", path, strerror(errno));
	for (size_t i = 0; i < load->count; i++) {
		const struct load_name *name = &load->names[i];

		fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIx64 " %s/%s\n",
			name->final.id, name->final.size, name->final.sum,
			name->object, name->child);
	}
	if (fclose(out) != 0)
		load_fail("%s: %s", path, strerror(errno));
}

void load_read_final(struct load *load, const char *path)
{
	FILE *in = fopen(path, "r");
	struct load_name name = {0};

	if (!in)
		load_fail("%s: %s", path, strerror(errno));
	while (fscanf(in, "%" SCNx64 " %" SCNu64 " %" SCNx64 " %15[^/]/%15s",
		      &name.final.id, &name.final.size, &name.final.sum,
		      name.object, name.child) == 5 &&
	       load->count < LOAD_NAMES_MAX)
		load->names[load->count++] = name;
	if (!feof(in) || !load->count)
		load_fail("%s: line %zu is wrong", path, load->count + 1);
	fclose(in);
}

/* What is found under a name must be what was there at the end. */
static void check(const struct load_name *name, const uint8_t *content,
		  size_t size)
{
	struct load_version found;
	const char *fault = load_parse(content, size, &found);

	if (fault)
		load_fail("%s/%s: %s", name->object, name->child, fault);
	if (found.id != name->final.id || found.size != name->final.size ||
	    found.sum != name->final.sum)
		load_fail("%s/%s: is %" PRIx64 " of %" PRIu64
			  " bytes, was %" PRIx64 " of %" PRIu64,
			  name->object, name->child, found.id, found.size,
			  name->final.id, name->final.size);
}

static void check_name(const struct load_name *name, const char *mount,
		       uint8_t *buffer)
{
	char path[4096];
	ssize_t n = 0;
	size_t size = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", mount, name->object,
		 name->child);
	fd = open(path, O_RDONLY);
	if (fd < 0 && errno == ENOENT && name->final.id == LOAD_ABSENT)
		return;
	if (fd < 0 || name->final.id == LOAD_ABSENT)
		load_fail("%s: %s", path,
			  fd < 0 ? strerror(errno) : "was removed");
	while ((n = read(fd, buffer + size, LOAD_CONTENT_MAX + 1 - size)) > 0)
		size += n;
	if (n < 0)
		load_fail("%s: %s", path, strerror(errno));
	close(fd);
	check(name, buffer, size);
}

/* As many entries as there should be, and each of them was looked at. */
static void check_entries(const char *path, size_t count)
{
	DIR *dir = opendir(path);
	size_t found = 0;

	if (!dir)
		load_fail("%s: %s", path, strerror(errno));
	for (struct dirent *one; (one = readdir(dir));)
		found += strcmp(one->d_name, ".") && strcmp(one->d_name, "..");
	closedir(dir);
	if (found != count)
		load_fail("%s: %zu entries and not %zu", path, found, count);
}

/* The names of an object begin at first; returns where the next one's do. */
static size_t object_end(const struct load *load, size_t first,
			 size_t *ret_present)
{
	size_t i = first;

	*ret_present = 0;
	for (; i < load->count &&
	       strcmp(load->names[i].object, load->names[first].object) == 0;
	     i++)
		*ret_present += load->names[i].final.id != LOAD_ABSENT;
	return i;
}

void load_check_mounted(const struct load *load, const char *mount)
{
	uint8_t *buffer = malloc(LOAD_CONTENT_MAX + 1);
	char path[4096];

	if (!buffer)
		load_fail("no memory");
	for (size_t i = 0; i < load->count; i++)
		check_name(&load->names[i], mount, buffer);
	for (size_t at = 0, end, present; at < load->count; at = end) {
		end = object_end(load, at, &present);
		snprintf(path, sizeof(path), "%s/%s", mount,
			 load->names[at].object);
		check_entries(path, present);
	}
	free(buffer);
}

static void check_stream(const struct load_name *name,
			 const struct nt_file *file)
{
	const struct nt_stream *stream = nt_file_find(file, name->child);
	uint8_t *content;

	if (!stream && name->final.id == LOAD_ABSENT)
		return;
	if (!stream || name->final.id == LOAD_ABSENT)
		load_fail("%s/%s: %s in the underlying file", name->object,
			  name->child, stream ? "is still" : "is not");
	content = malloc(stream->size + 1);
	if (!content)
		load_fail("no memory");
	nt_stream_content(file, stream, content);
	check(name, content, stream->size);
	free(content);
}

void load_check_under(const struct load *load, const char *source)
{
	struct nt_file file = {0};
	char path[4096];

	for (size_t at = 0, end, present; at < load->count; at = end) {
		int rc;

		end = object_end(load, at, &present);
		snprintf(path, sizeof(path), "%s/%s", source,
			 load->names[at].object);
		rc = nt_file_load(&file, path);
		if (rc < 0)
			load_fail("%s: %s", path,
				  file.fault ? file.fault : strerror(-rc));
		if (file.count != present)
			load_fail("%s: %zu streams and not %zu", path,
				  file.count, present);
		for (size_t i = at; i < end; i++)
			check_stream(&load->names[i], &file);
	}
	nt_file_free(&file);
}
