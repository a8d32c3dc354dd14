package main

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	activitylog "sharezone/internal/activity"
	"sharezone/internal/config"
	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/internal/signup"
	"sharezone/notify/queue"
	"sharezone/notify/wording"
)

const (
	workerProgram = "/usr/lib/sharezone/worker"
	// workerIdle is how long what requests did may lie in the spool: cron starts the worker each minute.
	workerIdle = 6 * time.Hour
	// whyWorker shows what the worker said, where there is a journal, and where there are files.
	whyWorker = "{ journalctl --no-pager; cat /var/log/syslog; } 2>/dev/null | grep 'sharezone worker' | tail"
)

// checkWorker checks that what requests did gets into the logs, and messages to people.
func (u *checkup) checkWorker() {
	at := func(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
	troubles := presentTroubles(activitylog.TroubleFile)
	u.checks++
	for _, id := range slices.Sorted(maps.Keys(troubles)) {
		f := finding{Check: "zone-log", Subject: layout.ZoneLogs + "/" + id, Found: at(troubles[id].Since), Right: troubles[id].Error}
		if id == "" {
			f.Check, f.Subject = "system-log", layout.SystemLog
		}
		f.Mend = "ls -la " + quote(f.Subject)
		u.check(false, f)
	}
	oldest, err := event.Oldest(layout.Events)
	u.check(err != nil || len(troubles) > 0 || oldest.IsZero() || !upForLong() || time.Since(oldest) < workerIdle, finding{Check: "worker-idle", Subject: workerProgram,
		Found: at(oldest), Mend: "systemctl enable --now cron"})
	u.checkWatch()
	u.checkWords()
	settings, err := config.Read()
	if err != nil {
		return // said among the settings
	}
	u.checkSMS(settings)
	u.checkSignups(settings)
	told, err := oldestNotices(layout.Notices)
	u.check(err != nil || told.IsZero() || !upForLong() || time.Since(told) < workerIdle, finding{Check: "notices-wait", Subject: layout.Notices,
		Found: at(told), Mend: whyWorker})
	due, _, err := queue.Queue(layout.Queue).Oldest(queue.Open, time.Time{})
	u.check(err != nil || due.IsZero() || !upForLong() || time.Since(due) < workerIdle, finding{Check: "messages-open", Subject: layout.Queue + "/" + queue.Open,
		Found: at(due), Mend: whyWorker})
	since, count, err := queue.Queue(layout.Queue).Oldest(queue.Waiting, time.Time{})
	u.check(err != nil || count == 0 || settings.Mail.Alarm == 0 || time.Since(since) <= settings.Mail.Alarm, finding{Check: "mail-waiting",
		Subject: strconv.Itoa(count), Found: at(since), Mend: "shzadm queue list"})
	_, count, err = queue.Queue(layout.Queue).Oldest(queue.Failed, time.Time{})
	u.check(err != nil || count == 0, finding{Check: "mail-failed", Subject: strconv.Itoa(count), Mend: "shzadm queue list"})
}

// signupWait is how long who asks for an account may wait before an administrator is reminded.
const signupWait = 24 * time.Hour

// checkSignups checks that people can ask for accounts where they should, and that nobody who does is forgotten: who has no mail address
// hears of them here.
func (u *checkup) checkSignups(settings config.Settings) {
	for _, entry := range []string{"internal", "external"} {
		f := finding{Check: "signup-no-url", Subject: config.Path, Found: entry, Mend: "sensible-editor " + config.Path}
		if settings.Mail.Host == "" {
			f.Check = "signup-no-mail"
		}
		u.check(!settings.Signup.By(entry) || settings.SignsUp(entry), f)
	}
	waiting, err := signup.Machine(settings.Signup).List()
	late := slices.DeleteFunc(waiting, func(r signup.Request) bool { return time.Since(r.Confirmed) < signupWait })
	f := finding{Check: "signups-wait", Subject: strconv.Itoa(len(late)), Mend: "shzadm signup list"}
	if len(late) > 0 {
		f.Found = late[0].Confirmed.Local().Format("2006-01-02 15:04")
	}
	u.check(err != nil || len(late) == 0, f)
}

// presentTroubles are what the worker says of logs, if it has run lately: what is older may be so no more, and does not say why all waits.
func presentTroubles(file string) map[string]activitylog.Trouble {
	info, err := os.Stat(file)
	if err != nil || time.Since(info.ModTime()).Abs() >= workerIdle {
		return nil
	}
	troubles, _ := activitylog.ReadTroubles(file) // what cannot be read the worker puts aside, and tells
	return troubles
}

// checkWatch checks that systemd starts the worker at once; whoever wants cron alone to do it has masked the unit.
func (u *checkup) checkWatch() {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return
	}
	const unit = "sharezone-worker.path"
	if enabled, _ := tool("/usr/bin/systemctl", "is-enabled", unit); enabled == "masked" {
		return
	}
	_, err := tool("/usr/bin/systemctl", "is-active", unit)
	u.check(err == nil, finding{Check: "worker-unwatched", Subject: unit, Mend: "systemctl enable --now " + unit})
}

// checkWords checks that the words which the site has put in the place of ours are used.
func (u *checkup) checkWords() {
	_, unused := wording.Read(layout.Messages)
	u.checks++
	for _, w := range unused {
		path := layout.Messages + strings.TrimSuffix("/"+w.Name, "/")
		f := finding{Check: "message-malformed", Subject: path, Found: w.Where, Mend: "man sharezone-messages"}
		switch w.Fault {
		case wording.Foreign:
			f.Check, f.Mend = "message-foreign", "chown root: "+quote(path)+" && chmod go-w "+quote(path)
		case wording.NoFile: // a command that follows a link would change whatever it leads to
			f.Check, f.Mend = "message-no-file", "mv -T "+quote(path)+" "+quote(path+".unused")
		case wording.Unreadable:
			f.Check, f.Mend = "message-unreadable", "chmod a+r "+quote(path)
		case wording.Unknown:
			f.Check = "message-unknown"
		}
		u.check(false, f)
	}
}

// oldestNotices is since when the oldest file of notices lies in a folder, the zero time where there is none.
func oldestNotices(folder string) (oldest time.Time, err error) {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		info, infoErr := e.Info()
		whole := strings.HasSuffix(e.Name(), ".jsonl") // else it is being written, or was when its writer was killed
		if infoErr == nil && whole && (oldest.IsZero() || info.ModTime().Before(oldest)) {
			oldest = info.ModTime()
		}
	}
	return oldest, err
}

// upForLong says whether the machine has been up for so long that cron had the time.
func upForLong() bool {
	var machine unix.Sysinfo_t
	return unix.Sysinfo(&machine) == nil && machine.Uptime > int64(workerIdle/time.Second)
}
