/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of digests: they are shown, recorded, held against others. */
#include "bkup/check.h"
#include "bkup/message.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads what digests are held against. */
static enum status open_list(struct check *check)
{
	FILE *file = fopen(check->verify, "re");
	struct json_fault fault = {0};
	int rc = file ? digest_list_read(&check->list, file, &fault) : -errno;

	if (file)
		fclose(file);
	if (rc == 0)
		return STATUS_FINE;
	if (rc == -EBADMSG)
		message("'%s': line %ju: %s; record it anew", check->verify,
			(uintmax_t)fault.line, fault.what);
	else
		message("cannot read '%s': %s", check->verify, error_text(rc));
	return STATUS_FAILED;
}

/* Begins to write what is recorded. */
static enum status open_record(struct check *check)
{
	int rc = place_open(check->record, &check->record_place), fd;

	if (rc < 0) {
		message("cannot make '%s': %s", check->record, error_text(rc));
		return STATUS_FAILED;
	}
	if (target_open(&check->target, &check->record_place.place) !=
	    STATUS_FINE) {
		place_close(&check->record_place);
		return STATUS_FAILED;
	}
	/* The target closes its own. */
	fd = dup(check->target.fd);
	check->recording = fd < 0 ? NULL : fdopen(fd, "w");
	if (!check->recording) {
		check->record_error = -errno;
		if (fd >= 0)
			close(fd);
	} else if (digest_list_write(check->recording, NULL, NULL, 0, 0) < 0) {
		check->record_error = -ENOMEM;
	}
	return STATUS_FINE;
}

enum status check_open_lists(struct check *check)
{
	enum status status = STATUS_FINE;

	digest_list_init(&check->list);
	if (check->verify)
		status = open_list(check);
	if (status == STATUS_FINE && check->record)
		status = open_record(check);
	if (status != STATUS_FINE)
		digest_list_done(&check->list);
	return status;
}

static void verify(struct check *check, const char *file, const char *name,
		   uint64_t size, uint64_t hash)
{
	struct digest_entry *entry = digest_list_find(&check->list, file, name);

	if (!entry) {
		check->fresh++;
		check_found_stream(check, STREAM_NEW, file, name);
		return;
	}
	entry->seen = true;
	if (entry->size == size && entry->hash == hash) {
		check->same++;
		return;
	}
	check->changed++;
	check_found_stream(check, STREAM_CHANGED, file, name);
}

void check_digested(struct check *check, const char *file, const char *name,
		    uint64_t size, uint64_t hash)
{
	if (check->show)
		check_show_digest(check, file, name, size, hash);
	if (check->recording &&
	    digest_list_write(check->recording, file, name, size, hash) < 0)
		check->record_error = -ENOMEM;
	if (check->verify)
		verify(check, file, name, size, hash);
}

/* What was recorded and is not there any more. */
static void find_missing(struct check *check)
{
	struct digest_entry **unseen =
		digest_list_unseen(&check->list, &check->missing);

	if (!unseen) {
		check_cannot_read(check, check->verify, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < check->missing; i++)
		check_found_stream(check, STREAM_MISSING, unseen[i]->file,
				   unseen[i]->name);
	free(unseen);
}

static enum status end_recording(struct check *check)
{
	enum status status = STATUS_FINE;
	int rc = check->record_error;

	if (check->recording) {
		if (rc == 0 &&
		    (fflush(check->recording) != 0 || ferror(check->recording)))
			rc = errno ? -errno : -EIO;
		if (fclose(check->recording) != 0 && rc == 0)
			rc = -errno;
	}
	if (rc < 0)
		status = target_failed(&check->target, rc);
	/* Half of the digests would make the others seem to be new. */
	if (status == STATUS_FINE && stdout_error() == 0)
		status = target_commit(&check->target);
	else
		target_abandon(&check->target);
	place_close(&check->record_place);
	return status;
}

enum status check_close_lists(struct check *check)
{
	enum status status = STATUS_FINE;

	if (check->verify && stdout_error() == 0)
		find_missing(check);
	if (check->record)
		status = end_recording(check);
	digest_list_done(&check->list);
	return status;
}
