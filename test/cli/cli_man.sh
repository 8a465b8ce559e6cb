#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A man page formats without warnings: cli_man.sh PAGE
set -eu

page=$1
checked=
if command -v man >/dev/null && man --help 2>/dev/null | grep -q -e --warnings
then
	warnings=$(man --warnings -l "$page" 2>&1 >/dev/null)
	[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
	checked=yes
fi
if command -v mandoc >/dev/null
then
	mandoc -T lint -W warning "$page"
	checked=yes
fi
[ "$checked" ] || { echo "skipped: neither man nor mandoc"; exit 77; }
