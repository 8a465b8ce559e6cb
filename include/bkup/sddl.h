/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security descriptors as text: the Security Descriptor Definition Language
 * ([MS-DTYP] 2.5.1), as ConvertSecurityDescriptorToStringSecurityDescriptor
 * prints it, O: G: D: S: in that order.
 *
 * Text carries owner, group, the ACLs with their flags, and each ACE. It does
 * not carry the defaulted and some other control bits, resource manager
 * control, the order and padding of the parts, the revision of an ACL, and
 * what stands behind the SID of an ACE that should have nothing there: these
 * are kept where a descriptor that was known is changed by its text.
 *
 * So that every descriptor has a text, there are two extensions, which Windows
 * neither prints nor takes: the type of an ACE that has no letters is a number,
 * as 0xc; and data that has no text is # and hexadecimal digits. An ACE of a
 * type that nobody knows is (0x16;FLAGS;#DIGITS).
 */
#ifndef BKUP_SDDL_H
#define BKUP_SDDL_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stddef.h>

/*
 * Formats a descriptor.
 *
 * ret_text: to be freed; one line without its end, and a NUL that does not
 * count.
 * Errors: -EBADMSG, with ret_fault's offset in bytes.
 */
BKUP_EXPORT int bkup_sddl_format(const void *bytes, size_t size,
				 char **ret_text, size_t *ret_size,
				 struct bkup_fault *ret_fault);

/*
 * Parses text. White space may stand between its parts, and behind it.
 *
 * old: the descriptor whose text this was, old_size bytes, or NULL. What the
 * text does not carry is kept, what it says no otherwise stays byte for byte;
 * text that says the same as old gives old.
 * ret_bytes: to be freed.
 * Errors: -EINVAL, with ret_fault's offset in text; -EMSGSIZE if an ACL would
 * have more than 65535 bytes, with ret_fault at that ACL.
 */
BKUP_EXPORT int bkup_sddl_parse(const char *text, size_t size, const void *old,
				size_t old_size, void **ret_bytes,
				size_t *ret_size, struct bkup_fault *ret_fault);

#endif
