/* SPDX-License-Identifier: BSD-2-Clause */
/* Security descriptors: SDDL text and back, and what is kept of an old one. */
#include "unit.h"

#include "util/le.h"

#include <bkup/sddl.h>
#include <bkup/security.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A descriptor, made of text. */
static struct bytes parse(const char *text)
{
	struct bkup_fault fault = {0};
	struct bytes bytes = {0};
	void *data = NULL;

	ck_assert_msg(bkup_sddl_parse(text, strlen(text), NULL, 0, &data,
				      &bytes.size, &fault) == 0,
		      "'%s': at %zu: %s", text, fault.offset, fault.what);
	bytes.data = data;
	return bytes;
}

static char *format(const struct bytes *bytes)
{
	struct bkup_fault fault = {0};
	char *text = NULL;
	size_t size = 0;

	ck_assert_msg(bkup_sddl_format(bytes->data, bytes->size, &text, &size,
				       &fault) == 0,
		      "at %zu: %s", fault.offset, fault.what);
	ck_assert_uint_eq(strlen(text), size);
	return text;
}

START_TEST(gives_back_the_text_that_it_took)
{
	static const char *const rows[] = {
		"",
		"O:BA",
		"G:SY",
		"O:BAG:BAD:",
		"D:",
		"S:",
		"D:NO_ACCESS_CONTROL",
		"D:PARAINO_ACCESS_CONTROLS:PARAI",
		"D:PARAI(A;;FA;;;WD)",
		"D:(A;OICINPIOID;FA;;;SY)(D;;FR;;;AN)",
		"S:(AU;CRSAFA;FW;;;WD)(AL;;FX;;;WD)",
		"D:(A;;KA;;;BA)(A;;KR;;;BU)(A;;KW;;;PU)",
		"D:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BU)",
		"D:(A;;GAGXGWGR;;;CO)",
		"D:(A;;0x1200a9;;;BU)(A;;;;;WD)",
		"D:(A;;FA;;;S-1-5-21-1-2-4294967295-500)",
		"D:(A;;FA;;;S-1-0x000100000000-7)(A;;FA;;;S-1-4294967295)",
		"O:S-1-0x00010000000cD:",
		"D:(A;;FA;;;S-1-9-0-1-2-3-4-5-6-7-8-9-10-11-12-13-14)",
		"D:(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;AU)"
		"(OD;;CR;;bf967aba-0de6-11d0-a285-00aa003049e2;AU)"
		"(OA;CI;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;"
		"bf967aba-0de6-11d0-a285-00aa003049e2;AU)(OA;;CR;;;AU)",
		"S:(OU;SA;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)"
		"(OL;;CR;;;WD)",
		"S:(ML;;NW;;;LW)(ML;;NWNRNX;;;HI)(ML;;0x8;;;SI)",
		"S:(SP;;;;;S-1-17-1)(TL;;FA;;;S-1-19-512-4096)",
		"D:(XA;;FX;;;WD)",
		"D:(XA;;FX;;;WD;(@User.Title == \"PM\" && (@User.Division == "
		"\"Finance\" || @User.Division == \"Sales\")))",
		"D:(XD;;FX;;;WD;(!(a) && !(!(b || c)) || d == 1))",
		"D:(ZA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD;"
		"(Member_of {SID(BA), SID(S-1-5-21-1-2-3-4)}))",
		"D:(XA;;FX;;;WD;(Exists @Resource.a && Not_Exists @Device.b))",
		"D:(XA;;FX;;;WD;(Not_Device_Member_of_Any SID(BU)))",
		"D:(XA;;FX;;;WD;(@User.a Any_of {1, +2, -3, 0x1f, 017, -0x8}))",
		"D:(XA;;FX;;;WD;(a Not_Contains {\"x\", #00ff, \"\"}))",
		"D:(XA;;FX;;;WD;(a < 9223372036854775807 && "
		"b >= -9223372036854775808))",
		"D:(XA;;FX;;;WD;(@User.a%0020b != @Device.c))",
		"D:(XA;;FX;;;WD;(%0045xists == %0031x && %0053ID == {}))",
		"D:(XA;;FX;;;WD;(a && b && c && (d && e)))",
		"S:(XU;SA;FX;;;WD;(\xc3\xa4.\xe2\x82\xac == \"\xf0\x9f\x98"
		"\x80\"))",
		"S:(FL;;FX;;;WD;(a))",
		"S:(RA;CI;;;;WD;(\"IMAGELOAD\",TU,0x0,1))",
		"S:(RA;;;;;WD;(\"a%0020b\",TI,0x1f,1,-2,"
		"-9223372036854775808))",
		"S:(RA;;;;;WD;(\"a\",TS,0x0,\"b\",\"\",\"c d\"))"
		"(RA;;;;;WD;(\"a\",TB,0x0,0,1))(RA;;;;;WD;(\"a\",TX,0x0,#,#0a))"
		"(RA;;;;;WD;(\"a\",TD,0x0,BA,S-1-5-21-1))"
		"(RA;;;;;WD;(\"a\",TU,0xffffffff))",
		"D:(0xc;;CR;;;WD;(a))(0x16;OI;#0102030405060708)(0x4;;#)",
		"D:(XA;;FX;;;WD;#61727478ff000000)",
		"S:(RA;;;;;WD;#00000000)",
		"O:SYG:SYD:(A;;FA;;;SY)S:AI(AU;FA;FA;;;WD)",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = parse(rows[i]);
		char *text = format(&bytes);

		ck_assert_str_eq(text, rows[i]);
		free(text);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(takes_other_ways_to_write_it)
{
	static const struct {
		const char *text, *same;
	} rows[] = {
		{"D:(A;;FA;;;SY)O:BA", "O:BAD:(A;;FA;;;SY)"},
		{" O: BA\tG:SY \n D:P (A;;FA;;;SY) (A;;FA;;;BA)\n",
		 "O:BAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)"},
		{"d:(a;oici;fa;;;sy)", "D:(A;OICI;FA;;;SY)"},
		{"D:AIP(A; CIOI ;FRFX;;; s-1-1-0 )",
		 "D:PAI(A;OICI;0x1200a9;;;WD)"},
		{"D:(A;;2032127;;;SY)(A;;010;;;SY)(A;;0X2;;;SY)",
		 "D:(A;;FA;;;SY)(A;;SW;;;SY)(A;;DC;;;SY)"},
		{"D:(OA;;CR;AB721A53-1E2F-11D0-9819-00AA0040529B;;AU)",
		 "D:(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;AU)"},
		{"O:S-1-0x5-0x12", "O:SY"},
		{"D:(XA;;FX;;;WD;(a==1&&b Any_of{1,2}||!c))",
		 "D:(XA;;FX;;;WD;(a == 1 && b Any_of {1, 2} || !(c)))"},
		{"D:(XA;;FX;;;WD;( ( (a) ) ))", "D:(XA;;FX;;;WD;(a))"},
		{"D:(XA;;FX;;;WD;(member_of{sid(BA)}))",
		 "D:(XA;;FX;;;WD;(Member_of {SID(BA)}))"},
		{"S:(RA;;0x0;;;WD;( \"a-b\" , TI , 0 , 1 ))",
		 "S:(RA;;;;;WD;(\"a%002db\",TI,0x0,1))"},
		{"S:(RA;;;;;WD;(\"a\",TD,0,SID(BA)))",
		 "S:(RA;;;;;WD;(\"a\",TD,0x0,BA))"},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bytes bytes = parse(rows[i].text);
		char *text = format(&bytes);

		ck_assert_str_eq(text, rows[i].same);
		free(text);
		bytes_done(&bytes);
	}
}
END_TEST

START_TEST(tells_where_text_is_wrong)
{
	static const struct {
		const char *text;
		size_t offset;
	} rows[] = {
		{"x", 0},
		{"O:", 2},
		{"O:XX", 2},
		{"O:DA", 2},
		{"O:BAO:BA", 6},
		{"O:S-2-1", 4},
		{"O:S-1-281474976710656", 6},
		{"O:S-1-5-4294967296", 8},
		{"O:S-1-5-", 8},
		{"O:S-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", 38},
		{"D:(", 3},
		{"D:(A;;FA;;;SY", 13},
		{"D:(A;;FA;;;SY)x", 14},
		{"D:D:", 4},
		{"D:(Q;;FA;;;SY)", 3},
		{"D:(A;XX;FA;;;SY)", 5},
		{"D:(A;;ZZ;;;SY)", 6},
		{"D:(A;;0x100000000;;;SY)", 6},
		{"D:(A;;FA;ab721a53-1e2f-11d0-9819-00aa0040529b;;SY)", 9},
		{"D:(OA;;FA;ab721a53;;SY)", 10},
		{"D:(A;;FA;;;SY;(a))", 14},
		{"D:(A;;FA;;;SY;#00)", 14},
		{"D:(A;;FA;;;)", 11},
		{"D:(XA;;FA;;;WD;(a ==))", 20},
		{"D:(XA;;FA;;;WD;(a", 17},
		{"D:(XA;;FA;;;WD;(\"a))", 16},
		{"D:(XA;;FA;;;WD;(a == {1,}))", 24},
		{"D:(XA;;FA;;;WD;(a == 9223372036854775808))", 21},
		{"D:(XA;;FA;;;WD;(a%00))", 20},
		{"S:(RA;;;;;WD;(\"a\",TQ,0,1))", 18},
		{"S:(RA;;;;;WD;(\"a\",TB,0 1))", 23},
		{"D:(0x100;;;;;WD)", 3},
		{"D:(0x1;;#00)", 2},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct bkup_fault fault = {0};
		void *bytes = NULL;
		size_t size = 0;
		int rc = bkup_sddl_parse(rows[i].text, strlen(rows[i].text),
					 NULL, 0, &bytes, &size, &fault);

		ck_assert_msg(rc == -EINVAL && fault.what && !bytes, "'%s': %d",
			      rows[i].text, rc);
		ck_assert_msg(fault.offset == rows[i].offset,
			      "'%s': at %zu: %s", rows[i].text, fault.offset,
			      fault.what);
	}
}
END_TEST

START_TEST(refuses_what_is_nested_too_deep)
{
	struct bytes text = {0};
	struct bkup_fault fault = {0};
	void *bytes = NULL;
	size_t size = 0;

	bytes_add_text(&text, "D:(XA;;FX;;;WD;");
	for (int i = 0; i < 100000; i++)
		bytes_add_text(&text, "(");
	ck_assert_int_eq(bkup_sddl_parse((char *)text.data, text.size, NULL, 0,
					 &bytes, &size, &fault),
			 -EINVAL);
	bytes_done(&text);
}
END_TEST

START_TEST(refuses_an_acl_that_is_too_large)
{
	struct bytes text = {0};
	struct bkup_fault fault = {0};
	void *bytes = NULL;
	size_t size = 0;

	bytes_add_text(&text, "O:BAD:");
	for (int i = 0; i < 4000; i++)
		bytes_add_text(&text, "(A;;FA;;;SY)");
	ck_assert_int_eq(bkup_sddl_parse((char *)text.data, text.size, NULL, 0,
					 &bytes, &size, &fault),
			 -EMSGSIZE);
	ck_assert_uint_eq(fault.offset, 6);
	bytes_done(&text);
}
END_TEST

/* The SECURITY_DATA at the start of a backup file. */
static struct bytes load_security(const char *path)
{
	struct bytes bytes = {0};

	bytes_load(&bytes, path);
	ck_assert_uint_eq(le32_get(bytes.data), BKUP_SECURITY_DATA);
	bytes.size = le64_get(bytes.data + 8);
	memmove(bytes.data, bytes.data + 20, bytes.size);
	return bytes;
}

static void expect_text(struct bytes bytes, const char *expected)
{
	struct bkup_fault fault = {0};
	char *text = format(&bytes);
	struct bytes again = parse(text), kept = {0};
	void *data = NULL;

	ck_assert_str_eq(text, expected);
	ck_assert_int_eq(bkup_sddl_parse(text, strlen(text), bytes.data,
					 bytes.size, &data, &kept.size, &fault),
			 0);
	kept.data = data;
	ck_assert(bytes_are(&kept, bytes.data, bytes.size));
	free(text);
	bytes_done(&bytes);
	bytes_done(&again);
	bytes_done(&kept);
}

START_TEST(decodes_what_windows_and_samba_wrote)
{
	struct bytes samba = {0};

	expect_text(load_security("nt-backup/ms-bkup-section3-example.bin"),
		    "O:S-1-5-21-2127521184-1604012920-1887927527-9496"
		    "G:S-1-5-21-2127521184-1604012920-1887927527-513"
		    "D:(A;;FA;;;BA)(A;;FA;;;SY)"
		    "(A;;FA;;;S-1-5-21-2127521184-1604012920-1887927527-9496)"
		    "(A;;0x1200a9;;;BU)");
	expect_text(load_security("nt-backup/"
				  "windows-sacl-and-zone-identifier.bin"),
		    "O:S-1-5-21-2572311339-1570215451-4239927884-1001"
		    "G:S-1-5-21-2572311339-1570215451-4239927884-513"
		    "D:(A;;FA;;;SY)(A;;FA;;;BA)"
		    "(A;;FA;;;S-1-5-21-2572311339-1570215451-4239927884-1001)"
		    "S:AI(RA;ID;;;;WD;(\"IMAGELOAD\",TU,0x0,1))");
	bytes_load(&samba, "live/samba-descriptor.bin");
	expect_text(samba, "O:BAG:BAD:P(A;;FA;;;WD)S:(AU;SAFA;FA;;;WD)");
}
END_TEST

/* Changes a descriptor by its text. */
static struct bytes change(const struct bytes *old, const char *text)
{
	struct bkup_fault fault = {0};
	struct bytes bytes = {0};
	void *data = NULL;

	ck_assert_int_eq(bkup_sddl_parse(text, strlen(text), old->data,
					 old->size, &data, &bytes.size, &fault),
			 0);
	bytes.data = data;
	return bytes;
}

static void add_sid(struct bytes *bytes, uint8_t authority, uint32_t part)
{
	static const uint8_t head[] = {1, 1, 0, 0, 0, 0, 0};

	bytes_add(bytes, head, sizeof(head));
	bytes_add_u8(bytes, authority);
	bytes_add_u32(bytes, part);
}

/* An ACL of 32 bytes with one ACE, for everyone; it ends with 4 bytes more. */
static void add_acl(struct bytes *bytes, uint8_t revision, uint8_t type,
		    uint8_t flags, uint8_t ace_size)
{
	bytes_add_u8(bytes, revision);
	bytes_add_u8(bytes, 9);
	bytes_add_u16(bytes, 32);
	bytes_add_u16(bytes, 1);
	bytes_add_u16(bytes, 7);
	bytes_add_u8(bytes, type);
	bytes_add_u8(bytes, flags);
	bytes_add_u16(bytes, ace_size);
	bytes_add_u32(bytes, 1);
	add_sid(bytes, 1, 0);
	bytes_add_u32(bytes, 0xddccbbaa);
}

/* SACL, DACL, group, owner, with a gap; slack in an ACL and an ACE; odd bits.*/
static struct bytes odd_descriptor(void)
{
	struct bytes bytes = {0};

	bytes_add_u8(&bytes, 1);
	bytes_add_u8(&bytes, 0x5a);
	bytes_add_u16(&bytes, 0xd57f); /* all but the SACL's flags */
	bytes_add_u32(&bytes, 100);
	bytes_add_u32(&bytes, 88);
	bytes_add_u32(&bytes, 24);
	bytes_add_u32(&bytes, 56);
	bytes_add_u32(&bytes, 0xeeeeeeee);
	add_acl(&bytes, 4, BKUP_ACE_AUDIT, 0x40, 20); /* at 24 */
	add_acl(&bytes, 2, BKUP_ACE_ALLOWED, 0, 24);  /* at 56 */
	add_sid(&bytes, 5, 18);			      /* the group, at 88 */
	add_sid(&bytes, 5, 19);			      /* the owner, at 100 */
	return bytes;
}

START_TEST(keeps_what_text_does_not_carry)
{
	struct bytes odd = odd_descriptor();

	expect_text(odd, "O:LSG:SYD:PARAI(A;;CC;;;WD)S:(AU;SA;CC;;;WD)");
}
END_TEST

START_TEST(keeps_parts_that_did_not_change)
{
	struct bytes odd = odd_descriptor(), now, expected = {0};
	struct bkup_security old, new;
	struct bkup_fault fault;

	now = change(&odd, "O:BAG:SYD:PARAI(A;;CC;;;WD)S:(AU;SA;CC;;;WD)");
	ck_assert_int_eq(bkup_security_parse(odd.data, odd.size, &old, &fault),
			 0);
	ck_assert_int_eq(bkup_security_parse(now.data, now.size, &new, &fault),
			 0);
	ck_assert_uint_eq(new.rm_control, 0x5a);
	/* The owner is one who was given, the rest is as it was. */
	ck_assert_uint_eq(new.control, old.control & ~BKUP_SE_OWNER_DEFAULTED);
	ck_assert_uint_eq(new.sacl.size, 32);
	ck_assert_mem_eq(new.sacl.bytes, old.sacl.bytes, 32);
	ck_assert_mem_eq(new.dacl.bytes, old.dacl.bytes, 32);
	/* In their old order. */
	ck_assert(new.sacl.bytes < new.dacl.bytes);
	ck_assert(new.dacl.bytes < new.group.bytes);
	ck_assert(new.group.bytes < new.owner.bytes);
	bytes_done(&odd);
	bytes_done(&now);
	bytes_done(&expected);
}
END_TEST

START_TEST(keeps_aces_that_did_not_change)
{
	struct bytes odd = odd_descriptor(), now;
	struct bkup_security old, new;
	struct bkup_ace old_ace = {0}, ace = {0};
	struct bkup_fault fault;

	now = change(&odd, "O:LSG:SYD:(A;;FA;;;BA)(A;;CC;;;WD)(A;;CC;;;WD)");
	ck_assert_int_eq(bkup_security_parse(odd.data, odd.size, &old, &fault),
			 0);
	ck_assert_int_eq(bkup_security_parse(now.data, now.size, &new, &fault),
			 0);
	ck_assert(bkup_acl_next(&old.dacl, &old_ace));
	ck_assert(bkup_acl_next(&new.dacl, &ace));
	ck_assert_uint_eq(ace.whole.size, 24);
	ck_assert(bkup_acl_next(&new.dacl, &ace));
	ck_assert_uint_eq(ace.whole.size, 24);
	ck_assert_mem_eq(ace.whole.bytes, old_ace.whole.bytes, 24);
	/* There was one such ACE, and it is taken. */
	ck_assert(bkup_acl_next(&new.dacl, &ace));
	ck_assert_uint_eq(ace.whole.size, 20);
	ck_assert(!bkup_acl_next(&new.dacl, &ace));
	ck_assert_uint_eq(new.control &(BKUP_SE_DACL_DEFAULTED |
					BKUP_SE_SACL_PRESENT |
					BKUP_SE_DACL_PROTECTED),
			  0);
	ck_assert_ptr_null(new.sacl.bytes);
	bytes_done(&odd);
	bytes_done(&now);
}
END_TEST

START_TEST(refuses_descriptors_that_are_malformed)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {
		{0, 2},	  {3, 0x55}, {4, 19},  {5, 1},	 {8, 111},
		{13, 1},  {16, 250}, {26, 7},  {26, 90}, {28, 2},
		{34, 3},  {34, 19},  {34, 28}, {40, 2},	 {41, 16},
		{58, 31}, {66, 60},  {72, 9},  {101, 2}, {100, 0},
	};
	struct bytes odd = odd_descriptor();

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint8_t was = odd.data[rows[i].at];
		struct bkup_fault fault = {.offset = 999};
		struct bkup_security security;

		odd.data[rows[i].at] = rows[i].value;
		ck_assert_msg(bkup_security_parse(odd.data, odd.size, &security,
						  &fault) == -EBADMSG &&
				      fault.what && fault.offset <= odd.size,
			      "row %zu", i);
		odd.data[rows[i].at] = was;
	}
	for (size_t size = 0; size < odd.size; size++) {
		struct bkup_fault fault = {0};
		struct bkup_security security;
		uint8_t *copy = malloc(size ? size : 1);

		memcpy(copy, odd.data, size);
		ck_assert_int_eq(
			bkup_security_parse(copy, size, &security, &fault),
			-EBADMSG);
		free(copy);
	}
	bytes_done(&odd);
}
END_TEST

START_TEST(builds_what_it_parses)
{
	static const uint8_t everyone[] = {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
	const struct bkup_ace aces[] = {
		{.mask = 0x1f01ff, .sid = {everyone, sizeof(everyone)}},
		{.type = BKUP_ACE_ALLOWED_OBJECT,
		 .sid = {everyone, sizeof(everyone)}},
	};
	struct bkup_security security = {.control = BKUP_SE_DACL_PRESENT};
	struct bytes bytes = {0};
	void *acl = NULL, *data = NULL;
	char *text;

	ck_assert_int_eq(bkup_acl_build(0, aces, 2, &acl, &security.dacl.size),
			 0);
	security.dacl.bytes = acl;
	security.owner = aces[0].sid;
	ck_assert_int_eq(bkup_security_build(&security, &data, &bytes.size), 0);
	bytes.data = data;
	text = format(&bytes);
	ck_assert_str_eq(text, "O:WDD:(A;;FA;;;WD)(OA;;;;;WD)");
	ck_assert_uint_eq(((uint8_t *)acl)[0], 4);
	free(text);
	free(acl);
	bytes_done(&bytes);
}
END_TEST

START_TEST(builds_no_ace_that_no_parser_takes)
{
	static const uint8_t everyone[] = {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
	static const uint8_t large[70000];
	const struct bkup_ace without_sid = {0};
	const struct bkup_ace without_guid = {
		.type = BKUP_ACE_ALLOWED_OBJECT,
		.object_flags = BKUP_ACE_OBJECT_TYPE_PRESENT,
		.sid = {everyone, sizeof(everyone)}};
	const struct bkup_ace too_large = {.sid = {everyone, sizeof(everyone)},
					   .data = {large, sizeof(large)}};
	void *acl = NULL;
	size_t size;

	ck_assert_int_eq(bkup_acl_build(0, &without_sid, 1, &acl, &size),
			 -EINVAL);
	ck_assert_int_eq(bkup_acl_build(0, &without_guid, 1, &acl, &size),
			 -EINVAL);
	ck_assert_int_eq(bkup_acl_build(0, &too_large, 1, &acl, &size),
			 -EMSGSIZE);
	ck_assert_ptr_null(acl);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		gives_back_the_text_that_it_took,
		takes_other_ways_to_write_it,
		tells_where_text_is_wrong,
		refuses_what_is_nested_too_deep,
		refuses_an_acl_that_is_too_large,
		decodes_what_windows_and_samba_wrote,
		keeps_what_text_does_not_carry,
		keeps_parts_that_did_not_change,
		keeps_aces_that_did_not_change,
		refuses_descriptors_that_are_malformed,
		builds_what_it_parses,
		builds_no_ace_that_no_parser_takes,
	};

	return unit_main("sddl", tests, N_ELEMENTS(tests), 30);
}
