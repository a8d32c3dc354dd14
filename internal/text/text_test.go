package text

import (
	"strings"
	"testing"
	"time"
)

func TestPick(t *testing.T) {
	for _, c := range []struct {
		explicit, header string
		want             Language
	}{
		{"", "", Italian},
		{"en", "it", English},
		{"it", "en", Italian},
		{"de", "en", English}, // not one of ours: the header decides
		{"EN", "", Italian},
		{"", "en", English},
		{"", "EN-gb", English},
		{"", "it-CH", Italian},
		{"", "de, fr;q=0.9", Italian},
		{"", "de, en;q=0.3", English},
		{"", "en-US,en;q=0.9,it;q=0.8", English},
		{"", "it-IT,it;q=0.9,en-US;q=0.8,en;q=0.7", Italian},
		{"", "en;q=0.5, it;q=0.8", Italian},
		{"", "en;q=0.8, it;q=0.5", English},
		{"", "en, it", English}, // equally liked: the first
		{"", "it, en", Italian},
		{"", "*", Italian},
		{"", "it;q=0, *", English},
		{"", "it;q=0.4, *;q=0.5", English},
		{"", "en;q=0", Italian},
		{"", "it;q=0, en;q=0", Italian},
		{"", "en;q=0.000, it;q=0.001", Italian},
		{"", "de;q=1, *;q=0", Italian},
		{"", "en-GB;q=0.2, en;q=0.7, it;q=0.5", English},
		{"", "en ; q=0.9 , it ; Q=0.1", English},
		{"", "en;q=2, it;q=0.1", Italian}, // unreadable weights are passed over
		{"", "en;q=-1", Italian},
		{"", "en;q=NaN", Italian},
		{"", "en;q=", Italian},
		{"", "en;x=1", Italian},
		{"", ";;;,,,q=1,;q=1", Italian},
		{"", "english", Italian},
		{"", strings.Repeat("x,", 10000) + "en", English},
	} {
		if got := Pick(c.explicit, c.header); got != c.want {
			t.Errorf("Pick(%q, %.60q) = %q, want %q", c.explicit, c.header, got, c.want)
		}
	}
}

func TestSay(t *testing.T) {
	if got := English.Say("pages.shown", "1", "2", "3"); got != "1 to 2 of 3" {
		t.Errorf("got %q", got)
	}
	if got := Italian.Say("no.such-key", 1); got != "[no.such-key]" {
		t.Errorf("got %q", got)
	}
	if got := Language("").Say("login.submit"); got != "Entra" {
		t.Errorf("an unset language speaks Italian, got %q", got)
	}
	if got := English.Say("pages.shown", "%s%d", `\`, "%!"); got != `%s%d to \ of %!` {
		t.Errorf("an argument is no format: %q", got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{
		0: "0 file sono arrivati.", 1: "1 file è arrivato.", 2: "2 file sono arrivati.", 1000: "1.000 file sono arrivati.",
	} {
		if got := Italian.Count("done.upload", n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := English.Count("done.upload", 1); got != "1 file has arrived." {
		t.Errorf("got %q", got)
	}
}

func TestOther(t *testing.T) {
	if Italian.Other() != English || English.Other() != Italian || Language("").Other() != English {
		t.Error("Other does not lead to the other language")
	}
}

// local makes a time zone the server's for one test.
func local(t *testing.T, zone *time.Location) {
	before := time.Local
	time.Local = zone
	t.Cleanup(func() { time.Local = before })
}

func TestTime(t *testing.T) {
	local(t, time.FixedZone("server", 2*60*60))
	for _, c := range []struct{ moment, italian, english string }{
		{"2026-11-22T12:03:59Z", "22/11/2026 14:03", "22 Nov 2026 14:03"},
		{"2026-03-01T23:30:00Z", "02/03/2026 01:30", "2 Mar 2026 01:30"}, // the server's day, not Greenwich's
		{"1969-12-31T23:59:00Z", "01/01/1970 01:59", "1 Jan 1970 01:59"},
	} {
		moment, err := time.Parse(time.RFC3339, c.moment)
		if err != nil {
			t.Fatal(err)
		}
		if got := Italian.Time(moment); got != c.italian {
			t.Errorf("%s: %q, want %q", c.moment, got, c.italian)
		}
		if got := English.Time(moment); got != c.english {
			t.Errorf("%s: %q, want %q", c.moment, got, c.english)
		}
		if got, want := Italian.Date(moment), c.italian[:10]; got != want {
			t.Errorf("%s: %q, want %q", c.moment, got, want)
		}
	}
}

func TestDay(t *testing.T) {
	local(t, time.FixedZone("west", -8*60*60)) // a day has no time zone: it does not become the day before
	for day, want := range map[string]string{
		"2026-11-22": "22 Nov 2026", "2028-02-29": "29 Feb 2028",
		"2026-02-30": "2026-02-30", "tomorrow\u202e": "tomorrow[U+202E]", "": "",
	} {
		if got := English.Day(day); got != want {
			t.Errorf("%q: %q, want %q", day, got, want)
		}
	}
	if got := Italian.Day("2026-11-02"); got != "02/11/2026" {
		t.Errorf("got %q", got)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1.000", 12345: "12.345", 1234567: "1.234.567", -1: "-1", -1000: "-1.000",
		1<<63 - 1: "9.223.372.036.854.775.807", -1 << 63: "-9.223.372.036.854.775.808",
	} {
		if got := Italian.Number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
		if got := English.Number(n); got != strings.ReplaceAll(want, ".", ",") {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64][2]string{
		0: {"0 byte", "0 bytes"}, 1: {"1 byte", "1 byte"}, 999: {"999 byte", "999 bytes"},
		1000: {"1,0 kB", "1.0 kB"}, 1500: {"1,5 kB", "1.5 kB"}, 9949: {"9,9 kB", "9.9 kB"}, 9950: {"10 kB", "10 kB"},
		999_499: {"999 kB", "999 kB"}, 999_500: {"1,0 MB", "1.0 MB"}, 1_500_000: {"1,5 MB", "1.5 MB"},
		1 << 30: {"1,1 GB", "1.1 GB"}, 1<<63 - 1: {"9,2 EB", "9.2 EB"}, 25_000_000_000_000: {"25 TB", "25 TB"},
	} {
		for i, l := range []Language{Italian, English} {
			if got := l.Size(bytes); strings.ReplaceAll(got, noBreak, " ") != want[i] {
				t.Errorf("%s %d: %q, want %q", l, bytes, got, want[i])
			}
		}
	}
}

func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"":                               "",
		"Relazione è pronta.pdf":         "Relazione è pronta.pdf",
		"<svg onload=alert(1)>":          "<svg onload=alert(1)>", // templ's business
		"invoice\u202efdp.exe":           "invoice[U+202E]fdp.exe",
		"a\u2066b\u2069c":                "a[U+2066]b[U+2069]c",
		"line\nbreak\r\ttab\x1b[31m\x7f": "line[U+000A]break[U+000D][U+0009]tab[U+001B][31m[U+007F]",
		"\u0085\u2028\u2029":             "[U+0085][U+2028][U+2029]",
		"twin\u200b":                     "twin[U+200B]",
		"\ufeffbom\u00ad\u2060":          "[U+FEFF]bom[U+00AD][U+2060]",
		"\u3164":                         "[U+3164]",
		"caf\xe9":                        "caf\ufffd",
		"\xff\u202e":                     "\ufffd[U+202E]",
		"می\u200cخواهم":                  "می\u200cخواهم",          // Persian needs its joiner
		"👩\u200d🔬 \u2764\ufe0f":          "👩\u200d🔬 \u2764\ufe0f",  // and so do emoji
		"עברית\u200f!":                   "עברית\u200f!",           // and Hebrew its mark
		"\U000e0067\U000e007f":           "[U+E0067][U+E007F]",     // tag letters: text that nobody sees
		strings.Repeat("n", 255):         strings.Repeat("n", 255), // not cut: that is the style sheet's task
		"e\u0301":                        "e\u0301",                // not normalised: bytes are bytes
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestInvisible(t *testing.T) {
	for _, name := range []string{"\u200b", "\u200b\u200c\u200d", " ", "\t", "\u00a0\u3000", "\ufeff", "\u202e", "\u200e\u200f", "\u3164", "\u2800", "\ufe0f", "\u00ad", "\u2063 \u2060", "\U000e0041"} {
		if !Invisible(name) {
			t.Errorf("%+q is seen", name)
		}
	}
	for _, name := range []string{"", "a", "\u200ba", ".", "\u0301", "\xff", "👨\u200d👩", "\u0600"} {
		if Invisible(name) {
			t.Errorf("%+q is not seen", name)
		}
	}
}
