/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text_ea.h"

#include "text/kinds.h"

/* What bkup_ea_encode puts there by itself. */
static bool padding_is_usual(const struct bkup_ea *ea)
{
	size_t size = BKUP_EA_HEADER_SIZE + ea->name_size + 1 + ea->value_size;

	if (ea->padding_size != -size % 4)
		return false;
	for (size_t i = 0; i < ea->padding_size; i++)
		if (ea->padding[i])
			return false;
	return true;
}

static void put_ea(struct json_out *out, const struct bkup_ea *ea)
{
	json_open(out, NULL, '{');
	json_put_utf8(out, "name", ea->name, ea->name_size);
	json_put_bool(out, "need_ea", ea->flags & BKUP_EA_NEED);
	if (ea->flags & ~BKUP_EA_NEED)
		json_put_bits(out, "flags", ea->flags & ~BKUP_EA_NEED);
	text_put_ea_value(out, ea);
	if (!padding_is_usual(ea))
		json_put_hex(out, "padding", ea->padding, ea->padding_size);
	json_close(out, '}');
}

int text_put_ea(const uint8_t *bytes, size_t size, struct json_out *out,
		struct bkup_fault *ret_fault)
{
	struct bkup_ea_list list = {.bytes = bytes, .size = size};
	struct bkup_ea ea;
	int rc;

	json_open(out, NULL, '{');
	json_open(out, "ea", '[');
	while ((rc = bkup_ea_next(&list, &ea, ret_fault)) == 1)
		put_ea(out, &ea);
	json_close(out, ']');
	if (list.ends_at_end)
		json_put_bool(out, "ends_at_end", true);
	json_close(out, '}');
	return rc;
}
