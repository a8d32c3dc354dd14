package main

import (
	"os"
	"strings"
	"testing"

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
		rows = append(rows, trouble{"idle", "echo x > " + event + "; touch -d '9 hours ago' " + event, "rm " + event, "lies in the spool since"})
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
	} {
		bash(t, "cd "+layout.Messages+"; "+row.do)
		code, out, _ := shzadm(t, "", "doctor")
		bash(t, "cd "+layout.Messages+"; rm -f arrived-it.txt arrived-fr.txt")
		if code != exitRefused || !strings.Contains(out, row.says) || !strings.HasSuffix(out, "findings: 1\n") {
			t.Errorf("%s: exit %d: %s", row.do, code, out)
		}
	}
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
