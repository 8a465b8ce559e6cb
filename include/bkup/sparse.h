/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sparse maps: where the bytes of a stream that came as SPARSE_BLOCKs are
 * ([MS-BKUP] 2.10, 2.13). Blocks are added as they stand in the file; where
 * they overlap the last one wins, as with BackupWrite. Then the map is sealed,
 * and can be asked from any number of threads.
 */
#ifndef BKUP_SPARSE_H
#define BKUP_SPARSE_H

#include <bkup/export.h>
#include <stddef.h>
#include <stdint.h>

/* A run of bytes of a stream. */
struct bkup_extent {
	uint64_t offset; /* in the stream */
	uint64_t size;	 /* bytes, not 0 */
	uint64_t where;	 /* of its first byte, in the file */
};

struct bkup_sparse_map;

BKUP_EXPORT int bkup_sparse_map_new(struct bkup_sparse_map **ret_map);
BKUP_EXPORT void bkup_sparse_map_free(struct bkup_sparse_map *map);

/*
 * Adds what one record holds. A size of 0 adds no bytes but moves the end of
 * the stream, as the closing block of a sparse stream does.
 *
 * Errors: -ENOMEM; -EBADMSG if offset + size is beyond 2^63-1; -EBUSY on a
 * sealed map.
 */
BKUP_EXPORT int bkup_sparse_map_add(struct bkup_sparse_map *map,
				    uint64_t offset, uint64_t size,
				    uint64_t where);

/*
 * Resolves overlaps, in O(n log n), and joins extents that follow each other
 * in the stream and in the file. After it the extents are sorted and disjoint.
 * Does nothing to a sealed map.
 *
 * Errors: -ENOMEM; the map is as it was then, and can be sealed later.
 */
BKUP_EXPORT int bkup_sparse_map_seal(struct bkup_sparse_map *map);

/* The logical size: the largest end of anything added. Before seal as after. */
BKUP_EXPORT uint64_t bkup_sparse_map_size(const struct bkup_sparse_map *map);

/* The extents of a sealed map, sorted; they live as long as the map. */
BKUP_EXPORT size_t bkup_sparse_map_extents(const struct bkup_sparse_map *map,
					   const struct bkup_extent **ret_first);

/*
 * The index of the first extent of a sealed map that ends beyond offset, in
 * O(log n): it holds offset, or is the next one after the hole that does. The
 * number of extents if there is none.
 */
BKUP_EXPORT size_t bkup_sparse_map_find(const struct bkup_sparse_map *map,
					uint64_t offset);

#endif
