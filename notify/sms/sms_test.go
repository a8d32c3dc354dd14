package sms

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/sys/unix"

	"sharezone/internal/config"
	"sharezone/internal/hook"
)

func TestCount(t *testing.T) {
	x := strings.Repeat
	for _, row := range []struct {
		text   string
		coding Coding
		parts  int
	}{
		{"", GSM7, 1},
		{x("a", 160), GSM7, 1},
		{x("a", 161), GSM7, 2},
		{x("a", 306), GSM7, 2},
		{x("a", 307), GSM7, 3},
		{x("a", 158) + "€", GSM7, 1},
		{x("a", 159) + "€", GSM7, 2},               // which counts for two
		{x("a", 152) + "€" + x("a", 152), GSM7, 3}, // and does not stand in two parts
		{x("a", 151) + "€" + x("a", 153), GSM7, 2}, // here it fits
		{"@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\n", GSM7, 1},
		{x("{}[]~\\|^€", 8) + x("a", 16), GSM7, 1},
		{x("{}[]~\\|^€", 8) + x("a", 17), GSM7, 2},
		{"ç", UCS2, 1}, // of small letters with a cedilla GSM has none
		{"`", UCS2, 1},
		{x("è", 160), GSM7, 1},
		{"ё" + x("a", 69), UCS2, 1},
		{"ё" + x("a", 70), UCS2, 2},
		{"ё" + x("a", 133), UCS2, 2},
		{"ё" + x("a", 134), UCS2, 3},
		{"ё" + x("a", 68) + "\U0001f600", UCS2, 2}, // 71: an emoji counts for two
		{x("ё", 66) + "\U0001f600" + x("ё", 66), UCS2, 3},
		{x("ё", 65) + "\U0001f600" + x("ё", 67), UCS2, 2},
	} {
		if coding, parts := Count(row.text); coding != row.coding || parts != row.parts {
			t.Errorf("%d characters %.20q: coding %d, %d parts", len([]rune(row.text)), row.text, coding, parts)
		}
	}
}

// TestAlphabet: each of the 128 codes but the escape is one character, and none is there twice.
func TestAlphabet(t *testing.T) {
	if n := len([]rune(plain)); n != 127 {
		t.Errorf("%d characters", n)
	}
	seen := make(map[rune]bool)
	for _, r := range plain + escaped {
		if seen[r] {
			t.Errorf("%q is there twice", r)
		}
		seen[r] = true
	}
}

// TestCompose: what is left out, and that nothing of a name does anything but stand there.
func TestCompose(t *testing.T) {
	const link = "https://share.example.org/cgi-bin/shz/offers/"
	for _, row := range []struct{ name, sentence, file, link, want string }{
		{"one", "1 new file by bruno in the zone offers", "2027/list.pdf", link, "Share Zone: 1 new file by bruno in the zone offers: list.pdf " + link},
		{"many", "3 new files by bruno in the zone offers", "", link, "Share Zone: 3 new files by bruno in the zone offers " + link},
		{"without a link", "a", "b", "", "Share Zone: a: b"},
		{"long name", "a", strings.Repeat("x", 41), "", "Share Zone: a: " + strings.Repeat("x", 37) + "..."},
		{"mail headers", "a", "x\r\nBcc: carla@example.org", "", "Share Zone: a: x[U+000D][U+000A]Bcc: carla@example.org"},
		{"of a file for smstools", "a", "\n\nTo: 1", "", "Share Zone: a: [U+000A][U+000A]To: 1"},
		{"HTML", "a", "<b>\"&'", link, "Share Zone: a: <b>\"&' " + link},
		{"emoji", "a", "\U0001f600", "", "Share Zone: a: \U0001f600"},
		{"other direction", "a", "invoice\u202efdp.exe\x1b[2J", "", "Share Zone: a: invoice[U+202E]fdp.exe[U+001B][2J"},
		{"no text", "a", "\xff\x00", "", "Share Zone: a: \ufffd[U+0000]"},
		{"emoji that costs the name", "a", "\U0001f600", strings.Repeat("l", 150), "Share Zone: a " + strings.Repeat("l", 150)},
		{"endless link", "a", "b", strings.Repeat("l", 400), "Share Zone: a"},
	} {
		got := Compose(row.sentence, row.file, row.link)
		if got != row.want {
			t.Errorf("%s: %q", row.name, got)
		}
		if _, parts := Count(got); parts > maxParts || strings.ContainsAny(got, "\r\n\x00\x1b") {
			t.Errorf("%s: %d parts: %q", row.name, parts, got)
		}
	}
}

const (
	id      = "20261129T120000.000000007Z-00112233445566778899aabbccddeeff"
	number  = "+393331234567"
	hostile = "è $(id) `id` ; \U0001f600 \"'\\"
)

func send(t *testing.T, way, to, text string) error {
	t.Helper()
	return New(config.SMS{Way: way, To: to}, hook.Limits{Time: 20 * time.Second}).Send(id, number, text)
}

// TestCommand: the number is its last argument, the text is on standard input, and no shell sees any of it.
func TestCommand(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the program must be root's")
	}
	folder := t.TempDir()
	program, out := folder+"/send", folder+"/out"
	script := func(text string) {
		t.Helper()
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script(`printf '%s|' "$@" >` + out + `; cat >>` + out)
	if err := send(t, config.SMSCommand, program+"  --a  $HOME;x", hostile); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(out); err != nil || string(b) != "--a|$HOME;x|"+number+"|"+hostile {
		t.Errorf("%v %q", err, b)
	}
	for status, refused := range map[int]bool{1: false, 65: true, 67: true, 69: false, 75: false} {
		script("exit " + strconv.Itoa(status))
		if err := send(t, config.SMSCommand, program, "x"); err == nil || errors.Is(err, ErrRefused) != refused {
			t.Errorf("%d: %v", status, err)
		}
	}
	if err := os.Chmod(program, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := send(t, config.SMSCommand, program, "x"); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("what anybody can write is run: %v", err)
	}
}

// TestFolders: each message is one file, whole, for the folder's group, and the same when it is given again.
func TestFolders(t *testing.T) {
	gid := os.Getegid()
	if gid == 0 {
		gid = 1 // another than the process has
	}
	for _, row := range []struct {
		way, text, file, head string
		wide                  bool
	}{
		{config.SMSGammu, "caffè", "OUTC20261129_120000_00_+393331234567_000000007Z-00112233445566778899aabbccddeeff.txt", "\xfe\xff", true},
		{config.SMSGammu, hostile, "OUTC20261129_120000_00_+393331234567_000000007Z-00112233445566778899aabbccddeeff.txt", "\xfe\xff", true},
		{config.SMSTools, "caffè €", id, "To: 393331234567\nAlphabet: UTF-8\n\n", false},
		{config.SMSTools, hostile, id, "To: 393331234567\nAlphabet: UCS2\n\n", true},
	} {
		folder := t.TempDir()
		if err := os.Chown(folder, -1, gid); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := send(t, row.way, folder, row.text); err != nil {
				t.Fatal(err)
			}
		}
		files, _ := filepath.Glob(folder + "/*")
		if len(files) != 1 || filepath.Base(files[0]) != row.file {
			t.Fatalf("%s: %q", row.way, files)
		}
		b, err := os.ReadFile(files[0])
		body, found := strings.CutPrefix(string(b), row.head)
		if row.wide {
			body = narrow(t, body)
		}
		if err != nil || !found || body != row.text {
			t.Errorf("%s: %v %q", row.way, err, b)
		}
		var st unix.Stat_t
		if err := unix.Stat(files[0], &st); err != nil || st.Mode&0o7777 != 0o660 || int(st.Gid) != gid {
			t.Errorf("%s: %v, mode %o, gid %d", row.way, err, st.Mode, st.Gid)
		}
	}
	if err := send(t, config.SMSGammu, t.TempDir()+"/absent", "x"); !errors.Is(err, syscall.ENOENT) || errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

func narrow(t *testing.T, b string) string {
	t.Helper()
	if len(b)%2 != 0 {
		t.Fatalf("%q is no UTF-16", b)
	}
	var codes []uint16
	for i := 0; i < len(b); i += 2 {
		codes = append(codes, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(codes))
}
