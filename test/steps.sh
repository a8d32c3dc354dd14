#!/bin/bash
# steps.sh - the steps of the tests. Run by run.sh, each in a prepared throw-away copy, without a network; they install
# Share Zone there, so they must never run elsewhere.
#
# usage: test/steps.sh [--long] [--run REGEX] unit|static|install
#        test/steps.sh [--long] [--run REGEX] tests PACKAGE REGEX

set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.."

readonly prepared=/var/lib/shztest # by prepare.sh
readonly programs=$prepared/tests  # the compiled tests, in folders as in the repository
readonly installed=$prepared/installed
readonly results=$prepared/results
readonly zones_image=/dev/shm/shztest-zones.img

main() {
    long='' pattern=''
    while [[ ${1-} == --* ]]; do
        case $1 in
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
    case $1 in
    unit) unit_tests ;;
    static) static_checks ;;
    install) install_demo ;;
    tests) installed_tests "$2" "$3" ;;
    esac
}

# set_environment lets nothing of the caller's decide what the tests do.
set_environment() {
    unset CDPATH GOFLAGS GOOS GOARCH CGO_ENABLED GOEXPERIMENT GODEBUG SHZ_COPY SHZ_LONG SHZ_DEMO
    unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    export PATH=$prepared/bin:$PATH LC_ALL=C.UTF-8
    # As install.sh builds: what both need is compiled once.
    export GOPROXY=off GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false -trimpath'
    # The checkout may be another user's.
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
    umask 022
    : >"$results"
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
    step 'go vet' on_packages go vet
    step staticcheck on_packages staticcheck
    step 'go mod verify' go mod verify
    step shellcheck check_shell
    step 'man pages' check_man_pages
    step 'templ generate' is_generated
}

# on_packages COMMAND... runs a command for all packages, with cgo for those that etc/manifest says are built with it.
on_packages() {
    local all=() with_cgo=() static=()
    mapfile -t all < <(go list ./...)
    mapfile -t with_cgo < <(sed -n '/^#/d; s/.*[[:space:]]cgo=\([^[:space:]]*\).*/sharezone\/\1/p' etc/manifest)
    mapfile -t static < <(printf '%s\n' "${all[@]}" | grep -vxFf <(printf '%s\n' "${with_cgo[@]}"))
    CGO_ENABLED=0 "$@" "${static[@]}" && CGO_ENABLED=1 "$@" "${with_cgo[@]}"
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
    mapfile -t files < <(grep -rlIE --exclude-dir=.git --exclude-dir=node_modules --exclude-dir=man '^#!/bin/(ba)?sh|^# shellcheck shell=' .)
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

# unit_tests runs all tests where nothing is installed, and keeps the compiled ones.
unit_tests() {
    CGO_ENABLED=0 go build -o "$prepared/bin/" ./test/report cmd/test2json
    on_packages test_packages
}

# test_packages leaves it to report to tell what failed. vet is a step of its own.
test_packages() {
    go test -json -count=1 -vet=off -timeout "$(limit)s" ${pattern:+-run "$pattern"} \
        -exec "'$PWD/test/keep.sh' $programs" "$@" 2>&1 | report "$results" || true
}

# limit is how many seconds the tests of a package have.
limit() {
    if [[ $long ]]; then echo 10800; else echo 1200; fi
}

install_demo() {
    # A real ext4, as on a server: tmpfs lacks some of what is tested, and the copy's own / is an overlay.
    truncate -s 2G "$zones_image"
    mkfs.ext4 -q -m 0 "$zones_image"
    mount_zones
    # The passwords of the demo users stand in the output, nowhere else.
    step 'install.sh --demo' install_to /run/shztest.demo
    leave
}

mount_zones() {
    mkdir -p /srv/sharezone
    mount -o loop,nosuid,nodev,noexec "$zones_image" /srv/sharezone
}

install_to() {
    (umask 077 && : >"$1.new")
    ./install.sh --demo >"$1.new" 2>&1 || {
        cat "$1.new"
        return 1
    }
    mv "$1.new" "$1"
}

# leave stops what runs and puts what is not on / there: only that goes on to the copies in which the tests run.
leave() {
    control_apache stop
    umount /srv/sharezone
    mkdir -p "$installed"
    cp -a /run "$installed/"
    cp "$zones_image" "$installed/zones.img" # holes stay holes
}

# enter is its reverse.
enter() {
    cp -a "$installed/run/." /run/
    cp "$installed/zones.img" "$zones_image"
    mount_zones
    control_apache start
}

# control_apache stops or starts the instance, as install.sh does, and waits until it is done.
control_apache() {
    local file=/run/apache2-sharezone/apache2.pid i pid
    pid=$(cat "$file" 2>/dev/null || echo none)
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C APACHE_CONFDIR=/etc/apache2-sharezone apache2ctl "$1"
    for ((i = 0; i < 600; i++)); do
        if [[ $1 == start && -s $file || $1 == stop && ! -e /proc/$pid ]]; then return; fi
        sleep 0.05
    done
    echo "Apache does not $1"
    return 1
}

# installed_tests PACKAGE REGEX runs compiled tests beside the installation.
installed_tests() {
    local package=$1 folder=${1#*/} program
    enter
    export SHZ_COPY=1 SHZ_DEMO=/run/shztest.demo
    if [[ $long ]]; then export SHZ_LONG=1; fi
    # The folder that copy.sh has let in.
    if [[ ${SHZ_SHOTS-} ]]; then export SHZ_SHOTS=$PWD/test/shots; fi
    if [[ -d $prepared/browser/node_modules ]]; then
        ln -sfn "$prepared/browser/node_modules" test/browser/node_modules
    fi
    program=("$programs/$folder"/*.test)
    # The time limit is the program's own; the other one is for a child of it that holds the pipe.
    (cd "$folder" && timeout --signal=KILL $(($(limit) + 60)) \
        test2json -t -p "$package" "${program[0]}" -test.v=test2json -test.paniconexit0 -test.count=1 \
        -test.timeout="$(limit)s" -test.run="$2") 2>&1 | report "$results" || true
}

main "$@"
