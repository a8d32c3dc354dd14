package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"sharezone/internal/helper"
	"sharezone/internal/layout"
)

// The refusals of "zone who". What is refused for another reason is told as it is.
var (
	errNoObject   = errors.New("there is no such zone, folder or file")
	errNoPath     = errors.New("not a path below a zone")
	errLinkOnWay  = errors.New("a symbolic link is on the way")
	errMovedOnWay = errors.New("something was moved meanwhile")
)

// zoneWho asks the kernel who can do what with an object of a zone, through the helper that owners ask too.
func zoneWho(c *call, args []string) error {
	fs := c.flags()
	var users []string
	fs.Func("as", "", func(name string) error { users = append(users, name); return nil })
	operands, err := c.parse(fs, args, 1, 2)
	if err != nil {
		return err
	}
	q := helper.AccessRequest{Op: "who", Zone: operands[0], Users: users}
	where := layout.Base + "/" + q.Zone
	if path := strings.TrimSuffix(strings.Join(operands[1:], ""), "/"); path != "" { // the slash is the shell's completion
		q.Path = encodePath(path)
		where += "/" + path
	}
	reply, err := helper.Access(q)
	if err != nil {
		return whoRefused(err, where, users)
	}
	if c.json {
		return c.printJSON(reply)
	}
	return c.printWho(where, q.Zone, reply)
}

// encodePath is a path of the shell in the form in which helpers and URLs have it.
func encodePath(path string) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return strings.Join(segments, "/")
}

// whoRefused gives a refusal of the helper's its sentence.
func whoRefused(err error, where string, users []string) error {
	var refused *helper.ZoneRefusal
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "not-found":
		if refused.Reason == "no-such-user" {
			return fmt.Errorf("%s: %w", strings.Join(users, ", "), errNoUser)
		}
		err = errNoObject
	case "bad-request", "too-large":
		err = errNoPath
	case "not-permitted": // root may ask about each zone
		err = errLinkOnWay
	case "busy":
		err = errMovedOnWay
	}
	return fmt.Errorf("%s: %w", where, err)
}

// printWho writes a row for each person.
func (c *call) printWho(where, zoneName string, reply helper.AccessReply) error {
	o := reply.Object
	kind := c.say.line("who-other")
	switch o.Type {
	case "dir":
		kind = c.say.line("who-folder")
	case "file":
		kind = c.say.line("who-file")
	}
	if err := c.print(c.say.line("who-object", printable(where), kind, o.Owner, o.Group, o.Mode)); err != nil {
		return err
	}
	rows := make([][]string, 0, len(reply.People))
	for _, p := range reply.People {
		rows = append(rows, []string{p.User, c.whatFor(p, o.Type), c.because(p), stoppedAt(p, zoneName)})
	}
	return c.printRows("who-columns", rows)
}

// whatFor says what somebody can do, in the words that fit the object.
func (c *call) whatFor(p helper.Person, kind string) string {
	var can []string
	add := func(yes bool, word string) {
		if yes {
			can = append(can, word)
		}
	}
	if kind == "dir" {
		add(p.Read, c.say.line("who-list"))
		add(p.Write, c.say.line("who-create"))
		add(p.Enter, c.say.line("who-enter"))
		add(p.Inside != "", c.say.line("who-inside", p.Inside))
	} else {
		add(p.Read, c.say.line("who-read"))
		add(p.Write, c.say.line("who-write"))
	}
	return strings.Join(can, ", ")
}

// because names the entries that decide, as getfacl shows them, and what keeps the person from logging in all the same.
func (c *call) because(p helper.Person) string {
	bar := ""
	if p.Status != "" {
		bar = c.say.line("who-" + p.Status)
	}
	if p.Entry == "" {
		return c.say.line("who-unexplained") + bar
	}
	text := p.Entry + " " + p.Perm
	if p.Masked {
		text += c.say.line("who-masked", p.Mask)
	}
	for _, more := range p.Also {
		text += " + " + more
	}
	return text + bar
}

// stoppedAt is the folder that somebody cannot pass, as getfacl takes it.
func stoppedAt(p helper.Person, zoneName string) string {
	switch {
	case p.Stopped == nil:
		return ""
	case *p.Stopped == "/":
		return layout.Base
	case *p.Stopped == "":
		return layout.Base + "/" + zoneName
	}
	path, err := url.PathUnescape(*p.Stopped)
	if err != nil {
		path = *p.Stopped
	}
	return layout.Base + "/" + zoneName + "/" + path
}
