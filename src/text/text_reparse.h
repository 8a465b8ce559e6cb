/* SPDX-License-Identifier: BSD-2-Clause */
/* What reading and writing reparse.json share. */
#ifndef TEXT_TEXT_REPARSE_H
#define TEXT_TEXT_REPARSE_H

#include "util/bytes.h"

#include <bkup/reparse.h>

/* Words for numbers; those without a word are written as they are. */
struct reparse_word {
	uint64_t value;
	const char *word;
};

enum { REPARSE_NFS_TYPES = 5, REPARSE_ALGORITHMS = 4, REPARSE_PROVIDERS = 2 };

extern const struct reparse_word reparse_nfs_types[REPARSE_NFS_TYPES];
extern const struct reparse_word reparse_algorithms[REPARSE_ALGORITHMS];
extern const struct reparse_word reparse_providers[REPARSE_PROVIDERS];

/* The word of a value, or NULL. */
const char *reparse_word_of(const struct reparse_word *words, size_t count,
			    uint64_t value);

/* How the names stand in the path, one after the other. */
enum reparse_layout {
	LAYOUT_SUBSTITUTE_FIRST,
	LAYOUT_PRINT_FIRST,
	LAYOUT_SUBSTITUTE_FIRST_NULS, /* with a NUL behind each of them */
	LAYOUT_PRINT_FIRST_NULS,
	LAYOUTS, /* another one */
};

extern const char *const reparse_layout_words[LAYOUTS];

/* The one that is meant if nothing is said. */
enum reparse_layout reparse_layout_usual(uint32_t tag);

struct reparse_path {
	const uint8_t *substitute, *print;
	size_t substitute_size, print_size;
	/* Set by reparse_path_lay. */
	size_t substitute_offset, print_offset;
};

/* Adds both names to what is empty. */
void reparse_path_lay(struct reparse_path *path, enum reparse_layout layout,
		      struct bytes *bytes);

/* The layout of names that are known. */
enum reparse_layout reparse_layout_of(const struct bkup_reparse *reparse);

#endif
