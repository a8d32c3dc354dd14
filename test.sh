#!/bin/bash
# test.sh - runs all tests of Share Zone: the real Apache, PAM, users, ACLs and file systems, in a throw-away copy of
# this machine. It needs root and a Linux that may mount and unshare, asks nothing, and leaves nothing behind.
#
# The last line says "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed.

set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")"
PATH=$PATH:/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin

usage() {
    cat <<'END'
usage: ./test.sh [--static] [--long] [--run REGEX] [--parallel N] [--layer FILE]
  --static      only what needs no installation: formatting, vet, staticcheck, shellcheck, man pages, unit tests
  --long        also the soak, kill-at-every-step and scale tests
  --run REGEX   only the Go tests that match (go help testflag), on a fresh installation
  --parallel N  so many copies of the machine at the same time; without it two for each processor
  --layer FILE  keep the packages that the tests need in an image, for the next run; this file stays
END
}

main() {
    local layer=() steps=()
    while (($#)); do
        case $1 in
        --static | --long) steps+=("$1") ;;
        --run)
            need_value "$@"
            steps+=("$1" "$2")
            shift
            ;;
        --parallel)
            if [[ ! ${2-} =~ ^[1-9][0-9]?$ ]]; then
                usage >&2
                exit 2
            fi
            steps+=("$1" "$2")
            shift
            ;;
        --layer)
            need_value "$@"
            layer=(--layer "$2")
            shift
            ;;
        --help)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
        esac
        shift
    done
    check_machine
    exec test/copy.sh "${layer[@]}" test/prepare.sh --beside test/run.sh "${steps[@]}"
}

need_value() {
    if (($# < 2)); then
        usage >&2
        exit 2
    fi
}

check_machine() {
    local program
    if ((EUID != 0)); then
        refuse 'it must run as root: it makes a copy of this machine in which it installs packages and users'
    fi
    if ! command -v apt-get >/dev/null; then
        refuse 'it needs a Debian (12 or newer), the system that Share Zone installs on'
    fi
    for program in unshare setpriv chroot go; do
        command -v "$program" >/dev/null || refuse "there is no $program on the PATH"
    done
}

refuse() {
    echo "test.sh: $1" >&2
    exit 1
}

main "$@"
