/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Security descriptors, what SECURITY_DATA holds ([MS-DTYP] 2.4.6):
 *
 *	0	u8	Revision, 1
 *	1	u8	Sbz1: resource manager control bits
 *	2	u16	Control
 *	4	u32	OffsetOwner, OffsetGroup, OffsetSacl, OffsetDacl
 *	20		these, in any order; a SID or an ACL each, or none where
 *			its offset is 0
 *
 * An ACL ([MS-DTYP] 2.4.5):
 *
 *	0	u8	AclRevision, 2 or 4
 *	1	u8	Sbz1
 *	2	u16	AclSize
 *	4	u16	AceCount
 *	6	u16	Sbz2
 *	8		ACEs; what is left behind the last one means nothing
 *
 * An ACE ([MS-DTYP] 2.4.4):
 *
 *	0	u8	AceType
 *	1	u8	AceFlags
 *	2	u16	AceSize, a multiple of 4
 *	4	u32	Mask
 *	8	u32	Flags of an object ACE, which says which of the next
 *stand u8[16]	ObjectType, InheritedObjectType SID data of the application, or
 *nothing
 *
 * What is parsed points into the bytes that were given, and lives as long as
 * these.
 */
#ifndef BKUP_SECURITY_H
#define BKUP_SECURITY_H

#include <bkup/export.h>
#include <bkup/fault.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of Control. */
enum {
	BKUP_SE_OWNER_DEFAULTED = 0x0001,
	BKUP_SE_GROUP_DEFAULTED = 0x0002,
	BKUP_SE_DACL_PRESENT = 0x0004,
	BKUP_SE_DACL_DEFAULTED = 0x0008,
	BKUP_SE_SACL_PRESENT = 0x0010,
	BKUP_SE_SACL_DEFAULTED = 0x0020,
	BKUP_SE_DACL_TRUSTED = 0x0040,
	BKUP_SE_SERVER_SECURITY = 0x0080,
	BKUP_SE_DACL_AUTO_INHERIT_REQ = 0x0100,
	BKUP_SE_SACL_AUTO_INHERIT_REQ = 0x0200,
	BKUP_SE_DACL_AUTO_INHERITED = 0x0400,
	BKUP_SE_SACL_AUTO_INHERITED = 0x0800,
	BKUP_SE_DACL_PROTECTED = 0x1000,
	BKUP_SE_SACL_PROTECTED = 0x2000,
	BKUP_SE_RM_CONTROL_VALID = 0x4000,
	BKUP_SE_SELF_RELATIVE = 0x8000,
};

/* AceType. */
enum {
	BKUP_ACE_ALLOWED = 0x00,
	BKUP_ACE_DENIED = 0x01,
	BKUP_ACE_AUDIT = 0x02,
	BKUP_ACE_ALARM = 0x03,
	BKUP_ACE_ALLOWED_COMPOUND = 0x04, /* reserved */
	BKUP_ACE_ALLOWED_OBJECT = 0x05,
	BKUP_ACE_DENIED_OBJECT = 0x06,
	BKUP_ACE_AUDIT_OBJECT = 0x07,
	BKUP_ACE_ALARM_OBJECT = 0x08,
	BKUP_ACE_ALLOWED_CALLBACK = 0x09,
	BKUP_ACE_DENIED_CALLBACK = 0x0a,
	BKUP_ACE_ALLOWED_CALLBACK_OBJECT = 0x0b,
	BKUP_ACE_DENIED_CALLBACK_OBJECT = 0x0c,
	BKUP_ACE_AUDIT_CALLBACK = 0x0d,
	BKUP_ACE_ALARM_CALLBACK = 0x0e,
	BKUP_ACE_AUDIT_CALLBACK_OBJECT = 0x0f,
	BKUP_ACE_ALARM_CALLBACK_OBJECT = 0x10,
	BKUP_ACE_MANDATORY_LABEL = 0x11,
	BKUP_ACE_RESOURCE_ATTRIBUTE = 0x12,
	BKUP_ACE_SCOPED_POLICY_ID = 0x13,
	BKUP_ACE_PROCESS_TRUST_LABEL = 0x14,
	BKUP_ACE_ACCESS_FILTER = 0x15,
};

/* Flags of an object ACE. */
enum {
	BKUP_ACE_OBJECT_TYPE_PRESENT = 0x1,
	BKUP_ACE_INHERITED_OBJECT_TYPE_PRESENT = 0x2,
};

/* Bytes of a payload; NULL if it is not there. */
struct bkup_part {
	const uint8_t *bytes;
	size_t size;
};

struct bkup_security {
	uint8_t rm_control; /* Sbz1 */
	uint16_t control;
	struct bkup_part owner, group; /* SIDs */
	struct bkup_part sacl, dacl;   /* whole ACLs, AclSize bytes each */
};

struct bkup_ace {
	uint8_t type, flags;
	bool known; /* whether the type is one of those above, not reserved */
	uint32_t mask;
	uint32_t object_flags; /* of an object ACE, else 0 */
	const uint8_t *object_type, *inherited_object_type; /* NULL, 16 bytes */
	struct bkup_part sid;
	struct bkup_part data;	/* behind the SID; never NULL */
	struct bkup_part whole; /* with its header */
	size_t number;		/* in its ACL, from 1 */
};

/*
 * Parses a descriptor and checks all that is in it.
 *
 * Errors: -EBADMSG, with ret_fault set.
 */
BKUP_EXPORT int bkup_security_parse(const void *bytes, size_t size,
				    struct bkup_security *ret_security,
				    struct bkup_fault *ret_fault);

/*
 * The next ACE of an ACL of a descriptor that was parsed.
 *
 * ace: the one before, or zeroed for the first.
 * Returns: false after the last one. Of a type that is not known only type,
 * flags and whole are set, and data is all behind its header.
 */
BKUP_EXPORT bool bkup_acl_next(const struct bkup_part *acl,
			       struct bkup_ace *ace);

/* Whether ACEs of a type have object_flags. */
BKUP_EXPORT bool bkup_ace_is_object(uint8_t type);

/*
 * Builds an ACL of ACEs, whose whole does not count; of a type that is not
 * known, type, flags and data do.
 *
 * revision: 0 for the least one that allows them.
 * ret_bytes: to be freed.
 * Errors: -EMSGSIZE if it would have more than 65535 bytes; -EINVAL for an ACE
 * that no parser would take.
 */
BKUP_EXPORT int bkup_acl_build(uint8_t revision, const struct bkup_ace *aces,
			       size_t count, void **ret_bytes,
			       size_t *ret_size);

/*
 * Builds a descriptor of its parts: as Windows does, owner, group, DACL, SACL
 * one after the other. Control gets SELF_RELATIVE; all other bits are the
 * caller's, those that tell that an ACL is present as well.
 *
 * ret_bytes: to be freed.
 */
BKUP_EXPORT int bkup_security_build(const struct bkup_security *security,
				    void **ret_bytes, size_t *ret_size);

#endif
