/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where Samba's module streams_depot keeps the streams of a file: each is a
 * file `:NAME:$DATA` in a directory of its own below `.streams` of the share.
 */
#ifndef LIVE_STREAMS_DEPOT_H
#define LIVE_STREAMS_DEPOT_H

#include <sys/stat.h>

#define STREAMS_DEPOT ".streams"

/* `FD/56/00FE0000000000009220A70000000000`, and a NUL. */
enum { STREAMS_DEPOT_PATH_SIZE = 2 * 3 + 32 + 1 };

/*
 * The path of that directory, below STREAMS_DEPOT: two bytes of a hash, and
 * what it is of, u64 st_dev and u64 st_ino.
 */
void streams_depot_path(dev_t dev, ino_t ino,
			char ret_path[STREAMS_DEPOT_PATH_SIZE]);

#endif
