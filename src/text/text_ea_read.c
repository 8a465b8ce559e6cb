/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/kinds.h"
#include "text/text_ea.h"
#include "util/array.h"

#include <errno.h>

enum { NAME, NEED, FLAGS, VALUE, PADDING, KEYS };

/* An attribute; its bytes move while more are read. */
struct item {
	uint8_t flags;
	struct {
		size_t start, size; /* in the list's data */
	} part[KEYS];
	size_t at[KEYS]; /* in the text; SIZE_MAX if it is not there */
};

struct list {
	struct bytes data; /* names, values, padding */
	struct item *items, *item;
	size_t count, room;
	bool ends_at_end;
};

static void list_done(struct list *list)
{
	bytes_done(&list->data);
	free(list->items);
}

static int read_part(struct scan *scan, struct list *list, int key,
		     int (*read)(struct scan *scan, struct bytes *bytes))
{
	size_t start = list->data.size;
	int rc = read(scan, &list->data);

	if (rc < 0)
		return rc;
	list->item->part[key].start = start;
	list->item->part[key].size = list->data.size - start;
	return list->data.error;
}

static int read_name(struct scan *scan, void *target)
{
	struct list *list = target;
	size_t start = scan->at, size;
	int rc = read_part(scan, list, NAME, json_read_utf8);

	if (rc < 0)
		return rc;
	size = list->item->part[NAME].size;
	if (size == 0 || size > UINT8_MAX)
		return scan_fail_at(scan, start, "a name has 1 to 255 bytes");
	if (memchr(list->data.data + list->item->part[NAME].start, '\0', size))
		return scan_fail_at(scan, start, "a name has no NUL");
	return 0;
}

static int read_value(struct scan *scan, void *target)
{
	struct list *list = target;
	size_t start = scan->at;
	int rc = read_part(scan, list, VALUE, text_read_ea_value);

	if (rc == 0 && list->item->part[VALUE].size > UINT16_MAX)
		return scan_fail_at(scan, start,
				    "a value has 65535 bytes at most");
	return rc;
}

static int read_padding(struct scan *scan, void *target)
{
	return read_part(scan, target, PADDING, json_read_hex);
}

static int read_need(struct scan *scan, void *target)
{
	bool need = false;
	int rc = json_read_bool(scan, &need);

	if (need)
		((struct list *)target)->item->flags |= BKUP_EA_NEED;
	return rc;
}

static int read_flags(struct scan *scan, void *target)
{
	size_t start = scan->at;
	uint32_t flags = 0;
	int rc = json_read_bits(scan, &flags);

	if (rc == 0 && flags >= BKUP_EA_NEED)
		return scan_fail_at(scan, start, "flags are less than 0x80");
	((struct list *)target)->item->flags |= flags;
	return rc;
}

static int read_item(struct scan *scan, void *target)
{
	static const struct json_key keys[KEYS] = {
		[NAME] = {"name", read_name, "'name' is missing", 0},
		[NEED] = {"need_ea", read_need, NULL, 0},
		[FLAGS] = {"flags", read_flags, NULL, 0},
		[VALUE] = {"value", read_value, "'value' is missing", 0},
		[PADDING] = {"padding", read_padding, NULL, 0},
	};
	struct list *list = target;
	int rc = array_reserve(&list->items, list->count, 1, &list->room,
			       sizeof(*list->items));

	if (rc < 0)
		return rc;
	list->item = &list->items[list->count++];
	*list->item = (struct item){0};
	return json_read_object(scan, keys, KEYS, list, list->item->at);
}

static int read_items(struct scan *scan, void *target)
{
	return json_read_array(scan, read_item, target);
}

static int read_ends(struct scan *scan, void *target)
{
	return json_read_bool(scan, &((struct list *)target)->ends_at_end);
}

static const uint8_t *part_data(const struct list *list,
				const struct item *item, int key)
{
	/* Nothing was added if all are empty. */
	return list->data.data ? list->data.data + item->part[key].start
			       : (const uint8_t *)"";
}

static struct bkup_ea ea_of(const struct list *list, const struct item *item)
{
	struct bkup_ea ea = {
		.flags = item->flags,
		.name_size = item->part[NAME].size,
		.value_size = item->part[VALUE].size,
		.name = part_data(list, item, NAME),
		.value = part_data(list, item, VALUE),
	};

	if (item->at[PADDING] != SIZE_MAX) {
		ea.padding = part_data(list, item, PADDING);
		ea.padding_size = item->part[PADDING].size;
	}
	return ea;
}

/* The only thing that can be wrong with an attribute by now. */
static int check_padding(struct scan *scan, const struct list *list)
{
	for (size_t i = 0; i + 1 < list->count; i++) {
		const struct item *item = &list->items[i];
		size_t size = BKUP_EA_HEADER_SIZE + 1 + item->part[NAME].size +
			      item->part[VALUE].size + item->part[PADDING].size;

		if (item->at[PADDING] != SIZE_MAX && size % 4)
			return scan_fail_at(scan, item->at[PADDING],
					    "behind this padding the next one "
					    "is not at a multiple of 4");
	}
	return 0;
}

static int encode(struct scan *scan, const struct list *list,
		  struct bytes *bytes)
{
	struct bkup_ea *eas;
	void *payload = NULL;
	size_t size = 0;
	int rc = check_padding(scan, list);

	if (rc < 0)
		return rc;
	eas = calloc(list->count + 1, sizeof(*eas));
	if (!eas)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		eas[i] = ea_of(list, &list->items[i]);
	rc = bkup_ea_encode(eas, list->count, list->ends_at_end, &payload,
			    &size);
	if (rc == 0)
		bytes_add(bytes, payload, size);
	free(payload);
	free(eas);
	return rc == -EINVAL ? scan_fail(scan, "this is too much") : rc;
}

int text_read_ea(struct scan *scan, struct bytes *bytes)
{
	static const struct json_key keys[] = {
		{"ea", read_items, "'ea' is missing", 0},
		{"ends_at_end", read_ends, NULL, 0},
	};
	struct list list = {0};
	int rc = json_read_object(scan, keys, 2, &list, NULL);

	if (rc == 0)
		rc = encode(scan, &list, bytes);
	list_done(&list);
	return rc;
}
