package main

import (
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/landlock"
	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// component is a row of the table: everything that differs between handlers.
type component struct {
	name       string // also the file in layout.Handlers
	methods    string // separated by spaces
	guest      bool   // always runs as shzguest, with or without a session
	mustChange bool   // answers although the password must be changed
	half       bool   // answers although the second factor is still lacking
	sudo       bool   // reaches a root helper, so it cannot have no_new_privs
	session    bool   // gets the name of its own session's file (which opens nothing without the id)
	event      func(*request) bool
	places     []landlock.Place    // what it reaches of the machine's files; nil: what its user reaches, and so its helper
	decodes    func(*request) bool // may decode a picture, for which it waits in a queue of the machine's; nil: never
	cpu        uint64              // seconds of processor time (RLIMIT_CPU)
	memory     uint64              // bytes of private writable memory (RLIMIT_DATA); Go reserves about 100 MiB before it does anything
}

const mib = 1 << 20

// components is the only list of what can be asked for below /cgi-bin/.
var components = [...]component{
	{name: "login", methods: "GET HEAD POST", guest: true, sudo: true, event: posts, cpu: 10, memory: 512 * mib},
	{name: "less", methods: "GET HEAD POST", guest: true, sudo: true, event: never, cpu: 10, memory: 512 * mib},
	{name: "forgot", methods: "GET HEAD POST", guest: true, sudo: true, event: posts, cpu: 600, memory: 1024 * mib}, // as users: it changes an address
	{name: "signup", methods: "GET HEAD POST", guest: true, sudo: true, event: confirms, cpu: 10, memory: 512 * mib},
	{name: "logout", methods: "POST", mustChange: true, half: true, sudo: true, session: true, event: posts, cpu: 10, memory: 512 * mib},
	{name: "chpwd", methods: "GET HEAD POST", mustChange: true, sudo: true, session: true, event: posts, cpu: 10, memory: 512 * mib},
	{name: "factor", methods: "GET HEAD POST", half: true, sudo: true, session: true, event: posts, cpu: 10, memory: 512 * mib},
	{name: "sessions", methods: "GET HEAD POST", sudo: true, session: true, event: posts, cpu: 600, memory: 1024 * mib}, // as users
	{name: "activity", methods: "GET HEAD", sudo: true, event: never, cpu: 60, memory: 512 * mib},                       // zonefix tells administrators a zone's id
	{name: "profile", methods: "GET HEAD POST", sudo: true, session: true, event: posts, cpu: 10, memory: 512 * mib},
	{name: "menu", methods: "GET HEAD", places: programs, event: never, cpu: 10, memory: 512 * mib},
	{name: "home", methods: "GET HEAD", places: looks, event: never, cpu: 60, memory: 512 * mib},
	// Walking through a zone is its helper's work; what it costs here is waiting.
	{name: "zones", methods: "GET HEAD POST", sudo: true, event: posts, cpu: 60, memory: 512 * mib},
	// Sudo hands limits on, and where root may not lift them (containers) these are its helper's: it walks through all zones
	// when files change hands, and useradd must never be cut short.
	{name: "users", methods: "GET HEAD POST", sudo: true, session: true, event: posts, cpu: 600, memory: 1024 * mib},
	{name: "resetpwd", methods: "POST", sudo: true, event: posts, cpu: 600, memory: 1024 * mib},
	// A transfer costs about half a second of processor time a GiB (sendfile, splice): an hour is some TiB.
	{name: "shz", methods: "GET HEAD POST PUT PATCH DELETE OPTIONS", places: changes, event: transfers, decodes: asksThumbnail, cpu: 3600, memory: 1024 * mib},
}

// loginComponent answers for every component that needs a session and has none. Nothing happens then that would be an
// event, and strangers must not be able to fill the spool.
func loginComponent() component {
	c := components[0]
	c.event = never
	return c
}

// refusedComponent tells the browser what the gate refused. It stands outside the table: nobody can ask for it.
func refusedComponent() component {
	return component{name: "refused", places: programs, event: never, cpu: 10, memory: 512 * mib}
}

func never(*request) bool   { return false }
func posts(q *request) bool { return q.method == "POST" }

// confirms is true where who asks for an account confirms the mail address. Whoever only asks leaves no event file: strangers could without end.
func confirms(q *request) bool {
	_, query, _ := strings.Cut(q.uri, "?")
	return posts(q) && asks(query, "confirm")
}

// transfers is true for all that changes or takes a file: everything but looking at a folder.
func transfers(q *request) bool {
	path, query, _ := strings.Cut(q.uri, "?")
	switch q.method {
	case "HEAD", "OPTIONS":
		return false
	case "GET":
		return !strings.HasSuffix(path, "/") || asks(query, "archive")
	}
	return true
}

func asksThumbnail(q *request) bool {
	_, query, _ := strings.Cut(q.uri, "?")
	return asks(query, "thumbnail")
}

// asks reads no more of a query than it must: a key with a percent sign may be any, and an event file that stays empty, or a
// queue in which nobody waits, costs little.
func asks(query, wanted string) bool {
	for _, pair := range strings.Split(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if key == wanted || strings.Contains(key, "%") {
			return true
		}
	}
	return false
}

// methodCode is that of a method that the component asked for does not have.
const methodCode = "method"

// findComponent looks the first segment after /cgi-bin/ up; nothing of the path becomes part of a file name.
func findComponent(q *request) (component, *refusal) {
	asked, _, _ := strings.Cut(strings.TrimPrefix(q.path(), "/cgi-bin/"), "/")
	for _, c := range components {
		if c.name != asked {
			continue
		}
		for _, method := range strings.Fields(c.methods) {
			if method == q.method {
				return c, nil
			}
		}
		return c, &refusal{stepMethod, methodCode, "component " + c.name + " has no such method"}
	}
	return component{}, &refusal{stepComponent, "not-found", "no such component"}
}

// checkHandler looks at the program itself, which lies in a folder of root's.
func checkHandler(c component) *refusal {
	var st unix.Stat_t
	if err := unix.Lstat(layout.Handlers+"/"+c.name, &st); err != nil {
		return &refusal{stepHandler, "", "handler " + c.name + ": " + err.Error()}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != 0 || st.Mode&(unix.S_ISUID|unix.S_ISGID|0o022) != 0 {
		return &refusal{stepHandler, "", "handler " + c.name + " can be changed by others than root, or is setuid"}
	}
	return nil
}

// environment is the handler's, built from nothing: no variable of Apache's that is not in the list.
func environment(q *request, c component, who identity, event, queue int, refused *refusal) []string {
	env := []string{
		"PATH=/usr/bin:/bin", "LANG=C.UTF-8",
		"GOMAXPROCS=1", // a handler lives for milliseconds: starting more threads costs more than they bring
		"SHZ_REQUEST=" + q.id, "SHZ_TIME=" + q.time, "SHZ_ENTRY=" + q.entry, "SHZ_LANG=" + q.language,
	}
	for _, name := range passed {
		if value, set := q.variable[name]; set {
			env = append(env, name+"="+value)
		}
	}
	if !who.guest {
		env = append(env, "SHZ_USER="+who.user)
	}
	if c.session {
		env = append(env, "SHZ_SESSION="+q.session)
	}
	if who.mustChange {
		env = append(env, "SHZ_MUST_CHANGE=yes")
	}
	if who.lacks == session.LacksCode || who.lacks == session.LacksEnrolment {
		env = append(env, "SHZ_LACKS="+string(who.lacks))
	}
	if event >= 0 {
		env = append(env, "SHZ_EVENT_FD="+itoa(event))
	}
	if queue >= 0 {
		env = append(env, "SHZ_QUEUE_FD="+itoa(queue))
	}
	if refused != nil {
		if refused.code == methodCode { // c is refused's
			asked, _ := findComponent(q)
			env = append(env, "SHZ_ALLOW="+strings.ReplaceAll(asked.methods, " ", ", "))
		}
		env = append(env, "SHZ_REFUSED="+refused.code, "SHZ_STEP="+itoa(int(refused.step)))
	}
	return env
}
