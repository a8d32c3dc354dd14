#!/bin/bash
# copy.sh - runs a command as root in a throw-away copy of this machine.
#
# usage: test/copy.sh [--layer FILE] PREPARE COMMAND [ARGUMENT...]
#        test/copy.sh [--layer FILE] PREPARE --beside SCRIPT [ARGUMENT...]
#
# PREPARE runs in the copy with the machine's network: what must be downloaded is installed there. COMMAND then runs in
# the same copy without any network but lo. Both start in a copy of this repository, at the place where it lies, taken
# when the run begins: what is edited meanwhile belongs to the next run.
#
# SCRIPT runs beside the copies and makes as many as it likes, also at the same time, with the two functions "stage" and
# "copy" below: each has network, processes, users and files of its own and begins where PREPARE and the stages ended.
#
# A copy is an overlay over / whose upper layer is on a tmpfs, seen by processes in namespaces of their own. Nothing can
# be left behind: mounts, files, loop devices and processes belong to the namespaces and vanish with them, also when
# this script is killed (the kernel then kills the first process of the PID namespace, and with it all others).
#
# --layer FILE keeps the state after PREPARE in an ext4 image and uses it again while `PREPARE --key` prints the same
# line. It saves developers the downloads; it is the one thing that stays.
#
# SHZ_SHOTS=FOLDER lets one folder of the machine into the copies, as test/shots of the repository: for the screenshots
# of the browser tests.
#
# Not covered: what PREPARE does with the network, and devices (/dev is the machine's own, and so the same in all copies).

set -euo pipefail

repository=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

# A fixed, existing directory: a temporary one would stay behind when this script is killed.
readonly top=/mnt
readonly root=$top/root

main() {
    case ${1-} in
    --inside) inside "${@:2}" ;;
    --copy) be_copy "${@:2}" ;;
    *) outside "$@" ;;
    esac
}

# outside starts this script again in its own namespaces and waits for it.
outside() {
    local child
    if [[ ${1-} == --layer ]]; then
        mkdir -p -- "$(dirname -- "$2")"
        set -- --layer "$(realpath -- "$2")" "${@:3}"
    fi
    if [[ ${SHZ_SHOTS-} ]]; then
        mkdir -p -- "$SHZ_SHOTS"
        SHZ_SHOTS=$(realpath -- "$SHZ_SHOTS")
        export SHZ_SHOTS
    fi
    # Job control gives the child a process group of its own, so that ctrl-C reaches this shell alone; the child
    # must not see it half-way, it is killed as a whole. unshare blocks SIGTERM, hence KILL; pdeathsig covers the
    # case that this shell itself is killed.
    set -m
    setpriv --pdeathsig KILL \
        unshare --mount --propagation private --pid --fork --kill-child \
        bash "${BASH_SOURCE[0]}" --inside "$@" </dev/null &
    child=$!
    set +m
    trap 'stop "$child" 130' INT
    trap 'stop "$child" 143' TERM
    trap 'stop "$child" 129' HUP
    wait "$child"
}

stop() {
    trap '' INT TERM HUP
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
    exit "$2"
}

# inside is process 1 of the PID namespace that the copies belong to.
inside() {
    local layer='' prepare
    if [[ $1 == --layer ]]; then
        layer=$2
        shift 2
    fi
    prepare=$1
    shift

    # Held open: the repository may lie below the directory that is covered now.
    exec 9<"$repository"
    mount -t tmpfs -o size=75%,mode=755 tmpfs "$top"
    mkdir "$root" "$top/layer" "$top/repository"
    tar -C /proc/self/fd/9 --exclude=node_modules -cf - . | tar -C "$top/repository" -xpf -

    lower=/
    if [[ $layer ]]; then
        open_layer "$layer" "$prepare"
    else
        copy_to "$top/layer" "$prepare"
    fi
    lower=$top/layer/upper:$lower
    if [[ ${1-} == --beside ]]; then
        # shellcheck source=test/run.sh
        source "$top/repository/$2" "${@:3}"
    else
        copy command "$@"
    fi
}

# open_layer LAYER PREPARE mounts the image of the prepared state, after making it if there is none or an old one.
open_layer() {
    local layer=$1 prepare=$2 key
    key=$(cd /proc/self/fd/9 && "$prepare" --key)
    if [[ -f $layer ]]; then
        mount -o loop,ro "$layer" "$top/layer"
        if [[ $(<"$top/layer/key") == "$key" ]]; then
            return
        fi
        umount "$top/layer"
    fi
    rm -f "$layer" "$layer.new"
    truncate -s 8G "$layer.new" # sparse
    mkfs.ext4 -q -m 0 "$layer.new"
    mount -o loop "$layer.new" "$top/layer"
    copy_to "$top/layer" "$prepare"
    echo "$key" >"$top/layer/key"
    umount "$top/layer"
    mv "$layer.new" "$layer"
    mount -o loop,ro "$layer" "$top/layer"
}

# stage NAME COMMAND... runs a command in a copy, and all later copies begin with what it leaves in files.
stage() {
    copy "$@" || return
    lower=$top/$1/upper:$lower
}

# copy NAME COMMAND... runs a command in a copy without any network but lo. What it writes to / lies in $top/NAME/upper.
copy() {
    copy_to "$top/$1" unshare --net bash -c 'ip link set lo up && exec "$@"' bash "${@:2}"
}

# copy_to WHERE COMMAND... leaves in WHERE/upper what the command writes to /. It has the machine's network.
copy_to() {
    mkdir -p "$1/upper" "$1/work"
    setpriv --pdeathsig KILL \
        unshare --mount --pid --fork --kill-child --uts --ipc \
        bash "$top/repository/test/copy.sh" --copy "$repository" "$lower" "$@" 9<&-
}

# be_copy REPOSITORY LOWER WHERE COMMAND... is process 1 of a copy. What the machine has lies in LOWER; what is written
# to / goes to WHERE/upper.
be_copy() {
    repository=$1
    mount -t overlay -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" overlay "$root"
    mount_rest
    chroot "$root" /usr/bin/env -C "$repository" HOME=/root "${@:4}"
}

mount_rest() {
    # An overlay shows its lower file system alone, without what is mounted on it.
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mkdir -m 1777 "$root/run/lock"
    chmod 1777 "$root/tmp"

    # Containers mount these two over the file, systemd links one into /run: the copy gets plain files.
    local file
    for file in /etc/resolv.conf /etc/hosts; do
        rm -f "$root$file"
        cat "$file" >"$root$file" 2>/dev/null || true
    done
    hostname shztest
    echo '127.0.1.1 shztest' >>"$root/etc/hosts" # sudo looks the own name up

    mkdir -p "$root$repository"
    mount -t tmpfs -o mode=755 tmpfs "$root$repository"
    cp -a "$top/repository/." "$root$repository"
    if [[ ${SHZ_SHOTS-} ]]; then
        mkdir -p "$root$repository/test/shots"
        mount --bind "$SHZ_SHOTS" "$root$repository/test/shots"
    fi
}

main "$@"
