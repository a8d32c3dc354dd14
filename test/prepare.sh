#!/bin/bash
# prepare.sh - installs in the throw-away copy what the tests need and the machine lacks. It is the only part of the
# tests that uses the network. Run by copy.sh; harmless nowhere else.
#
# usage: test/prepare.sh [--key]
#
# --key prints a line that changes when the prepared state would.

set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.."

# Tools for the tests alone; what Share Zone itself needs is read from install.sh. git: some tests look at tracked
# files. iproute2: lo is set up with ip. btrfs-progs, xfsprogs: other file systems. rsync: zones are backed up and restored.
# gammu-smsd, postfix: the real parts behind SMS and mail. libpam-google-authenticator: the second factor.
# nftables: the reverse proxy's limit. clamav, apparmor: the scan of uploads and the profile.
# 7zip, libarchive-tools (bsdtar), python3, unzip, zip, zstd: archives of ours are opened with them, and theirs with ours.
packages=(7zip apparmor btrfs-progs ca-certificates clamav-daemon clamdscan curl e2fsprogs gammu-smsd git iproute2 libarchive-tools
    libpam-google-authenticator logrotate mandoc nftables perl postfix python3 rsync shellcheck strace unzip util-linux xfsprogs zip zstd)

# lists are the files that say what is downloaded.
lists=(go.mod go.sum test/prepare.sh test/tools/go.mod test/tools/go.sum
    static/package-lock.json test/browser/package-lock.json)

# Where steps.sh finds what is not of a package.
readonly prepared=/var/lib/shztest

main() {
    case ${1-} in
    --key) print_key ;;
    --install) install_all ;;
    *) quietly ;;
    esac
}

# quietly installs, and shows what was said only when it fails. In a process of its own: bash ignores set -e in a
# function whose status is looked at.
quietly() {
    local log start=$SECONDS
    log=$(mktemp)
    if ! test/prepare.sh --install >"$log" 2>&1; then
        cat "$log"
        echo 'FAILED: what the tests need could not be installed in the copy'
        return 1
    fi
    printf 'phase %-10s %4d s\n' prepare $((SECONDS - start))
}

print_key() {
    local list
    {
        cat /var/lib/dpkg/status
        own_packages
        for list in "${lists[@]}"; do
            if [[ -f $list ]]; then cat "$list"; fi
        done
    } | sha256sum
}

# own_packages prints what Share Zone itself needs.
own_packages() {
    sed -n 's/^readonly packages=(\(.*\))$/\1/p' install.sh
}

install_all() {
    local go_log
    mkdir -p "$prepared"
    # The one waits for the network and the disk, the other computes.
    go_log=$(mktemp)
    prepare_go >"$go_log" 2>&1 &
    install_packages
    if ! wait $!; then
        cat "$go_log"
        return 1
    fi
    fetch_npm static
    if [[ -f test/browser/package-lock.json ]]; then fetch_npm test/browser; fi
}

install_packages() {
    local name missing=() own
    read -ra own <<<"$(own_packages)"
    if ((${#own[@]} == 0)); then
        echo 'install.sh has no line "readonly packages=(…)" any more'
        return 1
    fi
    packages+=("${own[@]}")
    command -v npm >/dev/null || packages+=(npm)
    if [[ -d test/browser ]]; then packages+=(chromium); fi
    for name in "${packages[@]}"; do
        if [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) != installed ]]; then
            missing+=("$name")
        fi
    done
    if ((${#missing[@]} == 0)); then return; fi

    # The network is still the machine's: no service may start here.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    apt-get -q -y --no-install-recommends install "${missing[@]}"
    rm /usr/sbin/policy-rc.d
}

# prepare_go fetches the modules, and compiles what is not ours as steps.sh will need it.
prepare_go() {
    go mod download
    go -C test/tools mod download
    export CGO_ENABLED=0 GOFLAGS=-trimpath
    GOBIN=$prepared/bin go -C test/tools install tool
    go list -e -deps -test -f '{{if and .GoFiles (or .Standard (and .Module (not .Module.Main)))}}{{.ImportPath}}{{end}}' ./... |
        grep -vE '^(internal|vendor|unsafe|runtime/cgo|C)(/|$)' | xargs go build
}

# fetch_npm fills npm's cache from a lock file, and leaves the packages beside.
fetch_npm() {
    local folder=$prepared/${1##*/}
    mkdir -p "$folder"
    cp "$1/package.json" "$1/package-lock.json" "$folder"
    if [[ -f $1/.npmrc ]]; then cp "$1/.npmrc" "$folder"; fi
    npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund
}

main "$@"
