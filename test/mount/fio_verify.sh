#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# fio writes at random places of a stream, and finds what it wrote: of a backup
# file and of a live one.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
need fio
SIZE=${FIO_SIZE:-64m}

# fio leaves a file of what it wrote where it runs.
cd "$TMP"
mkdir "$TMP"/{backup,live,mount}

job() {
	fio --output="$TMP/fio" --name=job --size="$SIZE" \
		--filename="$TMP/mount/F/data" --verify=crc32c \
		--verify_fatal=1 --randseed=7 "$@" || {
		cat "$TMP/fio"
		fail "fio $*"
	}
}

# rounds ENGINE
rounds() {
	job --rw=randwrite --bs=64k --ioengine="$1"
	mnt_again "$TMP/mount"
	job --rw=randread --bs=64k --ioengine="$1" --verify_only
	[ "$(stat -c %s "$TMP/mount/F/data")" -eq $((64 << 20)) ] ||
		[ "$SIZE" != 64m ] || fail "size $(stat -c %s "$TMP/mount/F/data")"
	job --rw=randrw --bs=4k --io_size=8m --ioengine="$1" --fsync=500
	job --rw=write --bs=1m --ioengine="$1"
}

mnt_start "$TMP/backup" "$TMP/mount"
mkdir "$TMP/mount/F"
printf 'kept' >"$TMP/mount/F/security"
rounds psync
expect_stream "$TMP/backup/F" security kept
mnt_stop "$TMP/mount"

mnt_start -o store=live "$TMP/live" "$TMP/mount"
for engine in psync mmap; do
	mkdir "$TMP/mount/F"
	rounds $engine
	expect_same "$TMP/mount/F/data" "$TMP/live/F"
	rm -r "$TMP/mount/F"
done
mnt_stop "$TMP/mount"
