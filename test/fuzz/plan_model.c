/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan_model.h"

#include "util/le.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t *get_versions(size_t count)
{
	uint64_t *versions = calloc(count + 1, sizeof(*versions));

	ck_assert_ptr_nonnull(versions);
	return versions;
}

void plan_model_init(struct plan_model *model, const uint8_t *data, size_t size)
{
	*model = (struct plan_model){0};
	bytes_add(&model->file, data, size);
	naive_decode(&model->naive, &model->file);
	model->versions = get_versions(model->naive.count);
}

void plan_model_done(struct plan_model *model)
{
	bytes_done(&model->file);
	naive_done(&model->naive);
	free(model->versions);
	*model = (struct plan_model){0};
}

static uint32_t default_attributes(uint32_t id, bool sparse)
{
	if (id == BKUP_SECURITY_DATA)
		return BKUP_CONTAINS_SECURITY;
	return sparse ? BKUP_SPARSE_ATTRIBUTE : 0;
}

/* The id and raw name of a child that may be made; 0 or -errno. */
static int resolve(const struct layout *layout, const char *child,
		   uint32_t *ret_id, struct bytes *ret_raw)
{
	const struct layout_stream *known = layout_find(layout, child);
	char first[BKUP_CHILD_SIZE];
	int rc;

	if (known) {
		*ret_id = known->id;
		bytes_add(ret_raw, known->raw.data, known->raw.size);
		return 0;
	}
	rc = naive_parse_child(child, ret_id, ret_raw, first);
	if (rc > 0)
		rc = layout_find(layout, first) ? 0 : -EINVAL;
	return rc;
}

static int set(struct layout *layout, const struct plan_change *change,
	       const char *child)
{
	struct layout_stream *stream = layout_find(layout, child);
	struct bytes raw = {0};
	uint32_t id = 0;
	int rc = resolve(layout, child, &id, &raw);

	if (rc == 0 && id == BKUP_SPARSE_BLOCK &&
	    !plan_model_is_block(&change->stage->content))
		rc = -EINVAL;
	if (rc == 0 && stream)
		stream->attributes &= ~BKUP_SPARSE_ATTRIBUTE;
	if (rc == 0 && !stream) {
		stream = layout_add(layout, child, id, &raw);
		stream->attributes = default_attributes(id, false);
	}
	bytes_done(&raw);
	if (rc < 0)
		return rc;
	if (change->edit.attributes >= 0)
		stream->attributes = change->edit.attributes;
	stream->head = 1;
	return plan_model_put(layout, stream, change->stage);
}

/* Gives a stream a new header, with its name and attributes. */
static void put_header(struct layout *layout, struct layout_stream *stream,
		       size_t old_name_size)
{
	struct bytes *bytes = layout_bytes(layout, stream), before = *bytes;
	size_t skip = BKUP_HEADER_SIZE + old_name_size;

	*bytes = (struct bytes){0};
	plan_model_header(bytes, stream, le64_get(before.data + 8));
	bytes_add(bytes, before.data + skip, before.size - skip);
	bytes_done(&before);
}

/* Renames a stream; raw is taken over. */
static int rename_stream(struct layout *layout, struct layout_stream *stream,
			 const char *child, uint32_t id, struct bytes *raw,
			 unsigned int head)
{
	size_t old_name_size = stream->raw.size;

	if (id != stream->id) {
		if (id == BKUP_SPARSE_BLOCK ||
		    (stream->sparse && !layout_owns_blocks(id)))
			return -EXDEV;
		stream->attributes = default_attributes(id, stream->sparse);
	}
	bytes_done(&stream->raw);
	stream->raw = *raw;
	*raw = (struct bytes){0};
	stream->id = id;
	stream->head = head;
	snprintf(stream->child, sizeof(stream->child), "%s", child);
	put_header(layout, stream, old_name_size);
	return 0;
}

static int move(struct layout *layout, const struct plan_change *change)
{
	struct layout_stream *from = layout_find(layout, change->edit.name);
	struct layout_stream *to = layout_find(layout, change->edit.to);
	struct bytes raw = {0};
	uint32_t id = 0;
	int rc;

	if (!from)
		return -ENOENT;
	if (change->stage) {
		/* The name may be counted from the one that goes. */
		rc = set(layout, change, change->edit.to);
		if (rc == 0)
			layout_remove(layout, from);
		return rc;
	}
	rc = resolve(layout, change->edit.to, &id, &raw);
	if (rc == 0 && to)
		layout_remove(layout, to);
	if (rc == 0)
		rc = rename_stream(layout, from, change->edit.to, id, &raw, 1);
	bytes_done(&raw);
	return rc;
}

static int exchange(struct layout *layout, const struct plan_edit *edit)
{
	struct layout_stream *a = layout_find(layout, edit->name);
	struct layout_stream *b = layout_find(layout, edit->to);
	struct bytes a_raw = {0}, b_raw = {0};
	uint32_t a_id, b_id;
	int rc;

	if (!a || !b)
		return -ENOENT;
	a_id = a->id;
	b_id = b->id;
	bytes_add(&a_raw, a->raw.data, a->raw.size);
	bytes_add(&b_raw, b->raw.data, b->raw.size);
	rc = rename_stream(layout, a, edit->to, b_id, &b_raw, 1);
	if (rc == 0)
		rc = rename_stream(layout, b, edit->name, a_id, &a_raw, 2);
	bytes_done(&a_raw);
	bytes_done(&b_raw);
	return rc;
}

static int set_attributes(struct layout *layout, const struct plan_edit *edit)
{
	struct layout_stream *stream = layout_find(layout, edit->name);

	if (!stream)
		return -ENOENT;
	stream->attributes = edit->attributes;
	stream->head = 1;
	put_header(layout, stream, stream->raw.size);
	return 0;
}

static int apply(struct layout *layout, const struct plan_change *change)
{
	struct layout_stream *stream = layout_find(layout, change->edit.name);

	switch (change->edit.kind) {
	case PLAN_SET:
		return set(layout, change, change->edit.name);
	case PLAN_REMOVE:
		if (stream)
			layout_remove(layout, stream);
		return stream ? 0 : -ENOENT;
	case PLAN_RENAME:
		return move(layout, change);
	case PLAN_EXCHANGE:
		return exchange(layout, &change->edit);
	case PLAN_ATTRIBUTES:
		return set_attributes(layout, &change->edit);
	case PLAN_WHOLE:
		break;
	}
	return -EINVAL;
}

static void take(const struct layout *layout, struct plan_model *ret_model)
{
	const struct layout_stream **order =
		calloc(layout->count + 1, sizeof(*order));
	size_t count;

	ck_assert_ptr_nonnull(order);
	*ret_model = (struct plan_model){0};
	count = layout_print(layout, &ret_model->file, order);
	naive_decode(&ret_model->naive, &ret_model->file);
	/* Else it is the model that makes no backup file of this. */
	ck_assert_uint_eq(ret_model->naive.count, count);
	ret_model->versions = get_versions(count);
	for (size_t i = 0; i < count; i++) {
		struct naive_stream *stream = &ret_model->naive.list[i];

		ck_assert_uint_eq(stream->content.size, order[i]->size);
		snprintf(stream->child, sizeof(stream->child), "%s",
			 order[i]->child);
		ret_model->versions[i] = order[i]->version;
	}
	free(order);
}

int plan_model_change(const struct plan_model *model,
		      const struct plan_change *change,
		      struct plan_model *ret_model)
{
	struct layout layout;
	int rc;

	layout_init(&layout, &model->file, &model->naive);
	for (size_t i = 0; i < layout.count; i++)
		layout.streams[i].version = model->versions[i];
	rc = apply(&layout, change);
	if (rc == 0) {
		layout_arrange(&layout, change->order);
		take(&layout, ret_model);
	}
	if (rc == 0 && ret_model->file.size > PLAN_FILE_MAX) {
		plan_model_done(ret_model);
		rc = -EFBIG;
	}
	layout_done(&layout);
	return rc;
}
