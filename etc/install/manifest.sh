# shellcheck shell=bash disable=SC2154 # $base, $listen and the like are install.sh's
# Makes and repairs what etc/manifest lists. Everything is compared first: content, owner, ACL, mode. A folder of the
# path is root's alone in every case but one: in /srv/sharezone managers may make entries (see own).

declare -A flag=()     # of the item at hand
declare -A sums=()     # path -> checksum, as look found it; of sources too
declare -A rights=()   # path -> OWNER:GROUP MODE, as look found it
declare -A acls=()     # path -> ACL, as look found it
declare -A recorded=() # path -> checksum that install.sh last wrote there, for items with keep

# each_account calls "$1 group NAME" and "$1 user NAME GROUP GROUPS" for the accounts of the manifest.
each_account() {
    local kind name word own='' more=''
    local -a words
    while read -r -u 3 kind name _ words; do
        case $kind in
        group) "$1" group "$name" ;;
        user)
            own='' more=''
            for word in $words; do
                case $word in
                group=*) own=${word#*=} ;;
                groups=*) more=${word#*=} ;;
                esac
            done
            "$1" user "$name" "$own" "$more"
            ;;
        esac
    done 3<"$manifest"
}

# each_item calls "$1 PATH TYPE OWNER GROUP MODE" for the paths of the manifest, or of another list $2, that this machine
# has; the flags are in the array flag.
each_item() {
    local path type owner group mode rest word
    while read -r -u 3 path type owner group mode rest; do
        if [[ $path != /* ]]; then continue; fi
        flag=()
        for word in $rest; do flag[${word%%=*}]=${word#*=}; done
        if [[ ${flag[if]-} && ! -d ${flag[if]} ]]; then continue; fi
        "$1" "$path" "$type" "$owner" "$group" "$mode"
    done 3<"${2-$manifest}"
}

# make_group makes a group of ours. /etc/group- is how /etc/group was before its last change: it tells which number a group
# had that somebody deleted, which access lists still have, and, if groupdel(8) was that change, its members.
make_group() {
    local name=$1 gid='' members='' member known=()
    IFS=: read -r _ _ gid members < <(grep "^$name:" /etc/group- || true) || true
    if [[ ! $gid =~ ^[1-9][0-9]{0,2}$ ]] || getent group "$gid" >/dev/null; then
        run groupadd --system "$name"
        return
    fi
    if ! cmp -s /etc/group <(grep -v "^$name:" /etc/group-) || grep -q "^$name:" /etc/gshadow; then members=''; fi
    for member in ${members//,/ }; do
        if getent passwd "$member" >/dev/null; then known+=("$member"); fi
    done
    run groupadd --system --gid "$gid" "$name"
    if ((${#known[@]})); then run gpasswd -M "$(IFS=,; echo "${known[*]}")" "$name"; fi
}

make_account() {
    local kind=$1 name=$2 own=${3-} more=${4-}
    if [[ $kind == group ]]; then
        if getent group "$name" >/dev/null; then return; fi
        make_group "$name"
        changed made-group "$name"
        return
    fi
    if ! getent passwd "$name" >/dev/null; then
        run useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --gid "$own" \
            --groups "$more" "$name"
        changed made-user "$name"
        return
    fi
    local home shell password found
    IFS=: read -r _ _ _ _ _ home shell < <(getent passwd "$name")
    password=$(getent shadow "$name" | cut -d: -f2)
    found=$(id -Gn "$name" | tr ' ' '\n' | grep -vx "$own" | sort | paste -sd,) || true
    if [[ $home != /nonexistent || $shell != /usr/sbin/nologin || $(id -gn "$name") != "$own" ||
        $found != "$(tr , '\n' <<<"$more" | sort | paste -sd,)" || ! $password =~ ^[!*]+$ ]]; then
        run usermod --home /nonexistent --shell /usr/sbin/nologin --gid "$own" --groups "$more" --password '!' "$name"
        changed mended-user "$name"
    fi
}

# look reads at once what is there of all paths of the manifest: a process for each path and question took most of the
# time of a run that changes nothing.
look() {
    local all=() sum path line
    each_item collect_path
    while read -r sum path; do sums[$path]=$sum; done < <(sha256sum -- "${all[@]}" 2>/dev/null || true)
    while read -r path line; do rights[$path]=$line; done < <(stat -c '%n %U:%G %a' -- "${all[@]}" 2>/dev/null || true)
    while IFS= read -r line; do
        case $line in
        '# file: '*)
            path=${line#'# file: '}
            acls[$path]=''
            ;;
        '#'* | '') ;;
        *) acls[$path]+=$line$'\n' ;;
        esac
    done < <(getfacl -pE -- "${all[@]}" 2>/dev/null || true)
}

collect_path() {
    local source
    all+=("$1")
    find_source
    if [[ $source ]]; then all+=("$source"); fi
}

# distrust forgets what look found. From the first change on each path is looked at when its turn comes: where a folder was
# not root's alone, what lies in it may have become another thing since.
distrust() { sums=() rights=() acls=(); }

# find_source sets source to what the item at hand is a copy of, "" if of nothing that lies there already.
find_source() {
    local package=${flag[go]-}${flag[cgo]-}
    source=${flag[from]-}
    if [[ $package ]]; then source=$cache/bin/${package##*/}; fi
    if [[ ${flag[bundle]-} ]]; then source=$cache/bundle/${flag[bundle]##*/}; fi
}

make_item() {
    local path=$1 type=$2 before=$changes
    if [[ $path == "$record" ]]; then return; fi # see make_record
    case $type in
    dir) make_dir "$@" ;;
    file) make_file "$@" ;;
    link)
        make_link "$path" "${flag[to]}"
        return
        ;;
    esac
    if ((changes > before)); then distrust; fi
    if [[ -e $path ]]; then
        own "$@"
    fi
}

# make_record replaces the record of what is installed, after what only the former one had was removed: an interrupted
# upgrade still finds that.
make_record() {
    if [[ $1 != "$record" ]]; then return; fi
    make_file "$@"
    distrust
    own "$@"
}

make_dir() {
    local path=$1 owner=$3 group=$4 mode=$5
    if [[ -v flag[once] && ! -e $path && -e $record ]] && grep -q "^$path " "$record"; then
        say lost "$path" # an empty one would look as if nothing had ever been in it
        return
    fi
    if [[ ! -d $path ]]; then
        mkdir -m 0700 -- "$path"
        chown -- "$owner:$group" "$path"
        chmod -- "$mode" "$path"
        changed made-folder "$path"
    fi
    if [[ -v flag[mount] ]]; then mount_alone "$path"; fi
}

make_link() {
    if [[ $(readlink -- "$1") == "$2" ]]; then return; fi
    ln -sfn -- "$2" "$(temporary "$1")"
    mv -fT -- "$(temporary "$1")" "$1"
    changed made-link "$1" "$2"
}

# make_file gives the file its content, from the checkout or from what was built.
make_file() {
    local path=$1 source
    find_source
    if [[ -v flag[made] ]]; then
        source=$cache/made
        write_made "$path" >"$source"
    fi
    if [[ ! $source ]]; then return; fi # optional: somebody else makes it
    if [[ -v flag[keep] ]]; then
        if is_kept "$path" "$source"; then return; fi
    elif [[ $path != "$state/installed" ]]; then
        read_record
        recorded[$path]=${sums[$source]-$(checksum "$source")} # shzadm doctor compares
    fi
    if is_same "$source" "$path"; then return; fi
    note_consequences "$path"
    replace "$source" "$@"
}

# replace puts a new file in the place of the old one by rename: who has the old one open, or is running it, keeps it.
replace() {
    local source=$1 path=$2 owner=$4 group=$5 mode=$6 new verb=made-file
    new=$(temporary "$path")
    if [[ -e $path ]]; then verb=replaced-file; fi
    rm -f -- "$new"
    (umask 077 && cp -- "$source" "$new")
    chown -- "$owner:$group" "$new"
    chmod -- "$mode" "$new"
    if [[ $path == /etc/sudoers.d/* ]]; then run visudo -cf "$new" || refuse bad-sudoers; fi
    sync -- "$new"
    mv -fT -- "$new" "$path"
    changed "$verb" "$path"
}

# temporary names the file on its way, always the same, so that an interrupted run leaves none behind. sudo, sshd, Apache
# and logrotate read no file of such a name.
temporary() { printf '%s/.%s.shz-new' "${1%/*}" "${1##*/}"; }

# is_kept says whether an administrator changed the file since install.sh wrote it.
is_kept() {
    local path=$1 source=$2 wanted found
    read_record
    wanted=${sums[$source]-$(checksum "$source")}
    found=${sums[$path]-$(checksum "$path")}
    if [[ $found && $found != "$wanted" && $found != "${recorded[$path]-}" ]]; then
        say kept "$path" "$source"
        return 0
    fi
    recorded[$path]=$wanted
    return 1
}

is_same() {
    if [[ ${sums[$1]-} && ${sums[$2]-} ]]; then
        [[ ${sums[$1]} == "${sums[$2]}" ]]
    else
        cmp -s -- "$1" "$2"
    fi
}

checksum() { sha256sum 2>/dev/null <"$1" | cut -d' ' -f1; }

read_record() {
    local sum path
    if ((${#recorded[@]})) || [[ ! -e $state/installed ]]; then return; fi
    while read -r sum path; do recorded[$path]=$sum; done <"$state/installed"
}

write_made() {
    local path
    case $1 in
    "$instance/listen.conf") write_listen ;;
    "$instance-external/listen.conf") write_external ;;
    "$state/installed")
        for path in "${!recorded[@]}"; do printf '%s  %s\n' "${recorded[$path]}" "$path"; done | sort -k 2
        ;;
    esac
}

# note_consequences notes what a changed file asks for, before it is changed.
note_consequences() {
    case $1 in
    "$instance/listen.conf" | "$instance/envvars") owe apache-restart ;;
    "$instance"/*) owe apache-reload ;;
    "$instance-external/listen.conf" | "$instance-external/envvars") owe external-restart ;;
    "$instance-external"/*) owe external-reload ;;
    /etc/systemd/*) owe units-reload ;;
    /etc/ssh/*) owe sshd-reload ;;
    esac
}

# own sets owner, ACL and mode. In /srv/sharezone an entry could be swapped for a link between look and act by whoever
# owns it, so it becomes root's first, without following; from then on the sticky folder keeps it in its place.
own() {
    local path=$1 type=$2 owner=$3 group=$4 mode=$5 found before=$changes
    if [[ $path == "$base"/* ]]; then unset 'rights[$path]' 'acls[$path]'; fi # others make entries there
    found=${rights[$path]-$(stat -c '%U:%G %a' -- "$path")}
    if [[ ${found% *} != "$owner:$group" ]]; then
        chown -h -- "$owner:$group" "$path"
        check_type "$path" "$type"
        changed owned "$path" "$owner:$group"
        distrust
    fi
    own_acl "$path" "$mode"
    # chown takes set-uid away, setfacl changes the bits of the group.
    if ((changes > before)); then found=$(stat -c '%U:%G %a' -- "$path"); fi
    if ((8#${found##* } != 8#$mode)); then
        chmod -- "$mode" "$path"
        changed set-mode "$path" "$mode"
    fi
    if ((changes > before)); then distrust; fi
}

own_acl() {
    local path=$1 mode=$2 wanted found extended=$'\n''(default|mask|user:[^:]+|group:[^:]+):'
    found=${acls[$path]-$(getfacl -cpE -- "$path" 2>/dev/null)} || return 0 # no ACLs here, so none too many
    if [[ ${flag[acl]-} ]]; then
        wanted=$(printf '%s\n' "user::$(bits "${mode:1:1}")" "group::$(bits "${mode:2:1}")" \
            "mask::$(bits "${mode:2:1}")" "other::$(bits "${mode:3:1}")" "${flag[acl]//,/$'\n'}" | sort)
        if [[ $(grep . <<<"$found" | sort) == "$wanted" ]]; then return; fi
        setfacl -k --set "${wanted//$'\n'/,}" -- "$path"
    else
        if [[ ! $'\n'$found =~ $extended ]]; then return; fi
        setfacl -b -k -- "$path"
    fi
    changed set-acl "$path"
}

bits() {
    local names=(--- --x -w- -wx r-- r-x rw- rwx)
    printf '%s' "${names[$1]}"
}

# mount_alone makes the folder a mount of its own, so that no link and no rename leads into it from elsewhere, and
# nothing in it is a program or a device.
mount_alone() {
    local path=$1 options wanted=nosuid,nodev,noexec line
    line=$(awk -v path="$path" '$1 !~ /^#/ && $2 == path { print $4 }' /etc/fstab 2>/dev/null | tail -n 1)
    if ! mountpoint -q "$path"; then
        if [[ ! $line ]]; then
            add_to_fstab "$path $path none bind,$wanted 0 0"
            line=$wanted
        fi
        run mount "$path" || refuse no-mount "$path"
        changed mounted "$path"
    fi
    options=$(findmnt -n -o VFS-OPTIONS --mountpoint "$path" | tail -n 1)
    if ! has_options "$options" "$wanted"; then
        run mount -o "remount,bind,$options,$wanted" "$path" || refuse no-mount "$path"
        changed remounted "$path" "$wanted"
    fi
    if [[ $line ]] && has_options "$line" "$wanted"; then return; fi
    say warning-fstab "$path" "$wanted"
}

has_options() {
    local word
    for word in ${2//,/ }; do
        if [[ ,$1, != *",$word,"* ]]; then return 1; fi
    done
}

add_to_fstab() {
    if [[ -e /etc/fstab ]]; then cp -p /etc/fstab /etc/.fstab.shz-new; else : >/etc/.fstab.shz-new; fi
    # A last line without its newline would swallow ours.
    if [[ -s /etc/.fstab.shz-new && $(tail -c 1 /etc/.fstab.shz-new) ]]; then echo >>/etc/.fstab.shz-new; fi
    echo "$1" >>/etc/.fstab.shz-new
    sync /etc/.fstab.shz-new
    mv -f /etc/.fstab.shz-new /etc/fstab
    if [[ -d /run/systemd/system ]]; then run systemctl daemon-reload; fi
    changed added-to-fstab "$1"
}
