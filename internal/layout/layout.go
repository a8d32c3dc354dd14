// Package layout names the places, users and groups that Share Zone has on a machine.
//
// They are constants and not settings: the gate runs as root and reads no configuration, and install.sh, the
// manifest in etc/ and the documents speak of the same places. A test compares them with etc/manifest.
package layout

const (
	// Base holds the zones; it is a mount of its own (nosuid,nodev,noexec).
	Base = "/srv/sharezone"
	// Closed holds closed zones until the grace period is over.
	Closed = Base + "/.closed"

	// Gate is the only setuid program.
	Gate = "/usr/lib/sharezone/gate"
	// Handlers holds one program per component, mode 0711.
	Handlers = "/usr/lib/sharezone/cgi-bin"
	// Helpers holds the programs that run as root, reached through sudo.
	Helpers = "/usr/lib/sharezone/libexec"
	// AuthHelper asks PAM and keeps the session store.
	AuthHelper = Helpers + "/auth"
	// AccessHelper asks the kernel who can do what with an object of a zone.
	AccessHelper = Helpers + "/access"
	// ZonefixHelper does for owners of zones what needs root.
	ZonefixHelper = Helpers + "/zonefix"
	// AccountHelper makes and changes the accounts that Share Zone made, for administrators.
	AccountHelper = Helpers + "/account"

	// ZoneidHelper says which zones have which ids, and whose they are.
	ZoneidHelper = Helpers + "/zoneid"

	// State is root's; below it users reach only their own preferences.
	State = "/var/lib/sharezone"
	// Sessions holds one file per session, named by the SHA-256 of its id; root only.
	Sessions = State + "/sessions"
	// Slots holds the files whose locks count what runs at the same time; root only.
	Slots = State + "/slots"
	// Attempts holds what was refused by address and by account and address; root only.
	Attempts = State + "/attempts"
	// Tallies holds what was refused by account, as pam_faillock(8) counts it; root only.
	Tallies = State + "/faillock"
	// CodeTallies holds the same of codes of the second factor. They are counted apart, because a right password forgets the others.
	CodeTallies = State + "/faillock-codes"
	// Factors holds the secret of each second factor, called by the login name; root only.
	Factors = State + "/factors"
	// Tokens holds one-time links, as hashes; root only.
	Tokens = State + "/tokens"
	// Signups holds the requests of people who have no account and ask for one; root only.
	Signups = State + "/signups"
	// Logins holds one file for each uid that ever logged in, written at each login; root only.
	Logins = State + "/logins"
	// ZoneIDs is the folder of the register of zones' ids; root only.
	ZoneIDs = State + "/zoneids"

	// Sponsors holds a file for each uid that was invited, whose owner answers for him; root only, and the worker may ask for one.
	Sponsors = State + "/sponsors"
	// Verified holds a file for each uid whose mail address is known to reach him, with that address; root only.
	Verified = State + "/verified"
	// Announcement is what the administrator tells everybody; root's, and readable by all.
	Announcement = State + "/announcement"
	// Maintenance is there while only those are let in who may read it: GroupAdmin.
	Maintenance = State + "/maintenance"
	// Preferences holds one JSON file per uid.
	Preferences = State + "/prefs"
	// CleanerState holds what is known of the cleaner's past runs; root only.
	CleanerState = State + "/cleaner"
	// CleanerSince says since when the cleaner is at work; root's, and readable by all.
	CleanerSince = State + "/cleaner-since"
	// Spool holds what is on its way: events, and messages.
	Spool = "/var/spool/sharezone"
	// Events holds one file per request that may have something to tell; root:shzspool 2770: the worker takes them away.
	Events = Spool + "/events"
	// Damaged holds event files that could not be read as such, for an administrator to look at.
	Damaged = Spool + "/damaged"
	// WorkerState holds the worker's lock and its journal.
	WorkerState = Spool + "/worker"
	// Notices holds what the worker has still to find recipients for.
	Notices = Spool + "/notices"
	// Errands holds what the programs of the site have still to be told.
	Errands = Spool + "/errands"
	// Secrets holds what root has for one mail each; root:shzspool 0770: the worker takes them away.
	Secrets = Spool + "/secrets"
	// Queue holds messages to people: open, waiting, failed.
	Queue = Spool + "/queue"
	// Logs holds the activity logs. Nobody can list it; who may read one knows what it is called.
	Logs = "/var/log/sharezone"
	// SystemLog is the folder of the activity log of the whole system: administrators read it.
	SystemLog = Logs + "/system"
	// ZoneLogs holds one folder per zone, called by its id, with the zone's activity log: its owner reads it.
	ZoneLogs = Logs + "/zones"

	// Configuration holds sharezone.toml, the site's hooks and its words.
	Configuration = "/etc/sharezone"
	// PreUpload holds the programs of the site that judge uploads.
	PreUpload = Configuration + "/pre_upload.d"
	// PostUpload and PostDownload hold those that are told of what arrived, and of what was taken.
	PostUpload   = Configuration + "/post_upload.d"
	PostDownload = Configuration + "/post_download.d"
	// Messages holds the words that the site has put in the place of ours in messages.
	Messages = Configuration + "/messages"
	// Manifest is the installed list of owners and modes.
	Manifest = "/usr/share/sharezone/manifest"
	// Static is what Apache sends by itself.
	Static = "/usr/share/sharezone/static"
)

const (
	// GroupBase holds everybody who may use Share Zone.
	GroupBase = "shzbase"
	// GroupManager holds those who may own zones.
	GroupManager = "shzmgr"
	// GroupAdmin holds the administrators.
	GroupAdmin = "shzadmin"
	// GroupOnly holds the accounts that Share Zone itself made.
	GroupOnly = "shzonly"
	// CompanyPrefix begins the group of a partner company, with which zones are shared; no user is called so.
	CompanyPrefix = "shz-"
	// UserGuest runs components that have no user yet.
	UserGuest = "shzguest"
	// UserSpool runs the notify worker.
	UserSpool = "shzspool"

	// ApacheUID is www-data's: Debian's base-passwd gives it the same number on every machine
	// (/usr/share/doc/base-passwd/users-and-groups.txt), so the gate need not read /etc/passwd to know its caller.
	ApacheUID = 33
	// MinUID is the lowest uid of a person (UID_MIN in login.defs(5) of Debian).
	MinUID = 1000
	// NobodyUID is the overflow uid; nobody may log in as it.
	NobodyUID = 65534
)
