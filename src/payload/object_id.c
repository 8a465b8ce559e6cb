/* SPDX-License-Identifier: BSD-2-Clause */
#include <bkup/object_id.h>

#include <errno.h>
#include <string.h>

int bkup_object_id_decode(const void *bytes, size_t size,
			  struct bkup_object_id *ret_id,
			  struct bkup_fault *ret_fault)
{
	struct bkup_object_id id = {0};
	const uint8_t *at = bytes;

	if (size != BKUP_OBJECT_ID_SIZE && size != BKUP_OBJECT_ID_SHORT_SIZE) {
		ret_fault->offset =
			size < BKUP_OBJECT_ID_SIZE ? size : BKUP_OBJECT_ID_SIZE;
		ret_fault->what = "an object id has 64 bytes, or 16";
		return -EBADMSG;
	}
	memcpy(id.object_id, at, 16);
	id.has_birth = size == BKUP_OBJECT_ID_SIZE;
	if (id.has_birth) {
		memcpy(id.birth_volume_id, at + 16, 16);
		memcpy(id.birth_object_id, at + 32, 16);
		memcpy(id.domain_id, at + 48, 16);
	}
	*ret_id = id;
	return 0;
}

size_t bkup_object_id_encode(const struct bkup_object_id *id, void *ret_bytes)
{
	uint8_t *at = ret_bytes;

	memcpy(at, id->object_id, 16);
	memcpy(at + 16, id->birth_volume_id, 16);
	memcpy(at + 32, id->birth_object_id, 16);
	memcpy(at + 48, id->domain_id, 16);
	return id->has_birth ? BKUP_OBJECT_ID_SIZE : BKUP_OBJECT_ID_SHORT_SIZE;
}
