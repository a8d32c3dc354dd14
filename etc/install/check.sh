# shellcheck shell=bash disable=SC2154,SC2034 # $base, $listen, $go and the like are install.sh's
# What install.sh refuses, each with one sentence, before it changes anything. The last two checks come later: that of the
# file system needs tools from packages, that of sudo the rule itself.

check_machine() {
    check_root
    check_debian
    check_go
    check_privileges
    check_apache_user
    each_account check_account
    each_item check_source
    each_item check_type
    check_port
    if [[ $external ]]; then external_instance check_external_port; fi
    if [[ $demo ]]; then check_demo; fi
}

check_root() {
    if ((EUID != 0)); then refuse not-root; fi
}

check_debian() {
    local ID='' VERSION_ID='' PRETTY_NAME=''
    # shellcheck source=/dev/null
    if [[ -r /etc/os-release ]]; then source /etc/os-release; fi
    # Debian testing has no VERSION_ID.
    if [[ $ID != debian || ${VERSION_ID:-99} -lt 12 ]]; then refuse not-debian "${PRETTY_NAME:-$(uname -sr)}"; fi
}

# check_go sets go to the first Go that is new enough, of the PATH and of the place where go.dev says to put it.
check_go() {
    local candidate found='' version wanted
    wanted=$(awk '$1 == "go" { print $2; exit }' go.mod)
    for candidate in "$(command -v go || true)" /usr/local/go/bin/go; do
        if [[ ! -x $candidate ]]; then continue; fi
        # From /, so that go.mod does not make an old Go look for a new one.
        version=$(cd / && GOTOOLCHAIN=local "$candidate" env GOVERSION) || continue
        version=${version#go}
        version=${version%%[- ]*}
        if [[ $(printf '%s\n' "$wanted" "$version" | sort -V | head -n 1) == "$wanted" ]]; then
            go=$candidate
            return
        fi
        found+="${found:+, }$candidate $version"
    done
    if [[ $found ]]; then refuse old-go "$found" "$wanted"; fi
    refuse no-go "$wanted"
}

# check_privileges refuses where a set-uid program could not become root.
check_privileges() {
    local place=/usr/lib
    if grep -q '^NoNewPrivs:[[:space:]]*1' /proc/self/status; then refuse no-new-privs; fi
    if [[ -d /usr/lib/sharezone ]]; then place=/usr/lib/sharezone; fi
    if [[ ,$(findmnt -n -o OPTIONS -T "$place"), == *,nosuid,* ]]; then refuse nosuid "$place"; fi
}

# check_apache_user: the gate knows its caller by the number that Debian gives to www-data everywhere.
check_apache_user() {
    local uid
    uid=$(id -u www-data 2>/dev/null) || return 0
    if ((uid != 33)); then refuse wrong-www-data "$uid"; fi
}

check_account() {
    local kind=$1 name=$2 uid
    if [[ $kind != user ]]; then return; fi
    uid=$(id -u "$name" 2>/dev/null) || return 0
    if ((uid == 0 || uid >= 1000)); then refuse foreign-account "$name" "$uid"; fi
}

check_source() {
    local name=${flag[from]-}${flag[go]-}${flag[cgo]-}${flag[bundle]-}
    if [[ $name && ! -e $name ]]; then refuse incomplete "$PWD" "$name"; fi
}

# check_type: what stands in the place of a folder is not removed, and a link to a folder is not followed as root.
check_type() {
    local path=$1 type=$2
    if [[ ! -e $path && ! -L $path ]]; then return; fi
    if [[ $type == dir && (-L $path || ! -d $path) ]]; then refuse not-folder "$path"; fi
    if [[ $type != dir && -d $path && ! -L $path ]]; then refuse is-folder "$path"; fi
}

# check_address accepts PORT, IPV4:PORT and [IPV6]:PORT.
check_address() {
    local number='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
    if [[ ! $1 =~ ^(($number\.){3}$number:|\[[0-9a-fA-F:.]+\]:)?([1-9][0-9]{0,4})$ ]]; then return 1; fi
    ((${1##*:} <= 65535))
}

# check_peer accepts one address, IPv6 without brackets, that a machine can have.
check_peer() {
    perl -MSocket=:all -e '
        my $four = inet_pton(AF_INET, $ARGV[0]);
        my $six = inet_pton(AF_INET6, $ARGV[0]);
        exit 1 if !defined $four && !defined $six;
        my $first = defined $four ? ord $four : 1;
        # 0.0.0.0/8, multicast and what is beyond; ::, IPv4 in IPv6, multicast
        exit($first == 0 || $first >= 224 || defined $six && ($six =~ /^\0{10}(\0\0.*|\xff\xff.*)$/s && $six ne inet_pton(AF_INET6, "::1") || $six =~ /^\xff/));
    ' -- "$1"
}

# check_external_port: the two instances cannot have the port both, unless each has an address of its own.
check_external_port() {
    if [[ ${listen##*:} == "${external##*:}" && ($listen != *:* || $external != *:* || $listen == "$external") ]]; then
        refuse same-port "$listen" "$external"
    fi
    local listen=$external
    check_port
}

# check_port tries to listen. Where that fails the sockets of our own instance do not count, nor those of the default one
# that apt started in an interrupted run.
check_port() {
    local status=0 holder
    LC_ALL=C perl -MSocket=:all -e '
        my ($host, $port) = $ARGV[0] =~ /^(?:\[?(.*?)\]?:)?(\d+)$/;
        my ($error, $place) = getaddrinfo($host // "::", $port, {
            flags => AI_PASSIVE | AI_NUMERICHOST, socktype => SOCK_STREAM });
        exit 3 if $error;
        # A kernel without IPv6 listens on IPv4 alone, as Apache does then.
        socket(my $s, $place->{family}, SOCK_STREAM, 0)
            or ($place = { family => AF_INET, addr => pack_sockaddr_in($port, INADDR_ANY) },
                socket($s, AF_INET, SOCK_STREAM, 0)) or exit 3;
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 0) if $place->{family} == AF_INET6;
        exit 0 if bind($s, $place->{addr}) && listen($s, 1);
        exit($!{EADDRINUSE} ? 2 : 3);
    ' "$listen" || status=$?
    if ((status == 3)); then refuse foreign-address "$listen"; fi
    if ((status == 0)); then return; fi
    holder=$(foreign_listener "${listen##*:}")
    if [[ $holder ]]; then refuse port-taken "$listen" "$holder"; fi
}

# foreign_listener prints who else listens on the port: "nginx (process 812)".
foreign_listener() {
    local inode own process link
    own=$(own_sockets)
    while read -r inode; do
        if [[ " $own " == *" socket:[$inode] "* ]]; then continue; fi
        for link in /proc/[0-9]*/fd/*; do
            if [[ $(readlink "$link" 2>/dev/null) == "socket:[$inode]" ]]; then
                process=${link#/proc/}
                process=${process%%/*}
                say listener "$(cat "/proc/$process/comm")" "$process"
                return
            fi
        done
        say listener-unknown
        return
    done < <(awk -v port="$(printf ':%04X' "$1")" \
        '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

own_sockets() {
    local pids=() link
    if [[ -s $pid_file ]]; then pids+=("$(<"$pid_file")"); fi
    if owes default-apache && [[ -s /run/apache2/apache2.pid ]]; then pids+=("$(</run/apache2/apache2.pid)"); fi
    for link in "${pids[@]/#//proc/}"; do
        readlink "$link"/fd/* 2>/dev/null || true
    done | tr '\n' ' '
}

# check_file_system tries what zones need, in the place where they will lie. Where our ACL is on it already it did this
# once, and nothing is written.
check_file_system() {
    local place=$base probe ok_acl=yes ok_xattr=yes
    if getfacl -cp "$base" 2>/dev/null | grep -q '^group:shzbase:'; then return; fi
    until [[ -d $place ]]; do place=$(dirname "$place"); done
    probe=$(mktemp "$place/.shz-probe.XXXXXX")
    setfacl -m u:33:r "$probe" 2>/dev/null || ok_acl=
    setfattr -n user.shz.id -v 1 "$probe" 2>/dev/null || ok_xattr=
    rm -f "$probe"
    if [[ ! $ok_acl ]]; then refuse no-acl "$place"; fi
    if [[ ! $ok_xattr ]]; then refuse no-xattr "$place"; fi
}

# check_sudo: nobody could log in, or change his zones, where sudo does not read our rule, or where a later one takes it
# back. For the second a manager is asked about, as soon as there is one.
check_sudo() {
    local helpers=/usr/lib/sharezone/libexec manager
    run sudo -n -l -U shzguest "$helpers/auth" || refuse no-sudo shzguest "$helpers/auth"
    manager=$(getent group shzmgr | cut -d : -f 4 | cut -d , -f 1)
    if [[ $manager ]] && id -- "$manager" >/dev/null 2>&1; then
        run sudo -n -l -U "$manager" "$helpers/zonefix" || refuse no-sudo "$manager" "$helpers/zonefix"
    fi
}
