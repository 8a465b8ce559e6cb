#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# fio writes at random places of a stream, and finds what it wrote.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
need fio
SIZE=${FIO_SIZE:-64m}

# fio leaves a file of what it wrote where it runs.
cd "$TMP"
mkdir "$TMP"/{source,mount}
mnt_start "$TMP/source" "$TMP/mount"
mkdir "$TMP/mount/F"
printf 'kept' >"$TMP/mount/F/security"

job() {
	fio --output="$TMP/fio" --name=job --size="$SIZE" \
		--filename="$TMP/mount/F/data" --verify=crc32c \
		--verify_fatal=1 --randseed=7 "$@" || {
		cat "$TMP/fio"
		fail "fio $*"
	}
}

job --rw=randwrite --bs=64k --ioengine=psync
mnt_again "$TMP/mount"
job --rw=randread --bs=64k --ioengine=psync --verify_only
[ "$(stat -c %s "$TMP/mount/F/data")" -eq $((64 << 20)) ] ||
	[ "$SIZE" != 64m ] || fail "size $(stat -c %s "$TMP/mount/F/data")"
job --rw=randrw --bs=4k --io_size=8m --ioengine=psync --fsync=500
job --rw=write --bs=1m --ioengine=psync
expect_stream "$TMP/source/F" security kept
mnt_stop "$TMP/mount"
