# shellcheck shell=bash disable=SC2154,SC2034 # $listen, $backend and the like are install.sh's
# install.sh --dmz: the reverse proxy, on a machine of its own. Nothing else of Share Zone is there, so there is no manifest;
# its files are these. Run again it upgrades or repairs, and what is not said stays as it was; with --uninstall it removes them,
# but for local.d and the logs.

readonly dmz_packages=(apache2 logrotate nftables openssl)

# dmz_instance COMMAND... runs a command for the instance of the proxy.
dmz_instance() {
    local instance=/etc/apache2-sharezone-dmz unit=apache2@sharezone-dmz owed=dmz
    local run_folder=/run/apache2-sharezone-dmz
    local pid_file=$run_folder/apache2.pid
    "$@"
}

dmz_files() {
    printf '%s\n' "$instance"/{apache2.conf,tls.conf,envvars,error.html,listen.conf,limit.nft} \
        "/etc/logrotate.d/${instance##*/}" "/etc/systemd/system/$unit.service.d/limit.conf"
}

make_dmz() {
    choose_dmz
    check_root
    check_debian
    check_port
    lock
    install_packages "${dmz_packages[@]}"
    check_certificate
    install -d -m 0755 "$instance" "$instance/local.d"
    install -d -m 0750 -g adm "/var/log/${instance##*/}"
    ln -sfn /usr/sbin/apache2ctl "/usr/local/sbin/apache2ctl-${instance##*apache2-}"
    # apache2.conf last: it includes others.
    dmz_file "$instance/envvars" <etc/apache/envvars
    dmz_file "$instance/tls.conf" <etc/apache/tls.conf
    dmz_file "$instance/error.html" <static/error.html
    rm -f -- "$instance/down.html" # its name before
    dmz_file "$instance/listen.conf" < <(
        write_listen
        printf '# install.sh --backend URL\nDefine SHZ_BACKEND %s\n' "$backend"
    )
    dmz_file "$instance/apache2.conf" <etc/apache/dmz.conf
    dmz_file "/etc/logrotate.d/${instance##*/}" <"etc/logrotate/${instance##*/}"
    retire_default_apache
    limit_clients
    serve
    if ((changes == 0)); then say nothing-to-change; fi
    trap - EXIT
}

# choose_dmz: an upgrade leaves address, certificate and backend as the installation has them.
choose_dmz() {
    listen=${listen:-$(found_listen)}
    listen=${listen:-443}
    if [[ ! $certificate ]]; then
        certificate=$(found_path SSLCertificateFile) key=$(found_path SSLCertificateKeyFile)
    fi
    if [[ ! $backend && -r $instance/listen.conf ]]; then
        backend=$(sed -n 's/^Define SHZ_BACKEND //p' "$instance/listen.conf")
    fi
    if [[ ! $backend || ! $certificate || ! $key ]]; then wrong_usage incomplete-dmz; fi
}

# limit_clients has the kernel count connections. A container may forbid that; the proxy works without.
limit_clients() {
    dmz_file "$instance/limit.nft" < <(sed "s/PORT/${listen##*:}/" etc/apache/limit.nft)
    if [[ -d /run/systemd/system ]]; then
        mkdir -p "/etc/systemd/system/$unit.service.d"
        dmz_file "/etc/systemd/system/$unit.service.d/limit.conf" < <(
            printf '[Service]\nExecStartPre=-/usr/sbin/nft -f %s\n' "$instance/limit.nft"
        )
        if owes "$owed-unit"; then run systemctl daemon-reload; fi
        settle "$owed-unit"
    fi
    if owes "$owed-limit" || ! nft list table inet sharezone_dmz >/dev/null 2>&1; then
        if run nft -f "$instance/limit.nft"; then changed limited "${listen##*:}"; else say warning-limit; fi
    fi
    settle "$owed-limit"
}

# dmz_file replaces a file, whole, by what comes in, if it differs. Addresses and environment need a restart.
dmz_file() {
    local path=$1 new what=reload
    new=$(temporary "$path")
    cat >"$new"
    chmod 0644 "$new"
    if cmp -s -- "$new" "$path"; then
        rm -f -- "$new"
        return
    fi
    case ${path##*/} in
    listen.conf | envvars) what=restart ;;
    limit.nft) what=limit ;;
    limit.conf) what=unit ;;
    esac
    owe "$owed-$what"
    sync -- "$new"
    mv -fT -- "$new" "$path"
    changed made-file "$path"
}

remove_dmz() {
    local path
    check_root
    lock
    end_apache
    if nft list table inet sharezone_dmz >/dev/null 2>&1; then run nft delete table inet sharezone_dmz; fi
    while read -r path; do
        if [[ -e $path ]]; then
            rm -f -- "$path"
            changed removed "$path"
        fi
    done < <(dmz_files)
    if [[ -d /run/systemd/system ]]; then run systemctl daemon-reload; fi
    rmdir -- "/etc/systemd/system/$unit.service.d" "$instance/local.d" "$instance" 2>/dev/null || true
    rm -rf -- "/usr/local/sbin/apache2ctl-${instance##*apache2-}" "$run_folder" "/run/lock/${run_folder##*/}"
    for path in restart reload limit unit; do settle "$owed-$path"; done
    if [[ ! -e $record ]]; then rmdir -- "$state/pending" "$state" 2>/dev/null || true; fi
    if ((changes == 0)); then say nothing-to-change; fi
    trap - EXIT
}
