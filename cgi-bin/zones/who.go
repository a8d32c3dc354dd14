package main

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// whoView says who can do what with the zone or something in it, and why.
type whoView struct {
	Here     templ.SafeURL
	Name     string
	Path     string // as people write it
	Field    string // the same where it can be typed
	Raw      string // where it cannot: percent-encoded
	As       string
	One      bool   // who was asked about stands in the list, whether he gets in or not
	Shown    bool   // the answer is there; without it this is the form alone
	Kind     string // file, dir, other
	Object   []fact
	In, Out  []whoRow
	MoreIn   int
	MoreOut  int
	Foreign  bool   // it is a folder of somebody's from whom zonefix takes none
	Take     string // the folder that can be made the zone owner's, percent-encoded; "" = none
	Remove   templ.SafeURL
	Commands []string
}

// whoRow is one person.
type whoRow struct {
	Label, About string
	Can          string
	Why          string
	Bar          string // what keeps him from logging in, whatever he may; "" = nothing
}

// maxIn and maxOut bound the lists of those who get in and who do not: they are as long as the company is large, and searched
// by name.
const (
	maxIn  = 500
	maxOut = 50
)

func (p zonePage) who() error {
	at, typed, err := p.place()
	if err != nil && !p.call.JSON {
		p.status, p.notice = http.StatusBadRequest, &page.Notice{Kind: page.Error, Text: p.call.Language.Say("zones-refused.path")}
		return p.answer("who", nil, whoBody(p.call.Language, whoView{Here: templ.SafeURL(here + "/" + p.Name), Field: typable(typed), As: typable(strings.Join(p.query["as"], " "))}))
	}
	if err != nil {
		return p.told(err)
	}
	q := helper.AccessRequest{Op: "who", Zone: p.Name, Path: at.encoded()}
	for _, user := range p.query["as"] {
		if user != "" {
			q.Users = append(q.Users, user)
		}
	}
	reply, err := p.access(q)
	w := whoView{
		Here: templ.SafeURL(here + "/" + p.Name), Name: p.Name, Path: at.bytes(), Field: typable(at.bytes()), As: typable(strings.Join(q.Users, " ")), One: len(q.Users) > 0, Commands: p.whoCommands(at, q.Users),
	}
	if strings.Contains(w.Field, "\n") { // a field of one line drops it
		w.Field = ""
	}
	if w.Field == "" { // of what cannot be typed the form sends the name along
		w.Raw = at.encoded()
	}
	if err != nil && p.call.JSON {
		return p.told(err)
	}
	if err != nil { // the form stays, so that another path can be tried
		code, message := p.words(err)
		p.status, p.notice = code.Status(), &page.Notice{Kind: page.Error, Text: message}
		return p.answer("who", nil, whoBody(p.call.Language, w))
	}
	w.Shown = true
	p.describe(&w, at, reply)
	return p.answer("who", reply, whoBody(p.call.Language, w))
}

// place is the file or folder that a page is about, with what was typed: "path" as it is, "raw" percent-encoded. The form of a page has
// both where the name cannot be typed; what somebody types then goes before.
func (p zonePage) place() (at place, typed string, err error) {
	typed, raw := p.query.Get("path"), p.query.Get("raw")
	if !p.call.JSON && !strings.HasPrefix(typed, "//") {
		typed = strings.TrimPrefix(typed, "/") // as people write where something stands
	}
	switch {
	case raw == "" || typed != "" && !p.call.JSON:
		at, err = parsePlace(typed)
	case typed != "":
		err = wrong("raw", raw)
	default:
		at, err = parseEncoded(raw)
	}
	return at, typed, err
}

// access asks the helper, as zonefix does.
func (v viewer) access(q helper.AccessRequest) (helper.AccessReply, error) {
	if !v.manages() {
		return helper.AccessReply{}, v.refusedNoManager()
	}
	return helper.Access(q)
}

func (p zonePage) describe(w *whoView, at place, reply helper.AccessReply) {
	l := p.call.Language
	owner := ""
	if o := reply.Object; o != nil {
		owner, w.Kind = o.Owner, o.Type
		w.Object = []fact{
			{l.Say("zones-who.kind"), l.Say("zones-who.kind-" + o.Type), false}, {l.Say("folder.owner"), p.person(o.Owner), true},
			{l.Say("zones-who.group"), o.Group, true}, {l.Say("zones-who.mode"), o.Mode, false},
		}
	}
	p.names.Members(layout.GroupBase) // one question to a directory for all of them
	for _, person := range reply.People {
		row := whoRow{Can: can(l, person, w.Kind), Why: p.why(person), Bar: bar(l, person)}
		row.Label, row.About, _ = p.about(person.User)
		if person.Read || person.Write || person.Enter || w.One {
			w.In = append(w.In, row)
		} else {
			w.Out = append(w.Out, row)
		}
	}
	slices.SortStableFunc(w.In, func(a, b whoRow) int { return cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	w.MoreIn = max(0, len(w.In)-maxIn)
	w.In = w.In[:len(w.In)-w.MoreIn]
	w.MoreOut = max(0, len(w.Out)-maxOut)
	w.Out = w.Out[:len(w.Out)-w.MoreOut]
	if len(at.names) > 0 && p.changes(p.seen) {
		w.Remove = templ.SafeURL(zoneHref(p.Name, p.State, "view", "remove", "path", at.bytes()))
		if w.Kind == "dir" && owner != p.Owner {
			// Zonefix takes from members, and from who was one; that nobody ever was with a number only it knows.
			if w.Foreign = !strings.HasPrefix(owner, "uid:") && !p.names.InGroup(owner, layout.GroupBase); !w.Foreign {
				w.Take = at.encoded()
			}
			w.Commands = append(w.Commands, belowCommand("take", p.Name, at))
		}
	}
}

// bar says what keeps somebody from logging in: the kernel, which is asked who gets in, does not know.
func bar(l language, person helper.Person) string {
	if person.Status == "" || !l.Knows("zones-who."+person.Status) {
		return ""
	}
	return l.Say("zones-who." + person.Status)
}

// asked are several people by name, as the kernel lets them into a zone.
func (v viewer) asked(zone string, users []string) map[string]helper.Person {
	if len(users) == 0 {
		return nil
	}
	// Of a list that is longer the first ones are told: asking about everybody takes a process for each person of the company.
	reply, err := v.access(helper.AccessRequest{Op: "who", Zone: zone, Users: users[:min(len(users), maxAsked)]})
	if err != nil {
		v.call.Log(err) // the page is of use without it
	}
	people := make(map[string]helper.Person)
	for _, person := range reply.People {
		people[person.User] = person
	}
	return people
}

// exceeds says whether somebody can do more in a zone than an access gives.
func exceeds(person helper.Person, access zone.Access) bool {
	switch access {
	case zone.Drop:
		return person.Read || person.Inside != ""
	case zone.Read:
		return person.Write
	}
	return false
}

// maxAsked is about how many people libexec/access is asked by name.
const maxAsked = 100

// can says in words what somebody can do with it.
func can(l language, person helper.Person, kind string) string {
	of := "file"
	if kind == "dir" {
		of = "dir"
	}
	var words []string
	if person.Read {
		words = append(words, l.Say("zones-can.read-"+of))
	}
	if person.Write {
		words = append(words, l.Say("zones-can.write-"+of))
	}
	if person.Enter && !person.Read && !person.Write {
		words = append(words, l.Say("zones-can.enter"))
	}
	if name, isGroup := strings.CutPrefix(person.Inside, "group:"); isGroup {
		words = append(words, l.Say("zones-can.inside-group", name))
	} else if person.Inside == "other" {
		words = append(words, l.Say("zones-can.inside"))
	} else if person.Inside != "" {
		words = append(words, l.Say("zones-can.inside-own"))
	}
	if len(words) == 0 {
		return l.Say("zones-can.nothing")
	}
	return strings.Join(words, ", ")
}

// why says which entry gives it, or which folder on the way takes it.
func (p zonePage) why(person helper.Person) string {
	l := p.call.Language
	if person.Stopped == nil {
		return p.whyBy(person)
	}
	words := ""
	switch at := *person.Stopped; at {
	case "/":
		return l.Say("zones-why.outside")
	case "":
		words = l.Say("zones-why.stopped-zone")
	default:
		words = l.Say("zones-why.stopped", shownPath(at))
	}
	if person.Entry == "" {
		return words
	}
	return words + ": " + p.whyBy(person)
}

// whyBy says which entry of the list decides, and what the mask leaves of it.
func (p zonePage) whyBy(person helper.Person) string {
	l := p.call.Language
	kind, name, _ := strings.Cut(person.Entry, ":")
	words := ""
	switch kind {
	case "owner":
		words = l.Say("zones-why.owner")
	case "other":
		words = l.Say("zones-why.other")
		if !person.Read && !person.Write && !person.Enter {
			words = l.Say("zones-why.not-listed")
		}
	case "user":
		words = l.Say("zones-why.user")
	case "group":
		words = l.Say("zones-why.group-own")
		if name != "" {
			words = l.Say("zones-why.group", name)
		}
	default:
		return l.Say("zones-why.unknown")
	}
	for _, also := range person.Also {
		words += "; " + l.Say("zones-why.also", strings.TrimPrefix(also, "group:"))
	}
	if person.Masked {
		words += "; " + l.Say("zones-why.masked", person.Perm, person.Mask)
	}
	return words
}

// shownPath is a percent-encoded path as people read it.
func shownPath(encoded string) string {
	if p, err := parseEncoded(encoded); err == nil {
		return text.Name(p.bytes())
	}
	return encoded
}

func (p zonePage) whoCommands(at place, users []string) []string {
	who := belowCommand("who", p.Name, at)
	for _, user := range users {
		who = strings.Replace(who, " who ", " who "+command("--as", user)+" ", 1)
	}
	lines := []string{who, command("getfacl", "--", zonePath(p.Name, at))}
	if len(users) > 0 {
		lines = append(lines, command("runuser", "-u", users[0], "--", "ls", "-ld", "--", zonePath(p.Name, at)))
	}
	return lines
}

// whoHref is the page about one path.
func whoHref(name string, at place) templ.SafeURL {
	return templ.SafeURL(withQuery(here+"/"+name, url.Values{"view": {"who"}, "path": {at.bytes()}}))
}

// help says what is typed into the form, and what it is about as long as nothing is.
func (w whoView) help(l language) string {
	if w.Raw != "" {
		return l.Say("zones-who.path-untyped", text.Name(w.Path))
	}
	return l.Say("zones-who.path-help")
}
