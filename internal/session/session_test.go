package session

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestNewID(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		id, err := NewID()
		if err != nil {
			t.Fatal(err)
		}
		name, ok := FileName(id)
		if !ok || !ValidFileName(name) || strings.Contains(name, id) || seen[id] || seen[name] {
			t.Fatalf("%q %q %v", id, name, ok)
		}
		seen[id], seen[name] = true, true
	}
}

func TestFileName(t *testing.T) {
	good := strings.Repeat("A", 42) + "E" // 43 characters are 258 bits: the last two must be zero
	if name, ok := FileName(good); !ok || name != "fd4d78c58be9cccda09f2b7acda91c60229be29d8b29b8b4a41dd1bc2cb3a9f1" && !ValidFileName(name) {
		t.Errorf("%q: %q", good, name)
	}
	for name, id := range map[string]string{
		"empty": "", "short": good[1:], "long": good + "A", "padded": good + "=", "padding inside": good[:42] + "=",
		"other bits at the end": good[:42] + "F", "base64, not base64url": "+" + good[1:], "slash": "/" + good[1:],
		"line end": good[:42] + "\n", "line end inside": good[:10] + "\n" + good[11:], "CR after": good + "\r", "NUL": "\x00" + good[1:],
		"blank": " " + good[1:], "not ASCII": "è" + good[2:], "dots": strings.Repeat(".", 43), "path": "../" + good[3:], "its file's name": strings.Repeat("0f", 32),
	} {
		if got, ok := FileName(id); ok || got != "" {
			t.Errorf("%s: %q is taken", name, id)
		}
	}
	lower := strings.Repeat("a", 42) + "E"
	a, _ := FileName(good)
	if b, ok := FileName(lower); !ok || a == b {
		t.Error("letters differ by case")
	}
}

func TestValidFileName(t *testing.T) {
	good := strings.Repeat("0f", 32)
	for name, ok := range map[string]bool{
		good: true, strings.ToUpper(good): false, good[1:]: false, good + "0": false, "": false, "../" + good[3:]: false,
		good[:63] + "\n": false, good[:63] + "g": false, good[:63] + "\x00": false,
	} {
		if ValidFileName(name) != ok {
			t.Errorf("%q: %v", name, !ok)
		}
	}
}

func TestValidUser(t *testing.T) {
	for name, ok := range map[string]bool{
		"anna": true, "a": true, "_apt": true, "anna.rossi-2": true, "Anna@example.org": true, "9lives": true, strings.Repeat("a", 64): true,
		"": false, ".": false, "..": false, "...": false, ".anna": false, "-rf": false, "--help": false, "@a": false, "a/b": false, "a b": false,
		"a\n": false, "a\x00": false, "a=b": false, "a:b": false, "a;id": false, "$(id)": false, "a\\b": false, "annà": false, "a\u202eb": false,
		strings.Repeat("a", 65): false, "a+b": false, "a%b": false, "a,b": false, "a\"b": false,
	} {
		if ValidUser(name) != ok {
			t.Errorf("%q: %v", name, !ok)
		}
	}
}

// TestEnded: the moment of the clock and of the last use, both from the login on.
func TestEnded(t *testing.T) {
	r := Record{Started: time.Unix(1793000000, 0), Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	for _, row := range []struct {
		name     string
		now, use time.Duration
		ended    bool
	}{
		{"at once", 0, 0, false},
		{"used a moment ago", time.Hour, time.Hour - time.Second, false},
		{"at the idle limit", time.Hour, 30 * time.Minute, false},
		{"after the idle limit", time.Hour, 30*time.Minute - time.Nanosecond, true},
		{"never used", 31 * time.Minute, 0, true},
		{"at the absolute limit", 12 * time.Hour, 12 * time.Hour, false},
		{"after the absolute limit", 12*time.Hour + time.Nanosecond, 12 * time.Hour, true},
		{"clock a little back", -time.Minute, -time.Minute, false},
		{"clock back before the login", -time.Minute - time.Second, -2 * time.Minute, true},
		{"clock back after a use", time.Hour, time.Hour + time.Minute, false},
		{"clock far back after a use", time.Hour, time.Hour + time.Minute + time.Second, true},
		{"clock forward", 24 * 365 * time.Hour, time.Hour, true},
		{"file touched into the future", time.Hour, 24 * 365 * time.Hour, true},
		{"file touched into the past", time.Hour, -24 * 365 * time.Hour, true},
	} {
		if got := r.Ended(r.Started.Add(row.now), r.Started.Add(row.use)); got != row.ended {
			t.Errorf("%s: %v", row.name, got)
		}
	}
	for name, started := range map[string]int64{"end of time": math.MaxInt64, "beginning": 1, "year 10000": 253402300800} {
		r.Started = time.Unix(started, 0)
		if now := time.Unix(1793000000, 0); !r.Ended(now, now) {
			t.Errorf("started at the %s, and goes on", name)
		}
	}
}

func TestStale(t *testing.T) {
	r := Record{Refreshed: time.Unix(1793000000, 0), Stamp: "a"}
	for _, row := range []struct {
		name  string
		age   time.Duration
		stamp string
		stale bool
	}{
		{"fresh", 0, "a", false},
		{"another stamp", 0, "b", true},
		{"no stamp", 0, "", true},
		{"at the limit", RefreshAfter, "a", false},
		{"after the limit", RefreshAfter + time.Nanosecond, "a", true},
		{"clock back within the second that the file keeps", -time.Second, "a", false},
		{"clock back", -2 * time.Second, "a", true},
		{"clock far back", -24 * 365 * time.Hour, "a", true},
		{"clock far forward", 24 * 365 * time.Hour, "a", true},
	} {
		if got := r.Stale(r.Refreshed.Add(row.age), row.stamp); got != row.stale {
			t.Errorf("%s: %v", row.name, got)
		}
	}
	for _, refreshed := range []int64{1, math.MaxInt64} {
		if r.Refreshed = time.Unix(refreshed, 0); !r.Stale(time.Unix(1793000000, 0), "a") {
			t.Errorf("believed since %d", refreshed)
		}
	}
}

// TestReadWrite: an open file is read and written as a whole, whatever it held before, and nothing is read past the
// limit.
func TestReadWrite(t *testing.T) {
	name := filepath.Join(t.TempDir(), "session")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	long, short := sample(), sample()
	long.Groups, short.Groups = append(long.Groups, 1, 2, 3, 4, 5, 6), []uint32{7}
	for _, r := range []Record{short, long, short, long} {
		if err := Write(f, r); err != nil {
			t.Fatal(err)
		}
		want, _ := r.Format()
		if got, _ := os.ReadFile(name); string(got) != string(want) {
			t.Fatalf("the file holds\n%s", got)
		}
		got, use, err := Read(f)
		if err != nil || len(got.Groups) != len(r.Groups) || time.Since(use) > time.Minute {
			t.Errorf("%v %v %+v", err, use, got)
		}
	}
	before, _ := os.ReadFile(name)
	if Write(f, Record{}) == nil {
		t.Error("an empty record is written")
	}
	if after, _ := os.ReadFile(name); string(after) != string(before) {
		t.Error("a refused record changed the file")
	}
	if err := f.Truncate(1 << 40); err != nil { // sparse
		t.Fatal(err)
	}
	if _, _, err := Read(f); err != ErrDamaged {
		t.Errorf("a terabyte: %v", err)
	}
}
