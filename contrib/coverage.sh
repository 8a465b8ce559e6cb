#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds with counters, runs tests, and prints which part of the lines and of
# the branches of each folder they went through. Fails if a test does, or if
# they went through 90 % of the branches of codec, payload or store at most.
#
#	contrib/coverage.sh				the labels unit, cli, fuzz and live
#	contrib/coverage.sh CTEST-OPTION...	others, such as -L 'unit|mount'
#
# Only on mounts do fs and bkupfs run. With TMPDIR on a tmpfs it is faster.
# All branches count but those of assert(), which are not taken unless there is
# a bug, and those that the compiler adds (gcovr --exclude-unreachable-branches).
# Tests of crashes count nothing: who is killed does not tell.

set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

BUILD=$TOP/build/coverage
# Of branches in those folders, as far as they are there, in percent.
LEAST=90 BOUND=
for folder in codec payload store; do
	[ ! -d "$TOP/src/$folder" ] || BOUND+=" $folder"
done

# Lines of gcovr's table, one a file, to lines of a folder each.
table() {
	awk -F, -v least=$LEAST -v bound="$BOUND" '
		NR == 1 || split($1, part, "/") < 3 { next }
		{ folder = part[2]; lines[folder] += $2; ran[folder] += $3
			branches[folder] += $5; taken[folder] += $6 }
		function percent(part, all) { return all ? 100 * part / all : 100 }
		END {
			print "folder    lines            branches"
			fflush()
			for (f in lines)
				printf "%-8s %6d %6.1f %%   %6d %6.1f %%\n", f,
					lines[f], percent(ran[f], lines[f]),
					branches[f],
					percent(taken[f], branches[f]) | "sort"
			close("sort")
			for (i = split(bound, folders, " "); i; i--) {
				f = folders[i]
				if (taken[f] * 100 <= branches[f] * least)
					short = short " " f
			}
			if (short)
				print "failed: too few branches of" short
			exit short != ""
		}'
}

install_missing "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" gcovr
build coverage -DBUILD_TESTING=ON || die "cannot build"
find "$BUILD" -name '*.gcda' -delete
[ $# -gt 0 ] || set -- -L 'unit|cli|fuzz|live'
status=0
quietly ctest --test-dir "$BUILD" -j 2 --output-on-failure --no-tests=error \
	"$@" </dev/null || status=1
gcovr --root "$TOP" --object-directory "$BUILD" --filter "$TOP/src/" \
	--exclude-unreachable-branches \
	--exclude-lines-by-pattern '.*\bassert\(.*' \
	--csv "$BUILD/coverage.csv" --html-details "$BUILD/coverage.html" \
	"$BUILD" || die "cannot read the counters"
table <"$BUILD/coverage.csv" || status=1
echo "line by line: $BUILD/coverage.html"
exit $status
