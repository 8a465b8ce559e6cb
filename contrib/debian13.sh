#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#	debian13.sh [COMMAND...]
#
# Runs a command, by default the tests on real mounts, in a copy of this
# directory on a bare Debian 13, which is made for that in a directory of its
# own, and is gone afterwards. It takes root, and the mirror that apt is
# configured with. Its mounts are its own: what is left mounted there ends with
# it. Where it cannot be made, the exit status is 77, and one line says why.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

SUITE=trixie

cannot() {
	echo "skipped: Debian 13: $*"
	exit 77
}

mirror() {
	# shellcheck disable=SC2016 # the name is apt-get's
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		sed -n 1p
}

# In a mount namespace of its own.
enter() {
	local root=$1
	shift
	# A root is a mount, or no mount namespace can be made in it.
	mount --bind "$root" "$root"
	mount --rbind /dev "$root/dev"
	mount --rbind /sys "$root/sys"
	mount -t proc proc "$root/proc"
	exec env -u TMPDIR chroot "$root" /bin/sh -c 'cd /bkupfs && exec "$@"' sh "$@"
}

if [ "${1:-}" = --enter ]; then
	shift
	enter "$@"
fi
[ $# -gt 0 ] || set -- contrib/test.sh mounts

[ "$(id -u)" -eq 0 ] || cannot "only root can make it"
command -v apt-get >/dev/null || cannot "there is no apt-get to tell a mirror"
install_missing debootstrap
unshare --mount true 2>/dev/null || cannot "there are no mount namespaces"
ROOT=$(mktemp -d "${TMPDIR:-/var/tmp}/bkupfs-debian.XXXXXX")
trap 'rm -rf --one-file-system "$ROOT"' EXIT
chmod 755 "$ROOT"
URI=$(mirror)
[ -n "$URI" ] || cannot "apt is configured with no mirror"
quietly debootstrap --variant=minbase "$SUITE" "$ROOT" "$URI" ||
	cannot "debootstrap failed"
# As an installed system has it, for fusermount3.
ln -sf /proc/self/mounts "$ROOT/etc/mtab"
mkdir "$ROOT/bkupfs"
tar -C "$TOP" --exclude=./build -c . | tar -C "$ROOT/bkupfs" -x
unshare --mount --propagation private --pid --fork --kill-child \
	"$BASH" "$0" --enter "$ROOT" "$@"
