/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text_reparse.h"

#include "util/le.h"

#include <stdbool.h>

const struct reparse_word reparse_nfs_types[] = {
	{BKUP_NFS_LNK, "LNK"},	 {BKUP_NFS_CHR, "CHR"},	  {BKUP_NFS_BLK, "BLK"},
	{BKUP_NFS_FIFO, "FIFO"}, {BKUP_NFS_SOCK, "SOCK"},
};

const struct reparse_word reparse_algorithms[] = {
	{0, "XPRESS4K"},
	{1, "LZX"},
	{2, "XPRESS8K"},
	{3, "XPRESS16K"},
};

const struct reparse_word reparse_providers[] = {
	{BKUP_REPARSE_IS_WOF_WIM, "WIM"},
	{BKUP_REPARSE_IS_WOF_FILE, "FILE"},
};

const char *reparse_word_of(const struct reparse_word *words, size_t count,
			    uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].value == value)
			return words[i].word;
	return NULL;
}

const char *const reparse_layout_words[] = {
	[LAYOUT_SUBSTITUTE_FIRST] = "substitute, print",
	[LAYOUT_PRINT_FIRST] = "print, substitute",
	[LAYOUT_SUBSTITUTE_FIRST_NULS] = "substitute, NUL, print, NUL",
	[LAYOUT_PRINT_FIRST_NULS] = "print, NUL, substitute, NUL",
};

enum reparse_layout reparse_layout_usual(uint32_t tag)
{
	return tag == BKUP_REPARSE_MOUNT_POINT ? LAYOUT_SUBSTITUTE_FIRST_NULS
					       : LAYOUT_SUBSTITUTE_FIRST;
}

static bool is_print_first(enum reparse_layout layout)
{
	return layout == LAYOUT_PRINT_FIRST ||
	       layout == LAYOUT_PRINT_FIRST_NULS;
}

/* The bytes of what ends each name. */
static size_t nul_size(enum reparse_layout layout)
{
	return layout == LAYOUT_SUBSTITUTE_FIRST_NULS ||
			       layout == LAYOUT_PRINT_FIRST_NULS
		       ? 2
		       : 0;
}

static void set_offsets(struct reparse_path *path, enum reparse_layout layout)
{
	path->substitute_offset = path->print_offset = 0;
	if (is_print_first(layout))
		path->substitute_offset = path->print_size + nul_size(layout);
	else
		path->print_offset = path->substitute_size + nul_size(layout);
}

void reparse_path_lay(struct reparse_path *path, enum reparse_layout layout,
		      struct bytes *bytes)
{
	set_offsets(path, layout);
	if (is_print_first(layout))
		bytes_add(bytes, path->print, path->print_size);
	else
		bytes_add(bytes, path->substitute, path->substitute_size);
	bytes_add_zeros(bytes, nul_size(layout));
	if (is_print_first(layout))
		bytes_add(bytes, path->substitute, path->substitute_size);
	else
		bytes_add(bytes, path->print, path->print_size);
	bytes_add_zeros(bytes, nul_size(layout));
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || le16_get(bytes) == 0;
}

/* Names are where they are; the offsets, and what ends them, decide. */
static bool is_laid(const struct bkup_reparse *reparse,
		    enum reparse_layout layout)
{
	struct reparse_path path = {
		.substitute_size = reparse->names.substitute_size,
		.print_size = reparse->names.print_size,
	};
	size_t nul = nul_size(layout);
	size_t first =
		is_print_first(layout) ? path.print_size : path.substitute_size;
	size_t size = path.substitute_size + path.print_size + 2 * nul;

	set_offsets(&path, layout);
	return size == reparse->names.path_size &&
	       path.substitute_offset == reparse->names.substitute_offset &&
	       path.print_offset == reparse->names.print_offset &&
	       is_zero(reparse->names.path + first, nul) &&
	       is_zero(reparse->names.path + size - nul, nul);
}

enum reparse_layout reparse_layout_of(const struct bkup_reparse *reparse)
{
	enum reparse_layout usual = reparse_layout_usual(reparse->tag);
	enum reparse_layout layout = LAYOUT_SUBSTITUTE_FIRST;

	if (is_laid(reparse, usual))
		return usual;
	while (layout < LAYOUTS && !is_laid(reparse, layout))
		layout++;
	return layout;
}
