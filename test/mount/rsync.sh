#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# rsync between mounts, out to a plain directory and back; what it moved once
# it does not move again.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
need rsync

mkdir "$TMP"/{a,b,c,A,B,C,plain}

# Random objects; names as a plain directory can hold them.
make_objects() {
	local seed
	mkdir -p "$TMP/a/sub/deeper"
	for seed in $(seq 0 23); do
		nt generate "$seed" "$TMP/a/object-$seed" \
			--canonical --plain-names
		# An empty object cannot be told from an empty directory.
		[ -s "$TMP/a/object-$seed" ] ||
			cp "$SAMPLES/ms-bkup-section3-example.bin" \
				"$TMP/a/object-$seed"
		touch -d "2020-01-01 00:00:$seed.123456789" \
			"$TMP/a/object-$seed"
	done
	mv "$TMP/a/object-20" "$TMP/a/sub"
	mv "$TMP/a/object-21" "$TMP/a/sub/deeper/with spaces and ü"
	cp "$SAMPLES"/*.bin "$TMP/a"
	chmod 640 "$TMP/a/object-3"
	chown 1234:4321 "$TMP/a/object-4"
}

# moves_nothing ARGUMENT...: rsync with these has nothing to do.
moves_nothing() {
	local moved
	moved=$(rsync -i "$@") || fail "rsync $*"
	[ -z "$moved" ] || fail "rsync $* moves: $moved"
}

# once ARGUMENT...: rsync works, and then has nothing more to do.
once() {
	rsync "$@" || fail "rsync $*"
	moves_nothing "$@"
	moves_nothing -c "$@"
}

# in_place ARGUMENT...: the same, but for the times of objects: to rsync they
# are directories, which a write to what is in them does not change.
in_place() {
	local moved
	rsync "$@" || fail "rsync $*"
	moved=$(rsync -i "$@") || fail "rsync $*"
	moved=$(grep -v '^\.d\.\.t\.\.\.\.\.\. object-[0-9]*/$' <<<"$moved") || true
	[ -z "$moved" ] || fail "rsync $* moves: $moved"
	moves_nothing "$@"
	moves_nothing -c "$@"
}

# same_trees DIRECTORY DIRECTORY: the underlying files, by their streams.
same_trees() {
	nt same "$1" "$2" || fail "$2 is not $1"
}

# No scratch is left in the objects of a mount.
no_scratch() {
	local left
	left=$(find "$1" \( -name '.?*' -o -name '*~' \) -printf '%P ')
	[ -z "$left" ] || fail "left in $1: $left"
}

from_mount_to_empty_mount() {
	once -a "$TMP/A/" "$TMP/B/"
	same_trees "$TMP/a" "$TMP/b"
	no_scratch "$TMP/B"
	mnt_again "$TMP/A"
	mnt_again "$TMP/B"
	moves_nothing -a "$TMP/A/" "$TMP/B/"
	moves_nothing -aHA --delete "$TMP/A/" "$TMP/B/"
	same_trees "$TMP/a" "$TMP/b"
}

out_to_a_plain_directory_and_back() {
	once -a "$TMP/A/" "$TMP/plain/"
	diff -r "$TMP/A" "$TMP/plain" || fail "the plain copy differs"
	once -a "$TMP/plain/" "$TMP/C/"
	moves_nothing -a "$TMP/C/" "$TMP/plain/"
	same_trees "$TMP/a" "$TMP/c"
	no_scratch "$TMP/C"
	mnt_again "$TMP/C"
	moves_nothing -ac "$TMP/A/" "$TMP/C/"
}

# change_objects OFFSET NUMBER: grows, shrinks, patches, adds and removes.
change_objects() {
	# Always of another size: rsync looks at whole seconds.
	head -c $((300000 + $2)) /dev/urandom >"$TMP/A/object-1/data"
	head -c 1000 /dev/urandom >>"$TMP/A/object-4/data"
	truncate -s 10 "$TMP/A/object-22/data"
	printf 'patched' |
		dd of="$TMP/A/object-1/data" conv=notrunc status=none \
			bs=1 seek="$1"
	head -c "$2" /dev/urandom >"$TMP/A/object-2/:new-$2"
	rm -rf "$TMP/A/object-1$(($2 % 10))"
	rm -f "$TMP/A/object-3/data" "$TMP/A/object-5/"*
	mkdir "$TMP/A/new-$2"
	printf 'new' >"$TMP/A/new-$2/security"
}

updates() {
	local n=5 option how
	for option in --inplace --delay-updates --partial-dir=.rsync-partial \
		--no-whole-file "--no-whole-file --inplace" \
		"--backup --backup-dir=$TMP/backup" --fsync; do
		n=$((n + 1))
		change_objects $((n * 10000)) $n
		case $option in
		*--inplace*) how=in_place ;;
		*) how=once ;;
		esac
		# shellcheck disable=SC2086 # several options
		$how -a --delete $option "$TMP/A/" "$TMP/B/"
		same_trees "$TMP/a" "$TMP/b"
		no_scratch "$TMP/B"
	done
	head -c 1000 /dev/urandom >>"$TMP/A/object-4/data"
	in_place -a --append-verify "$TMP/A/" "$TMP/B/"
	same_trees "$TMP/a" "$TMP/b"
	mnt_again "$TMP/B"
	moves_nothing -ac --delete "$TMP/A/" "$TMP/B/"
}

sparse() {
	rm -rf "$TMP/A/sparse" "$TMP/B/sparse"
	mkdir "$TMP/A/sparse"
	truncate -s 64M "$TMP/A/sparse/data"
	printf 'in the middle' |
		dd of="$TMP/A/sparse/data" conv=notrunc status=none \
			bs=1M seek=32
	once -a --sparse "$TMP/A/" "$TMP/B/"
	same_trees "$TMP/a" "$TMP/b"
	[ "$(stat -c %s "$TMP/b/sparse")" -lt 300000 ] ||
		fail "the holes became $(stat -c %s "$TMP/b/sparse") bytes"
	cmp "$TMP/A/sparse/data" "$TMP/B/sparse/data"
	rm -r "$TMP/A/sparse" "$TMP/B/sparse"
}

# An rsync that is interrupted leaves what it has, and goes on from there.
partial() {
	local job
	mkdir "$TMP/A/big"
	head -c 8000000 /dev/urandom >"$TMP/A/big/data"
	rsync -a --bwlimit=2000 --partial-dir=.rsync-partial \
		"$TMP/A/big" "$TMP/B/" &
	job=$!
	sleep 1.5
	kill -INT $job
	wait $job && fail "rsync was too fast"
	retry 5 test -s "$TMP/B/big/.rsync-partial/data" ||
		fail "nothing was kept"
	once -a --partial-dir=.rsync-partial "$TMP/A/" "$TMP/B/"
	no_scratch "$TMP/B"
	same_trees "$TMP/a" "$TMP/b"
}

# What -X carries: the attributes of streams, where they are not the default.
attributes() {
	"$PYTHON" - "$SUPPORT" "$TMP/a/attributes" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1])
		from nt_records import alternate, record
		with open(sys.argv[2], "wb") as out:
		    out.write(record(3, 0, b"security") + record(1, 0x11, b"main")
		              + record(12, 5, b"opaque") + alternate("x", b"", 1)
		              + alternate("y", b"y", 0x80000000)
		              + alternate("z", b"z"))
	END
	once -aX "$TMP/A/attributes" "$TMP/B/"
	nt same --attributes "$TMP/a/attributes" "$TMP/b/attributes"
	mkdir "$TMP/plain-x"
	once -aX "$TMP/A/attributes" "$TMP/plain-x/"
	once -aX "$TMP/plain-x/" "$TMP/C/"
	nt same --attributes "$TMP/a/attributes" "$TMP/c/attributes"
}

single_streams() {
	printf 'from a plain file' >"$TMP/stream"
	once -a "$TMP/stream" "$TMP/B/object-2/data"
	expect_stream "$TMP/b/object-2" data 'from a plain file'
	once -a "$TMP/B/object-2/data" "$TMP/copied"
	expect_same "$TMP/stream" "$TMP/copied"
	once -a "$TMP/B/object-2/" "$TMP/C/single/"
	nt same "$TMP/b/object-2" "$TMP/c/single"
	once -ab --suffix=~ "$TMP/A/object-2/data" "$TMP/B/object-2/"
	expect_same "$TMP/B/object-2/data~" "$TMP/stream"
}

make_objects
mnt_start "$TMP/a" "$TMP/A"
mnt_start "$TMP/b" "$TMP/B"
mnt_start "$TMP/c" "$TMP/C"
from_mount_to_empty_mount
out_to_a_plain_directory_and_back
updates
sparse
partial
attributes
single_streams
mnt_stop "$TMP/C"
mnt_stop "$TMP/B"
mnt_stop "$TMP/A"
