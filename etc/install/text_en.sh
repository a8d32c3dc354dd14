# shellcheck shell=bash disable=SC2034 # used by message.sh
sentences=(
    [usage]='usage: ./install.sh [--demo] [--listen [ADDRESS:]PORT] [--tls [--cert FILE --key FILE] | --no-tls]
       ./install.sh --dmz --backend http://ADDRESS:PORT --cert FILE --key FILE [--listen [ADDRESS:]PORT]
       ./install.sh --check | --uninstall [--purge] | --help

Builds Share Zone from this checkout and installs it; run again it upgrades or repairs. It asks nothing.

  --demo                     with users, a zone and files to try it with; listens on 127.0.0.1:8080
  --listen [ADDRESS:]PORT    where Apache listens (80; an upgrade keeps what is there)
  --tls                      https, on port 443; with a self-signed certificate unless one is named
  --cert FILE --key FILE     certificate (with those between it and its root) and key, PEM, read where they are
  --external [ADDRESS:]PORT --proxy ADDRESS
                             a second entry, for partners; it answers the reverse proxy of that address alone
  --no-external              without it again (without either an upgrade keeps what is there)
  --dmz --backend URL        the reverse proxy for it, on a machine of its own; with --uninstall: removes it
  --no-tls                   http again (without either an upgrade keeps what is there)
  --uninstall                removes Share Zone; zones, accounts, settings, state and logs stay
  --purge                    also removes settings, state, logs and the record of who did what; zones and accounts stay
  --check                    changes nothing: is everything as it should be? (shzadm doctor)
  --help                     this text'
    [bad-option]='unknown option: %s'
    [bad-address]='not an address: "%s" (PORT, IPV4:PORT or [IPV6]:PORT)'
    [bad-path]='%s needs the full path of a file, of letters, digits, blanks and ./_@%%+,:=~- ; not "%s"'
    [bad-backend]='not a backend: "%s" (http://IPV4:PORT or http://[IPV6]:PORT)'
    [incomplete-dmz]='--dmz needs --backend, --cert and --key, the first time'
    [not-with-dmz]='--dmz goes with --backend, --cert, --key, --listen and --uninstall alone'
    [bad-peer]='not the address of a proxy: "%s" (IPV4 or IPV6)'
    [incomplete-external]='--external and --proxy belong together'
    [incomplete-certificate]='--tls, --cert and --key belong together'
    [only-purge]='--purge belongs to --uninstall'
    [not-with-uninstall]='--uninstall goes with --purge alone'
    [not-installed]='Share Zone is not installed; run ./install.sh first'
    [running]='another install.sh is running'
    [failed]='this failed: %s (%s, line %s)'
    [unfinished]='not finished; mend what is said above and run it again'

    [not-root]='must be run as root'
    [not-debian]='needs Debian 12 or newer; this is %s'
    [no-go]='needs Go %s or newer, in the PATH or in /usr/local/go; there is none (https://go.dev/dl/)'
    [old-go]='found only %s; needs Go %s or newer (https://go.dev/dl/)'
    [no-new-privs]='runs under no_new_privs, which makes set-uid programs powerless; start it outside of that container or unit'
    [nosuid]='the file system of %s is mounted nosuid, so the gate cannot become root; remount it with suid'
    [wrong-www-data]='www-data has uid %s instead of 33, and the gate knows Apache by that number'
    [foreign-account]='there is a user %s with uid %s who is not a system account; rename that user'
    [not-folder]='%s is in the place of a folder, or a link to one; move it away (for another disk use a bind mount)'
    [is-folder]='%s is a folder in the place of a file or link; move it away'
    [incomplete]='the checkout in %s is not whole: %s is missing'
    [same-port]='the entries need different ports, or addresses of their own; inside has %s, outside was to have %s'
    [foreign-address]='%s is not an address of this machine'
    [port-taken]='%s is taken by %s; choose another with --listen'
    [listener]='%s (process %s)'
    [listener-unknown]='a process that cannot be seen from here'
    [foreign-user]='--demo needs the name %s, but there is such a user who was not made by Share Zone'
    [foreign-group]='--demo needs the name %s, but there is a group of that name'
    [foreign-zone]='--demo needs the zone demo, but %s is not of anna'
    [no-acl]='the file system of %s has no POSIX ACLs (ext4, XFS and Btrfs have them)'
    [no-xattr]='the file system of %s has no user extended attributes (ext4, XFS and Btrfs have them)'
    [no-packages]='these packages could not be installed: %s'
    [no-build]='the programs could not be built'
    [no-npm]='the packages for the style sheet and the script could not be fetched'
    [no-bundle]='the style sheet or the script could not be made'
    [no-mount]='%s could not be mounted; in a container give it as a volume with nosuid,nodev,noexec'
    [bad-sudoers]='etc/sudoers.d/sharezone is not valid'
    [no-sudo]='sudo does not let %s run %s; does /etc/sudoers read /etc/sudoers.d (@includedir), and no later rule forbid it?'
    [bad-apache]='the configuration of Apache is not valid; if the file is in %s, mend it there'
    [bad-sshd]='the configuration of sshd is not valid'
    [bad-certificate]='%s is not a certificate in PEM form'
    [bad-key]='%s is not a private key in PEM form without passphrase'
    [other-key]='%s is not the key of the certificate %s'
    [open-key]='%s can be read by everybody on this machine; chmod o= it'
    [no-certificate]='openssl could not make a certificate'
    [no-apache]='Apache did not start or stop as it should; see %s/error.log'

    [warning-update]='warning: the package lists could not be updated'
    [warning-fstab]='warning: %s has no line in /etc/fstab with %s; without it the options are lost at the next start'
    [warning-certificate]='warning: the certificate %s ends on %s'
    [warning-limit]='warning: the kernel does not take /etc/apache2-sharezone-dmz/limit.nft; one address may take all connections'
    [warning-mounted]='warning: %s is in use and stays mounted; umount it and run this again'
    [lost]='warning: %s is missing, with what was in it, and is not made anew: put it back from the backup (shzadm doctor)'
    [kept]='kept %s, which was changed on this machine; the shipped one is %s'
    [kept-retired]='left %s, which this version no longer has: there is something of this machine in it'
    [left]='What stays of settings and state:'
    [left-purge]='To remove that, too: ./install.sh --uninstall --purge'
    [left-zones]='The zones stay in %s, with all files, owners and ACLs, and so do the groups shz* and the uids register; a new
./install.sh finds them again. Who wants none of them: remove them by rm, then ./install.sh --uninstall --purge'
    [left-unseen]='There may be zones on a file system that is not mounted at %s now. So the register of uids, %s, stays,
and with it the groups shz*: who got a used number would inherit files. Mount it and run ./install.sh --uninstall --purge
again; where there are no zones any more, remove the register by rm first.'
    [left-people]='The accounts that Share Zone made stay: %s (to remove one: userdel NAME)'

    [installing]='installing packages: %s'
    [made-group]='made group %s'
    [made-user]='made user %s'
    [mended-user]='mended user %s: home, shell, groups, no password'
    [made-folder]='made folder %s'
    [made-link]='made link %s to %s'
    [made-file]='made %s'
    [replaced-file]='replaced %s'
    [owned]='gave %s to %s'
    [set-mode]='set mode of %s to %s'
    [set-acl]='set ACL of %s'
    [mounted]='mounted %s'
    [remounted]='remounted %s with %s'
    [added-to-fstab]='added to /etc/fstab: %s'
    [apache-enabled]='Apache instance %s: starts with the machine'
    [apache-started]='Apache instance %s: started on %s'
    [apache-restarted]='Apache instance %s: restarted on %s'
    [apache-reloaded]='Apache instance %s: reloaded'
    [apache-disabled]='Apache instance %s: no longer starts with the machine'
    [apache-ended]='Apache instance %s: stopped'
    [limited]='the clients of port %s: at most 60 connections of one address'
    [made-certificate]='made a self-signed certificate, %s; its SHA-256 fingerprint: %s'
    [purging-events]='removing the %s files in %s, which say who did what in which zone'
    [removed]='removed %s'
    [removed-from-fstab]='removed from /etc/fstab: %s'
    [removed-user]='removed user %s'
    [removed-group]='removed group %s'
    [default-apache-ended]='default Apache instance: stopped and disabled (it came with the package)'
    [spool-watched]='systemd starts the worker when a request is over'
    [sshd-reloaded]='sshd: reloaded'
    [made-person]='made user %s (%s)'
    [made-zone]='made zone %s of %s'
    [shared-zone]='zone %s: %s may write'
    [delivered]='put %s into zone %s'
    [nothing-to-change]='nothing to change'

    [demo-text-it]='Questa zona appartiene ad anna. Bruno può portare e prendere file; carla non può entrare.
Chi porta un file resta il solo a poterlo cambiare.'
    [demo-text-en]='This zone is of anna. Bruno may bring and take files; carla may not enter.
Whoever brings a file is the only one who can change it.'
    [demo-url]='Share Zone: %s'
    [demo-unchanged]='(password unchanged; to set another: passwd %s)'
)
