#!/bin/bash
# install.sh: builds Share Zone from this checkout and installs it. Run again it upgrades or repairs. It also uninstalls.
#
# It asks nothing, prints a line for each thing that it changes, and touches nothing that is as it should be. What
# belongs on a machine, with owners and modes, stands in etc/manifest alone. The manual is doc/man/install.sh.8.
#
# SECURITY: it runs as root what lies in this checkout; whoever can write here is root at the next run.
#
# It may be interrupted anywhere and started again: files are replaced whole, by rename, and what has to follow a change
# (a reload) is noted before the change, in /var/lib/sharezone/pending.

# shellcheck disable=SC2317 # each_item and each_account call functions by name
set -Eeuo pipefail
umask 022
export HOME=${HOME:-/root} # go and npm keep their caches there
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd -- "$(dirname -- "$(readlink -f -- "$0")")"

readonly manifest=etc/manifest
readonly record=/usr/share/sharezone/manifest # the manifest of the version that is installed
readonly state=/var/lib/sharezone
readonly register=$state/uids # every uid that was ever given away
readonly cache=/var/cache/sharezone
readonly base=/srv/sharezone
# Of the two Apache instances each function that is about one finds which in these; external_instance exchanges them.
instance=/etc/apache2-sharezone
unit=apache2@sharezone
run_folder=/run/apache2-sharezone
pid_file=$run_folder/apache2.pid
owed=apache # what note_consequences notes begins so

# shellcheck source=etc/install/message.sh
source etc/install/message.sh
# shellcheck source=etc/install/check.sh
source etc/install/check.sh
# shellcheck source=etc/install/manifest.sh
source etc/install/manifest.sh
# shellcheck source=etc/install/apache.sh
source etc/install/apache.sh
# shellcheck source=etc/install/tls.sh
source etc/install/tls.sh
# shellcheck source=etc/install/remove.sh
source etc/install/remove.sh
# shellcheck source=etc/install/demo.sh
source etc/install/demo.sh
# shellcheck source=etc/install/dmz.sh
source etc/install/dmz.sh

main() {
    read_options "$@"
    if [[ $dmz ]]; then
        if [[ $uninstall ]]; then dmz_instance remove_dmz; else dmz_instance make_dmz; fi
        return
    fi
    if [[ $uninstall ]]; then
        uninstall
        return
    fi
    choose_tls
    choose_listen
    external_instance choose_external
    check_machine
    lock
    install_packages "${packages[@]}"
    check_file_system
    check_certificate
    build_programs
    build_style
    each_account make_account
    look
    each_item make_item
    each_item retire_item <(retired_items)
    each_item make_record
    make_certificate
    check_sudo
    retire_default_apache
    reload_units
    watch_spool
    serve
    external_instance serve_external
    reload_sshd
    if [[ $demo ]]; then make_demo; fi
    finish
}

read_options() {
    demo='' listen='' tls='' certificate='' key='' uninstall='' purge='' external='' proxy='' dmz='' backend=''
    while (($#)); do
        case $1 in
        --demo) demo=yes ;;
        --listen)
            listen=${2-}
            check_address "$listen" || wrong_usage bad-address "$listen"
            shift
            ;;
        --external)
            external=${2-}
            check_address "$external" || wrong_usage bad-address "$external"
            shift
            ;;
        --proxy)
            proxy=${2-}
            check_peer "$proxy" || wrong_usage bad-peer "$proxy"
            shift
            ;;
        --no-external) external=no ;;
        --dmz) dmz=yes ;;
        --backend)
            backend=${2-}
            if [[ $backend != http://*:* ]] || ! check_address "${backend#http://}"; then wrong_usage bad-backend "$backend"; fi
            shift
            ;;
        --tls) tls=yes ;;
        --no-tls) tls=no ;;
        --cert | --key)
            check_path "${2-}" || wrong_usage bad-path "$1" "${2-}"
            if [[ $1 == --cert ]]; then certificate=$2; else key=$2; fi
            shift
            ;;
        --uninstall) uninstall=yes ;;
        --purge) purge=yes ;;
        --check)
            command -v shzadm >/dev/null || refuse not-installed
            exec shzadm doctor
            ;;
        --help)
            say usage
            trap - EXIT
            exit 0
            ;;
        *) wrong_usage bad-option "$1" ;;
        esac
        shift
    done
    if [[ $dmz ]]; then
        if [[ $demo$tls$external$proxy$purge ]]; then wrong_usage not-with-dmz; fi
        if [[ ! $uninstall ]]; then tls=yes; fi
    elif [[ $backend ]]; then
        wrong_usage incomplete-dmz
    fi
    if [[ $certificate$key && ! ($certificate && $key && $tls == yes) ]]; then wrong_usage incomplete-certificate; fi
    if [[ ! $external && $proxy || $external == no && $proxy || $external && $external != no && ! $proxy ]]; then
        wrong_usage incomplete-external
    fi
    if [[ $purge && ! $uninstall ]]; then wrong_usage only-purge; fi
    if [[ $uninstall && $demo$listen$tls$external ]]; then wrong_usage not-with-uninstall; fi
}

# lock makes a second install.sh end at once. A daemon that is started must inherit neither the lock nor what the caller
# had open: who waits for the end of a pipe would wait for Apache's.
lock() {
    local descriptor
    for descriptor in "/proc/$$/fd"/*; do
        descriptor=${descriptor##*/}
        # 255 is bash's own, the script.
        if ((descriptor > 2 && descriptor < 255)); then exec {descriptor}>&-; fi
    done
    exec 9>/run/sharezone-install.lock
    flock -n 9 || refuse running
}

# packages that are always needed; gcc and the PAM headers for libexec/auth, the only program with cgo; openssl for --tls;
# cracklib-runtime has the dictionary without which pam_pwquality refuses every new password; libpam-google-authenticator checks
# codes of the second factor.
readonly packages=(acl apache2 attr cracklib-runtime cron gcc libc6-dev libpam-google-authenticator libpam-pwquality libpam0g-dev mount openssl sudo)

install_packages() {
    local name missing=() installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || true # one is unknown
    for name in "$@"; do
        if [[ $'\n'$installed$'\n' != *$'\n'"$name installed"$'\n'* ]]; then missing+=("$name"); fi
    done
    if [[ ! $dmz ]] && ! command -v npm >/dev/null; then missing+=(npm); fi
    if ((${#missing[@]} == 0)); then return; fi

    # Debian starts a web server that it installs, on port 80. One that was here before is left alone.
    if [[ " ${missing[*]} " == *" apache2 "* ]]; then owe default-apache; fi
    changed installing "${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    run apt-get -q update || say warning-update
    # An interrupted run may have left packages unpacked and not configured; apt refuses to go on then.
    run dpkg --configure -a || true
    run apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "${missing[@]}" ||
        refuse no-packages "${missing[*]}"
}

build_programs() {
    static_programs=() cgo_programs=()
    each_item collect_program
    install -d -m 0700 "$cache"
    mkdir -p "$cache/bin"
    # No version control stamp: the checkout may be another user's, and two builds of the same source are the same.
    local go_build=("$go" build -trimpath -buildvcs=false -ldflags '-s -w' -o "$cache/bin/")
    run env GOTOOLCHAIN=local CGO_ENABLED=0 "${go_build[@]}" "${static_programs[@]}" || refuse no-build
    run env GOTOOLCHAIN=local CGO_ENABLED=1 "${go_build[@]}" "${cgo_programs[@]}" || refuse no-build
}

collect_program() {
    if [[ ${flag[go]-} ]]; then static_programs+=("./${flag[go]}"); fi
    if [[ ${flag[cgo]-} ]]; then cgo_programs+=("./${flag[cgo]}"); fi
}

# build_style bundles the style sheet. The npm packages lie in the cache, not in the checkout, and are fetched again only
# when the lock file changed; their install scripts do not run.
build_style() {
    local npm=$cache/npm wanted
    wanted=$(cat static/package.json static/package-lock.json static/.npmrc | sha256sum)
    if [[ $(cat "$npm/built-from" 2>/dev/null) != "$wanted" ]]; then
        rm -rf "$npm"
        mkdir -p "$npm"
        cp static/package.json static/package-lock.json static/.npmrc "$npm/"
        run npm --prefix "$npm" ci --prefer-offline --ignore-scripts --no-audit --no-fund || refuse no-npm
        echo "$wanted" >"$npm/built-from"
    fi
    each_item bundle_item
}

bundle_item() {
    if [[ ! ${flag[bundle]-} ]]; then return; fi
    run env NODE_PATH="$cache/npm/node_modules" "$cache/npm/node_modules/.bin/esbuild" "${flag[bundle]}" \
        --bundle --minify --log-level=warning --outfile="$cache/bundle/${flag[bundle]##*/}" || refuse no-bundle
}

# run runs a command whose output matters only when it fails.
run() {
    local output status=0
    output=$("$@" 2>&1 </dev/null 9>&-) || status=$?
    if ((status)) && [[ $output ]]; then printf '%s\n' "$output" >&2; fi
    return "$status"
}

# owe notes, before the change that asks for it, something that has to be done after it; settle crosses it out.
owe() {
    install -d -m 0711 "$state"
    install -d -m 0700 "$state/pending"
    : >"$state/pending/$1"
}
owes() { [[ -e $state/pending/$1 ]]; }
settle() { rm -f "$state/pending/$1"; }

# reload_units has systemd read what changed of its units. It is in force when they are started next.
reload_units() {
    if ! owes units-reload; then return; fi
    if [[ -d /run/systemd/system ]]; then run systemctl daemon-reload; fi
    settle units-reload
}

# watch_spool has systemd start the worker when a request is over. Who wants cron alone to do it masks the unit.
watch_spool() {
    local unit=sharezone-worker.path
    if [[ ! -d /run/systemd/system || $(systemctl is-enabled $unit) == masked ]]; then return; fi
    if systemctl --quiet is-enabled $unit && systemctl --quiet is-active $unit; then return; fi
    run systemctl enable --now $unit
    changed spool-watched
}

unwatch_spool() {
    if [[ -d /run/systemd/system && -e /etc/systemd/system/sharezone-worker.path ]]; then run systemctl disable --now sharezone-worker.path; fi
}

reload_sshd() {
    if ! owes sshd-reload; then return; fi
    if [[ -d /run/systemd/system ]] && systemctl --quiet is-active ssh; then
        run sshd -t || refuse bad-sshd
        run systemctl reload ssh
        changed sshd-reloaded
    elif [[ -s /run/sshd.pid ]]; then
        run sshd -t || refuse bad-sshd
        kill -HUP "$(</run/sshd.pid)"
        changed sshd-reloaded
    fi
    settle sshd-reload
}

finish() {
    local status=0
    if ((changes == 0)); then say nothing-to-change; fi
    shzadm doctor 9>&- || status=$?
    if [[ $demo ]]; then show_demo; fi
    trap - EXIT
    exit "$status"
}

main "$@"
