package main

import (
	"os"

	"sharezone/internal/layout"
)

// checkScanner asks the virus scanner whether it is there, where uploads are to be scanned. It does not start by itself after an
// upgrade that failed, and has no signatures before freshclam(1) got the first ones.
func (u *checkup) checkScanner() {
	if _, err := os.Stat(layout.PreUpload + "/virus-scan"); err != nil {
		return
	}
	mend := "systemctl restart clamav-daemon"
	if _, err := os.Stat("/usr/bin/clamdscan"); err != nil {
		mend = "apt-get install clamav-daemon clamdscan"
	}
	said, err := tool("/usr/bin/clamdscan", "--ping", "1")
	if said == "" {
		said = errorText(err)
	}
	u.check(err == nil, finding{Check: "scanner-down", Subject: "clamav-daemon", Found: said, Mend: mend})
}
