#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing, builds bkupfs and mounts.
#
#	contrib/run.sh				a sample directory
#	contrib/run.sh SOURCE MOUNTPOINT

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

[ $# -eq 0 ] || [ $# -eq 2 ] || {
	echo "usage: ${0##*/} [SOURCE MOUNTPOINT]" >&2
	exit 2
}

BKUPFS=$TOP/build/release/src/bkupfs/bkupfs
SAMPLE=$TOP/build/sample

# A fresh copy, which may be written to.
prepare_sample() {
	if mountpoint -q "$SAMPLE/mount"; then
		umount "$SAMPLE/mount"
		"$BKUPFS" --wait "$SAMPLE/mount"
	fi
	rm -rf --one-file-system "$SAMPLE"
	mkdir -p "$SAMPLE/source" "$SAMPLE/mount"
	cp "$TOP"/test/data/nt-backup/*.bin "$SAMPLE/source/"
}

say_what_to_try() {
	cat <<-END
		Two backup files are mounted. Try:

		  cd $SAMPLE/mount
		  ls -l *
		  cat ms-bkup-section3-example.bin/:stream1
		  cat windows-sacl-and-zone-identifier.bin/:Zone.Identifier
		  echo changed > ms-bkup-section3-example.bin/data
		  od -c ../source/ms-bkup-section3-example.bin
		  cd - && umount $SAMPLE/mount
	END
}

install_missing "${BUILD_PACKAGES[@]}"
# Warnings of other compilers than ours are no reason to stop.
build release -DBUILD_TESTING=OFF --compile-no-warning-as-error || die "cannot build"
[ -e /dev/fuse ] || modprobe fuse || true
if [ $# -eq 2 ]; then
	"$BKUPFS" "$1" "$2"
	echo "$1 is mounted on $2; 'umount $2' ends that"
else
	prepare_sample
	"$BKUPFS" "$SAMPLE/source" "$SAMPLE/mount"
	say_what_to_try
fi
