#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A stream does what a plain file does, a million times: fsx with several
# seeds and sizes, with remounts in between. And so does the stream that is a
# live file, two hundred thousand times more.
#
#	FSX_OPERATIONS	of backup files; 1000000, and a tenth with
#			ThreadSanitizer
#	FSX_SECONDS	when to stop, on a machine that is too slow; 600
#	FSX_SEED	of the first configuration; 1

export MNT_PATIENCE=1200
# Memory, where there is enough: most of the time would go into syncing.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] &&
	[ "$(df --output=avail /dev/shm | tail -1)" -gt 500000 ]; then
	export TMPDIR=/dev/shm
fi
# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
[ -x "${FSX:-}" ] || skip "FSX names no program"

OPERATIONS=${FSX_OPERATIONS:-1000000}
if [ "${BKUP_SANITIZE:-}" = thread ] && [ -z "${FSX_OPERATIONS:-}" ]; then
	OPERATIONS=100000
	echo "skipped: all but $OPERATIONS operations, for ThreadSanitizer"
fi
END=$((SECONDS + ${FSX_SECONDS:-600}))
SEED=${FSX_SEED:-1}

# Thousandths of these operations, largest size, operations between closes,
# remounts, stream; and -d for a live file, -2 for one of two names.
CONFIGURATIONS=(
	"200 32768 50 10 data"
	"150 65536 50 10 :name"
	"200 131072 50 10 data"
	"150 262144 50 10 data"
	"100 200000 20 5 :name"
	"110 1048576 50 10 data"
	"50 1048576 50 5 :name"
	"20 4194304 50 4 data"
	"20 16777216 80 4 data"
	"70 32768 50 5 data -2"
	"50 131072 50 5 data -d"
	"40 262144 20 5 data -2"
	"25 1048576 50 3 data -d"
	"10 1048576 50 3 data -2"
	"5 16777216 80 2 data -d"
)

mkdir "$TMP"/{source,mount,live-source,live-mount}
mnt_start "$TMP/source" "$TMP/mount"
mnt_start -o store=live "$TMP/live-source" "$TMP/live-mount"
done=0
wanted=0

# relay FROM TO MOUNTPOINT: mounts anew when fsx asks for it, and counts what it
# did.
relay() {
	local line
	while read -r -u "$1" line; do
		case $line in
		remount)
			mnt_again "$3"
			echo mounted >&"$2"
			;;
		*)
			echo "$name: $line"
			done=$((done + ${line%% *}))
			;;
		esac
	done
}

# run SHARE SIZE CLOSES REMOUNTS STREAM [-d|-2]
run() {
	local left=$((END - SECONDS)) from to job
	local name="seed $SEED, $2 bytes, $5${6:+ $6}" place=$TMP/${6:+live-}
	local count=$((OPERATIONS * $1 / 1000))
	wanted=$((wanted + count))
	[ $left -gt 0 ] || return 0
	mkfifo "$TMP/asked" "$TMP/answered"
	"$FSX" -s "$SEED" -n $count -l "$2" -c "$3" \
		-r $((count / ($4 + 1))) -t $left -w -a "$5" ${6:+"$6"} \
		"${place}mount/F$SEED" "${place}source/F$SEED" "$TMP/plain" \
		<"$TMP/answered" >"$TMP/asked" &
	job=$!
	exec {to}>"$TMP/answered" {from}<"$TMP/asked"
	relay "$from" "$to" "${place}mount"
	wait $job || fail "$name"
	exec {to}>&- {from}<&-
	rm "$TMP/asked" "$TMP/answered" "$TMP/plain"
	SEED=$((SEED + 1))
}

for configuration in "${CONFIGURATIONS[@]}"; do
	# shellcheck disable=SC2086 # several words
	run $configuration
done
for place in "$TMP/" "$TMP/live-"; do
	mnt_stop "${place}mount"
	[ ! -e "${place}source/.bkupfs" ] ||
		fail "left: $(find "${place}source/.bkupfs")"
done
# It is no news to one name what is done by the other.
! grep "'F" "$MNT_LOG" >&2 || fail "something was told"
for file in "$TMP"/source/F*; do
	nt list "$file" >/dev/null || fail "$file"
done
echo "$done operations in $SECONDS s"
[ $done -ge $((wanted * 999 / 1000 - 10)) ] ||
	echo "skipped: $((wanted - done)) operations, time is over"
