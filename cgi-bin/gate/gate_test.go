package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What the gate thinks of a request. That its steps really refuse, and what becomes of the process, is tested on the
// installed program, by test/.

const goodID = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"

// environ is what Apache sets, with changes: "-" leaves a variable out.
func environ(changes map[string]string) []string {
	all := map[string]string{
		"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "REQUEST_URI": "/cgi-bin/home", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.7",
		"SHZ_ENTRY": "internal", "QUERY_STRING": "", "PATH": "/usr/bin", "HTTP_PROXY": "http://evil.example", "HTTP_X_FORWARDED_FOR": "10.0.0.1",
	}
	for name, value := range changes {
		all[name] = value
	}
	var list []string
	for name, value := range all {
		if value != "-" {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// TestClientOfProxy: behind the proxy the client is whom the proxy names, and nobody else's word counts.
func TestClientOfProxy(t *testing.T) {
	for _, row := range []struct{ name, peer, proxy, forwardedFor, client string }{
		{"IPv4", "192.0.2.1", "192.0.2.1", "203.0.113.9", "203.0.113.9"},
		{"IPv6", "2001:db8::1", "2001:DB8:0::1", "2001:db8:2::9", "2001:db8:2::9"},
		{"mapped", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:203.0.113.9", "203.0.113.9"},
		{"somebody else", "192.0.2.2", "192.0.2.1", "203.0.113.9", ""},
		{"the machine itself", "127.0.0.1", "192.0.2.1", "203.0.113.9", ""},
		{"a net", "192.0.2.1", "192.0.2.0/24", "203.0.113.9", ""},
		{"a name", "192.0.2.1", "proxy", "203.0.113.9", ""},
		{"no proxy", "192.0.2.1", "", "203.0.113.9", ""},
		{"nobody", "192.0.2.1", "192.0.2.1", "", ""},
		{"a list", "192.0.2.1", "192.0.2.1", "10.0.0.1, 203.0.113.9", ""},
		{"a list without blank", "192.0.2.1", "192.0.2.1", "10.0.0.1,203.0.113.9", ""},
		{"blank", "192.0.2.1", "192.0.2.1", " 203.0.113.9", ""},
		{"port", "192.0.2.1", "192.0.2.1", "203.0.113.9:80", ""},
		{"zeros", "192.0.2.1", "192.0.2.1", "203.0.113.009", ""},
		{"zone", "192.0.2.1", "192.0.2.1", "fe80::1%eth0", ""},
		{"unknown", "192.0.2.1", "192.0.2.1", "unknown", ""},
		{"everybody", "192.0.2.1", "192.0.2.1", "0.0.0.0", ""},
		{"line", "192.0.2.1", "192.0.2.1", "203.0.113.9\n", ""},
	} {
		if client, problem := clientOfProxy(row.peer, row.proxy, row.forwardedFor); client != row.client || (problem == "") != (client != "") {
			t.Errorf("%s: %q %q", row.name, client, problem)
		}
	}
}

func TestReadRequest(t *testing.T) {
	q, r := readRequest(environ(map[string]string{
		"REMOTE_ADDR": "::ffff:192.0.2.7", "REQUEST_URI": "/cgi-bin/shz/caf%E9/\xe9?a=/b", "HTTP_COOKIE": "lang=en; SESSION_ID=" + goodID, "SHZ_ENTRY": "external", "HTTP_ACCEPT": "=a=b",
		"SHZ_PROXY": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "::ffff:203.0.113.9",
	}))
	if r != nil || q.address != "203.0.113.9" || q.path() != "/cgi-bin/shz/caf%E9/\xe9" || q.method != "GET" || q.entry != "external" || q.language != "en" ||
		len(q.session) != 64 || len(q.id) != 16 || q.variable["HTTP_ACCEPT"] != "=a=b" || q.variable["REMOTE_ADDR"] != "203.0.113.9" {
		t.Errorf("%+v %v", q, r)
	}
	for name := range q.variable {
		if !slices.Contains(passed[:], name) {
			t.Errorf("%s is handed on", name)
		}
	}
	if p, _ := readRequest(environ(nil)); p.id == q.id || p.session != "" || p.language != "" {
		t.Errorf("%+v", p)
	}
	for name, row := range map[string]struct {
		set  map[string]string
		step step
		code string
	}{
		"empty method is the component's": {map[string]string{"REQUEST_METHOD": "-"}, 0, ""},
		"longest":                         {map[string]string{"HTTP_ACCEPT": strings.Repeat("a", maxVariable)}, 0, ""},
		"too long":                        {map[string]string{"HTTP_ACCEPT": strings.Repeat("a", maxVariable+1)}, stepRequest, "bad-request"},
		"too long and not passed":         {map[string]string{"HTTP_X": strings.Repeat("a", maxVariable+1)}, 0, ""},
		"cookie too long":                 {map[string]string{"HTTP_COOKIE": strings.Repeat("a", maxVariable+1)}, stepRequest, "bad-request"},
		"line":                            {map[string]string{"HTTP_ACCEPT": "a\nb"}, stepRequest, "bad-request"},
		"line in what is not passed":      {map[string]string{"HTTP_X": "a\nb"}, 0, ""},
		"NUL":                             {map[string]string{"QUERY_STRING": "a\x00"}, stepRequest, "bad-request"},
		"address":                         {map[string]string{"REMOTE_ADDR": "localhost"}, stepRequest, ""},
		"no CGI":                          {map[string]string{"GATEWAY_INTERFACE": "-"}, stepRequest, ""},
		"elsewhere":                       {map[string]string{"REQUEST_URI": "/cgi-bin"}, stepRequest, "bad-request"},
		"claimed inside":                  {map[string]string{"HTTP_X_FORWARDED_FOR": "10.0.0.1, 10.0.0.2", "SHZ_PROXY": "10.0.0.1"}, 0, ""},
		"outside without proxy":           {map[string]string{"SHZ_ENTRY": "external"}, stepEntry, ""},
		"entry":                           {map[string]string{"SHZ_ENTRY": "internal "}, stepEntry, ""},
	} {
		q, r := readRequest(environ(row.set))
		if row.step == 0 != (r == nil) || r != nil && (r.step != row.step || r.code != row.code) {
			t.Errorf("%s: %+v", name, r)
		}
		if len(q.id) != 16 {
			t.Errorf("%s: no request id for the log", name)
		}
	}
	if _, r := readRequest(append(environ(nil), "PATH=/usr/bin")); r == nil || r.step != stepRequest {
		t.Errorf("a variable twice: %v", r)
	}
	if q, r := readRequest([]string{"", "=", "A", "="}); r == nil || q.session != "" {
		t.Errorf("nonsense: %+v", q)
	}
}

func TestReadCookies(t *testing.T) {
	other := "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
	for header, want := range map[string]struct {
		session  bool
		language string
	}{
		"":                             {false, ""},
		"SESSION_ID=" + goodID:         {true, ""},
		"a=b; SESSION_ID=" + goodID:    {true, ""},
		"SESSION_ID=" + goodID + ";a":  {true, ""},
		" SESSION_ID=" + goodID + " ;": {true, ""},
		"lang=it":                      {false, "it"},
		"lang=en;SESSION_ID=" + goodID: {true, "en"},

		"SESSION_ID=" + goodID + "; SESSION_ID=" + other:  {false, ""}, // somebody tossed one in
		"SESSION_ID=" + goodID + "; SESSION_ID=" + goodID: {false, ""},
		"SESSION_ID=; SESSION_ID=" + goodID:               {false, ""},
		"SESSION_ID=" + goodID[1:]:                        {false, ""},
		"SESSION_ID=" + goodID + "=":                      {false, ""},
		`SESSION_ID="` + goodID + `"`:                     {false, ""},
		"session_id=" + goodID:                            {false, ""},
		"SESSION_ID " + goodID:                            {false, ""},
		"XSESSION_ID=" + goodID:                           {false, ""},
		"SESSION_ID=../../etc/passwd":                     {false, ""},
		"a=SESSION_ID=" + goodID:                          {false, ""},
		"SESSION_ID=" + goodID + ",lang=it":               {false, ""},
		"lang=it; lang=it":                                {false, ""},
		"lang=de":                                         {false, ""},
		"lang=IT":                                         {false, ""},
		strings.Repeat(";", 10000):                        {false, ""},
	} {
		var q request
		q.readCookies(header)
		if (q.session != "") != want.session || q.language != want.language {
			t.Errorf("%.80s: %q %q", header, q.session, q.language)
		}
		if q.session != "" && strings.Contains(q.session, goodID) {
			t.Error("the id itself went on")
		}
	}
}

func TestOriginForm(t *testing.T) {
	for uri, want := range map[string]string{
		"/cgi-bin/home": "/cgi-bin/home", "http://h/cgi-bin/home?a": "/cgi-bin/home?a", "https://h:8443/cgi-bin/": "/cgi-bin/", "http://user@h//cgi-bin/": "//cgi-bin/",
		"http://h": "http://h", "http:///cgi-bin/home": "/cgi-bin/home", "ftp://h/cgi-bin/home": "ftp://h/cgi-bin/home", "http:/cgi-bin/home": "http:/cgi-bin/home",
		"*": "*", "": "", "//h/cgi-bin/home": "//h/cgi-bin/home", "/cgi-bin/http://h/x": "/cgi-bin/http://h/x",
	} {
		if got := originForm(uri); got != want {
			t.Errorf("%q: %q, not %q", uri, got, want)
		}
	}
}

func TestFindComponent(t *testing.T) {
	for _, row := range []struct {
		method, uri, name string
		step              step
	}{
		{"GET", "/cgi-bin/home", "home", 0}, {"HEAD", "/cgi-bin/home?x", "home", 0}, {"GET", "/cgi-bin/home/", "home", 0}, {"PUT", "/cgi-bin/shz/demo/a", "shz", 0},
		{"GET", "/cgi-bin/shz/../home", "shz", 0}, {"POST", "/cgi-bin/login", "login", 0}, {"GET", "/cgi-bin/shz?/x", "shz", 0},
		{"GET", "/cgi-bin/", "", stepComponent}, {"GET", "/cgi-bin//home", "", stepComponent}, {"GET", "/cgi-bin/Home", "", stepComponent}, {"GET", "/cgi-bin/hom", "", stepComponent},
		{"GET", "/cgi-bin/home%2f", "", stepComponent}, {"GET", "/cgi-bin/%68ome", "", stepComponent}, {"GET", "/cgi-bin/../home", "", stepComponent}, {"GET", "/cgi-bin/home;x", "", stepComponent},
		{"GET", "/cgi-bin/refused", "", stepComponent}, {"GET", "/cgi-bin/gate", "", stepComponent}, {"GET", "/cgi-bin/home\\", "", stepComponent},
		{"GET", "/cgi-bin/cgi-bin/home", "", stepComponent}, {"GET", "/cgi-bin/?home", "", stepComponent},
		{"POST", "/cgi-bin/home", "", stepMethod}, {"GET", "/cgi-bin/logout", "", stepMethod}, {"DELETE", "/cgi-bin/home", "", stepMethod}, {"PATCH", "/cgi-bin/shz/demo/", "shz", 0}, {"DELETE", "/cgi-bin/shz/demo/", "shz", 0}, {"OPTIONS", "/cgi-bin/shz/demo/", "shz", 0}, {"OPTIONS", "/cgi-bin/zones", "", stepMethod}, {"get", "/cgi-bin/home", "", stepMethod},
		{"", "/cgi-bin/home", "", stepMethod}, {"GET HEAD", "/cgi-bin/home", "", stepMethod}, {"PUT", "/cgi-bin/login", "", stepMethod}, {"TRACE", "/cgi-bin/home", "", stepMethod},
	} {
		c, r := findComponent(&request{method: row.method, uri: row.uri})
		if row.step == 0 && (r != nil || c.name != row.name) || row.step != 0 && (r == nil || r.step != row.step) {
			t.Errorf("%s %s: %s %v", row.method, row.uri, c.name, r)
		}
	}
}

// TestComponents: what has to hold of every row of the table.
func TestComponents(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range append(slices.Clone(components[:]), refusedComponent()) {
		if seen[c.name] || c.name == "" || strings.Trim(c.name, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("component %q", c.name)
		}
		seen[c.name] = true
		if c.event == nil || c.cpu == 0 || c.memory < 256*mib || c.session && !c.sudo {
			t.Errorf("%s: %+v", c.name, c)
		}
	}
	if c := loginComponent(); c.name != "login" || !c.guest {
		t.Errorf("%+v", c)
	}
}

// TestTransfers: only looking leaves nothing to tell.
func TestTransfers(t *testing.T) {
	for _, row := range []struct {
		method, uri string
		want        bool
	}{
		{"GET", "/cgi-bin/shz/demo/", false}, {"GET", "/cgi-bin/shz/demo/?sort=size", false}, {"HEAD", "/cgi-bin/shz/demo/a", false}, {"GET", "/cgi-bin/shz/demo/?x=/a", false},
		{"GET", "/cgi-bin/shz/demo/a", true}, {"GET", "/cgi-bin/shz/demo/a?x=/", true}, {"PUT", "/cgi-bin/shz/demo/a", true}, {"PUT", "/cgi-bin/shz/demo/", true},
		{"GET", "/cgi-bin/shz/demo/?search=a%20b&x=archive=", false}, {"POST", "/cgi-bin/shz/demo/", true}, {"GET", "/cgi-bin/shz/demo/?archive=zip", true},
		{"GET", "/cgi-bin/shz/demo/?%61rchive=zip", true}, {"GET", "/cgi-bin/shz/demo/?x=1&archiv%65=tar", true}, {"GET", "/cgi-bin/shz/demo/?archive", true}, {"PATCH", "/cgi-bin/shz/demo/?upload=x", true}, {"DELETE", "/cgi-bin/shz/demo/?upload=x", true},
		{"OPTIONS", "/cgi-bin/shz/demo/", false}, {"HEAD", "/cgi-bin/shz/demo/?upload=x", false}, {"get", "/cgi-bin/shz/demo/", true}, {"", "/cgi-bin/shz/demo/", true},
	} {
		if got := transfers(&request{method: row.method, uri: row.uri}); got != row.want {
			t.Errorf("%s %s: %v", row.method, row.uri, got)
		}
	}
}

// TestEnvironment: the handler's, and nothing of Apache's but what is in the list.
func TestEnvironment(t *testing.T) {
	q, r := readRequest(environ(map[string]string{"HTTP_COOKIE": "SESSION_ID=" + goodID, "LD_PRELOAD": "/tmp/x.so", "HTTP_X_REAL_IP": "10.0.0.1", "SHZ_USER": "admin", "SHZ_MUST_CHANGE": "no"}))
	if r != nil {
		t.Fatal(r)
	}
	user := identity{user: "anna", uid: 1001, gid: 1001}
	for _, row := range []struct {
		name    string
		c       component
		who     identity
		event   int
		queue   int
		refused *refusal
		want    string // of the names that begin with SHZ_
	}{
		{"user", component{name: "home"}, user, -1, -1, nil, "SHZ_ENTRY SHZ_LANG SHZ_REQUEST SHZ_TIME SHZ_USER"},
		{"guest", component{name: "login"}, identity{guest: true, user: "shzguest"}, 3, -1, nil, "SHZ_ENTRY SHZ_EVENT_FD SHZ_LANG SHZ_REQUEST SHZ_TIME"},
		{"session", component{name: "chpwd", session: true}, identity{user: "anna", mustChange: true}, 4, -1, nil,
			"SHZ_ENTRY SHZ_EVENT_FD SHZ_LANG SHZ_MUST_CHANGE SHZ_REQUEST SHZ_SESSION SHZ_TIME SHZ_USER"},
		{"queue", component{name: "shz"}, user, 4, 5, nil, "SHZ_ENTRY SHZ_EVENT_FD SHZ_LANG SHZ_QUEUE_FD SHZ_REQUEST SHZ_TIME SHZ_USER"},
		{"refused", refusedComponent(), identity{guest: true}, -1, -1, &refusal{stepMethod, "method", "x"}, "SHZ_ALLOW SHZ_ENTRY SHZ_LANG SHZ_REFUSED SHZ_REQUEST SHZ_STEP SHZ_TIME"},
	} {
		var names []string
		for _, pair := range environment(&q, row.c, row.who, row.event, row.queue, row.refused) {
			name, value, _ := strings.Cut(pair, "=")
			if strings.HasPrefix(name, "SHZ_") {
				names = append(names, name)
			}
			if strings.Contains(value, goodID) || value == "admin" || strings.Contains(value, "evil") || strings.HasPrefix(name, "LD_") || name == "HTTP_COOKIE" || strings.HasPrefix(name, "HTTP_X") && name != "HTTP_X_HTTP_METHOD_OVERRIDE" {
				t.Errorf("%s: %s", row.name, pair)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != row.want {
			t.Errorf("%s: %s, not %s", row.name, got, row.want)
		}
	}
}

// TestAsksThumbnail: whatever a handler may take for the question is one.
func TestAsksThumbnail(t *testing.T) {
	for uri, want := range map[string]bool{
		"/cgi-bin/shz/z/a.png": false, "/cgi-bin/shz/z/a.png?inline=1": false, "/cgi-bin/shz/z/thumbnail": false, "/cgi-bin/shz/z/?filter=%20": false,
		"/cgi-bin/shz/z/a.png?thumbnail=1": true, "/cgi-bin/shz/z/a.png?x&thumbnail=1": true, "/cgi-bin/shz/z/a.png?t%68umbnail=1": true, "/cgi-bin/shz/z/a.png?thumbnail": true,
	} {
		if got := asksThumbnail(&request{uri: uri}); got != want {
			t.Errorf("%s: %v", uri, got)
		}
	}
}

func TestCheckIdentity(t *testing.T) {
	for _, row := range []struct {
		who identity
		ok  bool
	}{
		{identity{uid: 1000, gid: 1000, groups: []uint32{1000}}, true}, {identity{uid: 70000, gid: 100}, true}, {identity{uid: math.MaxUint32 - 1, gid: 1}, true},
		{identity{}, false}, {identity{uid: 0, gid: 1000}, false}, {identity{uid: 999, gid: 1000}, false}, {identity{uid: 33, gid: 33}, false}, {identity{uid: 65534, gid: 1000}, false},
		{identity{uid: math.MaxUint32, gid: 1000}, false}, {identity{uid: 1000, gid: 0}, false}, {identity{uid: 1000, gid: 1000, groups: []uint32{1000, 0}}, false},
		{identity{guest: true, uid: 998, gid: 998, groups: []uint32{998}}, true}, {identity{guest: true, uid: 1, gid: 1}, true}, {identity{guest: true}, false},
		{identity{guest: true, uid: 1000, gid: 998}, false}, {identity{guest: true, uid: 33, gid: 33}, false}, {identity{guest: true, uid: 998, gid: 0}, false},
	} {
		if r := checkIdentity(row.who); (r == nil) != row.ok || r != nil && r.step != stepAccount {
			t.Errorf("%+v: %v", row.who, r)
		}
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"a": `"a"`, "a\nb\x1b": `"a\nb\x1b"`, "\u202e\u2028é": `"\u202e\u2028\u00e9"`, "\xff": `"\xff"`, `"`: `"\""`, strings.Repeat("x", 300): `"` + strings.Repeat("x", 200) + `"`,
		strings.Repeat("x", 199) + "é": `"` + strings.Repeat("x", 199) + `\xc3"`,
	} {
		if got := quote(text); got != want {
			t.Errorf("%.20q: %s", text, got)
		}
	}
	for c := range rune(0x100) {
		if got := hasControl("a" + string(c) + "b"); got != (c < 0x20 || c == 0x7f) {
			t.Errorf("%U: %v", c, got)
		}
	}
	if hasControl("\xff\xe9\x80") {
		t.Error("bytes that are no UTF-8 are no control characters")
	}
}

func TestSpaceCode(t *testing.T) {
	for err, want := range map[error]string{unix.ENOSPC: "no-space", fmt.Errorf("x: %w", unix.EDQUOT): "no-space", unix.EACCES: "internal"} {
		if got := spaceCode(err, "internal"); got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
}

func TestReserve(t *testing.T) {
	for _, row := range []struct {
		space unix.Statfs_t
		want  bool
	}{
		{unix.Statfs_t{Bsize: 4096, Blocks: 1000, Bavail: 100, Files: 1000, Ffree: 100}, false},
		{unix.Statfs_t{Bsize: 4096, Blocks: 1000, Bavail: 99, Files: 1000, Ffree: 1000}, true},
		{unix.Statfs_t{Bsize: 4096, Blocks: 1000, Bavail: 1000, Files: 1000, Ffree: 99}, true},
		{unix.Statfs_t{Bsize: 4096, Blocks: 1000, Bavail: 1000}, false}, // Btrfs
		{unix.Statfs_t{Bsize: 4096, Blocks: 1000, Bavail: 0, Files: 1000, Ffree: 0}, true},
		// A terabyte of which a hundredth is free keeps nobody out.
		{unix.Statfs_t{Bsize: 4096, Blocks: 1 << 28, Bavail: 1 << 21, Files: 1 << 26, Ffree: 4096}, false},
		{unix.Statfs_t{Bsize: 4096, Blocks: 1 << 28, Bavail: 16 << 10, Files: 1 << 26, Ffree: 1 << 20}, false},
		{unix.Statfs_t{Bsize: 4096, Blocks: 1 << 28, Bavail: 16<<10 - 1, Files: 1 << 26, Ffree: 1 << 20}, true},
		{unix.Statfs_t{Bsize: 4096, Blocks: 1 << 28, Bavail: 1 << 21, Files: 1 << 26, Ffree: 4095}, true},
	} {
		if inReserve(&row.space) != row.want {
			t.Errorf("%+v: not %v", row.space, row.want)
		}
	}
}
