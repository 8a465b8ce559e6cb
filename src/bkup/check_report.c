/* SPDX-License-Identifier: BSD-2-Clause */
/* What a check found, for people or for programs. */
#include "bkup/check.h"
#include "bkup/json.h"
#include "bkup/message.h"

static const struct {
	const char *kind; /* in JSON */
	const char *reason;
	const char *advice;
} leftovers[] = {
	[LEFTOVER_SCRATCH] = {"scratch", "scratch left",
			      "mount the tree to take or remove it"},
	[LEFTOVER_UNCOMMITTED] = {"uncommitted",
				  "uncommitted data left by a crash",
				  "the next mount removes it"},
	[LEFTOVER_REDO] = {"redo", "commit to be completed at the next mount",
			   "mount the tree before its files are used"},
};

/* Memory that ran out shows in the exit status. */
static void put_json(struct check *check, json_t *object)
{
	if (object) {
		json_line(object);
		return;
	}
	message("cannot report: Cannot allocate memory");
	check->failed++;
}

void check_found_bad(struct check *check, const char *name,
		     const struct defect *defect)
{
	check->bad++;
	progress_hide(&check->progress);
	if (check->json) {
		put_json(check,
			 json_pack("{s:s, s:o, s:I, s:s, s:s}", "kind", "bad",
				   "file", json_text(name), "offset",
				   (json_int_t)defect->offset, "reason",
				   defect->reason, "advice", defect->advice));
		return;
	}
	putchar('\'');
	text_print(stdout, name);
	printf("': at offset %ju: %s; %s\n", (uintmax_t)defect->offset,
	       defect->reason, defect->advice);
	stdout_error();
}

void check_found_leftover(struct check *check, const char *name,
			  enum leftover kind, const char *place)
{
	check->leftovers++;
	progress_hide(&check->progress);
	if (check->json) {
		put_json(check,
			 json_pack("{s:s, s:o, s:o, s:s, s:s}", "kind",
				   leftovers[kind].kind, "file",
				   json_text(name), "path", json_text(place),
				   "reason", leftovers[kind].reason, "advice",
				   leftovers[kind].advice));
		return;
	}
	putchar('\'');
	text_print(stdout, name);
	printf("': note: %s: '", leftovers[kind].reason);
	text_print(stdout, place);
	printf("'; %s\n", leftovers[kind].advice);
	stdout_error();
}

void check_cannot_read(struct check *check, const char *name, int error)
{
	check->failed++;
	progress_hide(&check->progress);
	message("cannot read '%s': %s", name, error_text(error));
	if (check->json)
		put_json(check, json_pack("{s:s, s:o, s:s}", "kind",
					  "unreadable", "file", json_text(name),
					  "reason", error_text(error)));
}

static void print_count(uint64_t count, const char *one, const char *many)
{
	printf("%ju %s", (uintmax_t)count, count == 1 ? one : many);
}

static void print_summary(const struct check *check)
{
	printf("checked ");
	print_count(check->files, "file", "files");
	printf(" with ");
	print_count(check->streams, "stream", "streams");
	printf(": %ju bad, %ju unreadable, ", (uintmax_t)check->bad,
	       (uintmax_t)check->failed);
	print_count(check->leftovers, "leftover", "leftovers");
	putchar('\n');
	stdout_error();
}

enum status check_summary(struct check *check)
{
	progress_hide(&check->progress);
	if (check->json)
		put_json(check,
			 json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "kind",
				   "summary", "files", (json_int_t)check->files,
				   "streams", (json_int_t)check->streams, "bad",
				   (json_int_t)check->bad, "unreadable",
				   (json_int_t)check->failed, "leftovers",
				   (json_int_t)check->leftovers));
	else
		print_summary(check);
	if (check->failed)
		return STATUS_FAILED;
	return check->bad ? STATUS_BAD_DATA : STATUS_FINE;
}
