/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command lines: what is taken makes sense, what is refused is refused with
 * one message, and a list of options says what its parts say one by one. An
 * input is words with a NUL or a newline between them.
 */
#include "fuzz.h"

#include "bkupfs/command.h"
#include "util/log.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

void __wrap_log_message(int priority, const char *format, ...);

static unsigned int messages;

void __wrap_log_message(int priority, const char *format, ...)
{
	ck_assert_int_eq(priority, LOG_ERR);
	ck_assert_ptr_nonnull(format);
	messages++;
}

/* Looked up in files for each command line, which would take most of the time.
 */
int __wrap_get_nprocs(void);

int __wrap_get_nprocs(void)
{
	return 2;
}

static const char *const words[] = {
	"\nmount.bkupfs\n",
	"\n-o\n",
	"\n-",
	"\n--wait\n",
	"\n--",
	"help",
	"version",
	"\n",
	"/source",
	"ro",
	",",
	"=",
	",store=",
	"backup",
	"live",
	",order=",
	"keep",
	"canonical",
	",sync=",
	"none",
	"fsync",
	"close",
	",timeout=",
	"1e9",
	"0x1p-3",
	"inf",
	"nan",
	",threads=",
	"1024",
	"1025",
	",readahead=",
	",max_streams=",
	",sandbox=",
	"require",
	"2147483647",
	"2147483648",
	"18446744073709551616",
	",salvage",
	",allow_other",
	",rw",
	",nosuid",
	",noexec",
	",sync",
	",dirsync",
	",remount",
	",comment=",
	",x-systemd.",
	",_netdev",
	",user=",
	"\n-t\n",
	"\n-N\n",
	"\n-s\n",
	"\n-f\n",
	"-0",
	" 1",
};

static void check_options(const struct mount_options *options)
{
	ck_assert(options->order == STORE_ORDER_KEEP ||
		  options->order == STORE_ORDER_CANONICAL);
	ck_assert(options->sync == STORE_SYNC_NONE ||
		  options->sync == STORE_SYNC_FSYNC ||
		  options->sync == STORE_SYNC_CLOSE);
	ck_assert(isfinite(options->timeout) && options->timeout >= 0);
	ck_assert_uint_ge(options->threads, 1);
	ck_assert_uint_le(options->threads, 10000);
	ck_assert_uint_ge(options->max_streams, 1);
	ck_assert_uint_le(options->max_streams, 1 << 30);
	ck_assert(options->sandbox == CONFINE_AUTO ||
		  options->sandbox == CONFINE_REQUIRE ||
		  options->sandbox == CONFINE_OFF);
	ck_assert_uint_le(options->readahead, INT_MAX);
	if (options->kernel)
		ck_assert_ptr_null(strchr(options->kernel, '='));
}

static bool strings_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_equal(const struct mount_options *a,
			const struct mount_options *b)
{
	ck_assert_int_eq(a->order, b->order);
	ck_assert_int_eq(a->sync, b->sync);
	ck_assert(a->timeout == b->timeout);
	ck_assert_int_eq(a->salvage, b->salvage);
	ck_assert_int_eq(a->live, b->live);
	ck_assert_ptr_eq(a->profile, b->profile);
	ck_assert_int_eq(a->read_only, b->read_only);
	ck_assert_int_eq(a->allow_other, b->allow_other);
	ck_assert_uint_eq(a->threads, b->threads);
	ck_assert_uint_eq(a->readahead, b->readahead);
	ck_assert_uint_eq(a->max_streams, b->max_streams);
	ck_assert_int_eq(a->sandbox, b->sandbox);
	ck_assert(strings_equal(a->kernel, b->kernel));
}

/* Adds the parts of a list one by one; it may be written to. */
static int add_parts(struct mount_options *options, char *list, bool sloppy)
{
	char *part;

	while ((part = strsep(&list, ","))) {
		int rc = mount_options_add(options, part, sloppy);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static void check_list(const char *list, bool sloppy)
{
	struct mount_options whole, parts;
	char *copy = strdup(list);
	int rc;

	ck_assert_ptr_nonnull(copy);
	messages = 0;
	mount_options_init(&whole);
	mount_options_init(&parts);
	rc = mount_options_add(&whole, list, sloppy);
	ck_assert(rc == 0 || rc == -EINVAL);
	ck_assert_uint_eq(messages, rc ? 1 : 0);
	ck_assert_int_eq(add_parts(&parts, copy, sloppy), rc);
	check_options(&whole);
	check_equal(&whole, &parts);
	mount_options_done(&whole);
	mount_options_done(&parts);
	free(copy);
}

static void check_command(int argc, char **argv)
{
	struct command command;
	int rc;

	messages = 0;
	optind = 0; /* begin anew */
	rc = command_parse(argc, argv, &command);
	ck_assert(rc == 0 || rc == -EINVAL);
	ck_assert_uint_eq(messages, rc ? 1 : 0);
	check_options(&command.options);
	if (rc == 0 && command.action == COMMAND_MOUNT)
		ck_assert_ptr_nonnull(command.source);
	if (rc == 0 &&
	    (command.action == COMMAND_MOUNT || command.action == COMMAND_WAIT))
		ck_assert_ptr_nonnull(command.mount_point);
	command_done(&command);
}

/* Splits text at its newlines. Returns: how many words there are. */
static int split(char *text, char **argv)
{
	int argc = 0;

	while (text && argc < WORDS_MAX)
		argv[argc++] = strsep(&text, "\n");
	argv[argc] = NULL;
	return argc;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	return fuzz_mutate_words(data, size, max_size, seed, words,
				 N_ELEMENTS(words), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	char *argv[WORDS_MAX + 1];
	int argc;

	ck_assert_ptr_nonnull(text);
	if (size)
		memcpy(text, data, size);
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			text[i] = '\n';
	argc = split(text, argv);
	for (int i = 0; i < argc; i++)
		check_list(argv[i], size % 2);
	check_command(argc, argv);
	free(text);
	return 0;
}
