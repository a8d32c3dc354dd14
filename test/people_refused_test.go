package test

import (
	"strconv"
	"strings"
	"testing"

	"sharezone/internal/session"
)

// personalFunctions are all that the pages about people do: the component, a method, and what a form of it sends.
var personalFunctions = []struct{ component, form string }{
	{"users", ""}, {"users/bruno", ""}, {"users?view=new", ""}, {"users?view=groups", ""},
	{"users", "op=create&username=us-forged&full_name=F&email=f%40example.org"}, {"users", "op=invite&full_name=F&email=f%40example.org&zone=demo&access=read"},
	{"users", "op=invite-again&username=carla"}, {"users", "op=verify&username=carla"}, {"users", "op=modify&username=carla&role=admin"},
	{"users", "op=lock&username=carla"}, {"users", "op=unlock&username=carla"}, {"users", "op=drop-factor&username=carla&password=x"},
	{"users", "op=delete&username=carla&files=keep"}, {"users", "op=member&username=bruno&group=shz-x&member=1"}, {"users", "op=create-group&group=shz-us-forged"},
	{"resetpwd", "username=carla"},
	{"sessions", ""}, {"sessions?all=1", ""}, {"sessions", "op=end&id=0123456789ab"}, {"sessions", "op=end&all=1&id=0123456789ab"},
	{"profile", ""}, {"profile", "op=modify&language=it"}, {"profile", "op=notices&notices=none"}, {"profile", "op=messages&messages=sms"},
	{"profile", "op=address&email=f%40example.org&password=x"}, {"profile", "op=address-cancel"},
	{"chpwd", ""}, {"chpwd", "old=x&new=Neue-Wege-2031&confirm=Neue-Wege-2031"},
	{"factor", "op=begin&password=x"}, {"factor", "op=confirm&otp=123456"}, {"factor", "op=codes&password=x"}, {"factor", "op=off&password=x"},
}

// TestPeopleRefused: each of them, called straight in a session that is not good for it, changes nothing, and the log has one line
// that says why.
func TestPeopleRefused(t *testing.T) {
	needDemo(t)
	for _, user := range []string{"anna", "bruno", "admin"} { // who logs in later is a change
		jar(t, user)
	}
	before := accounts(t)
	half := func(lacks session.Lack) func(*session.Record) { return func(r *session.Record) { r.Lacks = lacks } }
	for _, kind := range []struct {
		name    string
		user    string // "": nobody
		edit    func(*session.Record)
		outside bool
		answers string // components that this session is for
		status  int
		code    string
	}{
		{"without a session", "", nil, false, "", 401, "not-logged-in"},
		{"without a session, outside", "", nil, true, "users resetpwd sessions", 401, "not-logged-in"},
		{"without the code", "admin", half(session.LacksCode), false, "", 403, "second-factor"},
		{"without the enrolment", "admin", half(session.LacksEnrolment), false, "factor", 403, "second-factor"},
		{"without the code, outside", "anna", half(session.LacksCode), true, "users resetpwd sessions", 403, "second-factor"},
		{"with a first password", "admin", func(r *session.Record) { r.MustChange = true }, false, "chpwd", 403, "password-expired"},
		{"of the other entry", "admin", func(r *session.Record) { r.Entry = "external" }, false, "", 401, "not-logged-in"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			id := ""
			if kind.user != "" {
				id = forge(t, kind.user, func(r *session.Record) {
					if kind.outside {
						r.Entry = "external"
					}
					if kind.edit != nil {
						kind.edit(r)
					}
				})
			}
			for _, f := range personalFunctions {
				component, _, _ := strings.Cut(strings.ReplaceAll(f.component, "?", "/"), "/")
				if strings.Contains(" "+kind.answers+" ", " "+component+" ") {
					continue // tested where that component is
				}
				call := personalCall(id, f.component, f.form)
				if kind.outside {
					call = fromOutside(call)
				}
				a := callGate(t, call)
				if a.step() > 0 {
					checkRefusal(t, a, a.step(), kind.status)
				} else if a.status != kind.status || strings.Count(a.stderr, " code="+kind.code+" ") != 1 {
					t.Errorf("%s %s: %d %s\n%s", f.component, f.form, a.status, a.body, a.stderr)
				}
				if !strings.Contains(a.body, `"`+kind.code+`"`) {
					t.Errorf("%s %s: %s", f.component, f.form, a.body)
				}
			}
		})
	}
	t.Run("a component that this entry has not", func(t *testing.T) {
		for _, f := range personalFunctions {
			component, _, _ := strings.Cut(strings.ReplaceAll(f.component, "?", "/"), "/")
			if component != "users" && component != "resetpwd" && component != "sessions" {
				continue
			}
			for _, user := range []string{"admin", "anna", "bruno"} {
				id := forge(t, user, func(r *session.Record) { r.Entry = "external" })
				a := callGate(t, fromOutside(personalCall(id, f.component, f.form)))
				if a.status != 403 || !strings.Contains(a.body, `"not-permitted"`) || strings.Count(a.stderr, " user="+user+" entry=external code=not-permitted ") != 1 {
					t.Errorf("%s %s as %q: exit %d, %d %s\n%s", f.component, f.form, user, a.exit, a.status, a.body, a.stderr)
				}
			}
		}
	})
	if after := accounts(t); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// personalCall is a request as a script sends it.
func personalCall(id, component, form string) gateCall {
	path, query, _ := strings.Cut("/cgi-bin/"+component, "?")
	uri := path
	if query != "" {
		uri += "?" + query
	}
	call := withSession(id, "GET", uri)
	call.set["QUERY_STRING"] = query
	if form != "" {
		call.set["REQUEST_METHOD"], call.set["CONTENT_TYPE"], call.set["CONTENT_LENGTH"] = "POST", "application/x-www-form-urlencoded", strconv.Itoa(len(form))
		call.stdin = form
	}
	return call
}
