# shellcheck shell=bash disable=SC2154 # $base, $purge and the like are install.sh's
# Removing: what an upgrade no longer has, and install.sh --uninstall [--purge]. What goes is listed in the manifest of
# this checkout and in that of the installed version; nothing else is touched. People's accounts, and the files in zones,
# are never removed: they are not Share Zone's.

uninstall() {
    check_root
    lock
    end_apache
    external_instance end_apache
    unwatch_spool
    if [[ $purge ]]; then tell_of_events; fi
    each_item remove_file <(all_items)
    reload_sshd
    reload_units
    # The folders of state come last: what has still to be done is noted there.
    each_item remove_folder <(all_items)
    remove_record
    rm -rf -- "$run_folder"{,-external} "/run/lock/${run_folder##*/}"{,-external}
    if [[ $purge ]] && ! has_zones; then
        remove_base
        each_account remove_user
        each_account remove_group
    elif [[ $purge ]]; then
        release_base
    fi
    say_left
    trap - EXIT
}

# all_items prints the lines of both manifests, a folder after what lies in it. Where both have a path the newer one says
# what becomes of it.
all_items() {
    local lists=("$manifest")
    if [[ -r $record ]]; then lists+=("$record"); fi
    awk '$1 ~ /^\// && !seen[$1]++' "${lists[@]}" | LC_ALL=C sort -r
}

# retired_items prints what only the installed version has.
retired_items() {
    if [[ ! -r $record ]]; then return; fi
    awk 'NR == FNR { new[$1]; next } $1 ~ /^\// && !($1 in new)' "$manifest" "$record" | LC_ALL=C sort -r
}

retire_item() {
    if is_zones "$1"; then return; fi
    unset 'flag[made]' # what read it is gone too
    if [[ $2 == dir ]]; then remove_folder "$@"; else remove_file "$@"; fi
    if [[ -e $1 ]]; then say kept-retired "$1"; fi
}

remove_file() {
    local path=$1 type=$2
    if [[ $type == dir || $path == "$record" ]] || is_zones "$path"; then return; fi
    rm -f -- "$(temporary "$path")"
    if [[ ! -e $path && ! -L $path ]]; then return; fi
    # A folder in the place of a file is not ours.
    if [[ -d $path && ! -L $path ]] || file_stays "$path"; then
        left+=("$path")
        return
    fi
    note_consequences "$path"
    rm -f -- "$path"
    changed removed "$path"
}

# file_stays says whether the file holds what somebody would miss.
file_stays() {
    local path=$1
    if [[ ${flag[while]-} ]] && has_members "${flag[while]}"; then return 0; fi
    if [[ $purge ]]; then
        # A number that is given away twice inherits the former one's files.
        [[ $path == "$register" ]] && has_zones
        return
    fi
    if [[ -v flag[made] ]]; then return 0; fi
    if [[ -v flag[optional] && ! ${flag[from]-}${flag[go]-}${flag[cgo]-}${flag[bundle]-} ]]; then return 0; fi
    if [[ -v flag[keep] ]]; then
        read_record
        [[ $(checksum "$path") != "${recorded[$path]-}" ]]
        return
    fi
    return 1
}

# remove_folder removes a folder that is empty, and empties it where nothing in it is worth keeping.
remove_folder() {
    local path=$1 type=$2
    if [[ $type != dir || -L $path || ! -d $path || $path == "${record%/*}" ]] || is_zones "$path"; then return; fi
    if [[ $purge || -v flag[volatile] ]]; then
        find "$path" -xdev -depth -mindepth 1 ! -path "$register" -delete || true
    fi
    if rmdir -- "$path" 2>/dev/null; then changed removed "$path"; else left+=("$path"); fi
}

remove_record() {
    if [[ -e $record ]]; then
        rm -f -- "$record" "$(temporary "$record")"
        changed removed "$record"
    fi
    if rmdir -- "${record%/*}" 2>/dev/null; then changed removed "${record%/*}"; fi
}

# is_zones says whether the path is the base or lies below it.
is_zones() { [[ $1/ == "$base"/* ]]; }

# has_zones says whether anybody would miss something below the base, or might.
has_zones() {
    local entry
    for entry in "$base"/* "$base"/.[!.]* "$base/.closed"/* "$base/.closed"/.[!.]*; do
        if [[ $entry == "$base/.closed" || $entry == "$base/lost+found" ]]; then continue; fi
        if [[ -e $entry || -L $entry ]]; then return; fi
    done
    are_out_of_sight
}

# are_out_of_sight says whether there may be zones on a file system that is not mounted now: the base, or a folder above
# it, is to be a mount and is none; or uids were given away, and the base is not the folder in which install.sh once made
# .closed, but what such a mount covers.
are_out_of_sight() {
    local place=$base unit
    while [[ $place ]]; do
        unit=${place#/}
        if ! mountpoint -q "$place" && { is_in_fstab "$place" || [[ -e /etc/systemd/system/${unit//\//-}.mount ]]; }; then return; fi
        place=${place%/*}
    done
    [[ -s $register && ! -d $base/.closed ]]
}

# is_in_fstab says whether fstab(5) has something else to mount there than the folder itself.
is_in_fstab() {
    awk -v place="$1" '$1 !~ /^#/ && $2 == place && $1 != place { found = 1 } END { exit !found }' /etc/fstab 2>/dev/null
}

# tell_of_events says what no log has besides, before it is removed.
tell_of_events() {
    local events=/var/spool/sharezone/events logs=/var/log/sharezone number
    number=$(find "$events" "$logs" -xdev -type f 2>/dev/null | wc -l) || true
    if ((number)); then say purging-events "$number" "$events, $logs"; fi
}

# release_base takes back the mount that install.sh made: a folder bound onto itself. The zones lie in it as before. The
# mount of an administrator stays.
release_base() {
    local line="$base $base none bind,nosuid,nodev,noexec 0 0" # see mount_alone
    if ! grep -qxF -- "$line" /etc/fstab 2>/dev/null; then return; fi
    if mountpoint -q "$base" && ! run umount -- "$base"; then
        say warning-mounted "$base"
        return
    fi
    cp -p /etc/fstab /etc/.fstab.shz-new
    # 1: no other line is left. Anything above is a disk that is full, and half a table must not take its place.
    grep -vxF -- "$line" /etc/fstab >/etc/.fstab.shz-new || (($? == 1))
    sync /etc/.fstab.shz-new
    mv -f /etc/.fstab.shz-new /etc/fstab
    if [[ -d /run/systemd/system ]]; then run systemctl daemon-reload; fi
    changed removed-from-fstab "$line"
}

remove_base() {
    if [[ ! -d $base ]]; then return; fi
    if [[ -d $base/.closed ]]; then rmdir -- "$base/.closed"; fi
    release_base
    if mountpoint -q "$base"; then
        # An administrator's. Who gets the groups' numbers next shall have no right there.
        setfacl -b -k -- "$base" 2>/dev/null || true
        chown root:root -- "$base"
        chmod 0755 -- "$base"
        left+=("$base")
        return
    fi
    # What the mount covered was not seen by has_zones.
    rmdir --ignore-fail-on-non-empty -- "$base/.closed" 2>/dev/null || true
    if rmdir -- "$base" 2>/dev/null; then changed removed "$base"; else left+=("$base"); fi
}

has_members() {
    local gid members
    IFS=: read -r _ _ gid members < <(getent group "$1") || return 1
    [[ $members ]] || getent passwd | awk -F: -v gid="$gid" '$4 == gid { found = 1 } END { exit !found }'
}

# remove_user and remove_group leave what is not in the machine's own files: it is a directory's.
remove_user() {
    if [[ $1 != user ]] || ! grep -qs "^$2:" /etc/passwd; then return; fi
    if run userdel "$2"; then changed removed-user "$2"; fi
}

remove_group() {
    if [[ $1 != group ]] || ! grep -qs "^$2:" /etc/group || has_members "$2"; then return; fi
    if run groupdel "$2"; then changed removed-group "$2"; fi
}

left=() # paths that stay

# say_left says what is still there, and how the rest of it goes.
say_left() {
    local people
    if ((changes == 0)); then say nothing-to-change; fi
    if [[ ! $purge && -d $base ]] && ! has_zones; then left+=("$base"); fi
    if ((${#left[@]})); then
        say left
        printf '  %s\n' "${left[@]}" | LC_ALL=C sort
        if [[ ! $purge ]]; then say left-purge; fi
    fi
    if [[ $purge ]] && are_out_of_sight; then
        say left-unseen "$base" "$register"
    elif has_zones; then
        say left-zones "$base"
    fi
    people=$(getent group shzonly | cut -d: -f4) || true # no such group any more
    if [[ $people ]]; then say left-people "$people"; fi
}
