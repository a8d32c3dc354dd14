#!/bin/bash
# run.sh - measures Share Zone against the least that could do the same work, side by side in one Apache, and prints the
# table of doc/bench.md. Run by hand, as root: it makes a throw-away copy of this machine (test/copy.sh), installs there,
# and leaves nothing behind. It is no test: it fails when it could not measure, not when something was slow.
#
# It takes about five minutes, and 10 GiB of memory: the copy's disk, on which the zones lie, is a file in memory.

set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")/.."
PATH=$PATH:/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin

# As bench/*.go and bench/apache.conf have it too.
readonly place=/var/lib/shzbench
readonly image=/dev/shm/shzbench.img
readonly gate=/usr/lib/sharezone/gate

usage() {
    cat <<'END'
usage: bench/run.sh [--layer FILE] [--cleaner ZONES | --backlog EVENTS | --dmz | --people | --share]
  --layer FILE     keep the packages that it needs in an image, for the next run (as of test.sh); this file stays
  --cleaner ZONES  compare the cleaner alone, with so many zones instead of 10,000
  --people         compare the page of people alone
  --backlog EVENTS compare the worker alone, with so many events instead of 100,000
  --dmz            compare what goes by TLS, the reverse proxy and the external entry alone
  --share          compare the sharing of 200,000 files alone
END
}

main() {
    local layer=() only=()
    if [[ "${1-} $#" == '--help 1' ]]; then
        usage
        return
    fi
    if [[ ${1-} == --inside ]]; then
        shift
        inside "$@"
        return
    fi
    if [[ ${1-} == --layer && $# -ge 2 ]]; then
        layer=("$1" "$2")
        shift 2
    fi
    if [[ ${1-} == --cleaner && ${2-} =~ ^[1-9][0-9]{0,5}$ ]]; then
        only=(-cleaner -zones "$2")
        shift 2
    fi
    if [[ ${1-} == --backlog && ${2-} =~ ^[1-9][0-9]{0,6}$ ]]; then
        only=(-backlog "$2")
        shift 2
    fi
    if [[ ${1-} == --dmz ]]; then
        only=(-dmz)
        shift
    fi
    if [[ ${1-} == --people ]]; then
        only=(-people)
        shift
    fi
    if [[ ${1-} == --share ]]; then
        only=(-share)
        shift
    fi
    if (($# > 0)); then
        usage >&2
        exit 2
    fi
    outside
}

refuse() {
    echo "bench/run.sh: $1" >&2
    exit 1
}

outside() {
    local available
    if ((EUID != 0)); then
        refuse 'it must run as root: it makes a copy of this machine, in which it installs packages and users'
    fi
    available=$(awk '$1 == "MemAvailable:" { print int($2 / 1048576) }' /proc/meminfo)
    if ((available < 10)); then
        refuse "it needs 10 GiB of memory, $available are available"
    fi
    exec test/copy.sh "${layer[@]}" test/prepare.sh bench/run.sh --inside "${only[@]}"
}

inside() {
    # Whatever else this is, it is not to get a manager with a known password.
    if [[ $(hostname) != shztest ]]; then
        refuse 'this is no throw-away copy; run it without --inside'
    fi
    export LC_ALL=C.UTF-8 GOPROXY=off GOTOOLCHAIN=local GOFLAGS='-mod=readonly -buildvcs=false' CGO_ENABLED=0
    umask 022
    mount_disk
    quietly ./install.sh --demo
    if [[ ! -u $gate || ! -d /srv/sharezone/demo ]]; then
        refuse 'the demo of Share Zone is not installed here'
    fi
    add_references
    if [[ ${1-} == -dmz ]]; then
        add_proxy
    fi
    "$place/bench" "$@"
}

# mount_disk puts the zones and the files of the references on the same ext4, so that a difference is not the disk's.
mount_disk() {
    local disk=$place/disk zones=/srv/sharezone
    truncate -s 8G "$image" # sparse
    mkfs.ext4 -q -m 0 -N 2800000 "$image" # a million names are searched, 200,000 shared, a million age
    mkdir -p "$disk" "$zones"
    mount -o loop "$image" "$disk"
    mkdir "$disk/zones" "$disk/files"
    install -d -o www-data -g www-data "$disk/dav" "$place/lock"
    mount --bind "$disk/zones" "$zones"
    mount -o remount,bind,nosuid,nodev,noexec "$zones"
}

# add_references gives the references to the Apache that Share Zone has just got; nothing of them is ever installed.
add_references() {
    mkdir -p "$place/cgi-bin"
    go build -trimpath -ldflags '-s -w' -o "$place/cgi-bin/" ./bench/hello ./bench/sendfile
    gcc -static -O2 -Wall -o "$place/cgi-bin/least" bench/least/least.c
    go build -o "$place/bench" ./bench
    cp bench/apache.conf /etc/apache2-sharezone/local.d/bench.conf
    quietly apache2ctl-sharezone restart
}

# add_proxy makes the external entry and the reverse proxy, on this machine, and gives the references to both.
add_proxy() {
    local instance
    quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$place/key.pem" -out "$place/cert.pem"
    quietly ./install.sh --external 127.0.0.1:8181 --proxy 127.0.0.1
    quietly ./install.sh --dmz --backend http://127.0.0.1:8181 --cert "$place/cert.pem" --key "$place/key.pem" --listen 8443
    cp bench/apache.conf /etc/apache2-sharezone-external/local.d/bench.conf
    printf '<Location /bench/>\n    Require all granted\n</Location>\n' >/etc/apache2-sharezone-dmz/local.d/bench.conf
    for instance in external dmz; do
        quietly env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin APACHE_CONFDIR="/etc/apache2-sharezone-$instance" apache2ctl graceful
    done
    sleep 1
}

# quietly shows what a command said only when it fails.
quietly() {
    local output
    if ! output=$("$@" 2>&1 </dev/null); then
        printf '%s\n' "$output" >&2
        refuse "$1 failed"
    fi
}

main "$@"
