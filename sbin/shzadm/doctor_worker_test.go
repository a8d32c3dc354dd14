package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	activitylog "sharezone/internal/activity"
	"sharezone/internal/config"
	"sharezone/internal/layout"
)

// Doctor tells when the worker does not run, and of messages that do not get away.
func TestDoctorWorker(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	const head = `{"version":1,"id":"20260101T000000.000000000Z-00112233445566778899aabbccddeeff","kind":"taken","uid":1,"user":"a","actor":"b","zone":"z","zone_id":"","opened":"2026-01-01T00:00:00Z","due":"2026-01-01T00:00:00Z"}`
	message := func(folder string) string {
		return "echo '" + head + "' > " + layout.Queue + "/" + folder + "/20260101T000000.000000000Z-00112233445566778899aabbccddeeff.json"
	}
	event := layout.Events + "/20200101T000000.000000000Z-0123456789abcdef"
	type trouble struct{ what, do, undo, says string }
	rows := []trouble{
		{"waiting", message("waiting"), "rm " + layout.Queue + "/waiting/2026*", "messages that wait: 1, the oldest since 2026-01-01"},
		{"failed", message("failed"), "rm " + layout.Queue + "/failed/2026*", "messages that could not be delivered: 1;"},
	}
	if upForLong() {
		notices := layout.Notices + "/20200101T000000.000000000Z-0123456789abcdef.jsonl"
		rows = append(rows, trouble{"notices", "echo x > " + notices + "; touch -d '9 hours ago' " + notices, "rm " + notices, "nobody has been told"},
			trouble{"open", message("open"), "rm " + layout.Queue + "/open/2026*", "was due at 2026-01-01"})
		idle := "echo x > " + event + "; touch -d '9 hours ago' " + event
		rows = append(rows, trouble{"idle", idle, "rm " + event, "lies in the spool since"})
		// What the worker wrote down of a zone counts as long as it runs, and not for the reason why all waits after that.
		note := activitylog.TroubleFile
		known := idle + `; echo '{"%s":{"since":"2026-01-01T00:00:00Z","error":"x"}}' > ` + note
		rows = append(rows, trouble{"zone", fmt.Sprintf(known, "0000000000000000000000000000000a"), "rm " + event + " " + note, "could be written in " + layout.ZoneLogs},
			trouble{"system", fmt.Sprintf(known, ""), "rm " + event + " " + note, "could not be written in " + layout.SystemLog},
			trouble{"zone before", fmt.Sprintf(known, "0000000000000000000000000000000a") + "; touch -d '9 hours ago' " + note, "rm " + event + " " + note, "lies in the spool since"})
	}
	for _, row := range rows {
		bash(t, row.do)
		code, out, _ := shzadm(t, "", "doctor")
		bash(t, row.undo)
		if strings.Contains(out, "/var/log/syslog") && !strings.Contains(out, "journalctl") {
			t.Errorf("%s: a machine with a journal alone has no such file: %s", row.what, out)
		}
		if code != exitRefused || !strings.Contains(out, row.says) || !strings.HasSuffix(out, "findings: 1\n") {
			t.Errorf("%s: exit %d: %s", row.what, code, out)
		}
	}
	// What a worker that was killed was writing is no notice: nobody is to be told of it.
	unfinished := layout.Notices + "/20200101T000000.000000000Z-0123456789abcdef.jsonl.new"
	bash(t, "touch -d '9 hours ago' "+unfinished)
	defer os.Remove(unfinished)
	expectHealth(t)
}

// Doctor names the words of the site that are not used.
func TestDoctorWords(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	defer bash(t, "rm -rf "+layout.Messages+"/*; chmod 755 "+layout.Messages)
	bash(t, "printf 'New in {zone}\\n\\n{count} files.\\n' > "+layout.Messages+"/arrived-en.txt; touch "+layout.Messages+"/arrived-en.txt~")
	expectHealth(t)
	for _, row := range []struct{ do, says string }{
		{"printf 'New\\n\\n{password}\\n' > arrived-it.txt", "arrived-it.txt is not used, and messages have Share Zone's own words: line 3"},
		{"cp arrived-en.txt arrived-fr.txt", "arrived-fr.txt is not used: its name"},
		{"cp arrived-en.txt arrived-it.txt; chown daemon: arrived-it.txt", "arrived-it.txt is not used, and messages have Share Zone's own words: others"},
		{"cp arrived-en.txt arrived-it.txt; chmod 640 arrived-it.txt", "chmod a+r "},
		{"ln -s /etc/shadow arrived-it.txt", "it is a link, or no file:\n  mv -T /etc/sharezone/messages/arrived-it.txt /etc/sharezone/messages/arrived-it.txt.unused\n"},
	} {
		bash(t, "cd "+layout.Messages+"; "+row.do)
		code, out, _ := shzadm(t, "", "doctor")
		bash(t, "cd "+layout.Messages+"; rm -f arrived-it.txt arrived-fr.txt")
		if code != exitRefused || !strings.Contains(out, row.says) || !strings.HasSuffix(out, "findings: 1\n") {
			t.Errorf("%s: exit %d: %s", row.do, code, out)
		}
	}
}

// Doctor names the programs of the site that are not run.
func TestDoctorPrograms(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	const name = "dt-program"
	for _, row := range []struct{ folder, do, says, mend string }{
		{layout.PreUpload, "install -m 0777 /bin/true dt-program", "others than root", "chown root: " + layout.PreUpload + "/dt-program && chmod go-w "},
		{layout.PostUpload, "install -o daemon -m 0755 /bin/true dt-program", "others than root", "chown root: "},
		{layout.PostUpload, "install -m 0744 /bin/true dt-program", "not everybody may execute it", "chmod a+rx " + layout.PostUpload + "/dt-program"},
		{layout.PostDownload, "ln -s /bin/true dt-program", "it is a link, or no file", "mv -T " + layout.PostDownload + "/dt-program "},
		{layout.PostDownload, "mkdir dt-program", "it is a link, or no file", "mv -T "},
	} {
		bash(t, "cd "+row.folder+"; "+row.do)
		code, out, _ := shzadm(t, "", "doctor")
		bash(t, "rm -rf "+row.folder+"/"+name)
		if code != exitRefused || !strings.Contains(out, row.folder+"/"+name) || !strings.Contains(out, row.says) || !strings.Contains(out, "  "+row.mend) || !strings.HasSuffix(out, "findings: 1\n") {
			t.Errorf("%s: exit %d: %s", row.do, code, out)
		}
	}
	bash(t, "install -m 0755 /bin/true "+layout.PostUpload+"/"+name+"; touch "+layout.PostUpload+"/README.txt")
	defer bash(t, "rm "+layout.PostUpload+"/"+name+" "+layout.PostUpload+"/README.txt")
	expectHealth(t)
}

// Doctor tells what keeps short messages from going out.
func TestDoctorSMS(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	before := bash(t, "cat "+config.Path)
	restore := func() {
		if err := os.WriteFile(config.Path, []byte(before), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	defer restore()
	for _, row := range []struct{ settings, do, undo, says string }{
		{"[sms]\ntransport = \"command:/usr/local/sbin/absent-sms\"\n", "true", "true", "/usr/local/sbin/absent-sms is to send short messages"},
		{"[sms]\ntransport = \"command:/usr/local/sbin/dt-sms x\"\n", "install -m 0777 /bin/true /usr/local/sbin/dt-sms", "rm /usr/local/sbin/dt-sms", "/usr/local/sbin/dt-sms is to send short messages"},
		{"[sms]\ntransport = \"gammu:/var/spool/dt-sms\"\n", "true", "true", "/var/spool/dt-sms is where short messages go"},
		{"[sms]\ntransport = \"gammu:/var/spool/dt-sms\"\n", "install -d -g daemon -m 0770 /var/spool/dt-sms", "rmdir /var/spool/dt-sms", "usermod --gid shzspool --groups daemon -- shzspool"},
		{"[sms]\ntransport = \"smstools:/var/spool/dt-sms\"\n", "install -d -g shzspool -m 0750 /var/spool/dt-sms", "rmdir /var/spool/dt-sms", "chmod g+rwx /var/spool/dt-sms"},
		{"[mail]\nhost = \"\"\n[sms]\ntransport = \"mail:{number}@sms.example.org\"\n", "true", "true", "mail.host is empty"},
	} {
		if err := os.WriteFile(config.Path, []byte(row.settings), 0o644); err != nil {
			t.Fatal(err)
		}
		bash(t, row.do)
		code, out, _ := shzadm(t, "", "doctor")
		bash(t, row.undo)
		if code != exitRefused || !strings.Contains(out, row.says) || !strings.HasSuffix(out, "findings: 1\n") {
			t.Errorf("%s: exit %d: %s", row.settings, code, out)
		}
	}
	restore()
	expectHealth(t)
}
