package mail

import (
	"context"
	"net/url"
	"strings"
	"time"

	"sharezone/internal/text"
	"sharezone/notify/queue"
	"sharezone/notify/wording"
)

// Style says how letters of one recipient look.
type Style struct {
	Language text.Language
	URL      string       // where Share Zone is reached; "" = no links
	Actor    string       // the full name of who acted, "" = only his user name is known
	Grace    int          // days that a closed zone is kept
	Words    wording.Site // that the site has put in the place of ours
	Less     string       // the link by which he gets less of these from the zone; "" = there is none
}

// content is a message in words, for the text and the HTML.
type content struct {
	style   Style
	subject string
	opening string
	advice  string // "" = none
	items   []line
	more    string // how many are not named, "" = none
	lead    string // says where the link leads
	link    string // to the zone
	why     string // the recipient gets it
}

// line is one file.
type line struct{ name, facts string }

// Compose writes a message.
func Compose(m queue.Message, s Style) (subject, plain, html string, err error) {
	c := newContent(m, s)
	var b strings.Builder
	if err := letter(c).Render(context.Background(), &b); err != nil {
		return "", "", "", err
	}
	return c.subject, c.plain(), b.String(), nil
}

// Summary is a message in one sentence, with the path of the file if it tells of one alone, and where its link leads.
func Summary(m queue.Message, s Style) (sentence, file, link string) {
	c := newContent(m, s)
	if m.Count == 1 && len(c.items) == 1 {
		file = m.Items[0].Path
	}
	return c.subject, file, c.link
}

func newContent(m queue.Message, s Style) content {
	c := content{style: s, why: s.Language.Say("mail-why." + string(m.Kind))}
	path := "/cgi-bin/shz/" + url.PathEscape(m.Zone) + "/"
	files := values{"count": s.Language.Number(int64(m.Count)), "zone": text.Name(m.Zone)}
	switch zone := "/cgi-bin/zones/" + url.PathEscape(m.Zone); m.Kind {
	case queue.Recover, queue.Reset, queue.Invite, queue.Verify, queue.Moved, queue.Signup, queue.Declined:
		path = c.secret(m)
	case queue.Asked:
		c.filesOf(m, string(m.Kind))
		c.reword(string(m.Kind), files)
		path = "/cgi-bin/users?view=signups"
	case queue.Warned:
		c.zoneEnds(m)
		path = zone + "?view=extend"
	case queue.Closed:
		c.zoneEnds(m)
		path = zone
	case queue.Removed:
		c.zoneEnds(m)
		path = ""
	case queue.Expired:
		c.filesOf(m, string(m.Kind), text.Name(m.Zone))
		c.reword(string(m.Kind), files)
		path = zone + "?view=ages"
	default:
		if m.Actor == "" {
			c.filesOf(m, "several-"+string(m.Kind), text.Name(m.Zone))
			c.reword("several-"+string(m.Kind), files)
			break
		}
		who := text.Name(m.Actor)
		if s.Actor != "" {
			who = text.Name(s.Actor) + " (" + who + ")"
		}
		c.filesOf(m, string(m.Kind), who, text.Name(m.Zone))
		c.subject = s.Language.Count("mail-subject."+string(m.Kind), m.Count, text.Name(m.Actor), text.Name(m.Zone))
		files["actor"] = who
		c.reword(string(m.Kind), files)
	}
	if s.URL != "" && path != "" {
		c.lead, c.link = s.Language.Say("mail-link."+string(m.Kind)), s.URL+path
	}
	return c
}

type values = map[string]string

// reword takes the words of the site, where it has some for a kind. What else a message must have stays: the list of files, a password,
// links, and why the recipient gets it.
func (c *content) reword(kind string, v values) {
	if w, found := c.style.Words.Find(kind, c.style.Language); found {
		c.subject, c.opening = w.Fill(v)
	}
}

// paragraphs are those of the opening.
func (c content) paragraphs() []string { return strings.Split(c.opening, "\n\n") }

// filesOf lists files; about is what the words of this key say besides how many they are.
func (c *content) filesOf(m queue.Message, key string, about ...any) {
	l := c.style.Language
	c.subject = l.Count("mail-subject."+key, m.Count, about...)
	c.opening = l.Count("mail-opening."+key, m.Count, about...)
	for _, item := range m.Items {
		c.items = append(c.items, newLine(item, m.Kind, l))
	}
	if rest := m.Count - len(m.Items); rest > 0 && m.Kind == queue.Asked {
		c.more = l.Count("mail.more-asked", rest)
	} else if rest > 0 {
		c.more = l.Count("mail.more", rest)
	}
}

// secret says what a link or a password is for, and returns where one gets in with it.
func (c *content) secret(m queue.Message) string {
	l := c.style.Language
	if m.Kind.Stranger() {
		c.subject, c.opening = l.Say("mail-subject."+string(m.Kind)), l.Say("mail-opening."+string(m.Kind))
	} else {
		c.subject, c.opening = l.Say("mail-subject."+string(m.Kind)), l.Say("mail-opening."+string(m.Kind), text.Name(m.User))
	}
	c.reword(string(m.Kind), values{"user": text.Name(m.User)})
	if len(m.Items) == 0 { // somebody has written this message by hand
		return ""
	}
	of := m.Items[0]
	if m.Kind == queue.Moved {
		c.advice = l.Say("mail.moved-to", text.Name(of.Path))
		return ""
	}
	if m.Kind == queue.Reset {
		c.advice = l.Say("mail.password", of.Path)
		return "/cgi-bin/login"
	}
	if m.Kind == queue.Declined {
		c.advice = l.Say("mail.declined", text.Name(of.Path))
		return ""
	}
	c.advice = l.Say("mail.until", l.Time(of.Time))
	if m.Kind == queue.Signup {
		return "/cgi-bin/signup?" + url.Values{"token": {of.Path}}.Encode()
	}
	link := url.Values{"user": {m.User}, "token": {of.Path}}
	if m.Kind == queue.Verify {
		link.Set("verify", "1")
	}
	if m.Kind == queue.Invite {
		link.Set("invited", "1")
		if c.style.Actor != "" && m.Actor != m.User { // root's invitations are of nobody whom people know
			c.opening = l.Say("mail.invited-by", text.Name(c.style.Actor)) + " " + c.opening
		}
		if m.Zone != "" {
			c.opening += " " + l.Say("mail.invited-to", text.Name(m.Zone))
		}
	}
	return "/cgi-bin/forgot?" + link.Encode()
}

// zoneEnds says what becomes of a zone, and until when that can be undone.
func (c *content) zoneEnds(m queue.Message) {
	l, zone := c.style.Language, text.Name(m.Zone)
	var last queue.Item
	if len(m.Items) > 0 { // else somebody has written this message by hand
		last = m.Items[len(m.Items)-1]
	}
	day := l.Day(last.Path)
	c.subject, c.opening = l.Say("mail-subject."+string(m.Kind), zone), l.Say("mail-opening."+string(m.Kind), zone, day)
	closed := last.Time.Local()
	if m.Kind == queue.Warned {
		c.subject = l.Say("mail-subject.warned", zone, day)
		closed, _ = time.ParseInLocation(time.DateOnly, last.Path, time.Local)
		closed = closed.AddDate(0, 0, 1)
	}
	c.reword(string(m.Kind), values{"zone": zone, "day": day})
	if m.Kind != queue.Removed {
		c.advice = l.Say("mail.grace", l.Date(closed.AddDate(0, 0, c.style.Grace)))
	}
}

func newLine(i queue.Item, kind queue.Kind, l text.Language) line {
	facts := []string{l.Time(i.Time)}
	if i.Actor != "" {
		facts = append(facts, l.Say("mail.by", text.Name(i.Actor)))
	}
	if i.Bytes != nil {
		facts = append(facts, l.Size(*i.Bytes))
	}
	if i.Part && kind != queue.PerhapsTaken { // there the opening says it
		facts = append(facts, l.Say("mail-part."+string(kind)))
	}
	return line{text.Name(i.Path), strings.Join(facts, ", ")}
}

// plain is the text for readers that show no HTML.
func (c content) plain() string {
	var b strings.Builder
	b.WriteString(c.opening + "\n")
	if c.advice != "" {
		b.WriteString(c.advice + "\n")
	}
	if len(c.items) > 0 {
		b.WriteString("\n")
	}
	for _, i := range c.items {
		b.WriteString("- " + i.name + " (" + i.facts + ")\n")
	}
	if c.more != "" {
		b.WriteString("- " + c.more + "\n")
	}
	if c.link != "" {
		b.WriteString("\n" + c.lead + "\n" + c.link + "\n")
	}
	b.WriteString("\n-- \n" + c.why + "\n")
	if c.style.Less != "" {
		b.WriteString(c.style.Language.Say("mail.less") + ": " + c.style.Less + "\n")
	}
	return b.String()
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
