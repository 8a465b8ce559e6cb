#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What options and signals do to the daemon itself: those that are refused
# with a hint, dead mounts, the readahead, readiness, and waiting for the end.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"

mkdir "$TMP/source, with \\ and space" "$TMP/mount"
S="$TMP/source, with \\ and space" M=$TMP/mount
cp "$SAMPLES/ms-bkup-section3-example.bin" "$S/F"

# says WORD ARGUMENT...: refused, in one line that holds WORD.
says() {
	local word=$1 status=0
	shift
	timeout -s KILL 20 "$BKUPFS" "$@" >/dev/null 2>"$TMP/err" \
		</dev/null || status=$?
	[ $status -eq 2 ] || fail "exit status $status from: $*"
	[ "$(wc -l <"$TMP/err")" -eq 1 ] || fail "$* says: $(cat "$TMP/err")"
	grep -qF -- "$word" "$TMP/err" ||
		fail "$* does not say '$word': $(cat "$TMP/err")"
}

refused_with_a_hint() {
	says "'store=dead'" -o store=dead "$S" "$M"
	says "'profile=fat'" -o profile=fat "$S" "$M"
	says 'unmount' -o remount,ro "$S" "$M"
	says "'views=none'" -o views=none "$S" "$M"
	says 'from 1 to' -o threads=0 "$S" "$M"
	says 'from 1 to' -o threads=x "$S" "$M"
	says 'from 0 to' -o readahead=-1 "$S" "$M"
	! mountpoint -q "$M" || fail "mounted"
}

dead_mount() {
	mnt_start "$S" "$M"
	kill -KILL "$(mnt_pid "$M")"
	wait "${MNT_JOB[$M]}" || true
	unset "MNT_JOB[$M]"
	says "umount -l $M" "$S" "$M"
	timeout 10 "$BKUPFS" --wait "$M" || fail "waits for a dead daemon"
	umount -l "$M"
}

any_source_name() {
	mnt_start -o threads=2,timeout=0.5,order=canonical "$S" "$M"
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	[ "$(findmnt -no SOURCE "$M")" = "$S" ] ||
		fail "source $(findmnt -no SOURCE "$M")"
	mnt_stop "$M"
	mnt_start -s "$S" "$M"
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	mnt_stop "$M"
}

# Where it cannot be had the mount does without, and says so.
io_uring() {
	local has
	has=$("$BKUPFS" --version | awk '/libfuse/ { print $2 }')
	has=$(printf '%s\n' "$has" 3.18 | sort -V | head -n 1)
	mnt_start -o io_uring,sandbox=require "$S" "$M"
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	mnt_stop "$M"
	[ "$has" = 3.18 ] &&
		grep -qsx Y /sys/module/fuse/parameters/enable_uring ||
		grep -q 'io_uring: ' "$MNT_LOG" || fail "nothing is told"
}

readahead() {
	local setting
	timeout 20 "$BKUPFS" -o readahead=256 "$S" "$M" </dev/null
	setting=/sys/class/bdi/$(stat -c %Hd:%Ld "$M")/read_ahead_kb
	[ ! -w "$setting" ] || [ "$(cat "$setting")" -eq 256 ] ||
		fail "readahead is $(cat "$setting")"
	umount "$M"
	timeout 20 "$BKUPFS" --wait "$M"
}

waits() {
	local waiter
	timeout 10 "$BKUPFS" --wait "$M" || fail "waits for nobody"
	says nothing --wait "$TMP/nothing"
	mnt_start "$S" "$M"
	timeout 20 "$BKUPFS" --wait "$M" &
	waiter=$!
	sleep 0.3
	kill -0 $waiter || fail "does not wait"
	mnt_stop "$M"
	wait $waiter || fail "--wait: $?"
}

# SOURCE must not be taken for what a daemon redirects.
without_standard_streams() {
	timeout 20 "$BKUPFS" "$S" "$M" <&- >&- 2>&-
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	umount "$M"
	timeout 20 "$BKUPFS" --wait "$M"
}

service_manager() {
	timeout 60 python3 - "$BKUPFS" "$S" "$M" <<-'END'
		import os, socket, subprocess, sys
		bkupfs, source, mount = sys.argv[1:]
		manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		manager.settimeout(20)
		name = f"bkupfs-test/{os.getpid()}"
		manager.bind("\0" + name)
		daemon = subprocess.Popen(
		    [bkupfs, "-f", source, mount],
		    env={**os.environ, "NOTIFY_SOCKET": "@" + name})
		assert manager.recv(100) == b"READY=1"
		assert os.path.ismount(mount)
		daemon.terminate()
		assert manager.recv(100) == b"STOPPING=1"
		assert daemon.wait(20) == 0
		assert not os.path.ismount(mount)
	END
}

refused_with_a_hint
dead_mount
any_source_name
io_uring
readahead
waits
without_standard_streams
service_manager
