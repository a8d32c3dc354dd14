package web

import (
	"os"
	"path/filepath"
	"strings"

	"sharezone/internal/config"
)

// checkEntry refuses what the administrator does not have answered by this entry, and requests for a site of another
// name. Logging in and out goes on whatever the settings say: the helper behind them reads them itself.
func (c *Call) checkEntry() error {
	component := filepath.Base(os.Args[0]) // the path asked for is another one where login answers in its place
	switch component {
	case "login", "logout", "refused":
		return nil
	}
	s, err := c.Settings()
	if err != nil {
		return err
	}
	return judgeEntry(s.Entry(c.Entry), component, c.Request.Host)
}

var errNotAnswered = Refuse(NotPermitted, "the component is not answered by this entry")

func judgeEntry(entry config.Entry, component, host string) error {
	if !entry.Answers(component) {
		return errNotAnswered
	}
	if entry.PublicURL != "" && !isFor(entry.PublicURL, host) {
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
