package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/config"
	"sharezone/internal/event"
	"sharezone/internal/layout"
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
	oldest, err := event.Oldest(layout.Events)
	u.check(err != nil || oldest.IsZero() || !upForLong() || time.Since(oldest) < workerIdle, finding{Check: "worker-idle", Subject: workerProgram,
		Found: at(oldest), Mend: "systemctl enable --now cron"})
	u.checkWatch()
	u.checkWords()
	settings, err := config.Read()
	if err != nil {
		return // said among the settings
	}
	u.checkSMS(settings)
	told, err := oldestFile(layout.Notices)
	u.check(err != nil || told.IsZero() || !upForLong() || time.Since(told) < workerIdle, finding{Check: "notices-wait", Subject: layout.Notices,
		Found: at(told), Mend: whyWorker})
	due, _, err := queue.Queue(layout.Queue).Oldest(queue.Open)
	u.check(err != nil || due.IsZero() || !upForLong() || time.Since(due) < workerIdle, finding{Check: "messages-open", Subject: layout.Queue + "/" + queue.Open,
		Found: at(due), Mend: whyWorker})
	since, count, err := queue.Queue(layout.Queue).Oldest(queue.Waiting)
	u.check(err != nil || count == 0 || settings.Mail.Alarm == 0 || time.Since(since) <= settings.Mail.Alarm, finding{Check: "mail-waiting",
		Subject: strconv.Itoa(count), Found: at(since), Mend: "shzadm queue list"})
	_, count, err = queue.Queue(layout.Queue).Oldest(queue.Failed)
	u.check(err != nil || count == 0, finding{Check: "mail-failed", Subject: strconv.Itoa(count), Mend: "shzadm queue list"})
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
		case wording.Unreadable:
			f.Check, f.Mend = "message-unreadable", "chmod a+r "+quote(path)
		case wording.Unknown:
			f.Check = "message-unknown"
		}
		u.check(false, f)
	}
}

// oldestFile is since when the oldest file lies in a folder, the zero time where there is none.
func oldestFile(folder string) (oldest time.Time, err error) {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		info, infoErr := e.Info()
		if infoErr == nil && (oldest.IsZero() || info.ModTime().Before(oldest)) {
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
