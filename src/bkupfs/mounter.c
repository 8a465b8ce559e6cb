/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkupfs/mounter.h"

#include "bkupfs/background.h"
#include "bkupfs/mount_point.h"
#include "fs/fs.h"
#include "util/cleanup.h"
#include "util/io.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* How it exits. */
enum { DONE, FAILED, LEFT };

/* A message of one byte that carries a descriptor. */
struct parcel {
	char byte;
	struct iovec part;
	struct msghdr message;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
};

static void parcel_init(struct parcel *parcel)
{
	memset(parcel, 0, sizeof(*parcel));
	parcel->part.iov_base = &parcel->byte;
	parcel->part.iov_len = 1;
	parcel->message.msg_iov = &parcel->part;
	parcel->message.msg_iovlen = 1;
	parcel->message.msg_control = parcel->control.bytes;
	parcel->message.msg_controllen = sizeof(parcel->control.bytes);
}

static int send_descriptor(int socket, int fd)
{
	struct parcel parcel;
	struct cmsghdr *head;

	parcel_init(&parcel);
	head = CMSG_FIRSTHDR(&parcel.message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &parcel.message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Returns the descriptor; -EIO if the other end closes instead. */
static int receive_descriptor(int socket)
{
	struct parcel parcel;
	struct cmsghdr *head;
	ssize_t n;
	int fd;

	parcel_init(&parcel);
	do
		n = recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	head = CMSG_FIRSTHDR(&parcel.message);
	if (n == 0 || !head || head->cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* The options of the mount, for libfuse and for the kernel. */
static int make_options(const struct mount_options *options, const char *source,
			char **ret_text)
{
	char *name = NULL, *text = NULL;
	int rc;

	rc = asprintf(&name, "fsname=%s", source);
	if (rc < 0)
		return -ENOMEM;
	/* A path may hold commas. */
	rc = fuse_opt_add_opt(&text, "subtype=bkupfs,default_permissions") |
	     fuse_opt_add_opt_escaped(&text, name);
	if (options->allow_other)
		rc |= fuse_opt_add_opt(&text, "allow_other");
	if (options->kernel)
		rc |= fuse_opt_add_opt(&text, options->kernel);
	free(name);
	if (rc) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

/* A session that mounts and answers nothing; NULL, with the reason logged. */
static struct fuse_session *mount_session(const struct command *command,
					  const char *source,
					  const char *mount_point)
{
	static const struct fuse_lowlevel_ops nothing;
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	cleanup_free char *options = NULL;
	struct fuse_session *session = NULL;
	int rc;

	rc = make_options(&command->options, source, &options);
	if (rc == 0)
		rc = fuse_opt_add_arg(&args, "bkupfs") |
		     fuse_opt_add_arg(&args, "-o") |
		     fuse_opt_add_arg(&args, options);
	if (rc == 0)
		session = fuse_session_new(&args, &nothing, sizeof(nothing),
					   NULL);
	fuse_opt_free_args(&args);
	if (session && fuse_session_mount(session, mount_point) != 0) {
		fuse_session_destroy(session);
		session = NULL;
	}
	return session;
}

/* Neither a terminal's signals nor its end concern the mounter. */
static void leave_caller(bool foreground)
{
	if (foreground) {
		setsid();
		return;
	}
	log_route(LOG_NOTHING, LOG_INFO);
	background_detach();
}

/* An error, too, is an answer, unless nobody is there to give it. */
static bool mount_answers(const char *mount_point)
{
	struct statx root;

	return statx(AT_FDCWD, mount_point, AT_STATX_FORCE_SYNC,
		     STATX_BASIC_STATS, &root) == 0 ||
	       (errno != ENOTCONN && errno != ECONNABORTED);
}

/* Passes the mount on, and takes it away in the end. */
static int attend(const struct command *command, const char *mount_point,
		  struct fuse_session *session)
{
	bool unmount, left;

	if (send_descriptor(STDIN_FILENO, fuse_session_fd(session)) < 0) {
		fuse_session_unmount(session);
		return FAILED;
	}
	/* Or requests would wait for an answer after the daemon's end. */
	close(fuse_session_fd(session));
	leave_caller(command->foreground);
	if (mount_answers(mount_point))
		send(STDIN_FILENO, "", 1, MSG_NOSIGNAL);
	if (recv(STDIN_FILENO, &unmount, sizeof(unmount), 0) <= 0)
		return DONE;
	left = !unmount && mount_point_is_dead(mount_point);
	if (unmount || left)
		fuse_session_unmount(session);
	return left ? LEFT : DONE;
}

/* The whole life of the mounter; returns its exit status. */
static int run(const struct command *command, const char *source,
	       const char *mount_point)
{
	struct fuse_session *session =
		mount_session(command, source, mount_point);
	int status;

	if (!session)
		return FAILED;
	status = attend(command, mount_point, session);
	fuse_session_destroy(session);
	return status;
}

/*
 * The socket becomes its only descriptor, but for where it may log. Its name
 * tells it from the daemon, whose command line it shares.
 */
static void keep_only(int socket)
{
	prctl(PR_SET_NAME, "bkupfs-mounter", 0, 0, 0);
	closelog();
	dup2(socket, STDIN_FILENO);
	closefrom(STDERR_FILENO + 1);
}

int mounter_start(const struct command *command, const char *source,
		  const char *mount_point, struct mounter *ret_mounter)
{
	struct mounter mounter;
	int fds[2], fd;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	mounter.pid = fork();
	if (mounter.pid == 0) {
		keep_only(fds[1]);
		_exit(run(command, source, mount_point));
	}
	close(fds[1]);
	mounter.socket = fds[0];
	fd = mounter.pid < 0 ? -errno : receive_descriptor(fds[0]);
	if (fd >= 0) {
		*ret_mounter = mounter;
		return fd;
	}
	if (mounter.pid > 0)
		mounter_end(&mounter, false);
	mounter_done(&mounter);
	return fd;
}

bool mounter_await(const struct mounter *mounter)
{
	char byte;

	return io_read(mounter->socket, &byte, 1) == 1;
}

int mounter_end(struct mounter *mounter, bool unmount)
{
	int rc = 0, status = 0;

	if (!mounter->pid)
		return 0;
	if (send(mounter->socket, &unmount, sizeof(unmount), MSG_NOSIGNAL) < 0 &&
	    unmount)
		rc = -errno;
	shutdown(mounter->socket, SHUT_WR);
	while (waitpid(mounter->pid, &status, 0) < 0 && errno == EINTR)
		;
	mounter->pid = 0;
	if (rc < 0 || status == 0)
		return rc;
	return WIFEXITED(status) && WEXITSTATUS(status) == LEFT ? 1 : -EIO;
}

void mounter_done(struct mounter *mounter)
{
	if (mounter->socket)
		close(mounter->socket);
	mounter->socket = 0;
}
