/* SPDX-License-Identifier: BSD-2-Clause */
#include "bkup/digest_list.h"

#include "bkup/hex.h"
#include "bkup/json.h"
#include "util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { HASH_DIGITS = 16 };

struct key {
	const char *file, *name;
};

struct unseen {
	struct digest_entry **entries;
	size_t count;
};

void digest_list_init(struct digest_list *list)
{
	table_init(&list->entries);
}

static void entry_free(struct table_link *link, void *context)
{
	(void)context;
	free(table_item(link, struct digest_entry, link));
}

void digest_list_done(struct digest_list *list)
{
	table_each(&list->entries, entry_free, NULL);
	table_done(&list->entries);
}

static uint64_t hash_of(const char *file, const char *name)
{
	return table_hash(file, strlen(file)) * 31 +
	       table_hash(name, strlen(name));
}

static bool matches(const struct table_link *link, const void *key)
{
	const struct digest_entry *entry =
		table_item(link, const struct digest_entry, link);
	const struct key *wanted = key;

	return strcmp(entry->file, wanted->file) == 0 &&
	       strcmp(entry->name, wanted->name) == 0;
}

struct digest_entry *digest_list_find(const struct digest_list *list,
				      const char *file, const char *name)
{
	const struct key key = {file, name};
	struct table_link *link =
		table_find(&list->entries, hash_of(file, name), matches, &key);

	return link ? table_item(link, struct digest_entry, link) : NULL;
}

static int add(struct digest_list *list, const char *file, const char *name,
	       uint64_t size, uint64_t hash)
{
	size_t file_size = strlen(file) + 1, name_size = strlen(name) + 1;
	struct digest_entry *entry =
		malloc(sizeof(*entry) + file_size + name_size);

	if (!entry)
		return -ENOMEM;
	*entry = (struct digest_entry){.size = size, .hash = hash};
	memcpy(entry->file, file, file_size);
	entry->name = memcpy(entry->file + file_size, name, name_size);
	if (table_add(&list->entries, &entry->link, hash_of(file, name)) < 0) {
		free(entry);
		return -ENOMEM;
	}
	return 0;
}

/* The analyzer loses what take_entry frees by its cleanup. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
/* The path that a line is about; malloc'ed. */
static int parse_file(const char *file, const char *bytes, char **ret_file)
{
	uint8_t *raw = NULL;
	size_t size = 0;
	int rc;

	if (!bytes) {
		*ret_file = strdup(file);
		return *ret_file ? 0 : -ENOMEM;
	}
	rc = hex_parse(bytes, &raw, &size);
	if (rc < 0)
		return rc;
	raw[size] = '\0';
	*ret_file = (char *)raw;
	return 0;
}

#pragma GCC diagnostic pop

static int take_entry(struct digest_list *list, json_t *object,
		      struct json_fault *fault)
{
	const char *file, *name, *text, *bytes = NULL;
	cleanup_free char *path = NULL;
	json_int_t size;
	int rc = -EINVAL;

	if (json_unpack(object, "{s:s, s:s, s:I, s:s, s?s}", "file", &file,
			"name", &name, "size", &size, "xxh3", &text, "bytes",
			&bytes) == 0 &&
	    size >= 0 && strlen(text) == HASH_DIGITS &&
	    strspn(text, "0123456789abcdef") == HASH_DIGITS)
		rc = parse_file(file, bytes, &path);
	if (rc == -EINVAL)
		return json_wrong(fault, "no digest of a stream");
	if (rc < 0)
		return rc;
	if (digest_list_find(list, path, name))
		return json_wrong(fault, "a second digest of the same stream");
	return add(list, path, name, size, strtoull(text, NULL, 16));
}

static int take_object(void *context, json_t *object, struct json_fault *fault)
{
	json_int_t version = 0;

	if (fault->line > 1)
		return take_entry(context, object, fault);
	if (json_unpack(object, "{s:I}", "bkup_digests", &version) < 0 ||
	    version != 1)
		return json_wrong(fault, "no digests of this version of bkup");
	return 0;
}

int digest_list_read(struct digest_list *list, FILE *file,
		     struct json_fault *ret_fault)
{
	return json_lines_read(file, take_object, list, ret_fault);
}

static void collect(struct table_link *link, void *context)
{
	struct digest_entry *entry =
		table_item(link, struct digest_entry, link);
	struct unseen *unseen = context;

	if (!entry->seen)
		unseen->entries[unseen->count++] = entry;
}

static int compare_entries(const void *a, const void *b)
{
	const struct digest_entry *left = *(struct digest_entry *const *)a;
	const struct digest_entry *right = *(struct digest_entry *const *)b;
	int order = strcmp(left->file, right->file);

	return order ? order : strcmp(left->name, right->name);
}

struct digest_entry **digest_list_unseen(struct digest_list *list,
					 size_t *ret_count)
{
	struct unseen unseen = {
		.entries = calloc(list->entries.count + 1,
				  sizeof(struct digest_entry *)),
	};

	if (!unseen.entries)
		return NULL;
	table_each(&list->entries, collect, &unseen);
	qsort(unseen.entries, unseen.count, sizeof(struct digest_entry *),
	      compare_entries);
	*ret_count = unseen.count;
	return unseen.entries;
}

static json_t *make_line(const char *file, const char *name, uint64_t size,
			 uint64_t hash)
{
	json_t *plain = json_string(file), *object;
	cleanup_free char *bytes =
		plain ? NULL : hex_format(file, strlen(file));
	char text[HASH_DIGITS + 1];

	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	object = json_pack("{s:o, s:s, s:I, s:s}", "file",
			   plain ? plain : json_text(file), "name", name,
			   "size", (json_int_t)size, "xxh3", text);
	if (object && bytes)
		json_object_set_new(object, "bytes", json_string(bytes));
	return object;
}

int digest_list_write(FILE *stream, const char *file, const char *name,
		      uint64_t size, uint64_t hash)
{
	json_t *object = file ? make_line(file, name, size, hash)
			      : json_pack("{s:i}", "bkup_digests", 1);

	if (!object)
		return -ENOMEM;
	json_dumpf(object, stream, 0);
	json_decref(object);
	putc('\n', stream);
	return 0;
}
