package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const passwdText = `root:x:0:0:root:/root:/bin/bash
anna:x:1001:1001:Anna Rossi,Acme,+39 059 1,335 12,anna@example.org:/nonexistent:/usr/sbin/nologin
bruno:x:1002:1002:Bruno:/nonexistent:/usr/sbin/nologin
bruno:x:1099:1099:the second line of a name does not count:/:/bin/sh
twin:x:1001:1001:a second name of a number:/:/bin/sh
+ldap::::::
broken:x:12
minus:x:-1:1:::
leave:x:4294967295:1:::
carla:x:1003:995::/nonexistent:/usr/sbin/nologin
nul` + "\x00" + `:x:1004:1004:::
`

const groupText = `root:x:0:
shzbase:x:995:anna,bruno, ghost ,dora
shzmgr:x:994:anna
shzadmin:x:993:gone
shzonly:x:992:anna,bruno
shz-acme:x:1500:bruno
`

// fakeNames has the two files above, and an NSS that knows the given lines.
func fakeNames(t *testing.T, nss map[string]string) (*Names, *[]string) {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(root+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": passwdText, "group": groupText} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var asked []string
	return &Names{root: root, ask: func(database string, keys []string) ([]byte, error) {
		asked = append(asked, database+" "+strings.Join(keys, " "))
		var answer string
		for _, key := range keys {
			answer += nss[database+" "+key]
		}
		return []byte(answer), nil
	}}, &asked
}

func TestNamesFromFiles(t *testing.T) {
	n, asked := fakeNames(t, nil)
	for uid, want := range map[uint32]string{0: "root", 1001: "anna", 1002: "bruno", 1099: "", 7001: "", 4294967295: ""} {
		if got, ok := n.UserName(uid); got != want && !(uid == 1099 && got == "bruno") || ok != (got != "") {
			t.Errorf("UserName(%d) = %q, %v", uid, got, ok)
		}
	}
	if uid, ok := n.UserID("bruno"); !ok || uid != 1002 {
		t.Errorf("bruno is %d, %v: the first line counts", uid, ok)
	}
	for _, name := range []string{"broken", "minus", "leave", "nul", "+ldap", ""} {
		if e, ok := n.User(name); ok {
			t.Errorf("a malformed line made %q: %+v", name, e)
		}
	}
	if gid, ok := n.GroupID("shz-acme"); !ok || gid != 1500 {
		t.Errorf("shz-acme is %d, %v", gid, ok)
	}
	if name, ok := n.GroupName(995); !ok || name != "shzbase" {
		t.Errorf("995 is %q, %v", name, ok)
	}
	for _, q := range []struct {
		user, group string
		want        bool
	}{{"anna", "shzmgr", true}, {"bruno", "shzmgr", false}, {"carla", "shzbase", true}, {"nobody", "shzbase", false},
		{"anna", "shzbas", false}, {"ghost", "shzbase", false}} {
		if got := n.InGroup(q.user, q.group); got != q.want {
			t.Errorf("InGroup(%s, %s) = %v", q.user, q.group, got)
		}
	}
	members := fmt.Sprint(slices.Collect(func(yield func(string) bool) {
		for _, e := range n.Members("shzbase") {
			if !yield(e.Name) {
				return
			}
		}
	}))
	if members != "[anna bruno carla]" {
		t.Errorf("members of shzbase: %s (primary groups count, unknown names do not)", members)
	}
	for _, question := range *asked {
		if strings.Contains(question, "anna") || strings.Contains(question, "1001") {
			t.Errorf("NSS was asked for what the files have: %s", question)
		}
	}
}

func TestNamesAskNSSOnceForMany(t *testing.T) {
	n, asked := fakeNames(t, map[string]string{
		"passwd dora":  "dora:x:70001:70001:Dora,,,,dora@example.org:/home/dora:/bin/bash\n",
		"passwd 70002": "elio:x:70002:70002::/home/elio:/bin/bash\n",
	})
	n.Prefetch([]uint32{1001, 70002, 70003, 70002}, nil)
	for range 3 {
		n.UserName(70002)
		n.UserName(70003)
		n.Members("shzbase")
	}
	want := []string{"passwd 70002 70003", "passwd ghost dora"}
	if !slices.Equal(*asked, want) {
		t.Errorf("asked %q, want %q", *asked, want)
	}
	if name, _ := n.UserName(70002); name != "elio" {
		t.Errorf("70002 is %q", name)
	}
	if !n.InGroup("dora", "shzbase") {
		t.Error("a member from LDAP is not in the group")
	}
}

func TestNamesNeverAskForOptionsOrNumbers(t *testing.T) {
	n, asked := fakeNames(t, nil)
	for _, name := range []string{"", "-s", "--help", "1001", "007", "a:b", "a\nb", "a\x00b", "a/b", "a,b", strings.Repeat("a", 300)} {
		n.User(name)
		n.Group(name)
	}
	if len(*asked) > 0 {
		t.Errorf("asked %q", *asked)
	}
}

func TestNamesSayWhenNSSFails(t *testing.T) {
	n, _ := fakeNames(t, nil)
	n.ask = func(string, []string) ([]byte, error) { return nil, errors.New("the server is down") }
	if _, ok := n.User("dora"); ok {
		t.Error("found")
	}
	if n.Err() == nil {
		t.Error("a name service that does not answer must not look like one that knows nobody")
	}
}

func TestRealGetent(t *testing.T) {
	answer, err := getent("passwd", []string{"root", "no-such-user-here", "0"})
	if err != nil || strings.Count(string(answer), "root:x:0:") != 2 {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestUsers(t *testing.T) {
	n, _ := fakeNames(t, nil)
	shadow := Shadow{entries: parseShadow([]byte("anna:$y$x:20000:0:99999:7:::\nbruno:!$y$x:0:0:99999:7::20454:\n"))}
	users := n.Users(shadow, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	got, err := json.Marshal(users)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"username":"anna","uid":1001,"full_name":"Anna Rossi","company":"Acme","email":"anna@example.org",` +
		`"phone":"+39 059 1","mobile":"335 12","roles":["base","manager"],"status":"active","locked":false,"expires":null,` +
		`"must_change":false,"password_due":null,"language":null,"channel":null,"last_login":null,"groups":["shzbase","shzmgr","shzonly"],"sponsor":null,"review":false,"failed_logins":null,"failed_codes":null,"shut_until":null,"shut_from":null,"email_verified":false},` +
		`{"username":"bruno","uid":1002,"full_name":"Bruno","company":null,"email":null,"phone":null,"mobile":null,` +
		`"roles":["base"],"status":"expired","locked":true,"expires":"2026-01-01","must_change":true,"password_due":null,"language":null,"channel":null,` +
		`"last_login":null,"groups":["shzbase","shzonly","shz-acme"],"sponsor":null,"review":false,"failed_logins":null,"failed_codes":null,"shut_until":null,"shut_from":null,"email_verified":false},` +
		`{"username":"carla","uid":1003,"full_name":null,"company":null,"email":null,"phone":null,"mobile":null,` +
		`"roles":["base"],"status":null,"locked":null,"expires":null,"must_change":null,"password_due":null,"language":null,"channel":null,"last_login":null,` +
		`"groups":["shzbase"],"sponsor":null,"review":false,"failed_logins":null,"failed_codes":null,"shut_until":null,"shut_from":null,"email_verified":false}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if locked := (Criteria{Status: Locked}); locked.Matches(users[0]) || !locked.Matches(users[1]) || locked.Matches(users[2]) {
		t.Error("a search for who is locked does not find him who has expired as well")
	}
	if _, ok := n.FindUser("root", shadow, time.Now()); ok {
		t.Error("root has nothing to do with Share Zone")
	}
}

func TestStatus(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) // day 20779
	for line, want := range map[string]Status{
		"u:$y$x:20000:0:99999:7:::":         Active,
		"u:$y$x:20000:0:99999:7::20779:":    Expired, // from this day on
		"u:$y$x:20000:0:99999:7::20780:":    Active,
		"u:!$y$x:20000:0:99999:7:::":        Locked,
		"u:!:20000:0:99999:7:::":            Locked,
		"u:*:20000:0:99999:7:::":            Locked,
		"u::20000:0:99999:7:::":             Locked,
		"u:$y$x:20000:0:90:7:30::":          Expired, // the password was not renewed
		"u:$y$x:20770:0:90:7:30::":          Active,
		"u:$y$x:0:0:90:7:30::":              Active, // to be changed at the next login
		"u:$y$x:20000:0:99999:7::0:":        Expired,
		"u:$y$x::0::7:::":                   Active,
		"u:$y$x:20000:0:99999:7::nonsense:": Active,
	} {
		if got := parseShadow([]byte(line + "\n"))["u"].status(now); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func TestGECOS(t *testing.T) {
	whole := Contact{"Anna Caffè", "Rossi & Figli", "+39 059 12/34", "335-123", "anna@example.org"}
	text, err := FormatGECOS(whole)
	if err != nil || text != "Anna Caffè,Rossi & Figli,+39 059 12/34,335-123,anna@example.org" {
		t.Errorf("%q, %v", text, err)
	}
	if got := ParseGECOS(text); got != whole {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]Contact{
		"":                           {},
		"Anna":                       {FullName: "Anna"},
		"Anna,12,3,4,other=x":        {"Anna", "12", "3", "4", ""},
		"Anna,,,,a@b.it,c@d.it":      {FullName: "Anna"},
		"Anna,,,,-oX@b.it":           {FullName: "Anna"},
		"Anna,,,,A <a@b.it>":         {FullName: "Anna"},
		"Anna,,,,a@b.it":             {FullName: "Anna", Email: "a@b.it"},
		"a\xff\x1b[2J,,,,a\x1b@b.it": {FullName: "a\xff\x1b[2J"},
	} {
		if got := ParseGECOS(text); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, c := range []struct {
		contact Contact
		field   string
		reason  Reason
	}{
		{Contact{FullName: "a:b"}, "full_name", Forbidden},
		{Contact{FullName: "a,b"}, "full_name", Forbidden},
		{Contact{FullName: "a=b"}, "full_name", Forbidden},
		{Contact{FullName: "a\nroot::0:0:::"}, "full_name", Forbidden},
		{Contact{FullName: "a\x00"}, "full_name", Forbidden},
		{Contact{FullName: "a\u0085"}, "full_name", Forbidden},
		{Contact{FullName: "a\u2028"}, "full_name", Forbidden},
		{Contact{FullName: " a"}, "full_name", Forbidden},
		{Contact{FullName: "a\xe9"}, "full_name", NotUTF8},
		{Contact{FullName: strings.Repeat("a", 101)}, "full_name", TooLong},
		{Contact{Company: "S.p.A., Modena"}, "company", Forbidden},
		{Contact{Phone: "call me"}, "phone", BadForm},
		{Contact{Phone: "++--333"}, "phone", BadForm},
		{Contact{Phone: "333+39"}, "phone", BadForm},
		{Contact{Mobile: "12"}, "mobile", BadForm},
		{Contact{Mobile: "++--333"}, "mobile", BadForm},
		{Contact{Mobile: "++39 333 1234567"}, "mobile", BadForm},
		{Contact{Mobile: "333 12"}, "mobile", BadForm},
		{Contact{Mobile: "+39 333 1234567 89012"}, "mobile", BadForm},
		{Contact{Email: "anna"}, "email", BadForm},
		{Contact{Email: "anna@"}, "email", BadForm},
		{Contact{Email: "-oQ/tmp@x"}, "email", BadForm},
		{Contact{Email: "Anna <anna@x>"}, "email", BadForm},
		{Contact{Email: strings.Repeat("a", 250) + "@x.it"}, "email", TooLong},
	} {
		_, err := FormatGECOS(c.contact)
		var field *FieldError
		if !errors.As(err, &field) || *field != (FieldError{c.field, c.reason}) {
			t.Errorf("%+v: %v", c.contact, err)
		}
	}
}

func TestParseRegister(t *testing.T) {
	r, err := ParseRegister([]byte("# heading\n1001 anna 2026-11-22\n\n1005 bruno 2026-11-22\n1006 car"))
	if err != nil || r.Highest != 1005 || !r.Has(1001) || r.Has(1006) {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = ParseRegister([]byte("1001 anna 2026-11-22\n1002 shz-acme 2026-11-22\n"))
	if err != nil || r.Highest != 1002 || !r.Has(1002) || r.Groups[1002] != "shz-acme" || len(r.Names) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, text := range []string{"1001\n", "x anna 2026-11-22\n", "-1 anna 2026-11-22\n", "4294967295 a 2026-11-22\n", "\x00\n"} {
		if r, err := ParseRegister([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

func TestRoleGroups(t *testing.T) {
	for role, want := range map[Role]string{RoleBase: "[shzbase]", RoleManager: "[shzbase shzmgr]",
		RoleAdmin: "[shzbase shzmgr shzadmin]", "": "[]", "root": "[]"} {
		if got := fmt.Sprint(role.Groups()); got != want {
			t.Errorf("%q: %s", role, got)
		}
	}
}

func TestCheckWords(t *testing.T) {
	if err := CheckWords("reason", strings.Repeat("è", MaxWords)); err != nil {
		t.Error(err)
	}
	for words, want := range map[string]Reason{strings.Repeat("è", MaxWords) + "!": TooLong, "a\nb": Forbidden, "\xff": NotUTF8} {
		if err := CheckWords("reason", words); err == nil || err.(*FieldError).Reason != want {
			t.Errorf("%.10q: %v", words, err)
		}
	}
}
