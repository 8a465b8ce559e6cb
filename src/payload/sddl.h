/* SPDX-License-Identifier: BSD-2-Clause */
/* What formatting and parsing of SDDL share. */
#ifndef PAYLOAD_SDDL_H
#define PAYLOAD_SDDL_H

#include "payload/scan.h"
#include "util/bytes.h"

#include <bkup/security.h>

/* A word that stands for a value. */
struct sddl_word {
	char word[3];
	uint32_t value;
};

/* The tables end with an empty word. */
extern const struct sddl_word sddl_types[];
extern const struct sddl_word sddl_ace_flags[];
/* Rights that are printed only if they are all that there is. */
extern const struct sddl_word sddl_whole_rights[];
/* Rights that are printed one after the other. */
extern const struct sddl_word sddl_single_rights[];
extern const struct sddl_word sddl_label_rights[];

/* What is in the last field of an ACE. */
enum sddl_data {
	SDDL_DATA_NONE,	     /* nothing, and what is there has no text */
	SDDL_DATA_CONDITION, /* an expression, of callback ACEs */
	SDDL_DATA_CLAIM,     /* a resource attribute */
};
enum sddl_data sddl_data_of(uint8_t type);

/* One of the two ACLs, and its bits of Control. */
struct sddl_acl_kind {
	char tag[3];
	uint16_t present, is_protected, auto_inherit_req, auto_inherited;
	uint16_t kept; /* bits that belong to it and that text does not carry */
};
extern const struct sddl_acl_kind sddl_dacl, sddl_sacl;

/* Adds an ACE, with its parentheses. */
void sddl_format_ace(const struct bkup_ace *ace, struct bytes *text);

/* Adds all of an ACL: tag, flags, ACEs; nothing if it is not present. */
void sddl_format_acl(const struct bkup_part *acl, uint16_t control,
		     const struct sddl_acl_kind *kind, struct bytes *text);

/* Adds all of a descriptor. */
void sddl_format_all(const struct bkup_security *security, struct bytes *text);

/*
 * Takes an ACE, and adds its bytes.
 *
 * Errors: -EINVAL, with scan's fault; -ENOMEM.
 */
int sddl_parse_ace(struct scan *scan, struct bytes *bytes);

#endif
