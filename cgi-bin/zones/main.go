// Zones is where owners make, describe, share, look after and close zones, and where everybody sees what is known of those
// that he reaches. It runs as the user: what he can do himself (make a zone, describe his own) it does as he would in a
// shell, and the kernel answers. What takes root it asks of libexec/zonefix and libexec/access, which go by the owner of
// the zone's root. Nothing here decides who may do what; what a page offers is only meant to lead to no refusal.
package main

import (
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// here is the component's address.
const here = "/cgi-bin/zones"

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	name, err := zoneInPath(c)
	if err != nil {
		return err
	}
	v := newViewer(c)
	return v.told(do(v, name))
}

func do(v viewer, name string) error {
	switch {
	case v.call.Request.Method == http.MethodPost:
		return post(v, name)
	case name == "":
		return list(v)
	}
	return show(v, name)
}

// zoneInPath is the zone that the path names, "" where it names none. It stands there as it is: a zone's name needs no
// percent-encoding, so one that has some names nothing.
func zoneInPath(c *web.Call) (string, error) {
	rest := c.Rest()
	if rest == "" {
		return "", c.Exact()
	}
	if zone.CheckName(rest) != nil {
		return "", unix.ENOENT
	}
	return rest, nil
}

// viewer is who asks.
type viewer struct {
	call  *web.Call
	names *account.Names
	query url.Values
	admin bool // root's helpers would tell him of other people's zones; not by the external entry, where he is like any other
}

func newViewer(c *web.Call) viewer {
	v := viewer{call: c, names: account.NewNames(), query: c.Request.URL.Query()}
	v.admin = !v.outside() && v.inGroup(layout.GroupAdmin)
	return v
}

// inGroup says whether the process, and so the user as the kernel knows him, is in a group.
func (v viewer) inGroup(name string) bool {
	gid, known := v.names.GroupID(name)
	if !known {
		return false
	}
	groups, err := os.Getgroups()
	if err != nil {
		return false
	}
	for _, g := range append(groups, os.Getegid()) {
		if uint32(g) == gid {
			return true
		}
	}
	return false
}

// zoneHref is the address of a zone's page.
func zoneHref(name string, state zone.State, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	if state == zone.StateClosed {
		q.Set("state", "closed")
	}
	return withQuery(here+"/"+name, q)
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}
