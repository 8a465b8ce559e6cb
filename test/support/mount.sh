# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# For shell tests on real mounts: `. "$(dirname "$0")/../support/mount.sh"`.
#
# The environment names the programs to test, BKUPFS and BKUP, by absolute
# paths. A test works in $TMP, which is fresh, and is gone after it. At the
# end what it left mounted is unmounted, what it left running is killed (both
# only if started here), and bad words in a daemon's log fail it.
#
#	mnt_start [OPTION...] SOURCE MOUNTPOINT	mount, and wait for it
#	mnt_stop MOUNTPOINT			unmount; the daemon must exit with 0
#	mnt_again MOUNTPOINT			the one, then the other, as before
#	mnt_pid MOUNTPOINT			the daemon's process id
#	skip REASON, fail WHAT			end the test
#	nt ...					ntbackup.py

set -euo pipefail

SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
SAMPLES=$SUPPORT/../data/nt-backup
export PYTHONDONTWRITEBYTECODE=1

# A hung daemon is killed after so many seconds, so that the test ends.
MNT_PATIENCE=${MNT_PATIENCE:-120}
MNT_BAD_WORDS='assert|sanitizer|runtime error|sigsegv|\bbug\b|data race|double free|corruption'

declare -A MNT_JOB=() MNT_ARGUMENTS=()

skip() {
	echo "skipped: $*"
	exit 77
}

fail() {
	echo "failed: $*" >&2
	exit 1
}

# need PROGRAM...: skips the test where one is missing.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# Asked once, since what is called python3 may take its time to find it.
PYTHON=$(python3 -c 'import sys; print(sys.executable)')

nt() {
	"$PYTHON" "$SUPPORT/ntbackup.py" "$@"
}

# retry SECONDS COMMAND...: until it succeeds.
retry() {
	local end=$((SECONDS + $1))
	shift
	until "$@" 2>/dev/null; do
		[ $SECONDS -lt "$end" ] || return 1
		sleep 0.05
	done
}

mnt_answers() {
	mountpoint -q "$1" || ! kill -0 "${MNT_JOB[$1]}"
}

mnt_start() {
	local point=${*: -1} job
	# In the background a shell ignores SIGINT; the daemon should not.
	# Where a test is killed, the daemon ends with it.
	setpriv --pdeathsig TERM timeout -s KILL "$MNT_PATIENCE" env --default-signal=INT,QUIT \
		"$BKUPFS" -f "$@" </dev/null >>"$MNT_LOG" 2>&1 &
	job=$!
	MNT_JOB[$point]=$job
	MNT_ARGUMENTS[$point]=$(printf '%q ' "$@")
	retry 20 mnt_answers "$point" || fail "no mount at $point"
	mountpoint -q "$point" || fail "daemon ended: $(tail -3 "$MNT_LOG")"
}

mnt_pid() {
	pgrep -P "${MNT_JOB[$1]}"
}

# mnt_ended MOUNTPOINT: waits for the daemon, which must exit with 0.
mnt_ended() {
	local status=0
	wait "${MNT_JOB[$1]}" || status=$?
	unset "MNT_JOB[$1]"
	[ $status -eq 0 ] ||
		fail "daemon of $1 exited with $status: $(tail -3 "$MNT_LOG")"
}

mnt_stop() {
	retry 5 umount "$1" || fail "cannot unmount $1: $(fuser -vm "$1" 2>&1)"
	mnt_ended "$1"
}

mnt_again() {
	mnt_stop "$1"
	eval "mnt_start ${MNT_ARGUMENTS[$1]}"
}

# Content of a stream, as the underlying file holds it: FILE CHILD TEXT.
expect_stream() {
	local got
	got=$(nt extract "$1" "$2" && echo .) || fail "no $2 in $1"
	[ "$got" = "$3." ] || fail "$2 of $1 is '${got%.}', not '$3'"
}

expect_same() {
	cmp "$1" "$2" || fail "$1 is not $2"
}

mnt_cleanup() {
	local status=$? point
	trap - EXIT
	set +e
	for point in "${!MNT_JOB[@]}"; do
		umount -l "$point" 2>/dev/null
		kill "${MNT_JOB[$point]}" 2>/dev/null
		wait "${MNT_JOB[$point]}" 2>/dev/null
	done
	while read -r point; do
		umount -l "$point"
	done < <(findmnt -rno TARGET | grep -F "$TMP/" | sort -r)
	if grep -Eqi "$MNT_BAD_WORDS" "$MNT_LOG"; then
		echo "failed: bad words in the daemon's log" >&2
		status=1
	fi
	if [ $status -ne 0 ] && [ $status -ne 77 ]; then
		echo "--- the daemon's log" >&2
		tail -n 100 "$MNT_LOG" >&2
	fi
	rm -rf --one-file-system "$TMP"
	exit $status
}

[ -n "${BKUPFS:-}" ] || skip "BKUPFS names no daemon"
[ "$(id -u)" -eq 0 ] || skip "only root may mount here"
[ -w /dev/fuse ] || skip "no /dev/fuse"
TMP=$(mktemp -d "${TMPDIR:-/tmp}/bkupfs-test.XXXXXX")
chmod 755 "$TMP"
MNT_LOG=$TMP/log
: >"$MNT_LOG"
trap mnt_cleanup EXIT
trap 'exit 1' INT TERM
