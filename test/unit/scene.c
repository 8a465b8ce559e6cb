/* SPDX-License-Identifier: BSD-2-Clause */
#include "scene.h"

#include "naive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 1 << 16 };

static const struct {
	char letter;
	uint32_t id, attributes;
	const char *raw;
} letters[] = {
	{'d', BKUP_DATA, 0, ""},
	{'e', BKUP_EA_DATA, 0, ""},
	{'s', BKUP_SECURITY_DATA, 2, ""},
	{'l', BKUP_LINK, 0, ""},
	{'a', BKUP_ALTERNATE_DATA, 0, ":a:$DATA"},
	{'b', BKUP_ALTERNATE_DATA, 0, ":b:$DATA"},
};

static void report(void *context, int priority, const char *message)
{
	struct scene *scene = context;
	size_t used = strlen(scene->log);

	(void)priority;
	snprintf(scene->log + used, sizeof(scene->log) - used, "%s\n", message);
}

void scene_init_at(struct scene *scene, const char *path)
{
	*scene = (struct scene){.options = {.report = report}};
	scene->options.report_context = scene;
	snprintf(scene->path, sizeof(scene->path), "%s", path);
	ck_assert_int_eq(scene_open(scene), 0);
}

void scene_init(struct scene *scene)
{
	const char *directory = getenv("TMPDIR");
	char path[256];

	snprintf(path, sizeof(path), "%s/bkup-unit.XXXXXX",
		 directory ? directory : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(path));
	scene_init_at(scene, path);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void scene_done(struct scene *scene)
{
	if (scene->store)
		scene_close(scene);
	nftw(scene->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int scene_open(struct scene *scene)
{
	int fd = open(scene->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	ck_assert_int_ge(fd, 0);
	rc = store_open(fd, &scene->options, &scene->store);
	close(fd);
	return rc;
}

void scene_close(struct scene *scene)
{
	ck_assert_int_eq(store_close(scene->store), 0);
	scene->store = NULL;
}

void scene_reopen(struct scene *scene)
{
	scene_close(scene);
	ck_assert_int_eq(scene_open(scene), 0);
}

const char *scene_at(const struct scene *scene, const char *path)
{
	static char places[4][2 * PATH_MAX];
	static size_t next;
	char *place = places[next++ % 4];

	snprintf(place, sizeof(places[0]), "%s/%s", scene->path, path);
	return place;
}

void scene_put_bytes(struct scene *scene, const char *path,
		     const struct bytes *bytes)
{
	int fd = open(scene_at(scene, path),
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	if (bytes->size)
		ck_assert_int_eq(write(fd, bytes->data, bytes->size),
				 (ssize_t)bytes->size);
	close(fd);
}

static void add_letter(struct bytes *bytes, char letter, const char *text)
{
	for (size_t i = 0; i < N_ELEMENTS(letters); i++)
		if (letters[i].letter == letter)
			bytes_add_record(bytes, letters[i].id,
					 letters[i].attributes, letters[i].raw,
					 text);
}

void scene_put(struct scene *scene, const char *path, const char *streams)
{
	char *copy = strdup(streams), *rest = copy, *part;
	struct bytes bytes = {0};

	while ((part = strsep(&rest, " ")))
		if (*part)
			add_letter(&bytes, part[0], part + 2);
	scene_put_bytes(scene, path, &bytes);
	bytes_done(&bytes);
	free(copy);
}

void scene_get_bytes(const struct scene *scene, const char *path,
		     struct bytes *ret_bytes)
{
	int fd = open(scene_at(scene, path), O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t n;

	ck_assert_msg(fd >= 0, "'%s': %s", path, strerror(errno));
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		bytes_add(ret_bytes, buffer, n);
	ck_assert_int_eq(n, 0);
	close(fd);
}

struct stat scene_stat(const struct scene *scene, const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(scene_at(scene, path), &st) == 0, "'%s': %s", path,
		      strerror(errno));
	return st;
}

bool scene_exists(const struct scene *scene, const char *path)
{
	struct stat st;

	return lstat(scene_at(scene, path), &st) == 0;
}

size_t scene_control(const struct scene *scene, const char *prefix)
{
	DIR *dir = opendir(scene_at(scene, ".bkupfs"));
	struct dirent *entry;
	size_t n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	closedir(dir);
	return n;
}

static void add_text(char *text, const char *name, const void *content,
		     size_t size)
{
	size_t used = strlen(text);

	snprintf(text + used, TEXT_SIZE - used, "%s%s=%.*s", used ? " " : "",
		 name, (int)size, (const char *)content);
}

/* The streams of an underlying file. */
static void file_text(const struct scene *scene, const char *object, char *text)
{
	struct bytes file = {0};
	struct naive naive;

	*text = '\0';
	scene_get_bytes(scene, object, &file);
	naive_decode(&naive, &file);
	for (size_t i = 0; i < naive.count; i++) {
		struct content *content = &naive.list[i].content;

		add_text(text, naive.list[i].child,
			 content->count ? content->list[0].data.data : NULL,
			 content->count ? content->list[0].data.size : 0);
	}
	naive_done(&naive);
	bytes_done(&file);
}

static void shown_text(struct scene *scene, const char *object, char *text)
{
	struct store_listing *listing;
	char buffer[4096];

	*text = '\0';
	ck_assert_int_eq(
		store_list(scene->store, object, STORE_OBJECT, &listing), 0);
	for (size_t i = 0; i < store_listing_count(listing); i++) {
		const char *name = store_listing_at(listing, i).name;
		struct store_file *file;
		ssize_t n;

		if (bkup_name_is_scratch(name))
			continue;
		file = scene_use(scene, object, name, O_RDONLY);
		n = store_file_read(file, buffer, sizeof(buffer), 0);
		ck_assert_int_ge(n, 0);
		add_text(text, name, buffer, n);
		store_file_close(file, O_RDONLY);
	}
	store_listing_free(listing);
}

bool scene_file_is(struct scene *scene, const char *object, const char *streams)
{
	char *text = malloc(TEXT_SIZE);
	bool is;

	file_text(scene, object, text);
	is = strcmp(text, streams) == 0;
	free(text);
	return is;
}

void scene_expect_file(struct scene *scene, const char *object,
		       const char *streams)
{
	char *text = malloc(TEXT_SIZE);

	file_text(scene, object, text);
	ck_assert_str_eq(text, streams);
	free(text);
}

void scene_expect(struct scene *scene, const char *object, const char *streams)
{
	char *text = malloc(TEXT_SIZE);

	scene_expect_file(scene, object, streams);
	shown_text(scene, object, text);
	ck_assert_str_eq(text, streams);
	free(text);
}

enum store_kind scene_kind(const struct scene *scene, const char *dir)
{
	const char *name = strrchr(dir, '/');
	struct stat st;

	if (name && strcmp(name, "/.view") == 0)
		return STORE_VIEWS;
	if (lstat(scene_at(scene, dir), &st) < 0)
		return STORE_SCRATCH_DIRECTORY;
	return S_ISDIR(st.st_mode) ? STORE_DIRECTORY : STORE_OBJECT;
}

int scene_file(struct scene *scene, const char *dir, const char *name,
	       int flags, struct store_file **ret_file)
{
	const struct store_caller caller = {.uid = geteuid(),
					    .gid = getegid()};

	return store_file_open(scene->store, dir, scene_kind(scene, dir), name,
			       flags, 0644, caller, ret_file);
}

struct store_file *scene_use(struct scene *scene, const char *dir,
			     const char *name, int flags)
{
	struct store_file *file;
	int rc = scene_file(scene, dir, name, flags, &file);

	ck_assert_msg(rc == 0, "'%s/%s': %s", dir, name, strerror(-rc));
	return file;
}

int scene_write(struct scene *scene, const char *dir, const char *name,
		const char *text)
{
	struct store_file *file;
	int rc = scene_file(scene, dir, name, O_WRONLY | O_CREAT | O_TRUNC,
			    &file);
	ssize_t n = 0;

	if (rc < 0)
		return rc;
	if (*text)
		n = store_file_write(file, text, strlen(text), 0, false);
	rc = store_file_flush(file);
	store_file_close(file, O_WRONLY);
	return n < 0 ? n : rc;
}

void scene_add(struct store_file *file, uint64_t offset, const char *text)
{
	ck_assert_int_eq(
		store_file_write(file, text, strlen(text), offset, false),
		(ssize_t)strlen(text));
}

bool scene_reads(struct store_file *file, const char *text)
{
	char buffer[4096];
	ssize_t n = store_file_read(file, buffer, sizeof(buffer), 0);

	return n == (ssize_t)strlen(text) && memcmp(buffer, text, n) == 0;
}

bool scene_shows(struct scene *scene, const char *dir, const char *name,
		 const char *text)
{
	struct store_file *file = scene_use(scene, dir, name, O_RDONLY);
	bool shows = scene_reads(file, text);

	store_file_close(file, O_RDONLY);
	return shows;
}

int scene_rename(struct scene *scene, const char *from_dir, const char *from,
		 const char *to_dir, const char *to, unsigned int flags)
{
	const struct store_place a = {from_dir, scene_kind(scene, from_dir),
				      from};
	const struct store_place b = {to_dir, scene_kind(scene, to_dir), to};

	return store_rename(scene->store, &a, &b, flags);
}

int scene_unlink(struct scene *scene, const char *dir, const char *name)
{
	return store_unlink(scene->store, dir, scene_kind(scene, dir), name);
}

int scene_rmdir(struct scene *scene, const char *dir, const char *name)
{
	return store_rmdir(scene->store, dir, scene_kind(scene, dir), name);
}

int scene_mkdir(struct scene *scene, const char *dir, const char *name)
{
	const struct store_caller caller = {.uid = geteuid(),
					    .gid = getegid()};

	return store_mkdir(scene->store, dir, scene_kind(scene, dir), name,
			   0755, caller);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void scene_list(struct scene *scene, const char *dir, char *ret_text,
		size_t size)
{
	struct store_listing *listing;
	const char *names[64] = {NULL};
	size_t n, used = 0;

	ck_assert_int_eq(
		store_list(scene->store, dir, scene_kind(scene, dir), &listing),
		0);
	n = store_listing_count(listing);
	ck_assert_uint_le(n, N_ELEMENTS(names));
	for (size_t i = 0; i < n; i++)
		names[i] = store_listing_at(listing, i).name;
	qsort(names, n, sizeof(*names), compare_names);
	*ret_text = '\0';
	for (size_t i = 0; i < n; i++)
		used += snprintf(ret_text + used, size - used, "%s ", names[i]);
	store_listing_free(listing);
}

const char *scene_scratch(struct scene *scene, const char *object)
{
	static char text[BKUP_CHILD_SIZE];
	char *end;

	scene_list(scene, object, text, sizeof(text));
	end = strchr(text, ' ');
	ck_assert_msg(*text == '.' && end && end[1] != '.', "%s", text);
	*end = '\0';
	return text;
}

void scene_expect_log(struct scene *scene, const char *text)
{
	ck_assert_msg(strstr(scene->log, text), "no '%s' in: %s", text,
		      scene->log);
	*scene->log = '\0';
}
