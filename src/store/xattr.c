/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended attributes. A stream's are made up:
 *
 *	user.bkupfs.attributes	header attributes, 0x%08x; may be set; listed
 *				only where they are not the default
 *	user.bkupfs.id		stream id, decimal
 *	user.bkupfs.offset	of the header in the underlying file, decimal
 *	user.bkupfs.xxh3	XXH3-64 of the content, 16 hexadecimal digits
 *
 * And an object's in a live store:
 *
 *	user.bkupfs.profile	where its streams are kept (live/profile.h)
 *
 * Its ACL is that of its object. Everything else has those of its underlying
 * node, but for user.bkupfs.* which are the store's own.
 */
#include "store/acl.h"
#include "store/commit.h"
#include "store/file.h"
#include "store/node.h"
#include "store/tree.h"
#include "util/cleanup.h"
#include "util/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#define OWN_PREFIX "user.bkupfs."
#define ATTRIBUTES OWN_PREFIX "attributes"
#define PROFILE OWN_PREFIX "profile"

static bool is_own(const char *name)
{
	return strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0;
}

/*
 * What a live file has in attributes are its streams. Only an ACL is left, and
 * what is told of it.
 */
static bool is_live_node(const struct store *store, enum store_kind kind)
{
	return store->options.live && !store_kind_is_scratch(kind);
}

/* Views have no attributes but the ACL of their object. */
static bool is_view(enum store_kind kind)
{
	return kind == STORE_VIEWS || kind == STORE_VIEW;
}

/* Whether a name is hidden; scratch may have a stream's attributes set. */
static bool is_hidden(const char *name, enum store_kind kind)
{
	return is_own(name) &&
	       !(store_kind_is_scratch(kind) && strcmp(name, ATTRIBUTES) == 0);
}

/*
 * Whether a name is that of the capabilities of a program, which scratch is
 * not, nor what it becomes. The kernel asks for them before each first write.
 */
static bool is_of_program(const char *name, enum store_kind kind)
{
	return store_kind_is_scratch(kind) &&
	       strcmp(name, "security.capability") == 0;
}

/* Gives a value out by the rules of getxattr(2). */
static ssize_t give(const char *text, size_t length, void *value, size_t size)
{
	if (!size)
		return length;
	if (length > size)
		return -ERANGE;
	memcpy(value, text, length);
	return length;
}

/* The profile by which an object's streams are found. */
static ssize_t get_profile(struct store *store, const char *path,
			   enum store_kind kind, void *value, size_t size)
{
	struct store_object *object;
	const char *profile = NULL;
	int rc = kind == STORE_OBJECT ? object_enter(store, path, &object) : 0;

	if (rc <= 0)
		return rc < 0 ? rc : -ENODATA;
	rc = object_open(object);
	if (rc == 0)
		profile = version_profile(&object->snapshot->version);
	object_leave(object);
	if (rc < 0)
		return rc;
	return profile ? give(profile, strlen(profile), value, size) : -ENODATA;
}

static uint32_t stream_default(const struct index_stream *stream)
{
	return bkup_stream_attributes(stream->record.id, stream->map);
}

/* The header attributes of a stream as they are, or will be. */
static uint32_t attributes_of(struct store_object *object, const char *name,
			      bool *ret_default)
{
	struct store_file *file = object_file(object, name);
	const struct index_stream *stream =
		index_find(object->snapshot->index, name);
	uint32_t normal =
		stream ? stream_default(stream)
		       /* cppcheck-suppress nullPointerRedundantCheck ; or it */
		       : bkup_stream_attributes(file->id, false);
	uint32_t attributes = stream ? stream->record.attributes : normal;

	if (file) {
		pthread_mutex_lock(&file->state_lock);
		if (file->attributes >= 0)
			attributes = file->attributes;
		pthread_mutex_unlock(&file->state_lock);
	}
	if (ret_default)
		*ret_default = attributes == normal;
	return attributes;
}

static ssize_t read_file(void *context, void *buffer, size_t size,
			 uint64_t offset)
{
	return store_file_read(context, buffer, size, offset);
}

static ssize_t get_digest(struct store *store, const char *dir,
			  const char *name, char *text, size_t size)
{
	struct store_file *file;
	uint64_t hash = 0;
	int rc = store_file_open(store, dir, STORE_OBJECT, name, 0, 0,
				 (struct store_caller){0}, &file);

	if (rc < 0)
		return rc;
	rc = digest(&(struct digest_source){read_file, NULL, file}, UINT64_MAX,
		    1, &hash);
	store_file_close(file, 0);
	return rc < 0 ? rc : snprintf(text, size, "%016" PRIx64, hash);
}

static ssize_t get_header_value(struct store_object *object, const char *name,
				const char *key, char *text, size_t size)
{
	const struct index_stream *stream =
		index_find(object->snapshot->index, name);
	struct store_file *file = object_file(object, name);

	if (!stream && !file)
		return -ENOENT;
	if (strcmp(key, "attributes") == 0)
		return snprintf(text, size, "0x%08" PRIx32,
				attributes_of(object, name, NULL));
	if (strcmp(key, "id") == 0)
		return snprintf(text, size, "%" PRIu32,
				stream ? stream->record.id : file->id);
	if (strcmp(key, "offset") == 0 && stream)
		return snprintf(text, size, "%" PRIu64, stream->offset);
	return -ENODATA;
}

static ssize_t get_stream_xattr(struct store *store, const char *path,
				const char *xattr, void *value, size_t size)
{
	cleanup_free char *dir = NULL;
	struct store_object *object;
	char text[64];
	const char *key = xattr + strlen(OWN_PREFIX);
	const char *name;
	ssize_t n;

	if (!is_own(xattr))
		return -ENODATA;
	n = node_object_path(path, STORE_STREAM, &dir, &name);
	if (n < 0)
		return n;
	if (strcmp(key, "xxh3") == 0) {
		n = get_digest(store, dir, name, text, sizeof(text));
	} else {
		n = object_enter(store, dir, &object);
		if (n <= 0)
			return n < 0 ? n : -ENOENT;
		n = get_header_value(object, name, key, text, sizeof(text));
		object_leave(object);
	}
	return n < 0 ? n : give(text, n, value, size);
}

ssize_t store_getxattr(struct store *store, const char *path,
		       enum store_kind kind, const char *name, void *value,
		       size_t size)
{
	struct node_link link;
	struct node node;
	ssize_t n;

	if (kind == STORE_STREAM && !acl_is_name(name))
		return get_stream_xattr(store, path, name, value, size);
	if (is_live_node(store, kind) && strcmp(name, PROFILE) == 0)
		return get_profile(store, path, kind, value, size);
	if (is_hidden(name, kind) || is_of_program(name, kind) ||
	    (is_view(kind) && !acl_is_name(name)) ||
	    (is_live_node(store, kind) && !acl_is_name(name)))
		return -ENODATA;
	n = node_enter(store, path, kind, false, &node);
	/* The own mount is an empty directory that has none. */
	if (n < 0)
		return n == -EXDEV ? -ENODATA : n;
	link = node_link(node.fd);
	if (store_kind_is_of_object(node.kind) && acl_is_name(name))
		n = acl_get(node.fd, node.kind, name, value, size);
	else if ((n = getxattr(link.path, name, value, size)) < 0)
		n = -errno;
	node_leave(&node, false);
	return n;
}

static ssize_t list_stream(struct store *store, const char *path, char *list,
			   size_t size)
{
	cleanup_free char *dir = NULL;
	struct store_object *object;
	const char *name;
	bool normal = true;
	int rc = node_object_path(path, STORE_STREAM, &dir, &name);

	if (rc < 0)
		return rc;
	rc = object_enter(store, dir, &object);
	if (rc != 1)
		return rc < 0 ? rc : -ENOENT;
	if (object_file(object, name) ||
	    index_find(object->snapshot->index, name))
		attributes_of(object, name, &normal);
	object_leave(object);
	return normal ? 0 : give(ATTRIBUTES, sizeof(ATTRIBUTES), list, size);
}

static bool is_trusted(const char *name)
{
	return strncmp(name, "trusted.", 8) == 0;
}

/* Takes hidden names out of a list; returns what is left of it. */
static ssize_t drop_hidden(char *list, ssize_t size, enum store_kind kind,
			   bool privileged)
{
	ssize_t kept = 0;

	for (ssize_t at = 0; at < size;) {
		size_t length = strlen(list + at) + 1;

		if (!is_hidden(list + at, kind) &&
		    (privileged || !is_trusted(list + at))) {
			memmove(list + kept, list + at, length);
			kept += length;
		}
		at += length;
	}
	return kept;
}

ssize_t store_listxattr(struct store *store, const char *path,
			enum store_kind kind, bool privileged, char *list,
			size_t size)
{
	cleanup_free char *names = NULL;
	struct node_link link;
	struct node node;
	ssize_t n;

	if (is_view(kind))
		return 0;
	if (kind == STORE_STREAM)
		return list_stream(store, path, list, size);
	if (is_live_node(store, kind))
		return 0;
	names = malloc(XATTR_LIST_MAX);
	n = names ? node_enter(store, path, kind, false, &node) : -ENOMEM;
	if (n < 0)
		return n == -EXDEV ? 0 : n;
	link = node_link(node.fd);
	n = listxattr(link.path, names, XATTR_LIST_MAX);
	if (n < 0)
		n = -errno;
	node_leave(&node, false);
	if (n >= 0)
		n = drop_hidden(names, n, kind, privileged);
	return n < 0 ? n : give(names, n, list, size);
}

/* Sets the header attributes of a stream, now or with what is staged. */
static int set_attributes(struct store_object *object, const char *name,
			  uint32_t attributes)
{
	struct commit commit = {.edit = {.kind = PLAN_ATTRIBUTES,
					 .name = name,
					 .attributes = attributes}};
	struct store_file *file = object_file(object, name);
	int rc;

	if (!file && !index_find(object->snapshot->index, name))
		return -ENOENT;
	if (file && atomic_load(&file->dirty)) {
		pthread_mutex_lock(&file->state_lock);
		file->attributes = attributes;
		pthread_mutex_unlock(&file->state_lock);
		return 0;
	}
	if (attributes_of(object, name, NULL) == attributes)
		return 0;
	rc = object_refresh(object, true);
	return rc < 0 ? rc : commit_object(object, &commit);
}

static int set_stream_xattr(struct store *store, const char *path,
			    const char *xattr, const char *text)
{
	cleanup_free char *dir = NULL;
	struct store_object *object;
	unsigned long attributes = 0;
	const char *name;
	char *end = NULL;
	int rc = node_object_path(path, STORE_STREAM, &dir, &name);

	if (rc == 0)
		rc = tree_check_writable(store, dir);
	if (rc < 0)
		return rc;
	if (strcmp(xattr, ATTRIBUTES) != 0)
		return is_own(xattr) ? -EPERM : -EOPNOTSUPP;
	errno = 0;
	attributes = text ? strtoul(text, &end, 0) : 0;
	if (text && (!*text || *end || errno || attributes > UINT32_MAX))
		return -EINVAL;
	rc = object_enter(store, dir, &object);
	if (rc != 1)
		return rc < 0 ? rc : -ENOENT;
	if (!text) {
		const struct index_stream *stream =
			index_find(object->snapshot->index, name);

		attributes = stream ? stream_default(stream) : 0;
	}
	rc = set_attributes(object, name, attributes);
	object_leave(object);
	return rc;
}

int store_setxattr(struct store *store, const char *path, enum store_kind kind,
		   const char *name, const void *value, size_t size, int flags)
{
	cleanup_free char *text = NULL;
	struct node_link link;
	struct node node;
	int rc;

	if (kind == STORE_STREAM && !acl_is_name(name)) {
		text = strndup(value, size);
		return text ? set_stream_xattr(store, path, name, text)
			    : -ENOMEM;
	}
	if (is_hidden(name, kind))
		return -EPERM;
	if (is_of_program(name, kind) ||
	    (is_view(kind) && !acl_is_name(name)))
		return -EOPNOTSUPP;
	rc = node_enter(store, path, kind, true, &node);
	if (rc < 0)
		return rc;
	link = node_link(node.fd);
	if (store_kind_is_of_object(node.kind) && acl_is_name(name))
		rc = acl_set(node.fd, name, value, size, flags);
	else if (setxattr(link.path, name, value, size, flags) < 0)
		rc = -errno;
	node_leave(&node, true);
	return rc;
}

int store_removexattr(struct store *store, const char *path,
		      enum store_kind kind, const char *name)
{
	struct node_link link;
	struct node node;
	int rc;

	if (kind == STORE_STREAM && !acl_is_name(name))
		return set_stream_xattr(store, path, name, NULL);
	if (is_hidden(name, kind) || (is_view(kind) && !acl_is_name(name)))
		return -ENODATA;
	rc = node_enter(store, path, kind, true, &node);
	if (rc < 0)
		return rc;
	link = node_link(node.fd);
	if (removexattr(link.path, name) < 0)
		rc = -errno;
	node_leave(&node, true);
	return rc;
}
