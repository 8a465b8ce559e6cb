#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Wrong usage: one line on standard error that names what is wrong, exit
# status 2, and nothing is mounted. Help and version: standard output, 0.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"

mkdir "$TMP"/{source,mount,other}
cp "$SAMPLES/ms-bkup-section3-example.bin" "$TMP/source/F"
touch "$TMP/file"

mounts() {
	findmnt -rno TARGET | grep -cF "$TMP/" || true
}

# refuses WORD ARGUMENT...: WORD must be in the message.
refuses() {
	local word=$1 status=0 before
	shift
	before=$(mounts)
	timeout -s KILL 20 "$BKUPFS" "$@" >"$TMP/out" 2>"$TMP/err" \
		</dev/null || status=$?
	[ $status -eq 2 ] || fail "exit status $status from: $*"
	[ "$(wc -l <"$TMP/err")" -eq 1 ] ||
		fail "$* says: $(cat "$TMP/err")"
	grep -qF -- "$word" "$TMP/err" ||
		fail "$* does not name '$word': $(cat "$TMP/err")"
	[ ! -s "$TMP/out" ] || fail "$* prints: $(cat "$TMP/out")"
	[ "$(mounts)" -eq "$before" ] || fail "$* mounted something"
	[ -z "$(ls -A "$TMP/other")" ] || fail "$* left something"
}

S=$TMP/source M=$TMP/mount
for foreground in "" -f; do
	# shellcheck disable=SC2086 # nothing, or an option
	set -- $foreground
	refuses bogus "$@" -o bogus "$S" "$M"
	refuses bogus "$@" -o ro,bogus=3 "$S" "$M"
	refuses timeout "$@" -o timeout=soon "$S" "$M"
	refuses timeout "$@" -o timeout=-1 "$S" "$M"
	refuses timeout "$@" -o timeout "$S" "$M"
	refuses store "$@" -o store=none "$S" "$M"
	refuses order "$@" -o order=any "$S" "$M"
	refuses sync "$@" -o sync=always "$S" "$M"
	refuses sandbox "$@" -o sandbox=some "$S" "$M"
	refuses salvage "$@" -o salvage=some "$S" "$M"
	refuses --bogus "$@" --bogus "$S" "$M"
	refuses -q "$@" -q "$S" "$M"
	refuses SOURCE "$@"
	refuses MOUNTPOINT "$@" "$S"
	refuses surplus "$@" "$S" "$M" surplus
	refuses "$TMP/nothing" "$@" "$TMP/nothing" "$M"
	refuses "$TMP/file" "$@" "$TMP/file" "$M"
	refuses "$TMP/nowhere" "$@" "$S" "$TMP/nowhere"
	refuses "$TMP/file" "$@" "$S" "$TMP/file"
done

mnt_start "$S" "$M"
refuses "$M" "$TMP/other" "$M"
refuses "$M" -f "$TMP/other" "$M"
[ -e "$M/F/data" ] || fail "the first mount is gone"
mnt_stop "$M"

for option in --help -h; do
	"$BKUPFS" $option >"$TMP/out" 2>"$TMP/err" || fail "$option: $?"
	for word in SOURCE MOUNTPOINT -o -f -d salvage timeout order sync \
		sandbox; do
		grep -qF -- "$word" "$TMP/out" || fail "$option lacks $word"
	done
	[ ! -s "$TMP/err" ] || fail "$option writes to standard error"
done
for option in --version -V; do
	"$BKUPFS" $option >"$TMP/out" 2>"$TMP/err" || fail "$option: $?"
	grep -Eq '^bkupfs [0-9]+\.[0-9]+' "$TMP/out" ||
		fail "$option: $(cat "$TMP/out")"
	[ ! -s "$TMP/err" ] || fail "$option writes to standard error"
done
