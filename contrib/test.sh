#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#	test.sh [PART...]
#
# Installs what is missing, builds and runs every test: all of them with
# AddressSanitizer and UndefinedBehaviorSanitizer (asan), those on real mounts
# with ThreadSanitizer as well (tsan), those of limits without any (limits), and
# those on real mounts on Debian 13 (debian13), with its libfuse; mounts are the
# same on this system. The last line tells how many passed and failed.

set -uo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

passed=0 failed=0 skipped=0

# attribute NAME REPORT: a number of the whole run.
attribute() {
	sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p; /<testcase/q" "$2"
}

# A test says "skipped: REASON", for itself or for a part of it.
show_skips() {
	awk '/<testcase / { split($0, part, "\""); name = part[2] }
		sub(/^.*skipped: /, "") { print "skipped: " name ": " $0 }' "$1" |
		sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&apos;/'"'"'/g
			s/&amp;/\&/g; s,</system-out>.*,,'
}

count() {
	local report=$1 all bad missed
	all=$(attribute tests "$report")
	bad=$(attribute failures "$report")
	missed=$(($(attribute skipped "$report") +
		$(attribute disabled "$report")))
	passed=$((passed + all - bad - missed))
	failed=$((failed + bad))
	skipped=$((skipped + missed))
}

# The addresses that ThreadSanitizer wants are free without randomisation.
steadily() {
	if setarch -R true 2>/dev/null; then
		setarch -R "$@"
	else
		"$@"
	fi
}

# run PRESET [CTEST-OPTION...]: builds it and runs its tests.
run() {
	local preset=$1 report=$TOP/build/$1/report.xml
	shift
	echo "== $preset"
	if ! build "$preset" -DBUILD_TESTING=ON; then
		echo "failed: cannot build $preset" >&2
		failed=$((failed + 1))
		return
	fi
	rm -f "$report"
	quietly steadily ctest --test-dir "$TOP/build/$preset" -j 2 \
		--output-on-failure --no-tests=error \
		--test-output-size-passed 100000 \
		--output-junit "$report" "$@" </dev/null
	if [ -s "$report" ]; then
		show_skips "$report"
		count "$report"
	else
		echo "failed: no report of the tests of $preset" >&2
		failed=$((failed + 1))
	fi
}

# Where it is put together, the newest Debian; what libfuse has there is tested.
debian13() {
	local log said n='[0-9]+' status=0
	log=$(mktemp)
	echo "== Debian 13"
	"$TOP/contrib/debian13.sh" contrib/test.sh mounts >"$log" 2>&1 ||
		status=$?
	said=$(sed -nE "s/^($n) passed, ($n) failed, ($n) skipped$/\1 \2 \3/p" \
		"$log")
	if [ $status -eq 77 ]; then
		tail -n 1 "$log"
		skipped=$((skipped + 1))
	elif [ -z "$said" ]; then
		cat "$log" >&2
		failed=$((failed + 1))
	else
		[ $status -eq 0 ] || cat "$log" >&2
		grep '^skipped: ' "$log"
		read -r -a said <<<"$said"
		passed=$((passed + said[0]))
		failed=$((failed + said[1]))
		skipped=$((skipped + said[2]))
	fi
	rm -f "$log"
}

# part NAME
part() {
	case $1 in
	asan) run asan ;;
	tsan) run tsan -L mount ;;
	limits) run release -L limits ;;
	mounts) run release -L 'mount|live' ;;
	debian13) debian13 ;;
	*) die "no such part: $1; there are asan, tsan, limits, mounts, debian13" ;;
	esac
}

[ $# -gt 0 ] || set -- asan tsan limits debian13
install_missing "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
for name; do
	part "$name"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
