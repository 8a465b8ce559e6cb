/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/ea.h>

#include "util/bytes.h"
#include "util/le.h"

#include <errno.h>

/* An attribute that is read: its bytes, up to the next one or the end. */
struct entry {
	const uint8_t *bytes;
	size_t size, offset; /* of its first byte, in the list */
	struct bkup_fault *fault;
};

static int bad(const struct entry *entry, size_t offset, const char *what)
{
	*entry->fault = (struct bkup_fault){entry->offset + offset, what};
	return -EBADMSG;
}

/* Where the next one starts, from the start of this one; 0 for the last. */
static int read_next(const struct entry *entry, uint32_t *ret_next)
{
	uint32_t next = le32_get(entry->bytes);

	if (next && next < BKUP_EA_HEADER_SIZE)
		return bad(entry, 0, "the next attribute is within this one");
	if (next > entry->size)
		return bad(entry, 0, "the next attribute is behind the end");
	if (next != entry->size && next % 4)
		return bad(entry, 0,
			   "the next attribute is not at a multiple of 4");
	*ret_next = next;
	return 0;
}

static int read_name(const struct entry *entry, struct bkup_ea *ea)
{
	size_t room = entry->size - BKUP_EA_HEADER_SIZE;
	const uint8_t *nul;

	ea->name_size = entry->bytes[5];
	ea->name = entry->bytes + BKUP_EA_HEADER_SIZE;
	if (ea->name_size == 0)
		return bad(entry, 5, "an attribute has no name");
	if (ea->name_size >= room)
		return bad(entry, 5, "the name passes the end of its room");
	nul = memchr(ea->name, '\0', ea->name_size + 1);
	if (!nul)
		return bad(entry, BKUP_EA_HEADER_SIZE + ea->name_size,
			   "no NUL ends the name");
	if (nul != ea->name + ea->name_size)
		return bad(entry, nul - entry->bytes, "a NUL is in the name");
	return 0;
}

static int read_entry(const struct entry *entry, struct bkup_ea *ea)
{
	size_t room;
	int rc = read_name(entry, ea);

	if (rc < 0)
		return rc;
	room = entry->size - BKUP_EA_HEADER_SIZE - ea->name_size - 1;
	ea->flags = entry->bytes[4];
	ea->value_size = le16_get(entry->bytes + 6);
	ea->value = ea->name + ea->name_size + 1;
	if (ea->value_size > room)
		return bad(entry, 6, "the value passes the end of its room");
	ea->padding = ea->value + ea->value_size;
	ea->padding_size = room - ea->value_size;
	return 0;
}

int bkup_ea_next(struct bkup_ea_list *list, struct bkup_ea *ret_ea,
		 struct bkup_fault *ret_fault)
{
	struct entry entry = {.offset = list->at, .fault = ret_fault};
	struct bkup_ea ea;
	uint32_t next;
	int rc;

	if (list->is_at_end || list->size == 0)
		return 0;
	entry.bytes = (const uint8_t *)list->bytes + list->at;
	entry.size = list->size - list->at;
	if (entry.size < BKUP_EA_HEADER_SIZE)
		return bad(&entry, entry.size, "an attribute is cut off");
	rc = read_next(&entry, &next);
	if (rc < 0)
		return rc;
	list->ends_at_end = next == entry.size;
	list->is_at_end = next == 0 || list->ends_at_end;
	if (next)
		entry.size = next;
	rc = read_entry(&entry, &ea);
	if (rc < 0)
		return rc;
	list->at += entry.size;
	*ret_ea = ea;
	return 1;
}

static bool is_sound(const struct bkup_ea *ea, bool is_last)
{
	size_t size = BKUP_EA_HEADER_SIZE + ea->name_size + 1 + ea->value_size;

	if (ea->name_size == 0 || memchr(ea->name, '\0', ea->name_size))
		return false;
	if (!ea->padding)
		return true;
	return ea->padding_size <= UINT32_MAX - size &&
	       (is_last || (size + ea->padding_size) % 4 == 0);
}

static void add(struct bytes *bytes, const struct bkup_ea *ea)
{
	bytes_add_u32(bytes, 0);
	bytes_add_u8(bytes, ea->flags);
	bytes_add_u8(bytes, ea->name_size);
	bytes_add_u16(bytes, ea->value_size);
	bytes_add(bytes, ea->name, ea->name_size);
	bytes_add_u8(bytes, 0);
	bytes_add(bytes, ea->value, ea->value_size);
	if (ea->padding)
		bytes_add(bytes, ea->padding, ea->padding_size);
	else
		bytes_align(bytes, 4);
}

int bkup_ea_encode(const struct bkup_ea *eas, size_t count, bool ends_at_end,
		   void **ret_bytes, size_t *ret_size)
{
	struct bytes bytes = {0};
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		size_t start = bytes.size;
		bool is_last = i + 1 == count;

		if (!is_sound(&eas[i], is_last))
			rc = -EINVAL;
		else
			add(&bytes, &eas[i]);
		if (rc == 0 && bytes.error == 0 && (!is_last || ends_at_end))
			le32_put(bytes.data + start, bytes.size - start);
	}
	if (rc == 0)
		rc = bytes_take(&bytes, ret_bytes, ret_size);
	bytes_done(&bytes);
	return rc;
}
