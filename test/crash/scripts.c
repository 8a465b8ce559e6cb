/* SPDX-License-Identifier: BSD-2-Clause */
/* The scripts, and their variants. */
#include "script.h"

#include <stdio.h>

#define KIB *1024ULL
#define MIB *1048576ULL

const struct script scripts[] = {
	{
		.name = "first streams",
		.objects = {{"d", NULL}, {"e", NULL}, {"g", NULL}, {"h", NULL}},
		.steps =
			{
				{STEP_WRITE, "d", "data", .size = 100},
				{STEP_WRITE, "d", ":a", .size = 30, .seed = 1},
				{STEP_WRITE, "e", ":a", .size = 50,
				 .flags = STEP_SYNC},
				{STEP_WRITE, "g", ".data.Ab12Cd", .size = 70},
				{STEP_RENAME, "g", ".data.Ab12Cd", "data",
				 .flags = STEP_SCRATCH_LAST},
				{STEP_WRITE, "h", "data"},
			},
	},
	{
		.name = "first stream, large",
		.flags = SCRIPT_APART,
		.objects = {{"d", NULL}, {"e", NULL}},
		.steps =
			{
				{STEP_WRITE, "d", "data", .size = 3 MIB},
				{STEP_WRITE, "e", "data", .size = 3 MIB,
				 .flags = STEP_SYNC},
			},
	},
	{
		.name = "small file",
		.flags = SCRIPT_LINKED | SCRIPT_CANONICAL,
		.objects = {{"f", "d5000 e60 a40 b30"}, {"other", "d10"}},
		.steps =
			{
				{STEP_WRITE, "f", "security", .size = 90},
				{STEP_WRITE, "f", "data", .offset = 2000,
				 .size = 700, .seed = 1},
				{STEP_WRITE, "f", "data", .offset = 5000,
				 .size = 900, .seed = 2, .flags = STEP_SYNC},
				{STEP_RESIZE, "f", "data", .size = 3000},
				{STEP_TIME, "f", "ea", .size = 1100000000},
				{STEP_WRITE, "f", "data", .size = 4000,
				 .seed = 3, .flags = STEP_TRUNCATE},
				{STEP_WRITE, "f", ":c", .size = 600},
				{STEP_RENAME, "f", ":a", ":a longer name"},
				{STEP_RENAME, "f", ":a longer name", ":b"},
				{STEP_SWAP, "f", ":b", ":c"},
				{STEP_UNLINK, "f", "ea"},
				{STEP_SET, "f", "data", .size = 3},
				{STEP_TIME, "f", .size = 1200000000},
				{STEP_WRITE, "f", ":c", .offset = 10,
				 .size = 10, .seed = 4, .flags = STEP_SYNC},
				{STEP_WRITE, "other", "data", .size = 10,
				 .seed = 5},
				{STEP_UNLINK, "f", "data"},
			},
	},
	{
		.name = "large file",
		.flags = SCRIPT_LINKED | SCRIPT_APART,
		.objects = {{"f", "s60 d3145728 e50 a40 b30"},
			    {"other", "d10"}},
		.steps =
			{
				{STEP_WRITE, "f", ":a", .size = 4000, .seed = 1,
				 .flags = STEP_TRUNCATE},
				{STEP_WRITE, "f", ":b", .offset = 30,
				 .size = 300, .seed = 1, .flags = STEP_SYNC},
				{STEP_WRITE, "f", ":c", .size = 20, .seed = 2},
				{STEP_UNLINK, "f", ":a"},
				{STEP_RENAME, "f", ":b", ":longer than b"},
				{STEP_SWAP, "f", ":longer than b", ":c"},
				{STEP_RENAME, "f", ":c", ":longer than b"},
				{STEP_WRITE, "f", "data", .offset = 1000001,
				 .size = 5000, .seed = 3},
				{STEP_WRITE, "f", "data", .offset = 3 MIB - 9,
				 .size = 8000, .seed = 4},
				{STEP_RESIZE, "f", "data", .size = 2 MIB + 5},
				{STEP_SET, "f", "data", .size = 3},
				{STEP_TIME, "f", "data", .size = 1100000000},
				{STEP_WRITE, "f", "security", .size = 70,
				 .seed = 6, .flags = STEP_TRUNCATE},
				{STEP_WRITE, "f", "data", .size = 3 MIB,
				 .seed = 5, .flags = STEP_TRUNCATE | STEP_SYNC},
				{STEP_WRITE, "f", "data", .size = 900,
				 .seed = 8, .flags = STEP_SYNC},
				{STEP_WRITE, "f", "data", .size = 3 MIB,
				 .seed = 7, .flags = STEP_TRUNCATE},
				{STEP_UNLINK, "f", "data"},
			},
	},
	{
		.name = "sparse data",
		.flags = SCRIPT_LINKED | SCRIPT_APART,
		.objects = {{"f", "e50 a40"}},
		.steps =
			{
				{STEP_WRITE, "f", "data", .offset = 1 MIB,
				 .size = 9000, .end = 3 MIB,
				 .flags = STEP_TRUNCATE},
				{STEP_WRITE, "f", "data", .offset = 1 MIB + 99,
				 .size = 100, .seed = 1},
				{STEP_WRITE, "f", "data", .offset = 2 MIB,
				 .size = 5000, .seed = 2, .flags = STEP_SYNC},
				{STEP_WRITE, "f", ":a", .size = 70, .seed = 3},
				{STEP_PUNCH, "f", "data", .offset = 1 MIB,
				 .size = 64 KIB},
				{STEP_RESIZE, "f", "data", .size = 4 MIB},
				{STEP_RESIZE, "f", "data", .size = 512 KIB},
				{STEP_WRITE, "f", "data", .size = 512 KIB,
				 .seed = 4},
				{STEP_PUNCH, "f", "data", .offset = 128 KIB,
				 .size = 128 KIB},
			},
	},
	{
		.name = "last stream",
		.flags = SCRIPT_LINKED,
		.objects = {{"f", "d20"}, {"g", "a30"}},
		.steps =
			{
				{STEP_UNLINK, "f", "data"},
				{STEP_WRITE, "f", ":a", .size = 20},
				{STEP_RENAME, "f", ":a", "data"},
				{STEP_UNLINK, "f", "data"},
				{STEP_UNLINK, "g", ":a"},
				{STEP_RMDIR, "g"},
			},
	},
	{
		.name = "scratch",
		.flags = SCRIPT_LINKED | SCRIPT_SCRATCH,
		.objects = {{"f", "d200 e30"}, {"d", NULL}},
		.steps =
			{
				{STEP_WRITE, "f", ".new", .size = 50,
				 .seed = 1},
				{STEP_RENAME, "f",
				 ".new", "data", .flags = STEP_SCRATCH_LAST},
				{STEP_RENAME, "f", "data", "data~",
				 .flags = STEP_SCRATCH_FIRST},
				{STEP_WRITE, "f", "data", .size = 100,
				 .seed = 2, .flags = STEP_SYNC},
				{STEP_RENAME, "f", "data~", ".other"},
				{STEP_WRITE, "f", ".other", .offset = 9,
				 .size = 90, .seed = 3, .flags = STEP_SYNC},
				{STEP_UNLINK, "f", ".other"},
				{STEP_WRITE, "d", ".first", .size = 10},
				{STEP_RENAME, "d", ".first", "ea",
				 .flags = STEP_SCRATCH_LAST},
			},
	},
	{
		.name = "whole file",
		.flags = SCRIPT_LINKED,
		.objects = {{"f", "d5000 e60 a40"},
			    {"g", "s90 d300 b30"},
			    {"d", NULL}},
		.steps =
			{
				{STEP_WHOLE, "f", .to = "g"},
				{STEP_WRITE, "g", "data", .offset = 100,
				 .size = 4000, .seed = 1},
				{STEP_WHOLE, "f", .to = "g",
				 .flags = STEP_SYNC},
				{STEP_WRITE, "f", ":c", .size = 20, .seed = 2},
				{STEP_WHOLE, "d", .to = "f"},
				{STEP_UNLINK, "f", "data"},
				{STEP_WHOLE, "d", .to = "f",
				 .flags = STEP_SYNC},
			},
	},
	{
		.name = "names",
		.flags = SCRIPT_NAMES,
		.objects = {{"f", "d200 e30"},
			    {"g", "d70"},
			    {"empty", ""},
			    {"dir", NULL}},
		.steps =
			{
				{STEP_MKDIR, "new"},
				{STEP_MOVE, "f", .to = "new",
				 .flags = STEP_LEAVES_EMPTY},
				{STEP_MOVE, "new", .to = "empty"},
				{STEP_SWAP_OBJECTS, "empty", .to = "g"},
				{STEP_MKDIR, "dir/below"},
				{STEP_MOVE, "g", .to = "dir/below",
				 .flags = STEP_LEAVES_EMPTY},
				{STEP_MOVE, "dir", .to = "moved"},
				{STEP_WRITE, "moved/below", "data", .size = 30,
				 .seed = 1, .flags = STEP_SYNC},
				{STEP_MKDIR, "gone"},
				{STEP_RMDIR, "gone"},
			},
	},
};
const size_t scripts_count = N_ELEMENTS(scripts);

static bool script_has(const struct script *script, bool linked, bool canonical)
{
	return (!linked || script->flags & SCRIPT_LINKED) &&
	       (!canonical || script->flags & SCRIPT_CANONICAL) &&
	       !(linked && canonical);
}

bool variant_get(size_t i, struct variant *ret_variant)
{
	for (size_t j = 0; j < 4 * scripts_count; j++) {
		struct variant variant = {&scripts[j / 4], j & 1, j & 2, false,
					  ""};

		if (!script_has(variant.script, variant.linked,
				variant.canonical) ||
		    i--)
			continue;
		snprintf(variant.name, sizeof(variant.name), "%s%s%s",
			 variant.script->name,
			 variant.linked ? ", two links" : "",
			 variant.canonical ? ", canonical" : "");
		variant.apart = variant.script->flags & SCRIPT_APART ||
				(variant.linked &&
				 !(variant.script->flags & SCRIPT_SCRATCH));
		*ret_variant = variant;
		return true;
	}
	return false;
}

size_t script_steps(const struct script *script)
{
	size_t n = 0;

	while (n < N_ELEMENTS(script->steps) && script->steps[n].object)
		n++;
	return n;
}
