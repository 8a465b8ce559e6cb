/* SPDX-License-Identifier: BSD-2-Clause */
/* What each kind of text in JSON does; text.c finds it. */
#ifndef TEXT_KINDS_H
#define TEXT_KINDS_H

#include "text/json_in.h"
#include "text/json_out.h"

/* Errors: -EBADMSG with a fault; not those of out. */
int text_put_ea(const uint8_t *bytes, size_t size, struct json_out *out,
		struct bkup_fault *ret_fault);
int text_put_reparse(const uint8_t *bytes, size_t size, struct json_out *out,
		     struct bkup_fault *ret_fault);
int text_put_object_id(const uint8_t *bytes, size_t size, struct json_out *out,
		       struct bkup_fault *ret_fault);

/* Errors: -EINVAL with the fault in scan; -ENOMEM; not those of bytes. */
int text_read_ea(struct scan *scan, struct bytes *bytes);
int text_read_reparse(struct scan *scan, struct bytes *bytes);
int text_read_object_id(struct scan *scan, struct bytes *bytes);

#endif
