# shellcheck shell=bash
# What install.sh says, in the administrator's language: Italian for LC_ALL, LC_MESSAGES or LANG it*, else English.
# The sentences stand in text_it.sh and text_en.sh, one printf format each, under the same keys.

declare -A sentences
# shellcheck source=etc/install/text_en.sh
source etc/install/text_en.sh
spoken=${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}
if [[ $spoken == it* ]]; then
    # shellcheck source=etc/install/text_it.sh
    source etc/install/text_it.sh
fi

changes=0

say() {
    # shellcheck disable=SC2059 # the format is ours, from text_*.sh
    printf -- "${sentences[$1]}\n" "${@:2}"
}

# changed says what was changed and counts it; a run that counted nothing says so at its end.
changed() {
    changes=$((changes + 1))
    say "$@"
}

# refuse ends the run with one sentence.
refuse() {
    trap - EXIT
    printf 'install.sh: %s\n' "$(say "$@")" >&2
    exit 1
}

wrong_usage() {
    trap - EXIT
    printf 'install.sh: %s\n%s\n' "$(say "$@")" "$(say usage)" >&2
    exit 2
}

# A command that failed where nothing was said about it, or ctrl-C: whoever started this must know that it is not done.
trap 'printf "install.sh: %s\n" "$(say unfinished)" >&2' EXIT
trap 'printf "install.sh: %s\n" "$(say failed "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}" "$LINENO")" >&2' ERR
trap 'exit 130' INT TERM
