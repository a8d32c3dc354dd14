package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

var formatVerb = regexp.MustCompile(`%(\[\d\])?[a-z]`)

func TestTextsHaveTheSameKeysAndArguments(t *testing.T) {
	for key, en := range textsEN {
		it, ok := textsIT[key]
		if !ok {
			t.Errorf("no Italian text for %q", key)
			continue
		}
		a, b := formatVerb.FindAllString(en, -1), formatVerb.FindAllString(it, -1)
		if strings.HasPrefix(key, "finding-") { // their arguments are numbered
			slices.Sort(a)
			slices.Sort(b)
		}
		if !slices.Equal(a, b) {
			t.Errorf("%q: arguments %v and %v", key, a, b)
		}
		if strings.HasSuffix(en, "\n") != strings.HasSuffix(it, "\n") {
			t.Errorf("%q: only one text ends its line", key)
		}
		if n := strings.Count(en, "|"); n != strings.Count(it, "|") {
			t.Errorf("%q: different numbers of fields", key)
		}
		if strings.HasSuffix(key, "-columns") && len(strings.Fields(en)) != len(strings.Fields(it)) {
			t.Errorf("%q: different numbers of columns", key)
		}
	}
	for key := range textsIT {
		if _, ok := textsEN[key]; !ok {
			t.Errorf("no English text for %q", key)
		}
	}
}

// Every key that the program uses exists, and every key that exists is used.
func TestTextsAreUsed(t *testing.T) {
	used := make(map[string]bool)
	literal := regexp.MustCompile(`(?:say\.line\(|key: *|Check(?:, f\.\w+)*: *|f\.Check(?:, f\.\w+)* = |print(?:Rows|Fields)\()"([^"]+)"`)
	findings := regexp.MustCompile(`Check(?:, f\.\w+)*(?::| =) *"([^"]+)"`)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "text_") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range findings.FindAllStringSubmatch(string(source), -1) {
			used["finding-"+m[1]] = true
		}
		for _, m := range literal.FindAllStringSubmatch(string(source), -1) {
			if !strings.HasSuffix(m[1], "-") && !strings.HasSuffix(m[1], " ") && !strings.HasPrefix(m[0], "Check") && !strings.HasPrefix(m[0], "f.Check") {
				used[m[1]] = true
			}
		}
	}
	for _, v := range verbs {
		used["help "+v.name] = true
	}
	for _, r := range refusals {
		used[r.key] = true
	}
	for _, r := range zone.SkipReasons {
		used["skip-"+string(r)] = true
	}
	for _, p := range zone.Problems {
		used["problem-"+string(p)] = true
	}
	for _, r := range []string{string(account.Missing), string(account.TooLong), string(account.NotUTF8), string(account.Forbidden), string(account.Invisible),
		string(account.BadForm), string(account.Past), string(account.NoNumber), string(zone.TooLong), string(zone.NotUTF8), string(zone.Control), string(zone.BadForm)} {
		used["reason-"+r] = true
	}
	for _, option := range optionsWithForm {
		used["form-"+option] = true
	}
	for _, key := range []string{"yes", "no", "user-exists", "group-exists", "member-exists", "not-ours-modify", "not-ours-lock", "not-ours-delete"} {
		used[key] = true
	}
	for _, kind := range zone.DriftKinds {
		used["drift-"+kind] = true
	}
	for _, status := range []account.Status{account.Locked, account.Expired} { // who cannot log in
		used["zone-"+string(status)], used["who-"+string(status)] = true, true
	}
	for _, key := range []string{"zone-applied", "zone-transferred", "zone-taken", "zone-opened", "zone-removed", "zone-not-removed", "space-people", "space-top"} {
		used[key] = true
	}
	for key := range used {
		if _, ok := textsEN[key]; !ok {
			t.Errorf("%q is used and has no text", key)
		}
	}
	for key := range textsEN {
		if !used[key] {
			t.Errorf("%q is never used", key)
		}
	}
}

// The help of each verb names all its options in both languages, and no other.
func TestHelpNamesEveryOption(t *testing.T) {
	option := regexp.MustCompile(`--[a-z-]+`)
	for _, v := range verbs {
		source := ""
		files, err := filepath.Glob("*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source += string(text)
		}
		words := strings.Fields(v.name)
		for i := 1; i < len(words); i++ {
			words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
		}
		_, body, ok := strings.Cut(source, "func "+strings.Join(words, "")+"(")
		if !ok {
			t.Fatalf("%s: no function", v.name)
		}
		body, _, _ = strings.Cut(body, "\n}\n")
		want := []string{"--json"}
		for _, m := range regexp.MustCompile(`fs\.\w+\((?:&[\w.]+, )?"([a-z-]+)"`).FindAllStringSubmatch(body, -1) {
			want = append(want, "--"+m[1])
		}
		slices.Sort(want)
		for _, say := range []texts{textsEN, textsIT} {
			got := option.FindAllString(say["help "+v.name], -1)
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, want) {
				t.Errorf("%s: help has %v, the program %v", v.name, got, want)
			}
			for line := range strings.Lines(say["help "+v.name]) {
				if len([]rune(line)) > 110 {
					t.Errorf("%s: a line of %d characters", v.name, len([]rune(line)))
				}
			}
		}
	}
}

func TestPickTexts(t *testing.T) {
	for _, c := range []struct {
		all, messages, lang string
		italian             bool
	}{
		{"", "", "", false}, {"", "", "it_IT.UTF-8", true}, {"", "", "it", true}, {"", "en_US.UTF-8", "it_IT.UTF-8", false},
		{"C", "it_IT", "it_IT", false}, {"it_CH.UTF-8", "C", "C", true}, {"", "", "italian", false}, {"", "", "de_DE", false},
		{"", "it.UTF-8", "C", true},
	} {
		environment := map[string]string{"LC_ALL": c.all, "LC_MESSAGES": c.messages, "LANG": c.lang}
		got := pickTexts(func(name string) string { return environment[name] })
		if (got["yes"] == "sì") != c.italian {
			t.Errorf("%+v: %s", c, got["yes"])
		}
	}
}

// runWith runs the command without touching anything: usage is checked before root.
func runWith(args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(args, strings.NewReader(""), &o, &e, textsEN)
	return code, o.String(), e.String()
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"", exitUsage, "usage: shzadm VERB"},
		{"user", exitUsage, "no verb that begins with user"},
		{"user remove x", exitUsage, "no verb that begins with user"},
		{"us\x1ber", exitUsage, `no verb that begins with us\x1ber`},
		{"--help", exitDone, "usage: shzadm VERB"},
		{"user add --help", exitDone, "usage: shzadm user add"},
		{"zone share -h", exitDone, "usage: shzadm zone share"},
		{"doctor --help", exitDone, "usage: shzadm doctor"},
		{"user add", exitUsage, "something is missing"},
		{"user add a b", exitUsage, "not understood: b"},
		{"user add a --role", exitUsage, "needs a value: --role"},
		{"user add a --rolle base", exitUsage, "unknown option: --rolle"},
		{"user add a --json=maybe", exitUsage, "takes no value: --json\n"},
		{"user add a ---json", exitUsage, "unknown option: ---json\n"},
		{"user list x", exitUsage, "not understood: x"},
		{"zone share demo", exitUsage, "something is missing"},
		{"zone add", exitUsage, "something is missing"},
		{"group", exitUsage, "no verb that begins with group"},
		{"group add", exitUsage, "something is missing"},
		{"group member acme", exitUsage, "something is missing"},
		{"group list x", exitUsage, "not understood: x"},
		{"group member --help", exitDone, "usage: shzadm group member"},
		{"doctor now", exitUsage, "not understood: now"},
	} {
		code, out, errOut := runWith(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) || (code == exitDone) != (errOut == "") {
			t.Errorf("%q: exit %d, out %q, err %q", c.args, code, out, errOut)
		}
	}
}

// Options may stand before, between and after operands.
func TestParse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("shzadm refuses everybody but root")
	}
	for args, want := range map[string]string{
		"demo user:a=read":                  "[demo user:a=read] title= json=false",
		"demo --json user:a=read":           "[demo user:a=read] title= json=true",
		"--title x demo user:a=read --json": "[demo user:a=read] title=x json=true",
		"demo user:a=read --title=x":        "[demo user:a=read] title=x json=false",
		"-- demo --json":                    "[demo --json] title= json=false",
		"demo -- --title":                   "[demo --title] title= json=false",
	} {
		c := &call{verb: "test", out: io.Discard, say: textsEN}
		fs := c.flags()
		title := fs.String("title", "", "")
		operands, err := c.parse(fs, strings.Fields(args), 2, 2)
		if got := fmt.Sprintf("%v title=%s json=%v", operands, *title, c.json); err != nil || got != want {
			t.Errorf("%q: %s, %v", args, got, err)
		}
	}
	var fs flag.FlagSet
	fs.String("title", "", "")
	if fs.Parse([]string{"--title="}) != nil || !given(&fs, "title") || given(&fs, "other") {
		t.Error("an empty title is given")
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Offerte è 漢字":  "Offerte è 漢字",
		"a\x1b[2J\r\nb": `a\x1b[2J\x0d\nb`,
		"\xff":          `\xff`,
		"a\u202eb":      `a\u202eb`,
		"\u0085\u2028":  `\u0085\u2028`,
		"\x7f":          `\x7f`,
		"\ufffd":        "\ufffd",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// What quote makes is one word for bash, shows nothing dangerous, and is the same bytes.
func TestQuote(t *testing.T) {
	for _, word := range []string{"demo", "/srv/a b", "it's", "$(id)", "`id`", ";id", "a\nb", "\x1b[2J", "caf\xe9", "\u202eabc", `\`, "",
		"-rf", "*", "~", "!x", "è", "user:a:rwx", "a\tb'c\\d"} {
		quoted := quote(word)
		if printable(quoted) != quoted {
			t.Errorf("%q is not printable: %q", word, quoted)
		}
		out, err := exec.Command("/bin/bash", "-c", "printf %s "+quoted).Output()
		if word == "-rf" {
			out, err = exec.Command("/bin/bash", "-c", "printf %s -- "+quoted).Output()
			out = bytes.TrimPrefix(out, []byte("--"))
		}
		if err != nil || string(out) != word {
			t.Errorf("%q: %s gives %q, %v", word, quoted, out, err)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{errNotRoot, "only root can do this"},
		{fmt.Errorf("demo: %w", zone.ErrNotThere), "there is no such zone: demo"},
		{fmt.Errorf("%q: %w", "A", zone.ErrName), textsEN["zone-name"]},
		{fmt.Errorf("anna: %w: %w", errNotShown, io.ErrShortWrite), "the user was made, but could not be shown; passwd sets another password: anna"},
		{fmt.Errorf("%w: %w", zone.ErrTooMany, io.EOF), textsEN["too-many"]},
		{&account.FieldError{Field: "full_name", Reason: account.TooLong}, "--full-name: is too long; wanted: " + textsEN["form-full-name"]},
		{&account.FieldError{Field: "username", Reason: account.BadForm}, textsEN["user-name"]},
		{zone.ValueError{Attr: zone.AttrMaxAge, Reason: zone.BadForm}, "--max-age: is not a value of the right form; wanted: " + textsEN["form-max-age"]},
		{&change.ExistsError{Name: "shzbase", Kind: "group"}, "a group of this name exists: shzbase"},
		{&change.ToolError{Tool: "/usr/sbin/useradd", Code: 10, Message: "x"}, "/usr/sbin/useradd failed (exit code 10): x"},
		{&change.LeftoverError{Name: "a", Cause: change.ErrBusy, Undo: io.EOF}, textsEN["busy"] + ". The account a is left, locked: EOF"},
		{&zone.ExpiryError{Latest: "2027-11-22"}, "the zone may be open until 2027-11-22 at most (max_expiry_days in sharezone.toml)"},
		{&config.Error{Path: "/a", Line: 2, Key: "b.c", Problem: config.BadValue, Least: 1, Most: 9},
			"/a:2: b.c must be a whole number in the range 1-9; until then nobody can log in"},
		{errors.New("other"), "failed: other"},
	} {
		if got := explain(c.err, textsEN); got != c.want {
			t.Errorf("%v: %s", c.err, got)
		}
		if got := explain(c.err, textsIT); got == "" || strings.Contains(got, "%!") {
			t.Errorf("%v: %s", c.err, got)
		}
	}
}

func TestReadPassword(t *testing.T) {
	for in, want := range map[string]string{"secret\n": "secret", "secret": "secret", "a b:c\r\n": "a b:c", "\n": "", "": "", "one\ntwo\n": "one"} {
		got, err := readPassword(strings.NewReader(in))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestManifest(t *testing.T) {
	m, err := readManifest("../../etc/manifest")
	if err != nil {
		t.Fatal(err)
	}
	modes := make(map[string]string)
	for _, i := range m.items {
		modes[i.path] = fmt.Sprintf("%s %s:%s %04o", i.kind, i.owner, i.group, i.mode)
	}
	for path, want := range map[string]string{
		layout.Gate:          "file root:www-data 4750",
		layout.AuthHelper:    "file root:root 0700",
		layout.Base:          "dir root:shzmgr 1770",
		layout.Closed:        "dir root:root 0700",
		layout.Sessions:      "dir root:root 0700",
		account.RegisterPath: "file root:root 0644",
		sudoersFile:          "file root:root 0440",
	} {
		if modes[path] != want {
			t.Errorf("%s: %s, want %s", path, modes[path], want)
		}
	}
	for _, line := range []string{
		"/a dir root root", "/a dir root root 755", "/a dir root root 0999", "/a pipe root root 0755", "a dir root root 0755",
		"/a link root root -", "group g", "group g person", "user u system nologin", "user u system nologin groups=a", "user u person nologin group=u",
		"user u system nologin group=u shell=/bin/sh",
	} {
		if m, err := parseManifest("# comment\n\n" + line + "\n"); err == nil {
			t.Errorf("%q: %+v", line, m)
		}
	}
}

// TestErrorsAsJSON: who asks for JSON gets errors in the form that HTTP has, and the sentence beside.
func TestErrorsAsJSON(t *testing.T) {
	needInstallation(t)
	for _, row := range []struct {
		args string
		exit int
		code string
	}{
		{"zone show no-such-zone --json", exitRefused, "not-found"},
		{"zone show --bogus x --json", exitUsage, "bad-request"},
		{"user show no-such-user --json", exitRefused, "not-found"},
		{"user lock --json", exitUsage, "bad-request"},
		{"zone show a b c --json", exitUsage, "bad-request"},
		{"announce --json --en " + strings.Repeat("x", 501), exitRefused, "bad-request"},
	} {
		code, out, errOut := shzadm(t, "", strings.Fields(row.args)...)
		var object struct {
			Error struct{ Code, Message string }
		}
		err := json.Unmarshal([]byte(out), &object)
		if code != row.exit || object.Error.Code != row.code || (row.code != "") != (err == nil) || errOut == "" || row.code != "" && !strings.Contains(errOut, object.Error.Message) {
			t.Errorf("%s: %d %s%s", row.args, code, out, errOut)
		}
	}
	if code, out, errOut := shzadm(t, "", "zone", "show", "no-such-zone"); code != exitRefused || out != "" || errOut == "" {
		t.Errorf("%d %q %q", code, out, errOut)
	}
}
