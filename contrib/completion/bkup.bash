# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Completion of bkup(1) for bash, with the package bash-completion. Verbs and
# options are those that the tool tells of itself.

_bkup_verbs() {
	"$1" --help 2>/dev/null |
		sed -n '/^verbs:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

# _bkup_options COMMAND [VERB]
_bkup_options() {
	"$@" --help 2>/dev/null | sed -n 's/^ *\(--[a-z-]*\).*/\1/p'
}

# The streams of a backup file, but those whose names are shown escaped.
_bkup_streams() {
	[ -f "$2" ] || return 0
	"$1" ls -- "$2" 2>/dev/null | head -n 1000 |
		awk 'NR == 1 { at = index($0, "NAME"); next }
			{ name = substr($0, at) } name !~ /\\/ { print name }'
}

_bkup_offer_streams() {
	local name
	while IFS= read -r name; do
		[[ $name != "$cur"* ]] || COMPREPLY+=("$(printf %q "$name")")
	done < <(_bkup_streams "$1" "$2")
	__ltrim_colon_completions "$cur"
}

_bkup() {
	local cur words cword
	COMPREPLY=()
	_get_comp_words_by_ref -n : cur words cword
	if [ "$cword" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_bkup_verbs "$1") $(_bkup_options "$1")" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_bkup_options "$1" "${words[1]}")" -- "$cur")
	elif [ "${words[1]}" = cat ] && [ "$cword" -eq 3 ]; then
		# Without its quotes.
		_bkup_offer_streams "$1" \
			"$(xargs printf %s <<<"${words[2]}" 2>/dev/null)"
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _bkup bkup
