/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A part of a descriptor is formatted by making a descriptor of it alone: what
 * the library prints of that is the part, behind the letter and its colon.
 */
#include "bkup/descriptor_lines.h"

#include "util/bytes.h"
#include "util/cleanup.h"

#include <bkup/sddl.h>

static const struct {
	uint16_t bit;
	const char *name;
} flags[] = {
	{BKUP_SE_OWNER_DEFAULTED, "owner defaulted"},
	{BKUP_SE_GROUP_DEFAULTED, "group defaulted"},
	{BKUP_SE_DACL_PRESENT, "dacl present"},
	{BKUP_SE_DACL_DEFAULTED, "dacl defaulted"},
	{BKUP_SE_SACL_PRESENT, "sacl present"},
	{BKUP_SE_SACL_DEFAULTED, "sacl defaulted"},
	{BKUP_SE_DACL_TRUSTED, "dacl trusted"},
	{BKUP_SE_SERVER_SECURITY, "server security"},
	{BKUP_SE_DACL_AUTO_INHERIT_REQ, "dacl auto inherit requested"},
	{BKUP_SE_SACL_AUTO_INHERIT_REQ, "sacl auto inherit requested"},
	{BKUP_SE_DACL_AUTO_INHERITED, "dacl auto inherited"},
	{BKUP_SE_SACL_AUTO_INHERITED, "sacl auto inherited"},
	{BKUP_SE_DACL_PROTECTED, "dacl protected"},
	{BKUP_SE_SACL_PROTECTED, "sacl protected"},
	{BKUP_SE_RM_CONTROL_VALID, "resource manager control valid"},
};

/* Adds a line of what was put together, and empties that. */
static int add_line(struct lines *lines, struct bytes *text)
{
	char *line = NULL;
	size_t size;
	int rc = bytes_take(text, &line, &size);

	bytes_done(text);
	return rc < 0 ? rc : lines_add(lines, line);
}

/*
 * Adds the text of a part.
 *
 * ret_whole: whether the part can be made of that text again.
 */
static int add_part(const struct bkup_security *part, struct bytes *text,
		    bool *ret_whole)
{
	cleanup_free void *bytes = NULL, *again = NULL;
	cleanup_free char *sddl = NULL;
	size_t size = 0, sddl_size = 0, again_size = 0;
	struct bkup_fault fault;
	int rc = bkup_security_build(part, &bytes, &size);

	if (rc == 0)
		rc = bkup_sddl_format(bytes, size, &sddl, &sddl_size, &fault);
	if (rc < 0)
		return rc;
	bytes_add_text(text, sddl + 2);
	rc = bkup_sddl_parse(sddl, sddl_size, NULL, 0, &again, &again_size,
			     &fault);
	*ret_whole = rc == 0 && again_size == size &&
		     memcmp(again, bytes, size) == 0;
	return rc == -ENOMEM ? rc : 0;
}

static int add_sid(const struct bkup_part *sid, const char *name,
		   struct lines *lines)
{
	struct bkup_security part = {.owner = *sid};
	struct bytes text = {0};
	bool whole;
	int rc;

	if (!sid->bytes)
		return 0;
	bytes_print(&text, "%s ", name);
	rc = add_part(&part, &text, &whole);
	if (rc == 0)
		return add_line(lines, &text);
	bytes_done(&text);
	return rc;
}

static int add_flags(const struct bkup_security *security, struct lines *lines)
{
	struct bytes text = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(flags) / sizeof(flags[0]);
	     i++) {
		if (!(security->control & flags[i].bit))
			continue;
		bytes_print(&text, "flag %s", flags[i].name);
		rc = add_line(lines, &text);
	}
	if (rc < 0 || !security->rm_control)
		return rc;
	bytes_print(&text, "resource manager control 0x%x",
		    security->rm_control);
	return add_line(lines, &text);
}

/* What stands behind the SID, where text does not tell it. */
static void add_data(const struct bkup_part *data, struct bytes *text)
{
	bytes_add_text(text, " and behind it ");
	for (size_t i = 0; i < data->size; i++)
		bytes_print(text, "%02x", data->bytes[i]);
}

static int add_ace(const struct bkup_ace *ace, const char *name,
		   struct lines *lines)
{
	struct bkup_security part = {.control = BKUP_SE_DACL_PRESENT};
	struct bytes text = {0};
	cleanup_free void *acl = NULL;
	size_t size = 0;
	bool whole = true;
	int rc = bkup_acl_build(0, ace, 1, &acl, &size);

	bytes_print(&text, "%s ", name);
	part.dacl = (struct bkup_part){acl, size};
	if (rc == 0)
		rc = add_part(&part, &text, &whole);
	if (!whole && ace->data.size)
		add_data(&ace->data, &text);
	if (rc == 0)
		return add_line(lines, &text);
	bytes_done(&text);
	return rc;
}

static int add_acl(const struct bkup_part *acl, const char *name, bool present,
		   struct lines *lines)
{
	struct bkup_ace ace = {0};
	struct bytes text = {0};
	int rc;

	if (!present && !acl->bytes)
		return 0;
	if (acl->bytes)
		bytes_print(&text, "%s revision %u", name, acl->bytes[0]);
	else
		bytes_print(&text, "%s is NULL", name);
	rc = add_line(lines, &text);
	while (rc == 0 && bkup_acl_next(acl, &ace))
		rc = add_ace(&ace, name, lines);
	return rc;
}

int descriptor_lines(const void *bytes, size_t size, struct lines *lines,
		     struct bkup_fault *ret_fault)
{
	struct bkup_security security;
	int rc = bkup_security_parse(bytes, size, &security, ret_fault);

	if (rc == 0)
		rc = add_sid(&security.owner, "owner", lines);
	if (rc == 0)
		rc = add_sid(&security.group, "group", lines);
	if (rc == 0)
		rc = add_flags(&security, lines);
	if (rc == 0)
		rc = add_acl(&security.dacl, "dacl",
			     security.control & BKUP_SE_DACL_PRESENT, lines);
	if (rc == 0)
		rc = add_acl(&security.sacl, "sacl",
			     security.control & BKUP_SE_SACL_PRESENT, lines);
	return rc;
}
