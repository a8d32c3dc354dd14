# shellcheck shell=bash disable=SC2154,SC2034 # $base, $listen and the like are install.sh's
# Share Zone's Apache instances: starts them, or has them read what changed. By systemd where it runs, else by apache2ctl.

# external_instance COMMAND... runs a command for the instance of the external entry.
external_instance() {
    local instance=/etc/apache2-sharezone-external unit=apache2@sharezone-external owed=external
    local run_folder=/run/apache2-sharezone-external
    local pid_file=$run_folder/apache2.pid
    "$@"
}

# choose_external: without --external or --no-external an upgrade leaves it as the installation has it, off or on.
choose_external() {
    if [[ $external == no ]]; then
        external=''
        return
    fi
    if [[ $external ]]; then return; fi
    external=$(found_listen)
    if [[ -r $instance/listen.conf ]]; then proxy=$(sed -n 's/^SetEnv SHZ_PROXY //p' "$instance/listen.conf"); fi
}

# write_external prints the listen.conf of the external entry. Apache lets the proxy alone in, and tells the gate which
# address that is.
write_external() {
    printf '# install.sh --external [ADDRESS:]PORT --proxy ADDRESS\n'
    if [[ ! $external ]]; then return; fi
    printf 'Listen %s\nSetEnv SHZ_PROXY %s\n' "$external" "$proxy"
    printf '<Location />\n    AuthMerging And\n    Require ip %s\n</Location>\n' "$proxy"
}

serve_external() {
    local listen=$external
    if [[ $external ]]; then
        serve
    else
        end_apache
        settle external-restart
        settle external-reload
    fi
}

# found_listen prints the address that the installation has now.
found_listen() {
    if [[ -r $instance/listen.conf ]]; then awk '$1 == "Listen" { print $2; exit }' "$instance/listen.conf"; fi
}

# choose_listen: without --listen an upgrade stays where the installation is. A port that is the usual one is changed for
# the usual one of TLS, and back.
choose_listen() {
    declare -A counterpart=([80]=443 [443]=80 [8080]=8443 [8443]=8080)
    local found port
    if [[ $listen ]]; then return; fi
    found=$(found_listen)
    if [[ $demo ]]; then
        listen=127.0.0.1:8080
        if [[ $tls == yes ]]; then listen=127.0.0.1:8443; fi
    elif [[ ! $found ]]; then
        listen=80
        if [[ $tls == yes ]]; then listen=443; fi
    else
        port=${found##*:}
        listen=$found
        if [[ $tls != "$was_tls" ]]; then listen=${found%"$port"}${counterpart[$port]-$port}; fi
    fi
}

serve() {
    run instance_ctl configtest || refuse bad-apache "$instance/local.d"
    if [[ -d /run/systemd/system ]] && ! systemctl --quiet is-enabled "$unit"; then
        run systemctl enable "$unit"
        changed apache-enabled "${unit#*@}"
    fi
    if ! is_serving; then
        start_instance
        changed apache-started "${unit#*@}" "$listen"
    elif owes "$owed-restart"; then
        stop_instance
        start_instance
        changed apache-restarted "${unit#*@}" "$listen"
    elif owes "$owed-reload"; then
        if [[ -d /run/systemd/system ]]; then run systemctl reload "$unit"; else run instance_ctl graceful; fi ||
            refuse no-apache "/var/log/${instance##*/}"
        changed apache-reloaded "${unit#*@}"
    fi
    settle "$owed-restart"
    settle "$owed-reload"
}

# Apache hands its PATH on; it is not to be the one of whoever ran install.sh.
instance_ctl() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C APACHE_CONFDIR="$instance" \
        apache2ctl "$@"
}

is_serving() {
    local pid
    pid=$(cat "$pid_file" 2>/dev/null) && [[ $pid && $(readlink "/proc/$pid/exe") == /usr/sbin/apache2* ]]
}

start_instance() {
    if [[ -d /run/systemd/system ]]; then
        run systemctl start "$unit" || refuse no-apache "/var/log/${instance##*/}"
    else
        run instance_ctl start || refuse no-apache "/var/log/${instance##*/}"
    fi
    # It forks before it writes its number.
    local i
    for ((i = 0; i < 50; i++)); do
        if is_serving; then return; fi
        sleep 0.1
    done
    refuse no-apache "/var/log/${instance##*/}"
}

# stop_instance ends transfers under way: a new address cannot be had by a graceful reload.
stop_instance() {
    local pid i
    pid=$(<"$pid_file")
    if [[ -d /run/systemd/system ]]; then
        run systemctl stop "$unit"
    else
        # It reads its configuration even to stop; that may be what is broken.
        run instance_ctl stop || kill -TERM "$pid"
    fi
    for ((i = 0; i < 100; i++)); do
        if [[ ! -e /proc/$pid ]]; then return; fi
        sleep 0.1
    done
    refuse no-apache "/var/log/${instance##*/}"
}

# end_apache ends the instance for good.
end_apache() {
    if [[ -d /run/systemd/system ]] && systemctl --quiet is-enabled "$unit" 2>/dev/null; then
        run systemctl disable "$unit"
        changed apache-disabled "${unit#*@}"
    fi
    if is_serving; then
        stop_instance
        changed apache-ended "${unit#*@}"
    fi
}

# retire_default_apache ends the default instance where it is there only because we installed the package.
retire_default_apache() {
    if ! owes default-apache; then return; fi
    if [[ -d /run/systemd/system ]]; then
        run systemctl disable --now apache2
    else
        run update-rc.d apache2 disable
        if [[ -s /run/apache2/apache2.pid ]]; then run apache2ctl stop; fi
    fi
    changed default-apache-ended
    settle default-apache
}
