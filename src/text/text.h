/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads as text that people read and edit, and back:
 *
 *	kind		file		stream
 *	TEXT_SECURITY	security.sddl	3 SECURITY_DATA
 *	TEXT_EA		ea.json		2 EA_DATA
 *	TEXT_REPARSE	reparse.json	8 REPARSE_DATA
 *	TEXT_OBJECT_ID	object_id.json	7 OBJECT_ID
 *
 * A text ends with a newline. One in JSON is complete: it can be turned back
 * into the very bytes that it was made of. It is UTF-8; names and values that
 * are no text are `{"hex": "00ff"}`. Keys that say what is usual anyway are
 * left off, and may be. What SDDL carries is in bkup/sddl.h.
 *
 * ea.json (bkup/ea.h):
 *
 *	ea		an array of objects:
 *	    name	text or hex
 *	    need_ea	whether who does not understand it must not open the
 *			file; false if it is left off
 *	    flags	`"0x00000001"`: bits that have no name, if there are
 *	    value	text or hex; or, of EAs of the Windows Subsystem for
 *			Linux, {"u32": 1000}, {"mode": "0100644"}, and
 *			{"major": 5, "minor": 7}
 *	    padding	hex, if it is not what it usually is
 *	ends_at_end	true if the last one has what is left as its offset
 *
 * reparse.json (bkup/reparse.h), by tag; of tag and tag_value, one may be left
 * off:
 *
 *	tag, tag_value	"SYMLINK", "0xa000000c"
 *	reserved	if it is not 0
 *	guid		of the owner, if that is not Microsoft
 *	SYMLINK, MOUNT_POINT:
 *	    substitute_name, print_name
 *	    relative	of SYMLINK; false if it is left off
 *	    flags	others
 *	    layout	"substitute, print", or with NUL behind each, or the
 *			other way round, if it is not what it usually is
 *	    path_buffer, substitute_offset, print_offset
 *			where no layout says it; who changes a name leaves
 *			them off
 *	LX_SYMLINK:	version, target
 *	NFS:		type; target of LNK; major and minor of CHR and BLK
 *	WOF:		provider "FILE": version, provider_version, algorithm
 *			provider "WIM": version, provider_version, flags,
 *			data_source, data_hash, table_hash, data_size,
 *			stored_size, stored_offset
 *	APPEXECLINK:	version, strings
 *	WCI, WCI_1, WCI_LINK, WCI_LINK_1: version, layer, name
 *	DEDUP: version, head, chunk_store, chunks
 *	any other, or what has no such form:
 *	    data	text or hex
 *
 * object_id.json ([MS-FSCC] 2.1.3): GUIDs; only the first in 16 bytes
 *
 *	object_id, birth_volume_id, birth_object_id, domain_id
 */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include <bkup/fault.h>
#include <stddef.h>
#include <stdint.h>

enum text_kind {
	TEXT_SECURITY,
	TEXT_EA,
	TEXT_REPARSE,
	TEXT_OBJECT_ID,
	TEXT_KINDS,
};

const char *text_file_name(enum text_kind kind);
/* The id of the streams whose text it is; see bkup/record.h. */
uint32_t text_stream_id(enum text_kind kind);

/*
 * Makes text of a payload.
 *
 * ret_text: to be freed; a NUL stands behind it.
 * Errors: -EBADMSG with a fault, whose offset is in the payload; -ENOMEM.
 */
int text_decode(enum text_kind kind, const void *bytes, size_t size,
		char **ret_text, size_t *ret_size,
		struct bkup_fault *ret_fault);

/*
 * Makes a payload of text.
 *
 * old, old_size: the payload that the text was made of, or NULL; what a text
 * does not say is taken of it.
 * ret_bytes: to be freed.
 * Errors: -EINVAL with a fault, whose offset is in the text; -EMSGSIZE with
 * one if the descriptor would be too large; -ENOMEM.
 */
int text_encode(enum text_kind kind, const char *text, size_t size,
		const void *old, size_t old_size, void **ret_bytes,
		size_t *ret_size, struct bkup_fault *ret_fault);

#endif
