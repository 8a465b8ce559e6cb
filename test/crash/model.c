/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct letter {
	char letter;
	uint32_t id, attributes;
	const char *raw, *child;
} letters[] = {
	{'d', BKUP_DATA, 0, "", "data"},
	{'e', BKUP_EA_DATA, 0, "", "ea"},
	{'s', BKUP_SECURITY_DATA, 2, "", "security"},
	{'a', BKUP_ALTERNATE_DATA, 0, ":a:$DATA", ":a"},
	{'b', BKUP_ALTERNATE_DATA, 0, ":b:$DATA", ":b"},
};

/* The next stream of a list such as "d100 e3"; NULL at its end. */
static const struct letter *next_letter(const char **list, uint64_t *ret_size)
{
	char *end;

	while (**list == ' ')
		++*list;
	for (size_t i = 0; **list && i < N_ELEMENTS(letters); i++)
		if (letters[i].letter == **list) {
			*ret_size = strtoull(*list + 1, &end, 10);
			*list = end;
			return &letters[i];
		}
	return NULL;
}

static uint8_t *make_bytes(uint64_t seed, uint64_t offset, uint64_t size)
{
	uint8_t *bytes = malloc(size + 1);

	ck_assert_ptr_nonnull(bytes);
	for (uint64_t i = 0; i < size; i++)
		bytes[i] = step_byte(seed, offset + i);
	return bytes;
}

void model_build(const struct script_object *object, struct bytes *ret_bytes)
{
	const char *list = object->streams;
	const struct letter *letter;
	uint64_t size;

	while ((letter = next_letter(&list, &size))) {
		uint8_t *bytes = make_bytes(letter->letter, 0, size);

		bytes_add_header(ret_bytes, letter->id, letter->attributes,
				 size, 2 * strlen(letter->raw));
		bytes_add_utf16(ret_bytes, letter->raw);
		bytes_add(ret_bytes, bytes, size);
		free(bytes);
	}
}

static struct model_stream *find(struct model *model, const char *object,
				 const char *child)
{
	for (size_t i = 0; i < model->count; i++)
		if (strcmp(model->list[i].object, object) == 0 &&
		    strcmp(model->list[i].child, child) == 0)
			return &model->list[i];
	return NULL;
}

static struct model_stream *add(struct model *model, const char *object,
				const char *child)
{
	struct model_stream *stream;

	model->list =
		realloc(model->list, (model->count + 1) * sizeof(*model->list));
	ck_assert_ptr_nonnull(model->list);
	stream = &model->list[model->count++];
	*stream = (struct model_stream){.attributes = -1};
	snprintf(stream->object, sizeof(stream->object), "%s", object);
	snprintf(stream->child, sizeof(stream->child), "%s", child);
	return stream;
}

static void drop(struct model *model, struct model_stream *stream)
{
	if (!stream)
		return;
	content_done(&stream->content);
	memmove(stream, stream + 1,
		(--model->count - (stream - model->list)) * sizeof(*stream));
}

void model_init(struct model *model, const struct script *script)
{
	*model = (struct model){0};
	for (size_t i = 0; i < N_ELEMENTS(script->objects); i++) {
		const struct script_object *object = &script->objects[i];
		const char *list = object->streams;
		const struct letter *letter;
		uint64_t size;

		while (list && (letter = next_letter(&list, &size))) {
			uint8_t *bytes = make_bytes(letter->letter, 0, size);

			content_put(&add(model, object->path, letter->child)
					     ->content,
				    0, bytes, size);
			free(bytes);
		}
	}
}

void model_done(struct model *model)
{
	while (model->count)
		drop(model, model->list);
	free(model->list);
}

static void resize(struct content *content, uint64_t size)
{
	struct content next = {.size = size};

	for (size_t i = 0; i < content->count; i++) {
		struct piece *piece = &content->list[i];
		uint64_t room = piece->offset < size ? size - piece->offset : 0;

		content_put(&next, piece->offset < size ? piece->offset : size,
			    piece->data.data,
			    piece->data.size < room ? piece->data.size : room);
	}
	content_done(content);
	*content = next;
}

static void write_step(struct model *model, const struct step *step)
{
	struct model_stream *stream = find(model, step->object, step->name);
	uint8_t *bytes = make_bytes(step->seed, step->offset, step->size);

	if (!stream)
		stream = add(model, step->object, step->name);
	if (step->flags & STEP_TRUNCATE)
		resize(&stream->content, 0);
	if (step->kind == STEP_PUNCH)
		memset(bytes, 0, step->size);
	content_put(&stream->content, step->offset, bytes, step->size);
	if (step->end)
		resize(&stream->content, step->end);
	free(bytes);
}

static void rename_step(struct model *model, const struct step *step)
{
	bool swap = step->kind == STEP_SWAP;
	struct model_stream *from, *to;

	if (!swap)
		drop(model, find(model, step->object, step->to));
	to = find(model, step->object, step->to);
	from = find(model, step->object, step->name);
	snprintf(from->child, sizeof(from->child), "%s", step->to);
	if (swap)
		snprintf(to->child, sizeof(to->child), "%s", step->name);
}

static void move_step(struct model *model, const struct step *step)
{
	bool swap = step->kind == STEP_SWAP_OBJECTS;
	size_t size = strlen(step->object);

	for (size_t i = 0; i < model->count; i++) {
		char *object = model->list[i].object;
		char below[64];

		snprintf(below, sizeof(below), "%s", object);
		if (strncmp(below, step->object, size) == 0 &&
		    (!below[size] || below[size] == '/'))
			snprintf(object, sizeof(below), "%.30s%.30s", step->to,
				 below + size);
		else if (swap && strcmp(below, step->to) == 0)
			snprintf(object, sizeof(below), "%s", step->object);
	}
}

static void whole_step(struct model *model, const struct step *step)
{
	size_t count;

	for (size_t i = model->count; i > 0; i--)
		if (strcmp(model->list[i - 1].object, step->object) == 0)
			drop(model, &model->list[i - 1]);
	count = model->count;
	for (size_t i = 0; i < count; i++) {
		struct model_stream *stream;
		char child[sizeof(stream->child)];

		if (strcmp(model->list[i].object, step->to) != 0)
			continue;
		memcpy(child, model->list[i].child, sizeof(child));
		stream = add(model, step->object, child);
		stream->attributes = model->list[i].attributes;
		for (size_t j = 0; j < model->list[i].content.count; j++) {
			const struct piece *piece =
				&model->list[i].content.list[j];

			content_put(&stream->content, piece->offset,
				    piece->data.data, piece->data.size);
		}
		resize(&stream->content, model->list[i].content.size);
	}
}

void model_step(struct model *model, const struct step *step)
{
	switch (step->kind) {
	case STEP_WRITE:
	case STEP_PUNCH:
		write_step(model, step);
		break;
	case STEP_RESIZE:
		resize(&find(model, step->object, step->name)->content,
		       step->size);
		break;
	case STEP_UNLINK:
		drop(model, find(model, step->object, step->name));
		break;
	case STEP_RENAME:
	case STEP_SWAP:
		rename_step(model, step);
		break;
	case STEP_SET:
		find(model, step->object, step->name)->attributes = step->size;
		break;
	case STEP_MOVE:
	case STEP_SWAP_OBJECTS:
		move_step(model, step);
		break;
	case STEP_WHOLE:
		whole_step(model, step);
		break;
	case STEP_TIME:
	case STEP_MKDIR:
	case STEP_RMDIR:
		break;
	}
}

/* Takes the streams of an object's file out of a copy of the model. */
static void check_object(struct model *left, const struct state_entry *entry,
			 const char *label)
{
	char object[64];
	size_t size = strlen(entry->path);
	struct naive naive;

	if (size > 5 && strcmp(entry->path + size - 5, SCRIPT_LINK) == 0)
		return;
	snprintf(object, sizeof(object), "%s", entry->path);
	naive_decode(&naive, &entry->content);
	for (size_t i = 0; i < naive.count; i++) {
		const struct naive_stream *got = &naive.list[i];
		struct model_stream *wanted = find(left, object, got->child);

		ck_assert_msg(wanted, "%s: '%s/%s' should not be", label,
			      object, got->child);
		ck_assert_msg(content_reads_as(&got->content, &wanted->content),
			      "%s: '%s/%s' has other content", label, object,
			      got->child);
		ck_assert_msg(wanted->attributes < 0 ||
				      (uint32_t)wanted->attributes ==
					      got->record.attributes,
			      "%s: '%s/%s' has attributes %u", label, object,
			      got->child, got->record.attributes);
		drop(left, wanted);
	}
	naive_done(&naive);
}

static void check_scratch(struct model *left, const struct state_entry *entry,
			  const char *label)
{
	const char *slash = strrchr(entry->path, '/');
	struct content content = {0};
	struct model_stream *wanted;
	char object[64];

	snprintf(object, sizeof(object), "%.*s", (int)(slash - entry->path),
		 entry->path);
	wanted = find(left, object, slash + 1);
	ck_assert_msg(wanted, "%s: scratch '%s' should not be", label,
		      entry->path);
	content_put(&content, 0, entry->content.data, entry->content.size);
	ck_assert_msg(content_reads_as(&content, &wanted->content),
		      "%s: scratch '%s' has other content", label, entry->path);
	content_done(&content);
	drop(left, wanted);
}

void model_check(const struct model *model, const struct state *state,
		 const char *label)
{
	struct model left = {0};

	for (size_t i = 0; i < model->count; i++) {
		struct model_stream *stream =
			add(&left, model->list[i].object, model->list[i].child);

		stream->attributes = model->list[i].attributes;
		content_copy(&stream->content, &model->list[i].content);
	}
	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->list[i];

		if (entry->part == STATE_SCRATCH)
			check_scratch(&left, entry, label);
		else if (S_ISREG(entry->mode))
			check_object(&left, entry, label);
	}
	ck_assert_msg(!left.count, "%s: '%s/%s' is missing", label,
		      left.count ? left.list->object : "",
		      left.count ? left.list->child : "");
	model_done(&left);
}
