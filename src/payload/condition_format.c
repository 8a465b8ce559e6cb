/* SPDX-License-Identifier: BSD-2-Clause */
/* From postfix order to a tree, and from that to text. */
#include "payload/condition.h"
#include "payload/condition_tokens.h"
#include "payload/literal.h"
#include "payload/sid.h"
#include "util/array.h"
#include "util/le.h"

#include <errno.h>
#include <inttypes.h>

/* An operand or operator; of an operator left is its only or first operand. */
struct node {
	uint8_t token;
	uint16_t depth;
	struct {
		const uint8_t *bytes;
		size_t size;
	} value; /* of an operand, without its token and size */
	size_t left, right;
};

struct tree {
	struct node *nodes;
	size_t count, room;
	size_t *stack; /* of nodes that are no operands yet */
	size_t height, stack_room;
};

struct cursor {
	const uint8_t *at, *end;
};

static size_t left_of(const struct cursor *cursor)
{
	return cursor->end - cursor->at;
}

/* Passes over a token's size and value. */
static int take_sized(struct cursor *cursor, struct node *node)
{
	uint32_t size;

	if (left_of(cursor) < 4)
		return -EBADMSG;
	size = le32_get(cursor->at);
	cursor->at += 4;
	if (size > left_of(cursor))
		return -EBADMSG;
	node->value.bytes = cursor->at;
	node->value.size = size;
	cursor->at += size;
	return 0;
}

static bool is_integer(uint8_t token)
{
	return token >= TOKEN_INT8 && token <= TOKEN_INT64;
}

/* An operand's value; -ENOTSUP for a token that is none. */
static int take_operand(struct cursor *cursor, struct node *node)
{
	if (is_integer(node->token)) {
		if (left_of(cursor) < INTEGER_SIZE)
			return -EBADMSG;
		node->value.bytes = cursor->at;
		node->value.size = INTEGER_SIZE;
		cursor->at += INTEGER_SIZE;
		return 0;
	}
	if (node->token == TOKEN_STRING || node->token == TOKEN_OCTETS ||
	    node->token == TOKEN_COMPOSITE || node->token == TOKEN_SID ||
	    condition_word(condition_attributes, node->token))
		return take_sized(cursor, node);
	return -ENOTSUP;
}

static int format_integer(const uint8_t *value, struct bytes *text)
{
	uint64_t number = le64_get(value);
	uint8_t sign = value[8], base = value[9];
	bool negative = number >> 63;
	uint64_t size = negative ? -number : number;

	/* What sign says must be what is there. */
	if (sign < SIGN_PLUS || sign > SIGN_NONE ||
	    (sign == SIGN_PLUS && negative) ||
	    (sign == SIGN_MINUS && !negative && number))
		return -ENOTSUP;
	if (sign == SIGN_MINUS || negative)
		bytes_add_text(text, "-");
	else if (sign == SIGN_PLUS)
		bytes_add_text(text, "+");
	if (base == BASE_OCTAL)
		bytes_print(text, "0%" PRIo64, size);
	else if (base == BASE_DECIMAL)
		bytes_print(text, "%" PRIu64, size);
	else if (base == BASE_HEXADECIMAL)
		bytes_print(text, "0x%" PRIx64, size);
	else
		return -ENOTSUP;
	return 0;
}

static int format_sid(const struct node *node, struct bytes *text)
{
	if (!node->value.size ||
	    sid_size(node->value.bytes, node->value.size) != node->value.size)
		return -EBADMSG;
	bytes_add_text(text, "SID(");
	sid_format(node->value.bytes, text);
	bytes_add_text(text, ")");
	return 0;
}

/* A literal that is no composite. */
static int format_literal(const struct node *node, struct bytes *text)
{
	if (is_integer(node->token))
		return format_integer(node->value.bytes, text);
	if (node->token == TOKEN_STRING)
		return literal_format_string(node->value.bytes,
					     node->value.size, text);
	if (node->token == TOKEN_SID)
		return format_sid(node, text);
	if (node->token != TOKEN_OCTETS)
		return -ENOTSUP;
	literal_format_octets(node->value.bytes, node->value.size, text);
	return 0;
}

static int format_composite(const struct node *node, struct bytes *text)
{
	struct cursor cursor = {node->value.bytes,
				node->value.bytes + node->value.size};
	int rc = 0;

	bytes_add_text(text, "{");
	while (rc == 0 && left_of(&cursor)) {
		struct node item = {.token = *cursor.at++};

		if (cursor.at - node->value.bytes > 1)
			bytes_add_text(text, ", ");
		rc = take_operand(&cursor, &item);
		if (rc == 0)
			rc = format_literal(&item, text);
	}
	bytes_add_text(text, "}");
	return rc;
}

/* A local name must not read as an operator, nor as a number. */
static bool is_mistakable(const struct node *node)
{
	struct bytes name = {0};
	bool found = false;
	const uint8_t first = node->value.size ? node->value.bytes[0] : 0;

	if (first >= '0' && first <= '9')
		return true;
	if (literal_format_name(node->value.bytes, node->value.size, &name) < 0)
		found = false;
	else
		found = condition_is_operator((const char *)name.data,
					      name.size);
	bytes_done(&name);
	return found;
}

static int format_attribute(const struct node *node, struct bytes *text)
{
	const uint8_t *name = node->value.bytes;
	size_t size = node->value.size;

	if (size < 2 || size % 2)
		return -EBADMSG;
	bytes_add_text(text, condition_word(condition_attributes, node->token));
	if (node->token == TOKEN_LOCAL && is_mistakable(node)) {
		bytes_print(text, "%%%04x", le16_get(name));
		name += 2;
		size -= 2;
	}
	return size ? literal_format_name(name, size, text) : 0;
}

static int format_operand(const struct node *node, struct bytes *text)
{
	if (node->token == TOKEN_COMPOSITE)
		return format_composite(node, text);
	if (condition_word(condition_attributes, node->token))
		return format_attribute(node, text);
	return format_literal(node, text);
}

static bool is_logical(uint8_t token)
{
	return token == TOKEN_AND || token == TOKEN_OR || token == TOKEN_NOT;
}

/* How many operands an operator has; 0 if it is none. */
static unsigned int operands_of(uint8_t token)
{
	if (token == TOKEN_NOT || condition_word(condition_unary, token))
		return 1;
	if (is_logical(token) || condition_word(condition_binary, token))
		return 2;
	return 0;
}

/* What is compared is no comparison itself: there is no text for that. */
static bool is_operand(const struct node *node)
{
	return operands_of(node->token) == 0;
}

static int push(struct tree *tree, const struct node *node)
{
	int rc = array_reserve(&tree->nodes, tree->count, 1, &tree->room,
			       sizeof(*tree->nodes));

	if (rc == 0)
		rc = array_reserve(&tree->stack, tree->height, 1,
				   &tree->stack_room, sizeof(*tree->stack));
	if (rc < 0)
		return rc;
	tree->stack[tree->height++] = tree->count;
	tree->nodes[tree->count++] = *node;
	return 0;
}

static int take_operands(struct tree *tree, struct node *node,
			 unsigned int operands)
{
	if (tree->height < operands)
		return -EBADMSG;
	tree->height -= operands;
	node->left = tree->stack[tree->height];
	node->right = tree->stack[tree->height + operands - 1];
	for (unsigned int i = 0; i < operands; i++) {
		const struct node *operand =
			&tree->nodes[tree->stack[tree->height + i]];

		if (!is_logical(node->token) && !is_operand(operand))
			return -ENOTSUP;
		if (node->depth <= operand->depth)
			node->depth = operand->depth + 1;
	}
	return node->depth > CONDITION_DEPTH_MAX ? -ENOTSUP : 0;
}

static int read_token(struct tree *tree, struct cursor *cursor)
{
	struct node node = {.token = *cursor->at++};
	unsigned int operands = operands_of(node.token);
	int rc = operands ? take_operands(tree, &node, operands)
			  : take_operand(cursor, &node);

	return rc < 0 ? rc : push(tree, &node);
}

/* All that is left is padding. */
static bool is_padding(const struct cursor *cursor)
{
	for (const uint8_t *at = cursor->at; at < cursor->end; at++) {
		if (*at != TOKEN_PADDING)
			return false;
	}
	return left_of(cursor) < 4;
}

static int read_tree(struct tree *tree, const uint8_t *bytes, size_t size)
{
	struct cursor cursor = {bytes, bytes + size};
	int rc = 0;

	if (size < CONDITION_MAGIC_SIZE ||
	    memcmp(bytes, CONDITION_MAGIC, CONDITION_MAGIC_SIZE) != 0)
		return -EBADMSG;
	cursor.at += CONDITION_MAGIC_SIZE;
	while (rc == 0 && left_of(&cursor)) {
		if (*cursor.at == TOKEN_PADDING) {
			if (!is_padding(&cursor))
				return -EBADMSG;
			break;
		}
		rc = read_token(tree, &cursor);
	}
	if (rc == 0 && tree->height != 1)
		rc = -EBADMSG;
	return rc;
}

/* The tighter, the higher. */
static int tightness(uint8_t token)
{
	switch (token) {
	case TOKEN_OR:
		return 1;
	case TOKEN_AND:
		return 2;
	case TOKEN_NOT:
		return 3;
	default:
		return operands_of(token) ? 4 : 5;
	}
}

static int format_node(const struct tree *tree, size_t index,
		       struct bytes *text);

/* An operand, in parentheses if it is less tight than it must be. */
static int format_tight(const struct tree *tree, size_t index, int least,
			struct bytes *text)
{
	bool loose = tightness(tree->nodes[index].token) < least;
	int rc;

	if (loose)
		bytes_add_text(text, "(");
	rc = format_node(tree, index, text);
	if (loose)
		bytes_add_text(text, ")");
	return rc;
}

static int format_infix(const struct tree *tree, const struct node *node,
			const char *word, struct bytes *text)
{
	int own = tightness(node->token);
	/* What is on the left is done first, and needs no parentheses. */
	int rc = format_tight(tree, node->left, own, text);

	bytes_print(text, " %s ", word);
	return rc < 0 ? rc : format_tight(tree, node->right, own + 1, text);
}

/* As deep as the tree, which CONDITION_DEPTH_MAX bounds. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int format_node(const struct tree *tree, size_t index,
		       struct bytes *text)
{
	const struct node *node = &tree->nodes[index];
	const char *word = condition_word(condition_unary, node->token);

	if (word) {
		bytes_print(text, "%s ", word);
		return format_operand(&tree->nodes[node->left], text);
	}
	word = condition_word(condition_binary, node->token);
	if (word)
		return format_infix(tree, node, word, text);
	switch (node->token) {
	case TOKEN_NOT:
		bytes_add_text(text, "!(");
		if (format_node(tree, node->left, text) < 0)
			return -ENOTSUP;
		bytes_add_text(text, ")");
		return 0;
	case TOKEN_AND:
		return format_infix(tree, node, "&&", text);
	case TOKEN_OR:
		return format_infix(tree, node, "||", text);
	default:
		return format_operand(node, text);
	}
}

int condition_format(const uint8_t *bytes, size_t size, struct bytes *text)
{
	struct tree tree = {0};
	int rc = read_tree(&tree, bytes, size);

	if (rc == 0) {
		bytes_add_text(text, "(");
		rc = format_node(&tree, tree.stack[0], text);
		bytes_add_text(text, ")");
	}
	free(tree.nodes);
	free(tree.stack);
	return rc;
}
