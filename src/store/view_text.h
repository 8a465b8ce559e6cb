/* SPDX-License-Identifier: BSD-2-Clause */
/* The text that a view shows: that of a stream, or the index of a version. */
#ifndef STORE_VIEW_TEXT_H
#define STORE_VIEW_TEXT_H

#include "store/view.h"

/* Streams, and texts, that are longer are not turned into the other. */
enum { VIEW_TEXT_MAX = 16 << 20 };

/*
 * The size of the text that a view of a locked object, which is open, shows; 0
 * if what it is of makes no text.
 */
int view_text_size(struct store_object *object, const struct view *view,
		   uint64_t *ret_size);

/*
 * Makes the text of a view, as the content of a file in memory.
 *
 * source: what it is of: a version, and a stream of it where that is shown.
 * Errors: -EBADMSG if the stream makes no text, -EFBIG if it is too long: both
 * are reported.
 */
int view_text_new(struct store_object *object, const struct view *view,
		  const struct stage_base *source, uint64_t version,
		  struct snapshot **ret_text);

/*
 * All of a stream that is to be text.
 *
 * ret_bytes: to be freed. Errors: -EFBIG.
 */
int view_payload(const struct stage_base *source, void **ret_bytes,
		 size_t *ret_size);

/*
 * A text becomes what an open view shows, where nothing is staged. The file's
 * lock is held for writing. text: taken over.
 */
void view_install(struct store_file *file, struct snapshot *text);

/*
 * Makes the text of an open view, unless that was done, so that it can be read.
 * Errors: likewise.
 */
int view_make(struct store_file *file);
/* The same by who holds the file's lock for writing. */
int view_make_locked(struct store_file *file);

#endif
