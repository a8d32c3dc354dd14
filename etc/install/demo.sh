# shellcheck shell=bash disable=SC2154 # $base, $listen and the like are install.sh's
# install.sh --demo: four people, a zone and a few files to try Share Zone with. Made with the administrator's command,
# as he would do it; a second run keeps what is there.

readonly demo_users=(
    'admin:admin:Ada Amministratore'
    'anna:manager:Anna Bianchi'
    'bruno:base:Bruno Rossi'
    'carla:base:Carla Verdi'
)
declare -A demo_password=()

# check_demo refuses to take over people of these names who are somebody else.
check_demo() {
    local name
    for name in "${demo_users[@]%%:*}"; do
        if getent passwd "$name" >/dev/null; then
            if [[ " $(id -Gn "$name") " != *' shzonly '* ]]; then refuse foreign-user "$name"; fi
        elif getent group "$name" >/dev/null; then
            refuse foreign-group "$name"
        fi
    done
    if [[ -e $base/demo && $(stat -c %U "$base/demo") != anna ]]; then refuse foreign-zone "$base/demo"; fi
}

make_demo() {
    local line name role full_name
    for line in "${demo_users[@]}"; do
        IFS=: read -r name role full_name <<<"$line"
        if getent passwd "$name" >/dev/null; then continue; fi
        demo_password[$name]=$(make_password)
        shzadm user add "$name" --role "$role" --full-name "$full_name" --email "$name@localhost" --password-stdin \
            >/dev/null 9>&- <<<"${demo_password[$name]}"
        changed made-person "$name" "$role"
    done
    if [[ ! -d $base/demo ]]; then
        shzadm zone add demo --owner anna --title 'Zona di prova / Demo zone' >/dev/null 9>&-
        changed made-zone demo anna
    fi
    if ! getfacl -cpE "$base/demo" | grep -qx 'user:bruno:rwx'; then
        shzadm zone share demo user:bruno=write >/dev/null 9>&-
        changed shared-zone demo bruno
    fi
    deliver 'Leggimi.txt' "$(say demo-text-it)"
    deliver 'Readme.txt' "$(say demo-text-en)"
    deliver 'colori.csv' $'colore;colour\nrosso;red\nverde;green\nblu;blue'
}

# deliver puts a file into the zone as anna, with the mode 0640 that uploads have. cp creates it with the mode of the
# source and lets it inherit the zone's ACL; install(1) would take the ACL away.
deliver() {
    local name=$1 text=$2 source
    if [[ -e $base/demo/$name ]]; then return; fi
    source=$(mktemp)
    printf '%s\n' "$text" >"$source"
    chown anna: "$source"
    chmod 0640 "$source"
    run runuser -u anna -- cp -- "$source" "$base/demo/$name"
    rm -f "$source"
    changed delivered "$name" demo
}

# make_password prints 16 characters of 31 that are not taken for each other (79 bits), in groups of four.
make_password() {
    local letters
    letters=$(head -c 512 /dev/urandom | LC_ALL=C tr -dc 'a-hjkmnp-z2-9')
    printf '%s-%s-%s-%s\n' "${letters:0:4}" "${letters:4:4}" "${letters:8:4}" "${letters:12:4}"
}

show_demo() {
    local line name role host=$listen
    case $listen in
    *:*) ;;
    *) host=$(hostname -f 2>/dev/null || hostname):$listen ;;
    esac
    if [[ $tls == yes ]]; then say demo-url "https://${host%:443}/"; else say demo-url "http://${host%:80}/"; fi
    for line in "${demo_users[@]}"; do
        IFS=: read -r name role _ <<<"$line"
        printf '  %-6s %-8s %s\n' "$name" "$role" "${demo_password[$name]:-$(say demo-unchanged "$name")}"
    done
}
