/* SPDX-License-Identifier: BSD-2-Clause */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/*
 * A client in a scene. dir is the place's directory, and may be old: the
 * kernel then asks for names in what stood there before.
 */
struct client {
	struct attack *attack;
	int root, dir;
	bool naive;
	uint64_t random;
};

/* Of what is outside: in its content, names and attributes, and its owner. */
static const char secret[] = "SECRET";
enum { SECRET_UID = 4242 };

enum { PATIENCE = 20, TURNS = 400, REOPEN = 8 };

static unsigned int pick(struct client *client, unsigned int count)
{
	client->random ^= client->random << 13;
	client->random ^= client->random >> 7;
	client->random ^= client->random << 17;
	return client->random % count;
}

static void look_for_secret(struct client *client, const void *bytes, size_t n)
{
	if (memmem(bytes, n, secret, sizeof(secret) - 1))
		atomic_fetch_add(&client->attack->leaks, 1);
}

/* Calls do not follow the last name either. */
static int no_follow(const struct client *client)
{
	return client->naive ? 0 : AT_SYMLINK_NOFOLLOW;
}

static int open_at(const struct client *client, int dir, const char *path,
		   int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NONBLOCK,
		.mode = flags & O_CREAT ? 0666 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	if (client->naive)
		return openat(dir, path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
	if (flags & O_PATH)
		how.flags &= ~O_NONBLOCK;
	return syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

/* Opens a stream of f; a naive client has the file itself for each of them. */
static int open_stream(const struct client *client, const char *name, int flags)
{
	int object, fd;

	if (client->naive)
		return open_at(client, client->dir, "f", flags);
	object = open_at(client, client->dir, "f", O_PATH | O_DIRECTORY);
	if (object < 0)
		return object;
	fd = open_at(client, object, name, flags);
	close(object);
	return fd;
}

static int close_after(int fd, int rc)
{
	return fd < 0 || close(fd) < 0 ? -1 : rc;
}

static int op_list(struct client *client)
{
	int fd = open_at(client, client->dir, ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc;

	if (!dir)
		return -1;
	errno = 0;
	while ((entry = readdir(dir)))
		look_for_secret(client, entry->d_name, strlen(entry->d_name));
	rc = errno ? -1 : 0;
	closedir(dir);
	return rc;
}

static int op_stat(struct client *client)
{
	struct stat st;
	int rc = fstatat(client->dir, pick(client, 2) ? "f" : "e", &st,
			 no_follow(client));

	if (rc == 0 && st.st_uid == SECRET_UID)
		atomic_fetch_add(&client->attack->leaks, 1);
	return rc;
}

static int op_read(struct client *client)
{
	int fd = open_stream(client, "data", O_RDONLY);
	char buffer[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));

	if (n > 0)
		look_for_secret(client, buffer, n);
	return close_after(fd, n < 0 ? -1 : 0);
}

static int write_some(int fd)
{
	static const char text[] = "written by the client";

	return close_after(fd, fd < 0 || write(fd, text, sizeof(text)) < 0 ? -1
									   : 0);
}

static int op_write(struct client *client)
{
	int flags = pick(client, 2) ? O_TRUNC : O_APPEND;

	/* What is a FIFO there would be waited for by a naive client. */
	return write_some(open_stream(client, "data", O_WRONLY | flags));
}

static int op_create(struct client *client)
{
	return write_some(open_stream(client, ":new", O_WRONLY | O_CREAT));
}

static int op_truncate(struct client *client)
{
	int fd = open_stream(client, "data", O_WRONLY);

	return close_after(fd, fd < 0 ? -1 : ftruncate(fd, pick(client, 50)));
}

static int op_sync(struct client *client)
{
	int fd = open_stream(client, "data", O_WRONLY);

	if (fd >= 0 && write(fd, "x", 1) == 1)
		return close_after(fd, fsync(fd));
	return close_after(fd, -1);
}

/* A call on two names in f; a naive client's are in its directory. */
static int in_object(struct client *client,
		     int (*call)(int dir, const char *a, const char *b),
		     const char *a, const char *b)
{
	int dir = client->naive ? dup(client->dir)
				: open_at(client, client->dir, "f",
					  O_PATH | O_DIRECTORY);
	int rc = dir < 0 ? -1 : call(dir, a, b);

	return close_after(dir, rc);
}

static int unlink_in(int dir, const char *name, const char *unused)
{
	(void)unused;
	return unlinkat(dir, name, 0);
}

static int rename_in(int dir, const char *from, const char *to)
{
	return renameat(dir, from, dir, to);
}

static int place_in(int dir, const char *from, const char *to)
{
	int fd = openat(
		dir, from,
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);

	return write_some(fd) < 0 ? -1 : renameat(dir, from, dir, to);
}

static int op_unlink_stream(struct client *client)
{
	return in_object(client, unlink_in, client->naive ? "s" : ":new", NULL);
}

static int op_rename_stream(struct client *client)
{
	return pick(client, 2) ? in_object(client, rename_in, ":a", ":b")
			       : in_object(client, rename_in, ":b", ":a");
}

/* As rsync and editors do. */
static int op_place(struct client *client)
{
	return in_object(client, place_in, ".new", "data");
}

static int op_rename(struct client *client)
{
	const char *from = pick(client, 2) ? "f" : "x";
	const char *to = *from == 'f' ? "x" : "f";

	return renameat(client->dir, from, client->dir, to);
}

static int op_mkdir(struct client *client)
{
	return mkdirat(client->dir, pick(client, 2) ? "n" : "e", 0777);
}

static int op_rmdir(struct client *client)
{
	return unlinkat(client->dir, pick(client, 2) ? "n" : "e", AT_REMOVEDIR);
}

/* An empty directory becomes an object. */
static int op_decide(struct client *client)
{
	int dir, fd;

	if (client->naive)
		return write_some(open_at(client, client->dir, "e/new",
					  O_WRONLY | O_CREAT));
	dir = open_at(client, client->dir, "e", O_PATH | O_DIRECTORY);
	fd = dir < 0 ? -1 : open_at(client, dir, "data", O_WRONLY | O_CREAT);
	return close_after(dir, write_some(fd));
}

/* And what it was made of goes, so that it can be one again. */
static int op_empty(struct client *client)
{
	int dir = open_at(client, client->dir, "e", O_PATH | O_DIRECTORY);
	int rc =
		dir < 0 ? -1 : unlinkat(dir, client->naive ? "new" : "data", 0);

	return close_after(dir, rc);
}

static int op_symlink(struct client *client)
{
	return symlinkat("/nowhere", client->dir, pick(client, 2) ? "s" : "t");
}

static int op_mknod(struct client *client)
{
	return mknodat(client->dir, pick(client, 2) ? "s" : "t", S_IFIFO | 0666,
		       0);
}

static int op_unlink(struct client *client)
{
	return unlinkat(client->dir, pick(client, 2) ? "s" : "t", 0);
}

static int op_readlink(struct client *client)
{
	char target[256];
	ssize_t n = readlinkat(client->dir, pick(client, 2) ? "s" : "t", target,
			       sizeof(target));

	if (n > 0)
		look_for_secret(client, target, n);
	return n < 0 ? -1 : 0;
}

static const char *any(struct client *client)
{
	static const char *const names[] = {"f", "e", "f", "s"};

	return names[pick(client, 4)];
}

static int op_chmod(struct client *client)
{
	return fchmodat(client->dir, any(client), pick(client, 2) ? 0666 : 0644,
			no_follow(client));
}

static int op_chown(struct client *client)
{
	return fchownat(client->dir, any(client), 65534, pick(client, 3),
			no_follow(client));
}

static int op_utimes(struct client *client)
{
	const struct timespec times[2] = {{.tv_sec = pick(client, 1000)},
					  {.tv_sec = pick(client, 1000)}};

	return utimensat(client->dir, any(client), times, no_follow(client));
}

/* A path for calls that take no descriptor that is O_PATH. */
static int by_path(struct client *client,
		   int (*call)(struct client *client, const char *path))
{
	int fd = open_at(client, client->dir, any(client),
			 O_PATH | (client->naive ? 0 : O_NOFOLLOW));
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return close_after(fd, fd < 0 ? -1 : call(client, path));
}

static int set_xattr(struct client *client, const char *path)
{
	(void)client;
	return setxattr(path, "user.of-client", "x", 1, 0);
}

static int get_xattr(struct client *client, const char *path)
{
	char value[64];
	ssize_t n = getxattr(path, "user.of-client", value, sizeof(value));

	if (n > 0)
		look_for_secret(client, value, n);
	return n < 0 ? -1 : 0;
}

static int remove_xattr(struct client *client, const char *path)
{
	(void)client;
	return removexattr(path, "user.of-client");
}

static int op_setxattr(struct client *client)
{
	return by_path(client, set_xattr);
}

static int op_getxattr(struct client *client)
{
	return by_path(client, get_xattr);
}

static int op_removexattr(struct client *client)
{
	return by_path(client, remove_xattr);
}

static const struct {
	const char *name;
	int (*call)(struct client *client);
} operations[] = {
	{"list", op_list},
	{"stat", op_stat},
	{"read", op_read},
	{"write", op_write},
	{"create", op_create},
	{"truncate", op_truncate},
	{"fsync", op_sync},
	{"unlink-stream", op_unlink_stream},
	{"rename-stream", op_rename_stream},
	{"place", op_place},
	{"rename", op_rename},
	{"mkdir", op_mkdir},
	{"rmdir", op_rmdir},
	{"decide", op_decide},
	{"empty", op_empty},
	{"symlink", op_symlink},
	{"mknod", op_mknod},
	{"unlink", op_unlink},
	{"readlink", op_readlink},
	{"chmod", op_chmod},
	{"chown", op_chown},
	{"utimes", op_utimes},
	{"setxattr", op_setxattr},
	{"getxattr", op_getxattr},
	{"removexattr", op_removexattr},
};
enum { OPERATIONS = sizeof(operations) / sizeof(*operations) };
_Static_assert((int)OPERATIONS <= (int)OPERATIONS_MAX, "counters for all");

const char *attack_operation(unsigned int i)
{
	return i < OPERATIONS ? operations[i].name : NULL;
}

/* Opens the place of the scene again, unless that is no directory now. */
static void enter(struct client *client)
{
	unsigned int scene = atomic_load(&client->attack->scene);
	int fd = open_at(client, client->root, attack_places[scene],
			 O_PATH | O_DIRECTORY);

	if (fd < 0)
		return;
	if (client->dir >= 0)
		close(client->dir);
	client->dir = fd;
}

static void operate(struct client *client)
{
	struct attack *attack = client->attack;
	unsigned int i = pick(client, OPERATIONS);
	int rc = operations[i].call(client);

	atomic_fetch_add(rc < 0 ? &attack->failed[i] : &attack->done[i], 1);
}

void attack_operate(struct attack *attack, int root, bool naive, uint64_t seed)
{
	struct client client = {.attack = attack,
				.root = root,
				.dir = -1,
				.naive = naive,
				.random = seed | 1};

	for (uint64_t turn = 1; !atomic_load(&attack->stop); turn++) {
		/* Whoever does not come back is killed. */
		alarm(PATIENCE);
		if (turn % TURNS == 0)
			atomic_store(&attack->scene, turn / TURNS % SCENES);
		if (turn % REOPEN == 0 || client.dir < 0)
			enter(&client);
		if (client.dir >= 0)
			operate(&client);
	}
}
