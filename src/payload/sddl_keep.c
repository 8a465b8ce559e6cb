/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/sddl_keep.h"

#include "payload/ace.h"
#include "payload/sddl.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/le.h"

/* An ACE of the old ACL, and its text. */
struct old_ace {
	struct bkup_part whole;
	struct bytes text;
	bool used; /* by one of the new ACL */
};

struct old_aces {
	struct old_ace *list;
	size_t count, room;
	size_t first; /* that is not used */
};

static bool same_text(const struct bytes *a, const struct bytes *b)
{
	return a->size == b->size &&
	       (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static int list_aces(const struct bkup_part *acl, struct old_aces *aces)
{
	struct bkup_ace ace = {0};

	while (bkup_acl_next(acl, &ace)) {
		struct old_ace *old;
		int rc = array_reserve(&aces->list, aces->count, 1, &aces->room,
				       sizeof(*aces->list));

		if (rc < 0)
			return rc;
		old = &aces->list[aces->count++];
		*old = (struct old_ace){.whole = ace.whole};
		sddl_format_ace(&ace, &old->text);
		if (old->text.error < 0)
			return old->text.error;
	}
	return 0;
}

static void free_aces(struct old_aces *aces)
{
	for (size_t i = 0; i < aces->count; i++)
		bytes_done(&aces->list[i].text);
	free(aces->list);
}

/*
 * The first one of the same text that is not used yet. There may be thousands:
 * those at the front that are used are not looked at again.
 */
static const struct bkup_part *find_ace(struct old_aces *aces,
					const struct bytes *text)
{
	while (aces->first < aces->count && aces->list[aces->first].used)
		aces->first++;
	for (size_t i = aces->first; i < aces->count; i++) {
		struct old_ace *old = &aces->list[i];

		if (old->used || !same_text(&old->text, text))
			continue;
		old->used = true;
		return &old->whole;
	}
	return NULL;
}

static void add_ace(struct old_aces *aces, const struct bkup_ace *ace,
		    struct bytes *acl)
{
	struct bytes text = {0};
	const struct bkup_part *kept = NULL;

	sddl_format_ace(ace, &text);
	if (text.error < 0)
		acl->error = text.error;
	else
		kept = find_ace(aces, &text);
	bytes_done(&text);
	/* What it keeps may be longer, and the ACL too long by that. */
	if (kept && acl->size + kept->size > ACL_SIZE_MAX)
		kept = NULL;
	if (!kept)
		kept = &ace->whole;
	bytes_add(acl, kept->bytes, kept->size);
}

/* The new ACL with the ACEs of the old one; as it is if they do not fit. */
static int keep_aces(const struct bkup_part *old, const struct bkup_part *new,
		     struct bytes *ret_acl)
{
	struct old_aces aces = {0};
	struct bkup_ace ace = {0};
	int rc = list_aces(old, &aces);

	bytes_add(ret_acl, new->bytes, ACL_HEAD_SIZE);
	while (rc == 0 && bkup_acl_next(new, &ace))
		add_ace(&aces, &ace, ret_acl);
	free_aces(&aces);
	if (rc == 0)
		rc = ret_acl->error;
	if (rc < 0)
		return rc;
	if (ret_acl->size > ACL_SIZE_MAX) {
		ret_acl->size = 0;
		bytes_add(ret_acl, new->bytes, new->size);
		return ret_acl->error;
	}
	if (ret_acl->data[0] < old->bytes[0])
		ret_acl->data[0] = old->bytes[0];
	le16_put(ret_acl->data + 2, (uint16_t)ret_acl->size);
	return 0;
}

static int acl_is_same(const struct bkup_security *old,
		       const struct bkup_part *old_acl,
		       const struct bkup_security *new,
		       const struct bkup_part *new_acl,
		       const struct sddl_acl_kind *kind, bool *ret_same)
{
	struct bytes a = {0}, b = {0};
	int rc;

	sddl_format_acl(old_acl, old->control, kind, &a);
	sddl_format_acl(new_acl, new->control, kind, &b);
	rc = a.error ? a.error : b.error;
	*ret_same = same_text(&a, &b);
	bytes_done(&a);
	bytes_done(&b);
	return rc;
}

/* acl is that of merged, which begins as the new descriptor. */
static int keep_acl(const struct bkup_security *old,
		    const struct bkup_part *old_acl,
		    struct bkup_security *merged, struct bkup_part *acl,
		    const struct sddl_acl_kind *kind, struct bytes *room)
{
	uint16_t bits = kind->present | kind->is_protected |
			kind->auto_inherit_req | kind->auto_inherited |
			kind->kept;
	bool same;
	int rc = acl_is_same(old, old_acl, merged, acl, kind, &same);

	if (rc < 0)
		return rc;
	if (same) {
		*acl = *old_acl;
		merged->control =
			(merged->control & ~bits) | (old->control & bits);
		return 0;
	}
	if (!acl->bytes || !old_acl->bytes)
		return 0;
	rc = keep_aces(old_acl, acl, room);
	*acl = (struct bkup_part){room->data, room->size};
	return rc;
}

static bool same_sid(const struct bkup_part *a, const struct bkup_part *b)
{
	return a->size == b->size &&
	       (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

static void keep_bits(const struct bkup_security *old,
		      struct bkup_security *merged)
{
	uint16_t bits = BKUP_SE_RM_CONTROL_VALID;

	if (same_sid(&old->owner, &merged->owner))
		bits |= BKUP_SE_OWNER_DEFAULTED;
	if (same_sid(&old->group, &merged->group))
		bits |= BKUP_SE_GROUP_DEFAULTED;
	merged->control |= old->control & bits;
	merged->rm_control = old->rm_control;
}

static int merge(const struct bkup_security *old,
		 const struct bkup_security *new, void **ret_bytes,
		 size_t *ret_size)
{
	struct bkup_security merged = *new;
	struct bytes dacl = {0}, sacl = {0};
	int rc = keep_acl(old, &old->dacl, &merged, &merged.dacl, &sddl_dacl,
			  &dacl);

	if (rc == 0)
		rc = keep_acl(old, &old->sacl, &merged, &merged.sacl,
			      &sddl_sacl, &sacl);
	if (rc == 0) {
		keep_bits(old, &merged);
		rc = security_build_like(&merged, old, ret_bytes, ret_size);
	}
	bytes_done(&dacl);
	bytes_done(&sacl);
	return rc;
}

static int is_same(const struct bkup_security *a, const struct bkup_security *b,
		   bool *ret_same)
{
	struct bytes a_text = {0}, b_text = {0};
	int rc;

	sddl_format_all(a, &a_text);
	sddl_format_all(b, &b_text);
	rc = a_text.error ? a_text.error : b_text.error;
	*ret_same = same_text(&a_text, &b_text);
	bytes_done(&a_text);
	bytes_done(&b_text);
	return rc;
}

static int copy(const void *bytes, size_t size, void **ret_bytes,
		size_t *ret_size)
{
	struct bytes all = {0};
	int rc;

	bytes_add(&all, bytes, size);
	rc = bytes_take(&all, ret_bytes, ret_size);
	bytes_done(&all);
	return rc;
}

int sddl_keep(const void *old, size_t old_size, const void *new,
	      size_t new_size, void **ret_bytes, size_t *ret_size)
{
	struct bkup_security old_one, new_one;
	struct bkup_fault fault;
	bool same;
	int rc;

	if (bkup_security_parse(old, old_size, &old_one, &fault) < 0 ||
	    bkup_security_parse(new, new_size, &new_one, &fault) < 0)
		return copy(new, new_size, ret_bytes, ret_size);
	rc = is_same(&old_one, &new_one, &same);
	if (rc < 0)
		return rc;
	if (same)
		return copy(old, old_size, ret_bytes, ret_size);
	return merge(&old_one, &new_one, ret_bytes, ret_size);
}
