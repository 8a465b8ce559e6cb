/* SPDX-License-Identifier: BSD-2-Clause */
/* What a check found, for people or for programs. */
#include "bkup/check.h"
#include "bkup/json.h"
#include "bkup/message.h"

#include <sys/stat.h>
#include <time.h>

#define THROUGH_A_MOUNT "mount the tree, and remove it or rename it into place"

static const struct {
	const char *kind; /* in JSON */
	bool unfinished;
	const char *reason;
	const char *advice;
} leftovers[] = {
	[LEFTOVER_SCRATCH] = {"scratch", false, "scratch", THROUGH_A_MOUNT},
	[LEFTOVER_RESCUED] = {"rescued", false,
			      "what was written and could not be committed",
			      THROUGH_A_MOUNT},
	[LEFTOVER_STAGE] = {"stage", true,
			    "content of a stream that was not committed",
			    "the next mount removes it"},
	[LEFTOVER_NEW] = {"new", true,
			  "a version of a file that was being built",
			  "the next mount removes it"},
	[LEFTOVER_REDO] = {"redo", true, "a commit that was interrupted",
			   "mount the tree once to complete it, before its "
			   "files are used"},
	[LEFTOVER_UNKNOWN] = {"unknown", false, "no file of bkupfs",
			      "it is left alone; whose it is may remove it"},
};

bool leftover_is_unfinished(enum leftover kind)
{
	return leftovers[kind].unfinished;
}

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

void check_found_payload(struct check *check, const struct input *input,
			 const struct bkup_fault *fault)
{
	static const char advice[] =
		"it is shown and copied as it is, but Windows may refuse it";
	char stream[BKUP_CHILD_SIZE];

	check->payloads++;
	progress_hide(&check->progress);
	bkup_name_format(input->record.id, input_record_name(input),
			 input->record.name_size, 1, stream);
	if (check->json) {
		put_json(check,
			 json_pack("{s:s, s:o, s:I, s:o, s:s, s:s}", "kind",
				   "payload", "file", json_text(input->name),
				   "offset", (json_int_t)fault->offset,
				   "stream", json_text(stream), "reason",
				   fault->what, "advice", advice));
		return;
	}
	putchar('\'');
	text_print(stdout, input->name);
	printf("': at offset %zu: in '", fault->offset);
	text_print(stdout, stream);
	printf("': %s; %s\n", fault->what, advice);
	stdout_error();
}

static void put_leftover_json(struct check *check,
			      const struct leftover_found *found)
{
	put_json(check, json_pack("{s:s, s:o, s:o, s:I, s:I, s:s, s:s}", "kind",
				  leftovers[found->kind].kind, "file",
				  json_text(found->name), "path",
				  json_text(found->place), "size",
				  (json_int_t)found->st->st_size, "mtime",
				  (json_int_t)found->st->st_mtime, "reason",
				  leftovers[found->kind].reason, "advice",
				  leftovers[found->kind].advice));
}

static void print_size(const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		printf("%ju bytes", (uintmax_t)st->st_size);
	else
		printf(S_ISDIR(st->st_mode)   ? "a directory"
		       : S_ISLNK(st->st_mode) ? "a symlink"
					      : "a special file");
}

static void print_time(time_t time)
{
	char text[64];
	struct tm parts;

	if (localtime_r(&time, &parts) &&
	    strftime(text, sizeof(text), "%F %T", &parts))
		printf(", %s", text);
}

void check_found_leftover(struct check *check,
			  const struct leftover_found *found)
{
	check->leftovers++;
	check->unfinished += leftover_is_unfinished(found->kind);
	progress_hide(&check->progress);
	if (check->json) {
		put_leftover_json(check, found);
		return;
	}
	putchar('\'');
	text_print(stdout, found->name);
	printf("': left: %s: '", leftovers[found->kind].reason);
	text_print(stdout, found->place);
	printf("' (");
	print_size(found->st);
	print_time(found->st->st_mtime);
	printf("); %s\n", leftovers[found->kind].advice);
	stdout_error();
}

void check_found_in_use(struct check *check, const char *name, uint64_t count)
{
	static const char reason[] = "a daemon is at work";
	static const char advice[] = "unmount the tree to check it at rest";

	progress_hide(&check->progress);
	if (check->json) {
		put_json(check, json_pack("{s:s, s:o, s:I, s:s, s:s}", "kind",
					  "in-use", "file", json_text(name),
					  "count", (json_int_t)count, "reason",
					  reason, "advice", advice));
		return;
	}
	putchar('\'');
	text_print(stdout, name);
	printf("': in use: %s: %ju of its files there are no leftovers; %s\n",
	       reason, (uintmax_t)count, advice);
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
	printf(": %ju bad, ", (uintmax_t)check->bad);
	print_count(check->payloads, "bad payload", "bad payloads");
	printf(", %ju unreadable, ", (uintmax_t)check->failed);
	print_count(check->leftovers, "leftover", "leftovers");
	putchar('\n');
	stdout_error();
}

enum status check_summary(struct check *check)
{
	progress_hide(&check->progress);
	if (check->json)
		put_json(check,
			 json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
				   "kind", "summary", "files",
				   (json_int_t)check->files, "streams",
				   (json_int_t)check->streams, "bad",
				   (json_int_t)check->bad, "payloads",
				   (json_int_t)check->payloads, "unreadable",
				   (json_int_t)check->failed, "leftovers",
				   (json_int_t)check->leftovers, "unfinished",
				   (json_int_t)check->unfinished));
	else
		print_summary(check);
	if (check->failed)
		return STATUS_FAILED;
	return check->bad || check->payloads || check->unfinished
		       ? STATUS_BAD_DATA
		       : STATUS_FINE;
}
