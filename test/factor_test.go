package test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/session"
)

const factorPage = "/cgi-bin/factor"

// appCode is what an app shows for a key now, or so many steps of 30 seconds later. It is good for some seconds yet.
func appCode(t *testing.T, key string, later int64) string {
	t.Helper()
	secret, err := base32.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	if left := 30 - time.Now().Unix()%30; left < 8 {
		time.Sleep(time.Duration(left) * time.Second)
	}
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30+later)))
	sum := h.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&(1<<31-1)%1000000)
}

// factorAnswer is what the component says in JSON.
type factorAnswer struct {
	SecondFactor string `json:"second_factor"`
	Policy       string
	Enrolled     bool
	Key, URI     string
	User, Entry  string
	Codes        json.RawMessage `json:"recovery_codes"`
}

func factorOf(t *testing.T, a answer) (said factorAnswer) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &said); err != nil {
		t.Fatalf("%v: %d %s", err, a.status, a.body)
	}
	return said
}

// setUp sets somebody's second factor up in a session, and returns its key and the recovery codes.
func setUp(t *testing.T, id, password string) (key string, recovery []string) {
	t.Helper()
	t.Cleanup(func() { exec.Command("sh", "-c", "rm -f "+layout.Factors+"/* "+layout.Factors+"/.[!.]*").Run() })
	begun := with(t, id, "-d", "op=begin", "--data-urlencode", "password="+password, factorPage)
	if begun.status != 200 {
		t.Fatalf("begin: %d %s", begun.status, begun.body)
	}
	key = factorOf(t, begun).Key
	done := with(t, id, "-d", "op=confirm", "-d", "otp="+appCode(t, key, -1), factorPage)
	if err := json.Unmarshal(factorOf(t, done).Codes, &recovery); err != nil || done.status != 200 || len(recovery) != 10 {
		t.Fatalf("confirm: %d %s", done.status, done.body)
	}
	if again := curl(t, "-b", "SESSION_ID="+id, "-H", "Accept: text/html", "-d", "op=confirm", "-d", "otp="+appCode(t, key, -1), factorPage); again.status != 303 || again.header.Get("Location") != factorPage+"?done=on" {
		t.Errorf("the page with the codes loaded again: %d %s", again.status, again.body)
	}
	return key, recovery
}

// TestFactor: set up, asked for at the login, renewed and turned off, in both forms.
func TestFactor(t *testing.T) {
	const password = "Lampone-7-Treno-Verde"
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	person(t, "ilaria", password)
	id := opened(t, "ilaria", password)
	if said := factorOf(t, with(t, id, factorPage)); said.Enrolled || said.Policy != "optional" || said.Key != "" {
		t.Errorf("%+v", said)
	}
	if a := with(t, id, "-d", "op=begin", "-d", "password=wrong", factorPage); a.status != 403 || a.code() != "not-permitted" {
		t.Errorf("begin with a wrong password: %d %s", a.status, a.body)
	}
	if a := with(t, id, "-d", "op=off", "--data-urlencode", "password="+password, factorPage); a.status != 409 || a.code() != "conflict" {
		t.Errorf("off where there is none: %d %s", a.status, a.body)
	}
	if a := with(t, id, "-d", "op=confirm", "-d", "otp=123456", factorPage); a.status != 409 {
		t.Errorf("confirm before it is begun: %d %s", a.status, a.body)
	}
	key, recovery := setUp(t, id, password)
	if said := with(t, id, factorPage); !strings.Contains(said.body, `"enrolled":true`) || strings.Contains(said.body, key) || strings.Contains(said.body, recovery[0]) {
		t.Errorf("it is shown again: %s", said.body)
	}
	// The second page, as a page.
	first := curl(t, "-d", "username=ilaria", "-d", "password="+password, "-d", "next=/cgi-bin/profile", "/cgi-bin/login")
	half := idIn(first)
	if first.status != 303 || first.header.Get("Location") != factorPage+"?next=%2Fcgi-bin%2Fprofile" {
		t.Errorf("%d to %q", first.status, first.header.Get("Location"))
	}
	cookie := "Cookie: SESSION_ID=" + half
	if a := curl(t, "-H", cookie, "-H", "Accept-Language: en", factorPage+"?next=%2Fcgi-bin%2Fprofile"); a.status != 200 || !strings.Contains(a.body, "One more code") || !strings.Contains(a.body, `autocomplete="one-time-code"`) || strings.Contains(a.body, `href="/cgi-bin/home"`) && strings.Contains(a.body, "<nav") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curl(t, "-H", cookie, "-d", "otp=000000", factorPage); a.status != 401 || idIn(a) != "" {
		t.Errorf("a wrong code: %d %q", a.status, idIn(a))
	}
	code := appCode(t, key, 0)
	in := curl(t, "-H", cookie, "--data-urlencode", "otp= "+code[:3]+" "+code[3:], "-d", "next=/cgi-bin/profile", factorPage)
	if in.status != 303 || in.header.Get("Location") != "/cgi-bin/profile" || idIn(in) == half || alive(t, idIn(in)) != "ilaria" || exists(sessionFile(t, half)) {
		t.Fatalf("%d to %q, then %q", in.status, in.header.Get("Location"), alive(t, idIn(in)))
	}
	// In one request, and in two, for a script.
	if a := tryLogin(t, "ilaria", password, "-d", "otp="+recovery[0]); a.status != 200 || strings.Contains(a.body, "second_factor") || alive(t, idIn(a)) != "ilaria" {
		t.Errorf("%d %s", a.status, a.body)
	}
	wrong, unknown := tryLogin(t, "ilaria", password, "-d", "otp="+recovery[0]), tryLogin(t, "nessuno", password, "-d", "otp=123456")
	if wrong.status != 401 || told(wrong, "ilaria") != told(unknown, "nessuno") {
		t.Errorf("a used code is told apart: %s, %s", told(wrong, "ilaria"), told(unknown, "nessuno"))
	}
	plain, bruno := tryLogin(t, "ilaria", "wrong"), tryLogin(t, "bruno", "wrong")
	if told(plain, "ilaria") != told(bruno, "bruno") {
		t.Errorf("who has one is told apart before the password is right: %s, %s", told(plain, "ilaria"), told(bruno, "bruno"))
	}
	a := tryLogin(t, "ilaria", password)
	if said := factorOf(t, a); a.status != 200 || said.SecondFactor != "code" || said.User != "ilaria" {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = with(t, idIn(a), "-d", "otp="+recovery[1], factorPage)
	if said := factorOf(t, a); a.status != 200 || said.User != "ilaria" || said.Entry != "internal" || alive(t, idIn(a)) != "ilaria" {
		t.Errorf("%d %s", a.status, a.body)
	}
	// A password that was set anew does not take the second factor off.
	run(t, "sh", "-c", `printf 'ilaria:Cicala-4-Ponte-Grigio\n' | chpasswd`)
	a = tryLogin(t, "ilaria", "Cicala-4-Ponte-Grigio")
	if factorOf(t, a).SecondFactor != "code" {
		t.Errorf("%d %s", a.status, a.body)
	}
	id = idIn(with(t, idIn(a), "-d", "otp="+recovery[2], factorPage))
	if a := with(t, id, "-d", "op=codes", "-d", "password=Cicala-4-Ponte-Grigio", factorPage); a.status != 200 || strings.Contains(a.body, recovery[3]) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := with(t, id, "-d", "op=off", "-d", "password=Cicala-4-Ponte-Grigio", factorPage); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := tryLogin(t, "ilaria", "Cicala-4-Ponte-Grigio"); a.status != 200 || strings.Contains(a.body, "second_factor") {
		t.Errorf("%d %s", a.status, a.body)
	}
	acts := activityOf(t, "--user", "ilaria")
	for _, want := range []string{
		"second-factor ilaria begin not-permitted", "second-factor ilaria off conflict", "second-factor ilaria begin ok", "second-factor ilaria confirm ok",
		"factor-asked ilaria - ok", "login-failed ilaria - not-logged-in", "login ilaria - ok", "second-factor ilaria codes ok", "second-factor ilaria off ok",
	} {
		if !slices.Contains(acts, want) {
			t.Errorf("not recorded: %s\n%q", want, acts)
		}
	}
}

// TestFactorKeepsWhatWasTyped: what was typed when the session ended comes back after the code, too, also after a wrong one.
func TestFactorKeepsWhatWasTyped(t *testing.T) {
	const password = "Lampone-7-Treno-Verde"
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	person(t, "ilaria", password)
	key, _ := setUp(t, opened(t, "ilaria", password), password)
	typed := []string{"-H", "Accept-Language: en", "-d", "to=/cgi-bin/zones", "--data-urlencode", "carried=op=create&name=typed-then&shz-user=ilaria", "-d", "next=/cgi-bin/zones"}
	asked := curl(t, append(typed, "-d", "username=ilaria", "-d", "password="+password, "/cgi-bin/login")...)
	if asked.status != 200 || !strings.Contains(asked.body, `name="otp"`) || !strings.Contains(asked.body, "typed-then") || !strings.Contains(asked.body, `action="/cgi-bin/factor"`) {
		t.Fatalf("%d %s", asked.status, asked.body)
	}
	pagetest.Check(t, asked.body)
	give := func(code string) answer {
		return curl(t, append(typed, "-H", "Cookie: SESSION_ID="+idIn(asked), "-d", "otp="+code, factorPage)...)
	}
	if a := give("000000"); a.status != 401 || !strings.Contains(a.body, "typed-then") || !strings.Contains(a.body, `name="carried"`) {
		t.Errorf("a wrong code: %d %s", a.status, a.body)
	}
	back := give(appCode(t, key, 0))
	_, form, _ := strings.Cut(back.body, `action="/cgi-bin/zones"`)
	if back.status != 200 || !strings.Contains(back.body, `action="/cgi-bin/zones"`) || !strings.Contains(back.body, `name="name" value="typed-then"`) ||
		!strings.Contains(back.body, `name="shz-again"`) || strings.Count(form, `name="shz-user" value="ilaria"`) != 1 || alive(t, idIn(back)) != "ilaria" {
		t.Errorf("%d %s", back.status, back.body)
	}
	pagetest.Check(t, back.body)
}

// TestMustChangeKeepsWhatWasTyped: what was typed when the session ended comes back after a password that had to be changed first, too: after
// a login, after a code, and after new passwords that were refused. Somebody else does not get it.
func TestMustChangeKeepsWhatWasTyped(t *testing.T) {
	const password, another, third = "Lampone-7-Treno-Verde", "Cicala-4-Ponte-Grigio", "Mirtillo-9-Barca-Rossa"
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	person(t, "ilaria", password)
	typed := func(user string) []string {
		return []string{"-H", "Accept-Language: en", "-d", "to=/cgi-bin/zones", "--data-urlencode", "carried=op=create&name=typed-then&shz-user=" + user, "-d", "next=/cgi-bin/zones"}
	}
	asksPassword := func(what string, a answer, status int) {
		t.Helper()
		if a.status != status || !strings.Contains(a.body, `action="/cgi-bin/chpwd"`) || !strings.Contains(a.body, "typed-then") || !strings.Contains(a.body, `name="next" value="/cgi-bin/zones"`) ||
			strings.Contains(a.body, "hreflang") || strings.Contains(a.body, "<nav") {
			t.Fatalf("%s: %d %s", what, a.status, a.body)
		}
		pagetest.Check(t, a.body)
	}
	change := func(id, old, new string) answer {
		return curl(t, append(typed("ilaria"), "-H", "Cookie: SESSION_ID="+id, "-d", "old="+old, "-d", "new="+new, "-d", "confirm="+new, "/cgi-bin/chpwd")...)
	}
	givesBack := func(what string, a answer, id string) {
		t.Helper()
		_, form, _ := strings.Cut(a.body, `action="/cgi-bin/zones"`)
		if a.status != 200 || !strings.Contains(form, `name="name" value="typed-then"`) || !strings.Contains(form, `name="shz-again"`) || !strings.Contains(a.body, "Your password has been changed") ||
			strings.Count(form, `name="shz-user" value="ilaria"`) != 1 || strings.Contains(a.body, "Mirtillo") || alive(t, id) != "ilaria" {
			t.Fatalf("%s: %d %s", what, a.status, a.body)
		}
		pagetest.Check(t, a.body)
	}
	run(t, "chage", "-d", "0", "ilaria")
	asked := curl(t, append(typed("ilaria"), "-d", "username=ilaria", "-d", "password="+password, "/cgi-bin/login")...)
	asksPassword("a login", asked, 200)
	asksPassword("a password that is too weak", change(idIn(asked), password, "abc"), 400)
	asksPassword("a wrong old one", change(idIn(asked), "wrong", another), 403)
	free := busyAuth(t, "ilaria")
	busy := change(idIn(asked), password, another)
	asksPassword("when there are too many", busy, 503)
	if busy.header.Get("Retry-After") == "" {
		t.Errorf("busy: %v", busy.header)
	}
	free()
	givesBack("a new password", change(idIn(asked), password, another), idIn(asked))
	key, _ := setUp(t, opened(t, "ilaria", another), another)
	run(t, "chage", "-d", "0", "ilaria")
	asked = curl(t, append(typed("ilaria"), "-d", "username=ilaria", "-d", "password="+another, "/cgi-bin/login")...)
	asked = curl(t, append(typed("ilaria"), "-H", "Cookie: SESSION_ID="+idIn(asked), "-d", "otp="+appCode(t, key, 0), factorPage)...)
	asksPassword("a code", asked, 200)
	givesBack("a new password after a code", change(idIn(asked), another, third), idIn(asked))
	run(t, "chage", "-d", "0", "ilaria")
	run(t, "shzadm", "user", "factor", "ilaria", "--off")
	if a := curl(t, append(typed("bruno"), "-d", "username=ilaria", "-d", "password="+third, "/cgi-bin/login")...); a.status != 303 || a.header.Get("Location") != "/cgi-bin/chpwd?next=%2Fcgi-bin%2Fzones" {
		t.Errorf("what somebody else typed: %d %s %s", a.status, a.header, a.body)
	}
}

// busyAuth has as many processes of somebody's wait as he may have that ask the helper for logins and passwords, until free.
func busyAuth(t *testing.T, user string) (free func()) {
	t.Helper()
	uid := strings.TrimSpace(run(t, "id", "-u", user))
	var held []*os.File
	for i := range 8 {
		f, err := os.OpenFile(fmt.Sprintf("%s/auth-caller.%s.%d", layout.Slots, uid, i), os.O_RDWR|os.O_CREATE, 0o600)
		if err == nil {
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, f)
	}
	return func() {
		for _, f := range held {
			f.Close()
		}
	}
}

// TestFactorHalf: each function that is asked for in a half authenticated session is refused, and that is written down.
func TestFactorHalf(t *testing.T) {
	needDemo(t)
	for lacks, others := range map[session.Lack][]string{
		session.LacksCode: {"op=begin", "op=confirm&otp=1", "op=codes", "op=off"}, session.LacksEnrolment: {"op=codes", "op=off", "op=code&otp=123456", "otp=123456"},
	} {
		id := forge(t, "anna", func(r *session.Record) { r.Lacks = lacks })
		for _, component := range []string{"home", "menu", "shz/demo/", "zones", "users", "activity", "profile", "sessions", "chpwd"} {
			a := callGate(t, withSession(id, "GET", "/cgi-bin/"+component))
			checkRefusal(t, a, 11, 403)
			if !strings.Contains(a.body, `"second-factor"`) {
				t.Errorf("%s, %s: %s", lacks, component, a.body)
			}
		}
		for _, component := range []string{"chpwd", "sessions", "profile", "zones", "users", "resetpwd", "shz/demo/"} {
			if a := with(t, id, "-d", "op=end", "/cgi-bin/"+component); a.status != 403 || a.code() != "second-factor" {
				t.Errorf("%s, POST %s: %d %s", lacks, component, a.status, a.body)
			}
		}
		if a := with(t, id, "-T", "/etc/hostname", "/cgi-bin/shz/demo/half.txt"); a.status != 403 || a.code() != "second-factor" {
			t.Errorf("%s, PUT: %d %s", lacks, a.status, a.body)
		}
		for _, form := range others {
			if a := with(t, id, "-d", form, factorPage); a.status != 403 || a.code() != "second-factor" {
				t.Errorf("%s, %s: %d %s", lacks, form, a.status, a.body)
			}
		}
		if a := curl(t, "-H", "Cookie: SESSION_ID="+id, "/cgi-bin/home"); a.status != 303 || a.header.Get("Location") != factorPage+"?next=%2Fcgi-bin%2Fhome" {
			t.Errorf("%s, as a page: %d to %q", lacks, a.status, a.header.Get("Location"))
		}
		if a := with(t, id, "-X", "POST", "/cgi-bin/logout"); a.status != 200 || exists(sessionFile(t, id)) {
			t.Errorf("%s, logout: %d %s", lacks, a.status, a.body)
		}
	}
}

// TestFactorRequired: by an entry that requires it who has none does nothing but set it up, in the language of the page.
func TestFactorRequired(t *testing.T) {
	const password = "Lampone-7-Treno-Verde"
	setConfig(t, "[login]\nfailure_milliseconds = 300\n[entries.internal]\nsecond_factor_base = \"required\"\n")
	person(t, "ilaria", password)
	a := tryLogin(t, "ilaria", password)
	id := idIn(a)
	if a.status != 200 || factorOf(t, a).SecondFactor != "enrolment" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	page := func(args ...string) answer {
		return curl(t, append([]string{"-H", "Cookie: SESSION_ID=" + id, "-H", "Accept-Language: en"}, args...)...)
	}
	if a := page(factorPage); a.status != 200 || !strings.Contains(a.body, "Before you go on you have to set up") || strings.Contains(a.body, `type="password"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := page("-d", "op=begin", factorPage); a.status != 303 || a.header.Get("Location") != factorPage {
		t.Errorf("%d to %q", a.status, a.header.Get("Location"))
	}
	shown := page(factorPage)
	key := factorOf(t, with(t, id, factorPage)).Key
	if !strings.Contains(shown.body, `src="data:image/png;base64,`) || !strings.Contains(shown.body, "otpauth://totp/") || len(key) != 32 {
		t.Errorf("%q %s", key, shown.body)
	}
	if a := page("-d", "op=confirm", "-d", "otp=000000", factorPage); a.status != 400 || !strings.Contains(a.body, "not the one of this key") {
		t.Errorf("%d %s", a.status, a.body)
	}
	done := page("-d", "op=confirm", "-d", "otp="+appCode(t, key, 0), "-d", "next=/cgi-bin/profile", factorPage)
	t.Cleanup(func() { exec.Command("rm", "-f", layout.Factors+"/ilaria").Run() })
	if done.status != 200 || strings.Count(done.body, "<li><code>") != 10 || !strings.Contains(done.body, `href="/cgi-bin/profile"`) || alive(t, idIn(done)) != "ilaria" || exists(sessionFile(t, id)) {
		t.Fatalf("%d %s", done.status, done.body)
	}
	if a := with(t, idIn(done), "-d", "op=off", "--data-urlencode", "password="+password, factorPage); a.status != 403 || !exists(layout.Factors+"/ilaria") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := tryLogin(t, "bruno", needDemo(t).password["bruno"]); factorOf(t, a).SecondFactor != "enrolment" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := tryLogin(t, "anna", needDemo(t).password["anna"]); factorOf(t, a).SecondFactor != "" {
		t.Errorf("of managers nothing was said: %d %s", a.status, a.body)
	}
}

// TestFactorTakenOff: an administrator takes it off who lost his phone, of accounts that Share Zone made; nobody else does, and root of all.
func TestFactorTakenOff(t *testing.T) {
	const password = "Lampone-7-Treno-Verde"
	needDemo(t)
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	for _, name := range []string{"us-lost", "us-lost2"} {
		cmd := exec.Command("shzadm", "user", "add", name, "--role", "base", "--full-name", "Lost", "--email", name+"@localhost", "--password-stdin")
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		t.Cleanup(func() { run(t, "shzadm", "user", "delete", name, "--files", "keep") })
	}
	setUp(t, opened(t, "us-lost", password), password)
	drop := "op=drop-factor&username=us-lost&password=" + url.QueryEscape(needDemo(t).password["admin"])
	for user, want := range map[string]int{"anna": 403, "bruno": 403} {
		if a := jsonAs(t, user, "-d", drop, "/cgi-bin/users"); a.status != want || !exists(layout.Factors+"/us-lost") {
			t.Errorf("%s: %d %s", user, a.status, a.body)
		}
	}
	for _, name := range []string{"admin", "root", "nobody-at-all"} { // himself, the system's, nobody
		if a := jsonAs(t, "admin", "-d", strings.Replace(drop, "us-lost", name, 1), "/cgi-bin/users"); a.status < 400 || a.status == 500 {
			t.Errorf("of %s: %d %s", name, a.status, a.body)
		}
	}
	if a := jsonAs(t, "admin", "/cgi-bin/users/us-lost"); !strings.Contains(a.body, `"second_factor":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "admin", "-H", "Accept-Language: en", "/cgi-bin/users/us-lost"); !strings.Contains(a.body, `href="/cgi-bin/users/us-lost?view=factor"`) || strings.Contains(a.body, `"drop-factor"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "admin", "-H", "Accept-Language: en", "/cgi-bin/users/us-lost?view=factor"); !strings.Contains(a.body, `value="drop-factor"`) || !strings.Contains(a.body, `name="password"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Whoever finds an administrator's session open has not his password.
	for _, secret := range []string{"", "&password=wrong"} {
		a := curlAs(t, "admin", "-H", "Accept-Language: en", "-d", "op=drop-factor&username=us-lost"+secret, "/cgi-bin/users")
		if a.status != 403 || !strings.Contains(a.body, "Your password is not right") || !strings.Contains(a.body, `value="drop-factor"`) || !exists(layout.Factors+"/us-lost") {
			t.Errorf("%q: %d %s", secret, a.status, a.body)
		}
	}
	if a := jsonAs(t, "admin", "-d", drop, "/cgi-bin/users"); a.status != 200 || exists(layout.Factors+"/us-lost") || !strings.Contains(a.body, `"second_factor":false`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "-d", drop, "/cgi-bin/users"); a.status != 409 {
		t.Errorf("where there is none: %d %s", a.status, a.body)
	}
	id := opened(t, "us-lost", password)
	setUp(t, id, password)
	run(t, "shzadm", "user", "factor", "us-lost", "--off")
	if out, status := shzadm(t, "user", "factor", "us-lost", "--off"); status == 0 {
		t.Errorf("where there is none: %s", out)
	}
	opened(t, "us-lost", password)
	acts := activityOf(t, "--event", "second-factor")
	for _, want := range []string{"second-factor admin off ok", "second-factor anna off not-permitted", "second-factor root off ok"} {
		if !slices.Contains(acts, want) {
			t.Errorf("not recorded: %s\n%q", want, acts)
		}
	}
	// It goes with the account.
	setUp(t, opened(t, "us-lost2", password), password)
	run(t, "shzadm", "user", "lock", "us-lost2")
	run(t, "shzadm", "user", "unlock", "us-lost2")
	if !exists(layout.Factors + "/us-lost2") {
		t.Error("unlocking takes it off")
	}
}

// TestFactorAsksCode: by an entry that asks for no code, the page of the second factor asks for one.
func TestFactorAsksCode(t *testing.T) {
	const password = "Lampone-7-Treno-Verde"
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n[entries.internal]\nsecond_factor_base = \"off\"\n")
	person(t, "ilaria", password)
	first := opened(t, "ilaria", password)
	page := func(id string) string {
		return curl(t, "-H", "Cookie: SESSION_ID="+id, "-H", "Accept-Language: en", factorPage).body
	}
	if body := page(first); !strings.Contains(body, "by the other one it is") || !strings.Contains(body, `value="begin"`) {
		t.Errorf("before it is set up: %s", body)
	}
	key, _ := setUp(t, first, password)
	id := opened(t, "ilaria", password)
	if body := page(id); strings.Count(body, `name="otp"`) != 3 || strings.Contains(page(first), `name="otp"`) {
		t.Error(body)
	}
	form := []string{"-d", "op=off", "--data-urlencode", "password=" + password}
	if a := with(t, id, append(form, "-H", "Accept-Language: en", factorPage)...); a.status != 403 || a.code() != "not-permitted" || !strings.Contains(a.body, "a code of the app is wanted here") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if body := page(id); !strings.Contains(body, "At a login by this entry no code is asked for.") || strings.Contains(body, "at a login a code is asked for") {
		t.Error(body)
	}
	if a := with(t, id, append(form, "-d", "otp=000000", factorPage)...); a.status != 403 || !strings.Contains(a.body, "code") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := with(t, id, append(form, "-d", "otp="+appCode(t, key, 0), factorPage)...); a.status != 200 || exists(layout.Factors+"/ilaria") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestFactorUnreadable: whose second factor cannot be read is found among the others by an administrator.
func TestFactorUnreadable(t *testing.T) {
	forgive(t)
	person(t, "ilaria", "Lampone-7-Treno-Verde")
	run(t, "mkdir", layout.Factors+"/ilaria")
	t.Cleanup(func() { exec.Command("rmdir", layout.Factors+"/ilaria").Run() })
	if a := jsonAs(t, "admin", "/cgi-bin/users/ilaria"); a.status != 200 || !strings.Contains(a.body, `"second_factor":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "/cgi-bin/users?username=ilar*"); a.status != 200 || !strings.Contains(a.body, `"ilaria"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}
