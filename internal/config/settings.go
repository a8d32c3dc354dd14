package config

import (
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"sharezone/internal/lifetime"
	"sharezone/internal/schedule"
)

// Settings is everything that an administrator can set, as the programs use it.
type Settings struct {
	Session      SessionLimits // of everybody but administrators
	AdminSession SessionLimits
	Login        Login
	Signup       Signup
	Listing      Listing
	Form         Form
	Upload       Upload
	Search       Search
	Archive      Archive
	Trash        Trash
	Zone         Zone
	Activity     Activity
	Cleaner      Cleaner
	Internal     Entry
	External     Entry
	Notices      Notices
	Mail         Mail
	SMS          SMS
}

// SessionLimits say when a session ends by itself.
type SessionLimits struct {
	Idle     time.Duration // without a request
	Absolute time.Duration // after the login
}

// Login bounds what libexec/auth does.
type Login struct {
	Failure time.Duration // how long a refused login takes
	Slots   int           // how many ask PAM at the same time
	Wait    time.Duration // for a slot

	PairFailures    int           // of one account from one address
	AddressFailures int           // of one address, whatever the account
	FailureWindow   time.Duration // within which they count, and for which they shut

	Recovery     string        // the roles that may set a forgotten password by mail, with commas; "" = none
	RecoveryTime time.Duration // how long the link holds
	Invitation   time.Duration // how long the link of an invitation holds
	Invitations  int           // that a manager has in a month
	OwnAddress   string        // the roles that may have another mail address by a link that goes to it, with commas; "" = none
	Reset        string        // how a password gets to whom an administrator made it for: mail, show
}

// Signup says whether people without an account may ask for one, and bounds what that costs.
type Signup struct {
	Entries     string        // by which they may, with commas; "" = nobody may
	Daily       int           // mails that go to them in a day
	ClientDaily int           // of these, how often one address may ask
	Link        time.Duration // how long the link holds by which an address is confirmed
	Keep        time.Duration // how long a request waits for an administrator
}

// Listing bounds one page of a folder.
type Listing struct{ Entries, MaxEntries int }

// Form bounds a form that brings no file.
type Form struct{ MaxBytes int64 }

// Upload says what space no upload may take (the larger of the two holds), and how long it may be judged.
type Upload struct {
	KeepFreeBytes   int64
	KeepFreePercent int
	HookTime        time.Duration // for one file in one program of the site
	Unscanned       string        // what virus-scan does with a file that the scanner did not look at: "refuse", "accept"
}

// Search bounds one search below a folder.
type Search struct {
	Hits, MaxHits int
	Time          time.Duration
}

// Archive bounds what one archive may become when it is unpacked.
type Archive struct {
	Entries int
	Bytes   int64
	Ratio   int64 // bytes that come out for each byte of the archive
	Depth   int   // levels of folders
}

// Trash says for how long what was deleted is kept.
type Trash struct{ KeepDays int }

// Zone is what new zones get. Everything is in days, and 0 is none.
type Zone struct{ DefaultExpiry, MaxExpiry, DefaultMaxAge int }

// Activity bounds the activity logs.
type Activity struct {
	MaxSize int64 // bytes of one file
	Keep    int   // files that were put aside; 0 = all
}

// Cleaner says when the cleaner does what, in the form of internal/schedule, and what ends when.
type Cleaner struct {
	Warnings, Zones, Files, Uploads, Trash, Sessions, Tokens string // schedules

	WarnDays string // as lifetime.ParseDays reads them
	Grace    int    // days

	LimitFiles, LimitPercent int64 // of a zone, in one run
}

// setting is a row of the table: a whole number, or a text. Where the unit could be mistaken it is part of the name.
type setting struct {
	section, name         string
	fallback, least, most int64
	unit                  string
	meaning               string // in English, with the reason; the shipped file and sharezone.toml(5) say it
	apply                 func(*Settings, int64)
	text                  *textSetting // nil: a number; else fallback, least, most, unit and apply mean nothing
}

// textSetting is what a row has that is a text.
type textSetting struct {
	fallback string
	form     string // what it may be, in English: "days, as in \"7 3 1\""
	check    func(string) bool
	apply    func(*Settings, string)
}

const (
	kib = 1 << 10
	mib = 1 << 20
)

// table is the only list of settings.
var table = [...]setting{
	{
		"sessions", "idle_minutes", 30, 1, 7 * 24 * 60, "minutes",
		"A session ends after so many minutes without a request. Like the other limits of sessions it holds from the " +
			"next login on.",
		func(s *Settings, n int64) { s.Session.Idle = time.Duration(n) * time.Minute }, nil,
	},
	{
		"sessions", "absolute_hours", 12, 1, 30 * 24, "hours",
		"A session ends so many hours after its login, used or not, so that a stolen one does not last.",
		func(s *Settings, n int64) { s.Session.Absolute = time.Duration(n) * time.Hour }, nil,
	},
	{
		"sessions", "admin_idle_minutes", 15, 1, 7 * 24 * 60, "minutes",
		"The same for administrators, who can do more harm.",
		func(s *Settings, n int64) { s.AdminSession.Idle = time.Duration(n) * time.Minute }, nil,
	},
	{
		"sessions", "admin_absolute_hours", 8, 1, 30 * 24, "hours",
		"The same for administrators: a working day.",
		func(s *Settings, n int64) { s.AdminSession.Absolute = time.Duration(n) * time.Hour }, nil,
	},
	{
		"login", "failure_milliseconds", 1000, 200, 10000, "milliseconds",
		"Every refused login takes so long, or a multiple of it, so that the time does not tell whether the name exists. " +
			"It must be longer than checking a password takes, some 30 milliseconds, and a slow directory service.",
		func(s *Settings, n int64) { s.Login.Failure = time.Duration(n) * time.Millisecond }, nil,
	},
	{
		"login", "slots", 8, 1, 64, "processes",
		"So many processes ask PAM at the same time, each with all of its modules in memory. Who finds no free slot is " +
			"told that the server is busy.",
		func(s *Settings, n int64) { s.Login.Slots = int(n) }, nil,
	},
	{
		"login", "wait_milliseconds", 1500, 100, 1800, "milliseconds",
		"So long one waits for a free slot. It is much less than five seconds, because then the gate gives up looking at an " +
			"account again.",
		func(s *Settings, n int64) { s.Login.Wait = time.Duration(n) * time.Millisecond }, nil,
	},
	{
		"login", "pair_failures", 30, 3, 10000, "failures",
		"So many wrong passwords for one account from one address, and the account is shut for that address until " +
			"failure_minutes are over since the first of them. The account itself is shut after more of them, from all " +
			"addresses together: /etc/sharezone/faillock.conf.",
		func(s *Settings, n int64) { s.Login.PairFailures = int(n) }, nil,
	},
	{
		"login", "address_failures", 100, 10, 100000, "failures",
		"So many refused logins from one address (of IPv6 the first 64 bits), whatever the names, and until " +
			"failure_minutes are over only those are let in from there who were before, in the last 90 days: behind a " +
			"proxy many people share one address.",
		func(s *Settings, n int64) { s.Login.AddressFailures = int(n) }, nil,
	},
	{
		"login", "failure_minutes", 15, 1, 24 * 60, "minutes",
		"Refused logins count for so many minutes from the first of them.",
		func(s *Settings, n int64) { s.Login.FailureWindow = time.Duration(n) * time.Minute }, nil,
	},
	{
		section: "login", name: "recovery",
		meaning: "Who may have a link sent to his mail address by which he sets a forgotten password: people of these roles, with an " +
			"account that Share Zone made, neither locked nor expired. The others ask an administrator.",
		text: &textSetting{"base", `"base", "base,manager", "base,manager,admin" or ""`,
			oneOf("", "base", "base,manager", "base,manager,admin"),
			func(s *Settings, v string) { s.Login.Recovery = v }},
	},
	{
		"login", "invitation_days", 7, 1, 90, "days",
		"Who was invited by mail has so many days to choose his password by the link in it.",
		func(s *Settings, n int64) { s.Login.Invitation = time.Duration(n) * 24 * time.Hour }, nil,
	},
	{
		"login", "invitations_monthly", 0, 0, 1000, "people",
		"A manager may invite so many people by mail in a month, each into a zone of his. 0: administrators alone invite.",
		func(s *Settings, n int64) { s.Login.Invitations = int(n) }, nil,
	},
	{
		section: "login", name: "own_address",
		meaning: "Who may give his account another mail address in My account: people of these roles, with an account that Share Zone made. " +
			"The new one holds from when the link is used that goes to it, with the account's password, and the former one is told. " +
			"The others ask an administrator.",
		text: &textSetting{"base", `"base", "base,manager", "base,manager,admin" or ""`,
			oneOf("", "base", "base,manager", "base,manager,admin"),
			func(s *Settings, v string) { s.Login.OwnAddress = v }},
	},
	{
		section: "login", name: "reset",
		meaning: "How people learn the random password that an administrator has made for them. \"mail\": where the account has a mail " +
			"address and mails are sent it goes there, and the administrator does not see it. \"show\": it is shown to him.",
		text: &textSetting{"mail", `"mail" or "show"`,
			oneOf("mail", "show"),
			func(s *Settings, v string) { s.Login.Reset = v }},
	},
	{
		"login", "recovery_minutes", 60, 5, 7 * 24 * 60, "minutes",
		"A link to a new password, or to a new address of one's own, is good for so many minutes, once.",
		func(s *Settings, n int64) { s.Login.RecoveryTime = time.Duration(n) * time.Minute }, nil,
	},
	{
		section: "signup", name: "entries",
		meaning: "By which entries people who have no account may ask for one, at /cgi-bin/signup. They confirm their mail address by a link; an " +
			"administrator decides. The entry must answer the component signup and have a public_url, and mails must be sent. Empty: nobody may, and there is no such page.",
		text: &textSetting{"", `"internal", "external", "internal,external" or ""`,
			oneOf("", "internal", "external", "internal,external"),
			func(s *Settings, v string) { s.Signup.Entries = v }},
	},
	{
		"signup", "mails_daily", 100, 1, 10000, "mails",
		"So many links to people who ask for an account are sent in a day. Who asks beyond that gets the same answer, and no mail.",
		func(s *Settings, n int64) { s.Signup.Daily = int(n) }, nil,
	},
	{
		"signup", "asks_daily", 10, 1, 10000, "requests",
		"So often one address on the network, of IPv6 its first 64 bits, may ask in a day. Beyond that it gets the same answer, and no mail is sent.",
		func(s *Settings, n int64) { s.Signup.ClientDaily = int(n) }, nil,
	},
	{
		"signup", "link_hours", 24, 1, 7 * 24, "hours",
		"The link by which who asks for an account confirms the mail address is good for so many hours.",
		func(s *Settings, n int64) { s.Signup.Link = time.Duration(n) * time.Hour }, nil,
	},
	{
		"signup", "keep_days", 30, 1, 365, "days",
		"So many days a request waits for an administrator before it is removed; one for which an account was begun stays.",
		func(s *Settings, n int64) { s.Signup.Keep = time.Duration(n) * 24 * time.Hour }, nil,
	},
	{
		"listings", "default_entries", 200, 1, 10000, "entries",
		"A folder is shown in pages of so many entries when the request names no limit; never more than max_entries.",
		func(s *Settings, n int64) { s.Listing.Entries = int(n) }, nil,
	},
	{
		"listings", "max_entries", 1000, 1, 10000, "entries",
		"The highest limit that a request may name. Each entry of a page costs a look at the file and some hundred bytes.",
		func(s *Settings, n int64) { s.Listing.MaxEntries = int(n) }, nil,
	},
	{
		"forms", "max_kib", 64, 16, 4096, "KiB",
		"The longest form that brings no file, in KiB: the names of all entries to remove at once, for example. It is kept " +
			"in memory.",
		func(s *Settings, n int64) { s.Form.MaxBytes = n * kib }, nil,
	},
	{
		"uploads", "keep_free_mib", 0, 0, 1 << 30, "MiB",
		"An upload is refused that would leave less than so many MiB free in the file system of the zone. One whose length " +
			"is not known beforehand (a form, a chunked request) is refused when less is free at its beginning.",
		func(s *Settings, n int64) { s.Upload.KeepFreeBytes = n * mib }, nil,
	},
	{
		"uploads", "keep_free_percent", 0, 0, 90, "percent",
		"The same in percent of the file system; the larger of the two holds.",
		func(s *Settings, n int64) { s.Upload.KeepFreePercent = int(n) }, nil,
	},
	{
		"uploads", "hook_seconds", 60, 1, 3600, "seconds",
		"A program of the site that judges uploads (sharezone-hooks(5)) is given so long for a file; then it is ended, and " +
			"the upload is told to come again later. Browsers and proxies wait for about as long.",
		func(s *Settings, n int64) { s.Upload.HookTime = time.Duration(n) * time.Second }, nil,
	},
	{
		section: "uploads", name: "unscanned",
		meaning: "Where the program virus-scan judges uploads (sharezone-hooks(5)): what becomes of a file while the scanner does not answer. " +
			"\"refuse\": the upload is told to come again later. \"accept\": it is taken, and a line in the syslog says so.",
		text: &textSetting{"refuse", `"refuse" or "accept"`,
			oneOf("refuse", "accept"),
			func(s *Settings, v string) { s.Upload.Unscanned = v }},
	},
	{
		"search", "default_hits", 200, 1, 100000, "hits",
		"A search ends after so many hits when the request names no limit; never more than max_hits.",
		func(s *Settings, n int64) { s.Search.Hits = int(n) }, nil,
	},
	{
		"search", "max_hits", 1000, 1, 100000, "hits",
		"The highest limit that a request may name. For a script, which gets them at the end, the hits are kept in memory.",
		func(s *Settings, n int64) { s.Search.MaxHits = int(n) }, nil,
	},
	{
		"search", "seconds", 20, 1, 600, "seconds",
		"A search ends after so many seconds with what it has found by then, and says that it is not complete. A million " +
			"names take about one second when the disk's directories are in memory.",
		func(s *Settings, n int64) { s.Search.Time = time.Duration(n) * time.Second }, nil,
	},
	{
		"archives", "max_entries", 100000, 1, 1000000, "entries",
		"An archive with more files and folders is not unpacked.",
		func(s *Settings, n int64) { s.Archive.Entries = int(n) }, nil,
	},
	{
		"archives", "max_gib", 100, 1, 1 << 20, "GiB",
		"An archive whose files have more bytes together is not unpacked. They are counted as they come out, whatever the " +
			"archive says, and the space that uploads leave free is left free too.",
		func(s *Settings, n int64) { s.Archive.Bytes = n << 30 }, nil,
	},
	{
		"archives", "max_ratio", 200, 10, 1000000, "times",
		"An archive out of which come so many times its own bytes is not unpacked, except for the first 64 MiB: it was made " +
			"to fill a disk. Text comes out at 3 to 20 times its packed size, logs at up to 100 times.",
		func(s *Settings, n int64) { s.Archive.Ratio = n }, nil,
	},
	{
		"archives", "max_depth", 100, 1, 1000, "levels",
		"An archive with folders nested more deeply is not unpacked.",
		func(s *Settings, n int64) { s.Archive.Depth = int(n) }, nil,
	},
	{
		"trash", "keep_days", 30, 0, 36500, "days",
		"What is deleted or replaced in a zone stays in its trash for so many days, and takes room until then. 0: there is no trash, " +
			"and what is in it already goes after a day. The owner of a zone may turn its trash off.",
		func(s *Settings, n int64) { s.Trash.KeepDays = int(n) }, nil,
	},
	{
		"zones", "default_expiry_days", 0, 0, 36500, "days",
		"A zone of whose end nothing is said is open for so many days; 0: as long as max_expiry_days says.",
		func(s *Settings, n int64) { s.Zone.DefaultExpiry = int(n) }, nil,
	},
	{
		"zones", "max_expiry_days", 0, 0, 36500, "days",
		"No zone is open for longer than so many days from today: no later expiry date is taken, and the cleaner sets that " +
			"day where a zone has a later one or none. 0: any date, or none.",
		func(s *Settings, n int64) { s.Zone.MaxExpiry = int(n) }, nil,
	},
	{
		"zones", "default_max_age_days", 0, 0, 36500, "days",
		"In a zone made without a maximum age files stay for so many days; 0: without end.",
		func(s *Settings, n int64) { s.Zone.DefaultMaxAge = int(n) }, nil,
	},
	{
		"activity", "rotate_mib", 16, 1, 4096, "MiB",
		"An activity log that has grown to so many MiB is put aside, and a new one is begun.",
		func(s *Settings, n int64) { s.Activity.MaxSize = n * mib }, nil,
	},
	{
		"activity", "keep_logs", 0, 0, 100000, "logs",
		"So many logs that were put aside are kept, of each zone and of the whole system; 0: all of them.",
		func(s *Settings, n int64) { s.Activity.Keep = int(n) }, nil,
	},
	scheduleOf("warnings", "0 6 * * *", "When owners are told that the end of their zones is near.",
		func(s *Settings) *string { return &s.Cleaner.Warnings }),
	scheduleOf("zones", "10 0 * * *", "When zones are closed whose last day is over, and removed when they were closed for "+
		"grace_days.", func(s *Settings) *string { return &s.Cleaner.Zones }),
	scheduleOf("files", "40 0 * * *", "When files are removed that have been in a zone for longer than its maximum age, and folders "+
		"that are empty then.", func(s *Settings) *string { return &s.Cleaner.Files }),
	scheduleOf("uploads", "20 1 * * *", "When hidden files and folders are removed that requests left when they were killed.",
		func(s *Settings) *string { return &s.Cleaner.Uploads }),
	scheduleOf("trash", "30 1 * * *", "When what has been in the trash of a zone for longer than [trash] keep_days is removed for good.",
		func(s *Settings) *string { return &s.Cleaner.Trash }),
	scheduleOf("sessions", "*/10 * * * *", "When sessions are removed that have ended by themselves.",
		func(s *Settings) *string { return &s.Cleaner.Sessions }),
	scheduleOf("tokens", "50 * * * *", "When what is kept of links in mails is removed that are no good any more.",
		func(s *Settings) *string { return &s.Cleaner.Tokens }),
	{
		section: "cleaner", name: "warn_days",
		meaning: "So many days before a zone's last day its owner is told, once each; \"7 6 5 4 3 2 1\" is daily, \"\" never.",
		text: &textSetting{"7 3 1", "days from 366 to 0, each less than the one before",
			func(v string) bool { _, ok := lifetime.ParseDays(v); return ok },
			func(s *Settings, v string) { s.Cleaner.WarnDays = v }},
	},
	{
		"cleaner", "grace_days", 30, 1, 36500, "days",
		"A closed zone can be brought back for so many days; then it is removed, with everything in it.",
		func(s *Settings, n int64) { s.Cleaner.Grace = int(n) }, nil,
	},
	{
		"cleaner", "limit_files", 1000, 0, 1 << 40, "files",
		"So many files and folders of one zone go in one run because of their age, whatever their share. When more are due than this, and more " +
			"than limit_percent of the zone, none goes until an administrator has looked: a clock or a maximum age may be wrong.",
		func(s *Settings, n int64) { s.Cleaner.LimitFiles = n }, nil,
	},
	{
		"cleaner", "limit_percent", 50, 0, 100, "percent",
		"See limit_files; with 0 that alone is the limit, with 100 there is none.",
		func(s *Settings, n int64) { s.Cleaner.LimitPercent = n }, nil,
	},
	entryComponents("internal", everything, internal),
	entryPAMService("internal", "sharezone", internal),
	entryFactor("internal", "base", "people who neither have zones of their own nor administer are asked for", internal, ofBase),
	entryFactor("internal", "manager", "those who may have zones of their own are asked for", internal, ofManager),
	entryFactor("internal", "admin", "administrators are asked for", internal, ofAdmin),
	entryIdle("internal", internal),
	entryAbsolute("internal", internal),
	entryPublicURL("internal", []string{"https", "http"}, internal),
	// What a partner's network can reach neither makes accounts nor sets passwords without the old one.
	entryComponents("external", "chpwd forgot home less menu profile shz signup zones", external),
	entryPAMService("external", "sharezone-external", external),
	entryFactor("external", "base", "people who neither have zones of their own nor administer are asked for", external, ofBase),
	entryFactor("external", "manager", "those who may have zones of their own are asked for", external, ofManager),
	entryFactor("external", "admin", "administrators are asked for", external, ofAdmin),
	entryIdle("external", external),
	entryAbsolute("external", external),
	entryPublicURL("external", []string{"https"}, external),
	{
		section: "notices", name: "tell",
		meaning: "Of what people are told in zones whose owner has not decided: of files that arrive, of files that somebody takes.",
		text: &textSetting{"upload,download", `"upload", "download", "upload,download" or ""`,
			oneOf("", "upload", "download", "upload,download"),
			func(s *Settings, v string) { s.Notices.Tell = v }},
	},
	{
		section: "notices", name: "language",
		meaning: "The language of messages to those who have chosen none.",
		text: &textSetting{"it", `"it" or "en"`,
			oneOf("it", "en"),
			func(s *Settings, v string) { s.Notices.Language = v }},
	},
	{
		"notices", "window_minutes", 5, 0, 1440, "minutes",
		"What one person does in a zone within so many minutes is one message to each who is told of it, sent when they are " +
			"over. 0: as soon as it is known.",
		func(s *Settings, n int64) { s.Notices.Window = time.Duration(n) * time.Minute }, nil,
	},
	{
		"notices", "hook_seconds", 60, 1, 3600, "seconds",
		"A program in /etc/sharezone/post_upload.d or post_download.d that has not ended after so many seconds is killed.",
		func(s *Settings, n int64) { s.Notices.HookTime = time.Duration(n) * time.Second }, nil,
	},
	{
		"notices", "hook_mib", 1024, 16, 1 << 20, "MiB",
		"So much memory each process of such a program may have. It gets 256 open files, 256 processes and hook_seconds of the " +
			"processor besides.",
		func(s *Settings, n int64) { s.Notices.HookData = n * mib }, nil,
	},
	{
		section: "mail", name: "host",
		meaning: "The mail server that takes all messages: this machine's own, or a smarthost. Empty: nobody is told of anything.",
		text: &textSetting{"localhost", `the name or address of a host, or ""`,
			emptyOr(isHost),
			func(s *Settings, v string) { s.Mail.Host = v }},
	},
	{
		section: "mail", name: "tls",
		meaning: "How the connection is encrypted: not at all, by STARTTLS, or from its beginning. A server that cannot do what is " +
			"asked, or has no valid certificate, gets no message. auto is none for localhost, and STARTTLS for every other.",
		text: &textSetting{"auto", `"auto", "none", "starttls" or "tls"`,
			oneOf("auto", "none", "starttls", "tls"),
			func(s *Settings, v string) { s.Mail.TLS = v }},
	},
	{
		section: "mail", name: "user",
		meaning: "The name with which Share Zone logs in to the mail server, over TLS only. The password is the first line of " +
			"/etc/sharezone/smtp-secret (owner root, group shzspool, mode 0640). Empty: it does not log in.",
		text: &textSetting{"", `a name of at most 254 bytes without control characters, or ""`,
			isLoginName,
			func(s *Settings, v string) { s.Mail.User = v }},
	},
	{
		section: "mail", name: "from",
		meaning: "The sender of all messages, who also gets those that come back. Empty: sharezone at the domain.",
		text: &textSetting{"", `a mail address, or ""`,
			emptyOr(isAddress),
			func(s *Settings, v string) { s.Mail.From = v }},
	},
	{
		section: "mail", name: "domain",
		meaning: "The mail domain of people whose account has no address: user@domain. Empty: the name in /etc/mailname, or that of " +
			"the machine.",
		text: &textSetting{"", `the name of a domain, or ""`,
			emptyOr(isHost),
			func(s *Settings, v string) { s.Mail.Domain = v }},
	},
	{
		"mail", "port", 25, 1, 65535, "as a TCP port",
		"The port of the mail server; 587 is usual for STARTTLS with a login, 465 for TLS from the beginning.",
		func(s *Settings, n int64) { s.Mail.Port = int(n) }, nil,
	},
	{
		"mail", "give_up_hours", 120, 1, 720, "hours",
		"A message that could not be delivered within so many hours is put aside.",
		func(s *Settings, n int64) { s.Mail.GiveUp = time.Duration(n) * time.Hour }, nil,
	},
	{
		"mail", "alarm_hours", 4, 0, 720, "hours",
		"While a message has been waiting for longer than so many hours, an error goes to the system log, one an hour, and shzadm " +
			"doctor finds it. 0: never.",
		func(s *Settings, n int64) { s.Mail.Alarm = time.Duration(n) * time.Hour }, nil,
	},
	{
		section: "sms", name: "transport",
		meaning: "How short messages go out, to those who have chosen them and whose account has a mobile number. command:PROGRAM " +
			"ARGUMENTS runs a program of root's with the number as its last argument and the text on its standard input; gammu:FOLDER " +
			"and smstools:FOLDER write into the outbox of gammu-smsd (service files) or the folder outgoing of smstools, whose group " +
			"shzspool must be in; mail:ADDRESS sends a mail to a gateway, with {number} for the digits. They wait, and are given up, as " +
			"mails are. Empty: there are none.",
		text: &textSetting{"", `"command:/PROGRAM ARGUMENTS", "gammu:/FOLDER", "smstools:/FOLDER", "mail:{number}@DOMAIN" or ""`,
			emptyOr(isTransport),
			func(s *Settings, v string) { s.SMS.setTransport(v) }},
	},
	{
		section: "sms", name: "country",
		meaning: "The calling code of the country of numbers that are written without one, 39 for Italy. Empty: these get no short messages.",
		text: &textSetting{"", `the digits of a country's calling code, as in "39", or ""`,
			emptyOr(func(v string) bool { return countryForm().MatchString(v) }),
			func(s *Settings, v string) { s.SMS.Country = v }},
	},
	{
		"sms", "per_day", 50, 0, 10000, "messages",
		"So many short messages go to one person on one day; what is more goes as mails, and the system log says so. 0: any number.",
		func(s *Settings, n int64) { s.SMS.PerDay = int(n) }, nil,
	},
}

// scheduleOf is the row of a schedule of the cleaner's.
func scheduleOf(job, fallback, meaning string, field func(*Settings) *string) setting {
	return setting{
		section: "cleaner", name: job + "_schedule", meaning: meaning,
		text: &textSetting{fallback, "minute, hour, day, month and day of the week as in crontab(5)",
			func(v string) bool { _, err := schedule.Parse(v); return err == nil },
			func(s *Settings, v string) { *field(s) = v }},
	}
}

// Default returns the settings without a file.
func Default() Settings {
	var s Settings
	for _, row := range table {
		if row.text != nil {
			row.text.apply(&s, row.text.fallback)
		} else {
			row.apply(&s, row.fallback)
		}
	}
	return s
}

func ofBase(f *Factors) *Factor    { return &f.Base }
func ofManager(f *Factors) *Factor { return &f.Manager }
func ofAdmin(f *Factors) *Factor   { return &f.Admin }

func internal(s *Settings) *Entry { return &s.Internal }
func external(s *Settings) *Entry { return &s.External }

// isSection says whether a key is that of a section, or of one that has sections.
func isSection(key toml.Key) bool {
	for i := range table {
		section := strings.Split(table[i].section, ".")
		if len(key) <= len(section) && slices.Equal(key, section[:len(key)]) {
			return true
		}
	}
	return false
}

// find returns the row of a key, nil if there is none.
func find(key toml.Key) *setting {
	last := len(key) - 1
	for i := range table {
		if table[i].name == key[last] && slices.Equal(key[:last], strings.Split(table[i].section, ".")) {
			return &table[i]
		}
	}
	return nil
}
