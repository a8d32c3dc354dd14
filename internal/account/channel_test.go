package account

import (
	"os"
	"path/filepath"
	"testing"
)

func TestE164(t *testing.T) {
	for _, row := range []struct{ number, country, want string }{
		{"+39 333 123 4567", "", "+393331234567"},
		{"0039-333-1234567", "", "+393331234567"},
		{"333.123.4567", "39", "+393331234567"},
		{"333 1234567", "", ""},
		{"0170/1234567", "49", "+491701234567"},
		{"+44 (0)7700 900123", "39", "+447700900123"},
		{"(333) 1234567", "39", "+393331234567"},
		{"+1234567", "", "+1234567"},
		{"+123456", "", ""},
		{"+1234567890123456", "", ""},
		{"+0391234567", "", ""},
		{"", "39", ""},
		{"+", "39", ""},
		{"00", "", ""},
		{"112", "39", ""},
		{"+39 333 1234567; id", "", ""},
		{"+39333\n1234567", "", ""},
		{"+39٣٣٣1234567", "", ""},
		{"anna", "39", ""},
		{"3331234567+39", "39", ""},
	} {
		if got := E164(row.number, row.country); got != row.want {
			t.Errorf("%q in %q: %q, not %q", row.number, row.country, got, row.want)
		}
	}
}

// TestChannel: what is no channel in somebody's file is no choice, and takes none of the others with it.
func TestChannel(t *testing.T) {
	for file, want := range map[string]Channel{
		`{"language":"en"}`: ByMail, `{"language":"en","channel":"sms"}`: BySMS, `{"language":"en","channel":"both"}`: ByBoth,
		`{"language":"en","channel":"none"}`: ByNone, `{"language":"en","channel":"fax"}`: ByMail,
	} {
		name := filepath.Join(t.TempDir(), "p")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := readPreferences(name, uint32(os.Geteuid()))
		if err != nil || p.By() != want || p.Language != "en" {
			t.Errorf("%s: %v, %+v", file, err, p)
		}
	}
	if CheckChannel("fax") == nil || CheckChannel("") != nil || CheckChannel("both") != nil {
		t.Error("a wrong channel is taken, or a right one is not")
	}
}
