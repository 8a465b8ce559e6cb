/* SPDX-License-Identifier: BSD-2-Clause */
#include "payload/claim.h"
#include "payload/condition.h"
#include "payload/guid.h"
#include "payload/literal.h"
#include "payload/sddl.h"
#include "payload/sid.h"

#include <bkup/sddl.h>
#include <inttypes.h>

static void format_type(uint8_t type, struct bytes *text)
{
	for (const struct sddl_word *word = sddl_types; *word->word; word++) {
		if (word->value == type) {
			bytes_add_text(text, word->word);
			return;
		}
	}
	bytes_print(text, "0x%x", type);
}

/* All words whose bits are set; returns the bits that have none. */
static uint32_t format_bits(uint32_t bits, const struct sddl_word *words,
			    struct bytes *text)
{
	for (const struct sddl_word *word = words; *word->word; word++) {
		if (bits & word->value)
			bytes_add_text(text, word->word);
		bits &= ~word->value;
	}
	return bits;
}

static bool format_whole(uint32_t mask, struct bytes *text)
{
	for (const struct sddl_word *word = sddl_whole_rights; *word->word;
	     word++) {
		if (word->value == mask) {
			bytes_add_text(text, word->word);
			return true;
		}
	}
	return false;
}

static uint32_t all_bits(const struct sddl_word *words)
{
	uint32_t bits = 0;

	for (const struct sddl_word *word = words; *word->word; word++)
		bits |= word->value;
	return bits;
}

static void format_rights(const struct bkup_ace *ace, struct bytes *text)
{
	bool is_label = ace->type == BKUP_ACE_MANDATORY_LABEL;
	const struct sddl_word *words =
		is_label ? sddl_label_rights : sddl_single_rights;

	if (!is_label && format_whole(ace->mask, text))
		return;
	if (ace->mask & ~all_bits(words))
		bytes_print(text, "0x%" PRIx32, ace->mask);
	else
		format_bits(ace->mask, words, text);
}

static void format_guid(const uint8_t *guid, struct bytes *text)
{
	bytes_add_text(text, ";");
	if (guid)
		guid_format(guid, text);
}

/* The text of data is put together apart, since it may turn out to have none.*/
static void format_data(const struct bkup_ace *ace, struct bytes *text)
{
	const struct bkup_part *data = &ace->data;
	enum sddl_data kind = sddl_data_of(ace->type);
	struct bytes piece = {0};
	int rc;

	if (kind == SDDL_DATA_NONE || data->size == 0)
		return;
	bytes_add_text(text, ";");
	rc = kind == SDDL_DATA_CLAIM
		     ? claim_format(data->bytes, data->size, &piece)
		     : condition_format(data->bytes, data->size, &piece);
	if (rc < 0)
		literal_format_octets(data->bytes, data->size, text);
	else
		bytes_add(text, piece.data, piece.size);
	if (piece.error < 0)
		text->error = piece.error;
	bytes_done(&piece);
}

static void format_known(const struct bkup_ace *ace, struct bytes *text)
{
	format_rights(ace, text);
	format_guid(ace->object_type, text);
	format_guid(ace->inherited_object_type, text);
	bytes_add_text(text, ";");
	sid_format(ace->sid.bytes, text);
	format_data(ace, text);
}

void sddl_format_ace(const struct bkup_ace *ace, struct bytes *text)
{
	bytes_add_text(text, "(");
	format_type(ace->type, text);
	bytes_add_text(text, ";");
	format_bits(ace->flags, sddl_ace_flags, text);
	bytes_add_text(text, ";");
	if (ace->known)
		format_known(ace, text);
	else
		literal_format_octets(ace->data.bytes, ace->data.size, text);
	bytes_add_text(text, ")");
}

void sddl_format_acl(const struct bkup_part *acl, uint16_t control,
		     const struct sddl_acl_kind *kind, struct bytes *text)
{
	struct bkup_ace ace = {0};

	if (!(control & kind->present))
		return;
	bytes_add_text(text, kind->tag);
	if (control & kind->is_protected)
		bytes_add_text(text, "P");
	if (control & kind->auto_inherit_req)
		bytes_add_text(text, "AR");
	if (control & kind->auto_inherited)
		bytes_add_text(text, "AI");
	if (!acl->bytes)
		bytes_add_text(text, "NO_ACCESS_CONTROL");
	while (bkup_acl_next(acl, &ace))
		sddl_format_ace(&ace, text);
}

static void format_sid(const struct bkup_part *sid, const char *tag,
		       struct bytes *text)
{
	if (!sid->bytes)
		return;
	bytes_add_text(text, tag);
	sid_format(sid->bytes, text);
}

void sddl_format_all(const struct bkup_security *security, struct bytes *text)
{
	format_sid(&security->owner, "O:", text);
	format_sid(&security->group, "G:", text);
	sddl_format_acl(&security->dacl, security->control, &sddl_dacl, text);
	sddl_format_acl(&security->sacl, security->control, &sddl_sacl, text);
}

int bkup_sddl_format(const void *bytes, size_t size, char **ret_text,
		     size_t *ret_size, struct bkup_fault *ret_fault)
{
	struct bkup_security security;
	struct bytes text = {0};
	int rc = bkup_security_parse(bytes, size, &security, ret_fault);

	if (rc < 0)
		return rc;
	sddl_format_all(&security, &text);
	rc = bytes_take(&text, ret_text, ret_size);
	bytes_done(&text);
	return rc;
}
