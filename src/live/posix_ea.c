/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/posix_ea.h"

#include "util/array.h"
#include "util/cleanup.h"

#include <bkup/ea.h>
#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "user."

enum {
	PREFIX_SIZE = sizeof(PREFIX) - 1,
	FLAGS_AT = 4,
	NAME_SIZE_AT = 5,
};

void posix_xattrs_done(struct posix_xattrs *xattrs)
{
	for (size_t i = 0; i < xattrs->count; i++)
		free(xattrs->items[i].name);
	free(xattrs->items);
	*xattrs = (struct posix_xattrs){0};
}

static int fail(struct bkup_fault *fault, int rc, size_t offset,
		const char *what)
{
	*fault = (struct bkup_fault){offset, what};
	return rc;
}

static int make_ea(const struct posix_xattr *xattr, size_t place,
		   struct bkup_ea *ret_ea, struct bkup_fault *fault)
{
	const char *name = xattr->name + PREFIX_SIZE;

	if (strncmp(xattr->name, PREFIX, PREFIX_SIZE) != 0 || !*name)
		return fail(fault, -ENOTSUP, place,
			    "only attributes user.NAME can be EAs");
	if (strlen(name) > UINT8_MAX)
		return fail(fault, -EMSGSIZE, place,
			    "the name of an EA has at most 255 bytes");
	if (xattr->size > UINT16_MAX)
		return fail(fault, -EMSGSIZE, place,
			    "the value of an EA has at most 65535 bytes");
	*ret_ea = (struct bkup_ea){
		.name_size = (uint8_t)strlen(name),
		.value_size = (uint16_t)xattr->size,
		.name = (const uint8_t *)name,
		.value = xattr->value,
	};
	return 0;
}

static int compare_eas(const void *a, const void *b)
{
	const struct bkup_ea *left = a, *right = b;

	return strcmp((const char *)left->name, (const char *)right->name);
}

int posix_ea_encode(const struct posix_xattr *xattrs, size_t count,
		    struct bytes *eas, struct bkup_fault *ret_fault)
{
	cleanup_free struct bkup_ea *list = NULL;
	cleanup_free void *bytes = NULL;
	size_t size = 0;
	int rc;

	if (!count)
		return 0;
	list = calloc(count, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		rc = make_ea(&xattrs[i], i, &list[i], ret_fault);
		if (rc < 0)
			return rc;
	}
	qsort(list, count, sizeof(*list), compare_eas);
	rc = bkup_ea_encode(list, count, false, &bytes, &size);
	if (rc < 0)
		return rc;
	bytes_add(eas, bytes, size);
	return eas->error;
}

/* Adds the attribute that an EA is, which begins at an offset. */
static int add_xattr(const struct bkup_ea *ea, size_t offset,
		     struct posix_xattrs *xattrs, struct bkup_fault *fault)
{
	struct posix_xattr xattr = {.value = ea->value, .size = ea->value_size};
	int rc;

	if (ea->flags)
		return fail(fault, -ENOTSUP, offset + FLAGS_AT,
			    "an extended attribute has no flags");
	if (ea->name_size > XATTR_NAME_MAX - PREFIX_SIZE)
		return fail(fault, -ENOTSUP, offset + NAME_SIZE_AT,
			    "the name of an extended attribute has at most 250 "
			    "bytes behind user.");
	rc = array_reserve(&xattrs->items, xattrs->count, 1, &xattrs->room,
			   sizeof(*xattrs->items));
	if (rc < 0)
		return rc;
	if (asprintf(&xattr.name, PREFIX "%.*s", ea->name_size, ea->name) < 0)
		return -ENOMEM;
	xattrs->items[xattrs->count++] = xattr;
	return 0;
}

static int read_list(struct bkup_ea_list *list, struct posix_xattrs *xattrs,
		     struct bkup_fault *fault)
{
	struct bkup_ea ea;
	size_t offset = 0;
	int rc;

	while ((rc = bkup_ea_next(list, &ea, fault)) == 1) {
		rc = add_xattr(&ea, offset, xattrs, fault);
		if (rc < 0)
			return rc;
		offset = list->at;
	}
	return rc;
}

/* By name, and those of one name by where they stand. */
static int compare_xattrs(const void *a, const void *b)
{
	const struct posix_xattr *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (order)
		return order;
	return (left->value > right->value) - (left->value < right->value);
}

static int check_names(const uint8_t *eas, const struct posix_xattrs *xattrs,
		       struct bkup_fault *fault)
{
	for (size_t i = 1; i < xattrs->count; i++) {
		const struct posix_xattr *xattr = &xattrs->items[i];
		size_t name_size = strlen(xattr->name) - PREFIX_SIZE + 1;

		if (strcmp(xattr->name, xattr[-1].name) == 0)
			return fail(fault, -ENOTSUP,
				    xattr->value - name_size - eas,
				    "two EAs have this name");
	}
	return 0;
}

int posix_ea_decode(const void *eas, size_t size,
		    struct posix_xattrs *ret_xattrs,
		    struct bkup_fault *ret_fault)
{
	struct bkup_ea_list list = {.bytes = eas, .size = size};
	struct posix_xattrs xattrs = {0};
	int rc = read_list(&list, &xattrs, ret_fault);

	if (rc == 0 && xattrs.count) {
		qsort(xattrs.items, xattrs.count, sizeof(*xattrs.items),
		      compare_xattrs);
		rc = check_names(eas, &xattrs, ret_fault);
	}
	if (rc == 0)
		*ret_xattrs = xattrs;
	else
		posix_xattrs_done(&xattrs);
	return rc;
}
