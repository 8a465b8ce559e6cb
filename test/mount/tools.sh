#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every tool leaves the right bytes, mode and times, at once and after a
# remount. Each works on an object of its own, which holds data and :keep.

# shellcheck source-path=SCRIPTDIR source=../support/mount.sh
. "$(dirname "$0")/../support/mount.sh"

mkdir "$TMP"/{source,in}
M=$TMP/mount S=$TMP/source IN=$TMP/in
mkdir "$M"
WHEN='2015-05-05 05:05:05.123456789'
printf 'a new line\nand another\n' >"$IN/new"
touch -d "$WHEN" "$IN/new"
chmod 604 "$IN/new"
OLD='the old line
b
a
'
NEW=$(cat "$IN/new" && echo .)
NEW=${NEW%.}

# What is to be checked: child, text, mode and time (or nothing) by object.
declare -A TEXT=() MODE=() TIME=()

# object NAME: makes one and names it by O; its time is long ago.
object() {
	O=$M/$1
	mkdir "$O"
	printf '%s' "$OLD" >"$O/data"
	printf 'kept' >"$O/:keep"
	chmod 640 "$O/data"
	touch -d '2001-01-01' "$O/data" "$O/:keep" "$O"
}

# expect NAME CHILD TEXT MODE [TIME]: what the tool should have left; without
# a time that of the stream must be recent.
expect() {
	TEXT[$1/$2]=$3 MODE[$1/$2]=$4 TIME[$1/$2]=${5:-}
	check "$1/$2"
}

check() {
	local path=$1 got
	expect_stream "$S/${path%/*}" "${path##*/}" "${TEXT[$path]}"
	expect_stream "$S/${path%/*}" :keep kept
	got=$(cat "$M/$path" && echo .)
	[ "$got" = "${TEXT[$path]}." ] || fail "$path shows '${got%.}'"
	[ "$(stat -c %a "$M/$path")" = "${MODE[$path]}" ] ||
		fail "$path has mode $(stat -c %a "$M/$path")"
	if [ -n "${TIME[$path]}" ]; then
		[ "$(date -d "${TIME[$path]}" +%s.%N)" = \
			"$(stat -c %.9Y "$M/$path")" ] ||
			fail "$path has time $(stat -c %y "$M/$path")"
	else
		[ $(($(date +%s) - $(stat -c %Y "$M/$path"))) -lt 100 ] ||
			fail "$path has time $(stat -c %y "$M/$path")"
	fi
}

# have TOOL: false, and says so, where it is not installed.
have() {
	command -v "$1" >/dev/null || {
		echo "skipped: $1 is not installed"
		return 1
	}
}

coreutils() {
	object cp
	cp "$IN/new" "$O/data"
	expect cp data "$NEW" 640
	cp "$IN/new" "$O/:new"
	expect_stream "$S/cp" :new "$NEW"

	object cp-a
	cp -a "$IN/new" "$O/data"
	expect cp-a data "$NEW" 604 "$WHEN"

	object cp-new
	cp -p "$IN/new" "$O/ea"
	expect cp-new ea "$NEW" 604 "$WHEN"

	object cp-force
	cp --remove-destination -p "$IN/new" "$O/data"
	expect cp-force data "$NEW" 604 "$WHEN"

	object cp-backup
	cp --backup=simple "$IN/new" "$O/data"
	expect cp-backup data "$NEW" 640
	[ "$(cat "$O/data~" && echo .)" = "$OLD." ] || fail "no backup"

	object dd
	dd if="$IN/new" of="$O/data" status=none
	expect dd data "$NEW" 640

	object dd-notrunc
	printf 'THE' | dd of="$O/data" conv=notrunc,fsync status=none
	expect dd-notrunc data "THE${OLD#the}" 640

	object dd-seek
	printf 'end' | dd of="$O/data" bs=1 seek=4 status=none
	expect dd-seek data "the end" 640

	object install
	install -m 604 -p "$IN/new" "$O/data"
	expect install data "$NEW" 604 "$WHEN"

	object install-new
	install -m 644 "$IN/new" "$O/:i"
	expect install-new :i "$NEW" 644

	object mv-into
	cp -p "$IN/new" "$TMP/moved"
	mv "$TMP/moved" "$O/data"
	expect mv-into data "$NEW" 604 "$WHEN"

	object sort
	sort -o "$O/data" "$O/data"
	expect sort data "$(printf '%s' "$OLD" | LC_ALL=C sort)
" 640

	object tee
	tee "$O/data" "$O/:t" <"$IN/new" >/dev/null
	expect tee data "$NEW" 640
	expect_stream "$S/tee" :t "$NEW"

	object tee-a
	tee -a "$O/data" <"$IN/new" >/dev/null
	expect tee-a data "$OLD$NEW" 640

	object touch
	touch -d "$WHEN" "$O/data"
	expect touch data "$OLD" 640 "$WHEN"

	object touch-new
	touch "$O/:t"
	expect touch-new :t '' 640

	object truncate
	truncate -s 7 "$O/data"
	expect truncate data 'the old' 640

	object shuf
	printf 'x' | shuf -o "$O/data"
	expect shuf data 'x
' 640
}

shell() {
	object cat
	cat "$IN/new" >"$O/data"
	expect cat data "$NEW" 640

	object cat-append
	cat "$IN/new" >>"$O/data"
	expect cat-append data "$OLD$NEW" 640

	object echo
	echo short >"$O/data"
	expect echo data 'short
' 640

	object two
	(
		/bin/echo one
		/bin/echo two
	) >"$O/data"
	expect two data 'one
two
' 640

	object two-append
	(
		/bin/echo one
		echo two
		/bin/echo three
	) >>"$O/data"
	expect two-append data "${OLD}one
two
three
" 640

	object background
	(
		/bin/echo one &
		wait
		/bin/echo two
	) >"$O/data"
	expect background data 'one
two
' 640

	object empty
	: >"$O/data"
	expect empty data '' 640
	nt list "$S/empty" | grep >/dev/null "^1 0x0 .* b'data'" ||
		fail "no DATA record: $(nt list "$S/empty")"

	object here
	bash -c 'cat >"$1" <<<"a here string"' - "$O/data"
	expect here data 'a here string
' 640

	object read-write
	exec 7<>"$O/data"
	printf 'THE' >&7
	exec 7>&-
	expect read-write data "THE${OLD#the}" 640

	object noclobber
	(
		set -C
		{ echo x >"$O/data"; } 2>/dev/null && exit 1
		echo x >"$O/ea"
	) || fail "noclobber"
	expect noclobber ea 'x
' 640
}

others() {
	object sed
	sed -i 's/old/edited/' "$O/data"
	expect sed data "${OLD/old/edited}" 640

	object sed-backup
	sed -i~ 's/old/edited/' "$O/data"
	expect sed-backup data "${OLD/old/edited}" 640
	[ "$(cat "$O/data~" && echo .)" = "$OLD." ] || fail "no backup"

	object gzip
	gzip -c "$IN/new" >"$O/:gz"
	gunzip -c "$O/:gz" >"$O/data"
	expect gzip data "$NEW" 640
	gzip -dc <"$O/:gz" | cmp - "$IN/new"

	object tar
	cp -p "$IN/new" "$TMP/data"
	tar -C "$TMP" --format=posix -c data | tar -C "$O" -xp
	expect tar data "$NEW" 604 "$WHEN"

	object python
	python3 -c 'import sys
with open(sys.argv[1], "w") as file:
    file.write("written\n")
with open(sys.argv[1], "r+") as file:
    file.seek(3)
    file.write("TTEN")' "$O/data"
	expect python data 'wriTTEN
' 640

	object python-replace
	python3 -c 'import os, sys
name = sys.argv[1] + "/.new"
with open(name, "w") as file:
    file.write("replaced")
    file.flush()
    os.fsync(file.fileno())
os.replace(name, sys.argv[1] + "/data")' "$O"
	chmod 640 "$O/data"
	expect python-replace data 'replaced' 640

	if have rsync; then
		object rsync
		rsync -a "$IN/new" "$O/data"
		expect rsync data "$NEW" 604 "$WHEN"
		object rsync-inplace
		rsync -a --inplace --no-whole-file "$IN/new" "$O/data"
		expect rsync-inplace data "$NEW" 604 "$WHEN"
	fi
	if have ed; then
		object ed
		printf '1s/old/edited/\nw\nq\n' | ed -s "$O/data"
		expect ed data "${OLD/old/edited}" 640
	fi
	if have vim; then
		object vim
		# Below /tmp vim makes no backups, unless it is told to.
		vim -u NONE -es -c 'set backupskip=' \
			-c '1s/old/edited/' -c wq "$O/data"
		expect vim data "${OLD/old/edited}" 640
		object vim-rename
		vim -u NONE -es -c 'set backupskip= backup backupcopy=no' \
			-c '1s/old/edited/' -c wq "$O/data"
		expect vim-rename data "${OLD/old/edited}" 640
		[ "$(cat "$O/data~" && echo .)" = "$OLD." ] || fail "no backup"
	fi
	if have git; then
		object git
		git_checkout
		# git unlinks and creates; an object keeps its mode over that.
		expect git data "$NEW" 640
	fi
}

git_checkout() {
	local git=(git --git-dir="$TMP/git" -c user.name=x -c user.email=x
		-c safe.directory='*' -c core.hooksPath=/dev/null)
	mkdir "$TMP/work"
	cp "$IN/new" "$TMP/work/data"
	chmod 644 "$TMP/work/data"
	git init -q --bare "$TMP/git"
	"${git[@]}" --work-tree="$TMP/work" add -- data
	"${git[@]}" --work-tree="$TMP/work" commit -q -m one
	(umask 022 && "${git[@]}" --work-tree="$O" checkout -q -- data)
	"${git[@]}" --work-tree="$O" diff --quiet -- data ||
		fail "git sees a difference"
}

# The matrix holds for a scratch directory's sake too: nothing is left behind.
no_scratch() {
	local left
	left=$(find "$M" -mindepth 2 \( -name '.*' -o -name '*~' \
		-o -name 'sed??????' \) ! -path '*backup/data~' \
		! -path '*vim-rename/data~' -printf '%P ')
	[ -z "$left" ] || fail "left behind: $left"
}

umask 022
mnt_start "$S" "$M"
coreutils
shell
others
no_scratch
mnt_again "$M"
for path in "${!TEXT[@]}"; do
	check "$path"
done
mnt_stop "$M"
