#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A stream does what a plain file does, a million times: fsx with several
# seeds and sizes, with remounts in between.
#
#	FSX_OPERATIONS	in all; 1000000, and a tenth with ThreadSanitizer
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

# Thousandths of all operations, largest size, operations between closes,
# remounts, stream.
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
)

mkdir "$TMP"/{source,mount}
mnt_start "$TMP/source" "$TMP/mount"
done=0

# relay FROM TO: mounts anew when fsx asks for it, and counts what it did.
relay() {
	local line
	while read -r -u "$1" line; do
		case $line in
		remount)
			mnt_again "$TMP/mount"
			echo mounted >&"$2"
			;;
		*)
			echo "$name: $line"
			done=$((done + ${line%% *}))
			;;
		esac
	done
}

# run SHARE SIZE CLOSES REMOUNTS STREAM
run() {
	local left=$((END - SECONDS)) name="seed $SEED, $2 bytes, $5" from to job
	local count=$((OPERATIONS * $1 / 1000))
	[ $left -gt 0 ] || return 0
	mkfifo "$TMP/asked" "$TMP/answered"
	"$FSX" -s "$SEED" -n $count -l "$2" -c "$3" \
		-r $((count / ($4 + 1))) -t $left -w -a "$5" "$TMP/mount/F$SEED" \
		"$TMP/source/F$SEED" "$TMP/plain" \
		<"$TMP/answered" >"$TMP/asked" &
	job=$!
	exec {to}>"$TMP/answered" {from}<"$TMP/asked"
	relay "$from" "$to"
	wait $job || fail "$name"
	exec {to}>&- {from}<&-
	rm "$TMP/asked" "$TMP/answered" "$TMP/plain"
	SEED=$((SEED + 1))
}

for configuration in "${CONFIGURATIONS[@]}"; do
	# shellcheck disable=SC2086 # several words
	run $configuration
done
mnt_stop "$TMP/mount"
[ ! -e "$TMP/source/.bkupfs" ] ||
	fail "left: $(find "$TMP/source/.bkupfs")"
for file in "$TMP"/source/F*; do
	nt list "$file" >/dev/null || fail "$file"
done
echo "$done operations in $SECONDS s"
[ $done -ge $((OPERATIONS * 999 / 1000 - 10)) ] ||
	echo "skipped: $((OPERATIONS - done)) operations, time is over"
