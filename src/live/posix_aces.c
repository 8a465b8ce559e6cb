/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACEs are read for what they can stand for; that nothing else is in them is
 * seen by making them once more.
 */
#include "live/posix_aces.h"

#include "live/posix_rights.h"
#include "live/posix_who.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* What only says something, but grants nothing: INHERIT_ONLY. */
	NOTE = 0x08,
	/* OBJECT_INHERIT, CONTAINER_INHERIT, INHERIT_ONLY. */
	DEFAULT = 0x0b,

	MASK_AT = 4,
	SID_AT = 8,

	MASKED = POSIX_USER | POSIX_GROUP_OBJ | POSIX_GROUP,
};

/* ACEs that are made, with their SIDs. */
struct list {
	struct bkup_ace *aces;
	uint8_t (*sids)[POSIX_SID_MAX];
	size_t count;
	bool is_directory;
};

void posix_access_done(struct posix_access *access)
{
	posix_acl_done(&access->access);
	posix_acl_done(&access->defaults);
}

static void list_done(struct list *list)
{
	free(list->aces);
	free(list->sids);
}

static void add_ace(struct list *list, struct posix_who who, uint8_t flags,
		    uint16_t perms)
{
	uint8_t *sid = list->sids[list->count];
	struct bkup_ace *ace = &list->aces[list->count++];

	ace->type = BKUP_ACE_ALLOWED;
	ace->known = true;
	ace->flags = flags;
	ace->mask = posix_rights_of(perms, list->is_directory);
	ace->sid.bytes = sid;
	ace->sid.size = posix_who_sid(who, sid);
	ace->data.bytes = sid + ace->sid.size;
}

static struct posix_who who_of(const struct posix_access *access,
			       const struct posix_entry *entry, bool is_default)
{
	switch (entry->tag) {
	case POSIX_USER_OBJ:
		if (is_default)
			return (struct posix_who){POSIX_WHO_CREATOR, 0};
		return (struct posix_who){POSIX_WHO_USER, access->uid};
	case POSIX_USER:
		return (struct posix_who){POSIX_WHO_USER, entry->id};
	case POSIX_GROUP_OBJ:
		if (is_default)
			return (struct posix_who){POSIX_WHO_CREATOR_GROUP, 0};
		return (struct posix_who){POSIX_WHO_GROUP, access->gid};
	case POSIX_GROUP:
		return (struct posix_who){POSIX_WHO_GROUP, entry->id};
	case POSIX_MASK:
		return (struct posix_who){POSIX_WHO_NOBODY, 0};
	default:
		return (struct posix_who){POSIX_WHO_EVERYONE, 0};
	}
}

static void add_acl(struct list *list, const struct posix_access *access,
		    bool is_default)
{
	const struct posix_acl *acl =
		is_default ? &access->defaults : &access->access;
	uint16_t mask = posix_acl_perms(acl, POSIX_MASK, POSIX_PERMS);

	for (size_t i = 0; i < acl->count; i++) {
		const struct posix_entry *entry = &acl->entries[i];
		struct posix_who who = who_of(access, entry, is_default);
		uint8_t flags = is_default ? DEFAULT : 0;
		uint16_t granted = entry->perms;

		if (entry->tag == POSIX_MASK)
			flags = NOTE;
		if (entry->tag & MASKED)
			granted &= mask;
		add_ace(list, who, flags, granted);
		if (granted != entry->perms)
			add_ace(list, who, NOTE, entry->perms);
	}
}

static int list_make(const struct posix_access *access, struct list *ret_list)
{
	size_t room = 2 * (access->access.count + access->defaults.count);
	struct list list = {
		.aces = calloc(room, sizeof(*list.aces)),
		.sids = calloc(room, sizeof(*list.sids)),
		.is_directory = access->is_directory,
	};

	if (!list.aces || !list.sids) {
		list_done(&list);
		return -ENOMEM;
	}
	add_acl(&list, access, false);
	add_acl(&list, access, true);
	*ret_list = list;
	return 0;
}

int posix_aces_encode(const struct posix_access *access, void **ret_bytes,
		      size_t *ret_size)
{
	struct list list;
	int rc = list_make(access, &list);

	if (rc < 0)
		return rc;
	rc = bkup_acl_build(0, list.aces, list.count, ret_bytes, ret_size);
	list_done(&list);
	return rc;
}

/* A DACL that is read. */
struct walk {
	const struct bkup_part *dacl;
	struct bkup_ace ace; /* the one that is to be read */
	bool is_at_end;	     /* or there is none */
	struct posix_access *access;
	struct bkup_fault *fault;
};

static int fail(const struct walk *walk, size_t offset, const char *what)
{
	size_t at = walk->dacl->size;

	if (!walk->is_at_end)
		at = walk->ace.whole.bytes - walk->dacl->bytes + offset;
	*walk->fault = (struct bkup_fault){at, what};
	return -ENOTSUP;
}

static void next(struct walk *walk)
{
	walk->is_at_end = !bkup_acl_next(walk->dacl, &walk->ace);
}

static void start(struct walk *walk)
{
	walk->ace = (struct bkup_ace){0};
	next(walk);
}

static int read_ace(const struct walk *walk, struct posix_who *ret_who,
		    uint16_t *ret_perms)
{
	const struct bkup_ace *ace = &walk->ace;
	struct posix_who who;

	if (walk->is_at_end)
		return fail(walk, 0, "an ACE of Everyone is missing");
	if (ace->type != BKUP_ACE_ALLOWED)
		return fail(walk, 0, "an ACE does something else than allow");
	who = posix_who_of(&ace->sid);
	if (who.kind == POSIX_WHO_UNKNOWN)
		return fail(walk, SID_AT, "this SID is of no user or group");
	if (!posix_rights_perms(ace->mask, walk->access->is_directory,
				ret_perms))
		return fail(walk, MASK_AT,
			    "no permission bits stand for these rights");
	*ret_who = who;
	return 0;
}

/* Those of access whose SIDs are not their own are told by where they stand. */
static uint16_t tag_of(const struct posix_acl *acl, struct posix_who who,
		       bool is_default)
{
	uint16_t last = acl->count ? acl->entries[acl->count - 1].tag : 0;

	switch (who.kind) {
	case POSIX_WHO_CREATOR:
		return is_default ? POSIX_USER_OBJ : 0;
	case POSIX_WHO_CREATOR_GROUP:
		return is_default ? POSIX_GROUP_OBJ : 0;
	case POSIX_WHO_USER:
		return last || is_default ? POSIX_USER : POSIX_USER_OBJ;
	case POSIX_WHO_GROUP:
		return last >= POSIX_GROUP_OBJ || is_default ? POSIX_GROUP
							     : POSIX_GROUP_OBJ;
	case POSIX_WHO_NOBODY:
		return POSIX_MASK;
	default:
		return POSIX_OTHER;
	}
}

/* Reads what an entry was before the mask took from it, if that stands here. */
static int read_note(struct walk *walk, struct posix_who who,
		     struct posix_entry *entry)
{
	struct posix_who of = {POSIX_WHO_UNKNOWN, 0};
	uint16_t perms;
	int rc;

	if (walk->is_at_end || walk->ace.flags != NOTE ||
	    !(entry->tag & MASKED))
		return 0;
	rc = read_ace(walk, &of, &perms);
	if (rc < 0 || of.kind != who.kind || of.id != who.id)
		return rc;
	entry->perms = perms;
	next(walk);
	return 0;
}

static int read_entry(struct walk *walk, struct posix_acl *acl, bool is_default)
{
	struct posix_entry entry = {0};
	struct posix_who who;
	int rc = read_ace(walk, &who, &entry.perms);

	if (rc < 0)
		return rc;
	entry.tag = tag_of(acl, who, is_default);
	entry.id = who.id;
	rc = posix_acl_add(acl, entry);
	if (rc == -EINVAL)
		return fail(walk, 0, "an ACE is not in its place");
	next(walk);
	return rc < 0 ? rc
		      : read_note(walk, who, &acl->entries[acl->count - 1]);
}

static int read_acl(struct walk *walk, struct posix_acl *acl, bool is_default)
{
	do {
		int rc = read_entry(walk, acl, is_default);

		if (rc < 0)
			return rc;
	} while (acl->entries[acl->count - 1].tag != POSIX_OTHER);
	if (!posix_acl_is_whole(acl))
		return fail(walk, 0,
			    "an ACE of owner, group or mask is missing");
	return 0;
}

static bool is_same(const struct bkup_ace *a, const struct bkup_ace *b)
{
	return a->type == b->type && a->flags == b->flags &&
	       a->mask == b->mask && a->sid.size == b->sid.size &&
	       memcmp(a->sid.bytes, b->sid.bytes, a->sid.size) == 0 &&
	       a->data.size == b->data.size;
}

/* Whether what was read is all that the ACEs say. */
static int check(struct walk *walk)
{
	struct list list;
	int rc = list_make(walk->access, &list);

	if (rc < 0)
		return rc;
	start(walk);
	for (size_t i = 0; i < list.count && rc == 0; i++) {
		if (walk->is_at_end || !is_same(&walk->ace, &list.aces[i]))
			rc = fail(walk, 0,
				  "mode bits and ACLs do not make this ACE");
		else
			next(walk);
	}
	if (rc == 0 && !walk->is_at_end)
		rc = fail(walk, 0, "mode bits and ACLs do not make this ACE");
	list_done(&list);
	return rc;
}

int posix_aces_decode(const struct bkup_part *dacl, struct posix_access *access,
		      struct bkup_fault *ret_fault)
{
	struct walk walk = {.dacl = dacl, .access = access, .fault = ret_fault};
	int rc;

	start(&walk);
	rc = read_acl(&walk, &access->access, false);
	if (rc == 0 && !walk.is_at_end && !access->is_directory)
		rc = fail(&walk, 0,
			  "only directories have ACEs that others get");
	if (rc == 0 && !walk.is_at_end)
		rc = read_acl(&walk, &access->defaults, true);
	return rc < 0 ? rc : check(&walk);
}
