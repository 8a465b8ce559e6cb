#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Many threads in the same names, against a model: nothing is lost, nothing is
# mixed, and at the end everything is where it was said to be.
#
#	LOAD_SECONDS	how long they run; 60, and 180 with ThreadSanitizer
#	LOAD_SEED	of what they do; another one each time

SECONDS_ASKED=60
[ "${BKUP_SANITIZE:-}" != thread ] || SECONDS_ASKED=180
SECONDS_ASKED=${LOAD_SECONDS:-$SECONDS_ASKED}
export MNT_PATIENCE=$((SECONDS_ASKED + 300))
# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
[ -x "${LOAD:-}" ] || skip "LOAD names no program"
SEED=${LOAD_SEED:-$(date +%s)}

mkdir "$TMP"/{source,mount}
mnt_start "$TMP/source" "$TMP/mount"
echo "LOAD_SEED=$SEED"
timeout -s KILL $((SECONDS_ASKED + 120)) \
	"$LOAD" run "$SECONDS_ASKED" "$SEED" "$TMP/mount" "$TMP/final" ||
	fail "LOAD_SEED=$SEED"
"$LOAD" under "$TMP/source" "$TMP/final" || fail "underlying files"
mnt_again "$TMP/mount"
"$LOAD" mounted "$TMP/mount" "$TMP/final" || fail "mounted anew"
for file in "$TMP"/source/*; do
	nt compare "$file" "$TMP/mount/${file##*/}" || fail "$file"
done
mnt_stop "$TMP/mount"
"$LOAD" under "$TMP/source" "$TMP/final" || fail "after the end"
[ ! -e "$TMP/source/.bkupfs" ] ||
	fail "left: $(find "$TMP/source/.bkupfs")"
