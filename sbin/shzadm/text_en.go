package main

// textsEN are the English sentences. A sentence names what it is about first, and says what to do next where there is
// something to do.
var textsEN = texts{
	"help": `usage: shzadm VERB [OPTION...] [OPERAND...]

  user add NAME      make a user
  user list          all users
  user show NAME     one user
  zone add NAME      make a zone
  zone share NAME WHO=ACCESS...
                     say who may do what in a zone
  zone list          all zones
  zone show NAME     one zone
  doctor             check the installation; each finding with the command that mends it

"shzadm VERB --help" says more. The manual: shzadm(8).
`,
	"help user add": `usage: shzadm user add NAME --role ROLE --full-name TEXT --email ADDRESS [OPTION...]

Makes a user. The name begins with a letter and has up to 31 of a-z 0-9 . _ -

  --role ROLE        base, manager (may own zones) or admin
  --full-name TEXT   as people read it
  --email ADDRESS    where notifications go
  --phone NUMBER
  --mobile NUMBER    where text messages go
  --company TEXT
  --expires DAY      YYYY-MM-DD, the first day on which the account is disabled
  --password-stdin   read the password from standard input; otherwise one is generated, printed, and
                     to be changed at the first login
  --must-change      the password is to be changed at the first login
  --json             print a JSON object
`,
	"help user list": `usage: shzadm user list [--json]

Lists everybody in group shzbase and all accounts that Share Zone made.
`,
	"help user show": `usage: shzadm user show NAME [--json]

Shows what is known of a user.
`,
	"help zone add": `usage: shzadm zone add NAME --owner USER [OPTION...]

Makes a zone. The name begins with a letter or digit and has up to 63 of a-z 0-9 . _ -

  --owner USER        a manager
  --title TEXT
  --description TEXT
  --expires DAY       YYYY-MM-DD, the last day on which the zone is open
  --max-age DAYS      files are removed so many days after they arrived
  --notify WHAT       upload, download or upload,download
  --json              print a JSON object
`,
	"help zone share": `usage: shzadm zone share NAME WHO=ACCESS... [--json]

Says who may do what in a zone, on its root and on all that lies in it.

  WHO      user:NAME or group:NAME
  ACCESS   read   see and take files
           write  also bring files, and change and remove one's own
           drop   only bring files, without seeing any
           none   nothing any more

Exit code 1 means that something in the zone was left as it was; it is listed.
`,
	"help zone list": `usage: shzadm zone list [--json]

Lists all zones, open and closed.
`,
	"help zone show": `usage: shzadm zone show NAME [--json]

Shows what is known of an open zone.
`,
	"help doctor": `usage: shzadm doctor [--json]

Checks whether the installation and the zones are as the manifest and the design say. Each finding
has two lines: what is wrong, and the command that mends it. Exit code 1 if there is any.
`,
	"usage-hint":     "Try: %s",
	"usage-few":      "something is missing",
	"usage-many":     "not understood: %s",
	"usage-option":   "unknown option: %s",
	"usage-argument": "this option needs a value: %s",
	"usage-wrong":    "not understood: %s",
	"usage-needed":   "this option is needed: %s",
	"usage-grant":    "not of the form user:NAME=ACCESS or group:NAME=ACCESS (ACCESS: read, write, drop, none): %s",

	"yes": "yes",
	"no":  "no",

	"user-made":     "User %s: uid %d, %s\n",
	"user-password": "Password, to be changed at the first login: %s\n",
	"user-columns":  "USER UID ROLES STATUS EXPIRES NAME COMPANY EMAIL",
	"user-fields":   "User|Uid|Full name|Company|Email|Phone|Mobile|Roles|Status|Expires|Must change password|Groups",
	"zone-made":     "Zone %s of %s: %s\n",
	"zone-shared":   "Zone %s: %s=%s (changed inside: folders %d, files %d)\n",
	"zone-shut":     "Zone %s: its mask keeps this access from everybody; to open it: chmod 1770 %s\n",
	"zone-skipped":  "  left as it was: %s: %s\n",
	"zone-more":     "  and %d more\n",
	"zone-columns":  "ZONE OWNER STATE EXPIRES MEMBERS TITLE",
	"zone-fields":   "Zone|Title|Description|Owner|State|Expires|Days for files|Notify|Members|Folder",

	"skip-upload": "an upload under way",
	"skip-kind":   "neither a file nor a folder",
	"skip-mount":  "another file system",
	"skip-linked": "has more than one name, perhaps in another zone too",
	"skip-owner":  "belongs to nobody of Share Zone",
	"skip-moved":  "was moved meanwhile; run the command again",
	"skip-full":   "its access list is full; share with a group instead of many users",
	"skip-error":  "the system refused",

	"not-root":         "only root can do this",
	"no-password":      "there is no password on standard input",
	"not-shown":        "the user was made, but could not be shown; passwd sets another password: %s",
	"password-refused": "the password was refused, and no user was made: %s",
	"no-user":          "there is no such user: %s",
	"no-group":         "there is no such group: %s",
	"user-exists":      "this user exists: %s",
	"group-exists":     "a group of this name exists: %s",
	"user-name":        "the name of a user begins with a letter and has up to 31 of a-z 0-9 . _ -",
	"busy":             "another program keeps the account files locked; try again later, and look at /etc/*.lock",
	"no-uids":          "no uid is left below UID_MAX in /etc/login.defs",
	"limits":           "the resource limits of this shell (ulimit) are too low; start from another one",
	"leftover":         "%s. The account %s is left, locked: %v",
	"tool":             "%s failed (exit code %d): %s",
	"failed":           "failed: %v",

	"zone-name":   "the name of a zone begins with a letter or digit and has up to 63 of a-z 0-9 . _ -",
	"zone-exists": "this name is taken: %s",
	"no-zone":     "there is no such zone: %s",
	"not-manager": "only a manager can own a zone, and this user is not in shzmgr: %s",
	"principal":   "somebody to share with is written user:NAME or group:NAME, not: %s",
	"not-in-base": "this user is not in group shzbase: %s",
	"is-owner":    "this is the zone's owner, who has all rights: %s",
	"too-many":    "there is no room for one more in the access list; share with a group instead of many users",
	"past":        "this day is over: %s",
	"no-base":     "the folder of the zones is missing or not root's; shzadm doctor says more",

	"field":            "%s: %s",
	"reason-missing":   "is needed",
	"reason-too-long":  "is too long",
	"reason-not-utf8":  "is not UTF-8",
	"reason-forbidden": "has a character that cannot stand there (: , = control characters, blanks at the ends)",
	"reason-control":   "has control characters",
	"reason-form":      "is not a value of the right form",

	"doctor-well":    "%d checks, no findings\n",
	"doctor-found":   "%d checks, findings: %d\n",
	"doctor-no-mend": "(no single command mends this)",

	"finding-manifest":          "%[1]s: %[2]s. Run in the checkout of Share Zone:",
	"finding-no-group":          "group %[1]s is missing",
	"finding-group-id":          "group %[1]s has number %[2]s, which is a person's",
	"finding-no-user":           "user %[1]s is missing",
	"finding-user-id":           "user %[1]s has uid %[2]s, which is a person's",
	"finding-nologin":           "user %[1]s can log in: %[2]s",
	"finding-has-password":      "user %[1]s has a password",
	"finding-groups":            "user %[1]s is in groups %[2]s; it must be in: %[3]s",
	"finding-missing":           "%[1]s: %[2]s",
	"finding-unreadable":        "%[1]s cannot be read: %[2]s",
	"finding-kind":              "%[1]s is a %[2]s; it must be a %[3]s",
	"finding-link":              "%[1]s leads to %[2]s; it must lead to %[3]s",
	"finding-rights":            "%[1]s is %[2]s; it must be %[3]s",
	"finding-mount":             "%[1]s is not a mount of its own",
	"finding-mount-options":     "%[1]s is not mounted with %[3]s",
	"finding-read-only":         "%[1]s is mounted read-only",
	"finding-unwritable":        "%[1]s cannot be written: %[2]s",
	"finding-attributes":        "%[1]s: the file system has no user attributes (%[2]s); ext4, XFS and Btrfs have them",
	"finding-acls":              "%[1]s: the file system has no ACLs (%[2]s); ext4, XFS and Btrfs have them",
	"finding-nosuid":            "%[1]s lies in a file system mounted with nosuid: no request can be served",
	"finding-noexec":            "%[1]s lies in a file system mounted with noexec: no request can be served",
	"finding-sudoers":           "%[1]s is not valid: %[2]s",
	"finding-delegation":        "%[1]s is not in force, so nobody can log in: %[2]s",
	"finding-pam-module":        "%[1]s is not installed, but %[3]s needs it: nobody can log in",
	"finding-apache-config":     "%[1]s is not a valid configuration: %[2]s",
	"finding-apache-down":       "%[1]s does not run",
	"finding-apache-privileges": "%[1]s runs with no new privileges: the gate cannot become anybody",
	"finding-apache-deaf":       "%[1]s does not listen on %[3]s",
	"finding-system-member":     "%[1]s is in group shzbase, but uid %[2]s is not a person's",
	"finding-role":              "%[1]s is in group %[2]s, but not in %[3]s",
	"finding-register":          "%[1]s is damaged: %[2]s",
	"finding-shell":             "account %[1]s was made by Share Zone and must not log in to the machine; its shell is %[2]s",
	"finding-unregistered":      "uid %[2]s of %[1]s does not stand in %[3]s and could be given again",
	"finding-names":             "names of users or groups could not be looked up (%[1]s): %[2]s",
	"finding-stray":             "%[1]s is not a zone",
	"finding-zone-id":           "%[1]s has no id (user.shz.id)",
	"finding-zone-twin":         "%[1]s has the same id as %[2]s, so one would see the other's activity",
	"finding-metadata":          "%[1]s: %[2]s",
	"finding-zone-owner":        "%[1]s belongs to %[2]s, who is not in group %[3]s",
	"finding-zone-orphan":       "%[1]s belongs to %[2]s, who is not in group shzbase; its owner could be, for example, by:",
	"finding-zone-nobody":       "%[1]s is shared with %[2]s, which is nobody",
	"finding-zone-rights":       "%[1]s is %[2]s; it must be %[3]s",
}
