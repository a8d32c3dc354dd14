package mail

import (
	"context"
	"net/url"
	"strings"

	"sharezone/internal/text"
	"sharezone/notify/queue"
)

// Style says how letters of one recipient look.
type Style struct {
	Language text.Language
	URL      string // where Share Zone is reached; "" = no links
	Actor    string // the full name of who acted, "" = only his user name is known
}

// content is a message in words, for the text and the HTML.
type content struct {
	style   Style
	subject string
	opening string
	items   []line
	more    string // how many are not named, "" = none
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

func newContent(m queue.Message, s Style) content {
	l := s.Language
	who := text.Name(m.Actor)
	c := content{style: s}
	if s.Actor != "" {
		who = text.Name(s.Actor) + " (" + who + ")"
	}
	zone := text.Name(m.Zone)
	c.subject = l.Count("mail-subject."+string(m.Kind), m.Count, text.Name(m.Actor), zone)
	c.opening = l.Count("mail-opening."+string(m.Kind), m.Count, who, zone)
	c.why = l.Say("mail-why." + string(m.Kind))
	for _, item := range m.Items {
		c.items = append(c.items, newLine(item, l))
	}
	if rest := m.Count - len(m.Items); rest > 0 {
		c.more = l.Count("mail.more", rest)
	}
	if s.URL != "" {
		c.link = s.URL + "/cgi-bin/shz/" + url.PathEscape(m.Zone) + "/"
	}
	return c
}

func newLine(i queue.Item, l text.Language) line {
	facts := []string{l.Time(i.Time)}
	if i.Bytes != nil {
		facts = append(facts, l.Size(*i.Bytes))
	}
	if i.Part {
		facts = append(facts, l.Say("mail.part"))
	}
	return line{text.Name(i.Path), strings.Join(facts, ", ")}
}

// plain is the text for readers that show no HTML.
func (c content) plain() string {
	var b strings.Builder
	b.WriteString(c.opening + "\n\n")
	for _, i := range c.items {
		b.WriteString("- " + i.name + " (" + i.facts + ")\n")
	}
	if c.more != "" {
		b.WriteString("- " + c.more + "\n")
	}
	if c.link != "" {
		b.WriteString("\n" + c.style.Language.Say("mail.link") + "\n" + c.link + "\n")
	}
	b.WriteString("\n-- \n" + c.why + "\n")
	return b.String()
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
