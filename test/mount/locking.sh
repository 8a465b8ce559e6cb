#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# One daemon at a time writes to a SOURCE, and what is told of what it left.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"

mkdir "$TMP"/{source,mount,second}
S=$TMP/source M=$TMP/mount M2=$TMP/second
cp "$SAMPLES/ms-bkup-section3-example.bin" "$S/F"

# refused ARGUMENT...: in one line that names SOURCE, and nothing is mounted.
refused() {
	local status=0
	timeout -s KILL 20 "$BKUPFS" "$@" >/dev/null 2>"$TMP/err" \
		</dev/null || status=$?
	[ $status -eq 2 ] || fail "exit status $status from: $*"
	[ "$(cat "$TMP/err")" = "bkupfs: cannot mount '$S': another bkupfs\
 serves it; unmount that, or mount with -o ro" ] ||
		fail "$* says: $(cat "$TMP/err")"
	! mountpoint -q "$M2" || fail "mounted"
}

# checks STATUS WORD: what 'bkup check' says of the source.
checks() {
	local status=0
	"$BKUP" check "$S" >"$TMP/out" || status=$?
	[ $status -eq "$1" ] || fail "check: $status: $(cat "$TMP/out")"
	grep -qF -- "$2" "$TMP/out" || fail "check: $(cat "$TMP/out")"
}

in_background() {
	timeout -s KILL 60 "$BKUPFS" "$@" </dev/null >"$TMP/err" 2>&1
}

second_is_refused() {
	mnt_start "$S" "$M"
	printf 'scratch' >"$M/F/.x"
	exec 8>"$M/F/:staged"
	printf 'staged' >&8
	refused "$S" "$M2"
	refused -f "$S" "$M2"
	[ "$(cat "$M/F/.x")" = scratch ] || fail "scratch is gone"
	exec 8>&-
	expect_stream "$S/F" :staged staged
	rm "$M/F/.x"
	mnt_stop "$M"
	mnt_start "$S" "$M2"
	mnt_stop "$M2"
}

every_path() {
	mkdir "$TMP/bound"
	ln -s source "$TMP/link"
	mnt_start "$S" "$M"
	mount --bind "$S" "$TMP/bound"
	refused "$TMP/link" "$M2"
	S=$TMP/bound refused "$TMP/bound" "$M2"
	umount "$TMP/bound"
	mnt_stop "$M"
}

read_only_beside() {
	mnt_start "$S" "$M"
	printf 'kept' >"$M/F/.x"
	mnt_start -o ro "$S" "$M2"
	[ "$(cat "$M2/F/data")" = 'Unnamed Stream' ] || fail "no content"
	printf 'by the writer' >"$M/F/data"
	sleep 1.2
	[ "$(cat "$M2/F/data")" = 'by the writer' ] || fail "not seen"
	mnt_stop "$M2"
	[ "$(cat "$M/F/.x")" = kept ] || fail "scratch went with the reader"
	rm "$M/F/.x"
	mnt_stop "$M"
	mnt_start -o ro "$S" "$M2"
	mnt_start "$S" "$M"
	printf 'Unnamed Stream' >"$M/F/data"
	mnt_stop "$M"
	mnt_stop "$M2"
}

nothing_is_made_for_readers() {
	local before
	before=$(stat -c '%Y %Z' "$S")
	mnt_start "$S" "$M"
	cat "$M/F/data" >/dev/null
	[ ! -e "$S/.bkupfs" ] || fail "made .bkupfs"
	mnt_stop "$M"
	[ "$(stat -c '%Y %Z' "$S")" = "$before" ] || fail "touched the source"
}

killed() {
	mnt_start "$S" "$M"
	# A shell closes what it duplicated, and that commits.
	coproc "$PYTHON" -u -c '
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
os.write(fd, b"not closed")
print("written")
sys.stdin.read()' "$M/F/:staged"
	read -r -t 20 -u "${COPROC[0]}" || fail "does not write"
	checks 0 'in use: a daemon is at work: 1 of'
	kill -KILL "$(mnt_pid "$M")"
	wait "${MNT_JOB[$M]}" || true
	unset "MNT_JOB[$M]"
	kill "$COPROC_PID"
	umount -l "$M"
	checks 1 'left: content of a stream that was not committed'
	in_background "$S" "$M" || fail "after a crash: $(cat "$TMP/err")"
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	umount "$M"
	timeout 20 "$BKUPFS" --wait "$M"
	[ ! -e "$S/.bkupfs" ] || fail "left: $(find "$S/.bkupfs")"
}

told_to_end() {
	mnt_start "$S" "$M"
	"$PYTHON" - "$M/F/:staged" "$(mnt_pid "$M")" <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
		os.write(fd, b"not closed")
		os.kill(int(sys.argv[2]), 15)
		try:
		    while os.fstat(fd):
		        pass
		except OSError:
		    pass
	END
	mnt_ended "$M"
	checks 0 "could not be committed: 'F/.:staged.stage-"
	mnt_start "$S" "$M"
	rm "$M"/F/.:staged.stage-*
	mnt_stop "$M"
	checks 0 '0 leftovers'
}

again_at_once() {
	local i
	in_background "$S" "$M"
	for i in {1..20}; do
		printf '%s' "$i" >"$M/F/:round"
		umount "$M"
		in_background "$S" "$M" || fail "round $i: $(cat "$TMP/err")"
	done
	[ "$(cat "$M/F/:round")" = 20 ] || fail "the last round is lost"
	umount "$M"
	timeout 20 "$BKUPFS" --wait "$M"
	! mountpoint -q "$M" || fail "mounted twice"
}

# A daemon that takes its time, though nothing is mounted any more.
waits_for_the_end_of_another() {
	local daemon
	mnt_start "$S" "$M"
	daemon=$(mnt_pid "$M")
	kill -STOP "$daemon"
	umount -l "$M"
	in_background "$S" "$M" &
	sleep 3
	kill -CONT "$daemon"
	wait $! || fail "did not wait: $(cat "$TMP/err")"
	mnt_ended "$M"
	[ "$(cat "$M/F/data")" = 'Unnamed Stream' ] || fail "no content"
	umount "$M"
	timeout 20 "$BKUPFS" --wait "$M"
}

second_is_refused
every_path
read_only_beside
nothing_is_made_for_readers
killed
told_to_end
again_at_once
waits_for_the_end_of_another
