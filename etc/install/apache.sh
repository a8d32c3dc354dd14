# shellcheck shell=bash disable=SC2154 # $base, $listen and the like are install.sh's
# Share Zone's Apache instance: starts it, or has it read what changed. By systemd where it runs, else by apache2ctl.

# found_listen prints the address that the installation has now.
found_listen() {
    if [[ -r $instance/listen.conf ]]; then awk '$1 == "Listen" { print $2; exit }' "$instance/listen.conf"; fi
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
    if [[ -d /run/systemd/system ]]; then run systemctl stop apache2@sharezone; else run instance_ctl stop; fi
    for ((i = 0; i < 100; i++)); do
        if [[ ! -e /proc/$pid ]]; then return; fi
        sleep 0.1
    done
    refuse no-apache
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
