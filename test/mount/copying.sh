#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# cp, tar, mv, rm and find on whole objects and trees.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"

mkdir "$TMP"/{a,b,A,B}

make_objects() {
	local seed
	mkdir -p "$TMP/a/tree/deeper"
	for seed in 1 2 3 4 5 7 8 9 10 11; do
		nt generate "$seed" "$TMP/a/tree/object-$seed" \
			--canonical --plain-names
		touch -d "2020-01-01 00:00:$seed.123456789" \
			"$TMP/a/tree/object-$seed"
	done
	mv "$TMP/a/tree/object-11" "$TMP/a/tree/deeper"
	cp "$SAMPLES"/*.bin "$TMP/a/tree"
	chmod 640 "$TMP/a/tree/object-3"
	chown 1234:4321 "$TMP/a/tree/object-4"
}

# Names, types, sizes, modes, owners and times of a tree.
describe() {
	find "$1" -mindepth 1 -printf '%P %y %m %U %G %T@ ' \
		\( -type d -printf '\n' -o -printf '%s\n' \) | sort
}

same_streams() {
	nt same "$1" "$2" || fail "$2 is not $1"
}

# copied TO UNDER [plain]: a mounted tree and its underlying files are copies
# of the first one, now and after a remount; plain is one without a mount.
copied() {
	diff <(describe "$TMP/A/tree") <(describe "$1") || fail "$1: metadata"
	diff -r "$TMP/A/tree" "$1" || fail "$1: content"
	[ "${3:-}" = plain ] || same_streams "$TMP/a/tree" "$2"
}

cp_and_back() {
	cp -a "$TMP/A/tree" "$TMP/B/by-cp"
	copied "$TMP/B/by-cp" "$TMP/b/by-cp"
	cp -a "$TMP/A/tree" "$TMP/plain"
	copied "$TMP/plain" "" plain
	cp -a "$TMP/plain" "$TMP/B/back"
	copied "$TMP/B/back" "$TMP/b/back"
	cp -r "$TMP/A/tree" "$TMP/B/by-cp-r"
	diff -r "$TMP/A/tree" "$TMP/B/by-cp-r"
	same_streams "$TMP/a/tree" "$TMP/b/by-cp-r"
	# Once more, over what is there.
	cp -a "$TMP/A/tree/." "$TMP/B/by-cp"
	copied "$TMP/B/by-cp" "$TMP/b/by-cp"
	mnt_again "$TMP/B"
	copied "$TMP/B/by-cp" "$TMP/b/by-cp"
	copied "$TMP/B/back" "$TMP/b/back"
}

tar_and_back() {
	tar -C "$TMP/A" -cf "$TMP/tree.tar" --format=posix tree
	mkdir "$TMP/B/by-tar"
	tar -C "$TMP/B/by-tar" --strip-components=1 -xf "$TMP/tree.tar"
	copied "$TMP/B/by-tar" "$TMP/b/by-tar"
	# What was there is replaced.
	tar -C "$TMP/B/by-tar" --strip-components=1 -xpf "$TMP/tree.tar"
	copied "$TMP/B/by-tar" "$TMP/b/by-tar"
	tar -C "$TMP/A" -cSf "$TMP/sparse.tar" --format=posix --xattrs tree
	mkdir "$TMP/B/by-sparse-tar"
	tar -C "$TMP/B/by-sparse-tar" --strip-components=1 --xattrs \
		-xSf "$TMP/sparse.tar"
	copied "$TMP/B/by-sparse-tar" "$TMP/b/by-sparse-tar"
	tar -C "$TMP/B/by-sparse-tar" -df "$TMP/sparse.tar" \
		--transform='s,^tree,.,' || fail "tar finds differences"
	mnt_again "$TMP/B"
	copied "$TMP/B/by-tar" "$TMP/b/by-tar"
}

holes_stay_holes() {
	mkdir "$TMP/A/sparse"
	truncate -s 1G "$TMP/A/sparse/data"
	printf 'here' | dd of="$TMP/A/sparse/data" bs=1M seek=512 \
		conv=notrunc status=none
	[ "$(stat -c %s "$TMP/a/sparse")" -lt 200000 ] ||
		fail "truncate and dd left $(stat -c %s "$TMP/a/sparse") bytes"
	cp --sparse=auto "$TMP/A/sparse/data" "$TMP/sparse.out"
	[ "$(du -k "$TMP/sparse.out" | cut -f1)" -lt 200 ] ||
		fail "cp out of the mount filled the holes"
	mkdir "$TMP/B/sparse"
	cp "$TMP/sparse.out" "$TMP/B/sparse/data"
	[ "$(stat -c %s "$TMP/b/sparse")" -lt 200000 ] ||
		fail "cp into the mount filled the holes"
	cmp "$TMP/sparse.out" "$TMP/B/sparse/data"
	rm -r "$TMP/A/sparse" "$TMP/B/sparse"
}

moves() {
	mv "$TMP/B/by-tar/object-3" "$TMP/B/by-tar/deeper/moved"
	nt same "$TMP/a/tree/object-3" "$TMP/b/by-tar/deeper/moved"
	mv "$TMP/B/by-tar" "$TMP/B/renamed"
	[ -d "$TMP/b/renamed/deeper" ] || fail "mv did not rename"
	# To another mount and back, which copies and removes.
	mv "$TMP/B/back" "$TMP/A/from-b"
	[ ! -e "$TMP/b/back" ] || fail "mv left its source"
	same_streams "$TMP/a/tree" "$TMP/a/from-b"
	mv "$TMP/A/from-b" "$TMP/B/back"
	copied "$TMP/B/back" "$TMP/b/back"
	# A stream to another object.
	mkdir "$TMP/B/one" "$TMP/B/two"
	printf 'moving' >"$TMP/B/one/:x"
	mv "$TMP/B/one/:x" "$TMP/B/two/:y"
	expect_stream "$TMP/b/two" :y moving
	[ "$(stat -c %s "$TMP/b/one")" = 0 ] || fail "mv left the stream"
}

removes() {
	rm -r "$TMP/B/renamed"
	[ ! -e "$TMP/b/renamed" ] || fail "rm -r left something"
	find "$TMP/B/by-cp" -name 'object-*' -prune -exec rm -r {} +
	find "$TMP/B" -mindepth 1 -delete
	[ -z "$(ls -A "$TMP/B")" ] || fail "find -delete left something"
	[ -z "$(find "$TMP/b" -mindepth 1 -name .bkupfs -prune -o \
		-mindepth 1 -print)" ] || fail "underlying files are left"
	mnt_stop "$TMP/B"
	[ -z "$(ls -A "$TMP/b")" ] || fail "left: $(ls -A "$TMP/b")"
}

make_objects
mnt_start "$TMP/a" "$TMP/A"
mnt_start "$TMP/b" "$TMP/B"
cp_and_back
tar_and_back
holes_stay_holes
moves
removes
mnt_stop "$TMP/A"
