/* SPDX-License-Identifier: BSD-2-Clause */
/* One ACE of SDDL: (type;flags;rights;object;inherited object;sid[;data]). */
#include "payload/ace.h"
#include "payload/claim.h"
#include "payload/condition.h"
#include "payload/guid.h"
#include "payload/literal.h"
#include "payload/sddl.h"
#include "payload/sid.h"

#include <errno.h>
#include <string.h>

/* What is parsed of an ACE, and room for what it points to. */
struct parts {
	struct bkup_ace ace;
	struct bytes sid, data;
	uint8_t object_type[GUID_SIZE], inherited_object_type[GUID_SIZE];
};

static const struct sddl_word *take_word(struct scan *scan,
					 const struct sddl_word *words)
{
	for (; *words->word; words++) {
		if (scan_take(scan, words->word))
			return words;
	}
	return NULL;
}

static int next_field(struct scan *scan)
{
	scan_space(scan);
	return scan_expect(scan, ";", "a ; is missing in this ACE");
}

/* Letters stand for a type only if nothing else follows them. */
static int parse_type(struct scan *scan, uint8_t *ret_type)
{
	size_t start = scan->at;
	uint64_t number = 0;

	scan_space(scan);
	for (const struct sddl_word *word = sddl_types; *word->word; word++) {
		size_t at = scan->at;

		if (!scan_take(scan, word->word))
			continue;
		scan_space(scan);
		if (scan_peek(scan) == ';') {
			*ret_type = (uint8_t)word->value;
			return 0;
		}
		scan->at = at;
	}
	if (scan_peek(scan) < '0' || scan_peek(scan) > '9')
		return scan_fail_at(scan, start, "this is no type of an ACE");
	if (scan_number(scan, false, UINT8_MAX, &number) < 0)
		return -EINVAL;
	*ret_type = (uint8_t)number;
	return 0;
}

static int parse_flags(struct scan *scan, uint8_t *ret_flags)
{
	const struct sddl_word *word;

	scan_space(scan);
	while ((word = take_word(scan, sddl_ace_flags)))
		*ret_flags |= word->value;
	return next_field(scan);
}

static bool take_right(struct scan *scan, uint32_t *mask)
{
	const struct sddl_word *word = take_word(scan, sddl_single_rights);

	if (!word)
		word = take_word(scan, sddl_whole_rights);
	if (!word)
		word = take_word(scan, sddl_label_rights);
	if (word)
		*mask |= word->value;
	return word;
}

static int parse_rights(struct scan *scan, uint32_t *ret_mask)
{
	scan_space(scan);
	if (scan_peek(scan) >= '0' && scan_peek(scan) <= '9') {
		uint64_t number = 0;

		if (scan_number(scan, true, UINT32_MAX, &number) < 0)
			return -EINVAL;
		*ret_mask = (uint32_t)number;
		return next_field(scan);
	}
	while (take_right(scan, ret_mask))
		continue;
	return next_field(scan);
}

static int parse_guid(struct scan *scan, struct bkup_ace *ace, uint32_t flag,
		      uint8_t *guid, const uint8_t **ret_guid)
{
	scan_space(scan);
	if (scan_peek(scan) != ';') {
		if (!bkup_ace_is_object(ace->type))
			return scan_fail(scan, "an ACE of this type has no "
					       "GUIDs");
		if (guid_parse(scan, guid) < 0)
			return -EINVAL;
		ace->object_flags |= flag;
		*ret_guid = guid;
	}
	return next_field(scan);
}

static int parse_data(struct scan *scan, uint8_t type, struct bytes *data)
{
	enum sddl_data kind = sddl_data_of(type);

	scan_space(scan);
	if (kind == SDDL_DATA_NONE)
		return scan_fail(scan, "an ACE of this type has no data");
	if (scan_take(scan, "#")) {
		literal_parse_octets(scan, data);
		return 0;
	}
	return kind == SDDL_DATA_CLAIM ? claim_parse(scan, data)
				       : condition_parse(scan, data);
}

static int parse_known(struct scan *scan, struct parts *parts)
{
	struct bkup_ace *ace = &parts->ace;

	if (parse_rights(scan, &ace->mask) < 0 ||
	    parse_guid(scan, ace, BKUP_ACE_OBJECT_TYPE_PRESENT,
		       parts->object_type, &ace->object_type) < 0 ||
	    parse_guid(scan, ace, BKUP_ACE_INHERITED_OBJECT_TYPE_PRESENT,
		       parts->inherited_object_type,
		       &ace->inherited_object_type) < 0)
		return -EINVAL;
	scan_space(scan);
	if (sid_parse(scan, &parts->sid) < 0)
		return -EINVAL;
	scan_space(scan);
	return scan_take(scan, ";") ? parse_data(scan, ace->type, &parts->data)
				    : 0;
}

static int parse_parts(struct scan *scan, struct parts *parts)
{
	struct bkup_ace *ace = &parts->ace;
	int rc = 0;

	if (scan_expect(scan, "(", "an ACE begins with (") < 0 ||
	    parse_type(scan, &ace->type) < 0 || next_field(scan) < 0 ||
	    parse_flags(scan, &ace->flags) < 0)
		return -EINVAL;
	scan_space(scan);
	/* Nothing but its data is known of it. */
	if (scan_take(scan, "#"))
		literal_parse_octets(scan, &parts->data);
	else
		rc = parse_known(scan, parts);
	if (rc < 0)
		return rc;
	scan_space(scan);
	return scan_expect(scan, ")", "an ACE ends with )");
}

int sddl_parse_ace(struct scan *scan, struct bytes *bytes)
{
	struct parts parts = {0};
	size_t start = scan->at;
	int rc = parse_parts(scan, &parts);

	if (rc == 0)
		rc = parts.sid.error ? parts.sid.error : parts.data.error;
	if (rc == 0) {
		parts.ace.sid =
			(struct bkup_part){parts.sid.data, parts.sid.size};
		parts.ace.data =
			(struct bkup_part){parts.data.data, parts.data.size};
		rc = ace_build(&parts.ace, bytes);
	}
	if (rc == -EMSGSIZE)
		rc = scan_fail_at(scan, start, "this ACE is too large");
	if (rc == -EINVAL)
		scan_fail_at(scan, start, "an ACE of this type needs a SID");
	bytes_done(&parts.sid);
	bytes_done(&parts.data);
	return rc;
}
