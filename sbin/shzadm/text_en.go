package main

// textsEN are the English sentences. A sentence names what it is about first, and says what to do next where there is
// something to do.
var textsEN = texts{
	"help": `usage: shzadm VERB [OPTION...] [OPERAND...]

  user add NAME      make a user
  invite NAME        make a user who chooses the password by a link in a mail
  user list          all users
  user show NAME     one user
  user enable NAME   let an account of this machine or of a directory in
  user modify NAME   change what is said of a user, or the role
  user lock NAME     keep a user out
  user unlock NAME   let a locked user in again
  user factor NAME --off
  user verify NAME
                     take the second factor off a user who has lost the phone
  user delete NAME   remove a user
  signup list        who asks for an account
  signup confirm ID NAME
                     make the account that somebody asks for
  signup decline ID  give none, and say why
  group add NAME     make the group of a partner company
  group member NAME USER...
                     put users into it, or take them out
  group list         the groups of companies
  group delete NAME  remove one in which nobody is
  session list       who is logged in
  queue list         messages that are on their way
  queue retry ID     send one at once
  queue drop ID      take one away
  session end ID     end a session, or somebody's, or all
  zone add NAME      make a zone
  zone share NAME WHO=ACCESS...
                     say who may do what in a zone
  zone list          all zones
  zone show NAME     one zone
  zone modify NAME   change title, expiry and so on
  zone close NAME    take a zone out of everybody's reach, as it is
  zone restore NAME  bring a closed zone back
  zone check NAME    what in a zone is not as its root says
  zone apply NAME    make it so
  zone open NAME     open a zone that was shut by chmod
  zone take NAME PATH
                     make a folder the zone's owner's
  zone remove NAME PATH...
                     remove what lies in a zone
  zone transfer NAME give a zone to another owner
  zone space NAME    what a zone takes on the disk
  zone who NAME [PATH]
                     who can get in, and why
  activity [ZONE]    who did what
  announce           tell everybody something, on every page
  maintenance [on|off]
                     let only administrators in
  doctor             check the installation; each finding with the command that mends it

"shzadm VERB --help" says more. The manual: shzadm(8).
`,
	"help user add": `usage: shzadm user add NAME --role ROLE --full-name TEXT --email ADDRESS [OPTION...]

Makes a user. The name begins with a letter, but not with shz-, and has up to 31 of a-z 0-9 . _ -

  --role ROLE        base, manager (may own zones) or admin
  --full-name TEXT   as people read it
  --email ADDRESS    where notifications go
  --phone NUMBER
  --mobile NUMBER    where text messages go
  --company TEXT
  --language CODE    it or en, of pages and mails
  --expires DAY      YYYY-MM-DD, the first day on which the account is disabled
  --password-stdin   read the password from standard input; otherwise one is generated, printed, and
                     to be changed at the first login
  --must-change      the password is to be changed at the first login
  --json             print a JSON object
`,
	"help invite": `usage: shzadm invite NAME --full-name TEXT --email ADDRESS [OPTION...]
       shzadm invite NAME --again

Makes a user whose password nobody knows: a link goes to the mail address, by which it is chosen, once,
within the days that the settings say (invitation_days). Needs mails and a public_url.

  --full-name TEXT   as people read it
  --email ADDRESS    where the link goes
  --zone NAME        the zone that the user gets into, and that the link leads to
  --access ACCESS    what the user gets there: read (if nothing is said), write or drop
  --role ROLE        base (if nothing is said), manager or admin
  --company TEXT
  --language CODE    it or en, of pages and mails
  --expires DAY      YYYY-MM-DD, the first day on which the account is disabled
  --sponsor NAME     who invites the user and answers for the account (if nothing is said: who runs sudo)
  --again            send the link of an invited user again, or another one when that is over
  --json             print a JSON object
`,
	"help user list": `usage: shzadm user list [--review] [--json]

Lists everybody in group shzbase and all accounts that Share Zone made.

  --review   only those who get in although who invited them is locked, expired or gone
  --json     print a JSON object
`,
	"help user show": `usage: shzadm user show NAME [--json]

Shows what is known of a user.
`,
	"help user enable": `usage: shzadm user enable NAME [--role ROLE] [--json]

Lets somebody who has an account already, on this machine or in a directory, use Share Zone with the
password that he has. The account goes into the groups of the role; nothing else of it is touched.

  --role ROLE   base (the default), manager or admin
`,
	"help user modify": `usage: shzadm user modify NAME OPTION...

Changes an account that Share Zone made; of other accounts only the role. An empty value removes
what was there.

  --role ROLE        base, manager or admin
  --full-name TEXT
  --email ADDRESS
  --phone NUMBER
  --mobile NUMBER
  --company TEXT
  --language CODE    it or en, of pages and mails
  --channel CHANNEL  mail, sms, both or none: by what the user is told of what others do
  --sponsor NAME     who answers for the user from now on
  --expires DAY      YYYY-MM-DD, the first day on which the account is disabled
  --json             print a JSON object
`,
	"help user lock": `usage: shzadm user lock NAME [--json]

Locks an account that Share Zone made, and ends its sessions. What is being transferred goes on to its
end. The password stays for "user unlock".
`,
	"help user unlock": `usage: shzadm user unlock NAME [--json]

Unlocks an account that Share Zone made; the password is the one from before. Refused logins are
forgotten. Of the machine's own accounts they are forgotten alone.
`,
	"help user factor": `usage: shzadm user factor NAME --off [--json]

Takes the second factor off somebody who has lost his phone, also of the machine's own accounts. From
then on the password alone lets him in, or to setting up another one where that is required.

  --off    without it nothing is done
  --json   print a JSON object
`,
	"help user verify": `usage: shzadm user verify NAME [--json]

Has a link sent to the mail address of an account that Share Zone made. When it is used, the address
is known to reach him: "user show" says so.

  --json   print a JSON object
`,
	"help user delete": `usage: shzadm user delete NAME --files keep
       shzadm user delete NAME --files transfer --to USER

Removes an account that Share Zone made. Its uid is never given to anybody else.

  --files keep       files stay in their zones and belong to the number
  --files transfer   files and zones go to somebody else
  --to USER          to whom; for zones he must be a manager
  --json             print a JSON object

The owner of zones can only be removed with "transfer". When something cannot be transferred it is
listed, and the account stays, locked.
`,
	"help session list": `usage: shzadm session list [--json]

Lists who is logged in. STATE is active, second-factor (the password was right, the code or
the enrolment is lacking), must-change (only the password can be changed), ended (its
time is over; the file stays until it is removed) or damaged.
`,
	"help queue list": `usage: shzadm queue list [--json]

Lists the messages to people that are not delivered yet. STATE is failed (the mail server refused it
for good, or did not take it in time), waiting, or open (it still collects what one person does).
`,
	"help queue retry": `usage: shzadm queue retry ID [--json]

Lets a message that failed, or has to wait, go out with the next run of the worker, as if it were new.

  ID   as "queue list" shows it, or its beginning
`,
	"help queue drop": `usage: shzadm queue drop ID [--json]

Takes away a message that failed or waits: nobody gets it.

  ID   as "queue list" shows it, or its beginning
`,
	"help session end": `usage: shzadm session end ID
       shzadm session end --user NAME
       shzadm session end --all

Ends sessions: the next request asks for a login. What is being transferred goes on to its end.

  ID            as "session list" shows it
  --user NAME   all of this user
  --all         everybody's
  --json        print a JSON object
`,
	"help activity": `usage: shzadm activity [ZONE] [OPTION...]

Shows who did what, in the order of time, from the activity logs and the spool.
ZONE is the name of a zone, open or closed, or the id of one that is gone.

  --from TIME    a day (YYYY-MM-DD) or a moment (YYYY-MM-DDTHH:MM:SS+HH:MM)
  --to TIME      a day, which is included, or a moment, which is not
  --user NAME    what this user did, and what was done to the account
  --event EVENT  upload, for example
  --path PATH    a file below the zone, or a folder with all in it
  --csv          print comma separated values for a spreadsheet
  --json         print a JSON object

RESULT is ok or says why not; "running" is under way, or was after a day: another line says how that ended.
"interrupted" never came to its end.
Exit code 1 means that an event file is damaged.
`,
	"help announce": `usage: shzadm announce [OPTION...]

Tells everybody something: it stands on every page but the welcome page. Without options it shows
what stands there.

  --it TEXT     in Italian
  --en TEXT     in English; who gives one of them alone has it read by all
  --until TIME  a day (YYYY-MM-DD), through which it is shown, or a moment (YYYY-MM-DDTHH:MM:SS+HH:MM)
  --end         show it no longer
  --json        print a JSON object
`,
	"help maintenance": `usage: shzadm maintenance [on|off] [--json]

on: only members of shzadmin are let in; everybody else reads, from the next request on, that Share
Zone is being worked on. What is being transferred goes on to its end. off: all are let in again.
Without an operand: says which it is.
`,
	"help zone add": `usage: shzadm zone add NAME --owner USER [OPTION...]

Makes a zone. The name begins with a letter or digit and has up to 63 of a-z 0-9 . _ -

  --owner USER        a manager
  --title TEXT
  --description TEXT
  --expires DAY       YYYY-MM-DD, the last day on which the zone is open
  --max-age DAYS      files are removed so many days after they arrived
  --notify WHAT       upload, download, upload,download or none
  --limit SIZE        how much it may hold, 500M or 20G for example; only where its file system keeps
                      such limits (Btrfs with quotas)
  --json              print a JSON object
`,
	"help zone share": `usage: shzadm zone share NAME WHO=ACCESS... [--sure] [--json]

Says who may do what in a zone, on its root and on all that lies in it.

  WHO      user:NAME or group:NAME
  ACCESS   read   see and take files
           write  also bring files, and change and remove one's own
           drop   only bring files, without seeing any
           none   nothing any more; who is in a group that is on the list still has what that gives

  --sure   also where somebody who is taken off gets more by a group than he has

Exit code 1 means that something in the zone was left as it was; it is listed.
`,
	"help zone list": `usage: shzadm zone list [--closed] [--json]

Lists all zones, open and closed; with --closed the closed ones alone.
`,
	"help zone show": `usage: shzadm zone show NAME [--closed] [--json]

Shows what is known of a zone: the open one of that name, or the closed one where there is no open one
or with --closed.
`,
	"help zone modify": `usage: shzadm zone modify NAME OPTION...

Changes what is said of an open zone. An empty value removes what was there.

  --title TEXT
  --description TEXT
  --expires DAY       YYYY-MM-DD, the last day on which the zone is open
  --max-age DAYS      files are removed so many days after they arrived
  --notify WHAT       upload, download, upload,download or none; empty: as configured
  --trash on|off      whether what is deleted in it goes to its trash
  --limit SIZE        how much it may hold, 20G for example; only of a zone that was made with a limit
  --json              print a JSON object
`,
	"help zone close": `usage: shzadm zone close NAME [--json]

Moves a zone to /srv/sharezone/.closed, where nobody but root reaches it. Everything in it stays as it
is, and "zone restore" brings it back.
`,
	"help zone restore": `usage: shzadm zone restore NAME [--name NEW] [--expires DAY] [--json]

Brings a closed zone back, with its members. NAME is what "zone list" shows for it.

  --name NEW      another name than it had, where that is taken
  --expires DAY   YYYY-MM-DD, the new last day; needed when the old one is over; empty: none
`,
	"help zone who": `usage: shzadm zone who NAME [PATH] [--as USER]... [--json]

Asks the kernel in the place of each person what he can do with a zone, or with a folder or file in it,
and shows the entry of the access list that gives it, or the folder on the way that stops him.

  --as USER   about this user alone, also one outside shzbase
  --json      print a JSON object
`,
	"help doctor": `usage: shzadm doctor [--json]

Checks whether the installation and the zones are as the manifest and the design say. Each finding
has two lines: what is wrong, and the command that mends it. Exit code 1 if there is any.
`,
	"usage-hint":          "Try: %s",
	"usage-few":           "something is missing",
	"usage-many":          "not understood: %s",
	"usage-option":        "unknown option: %s",
	"usage-argument":      "this option needs a value: %s",
	"usage-boolean":       "this option takes no value: %s",
	"usage-needed":        "this option is needed: %s",
	"link-void":           "the link of the invitation is void by this; another one: shzadm invite %s --again",
	"invited-not-sent":    "the account %s is made, but the invitation was not sent: %s; send it: %s",
	"invited-not-in-zone": "the account %s is made and the invitation sent, but he is not in the zone: %s; share it: %s",
	"usage-again":         "--again sends the same link once more, and changes nothing: %s has no place beside it",
	"usage-change":        "there is nothing to change: an option is missing",
	"usage-files":         "--files is keep or transfer",
	"usage-heir":          "--to USER belongs to --files transfer, and is needed there",
	"usage-sessions":      "one of the three is needed: an id, --user NAME, --all",
	"usage-announce":      "--end stands alone, and --until beside --it or --en",
	"usage-maintenance":   "on or off",
	"announce-none":       "nothing is announced",
	"announce-fields":     "Italian|English|Until",
	"announce-text":       "a text is one line of 1 to 500 bytes",
	"maintenance-on":      "maintenance: on; only administrators are let in",
	"maintenance-off":     "maintenance: off",
	"usage-verb":          "there is no verb that begins with %s",
	"usage-moment":        "%s takes a day, 2026-11-22, or a moment, 2026-11-22T18:00:00+01:00",
	"usage-event":         "there is no event %s; there are: %s",
	"usage-form":          "--json and --csv exclude each other",
	"usage-grant":         "not of the form user:NAME=ACCESS or group:NAME=ACCESS (ACCESS: read, write, drop, none), for example user:bruno=write: %s",

	"yes": "yes",
	"no":  "no",

	"user-made":       "User %s: uid %d, %s\n",
	"user-password":   "Password, to be changed at the first login: %s\n",
	"user-invited":    "User %s: invited; the link goes to %s and is good until %s\n",
	"user-columns":    "USER UID ROLES STATUS EXPIRES NAME COMPANY EMAIL",
	"user-fields":     "User|Uid|Full name|Company|Email|Address verified|Phone|Mobile|Roles|Status|Expires|Must change password|Groups|Language|Told by|Last login|Refused logins|Invited by|Second factor|Refused codes|Shut until|Shut only from (address, until)|Password due",
	"user-verify":     "%s: a link goes to %s; the address is verified when it is used\n",
	"zone-made":       "Zone %s of %s: %s\n",
	"zone-shared":     "Zone %s: %s=%s (changed inside: folders %d, files %d)\n",
	"zone-system":     "warning: %s is a group of the system; who is in it and in shzbase gets in, and who is put into it later\n",
	"zone-absent":     "Zone %s: nothing was on the list by the name of %s\n",
	"zone-denied":     "Zone %s: an entry for %s that gives nothing stays, as it keeps out whom a group would let in; setfacl -x takes it away\n",
	"zone-wider":      "Zone %s: in %s an entry made by hand gave %s less (%s) than the list of the zone; it has gone\n",
	"zone-wider-more": "Zone %s: and so in %d more places\n",
	"zone-less":       "Zone %s: an entry of one's own decides alone, and does not give all that a group on the list would: %s\n",
	"zone-still":      "Zone %s: gets in all the same, by a group that is on the list: %s\n",
	"zone-shut":       "Zone %s: its mask keeps this access from everybody; to open it: shzadm zone open %s\n",
	"zone-skipped":    "  left as it was: %s: %s\n",
	"zone-more":       "  and %d more\n",
	"zone-columns":    "ZONE OWNER STATE EXPIRES MEMBERS CLOSED PROBLEMS TITLE",
	"zone-fields":     "Zone|Title|Description|Owner|State|Expires|Days for files|Notify|Members|Folder|Closed|Was called|Limit|Free",
	"zone-changed":    "Zone %s of %s: %s\n",
	"zone-closed":     "Zone %s is closed and lies in %s. To bring it back: shzadm zone restore %s\n",
	"user-changed":    "User %s: %s, %s\n",
	"user-deleted":    "User %s is removed; uid %d is never given to anybody else\n",
	"user-heir":       "The files went to %s\n",
	"user-zones":      "So did these zones: %s\n",
	"zones-left":      "He still owns zones, which only a manager may; shzadm doctor says more: %s\n",

	"user-forgiven":         "The refused logins of %[1]s are forgotten. Share Zone did not make the account and leaves the rest of it as it is.\n",
	"user-forgiven-locked":  "The refused logins of %[1]s are forgotten. Share Zone did not make the account, whose password stays locked; to open it: usermod -U %[1]s\n",
	"user-forgiven-expired": "The refused logins of %[1]s are forgotten. Share Zone did not make the account, which has expired; what holds: chage -l %[1]s\n",
	"weak-password":         "warning: the password holds, but is easy to guess: %s\n",

	"who-object":      "%s: %s of %s, group %s, mode %s\n",
	"who-folder":      "folder",
	"who-file":        "file",
	"who-other":       "neither a file nor a folder",
	"who-columns":     "USER CAN BECAUSE STOPPED_AT",
	"who-list":        "list",
	"who-create":      "create",
	"who-enter":       "enter",
	"who-inside":      "read by name (%s)",
	"who-read":        "read",
	"who-write":       "write",
	"who-masked":      ", mask %s",
	"zone-locked":     "warning: %s is locked and cannot log in; what is granted holds when he is unlocked\n",
	"zone-expired":    "warning: the account %s is expired and cannot log in; what is granted holds when it gets a new end\n",
	"who-locked":      "; locked: cannot log in",
	"who-expired":     "; expired: cannot log in",
	"who-unexplained": "not by the access list",

	"sessions-ended":   "Sessions ended: %d. What is being transferred goes on to its end.\n",
	"queue-columns":    "ID STATE OPENED TO KIND ZONE FILES ATTEMPTS NEXT REASON",
	"queue-done":       "done: message %s to %s\n",
	"no-message":       "no message that waits or failed has this id; it takes 13 characters at least: %s",
	"two-messages":     "several messages have an id that begins so: %s",
	"damaged-message":  "%s: what stands in the file is no message; queue drop takes it away",
	"sending":          "messages are being sent just now; try again in a while",
	"session-columns":  "ID USER UID ENTRY ADDRESS STARTED LAST_USE STATE",
	"activity-columns": "TIME EVENT USER ABOUT ENTRY ADDRESS ZONE PATH BYTES RESULT",
	"activity-damaged": "shzadm: damaged: %s, line %d: %s\n",
	"not-recorded":     "shzadm: cannot be recorded as %s, and is done all the same: %s\n",

	"skip-upload":   "an upload under way, or what one left",
	"skip-trash":    "of somebody's trash",
	"skip-left":     "put aside by a removal, a copy or a move, or left by one",
	"skip-reserved": "a name that Share Zone keeps for itself",
	"skip-in-trash": "in the trash",
	"skip-kind":     "neither a file nor a folder",
	"skip-mount":    "another file system",
	"skip-linked":   "has more than one name, perhaps in another zone too",
	"skip-owns":     "is a folder of his own, in which he can still do everything; shzadm zone take gives it to the zone's owner",
	"skip-owner":    "belongs to nobody of Share Zone",
	"skip-moved":    "was moved meanwhile; run the command again",
	"skip-full":     "its access list is full; share with a group instead of many users",
	"skip-error":    "the system refused",

	"no-session":      "there is no such session; an id has at least 12 digits: %s",
	"two-sessions":    "several sessions begin so; give more digits: %s",
	"no-id":           "the zone has no id, so nothing can be its own; shzadm doctor says more: %s",
	"system-account":  "this is an account of the system, not a person's: %s",
	"own-account":     "Share Zone made this account, so it is in already; shzadm user modify --role changes the role: %s",
	"enabled":         "this account is in Share Zone already; shzadm user modify --role changes the role: %s",
	"not-enabled":     "this account is not in Share Zone; to let it in: shzadm user enable %s",
	"login-name":      "nobody can log in to Share Zone with a name like this: %s",
	"passwordless":    "this account has no password; to give it one, which unlocks it too: passwd %s",
	"no-factor":       "%s has no second factor",
	"in-use":          "a process of this account is still running; it is locked, run the command again later: %s",
	"incomplete":      "not everything could be transferred; the account stays, locked: %s",
	"owns-zones":      "user %s owns zones, which --files transfer gives to somebody else: %s",
	"not-ours-modify": "Share Zone did not make the account %[1]s and changes only its role; for the rest: chfn %[1]s, usermod %[1]s",
	"not-ours-lock": "Share Zone did not make the account %[1]s; to lock it everywhere: usermod -L %[1]s; " +
		"to keep it out of Share Zone: gpasswd -d %[1]s shzbase",
	"not-ours-delete": "Share Zone did not make the account %[1]s; to keep it out of Share Zone: gpasswd -d %[1]s shzbase",

	"not-root":         "only root can do this",
	"no-password":      "there is no password on standard input",
	"invitations-off":  "nobody can be invited: the settings have no mail server or no public_url: %s",
	"not-verified":     "the address of this user is not verified by a link: %s",
	"not-invited":      "this user does not wait for an invitation: the password is chosen already, or no link would be taken: %s",
	"not-shown":        "the user was made, but could not be shown; passwd sets another password: %s",
	"password-refused": "the password was refused, and no user was made: %s",
	"no-user":          "there is no such user: %s",
	"no-group":         "there is no such group: %s",
	"user-exists":      "this user exists: %s",
	"group-exists":     "a group of this name exists: %s",
	"member-exists":    "a group lists this name, and who gets it would be in the group: %s",
	"user-name":        "the name of a user begins with a letter, but not with shz-, and has up to 31 of a-z 0-9 . _ -, for example anna.rossi",
	"busy":             "somebody else is changing this account, or another program keeps the account files locked; try again later, and look at /etc/*.lock",
	"no-uids":          "no number is left below UID_MAX in /etc/login.defs",
	"limits":           "the resource limits of this shell (ulimit) are too low; start from another one",
	"leftover":         "%s. The account %s is left, locked: %v",
	"tool":             "%s failed (exit code %d): %s",
	"failed":           "failed: %v",

	"zone-name":   "the name of a zone begins with a letter or digit and has up to 63 of a-z 0-9 . _ -, for example offers-2027",
	"zone-exists": "this name is taken: %s",
	"closed-zone": "this zone is closed; shzadm zone restore opens it again: %s",
	"no-zone":     "there is no such zone: %s",
	"owner-wrong": "nothing was changed, because the owner of this zone does not exist, or may own no zones and got it by chown: everything would be made his. shzadm zone check says who it can be given to: %s",
	"named-twice": "nothing was changed: named twice: %s",
	"puts-out":    "nothing was changed in %[1]s: %[2]d who are in most of the lists of what lies in it, and not in that of its root, would be put out. To share it with them again: shzadm zone share %[1]s %[3]s; to put them out all the same: shzadm zone apply %[1]s --sure",
	"gains":       "nothing was changed in %[1]s: an entry of one's own decides alone, and who is taken off the list would have rights that he does not have now, by groups that are on it: %[2]s. To do it all the same: --sure",
	"not-manager": "only a manager can own a zone, and this user is not in shzmgr: %s",
	"principal":   "somebody to share with is written user:NAME or group:NAME, for example user:bruno, not: %s",
	"not-in-base": "this user is not in group shzbase: %s",
	"is-owner":    "this is the zone's owner, who has all rights: %s",
	"too-many":    "the access list is full, and leaves no room for one more in it, nor for what describes the zone; share with a group instead of many users",
	"not-closed":  "there is no such closed zone; shzadm zone list --closed shows them: %s",
	"expired":     "the last day of this zone is over; give it another with --expires: %s",
	"same-person": "this is the same person, who has it already: %s",
	"past":        "this day is over: %s",
	"too-late":    "the zone may be open until %s at most (max_expiry_days in sharezone.toml)",
	"no-object":   "there is no such zone, folder or file: %s",
	"no-path":     "not a path below a zone: %s",
	"link-on-way": "a symbolic link is on the way, and nobody gets anywhere by it: %s",
	"moved":       "something on the way was moved meanwhile; run the command again: %s",
	"no-base":     "the folder of the zones is missing or not root's; shzadm doctor says more",

	"doctor-changed": "note: %s is not as install.sh wrote it; that is an administrator's to decide\n",
	"doctor-well":    "%d checks, no findings\n",
	"doctor-found":   "%d checks, findings: %d\n",
	"doctor-no-mend": "(no single command mends this)",

	"finding-content":             "%[1]s is not what install.sh wrote. Run in the checkout of Share Zone:",
	"finding-stranger":            "%[1]s is not Share Zone's; nothing else belongs there",
	"finding-manifest":            "%[1]s: %[2]s. Run in the checkout of Share Zone:",
	"finding-no-group":            "group %[1]s is missing",
	"finding-group-id":            "group %[1]s has number %[2]s, which is a person's",
	"finding-no-user":             "user %[1]s is missing",
	"finding-user-id":             "user %[1]s has uid %[2]s, which is a person's",
	"finding-nologin":             "user %[1]s can log in: %[2]s",
	"finding-has-password":        "user %[1]s has a password",
	"finding-groups":              "user %[1]s is in groups %[2]s; it must be in: %[3]s",
	"finding-missing":             "%[1]s: %[2]s",
	"finding-unreadable":          "%[1]s cannot be read: %[2]s",
	"finding-kind":                "%[1]s is a %[2]s; it must be a %[3]s",
	"finding-link":                "%[1]s leads to %[2]s; it must lead to %[3]s",
	"finding-rights":              "%[1]s is %[2]s; it must be %[3]s",
	"finding-mount":               "%[1]s is not a mount of its own",
	"finding-mount-options":       "%[1]s is not mounted with %[3]s",
	"finding-read-only":           "%[1]s is mounted read-only",
	"finding-unwritable":          "%[1]s cannot be written: %[2]s",
	"finding-attributes":          "%[1]s: the file system has no user attributes (%[2]s); ext4, XFS and Btrfs have them",
	"finding-acls":                "%[1]s: the file system has no ACLs (%[2]s); ext4, XFS and Btrfs have them",
	"finding-nosuid":              "%[1]s lies in a file system mounted with nosuid: no request can be served",
	"finding-noexec":              "%[1]s lies in a file system mounted with noexec: no request can be served",
	"finding-sudoers":             "%[1]s is not valid: %[2]s",
	"finding-delegation":          "%[1]s is not in force, so nobody can log in: %[2]s",
	"finding-pam-service":         "%[1]s cannot be read (%[2]s), but %[3]s names it: nobody can log in by that entry",
	"finding-pam-module":          "%[1]s is not installed, but %[3]s needs it: nobody can log in",
	"finding-apache-config":       "%[1]s is not a valid configuration: %[2]s",
	"finding-apache-down":         "%[1]s does not run",
	"finding-apache-privileges":   "%[1]s runs with no new privileges: the gate cannot become anybody",
	"finding-apache-deaf":         "%[1]s does not listen on %[3]s",
	"finding-apache-unhardened":   "%[1]s was started without its hardening.conf",
	"finding-hsts":                "%[1]s is http under the name of %[2]s: browsers that were there speak https alone to it, and this entry does not",
	"finding-hook-foreign":        "%[1]s is not run, and one in pre_upload.d ends every upload: others than root could have written it:",
	"finding-hook-no-file":        "%[1]s is not run, and one in pre_upload.d ends every upload: it is a link, or no file:",
	"finding-hook-not-executable": "%[1]s cannot be run, and one in pre_upload.d ends every upload: not everybody may execute it:",
	"finding-scanner-down":        "uploads are to be scanned, but %[1]s does not answer: %[2]s",
	"finding-apparmor-profile":    "%[1]s is no valid AppArmor profile: %[2]s",
	"finding-apparmor-not-loaded": "AppArmor does not know %[1]s yet",
	"finding-system-member":       "%[1]s is in group shzbase, but uid %[2]s is not a person's",
	"finding-role":                "%[1]s is in group %[2]s, but not in %[3]s",
	"finding-stale-lock":          "%[1]s was left by a program that is gone (%[2]s): nobody can change accounts on this machine",
	"finding-held-lock":           "%[1]s has been held for long by process %[2]s: until it ends, nobody can change accounts on this machine",
	"finding-register":            "%[1]s is damaged: %[2]s",
	"finding-shell":               "account %[1]s was made by Share Zone and must not log in to the machine; its shell is %[2]s",
	"finding-unregistered":        "uid %[2]s of %[1]s does not stand in %[3]s and could be given again",
	"finding-lost-base":           "nobody is in group %[3]s any more; account %[1]s, made by Share Zone, was",
	"finding-factor-renamed":      "%[1]s is the second factor of %[2]s, under a former name: until it stands under the present one, %[2]s cannot log in",
	"finding-factor-nobody":       "%[1]s is a second factor of nobody: there is no account %[2]s, or it is another one by now",
	"finding-factors-lost":        "%[1]s, with all second factors, is not there (after half a restore, perhaps): nobody logs in by an entry that can ask for one. Put it back from the backup; if it is lost for good, this lets people in with the password alone where none is required:",
	"finding-lost-only":           "account %[1]s was made by Share Zone, but is not in group %[3]s: the web cannot change it, sshd lets it in",
	"finding-config-untrusted":    "%[1]s must be a file of root's that nobody else may write (%[2]s); until then nobody can log in",
	"finding-config-syntax":       "%[1]s is not TOML: %[2]s; until then nobody can log in",
	"finding-config-unknown":      "%[1]s: there is no setting %[2]s; until then nobody can log in",
	"finding-config-value":        "%[1]s: %[2]s must be a whole number in the range %[3]s; until then nobody can log in",
	"finding-config-text":         "%[1]s: %[2]s has a value that it cannot have (sharezone.toml(5) says which it can); until then nobody can log in",
	"finding-worker-idle":         "what requests did lies in the spool since %[2]s: nobody is told of anything, and no activity is logged, unless cron starts %[1]s each minute",
	"finding-zone-log":            "no activity log could be written in %[1]s since %[2]s (%[3]s): what was done in that zone, if anything, waits in the spool, and nobody is told of it; what lies there:",
	"finding-system-log":          "the activity log of the whole system could not be written in %[1]s since %[2]s (%[3]s): what requests did waits in the spool, and nobody is told of it; what lies there:",
	"finding-mail-waiting":        "messages that wait: %[1]s, the oldest since %[2]s; with each stands why:",
	"finding-mail-failed":         "messages that could not be delivered: %[1]s; with each stands why, and \"shzadm queue retry\" and \"drop\" end it:",
	"finding-notices-wait":        "in %[1]s lies since %[2]s what nobody has been told; the system log says why:",
	"finding-messages-open":       "a message in %[1]s was due at %[2]s and does not get out of there; the system log says why:",
	"finding-worker-unwatched":    "%[1]s does not run: what requests did is told by cron alone, up to a minute later:",
	"finding-message-no-file":     "%[1]s is not used, and messages have Share Zone's own words: it is a link, or no file:",
	"finding-message-foreign":     "%[1]s is not used, and messages have Share Zone's own words: others than root could have written it:",
	"finding-message-unreadable":  "%[1]s is not used, and messages have Share Zone's own words: the worker cannot read it:",
	"finding-message-unknown":     "%[1]s is not used: its name is none of a message and a language:",
	"finding-message-malformed":   "%[1]s is not used, and messages have Share Zone's own words: line %[2]s is not as it must be:",
	"finding-sms-program":         "%[1]s is to send short messages (sms.transport) and cannot be run: %[2]s",
	"finding-sms-folder":          "%[1]s is where short messages go (sms.transport), and cannot be used: %[2]s",
	"finding-sms-folder-mode":     "short messages go into %[1]s, which its group cannot write (%[2]s):",
	"finding-sms-no-mail":         "%[1]s: sms.transport is set and mail.host is empty: nobody is told of anything, by SMS neither",
	"finding-cleaner-state":       "%[1]s, the record of the cleaner's runs, is damaged; without it closed zones get their days of grace anew:",
	"finding-cleaner-back":        "the clock showed %[2]s before, and shows %[3]s: %[1]s shortens no zone until it has gone on for a day; set it right if it is wrong",
	"finding-cleaner-clock":       "the clock jumped from %[2]s to %[3]s: %[1]s closes and removes nothing until it has gone on for a day; set it right if it is wrong",
	"finding-cleaner-idle":        "%[1]s last did something on %[2]s: nothing is closed or removed, and no owner is warned, unless cron starts it each minute",
	"finding-cleaner-unfinished":  "the cleaner's job %[1]s began, and has not come to its end since %[2]s; zones that somebody is changing: %[3]s.",
	"finding-cleaner-failed":      "the cleaner's job %[1]s could not do everything the last time (%[2]s): %[3]s",
	"finding-names":               "names of users or groups could not be looked up (%[1]s): %[2]s",
	"finding-aside":               "%[1]s was left by a removal that was interrupted, and the cleaner (--once uploads) cannot end it: nobody looked at what is in it, or it cannot be removed; look with ls -lAR, give back by mv what somebody misses, remove the rest",
	"finding-zone-aside":          "%[1]s was left by a removal that was interrupted (in the zone %[2]s), and the cleaner (--once uploads) cannot end it: nobody looked at what is in it, or it cannot be removed; look with ls -lAR, give back by mv what somebody misses, remove the rest",
	"finding-stray":               "%[1]s is not a zone",
	"finding-stray-folder":        "%[1]s of %[2]s is no zone, because of its name; it would be one, and stay where it is, as %[3]s:",
	"finding-stray-file":          "%[1]s of %[2]s is not a zone, and nothing else belongs there; tell %[2]s that it goes to /root:",
	"finding-zone-id":             "%[1]s has no id (user.shz.id)",
	"finding-zone-twin":           "%[1]s has the same id as %[2]s, so one would see the other's activity",
	"finding-metadata":            "%[1]s: %[2]s",
	"finding-zone-keep":           "%[1]s: nothing in it goes because of its age, because what is to stay cannot be understood: %[2]s; its owner chooses it anew on the zone's page What goes when",
	"finding-zone-owner":          "%[1]s belongs to %[2]s, who is not in group %[3]s",
	"finding-zone-orphan":         "%[1]s belongs to %[2]s, who is not in group shzbase; with what is his in it, it can be given to another manager, for example by:",
	"finding-zone-chowned":        "%[1]s belongs to %[2]s, who may own no zones; its default ACL still names %[3]s; to give it back:",
	"finding-zone-nobody":         "%[1]s is shared with %[2]s, which is nobody",
	"finding-zone-rights":         "%[1]s has %[2]s; what it must have is %[3]s",
}
