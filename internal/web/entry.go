package web

import (
	"os"
	"path/filepath"
	"strings"
)

// checkEntry refuses what the administrator does not have answered by this entry, and requests for a site of another
// name. Every entry answers who logs in or out, which the second factor may be part of; where settings cannot be read the helper behind login says so.
func (c *Call) checkEntry() error {
	component := filepath.Base(os.Args[0]) // the path asked for is another one where login answers in its place
	if component == "refused" {
		return nil
	}
	always := component == "login" || component == "logout" || component == "factor"
	s, err := c.Settings()
	if err != nil && always {
		return nil
	}
	if err != nil {
		return err
	}
	entry := s.Entry(c.Entry)
	if !always && !entry.Answers(component) {
		c.recordUnanswered(component)
		return errNotAnswered
	}
	if err := checkHost(entry.PublicURL, c.Request.Host); err != nil {
		return &Told{Err: err, Sentence: c.Language.Say("error.other-host", entry.PublicURL)}
	}
	return nil
}

// recordUnanswered notes a change that an entry does not even answer: whoever tries to administer from outside is to be seen. What
// exactly was asked for is not looked at.
func (c *Call) recordUnanswered(component string) {
	name := map[string]string{"users": "user-modify", "resetpwd": "password"}[component]
	if name == "" {
		return
	}
	act, err := c.Event.Begin(name, "")
	if err != nil {
		c.Log(err)
	}
	act.End(string(NotPermitted), -1, "")
}

var errNotAnswered = Refuse(NotPermitted, "the component is not answered by this entry")

// checkHost refuses another host than that of the entry's URL: a page that was opened under a name of somebody else's would
// take a password under it.
func checkHost(publicURL, host string) error {
	if publicURL != "" && !isFor(publicURL, host) {
		return Refuse(BadRequest, "Host is not that of public_url")
	}
	return nil
}

// isFor says whether a Host header names the host of a URL of ours.
func isFor(publicURL, host string) bool {
	scheme, own, _ := strings.Cut(publicURL, "://")
	port := map[string]string{"https": ":443", "http": ":80"}[scheme]
	return strings.EqualFold(strings.TrimSuffix(own, port), strings.TrimSuffix(host, port))
}
