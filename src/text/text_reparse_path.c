/* SPDX-License-Identifier: BSD-2-Clause */
#include "text/text_reparse.h"

#include <stdbool.h>
#include <string.h>

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

static void lay_substitute(struct reparse_path *path, struct bytes *bytes)
{
	path->substitute_offset = bytes->size;
	bytes_add(bytes, path->substitute, path->substitute_size);
}

static void lay_print(struct reparse_path *path, struct bytes *bytes)
{
	path->print_offset = bytes->size;
	bytes_add(bytes, path->print, path->print_size);
}

void reparse_path_lay(struct reparse_path *path, enum reparse_layout layout,
		      struct bytes *bytes)
{
	bool print_first = layout == LAYOUT_PRINT_FIRST ||
			   layout == LAYOUT_PRINT_FIRST_NULS;
	size_t nul = layout == LAYOUT_SUBSTITUTE_FIRST_NULS ||
				     layout == LAYOUT_PRINT_FIRST_NULS
			     ? 2
			     : 0;

	if (print_first)
		lay_print(path, bytes);
	else
		lay_substitute(path, bytes);
	bytes_add_zeros(bytes, nul);
	if (print_first)
		lay_substitute(path, bytes);
	else
		lay_print(path, bytes);
	bytes_add_zeros(bytes, nul);
}

static bool is_laid(const struct bkup_reparse *reparse,
		    enum reparse_layout layout)
{
	const uint8_t *bytes = reparse->names.path;
	struct reparse_path path = {
		.substitute = bytes + reparse->names.substitute_offset,
		.print = bytes + reparse->names.print_offset,
		.substitute_size = reparse->names.substitute_size,
		.print_size = reparse->names.print_size,
	};
	struct bytes laid = {0};
	bool same;

	reparse_path_lay(&path, layout, &laid);
	same = laid.error == 0 && laid.size == reparse->names.path_size &&
	       path.substitute_offset == reparse->names.substitute_offset &&
	       path.print_offset == reparse->names.print_offset &&
	       (laid.size == 0 || memcmp(laid.data, bytes, laid.size) == 0);
	bytes_done(&laid);
	return same;
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
