# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What run.sh, test.sh, bench.sh, fuzz.sh and coverage.sh share; they source it.

# shellcheck disable=SC2034 # for them
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C.UTF-8

# What bkupfs and bkup are built with, and libfuse's helpers for mounting.
BUILD_PACKAGES=(gcc libc6-dev make cmake pkg-config libfuse3-dev libxxhash-dev
	libjansson-dev libseccomp-dev fuse3)
# Programs that the tests use.
TEST_PACKAGES=(check python3 acl attr bash-completion btrfs-progs clang-tidy
	cppcheck e2fsprogs ed fio git jq libxxhash0 man-db ntfs-3g procps psmisc
	python3-samba rsync samba samba-testsuite samba-vfs-modules smbclient
	strace valgrind vim xfsprogs zsh)
# Those of the benchmarks, with the filesystems that are compared.
BENCH_PACKAGES=(archivemount attr bindfs e2fsprogs gnuplot-nox python3 rsync
	squashfs-tools squashfuse strace)

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# quietly COMMAND...: its output appears on a terminal, or if it fails.
quietly() {
	local log status=0
	if [ -t 1 ]; then
		"$@"
		return
	fi
	log=$(mktemp)
	"$@" >"$log" 2>&1 || status=$?
	[ $status -eq 0 ] || cat "$log" >&2
	rm -f "$log"
	return $status
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_get() {
	DEBIAN_FRONTEND=noninteractive quietly apt-get -qq -o=Dpkg::Use-Pty=0 \
		"$@" </dev/null
}

# install_missing PACKAGE...: on systems other than Debian's, does nothing.
install_missing() {
	local package missing=()
	command -v dpkg-query >/dev/null || return 0
	for package; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" -eq 0 ] ||
		die "as root: apt-get install ${missing[*]}"
	echo "installing ${missing[*]}"
	apt_get update || die "cannot update the list of packages"
	apt_get install --no-install-recommends "${missing[@]}" ||
		die "cannot install packages"
}

# build PRESET [CMAKE-OPTION...]: into build/PRESET.
build() {
	local preset=$1
	shift
	quietly cmake -S "$TOP" --preset "$preset" "$@" &&
		quietly cmake --build "$TOP/build/$preset" -j "$(nproc)"
}
