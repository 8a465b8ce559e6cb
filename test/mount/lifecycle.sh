#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# How a mount begins and ends, and sources and mount points that overlap.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"

mkdir "$TMP"/{source,mount}
S=$TMP/source M=$TMP/mount
cp "$SAMPLES/ms-bkup-section3-example.bin" "$S/F"

# The processes of a mount point whose daemon was not started with -f.
processes() {
	local exe pid
	for exe in /proc/[0-9]*/exe; do
		[ "$(readlink "$exe")" = "$(readlink -f "$BKUPFS")" ] || continue
		pid=${exe#/proc/}
		pid=${pid%/exe}
		tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qxF "$1" && echo "$pid"
	done
	return 0
}

# Those of them that are daemons; each has another one that unmounts for it.
daemons() {
	local pid
	for pid in $(processes "$1"); do
		[ "$(cat "/proc/$pid/comm")" = bkupfs ] && echo "$pid"
	done
	return 0
}

no_daemon() {
	[ -z "$(processes "$1")" ]
}

# put FILE TEXT: writes, but does not wait for ever.
put() {
	printf '%s' "$2" | timeout 10 tee "$1" >/dev/null ||
		fail "cannot write $1"
}

signals() {
	local signal
	for signal in TERM INT HUP; do
		mnt_start "$S" "$M"
		[ "$(cat "$M/F/data")" = 'Unnamed Stream' ]
		kill -"$signal" "$(mnt_pid "$M")"
		mnt_ended "$M"
		! mountpoint -q "$M" || fail "mounted after SIG$signal"
	done
}

# With a file open and a directory in use, as signals come at any time.
signal_while_in_use() {
	mnt_start "$S" "$M"
	exec 8<"$M/F/data"
	cd "$M/F"
	kill -TERM "$(mnt_pid "$M")"
	mnt_ended "$M"
	cd /
	exec 8<&-
	! mountpoint -q "$M" || fail "mounted after SIGTERM"
	cmp "$S/F" "$SAMPLES/ms-bkup-section3-example.bin"
}

background() {
	local pid
	timeout 20 "$BKUPFS" "$S" "$M" </dev/null >"$TMP/out" 2>&1 ||
		fail "exit status $?: $(cat "$TMP/out")"
	mountpoint -q "$M" || fail "returned before the mount answers"
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	[ ! -s "$TMP/out" ] || fail "prints: $(cat "$TMP/out")"
	pid=$(daemons "$M")
	[ "$(echo "$pid" | wc -w)" -eq 1 ] || fail "daemons: $pid"
	[ "$(readlink "/proc/$pid/cwd")" = / ] || fail "holds a directory"
	printf 'written' >"$M/F/data"
	umount "$M"
	if "$BKUPFS" --help | grep -q -- --wait; then
		timeout 20 "$BKUPFS" --wait "$M" || fail "--wait: $?"
		no_daemon "$M" || fail "--wait returned too early"
	fi
	retry 10 no_daemon "$M" || fail "the daemon does not end"
	expect_stream "$S/F" data written
	cp "$SAMPLES/ms-bkup-section3-example.bin" "$S/F"
}

relative_paths() {
	(cd "$TMP" && timeout 20 "$BKUPFS" source mount </dev/null)
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	umount "$M"
	retry 10 no_daemon mount || fail "the daemon does not end"
}

kernel_sees() {
	mnt_start -o noexec,nosuid,nodev "$S" "$M"
	[ "$(findmnt -no FSTYPE "$M")" = fuse.bkupfs ] ||
		fail "type $(findmnt -no FSTYPE "$M")"
	[ "$(findmnt -no SOURCE "$M")" = "$S" ] ||
		fail "source $(findmnt -no SOURCE "$M")"
	findmnt -no OPTIONS "$M" | grep -q noexec || fail "no noexec"
	mnt_stop "$M"
}

covered_source() {
	mkdir "$TMP/covered"
	cp "$S/F" "$TMP/covered"
	mnt_start "$TMP/covered" "$TMP/covered"
	[ "$(timeout 10 cat "$TMP/covered/F/data")" = 'Unnamed Stream' ] ||
		fail "no content"
	put "$TMP/covered/F/data" new
	timeout 10 mkdir "$TMP/covered/G"
	put "$TMP/covered/G/:a" x
	[ "$(timeout 10 find "$TMP/covered" -type f | wc -l)" -eq 4 ] ||
		fail "$(find "$TMP/covered")"
	mnt_stop "$TMP/covered"
	expect_stream "$TMP/covered/F" data new
	expect_stream "$TMP/covered/G" :a x
}

mount_point_inside() {
	mkdir -p "$S/sub/mount"
	mnt_start "$S" "$S/sub/mount"
	[ "$(timeout 10 cat "$S/sub/mount/F/data")" = 'Unnamed Stream' ] ||
		fail "no content"
	timeout 10 find "$S/sub/mount" >"$TMP/found" || true
	[ "$(wc -l <"$TMP/found")" -lt 20 ] || fail "walks in circles"
	timeout 10 ls -l "$S/sub/mount/sub/mount" >"$TMP/found" 2>&1 || true
	put "$S/sub/mount/F/data" new
	timeout 10 du -s "$S" >/dev/null || fail "cannot walk from above"
	mnt_stop "$S/sub/mount"
	expect_stream "$S/F" data new
	rm -r "$S/sub"
	cp "$SAMPLES/ms-bkup-section3-example.bin" "$S/F"
}

signals
signal_while_in_use
background
relative_paths
kernel_sees
covered_source
mount_point_inside
