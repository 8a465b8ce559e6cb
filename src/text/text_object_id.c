/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/kinds.h"

#include <bkup/object_id.h>
#include <errno.h>

int text_put_object_id(const uint8_t *bytes, size_t size, struct json_out *out,
		       struct bkup_fault *ret_fault)
{
	struct bkup_object_id id;
	int rc = bkup_object_id_decode(bytes, size, &id, ret_fault);

	if (rc < 0)
		return rc;
	json_open(out, NULL, '{');
	json_put_guid(out, "object_id", id.object_id);
	if (id.has_birth) {
		json_put_guid(out, "birth_volume_id", id.birth_volume_id);
		json_put_guid(out, "birth_object_id", id.birth_object_id);
		json_put_guid(out, "domain_id", id.domain_id);
	}
	json_close(out, '}');
	return 0;
}

static int read_guid(struct scan *scan, void *target)
{
	return json_read_guid(scan, target);
}

/* A short one becomes a long one by any of the other three. */
int text_read_object_id(struct scan *scan, struct bytes *bytes)
{
	static const struct json_key keys[] = {
		{"object_id", read_guid, "'object_id' is missing",
		 offsetof(struct bkup_object_id, object_id)},
		{"birth_volume_id", read_guid, NULL,
		 offsetof(struct bkup_object_id, birth_volume_id)},
		{"birth_object_id", read_guid, NULL,
		 offsetof(struct bkup_object_id, birth_object_id)},
		{"domain_id", read_guid, NULL,
		 offsetof(struct bkup_object_id, domain_id)},
	};
	struct bkup_object_id id = {0};
	uint8_t payload[BKUP_OBJECT_ID_SIZE];
	size_t at[4];
	int rc = json_read_object(scan, keys, 4, &id, at);

	if (rc < 0)
		return rc;
	for (size_t i = 1; i < 4; i++)
		if (at[i] != SIZE_MAX)
			id.has_birth = true;
	bytes_add(bytes, payload, bkup_object_id_encode(&id, payload));
	return 0;
}
