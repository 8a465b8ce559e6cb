#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the library, moves what was installed, and builds and runs a program
# with it.
#
#	consume.sh find_package|pkg-config|headers BUILD
#
# Environment: CMAKE; CC and CFLAGS, with which the library was built. Status: 77
# where a tool is missing.
set -eu

way=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
	echo "skipped: $1"
	exit 77
}

fail() {
	echo "failed: $1" >&2
	exit 1
}

install_and_move() {
	"$CMAKE" --install "$build" --component library \
		--prefix "$work/first" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		fail "cannot install"
	}
	mkdir "$work/moved"
	mv "$work/first" "$work/moved/prefix"
	prefix=$work/moved/prefix
	libdir=$(dirname "$(find "$prefix" -name libbkup.so)")
	[ -e "$libdir/libbkup.so.0" ] || fail "no libbkup.so.0 beside the .so"
	if grep -rl "$work/first" "$prefix" >"$work/log"; then
		fail "the old prefix stands in $(cat "$work/log")"
	fi
}

check_output() {
	[ "$("$@")" = ":n: hello" ] || fail "what the program prints is wrong"
}

# The build tree of CMake puts the library's place into the program.
consume_find_package() {
	"$CMAKE" -S "$here/consumer" -B "$work/build" \
		-DCMAKE_C_COMPILER="$CC" -DCMAKE_PREFIX_PATH="$prefix" \
		-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
	"$CMAKE" --build "$work/build"
	grep -q "bkup_DIR:PATH=$prefix/" "$work/build/CMakeCache.txt" ||
		fail "another bkup was found"
	check_output "$work/build/consumer"
}

consume_pkg_config() {
	command -v pkg-config >/dev/null || skip "no pkg-config"
	export PKG_CONFIG_PATH="$libdir/pkgconfig"
	# What comes of these is words.
	# shellcheck disable=SC2046,SC2086
	"$CC" $CFLAGS $(pkg-config --cflags bkup) \
		"$here/consumer/consumer.c" -o "$work/consumer" \
		$(pkg-config --libs bkup)
	LD_LIBRARY_PATH=$libdir check_output "$work/consumer"
}

# Each header has to stand alone.
consume_headers() {
	count=0
	for header in "$prefix"/include/bkup/*.h; do
		printf '#include <bkup/%s>\nextern int nothing;\n' \
			"$(basename "$header")" >"$work/one.c"
		"$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror \
			-I "$prefix/include" -fsyntax-only "$work/one.c"
		count=$((count + 1))
	done
	[ "$count" -ge 7 ] || fail "only $count headers are installed"
}

command -v "$CC" >/dev/null || skip "no $CC"
install_and_move
case $way in
find_package) consume_find_package ;;
pkg-config) consume_pkg_config ;;
headers) consume_headers ;;
*) fail "no way '$way'" ;;
esac
