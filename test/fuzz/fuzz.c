/* SPDX-License-Identifier: BSD-2-Clause */
#include "fuzz.h"

#include "util/le.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Check's own end the test, and there is none here: these are wrapped around
 * them when the target is linked.
 */
__attribute__((noreturn, format(printf, 4, 5))) void
__wrap__ck_assert_failed(const char *file, int line, const char *expression,
			 const char *message, ...);
void __wrap__mark_point(const char *file, int line);

void __wrap__ck_assert_failed(const char *file, int line,
			      const char *expression, const char *message, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: %s: ", file, line, expression);
	va_start(arguments, message);
	if (message)
		vfprintf(stderr, message, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

void __wrap__mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

size_t fuzz_take_bytes(struct fuzz_script *script, size_t size,
		       const uint8_t **ret_bytes)
{
	if (size > script->size)
		size = script->size;
	*ret_bytes = script->data;
	script->data += size;
	script->size -= size;
	return size;
}

uint64_t fuzz_take_number(struct fuzz_script *script, size_t bytes)
{
	uint8_t number[8] = {0};
	const uint8_t *taken;
	size_t n = fuzz_take_bytes(script, bytes, &taken);

	for (size_t i = 0; i < n; i++)
		number[i] = taken[i];
	return le64_get(number);
}

uint8_t fuzz_take_byte(struct fuzz_script *script)
{
	return fuzz_take_number(script, 1);
}

uint64_t fuzz_take_below(struct fuzz_script *script, uint64_t limit)
{
	return fuzz_take_number(script, limit > 256 ? 2 : 1) % limit;
}

uint64_t fuzz_take_size(struct fuzz_script *script)
{
	uint8_t kind = fuzz_take_byte(script);

	if (kind < 128)
		return kind;
	if (kind < 192)
		return fuzz_take_number(script, 2);
	if (kind < 255)
		return (1ULL << (kind - 192)) - 8 + fuzz_take_below(script, 16);
	return fuzz_take_number(script, 8);
}

struct fuzz_script fuzz_take_script(struct fuzz_script *data)
{
	struct fuzz_script script = {0};

	script.size =
		fuzz_take_bytes(data, fuzz_take_number(data, 2), &script.data);
	return script;
}

uint64_t fuzz_random_border(uint64_t *random)
{
	uint64_t border = 1ULL << unit_random(random) % 64;

	switch (unit_random(random) % 4) {
	case 0:
		return unit_random(random) % 64;
	case 1:
		return unit_random(random);
	case 2:
		return -(unit_random(random) % 64);
	}
	return border - 32 + unit_random(random) % 64;
}
