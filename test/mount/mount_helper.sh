#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# mount(8) and fstab. mount looks for its helpers in /sbin only; so that
# nothing of the system is changed, and the daemon that was built is found,
# all of this is in a mount namespace of its own, where /sbin is ours.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"
need unshare mount.fuse3

mkdir "$TMP"/{source,mount,sbin}
S=$TMP/source M=$TMP/mount
cp "$SAMPLES/ms-bkup-section3-example.bin" "$S/F"
ln -s "$BKUPFS" "$TMP/sbin/bkupfs"
ln -s "$BKUPFS" "$TMP/sbin/mount.bkupfs"
for helper in mount.fuse mount.fuse3; do
	cp -L "$(command -v $helper)" "$TMP/sbin/$helper"
done

# by WORD...: this mount command, which must mount; then unmounts.
by() {
	unshare -m --propagation private bash -s -- "$@" <<-'END'
		mount --bind "$TMP/sbin" /sbin
		trap 'umount -l "$M" 2>/dev/null' EXIT
		timeout -s KILL 30 "$@" </dev/null || exit 1
		[ "$(cat "$M/F/data")" = "Unnamed Stream" ] || exit 2
		findmnt -no OPTIONS "$M"
		umount "$M" || exit 3
	END
}

# takes TYPE OPTIONS: both as an argument of mount and as a line of fstab.
takes() {
	by mount -t "$1" -o "$2" "$S" "$M" >"$TMP/options" 2>"$TMP/err" ||
		fail "mount -t $1 -o $2: $(cat "$TMP/err")"
	[ ! -s "$TMP/err" ] || fail "mount -t $1 -o $2: $(cat "$TMP/err")"
	printf '%s %s %s %s 0 0\n' "$S" "$M" "$1" "$2" >"$TMP/fstab"
	by mount --fstab "$TMP/fstab" "$M" >"$TMP/options" 2>"$TMP/err" ||
		fail "fstab, $1, $2: $(cat "$TMP/err")"
}

export TMP S M
unshare -m --propagation private mount --bind "$TMP/sbin" /sbin ||
	skip "no mount namespaces"
for type in bkupfs fuse.bkupfs; do
	takes $type defaults
	takes $type ro
	grep -q '^ro' "$TMP/options" || fail "$type is not read-only"
	takes $type nofail,_netdev,user,timeout=2
	takes $type noatime,x-systemd.automount,x-systemd.requires=/,x-gvfs-show
	takes $type rw,nosuid,nodev,noexec,salvage
done
takes bkupfs nofail,_netdev,users,noauto,relatime,strictatime,nodiratime
takes bkupfs relatime,lazytime,comment=text,order=canonical
takes bkupfs sync=none
takes bkupfs sync
takes fuse.bkupfs sync=close

if by mount -t bkupfs -o bogus "$S" "$M" >"$TMP/out" 2>"$TMP/err"; then
	fail "a wrong option is taken"
fi
grep -q bogus "$TMP/err" || fail "it is not named: $(cat "$TMP/err")"
# mount -s: wrong options are to be tolerated.
by mount -s -t bkupfs -o bogus "$S" "$M" >"$TMP/out" 2>"$TMP/err" ||
	fail "mount -s: $(cat "$TMP/err")"
# mount -f: all but the mounting.
if by mount -f -t bkupfs "$S" "$M" >"$TMP/out" 2>&1; then
	fail "mount -f mounts"
fi
! mountpoint -q "$M" || fail "mounted outside of the namespace"
