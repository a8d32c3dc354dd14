package runlog

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sharezone/internal/syslog"
)

// TestRunSaysItOnce: where the system log takes nothing a run says so in one line, with the first error, and the runs of the next day say nothing.
func TestRunSaysItOnce(t *testing.T) {
	mark := t.TempDir() + "/unlogged"
	once := func(socket string, lines ...syslog.Priority) string {
		r := New("sharezone x", mark)
		r.socket = socket
		for i, p := range lines {
			r.Write(p, "line "+strconv.Itoa(i+1))
		}
		var b strings.Builder
		r.Close(&b)
		return b.String()
	}
	missing := t.TempDir() + "/log"
	full := t.TempDir() + "/full"
	nobodyReads, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: full, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer nobodyReads.Close()
	var many []syslog.Priority
	for range 5000 {
		many = append(many, syslog.DaemonInfo)
	}
	taken := t.TempDir() + "/taken"
	reader, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: taken, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if got := once(taken, syslog.DaemonInfo, syslog.DaemonError); got != "" {
		t.Errorf("what was taken: %q", got)
	}
	for _, row := range []struct {
		socket string
		lines  []syslog.Priority
		want   []string
	}{
		{missing, []syslog.Priority{syslog.DaemonInfo, syslog.DaemonError, syslog.DaemonInfo}, []string{"sharezone x: ", "did not take 3 lines", "first: line 2\n"}},
		{missing, []syslog.Priority{syslog.DaemonInfo, syslog.DaemonInfo}, []string{"did not take 2 lines", "first: line 1\n"}},
		{full, many, []string{"did not take ", "resource temporarily unavailable"}},
	} {
		os.Remove(mark)
		got := once(row.socket, row.lines...)
		for _, want := range row.want {
			if !strings.Contains(got, want) || strings.Count(got, "\n") != 1 {
				t.Errorf("%q lacks %q", got, want)
			}
		}
		if again := once(row.socket, row.lines...); again != "" {
			t.Errorf("said again: %q", again)
		}
		ago := time.Now().Add(-25 * time.Hour)
		if err := os.Chtimes(mark, ago, ago); err != nil {
			t.Fatal(err)
		}
		if again := once(row.socket, row.lines...); strings.Count(again, "\n") != 1 {
			t.Errorf("a day later: %q", again)
		}
	}
	if got := once(missing); got != "" {
		t.Errorf("of a run that had nothing to say: %q", got)
	}
	mark = t.TempDir() + "/no/folder"
	if got := once(missing, syslog.DaemonError); !strings.Contains(got, "cannot be noted") || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}
