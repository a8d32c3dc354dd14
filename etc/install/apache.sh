# shellcheck shell=bash disable=SC2154,SC2034 # $base, $listen and the like are install.sh's
# Share Zone's Apache instance: starts it, or has it read what changed. By systemd where it runs, else by apache2ctl.

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
    retire_default_apache
    run instance_ctl configtest || refuse bad-apache
    if [[ -d /run/systemd/system ]] && ! systemctl --quiet is-enabled apache2@sharezone; then
        run systemctl enable apache2@sharezone
        changed apache-enabled
    fi
    if ! is_serving; then
        start_instance
        changed apache-started "$listen"
    elif owes apache-restart; then
        stop_instance
        start_instance
        changed apache-restarted "$listen"
    elif owes apache-reload; then
        if [[ -d /run/systemd/system ]]; then run systemctl reload apache2@sharezone; else run instance_ctl graceful; fi ||
            refuse no-apache
        changed apache-reloaded
    fi
    settle apache-restart
    settle apache-reload
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
        run systemctl start apache2@sharezone || refuse no-apache
    else
        run instance_ctl start || refuse no-apache
    fi
    # It forks before it writes its number.
    local i
    for ((i = 0; i < 50; i++)); do
        if is_serving; then return; fi
        sleep 0.1
    done
    refuse no-apache
}

# stop_instance ends transfers under way: a new address cannot be had by a graceful reload.
stop_instance() {
    local pid i
    pid=$(<"$pid_file")
    if [[ -d /run/systemd/system ]]; then
        run systemctl stop apache2@sharezone
    else
        # It reads its configuration even to stop; that may be what is broken.
        run instance_ctl stop || kill -TERM "$pid"
    fi
    for ((i = 0; i < 100; i++)); do
        if [[ ! -e /proc/$pid ]]; then return; fi
        sleep 0.1
    done
    refuse no-apache
}

# end_apache ends the instance for good.
end_apache() {
    if [[ -d /run/systemd/system ]] && systemctl --quiet is-enabled apache2@sharezone 2>/dev/null; then
        run systemctl disable apache2@sharezone
        changed apache-disabled
    fi
    if is_serving; then
        stop_instance
        changed apache-ended
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
