#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A daemon that is not root's: it mounts, is confined, and unmounts, for which
# fusermount3 needs privileges that the daemon itself may not gain. This is in
# a mount namespace of its own, where everybody may open /dev/fuse.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
need fusermount3 setpriv unshare
[ -u "$(command -v fusermount3)" ] || skip "fusermount3 is not set-user-id"

mkdir "$TMP"/{source,mount}
cp "$SAMPLES/ms-bkup-section3-example.bin" "$TMP/source/F"
mknod -m 666 "$TMP/fuse" c 10 229 || skip "no devices can be made"
chown -R nobody:nogroup "$TMP/source" "$TMP/mount"
: >"$TMP/daemon.log"
chmod 666 "$TMP/daemon.log"

export TMP
timeout -s KILL 60 unshare -m --propagation private bash -s >"$TMP/out" 2>&1 <<-'END' ||
	set -euo pipefail
	fail() { echo "failed: $*"; exit 1; }
	mount --bind "$TMP/fuse" /dev/fuse
	cd /
	M=$TMP/mount
	# root may not look at it, only see it in the table.
	mounted() { grep -qF " $M fuse.bkupfs " /proc/self/mounts; }
	as_user=(setpriv --reuid nobody --regid nogroup --clear-groups)
	"${as_user[@]}" "$BKUPFS" -f -o sandbox=require "$TMP/source" "$M" \
		>"$TMP/daemon.log" 2>&1 </dev/null &
	pid=$!
	trap 'umount -l "$M" 2>/dev/null; kill $pid 2>/dev/null' EXIT
	for ((i = 0; i < 200; i++)); do
		! mounted || break
		kill -0 $pid || fail "daemon ended: $(cat "$TMP/daemon.log")"
		sleep 0.05
	done
	mounted || fail "no mount"
	[ "$("${as_user[@]}" cat "$M/F/data")" = "Unnamed Stream" ] || fail "no content"
	"${as_user[@]}" cp "$M/F/data" "$M/F/:copy"
	# What may not be dumped, nobody but root may look at.
	[ "$(stat -c %U "/proc/$pid/mem")" = root ] || fail "can be dumped"
	kill -TERM $pid
	wait $pid || fail "exit status $?"
	! mounted || fail "mounted after SIGTERM"
	trap - EXIT
END
	fail "$(cat "$TMP/out" "$TMP/daemon.log")"
expect_stream "$TMP/source/F" :copy "Unnamed Stream"
grep -q 'confined: ' "$TMP/daemon.log" || fail "not confined"
cat "$TMP/daemon.log" >>"$MNT_LOG"
