#!/bin/bash
# fuzz.sh - runs every fuzz target for some time, one after the other. Their seeds are run by test.sh like any test; this
# looks for inputs that nobody thought of. What it finds stands below testdata/fuzz of the package and is a seed from then on.
#
# usage: test/fuzz.sh [TIME [REGEX]]      TIME as Go writes it, 60s by default; REGEX for the names of targets

set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.."
status=0
while IFS=: read -r file target; do
    target=${target#func } target=${target%%(*}
    if [[ ! $target =~ ${2-} ]]; then continue; fi
    echo "== $(dirname "$file") $target"
    CGO_ENABLED=0 go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "${1-60s}" \
        -fuzzminimizetime 1s || status=1 # a minute for each interesting input, otherwise
done < <(grep -ro --include='*_test.go' '^func Fuzz[A-Za-z]*(' . | sed 's|^\./||')
exit "$status"
