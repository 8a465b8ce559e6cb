#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Fuzzes: installs what is missing, builds with clang and libFuzzer, and runs
# each target until it has used so many minutes of processor time; 1 by default.
# What they find is in build/fuzz/found until the next run; inputs that reach
# something new stay in build/fuzz/corpus, from which the next run goes on.
#
#	contrib/fuzz.sh [--merge] [MINUTES [TARGET...]]
#
#	--merge	add to test/fuzz/corpus what reaches code that it does not reach

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

FUZZ_PACKAGES=(check clang libclang-rt-dev llvm)
BUILT=$TOP/build/fuzz
COVERAGE=$TOP/build/fuzz-coverage
KEPT=$TOP/test/fuzz/corpus
INPUT_MAX=65536 # FUZZ_INPUT_MAX

usage() {
	echo "usage: ${0##*/} [--merge] [MINUTES [TARGET...]]" >&2
	exit 2
}

# build_targets DIRECTORY [CMAKE-OPTION...]
build_targets() {
	quietly cmake -S "$TOP" --preset fuzz -B "$@" &&
		quietly cmake --build "$1" -j "$(nproc)" --target fuzz_targets
}

# number PATTERN FILE: the last number behind a pattern, or 0.
number() {
	local found
	found=$(sed -n "s/.*$1 *\([0-9][0-9]*\).*/\1/p" "$2" | tail -n 1)
	echo "${found:-0}"
}

# The sum of all numbers in a file.
sum() {
	awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum + 0 }' "$1"
}

program() {
	echo "$BUILT/test/fuzz/fuzz_$1"
}

# search TARGET SECONDS: runs libFuzzer once, which counts time on the wall.
search() {
	local log=$BUILT/log/$1 status=0
	# To where `time` writes, and not what it measures.
	{
		TIMEFORMAT='%U %S'
		time "$(program "$1")" -max_total_time="$2" \
			-max_len=$INPUT_MAX -print_final_stats=1 \
			-artifact_prefix="$BUILT/found/$1-" \
			"$BUILT/corpus/$1" "$KEPT/$1" \
			>"$log" 2>&1 </dev/null || status=$?
	} 2>>"$log.cpu"
	number stat::number_of_executed_units: "$log" >>"$log.runs"
	return $status
}

# fuzz TARGET SECONDS: until it has used the time, or found something.
fuzz() {
	local log=$BUILT/log/$1 used left=$2
	mkdir -p "$BUILT/corpus/$1"
	rm -f "$log" "$log".* "$BUILT/found/$1-"*
	while [ "$left" -gt 0 ]; do
		# On a busy machine it gets little of that; starting costs too.
		search "$1" $((left > 30 ? left + 1 : 30)) || break
		used=$(sum "$log.cpu")
		left=$(($2 - ${used%.*}))
	done
}

# Shows where the running targets are, until it is ended.
show_progress() {
	local target
	while sleep 5; do
		for target; do
			tail -n 1 "$BUILT/log/$target" 2>/dev/null |
				sed -n "s/^#/$target: #/p"
		done
	done
}

# fuzz_all SECONDS TARGET...: so many at once as there are processors.
fuzz_all() {
	local seconds=$1 target job progress=
	shift
	if [ -t 1 ]; then
		show_progress "$@" &
		progress=$!
	fi
	for target; do
		while [ "$(jobs -rp | grep -cvx "${progress:-none}")" -ge \
			"$(nproc)" ]; do
			wait -n || true
		done
		fuzz "$target" "$seconds" &
	done
	for job in $(jobs -rp); do
		[ "$job" = "$progress" ] || wait "$job" || true
	done
	stop_jobs
}

stop_jobs() {
	local job
	for job in $(jobs -rp); do
		kill -- "-$job" || true
	done
}

found() {
	find "$BUILT/found" -name "$1-*" ! -name '*-slow-unit-*'
}

row() {
	local log=$BUILT/log/$1 cpu runs
	cpu=$(sum "$log.cpu")
	runs=$(sum "$log.runs")
	echo "| $1 | $cpu | $runs |" \
		"$(awk "BEGIN { printf \"%d\", $runs / ($cpu + 0.001) }") |" \
		"$(number cov: "$log") / $(number 'modules *(' "$log") |" \
		"$(number ft: "$log") |" \
		"$(find "$BUILT/corpus/$1" -type f | wc -l) |" \
		"$(found "$1" | wc -l) |"
}

show_table() {
	local target
	cat <<-END
		| target | CPU s | executions | per CPU s | edges | features | corpus | found |
		| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
	END
	for target; do
		row "$target"
	done
}

# Runs all that was gathered, none of which fails, in programs that count lines
# and branches, built without sanitizers, which have branches of their own.
show_coverage() {
	local target objects=()
	build_targets "$COVERAGE" -DBKUP_SANITIZE= -DBKUP_FUZZ=OFF \
		-DCMAKE_C_FLAGS="-fprofile-instr-generate -fcoverage-mapping"
	rm -f "$COVERAGE"/*.profraw
	for target; do
		objects+=(-object "$COVERAGE/test/fuzz/fuzz_$target")
		LLVM_PROFILE_FILE=$COVERAGE/$target-%p.profraw \
			"$COVERAGE/test/fuzz/fuzz_$target" \
			"$BUILT/corpus/$target" "$KEPT/$target" >/dev/null
	done
	llvm-profdata merge -o "$COVERAGE/all" "$COVERAGE"/*.profraw
	echo
	llvm-cov report -instr-profile "$COVERAGE/all" \
		-show-region-summary=false -show-functions=false \
		"${objects[@]}" -object "$COVERAGE/src/codec/libbkup.so" \
		-ignore-filename-regex='/test/'
}

merge() {
	local target
	for target; do
		quietly "$(program "$target")" -merge=1 -use_counters=0 \
			-max_len=4096 "$KEPT/$target" "$BUILT/corpus/$target"
	done
}

say_what_was_found() {
	local target
	for target; do
		found "$target" | while read -r input; do
			echo "found: $(program "$target") $input"
		done
	done
}

merging=
if [ "${1-}" = --merge ]; then
	merging=yes
	shift
fi
minutes=${1-1}
[[ $minutes =~ ^[1-9][0-9]*$ ]] || usage
[ $# -eq 0 ] || shift
install_missing "${BUILD_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
build_targets "$BUILT" || die "cannot build"
[ $# -gt 0 ] || mapfile -t all < <(ls "$KEPT")
[ $# -gt 0 ] || set -- "${all[@]}"
for target; do
	[ -x "$(program "$target")" ] || die "no target '$target'"
done
mkdir -p "$BUILT/log" "$BUILT/found"
# Each job in a process group of its own, so that none is left behind.
set -m
trap stop_jobs EXIT
fuzz_all $((minutes * 60)) "$@"
show_table "$@"
problems=$(say_what_was_found "$@")
[ -z "$problems" ] || {
	echo "$problems"
	exit 1
}
show_coverage "$@"
[ -z "$merging" ] || merge "$@"
