/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of SDDL ([MS-DTYP] 2.5.1.1), in the order that they are printed. */
#include "payload/sddl.h"

const struct sddl_word sddl_types[] = {
	{"A", BKUP_ACE_ALLOWED},
	{"D", BKUP_ACE_DENIED},
	{"AU", BKUP_ACE_AUDIT},
	{"AL", BKUP_ACE_ALARM},
	{"OA", BKUP_ACE_ALLOWED_OBJECT},
	{"OD", BKUP_ACE_DENIED_OBJECT},
	{"OU", BKUP_ACE_AUDIT_OBJECT},
	{"OL", BKUP_ACE_ALARM_OBJECT},
	{"XA", BKUP_ACE_ALLOWED_CALLBACK},
	{"XD", BKUP_ACE_DENIED_CALLBACK},
	{"ZA", BKUP_ACE_ALLOWED_CALLBACK_OBJECT},
	{"XU", BKUP_ACE_AUDIT_CALLBACK},
	{"ML", BKUP_ACE_MANDATORY_LABEL},
	{"RA", BKUP_ACE_RESOURCE_ATTRIBUTE},
	{"SP", BKUP_ACE_SCOPED_POLICY_ID},
	{"TL", BKUP_ACE_PROCESS_TRUST_LABEL},
	{"FL", BKUP_ACE_ACCESS_FILTER},
	{"", 0},
};

const struct sddl_word sddl_ace_flags[] = {
	{"OI", 0x01}, {"CI", 0x02}, {"NP", 0x04}, {"IO", 0x08}, {"ID", 0x10},
	{"CR", 0x20}, {"SA", 0x40}, {"FA", 0x80}, {"", 0},
};

const struct sddl_word sddl_whole_rights[] = {
	{"FA", 0x001f01ff}, {"FR", 0x00120089}, {"FW", 0x00120116},
	{"FX", 0x001200a0}, {"KA", 0x000f003f}, {"KR", 0x00020019},
	{"KW", 0x00020006}, {"KX", 0x00020019}, {"", 0},
};

const struct sddl_word sddl_single_rights[] = {
	{"CC", 0x00000001}, {"DC", 0x00000002}, {"LC", 0x00000004},
	{"SW", 0x00000008}, {"RP", 0x00000010}, {"WP", 0x00000020},
	{"DT", 0x00000040}, {"LO", 0x00000080}, {"CR", 0x00000100},
	{"SD", 0x00010000}, {"RC", 0x00020000}, {"WD", 0x00040000},
	{"WO", 0x00080000}, {"GA", 0x10000000}, {"GX", 0x20000000},
	{"GW", 0x40000000}, {"GR", 0x80000000}, {"", 0},
};

const struct sddl_word sddl_label_rights[] = {
	{"NW", 0x1},
	{"NR", 0x2},
	{"NX", 0x4},
	{"", 0},
};

const struct sddl_acl_kind sddl_dacl = {
	.tag = "D:",
	.present = BKUP_SE_DACL_PRESENT,
	.is_protected = BKUP_SE_DACL_PROTECTED,
	.auto_inherit_req = BKUP_SE_DACL_AUTO_INHERIT_REQ,
	.auto_inherited = BKUP_SE_DACL_AUTO_INHERITED,
	.kept = BKUP_SE_DACL_DEFAULTED | BKUP_SE_DACL_TRUSTED |
		BKUP_SE_SERVER_SECURITY,
};

const struct sddl_acl_kind sddl_sacl = {
	.tag = "S:",
	.present = BKUP_SE_SACL_PRESENT,
	.is_protected = BKUP_SE_SACL_PROTECTED,
	.auto_inherit_req = BKUP_SE_SACL_AUTO_INHERIT_REQ,
	.auto_inherited = BKUP_SE_SACL_AUTO_INHERITED,
	.kept = BKUP_SE_SACL_DEFAULTED,
};

enum sddl_data sddl_data_of(uint8_t type)
{
	switch (type) {
	case BKUP_ACE_ALLOWED_CALLBACK:
	case BKUP_ACE_DENIED_CALLBACK:
	case BKUP_ACE_ALLOWED_CALLBACK_OBJECT:
	case BKUP_ACE_DENIED_CALLBACK_OBJECT:
	case BKUP_ACE_AUDIT_CALLBACK:
	case BKUP_ACE_ALARM_CALLBACK:
	case BKUP_ACE_AUDIT_CALLBACK_OBJECT:
	case BKUP_ACE_ALARM_CALLBACK_OBJECT:
	case BKUP_ACE_ACCESS_FILTER:
		return SDDL_DATA_CONDITION;
	case BKUP_ACE_RESOURCE_ATTRIBUTE:
		return SDDL_DATA_CLAIM;
	default:
		return SDDL_DATA_NONE;
	}
}
