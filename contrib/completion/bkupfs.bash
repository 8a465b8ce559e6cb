# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Completion of bkupfs(1) for bash, with the package bash-completion. Options
# are those that the daemon tells of itself.

# What --help lists before the mount options.
_bkupfs_options() {
	"$1" --help 2>/dev/null | sed '/^Mount options:/,$d' |
		grep -o -e '^ *-[a-zA-Z]\>' -e '--[a-z-]*' | tr -d ' '
}

# The mount options: names, and those values that are words.
_bkupfs_mount_options() {
	local help
	help=$("$1" --help 2>/dev/null | sed '1,/^Mount options:/d')
	sed -n 's/^  \([a-z_]\{1,\}=\{0,1\}\).*/\1/p' <<<"$help"
	grep -o '\<[a-z_]\{1,\}=[a-z]\{1,\}' <<<"$help"
}

# What follows the last comma of a list.
_bkupfs_offer_mount_options() {
	local before='' option
	[[ $cur != *,* ]] || before=${cur%,*},
	compopt -o nospace
	while read -r option; do
		[[ $option != "${cur#"$before"}"* ]] ||
			COMPREPLY+=("$before$option")
	done < <(_bkupfs_mount_options "$1")
	# What stands before a = is a word of its own for readline.
	[[ $COMP_WORDBREAKS != *=* || $cur != *=* ]] ||
		COMPREPLY=("${COMPREPLY[@]#"${cur%=*}="}")
}

_bkupfs() {
	local cur prev
	COMPREPLY=()
	_get_comp_words_by_ref -n = cur prev
	if [ "$prev" = -o ]; then
		_bkupfs_offer_mount_options "$1"
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_bkupfs_options "$1")" -- "$cur")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
	fi
}

complete -F _bkupfs bkupfs
