/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redo records, changed field by field, with a hash that is right most of the
 * time. What belongs together is brought into step now and then.
 */
#include "redo_mutate.h"

#include "naive.h"
#include "redo_parts.h"

#include <string.h>

enum { GROWTH = 64, NEAR = 128 };

const char *const redo_paths[REDO_PATHS] = {
	"f",
	"d/g",
	"h",
	"../outside",
	"d",
	"l",
	".bkupfs/redo-0",
	".bkupfs/kept",
};

/* Other ways to them, and where nothing is. */
static const char *const odd_paths[] = {
	"",
	"/",
	"./f",
	"f/",
	"d/../f",
	"d//g",
	"d/up/f",
	"d/up/../f",
	"d/g/x",
	"..",
	".",
	"d/..",
	"/proc/self/fd",
	"none",
	".bkupfs",
	"f/f",
	"../source/f",
	"./.bkupfs/kept",
	"d/../.bkupfs/redo-0",
};

struct mutation {
	struct redo_parts parts;
	uint64_t random;
};

static uint64_t below(struct mutation *mutation, uint64_t limit)
{
	return naive_below(&mutation->random, limit);
}

static uint64_t near_or_border(struct mutation *mutation)
{
	return below(mutation, 4) ? below(mutation, NEAR)
				  : fuzz_random_border(&mutation->random);
}

static void change_bytes(struct bytes *bytes)
{
	size_t size = bytes->size;

	bytes_fill(bytes, 0, GROWTH);
	bytes->size = LLVMFuzzerMutate(bytes->data, size, bytes->size);
}

static void set_path(struct mutation *mutation, const char *path)
{
	mutation->parts.path.size = 0;
	bytes_add(&mutation->parts.path, path, strlen(path));
}

static void change_path(struct mutation *mutation)
{
	uint64_t kind = below(mutation, 4);

	if (kind == 0)
		change_bytes(&mutation->parts.path);
	else if (kind == 1)
		set_path(mutation,
			 odd_paths[below(mutation, N_ELEMENTS(odd_paths))]);
	else
		set_path(mutation, redo_paths[below(mutation, REDO_PATHS)]);
}

static void change_inode(struct mutation *mutation)
{
	mutation->parts.inode = below(mutation, 8)
					? below(mutation, REDO_PATHS)
					: unit_random(&mutation->random);
}

/* A file, by its path and inode. */
static void name_file(struct mutation *mutation)
{
	mutation->parts.inode = below(mutation, 3);
	set_path(mutation, redo_paths[mutation->parts.inode]);
}

static void change_size(struct mutation *mutation)
{
	mutation->parts.file_size = near_or_border(mutation);
}

static void add_range(struct mutation *mutation)
{
	struct redo_parts *parts = &mutation->parts;

	if (parts->count < REDO_RANGES_MAX)
		parts->ranges[parts->count++] = (struct redo_part){
			below(mutation, NEAR), below(mutation, GROWTH)};
}

static void drop_range(struct mutation *mutation)
{
	if (mutation->parts.count)
		mutation->parts.count--;
}

static void change_range(struct mutation *mutation)
{
	struct redo_parts *parts = &mutation->parts;
	struct redo_part *range;

	if (!parts->count)
		return;
	range = &parts->ranges[below(mutation, parts->count)];
	if (below(mutation, 2))
		range->offset = near_or_border(mutation);
	else
		range->size = near_or_border(mutation);
}

static void swap_ranges(struct mutation *mutation)
{
	struct redo_parts *parts = &mutation->parts;
	struct redo_part range, *a, *b;

	if (!parts->count)
		return;
	a = &parts->ranges[below(mutation, parts->count)];
	b = &parts->ranges[below(mutation, parts->count)];
	range = *a;
	*a = *b;
	*b = range;
}

/* Makes the ranges such as a plan has. */
static void fit_ranges(struct mutation *mutation)
{
	struct redo_parts *parts = &mutation->parts;
	uint64_t end = 0, size = 0;

	for (size_t i = 0; i < parts->count; i++) {
		struct redo_part *range = &parts->ranges[i];

		range->offset = end + below(mutation, GROWTH / 4);
		range->size %= GROWTH;
		end = range->offset + range->size;
		size += range->size;
	}
	parts->data.size = 0;
	bytes_fill(&parts->data, 'a' + below(mutation, 26), size);
	parts->file_size = end + (below(mutation, 2) ? 0 : below(mutation, 16));
}

static void change_data(struct mutation *mutation)
{
	change_bytes(&mutation->parts.data);
}

static void change_times(struct mutation *mutation)
{
	struct redo_parts *parts = &mutation->parts;

	change_bytes(&parts->times);
	parts->seconds = near_or_border(mutation);
	parts->nanoseconds = below(mutation, 4)
				     ? below(mutation, 1000000000)
				     : unit_random(&mutation->random);
}

static void change_hash(struct mutation *mutation)
{
	mutation->parts.hashed = below(mutation, 8);
}

static void change_version(struct mutation *mutation)
{
	mutation->parts.version = below(mutation, 4) ? 2 : below(mutation, 4);
}

static void change_one(struct mutation *mutation)
{
	static void (*const changes[])(struct mutation *) = {
		change_path,	change_inode, name_file,    name_file,
		change_size,	add_range,    add_range,    drop_range,
		change_range,	swap_ranges,  fit_ranges,   fit_ranges,
		fit_ranges,	change_data,  change_times, change_hash,
		change_version,
	};

	changes[below(mutation, N_ELEMENTS(changes))](mutation);
}

size_t redo_mutate(uint8_t *data, size_t size, size_t max_size,
		   unsigned int seed)
{
	struct mutation mutation = {.random = seed};
	struct bytes record = {0};

	/* Now and then whatever comes: sizes in the head, too. */
	if (below(&mutation, 16) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	if (!redo_parts_take(&mutation.parts, data, size)) {
		mutation.parts =
			(struct redo_parts){.version = 2, .hashed = true};
		name_file(&mutation);
		add_range(&mutation);
		fit_ranges(&mutation);
	}
	for (uint64_t i = 1 + below(&mutation, 3); i; i--)
		change_one(&mutation);
	redo_parts_print(&mutation.parts, &record);
	size = record.size < max_size ? record.size : max_size;
	memcpy(data, record.data, size);
	bytes_done(&record);
	redo_parts_done(&mutation.parts);
	return size;
}
