#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
#	bench.sh [live|growth] [OPTION...]
#
# Installs what is missing, also the filesystems that bkupfs is compared with,
# builds, and runs a benchmark: test/bench/bench.py, bench_live.py for a live
# store, or growth.py, with these options.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"

PROGRAM=bench.py
case ${1:-} in
live) PROGRAM=bench_live.py ;;
growth) PROGRAM=growth.py ;;
esac
[ $PROGRAM = bench.py ] || shift

install_missing "${BUILD_PACKAGES[@]}" "${BENCH_PACKAGES[@]}" >&2
build release -DBUILD_TESTING=OFF >&2 || die "cannot build"
exec python3 -B "$TOP/test/bench/$PROGRAM" "$@"
