package session

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// sample is a record that uses every field.
func sample() Record {
	return Record{
		User: "anna@example.org", UID: 1001, GID: 1001, Groups: []uint32{1001, 995, 4294967294}, Entry: "internal",
		Address: "192.0.2.7", Started: time.Unix(1793000000, 0), Refreshed: time.Unix(1793000060, 0),
		Idle: 30 * time.Minute, Absolute: 12 * time.Hour, MustChange: true, Lacks: LacksCode, Code: true,
		Key: strings.Repeat("0f", 32), Password: strings.Repeat("1e", 32), Stamp: strings.Repeat("2d", 32),
	}
}

const sampleText = `version=1
user=anna@example.org
uid=1001
gid=1001
groups=1001,995,4294967294
entry=internal
address=192.0.2.7
started=1793000000
refreshed=1793000060
idle=1800
absolute=43200
must_change=yes
lacks=code
code=yes
key=0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
password=1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e
stamp=2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d
`

func TestFormat(t *testing.T) {
	b, err := sample().Format()
	if err != nil || string(b) != sampleText {
		t.Errorf("%v\n%s", err, b)
	}
	r, err := Parse([]byte(sampleText))
	if err != nil || fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", sample()) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, r, sample())
	}
}

// TestFormatRefuses: what cannot be read again is not written, because it could bring lines of its own.
func TestFormatRefuses(t *testing.T) {
	groups := make([]uint32, maxFileSize/8)
	for i := range groups {
		groups[i] = math.MaxUint32 - 1
	}
	for name, change := range map[string]func(*Record){
		"nothing":          func(r *Record) { *r = Record{} },
		"user with a line": func(r *Record) { r.User = "anna\nuid=0" },
		"user with =":      func(r *Record) { r.User = "anna=" },
		"user with NUL":    func(r *Record) { r.User = "anna\x00" },
		"user ..":          func(r *Record) { r.User = ".." },
		"user -rf":         func(r *Record) { r.User = "-rf" },
		"user a/b":         func(r *Record) { r.User = "a/b" },
		"user too long":    func(r *Record) { r.User = strings.Repeat("a", 65) },
		"root":             func(r *Record) { r.UID = 0 },
		"system account":   func(r *Record) { r.UID = 999 },
		"nobody":           func(r *Record) { r.UID = 65534 },
		"uid -1":           func(r *Record) { r.UID = math.MaxUint32 },
		"gid -1":           func(r *Record) { r.GID = math.MaxUint32 },
		"in group -1":      func(r *Record) { r.Groups = []uint32{1001, math.MaxUint32} },
		"group 0":          func(r *Record) { r.GID = 0 },
		"no groups":        func(r *Record) { r.Groups = nil },
		"in group 0":       func(r *Record) { r.Groups = []uint32{1001, 0} },
		"too many groups":  func(r *Record) { r.Groups = groups },
		"entry":            func(r *Record) { r.Entry = "Internal" },
		"no entry":         func(r *Record) { r.Entry = "" },
		"no address":       func(r *Record) { r.Address = "" },
		"name as address":  func(r *Record) { r.Address = "localhost" },
		"address in words": func(r *Record) { r.Address = "::0001" },
		"zone with a line": func(r *Record) { r.Address = "fe80::1%a\nuid=0" },
		"zone":             func(r *Record) { r.Address = "fe80::1%eth0" },
		"not started":      func(r *Record) { r.Started = time.Time{} },
		"started at 0":     func(r *Record) { r.Started = time.Unix(0, 0) },
		"not refreshed":    func(r *Record) { r.Refreshed = time.Time{} },
		"no idle limit":    func(r *Record) { r.Idle = 0 },
		"negative limit":   func(r *Record) { r.Absolute = -time.Hour },
		"half a second":    func(r *Record) { r.Idle = time.Second / 2 },
		"endless":          func(r *Record) { r.Absolute = math.MaxInt64 },
		"no key":           func(r *Record) { r.Key = "" },
		"capitals in key":  func(r *Record) { r.Key = strings.ToUpper(r.Key) },
		"short mark":       func(r *Record) { r.Password = r.Password[1:] },
		"stamp with line":  func(r *Record) { r.Stamp = r.Stamp[:63] + "\n" },
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			change(&r)
			if b, err := r.Format(); err == nil {
				t.Errorf("written as\n%.500s", b)
			}
		})
	}
}

// TestParseRefuses changes one thing at a time in a good file.
func TestParseRefuses(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(sampleText, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(sampleText, old, new, 1)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(sampleText, "\n"), "\n")
	swapped := strings.Join([]string{lines[0], lines[2], lines[1]}, "") + strings.Join(lines[3:], "") + "\n"
	tests := map[string]string{
		"empty":                "",
		"a line end":           "\n",
		"cut short":            sampleText[:len(sampleText)/2],
		"no last line end":     strings.TrimSuffix(sampleText, "\n"),
		"surplus line":         sampleText + "admin=yes\n",
		"surplus line end":     sampleText + "\n",
		"twice":                sampleText + sampleText,
		"CRLF":                 strings.ReplaceAll(sampleText, "\n", "\r\n"),
		"zeros after a crash":  sampleText[:100] + strings.Repeat("\x00", len(sampleText)-100),
		"byte order mark":      "\ufeff" + sampleText,
		"other order":          swapped,
		"blank before":         replace("uid=", " uid="),
		"blank before value":   replace("uid=1001", "uid= 1001"),
		"blank after value":    replace("uid=1001", "uid=1001 "),
		"line inside":          replace("user=anna", "user=an\nna"),
		"NUL inside":           replace("user=anna", "user=an\x00na"),
		"= inside":             replace("user=anna", "user=an=na"),
		"no =":                 replace("uid=1001", "uid1001"),
		"key in capitals":      replace("uid=", "UID="),
		"version":              replace("version=1", "version=2"),
		"version 01":           replace("version=1", "version=01"),
		"leading zero":         replace("uid=1001", "uid=01001"),
		"plus":                 replace("uid=1001", "uid=+1001"),
		"minus":                replace("uid=1001", "uid=-1001"),
		"minus zero":           replace("gid=1001", "gid=-0"),
		"hexadecimal":          replace("uid=1001", "uid=0x3e9"),
		"underscore":           replace("uid=1001", "uid=1_001"),
		"fraction":             replace("uid=1001", "uid=1001.0"),
		"beyond 32 bits":       replace("uid=1001", "uid=4294968297"),
		"beyond 64 bits":       replace("started=1793000000", "started=18446744073709551617"),
		"no number":            replace("uid=1001", "uid="),
		"uid 0":                replace("uid=1001", "uid=0"),
		"uid of a system user": replace("uid=1001", "uid=999"),
		"gid 0":                replace("gid=1001", "gid=0"),
		"group 0":              replace("groups=1001,", "groups=0,1001,"),
		"group with zero":      replace(",995,", ",0995,"),
		"no groups":            replace("groups=1001,995,4294967294", "groups="),
		"empty group":          replace(",995,", ",,"),
		"last comma":           replace("4294967294", "4294967294,"),
		"blank in groups":      replace(",995", ", 995"),
		"entry":                replace("internal", "INTERNAL"),
		"address in words":     replace("192.0.2.7", "192.0.2.007"),
		"mapped address":       replace("192.0.2.7", "::FFFF:192.0.2.7"),
		"address with zone":    replace("192.0.2.7", "fe80::1%eth0"),
		"negative start":       replace("started=1793000000", "started=-1"),
		"idle beyond 32 bits":  replace("idle=1800", "idle=4294967296"),
		"no idle":              replace("idle=1800", "idle=0"),
		"must_change":          replace("must_change=yes", "must_change=Yes"),
		"code":                 replace("code=yes", "code=1"),
		"lacks":                replace("lacks=code", "lacks=Code"),
		"lacks empty":          replace("lacks=code", "lacks="),
		"must_change empty":    replace("must_change=yes", "must_change="),
		"key too short":        replace("key=0f", "key="),
		"key in capitals hex":  replace("key=0f", "key=0F"),
		"stamp too long":       replace("stamp=2d", "stamp=2d2d"),
	}
	for i, line := range lines {
		tests[fmt.Sprintf("without line %d", i)] = strings.Replace(sampleText, strings.TrimSuffix(line, "\n")+"\n", "", 1)
		tests[fmt.Sprintf("line %d twice", i)] = strings.Replace(sampleText, line, line+line, 1)
	}
	var many strings.Builder // a correct file, but of a size that Read cuts off
	many.WriteString("1001")
	for many.Len() <= maxFileSize {
		many.WriteString(",4294967294")
	}
	tests["too long"] = replace("1001,995,4294967294", many.String())
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if r, err := Parse([]byte(text)); !errors.Is(err, ErrDamaged) || fmt.Sprint(r) != fmt.Sprint(Record{}) {
				t.Errorf("%v %.200s", err, fmt.Sprint(r))
			}
		})
	}
}

// FuzzParse: what can be read is what Format writes, byte for byte; so no other writing of a value can be slipped in.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sampleText))
	f.Add([]byte(strings.Replace(sampleText, "192.0.2.7", "fe80::1%a\nuid=0", 1)))
	f.Add([]byte(strings.Replace(sampleText, "192.0.2.7", "::ffff:192.0.2.7", 1)))
	f.Add([]byte(strings.Replace(sampleText, "1793000000", "9223372036854775807", 1)))
	f.Add([]byte(strings.Replace(sampleText, "internal", "external", 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		again, err := r.Format()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%v\nread    %q\nwritten %q", err, b, again)
		}
		if r.UID < 1000 || r.GID == 0 || strings.ContainsAny(r.User+r.Address+r.Entry, "\n=\x00") {
			t.Errorf("%+v", r)
		}
	})
}

func TestPasswordMark(t *testing.T) {
	key := strings.Repeat("0f", 32)
	a, err := PasswordMark(key, "$y$j9T$abc")
	if err != nil || !isHex(a, 64) {
		t.Fatal(a, err)
	}
	for name, field := range map[string]string{"locked": "!$y$j9T$abc", "another": "$y$j9T$abd", "none": ""} {
		if b, err := PasswordMark(key, field); err != nil || b == a {
			t.Errorf("%s: %s %v", name, b, err)
		}
	}
	if b, _ := PasswordMark(strings.Repeat("0e", 32), "$y$j9T$abc"); b == a {
		t.Error("another key gives the same mark")
	}
	for _, bad := range []string{"", "0f", strings.Repeat("zz", 32), strings.Repeat("0f", 33)} {
		if _, err := PasswordMark(bad, ""); err == nil {
			t.Errorf("key %q is taken", bad)
		}
	}
}
