/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CONTROL ".bkupfs"

/* Times later than this are those of the run. */
enum { SET_BY_SOMEBODY = 1500000000 };

void state_done(struct state *state)
{
	for (size_t i = 0; i < state->count; i++) {
		bytes_done(&state->list[i].content);
		bytes_done(&state->list[i].xattrs);
		free(state->list[i].path);
	}
	free(state->list);
	*state = (struct state){0};
}

void state_remove(struct state *state, struct state_entry *entry)
{
	size_t i = entry - state->list;

	bytes_done(&entry->content);
	bytes_done(&entry->xattrs);
	free(entry->path);
	memmove(entry, entry + 1, (--state->count - i) * sizeof(*entry));
}

struct state_entry *state_find(const struct state *state, enum state_part part,
			       const char *path)
{
	for (size_t i = 0; i < state->count; i++)
		if (state->list[i].part == part &&
		    strcmp(state->list[i].path, path) == 0)
			return &state->list[i];
	return NULL;
}

static struct state_entry *add_entry(struct state *state, enum state_part part,
				     const char *dir, const char *name)
{
	size_t size = strlen(dir) + strlen(name) + 2;
	struct state_entry *entry;

	state->list =
		realloc(state->list, (state->count + 1) * sizeof(*state->list));
	ck_assert_ptr_nonnull(state->list);
	entry = &state->list[state->count];
	*entry = (struct state_entry){.part = part, .path = malloc(size)};
	ck_assert_ptr_nonnull(entry->path);
	snprintf(entry->path, size, "%s%s%s", dir, *dir ? "/" : "", name);
	entry->group = state->count++;
	return entry;
}

static void read_content(int fd, off_t size, struct bytes *ret_bytes)
{
	ret_bytes->data = malloc(size + 1);
	ck_assert_ptr_nonnull(ret_bytes->data);
	ret_bytes->size = pread(fd, ret_bytes->data, size, 0);
	ck_assert_uint_eq(ret_bytes->size, size);
}

void state_get_xattrs(const char *path, struct bytes *ret_xattrs)
{
	char names[1024], value[1024];
	ssize_t n = listxattr(path, names, sizeof(names));

	for (char *name = names; n > 0 && name < names + n;
	     name += strlen(name) + 1) {
		ssize_t size = getxattr(path, name, value, sizeof(value));

		if (strncmp(name, "user.", 5) != 0)
			continue;
		ck_assert_int_ge(size, 0);
		bytes_add(ret_xattrs, name, strlen(name) + 1);
		bytes_add(ret_xattrs, &size, sizeof(size));
		bytes_add(ret_xattrs, value, size);
	}
}

/* The first entry of the same file. */
static size_t find_group(const struct state *state, ino_t ino)
{
	size_t i = 0;

	while (state->list[i].ino != ino)
		i++;
	return i;
}

static void take_node(struct scene *scene, struct state *state,
		      struct state_entry *entry)
{
	const char *path = scene_at(scene, entry->path);
	struct stat st = scene_stat(scene, entry->path);

	entry->mode = st.st_mode;
	entry->ino = st.st_ino;
	entry->mtime = st.st_mtim;
	entry->group = find_group(state, st.st_ino);
	state_get_xattrs(path, &entry->xattrs);
	if (S_ISREG(st.st_mode)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		ck_assert_int_ge(fd, 0);
		read_content(fd, st.st_size, &entry->content);
		close(fd);
	}
}

static void take_tree(struct scene *scene, struct state *state,
		      const char *path)
{
	struct dirent **names;
	int n = scandir(scene_at(scene, path), &names, NULL, alphasort);

	ck_assert_int_ge(n, 0);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    (*path || strcmp(name, CONTROL) != 0)) {
			struct state_entry *entry =
				add_entry(state, STATE_TREE, path, name);
			char *below = strdup(entry->path);
			bool is_dir;

			take_node(scene, state, entry);
			is_dir = S_ISDIR(entry->mode);
			if (is_dir)
				take_tree(scene, state, below);
			free(below);
		}
		free(names[i]);
	}
	free(names);
}

static void take_scratch(struct scene *scene, struct state_entry *entry,
			 const char *dir, enum store_kind kind,
			 const char *name)
{
	const struct store_caller caller = {.uid = geteuid(), .gid = getegid()};
	struct store_file *file;
	struct stat st;

	ck_assert_int_eq(store_file_open(scene->store, dir, kind, name,
					 O_RDONLY, 0, caller, &file),
			 0);
	ck_assert_int_eq(store_file_stat(file, &st), 0);
	entry->mode = st.st_mode;
	entry->content.data = malloc(st.st_size + 1);
	ck_assert_ptr_nonnull(entry->content.data);
	entry->content.size = st.st_size;
	ck_assert_int_eq(
		store_file_read(file, entry->content.data, st.st_size, 0),
		st.st_size);
	store_file_close(file, O_RDONLY);
}

static void add_time(char *text, size_t size, const char *name,
		     struct timespec time)
{
	size_t used = strlen(text);

	if (time.tv_sec < SET_BY_SOMEBODY)
		snprintf(text + used, size - used, " %s=%lld", name,
			 (long long)time.tv_sec);
}

/* What the store shows in a directory or object: times and scratch. */
static void take_shown(struct scene *scene, struct state *state, size_t i)
{
	const char *dir = state->list[i].path;
	enum store_kind kind =
		S_ISDIR(state->list[i].mode) ? STORE_DIRECTORY : STORE_OBJECT;
	struct store_listing *listing;
	struct store_entry found;

	/* What cannot be read is told by its bytes. */
	if (store_list(scene->store, dir, kind, &listing) < 0)
		return;
	for (size_t j = 0; j < store_listing_count(listing); j++) {
		const char *name = store_listing_at(listing, j).name;

		ck_assert_int_eq(
			store_lookup(scene->store, dir, kind, name, &found), 0);
		if (found.kind == STORE_STREAM)
			add_time(state->list[i].times,
				 sizeof(state->list[i].times), name,
				 found.st.st_mtim);
		if (found.kind == STORE_SCRATCH)
			take_scratch(scene,
				     add_entry(state, STATE_SCRATCH, dir, name),
				     dir, kind, name);
		dir = state->list[i].path;
	}
	store_listing_free(listing);
	if (kind == STORE_OBJECT)
		add_time(state->list[i].times, sizeof(state->list[i].times),
			 "file", state->list[i].mtime);
}

void state_take(struct scene *scene, struct state *ret_state)
{
	size_t count;

	*ret_state = (struct state){0};
	take_tree(scene, ret_state, "");
	count = ret_state->count;
	for (size_t i = 0; i < count; i++)
		take_shown(scene, ret_state, i);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *where)
{
	(void)st;
	(void)type;
	return where->level ? remove(path) : 0;
}

void state_clear(const char *source)
{
	ck_assert_int_eq(nftw(source, remove_entry, 16, FTW_DEPTH | FTW_PHYS),
			 0);
}

void state_put_xattrs(int fd, const struct bytes *xattrs)
{
	for (size_t at = 0; at < xattrs->size;) {
		const char *name = (const char *)xattrs->data + at;
		const char *value = name + strlen(name) + 1 + sizeof(ssize_t);
		ssize_t size;

		memcpy(&size, value - sizeof(size), sizeof(size));
		ck_assert_int_eq(fsetxattr(fd, name, value, size, 0), 0);
		at = (const uint8_t *)value + size - xattrs->data;
	}
}

static void put_file(const char *path, const struct state_entry *entry)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	const struct timespec times[2] = {entry->mtime, entry->mtime};

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		pwrite(fd, entry->content.data, entry->content.size, 0),
		(ssize_t)entry->content.size);
	ck_assert_int_eq(fchmod(fd, entry->mode & 07777), 0);
	state_put_xattrs(fd, &entry->xattrs);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

void state_put(const char *source, const struct state *state)
{
	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->list[i];
		char path[PATH_MAX + 512], first[PATH_MAX + 512];

		snprintf(path, sizeof(path), "%s/%s", source, entry->path);
		snprintf(first, sizeof(first), "%s/%s", source,
			 state->list[entry->group].path);
		if (S_ISDIR(entry->mode))
			ck_assert_int_eq(mkdir(path, entry->mode & 07777), 0);
		else if (entry->group < i)
			ck_assert_int_eq(link(first, path), 0);
		else
			put_file(path, entry);
	}
}
