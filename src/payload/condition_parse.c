/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From text to postfix order, by recursive descent:
 *
 *	or	and { "||" and }
 *	and	not { "&&" not }
 *	not	"!" not | term
 *	term	"(" or ")" | unary operand | operand [ binary operand ]
 *	operand	attribute | literal | "{" literal { "," literal } "}"
 */
#include "payload/condition.h"
#include "payload/condition_tokens.h"
#include "payload/literal.h"
#include "payload/sid.h"
#include "util/le.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct parser {
	struct scan *scan;
	struct bytes *bytes;
	int depth;
};

static int parse_or(struct parser *parser);

/* A word of letters and _, which stays. */
static size_t word_length(const struct scan *scan)
{
	size_t n = 0;

	while (n < scan->size - scan->at &&
	       strchr("abcdefghijklmnopqrstuvwxyz"
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/%",
		      scan->text[scan->at + n]) &&
	       scan->text[scan->at + n])
		n++;
	return n;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static const struct condition_word *
find_word(const struct condition_word *table, const char *text, size_t length)
{
	for (; table->word; table++) {
		if (is_word(text, length, table->word))
			return table;
	}
	return NULL;
}

bool condition_is_operator(const char *text, size_t length)
{
	return find_word(condition_unary, text, length) ||
	       find_word(condition_binary, text, length) ||
	       is_word(text, length, "SID");
}

/* Takes an operator of a table, with its token; a word only if it is whole. */
static bool take_operator(struct scan *scan, const struct condition_word *table,
			  uint8_t *ret_token)
{
	size_t length = scan_failed(scan) ? 0 : word_length(scan);
	const struct condition_word *found =
		length ? find_word(table, scan->text + scan->at, length) : NULL;

	for (; !found && !length && table->word; table++) {
		if (strchr("=!<>", table->word[0]) &&
		    scan_take(scan, table->word)) {
			*ret_token = table->token;
			return true;
		}
	}
	if (!found)
		return false;
	scan->at += length;
	*ret_token = found->token;
	return true;
}

/* A token whose size is known only at its end. */
static size_t begin_sized(struct bytes *bytes, uint8_t token)
{
	bytes_add_u8(bytes, token);
	bytes_add_u32(bytes, 0);
	return bytes->size;
}

static void end_sized(struct bytes *bytes, size_t start)
{
	if (bytes->error == 0)
		le32_put(bytes->data + start - 4,
			 (uint32_t)(bytes->size - start));
}

static int parse_attribute(struct parser *parser)
{
	const struct condition_word *kind = condition_attributes;
	size_t start;
	int rc;

	/* The first is local: no word stands before it. */
	for (const struct condition_word *other = kind + 1; other->word;
	     other++) {
		if (scan_take(parser->scan, other->word))
			kind = other;
	}
	start = begin_sized(parser->bytes, kind->token);
	rc = literal_parse_name(parser->scan, kind != condition_attributes,
				parser->bytes);
	end_sized(parser->bytes, start);
	return rc;
}

static int parse_integer(struct parser *parser)
{
	struct scan *scan = parser->scan;
	uint8_t sign = SIGN_NONE, base = BASE_DECIMAL;
	uint64_t number = 0, max = INT64_MAX;

	if (scan_take(scan, "+")) {
		sign = SIGN_PLUS;
	} else if (scan_take(scan, "-")) {
		sign = SIGN_MINUS;
		max++;
	}
	if (scan_peek(scan) == '0' && scan->at + 1 < scan->size) {
		char next = scan->text[scan->at + 1];

		if (next == 'x' || next == 'X')
			base = BASE_HEXADECIMAL;
		else if (next >= '0' && next <= '7')
			base = BASE_OCTAL;
	}
	if (scan_number(scan, true, max, &number) < 0)
		return -EINVAL;
	bytes_add_u8(parser->bytes, TOKEN_INT64);
	bytes_add_u64(parser->bytes, sign == SIGN_MINUS ? -number : number);
	bytes_add_u8(parser->bytes, sign);
	bytes_add_u8(parser->bytes, base);
	return 0;
}

static int parse_sid(struct parser *parser)
{
	size_t start = begin_sized(parser->bytes, TOKEN_SID);

	scan_space(parser->scan);
	if (sid_parse(parser->scan, parser->bytes) < 0)
		return -EINVAL;
	end_sized(parser->bytes, start);
	scan_space(parser->scan);
	return scan_expect(parser->scan, ")", "SID( ends with )");
}

static int parse_string(struct parser *parser)
{
	size_t start = begin_sized(parser->bytes, TOKEN_STRING);
	int rc = literal_parse_string(parser->scan, parser->bytes);

	end_sized(parser->bytes, start);
	return rc;
}

static bool at_integer(const struct scan *scan)
{
	char c = scan_peek(scan);

	return c == '+' || c == '-' || (c >= '0' && c <= '9');
}

/* Returns 1 if no literal stands here. */
static int parse_literal(struct parser *parser)
{
	struct scan *scan = parser->scan;

	scan_space(scan);
	if (scan_peek(scan) == '"')
		return parse_string(parser);
	if (at_integer(scan))
		return parse_integer(parser);
	if (scan_take(scan, "SID("))
		return parse_sid(parser);
	if (scan_take(scan, "#")) {
		size_t start = begin_sized(parser->bytes, TOKEN_OCTETS);

		literal_parse_octets(scan, parser->bytes);
		end_sized(parser->bytes, start);
		return 0;
	}
	return 1;
}

static int parse_composite(struct parser *parser)
{
	size_t start = begin_sized(parser->bytes, TOKEN_COMPOSITE);
	struct scan *scan = parser->scan;

	scan_space(scan);
	if (!scan_take(scan, "}")) {
		do {
			int rc = parse_literal(parser);

			if (rc > 0)
				rc = scan_fail(scan, "a literal is missing");
			if (rc < 0)
				return rc;
			scan_space(scan);
		} while (scan_take(scan, ","));
		if (scan_expect(scan, "}", "{ ends with }") < 0)
			return -EINVAL;
	}
	end_sized(parser->bytes, start);
	return 0;
}

static int parse_operand(struct parser *parser)
{
	int rc;

	scan_space(parser->scan);
	if (scan_take(parser->scan, "{"))
		return parse_composite(parser);
	rc = parse_literal(parser);
	return rc > 0 ? parse_attribute(parser) : rc;
}

static int parse_compared(struct parser *parser)
{
	uint8_t token = 0;
	int rc = parse_operand(parser);

	if (rc < 0)
		return rc;
	scan_space(parser->scan);
	if (!take_operator(parser->scan, condition_binary, &token))
		return 0;
	rc = parse_operand(parser);
	bytes_add_u8(parser->bytes, token);
	return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): parser->depth bounds it */
static int parse_term(struct parser *parser)
{
	struct scan *scan = parser->scan;
	uint8_t token = 0;
	int rc;

	scan_space(scan);
	if (scan_take(scan, "(")) {
		rc = parse_or(parser);
		return rc < 0 ? rc : scan_expect(scan, ")", "( ends with )");
	}
	if (!take_operator(scan, condition_unary, &token))
		return parse_compared(parser);
	rc = parse_operand(parser);
	bytes_add_u8(parser->bytes, token);
	return rc;
}

/* As many ! as there are, and what they are before. */
/* NOLINTNEXTLINE(misc-no-recursion): parser->depth bounds it */
static int parse_not(struct parser *parser)
{
	size_t count = 0;
	int rc;

	scan_space(parser->scan);
	while (scan_take(parser->scan, "!")) {
		count++;
		scan_space(parser->scan);
	}
	rc = parse_term(parser);
	while (count--)
		bytes_add_u8(parser->bytes, TOKEN_NOT);
	scan_space(parser->scan);
	return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): parser->depth bounds it */
static int parse_and(struct parser *parser)
{
	int rc = parse_not(parser);

	while (rc == 0 && scan_take(parser->scan, "&&")) {
		rc = parse_not(parser);
		bytes_add_u8(parser->bytes, TOKEN_AND);
	}
	return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): parser->depth bounds it */
static int parse_or(struct parser *parser)
{
	int rc;

	if (++parser->depth > CONDITION_DEPTH_MAX)
		return scan_fail(parser->scan, "this is nested too deep");
	rc = parse_and(parser);
	while (rc == 0 && scan_take(parser->scan, "||")) {
		rc = parse_and(parser);
		bytes_add_u8(parser->bytes, TOKEN_OR);
	}
	parser->depth--;
	return rc;
}

int condition_parse(struct scan *scan, struct bytes *bytes)
{
	struct parser parser = {.scan = scan, .bytes = bytes};
	size_t start = bytes->size;
	int rc;

	if (scan_expect(scan, "(", "a condition begins with (") < 0)
		return -EINVAL;
	bytes_add(bytes, CONDITION_MAGIC, CONDITION_MAGIC_SIZE);
	rc = parse_or(&parser);
	if (rc == 0)
		rc = scan_expect(scan, ")", "( ends with )");
	bytes_add_zeros(bytes, (start - bytes->size) % 4);
	return rc;
}
