#!/bin/bash
# steps.sh - the tests, from top to bottom. Run by copy.sh in the prepared throw-away copy, without a network; it
# installs Share Zone there, so it must never run elsewhere.
#
# usage: test/steps.sh [--static] [--long] [--run REGEX]

set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.."

readonly prepared=/var/lib/shztest # by prepare.sh
readonly results=/run/shztest.results
readonly zones_image=/dev/shm/shztest-zones.img

main() {
    static='' long='' pattern=''
    while (($#)); do
        case $1 in
        --static) static=yes ;;
        --long) long=yes ;;
        --run) pattern=$2 && shift ;;
        esac
        shift
    done
    if [[ $(hostname) != shztest ]]; then
        echo 'steps.sh: this is no throw-away copy; run test.sh' >&2
        exit 1
    fi
    set_environment
    go build -o "$prepared/bin/report" ./test/report

    if [[ ! $pattern ]]; then
        phase static static_checks
        phase unit unit_tests
    fi
    if [[ ! $static ]]; then
        phase install install_demo
        if [[ -s $SHZ_DEMO ]]; then phase tests installed_tests; fi
    fi
    printf 'all %18d s\n' "$SECONDS"
    "$prepared/bin/report" -total "$results"
}

# set_environment lets nothing of the caller's decide what the tests do.
set_environment() {
    unset CDPATH GOFLAGS GOOS GOARCH CGO_ENABLED GOEXPERIMENT GODEBUG SHZ_COPY SHZ_LONG SHZ_DEMO
    unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    export PATH=$prepared/bin:$PATH LC_ALL=C.UTF-8
    export GOPROXY=off GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false'
    # The checkout may be another user's.
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
    umask 022
    : >"$results"
}

phase() {
    local start=$SECONDS
    "${@:2}"
    printf 'phase %-10s %4d s\n' "$1" $((SECONDS - start))
}

# step NAME COMMAND... counts as one test; its output matters only when it fails.
step() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        printf 'pass\t%s\t\n' "$name" >>"$results"
    else
        printf 'FAILED %s\n%s\n' "$name" "$output"
        printf 'fail\t%s\t\n' "$name" >>"$results"
    fi
}

static_checks() {
    step 'go version' go version
    step gofmt is_formatted
    step 'go vet' go vet ./...
    step staticcheck staticcheck ./...
    step 'go mod verify' go mod verify
    step shellcheck check_shell
    step 'man pages' check_man_pages
    step 'templ generate' is_generated
}

is_formatted() {
    local files
    files=$(gofmt -l .)
    if [[ $files ]]; then
        printf 'not formatted: %s\n' "$files"
        return 1
    fi
}

check_shell() {
    local files
    mapfile -t files < <(grep -rlIE --exclude-dir=.git --exclude-dir=node_modules '^#!/bin/(ba)?sh|^# shellcheck shell=' .)
    shellcheck --external-sources "${files[@]}"
}

check_man_pages() {
    mandoc -T lint -W warning doc/man/*
}

# is_generated refuses a *_templ.go that differs from what its .templ gives.
is_generated() {
    local before after
    before=$(generated_sums)
    templ generate || return
    after=$(generated_sums)
    diff <(echo "$before") <(echo "$after")
}

generated_sums() {
    find . -name '*_templ.go' -exec sha256sum {} + | sort -k 2
}

unit_tests() {
    go_test ./...
}

install_demo() {
    # A real ext4, as on a server: tmpfs lacks some of what is tested, and the copy's own / is an overlay.
    truncate -s 2G "$zones_image"
    mkfs.ext4 -q -m 0 "$zones_image"
    mkdir -p /srv/sharezone
    mount -o loop,nosuid,nodev,noexec "$zones_image" /srv/sharezone
    # The passwords of the demo users stand in the output, nowhere else.
    export SHZ_DEMO=/run/shztest.demo
    step 'install.sh --demo' install_to "$SHZ_DEMO"
}

install_to() {
    (umask 077 && : >"$1.new")
    ./install.sh --demo >"$1.new" 2>&1 || {
        cat "$1.new"
        return 1
    }
    mv "$1.new" "$1"
}

# installed_tests come one package after the other: they share the machine's users and zones.
installed_tests() {
    export SHZ_COPY=1
    if [[ $long ]]; then export SHZ_LONG=1; fi
    # The folder that copy.sh has let in.
    if [[ ${SHZ_SHOTS-} ]]; then export SHZ_SHOTS=$PWD/test/shots; fi
    if [[ -d $prepared/browser/node_modules ]]; then
        ln -sfn "$prepared/browser/node_modules" test/browser/node_modules
    fi
    go_test -p 1 ./test/...
    go_test -p 1 ./acl/... ./internal/... ./sbin/... ./cgi-bin/... ./libexec/...
}

go_test() {
    local timeout=20m
    if [[ $long ]]; then timeout=3h; fi
    # The status of the tests is what report counts.
    go test -json -count=1 -timeout "$timeout" ${pattern:+-run "$pattern"} "$@" 2>&1 | report "$results" || true
}

main "$@"
