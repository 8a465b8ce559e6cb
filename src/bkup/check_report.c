/* SPDX-License-Identifier: BSD-2-Clause */
/* What a check found, for people or for programs. */
#include "bkup/check.h"
#include "bkup/json.h"
#include "bkup/message.h"

#include <inttypes.h>
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

void check_show_digest(struct check *check, const char *file, const char *name,
		       uint64_t size, uint64_t hash)
{
	char text[17];

	progress_hide(&check->progress);
	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	if (check->json) {
		put_json(check, json_pack("{s:s, s:o, s:s, s:I, s:s}", "kind",
					  "digest", "file", json_text(file),
					  "name", name, "size",
					  (json_int_t)size, "xxh3", text));
		return;
	}
	printf("%s  %ju  ", text, (uintmax_t)size);
	text_print(stdout, file);
	putchar('/');
	text_print(stdout, name);
	putchar('\n');
	stdout_error();
}

static const struct {
	const char *kind;
	const char *reason;
	const char *advice;
} stream_findings[] = {
	[STREAM_CHANGED] = {"changed", "the content is another one",
			    "if nobody changed it, get the file from another "
			    "copy"},
	[STREAM_MISSING] = {"missing",
			    "the stream is not there, or its file "
			    "could not be read",
			    "if nobody removed it, get the file from another "
			    "copy"},
	[STREAM_NEW] = {"new", "no digest was recorded",
			"record the digests anew to include it"},
};

void check_found_stream(struct check *check, enum stream_found found,
			const char *file, const char *name)
{
	progress_hide(&check->progress);
	if (check->json) {
		put_json(check,
			 json_pack("{s:s, s:o, s:s, s:s, s:s}", "kind",
				   stream_findings[found].kind, "file",
				   json_text(file), "name", name, "reason",
				   stream_findings[found].reason, "advice",
				   stream_findings[found].advice));
		return;
	}
	putchar('\'');
	text_print(stdout, file);
	printf("': %s: '", stream_findings[found].kind);
	text_print(stdout, name);
	printf("': %s; %s\n", stream_findings[found].reason,
	       stream_findings[found].advice);
	stdout_error();
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
	if (check->verify)
		printf("verified %ju same, %ju changed, %zu missing, %ju "
		       "new\n",
		       (uintmax_t)check->same, (uintmax_t)check->changed,
		       check->missing, (uintmax_t)check->fresh);
	stdout_error();
}

static void put_summary_json(struct check *check)
{
	json_t *object = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kind", "summary",
		"files", (json_int_t)check->files, "streams",
		(json_int_t)check->streams, "bad", (json_int_t)check->bad,
		"payloads", (json_int_t)check->payloads, "unreadable",
		(json_int_t)check->failed, "leftovers",
		(json_int_t)check->leftovers, "unfinished",
		(json_int_t)check->unfinished);
	json_t *verified =
		check->verify ? json_pack("{s:I, s:I, s:I, s:I}", "same",
					  (json_int_t)check->same, "changed",
					  (json_int_t)check->changed, "missing",
					  (json_int_t)check->missing, "new",
					  (json_int_t)check->fresh)
			      : NULL;

	if (object && verified)
		json_object_update(object, verified);
	json_decref(verified);
	put_json(check, object);
}

enum status check_summary(struct check *check)
{
	progress_hide(&check->progress);
	if (check->json)
		put_summary_json(check);
	else
		print_summary(check);
	if (check->failed)
		return STATUS_FAILED;
	return check->bad || check->payloads || check->unfinished ||
			       check->changed || check->missing
		       ? STATUS_BAD_DATA
		       : STATUS_FINE;
}
