/* SPDX-License-Identifier: BSD-2-Clause */
/* Reparse points to JSON; text_reparse_read.c is the way back. */
#include "text/text_reparse.h"

#include "text/kinds.h"
#include "util/le.h"

static void put_path(const struct bkup_reparse *reparse, struct json_out *out)
{
	enum reparse_layout layout = reparse_layout_of(reparse);

	if (layout == reparse_layout_usual(reparse->tag))
		return;
	if (layout < LAYOUTS) {
		json_put_word(out, "layout", reparse_layout_words[layout]);
		return;
	}
	json_put_hex(out, "path_buffer", reparse->names.path,
		     reparse->names.path_size);
	json_put_number(out, "substitute_offset",
			reparse->names.substitute_offset);
	json_put_number(out, "print_offset", reparse->names.print_offset);
}

static void put_names(const struct bkup_reparse *reparse, struct json_out *out)
{
	uint32_t flags = reparse->names.flags;

	json_put_utf16(out, "substitute_name",
		       reparse->names.path + reparse->names.substitute_offset,
		       reparse->names.substitute_size);
	json_put_utf16(out, "print_name",
		       reparse->names.path + reparse->names.print_offset,
		       reparse->names.print_size);
	if (reparse->tag == BKUP_REPARSE_SYMLINK)
		json_put_bool(out, "relative", flags & BKUP_REPARSE_RELATIVE);
	if (flags & ~BKUP_REPARSE_RELATIVE)
		json_put_bits(out, "flags", flags & ~BKUP_REPARSE_RELATIVE);
	put_path(reparse, out);
}

static void put_nfs(const struct bkup_reparse *reparse, struct json_out *out)
{
	uint64_t type = reparse->nfs.type;

	json_put_word(
		out, "type",
		reparse_word_of(reparse_nfs_types, REPARSE_NFS_TYPES, type));
	if (type == BKUP_NFS_LNK)
		json_put_utf16(out, "target", reparse->nfs.target,
			       reparse->nfs.target_size);
	if (type != BKUP_NFS_CHR && type != BKUP_NFS_BLK)
		return;
	json_put_number(out, "major", reparse->nfs.device_major);
	json_put_number(out, "minor", reparse->nfs.device_minor);
}

static void put_wof_file(const struct bkup_reparse *reparse,
			 struct json_out *out)
{
	uint32_t algorithm = reparse->wof_file.algorithm;
	const char *word = reparse_word_of(reparse_algorithms,
					   REPARSE_ALGORITHMS, algorithm);

	json_put_word(out, "provider", "FILE");
	json_put_number(out, "version", reparse->wof_file.version);
	json_put_number(out, "provider_version",
			reparse->wof_file.provider_version);
	if (word)
		json_put_word(out, "algorithm", word);
	else
		json_put_number(out, "algorithm", algorithm);
}

static void put_wof_wim(const struct bkup_reparse *reparse,
			struct json_out *out)
{
	json_put_word(out, "provider", "WIM");
	json_put_number(out, "version", reparse->wof_wim.version);
	json_put_number(out, "provider_version",
			reparse->wof_wim.provider_version);
	json_put_bits(out, "flags", reparse->wof_wim.flags);
	json_put_number(out, "data_source", reparse->wof_wim.data_source);
	json_put_hex(out, "data_hash", reparse->wof_wim.data_hash, 20);
	json_put_hex(out, "table_hash", reparse->wof_wim.table_hash, 20);
	json_put_number(out, "data_size", reparse->wof_wim.data_size);
	json_put_number(out, "stored_size", reparse->wof_wim.stored_size);
	json_put_number(out, "stored_offset", reparse->wof_wim.stored_offset);
}

static void put_appexeclink(const struct bkup_reparse *reparse,
			    struct json_out *out)
{
	const uint8_t *string = reparse->appexeclink.strings;
	const uint8_t *end = string + reparse->appexeclink.strings_size;

	json_put_number(out, "version", reparse->appexeclink.version);
	json_open(out, "strings", '[');
	while (string < end) {
		const uint8_t *nul = string;

		while (le16_get(nul))
			nul += 2;
		json_put_utf16(out, NULL, string, nul - string);
		string = nul + 2;
	}
	json_close(out, ']');
}

static void put_dedup(const struct bkup_reparse *reparse, struct json_out *out)
{
	uint16_t version = reparse->dedup.version;

	json_put_number(out, "version", version);
	json_put_hex(out, "head", reparse->dedup.head,
		     bkup_reparse_dedup_head(version));
	json_put_guid(out, "chunk_store", reparse->dedup.chunk_store);
	json_put_hex(out, "chunks", reparse->dedup.chunks,
		     reparse->dedup.chunks_size);
}

static void put_data(const struct bkup_reparse *reparse, struct json_out *out)
{
	switch (reparse->form) {
	case BKUP_REPARSE_IS_OPAQUE:
		json_put_utf8(out, "data", reparse->opaque.data,
			      reparse->opaque.size);
		break;
	case BKUP_REPARSE_IS_NAMES:
		put_names(reparse, out);
		break;
	case BKUP_REPARSE_IS_LX_SYMLINK:
		json_put_number(out, "version", reparse->lx.version);
		json_put_utf8(out, "target", reparse->lx.target,
			      reparse->lx.target_size);
		break;
	case BKUP_REPARSE_IS_NFS:
		put_nfs(reparse, out);
		break;
	case BKUP_REPARSE_IS_WOF_FILE:
		put_wof_file(reparse, out);
		break;
	case BKUP_REPARSE_IS_WOF_WIM:
		put_wof_wim(reparse, out);
		break;
	case BKUP_REPARSE_IS_APPEXECLINK:
		put_appexeclink(reparse, out);
		break;
	case BKUP_REPARSE_IS_WCI:
		json_put_number(out, "version", reparse->wci.version);
		json_put_guid(out, "layer", reparse->wci.layer);
		json_put_utf16(out, "name", reparse->wci.name,
			       reparse->wci.name_size);
		break;
	case BKUP_REPARSE_IS_DEDUP:
		put_dedup(reparse, out);
		break;
	}
}

int text_put_reparse(const uint8_t *bytes, size_t size, struct json_out *out,
		     struct bkup_fault *ret_fault)
{
	struct bkup_reparse reparse;
	const char *name;
	int rc = bkup_reparse_decode(bytes, size, &reparse, ret_fault);

	if (rc < 0)
		return rc;
	name = bkup_reparse_tag_name(reparse.tag);
	json_open(out, NULL, '{');
	if (name)
		json_put_word(out, "tag", name);
	json_put_bits(out, "tag_value", reparse.tag);
	if (reparse.reserved)
		json_put_number(out, "reserved", reparse.reserved);
	if (!(reparse.tag & BKUP_REPARSE_MICROSOFT))
		json_put_guid(out, "guid", reparse.guid);
	put_data(&reparse, out);
	json_close(out, '}');
	return 0;
}
