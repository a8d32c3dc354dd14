# shellcheck shell=bash disable=SC2154,SC2034 # $listen, $backend and the like are install.sh's
# install.sh --dmz: the reverse proxy, on a machine of its own. Nothing else of Share Zone is there, so there is no manifest;
# its files are these. Run again it upgrades or repairs; with --uninstall it removes them, but for local.d and the logs.

# dmz_instance COMMAND... runs a command for the instance of the proxy.
dmz_instance() {
    local instance=/etc/apache2-sharezone-dmz unit=apache2@sharezone-dmz owed=dmz
    local run_folder=/run/apache2-sharezone-dmz
    local pid_file=$run_folder/apache2.pid
    "$@"
}

make_dmz() {
    listen=${listen:-443}
    check_root
    check_debian
    check_port
    lock
    install_packages apache2 openssl
    check_certificate
    install -d -m 0755 "$instance" "$instance/local.d"
    install -d -m 0750 -g adm "/var/log/${instance##*/}"
    ln -sfn /usr/sbin/apache2ctl "/usr/local/sbin/apache2ctl-${instance##*apache2-}"
    dmz_file apache2.conf <etc/apache/dmz.conf
    dmz_file tls.conf <etc/apache/tls.conf
    dmz_file envvars <etc/apache/envvars
    dmz_file down.html <static/error.html
    dmz_file listen.conf < <(
        write_listen
        printf '# install.sh --backend URL\nDefine SHZ_BACKEND %s\n' "$backend"
    )
    retire_default_apache
    serve
    if ((changes == 0)); then say nothing-to-change; fi
    trap - EXIT
}

# dmz_file replaces a file, whole, by what comes in, if it differs. Addresses and environment need a restart.
dmz_file() {
    local path=$instance/$1 what=reload
    cat >"$path.new"
    chmod 0644 "$path.new"
    if cmp -s -- "$path.new" "$path"; then
        rm -f -- "$path.new"
        return
    fi
    if [[ $1 == listen.conf || $1 == envvars ]]; then what=restart; fi
    owe "$owed-$what"
    sync -- "$path.new"
    mv -fT -- "$path.new" "$path"
    changed made-file "$path"
}

remove_dmz() {
    local name
    check_root
    lock
    end_apache
    for name in apache2.conf tls.conf envvars down.html listen.conf; do
        if [[ -e $instance/$name ]]; then
            rm -f -- "$instance/$name"
            changed removed "$instance/$name"
        fi
    done
    rmdir -- "$instance/local.d" "$instance" 2>/dev/null || true
    rm -rf -- "/usr/local/sbin/apache2ctl-${instance##*apache2-}" "$run_folder" "/run/lock/${run_folder##*/}"
    if ((changes == 0)); then say nothing-to-change; fi
    trap - EXIT
}
