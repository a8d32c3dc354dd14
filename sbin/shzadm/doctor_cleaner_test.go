package main

import (
	"strings"
	"testing"
)

// Doctor tells when the cleaner does not run, and what it could not do.
func TestDoctorCleaner(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	bash(t, "cp -p "+cleanerState+" "+cleanerState+".before 2>/dev/null || true")
	defer bash(t, "mv "+cleanerState+".before "+cleanerState+" 2>/dev/null || rm -f "+cleanerState)
	for _, row := range []struct{ what, do, says string }{
		{"damaged", "echo x > " + cleanerState, cleanerState + ", the record of the cleaner's runs, is damaged"},
		{"idle", `echo '{"since":"2026-01-01T00:00:00Z","jobs":{}}' > ` + cleanerState + "; touch -d '9 days ago' " + cleanerState, cleanerProgram + " last did something on"},
		{"clock", `echo '{"since":"2026-01-01T00:00:00Z","seen":"2036-01-01T12:00:00Z","doubt":{"before":"2026-01-01T12:00:00Z","ran":0},"jobs":{}}' > ` + cleanerState,
			"the clock jumped from 2026-01-01"},
		{"unfinished", `echo '{"since":"2026-01-01T00:00:00Z","seen":"2026-01-09T00:00:00Z","jobs":{"files":{"last":"2026-01-02T00:00:00Z","began":"2026-01-09T00:00:00Z","left":["a","b"]},"trash":{"last":"2026-01-08T00:00:00Z","began":"2026-01-09T00:00:00Z"}}}' > ` + cleanerState,
			"the cleaner's job files began, and has not come to its end since 2026-01-0"},
		{"failed", `echo '{"since":"2026-01-01T00:00:00Z","jobs":{"files":{"failed":2,"failures":["a/b: busy","c"]},"zones":{}}}' > ` + cleanerState,
			"the cleaner's job files could not do everything the last time (2): a/b: busy\n"},
	} {
		bash(t, row.do)
		if code, out, _ := shzadm(t, "", "doctor"); code != exitRefused || !strings.Contains(out, row.says) || !strings.HasSuffix(out, "findings: 1\n") {
			t.Errorf("%s: exit %d: %s", row.what, code, out)
		}
	}
	bash(t, "rm "+cleanerState)
	if code, out, _ := shzadm(t, "", "doctor"); code != exitDone {
		t.Errorf("never run: exit %d: %s", code, out)
	}
}
