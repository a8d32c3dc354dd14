package main

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"sharezone/internal/config"
	"sharezone/internal/hook"
	"sharezone/internal/layout"
)

// checkSMS checks that what the settings name takes short messages.
func (u *checkup) checkSMS(s config.Settings) {
	edit := "sensible-editor " + config.Path
	switch s.SMS.Way {
	case "":
		return
	case config.SMSCommand:
		program := strings.Fields(s.SMS.To)[0]
		err := hook.Check(program)
		u.check(err == nil, finding{Check: "sms-program", Subject: program, Found: errorText(err), Mend: edit})
	case config.SMSGammu, config.SMSTools:
		info, err := os.Stat(s.SMS.To)
		if err == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		if u.check(err == nil, finding{Check: "sms-folder", Subject: s.SMS.To, Found: errorText(err), Mend: edit}) {
			u.check(info.Mode()&0o020 != 0, finding{Check: "sms-folder-mode", Subject: s.SMS.To, Found: info.Mode().String(), Mend: "chmod g+rwx " + quote(s.SMS.To)})
		}
	}
	u.check(s.Mail.Host != "", finding{Check: "sms-no-mail", Subject: config.Path, Mend: edit})
}

// outboxGroup is the group by which the worker puts short messages into a daemon's folder, so that it must be in it; "" if there is
// none. It is never one of ours or of root's: by mistake the worker would get what only these may.
func (u *checkup) outboxGroup(m manifest) string {
	s, err := config.Read()
	if err != nil || s.SMS.Way != config.SMSGammu && s.SMS.Way != config.SMSTools {
		return ""
	}
	info, err := os.Stat(s.SMS.To)
	if err != nil {
		return ""
	}
	gid := info.Sys().(*syscall.Stat_t).Gid
	group, _ := u.names.GroupName(gid)
	if gid == 0 || gid >= layout.MinUID || slices.Contains(m.groups, group) {
		return ""
	}
	return group
}
