// Home shows the zones that the user reaches, as the kernel says, beside the menu.
package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"sharezone/internal/account"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	names := account.NewNames()
	zones, shut, err := reachable(c, names)
	if err != nil {
		return err
	}
	v := c.View(c.Language.Say("home.title"))
	switch c.Done() {
	case "chpwd":
		v.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("chpwd.changed")}
	case "chpwd-others":
		v.Notice = &page.Notice{Kind: page.Error, Text: c.Language.Say("chpwd.others-stay")}
		if c.Answers("sessions") {
			v.Notice.Text += " " + c.Language.Say("chpwd.end-others")
		}
	}
	object := map[string]any{"user": c.User, "roles": names.Roles(c.User), "zones": zones}
	return c.Answer(http.StatusOK, object, homePage(v, rows(c, zones, shut)))
}

// reachable asks the kernel about each zone; those with no answer but no are left out, but for the user's own: of the ones that shut him out, by
// name, it says how they are opened.
func reachable(c *web.Call, names *account.Names) (zones []zone.Summary, shut map[string]string, err error) {
	found, err := zone.ListZones()
	if err != nil {
		return nil, nil, err
	}
	zones, shut = []zone.Summary{}, make(map[string]string)
	for _, name := range found {
		root, err := zone.OpenZone(name)
		if err != nil {
			if code := web.CodeOf(err); code != web.NotFound && code != web.NotPermitted { // no directory, a link, shut, or closed since the list was read
				c.Log(fmt.Errorf("zone %s: %w", name, err))
			}
			continue
		}
		if root.ShutsOwner() {
			shut[name] = c.ShutOut(root)
		}
		if access := root.Access(); access != zone.None || shut[name] != "" {
			m := zone.ReadMetadata(root.Descriptor())
			zones = append(zones, zone.NewSummary(name, root.Stat().Uid, m, access, zone.StateOpen, names))
		}
		root.Close()
	}
	return zones, shut, nil
}

func rows(c *web.Call, zones []zone.Summary, shut map[string]string) []zoneRow {
	rows := make([]zoneRow, len(zones))
	for i, z := range zones {
		rows[i] = zoneRow{
			Name: z.Name, Owner: z.Owner, Access: z.Access, May: cmp.Or(shut[z.Name], c.May(z.Access)), Shut: shut[z.Name] != "", State: string(z.State),
		}
		if z.Access != zone.None {
			rows[i].Href = templ.SafeURL("/cgi-bin/shz/" + url.PathEscape(z.Name) + "/")
		}
		if z.Access == zone.Own || rows[i].Shut {
			rows[i].Manage = templ.SafeURL("/cgi-bin/zones/" + z.Name)
		}
		if z.Title != nil {
			rows[i].Title = *z.Title
		}
		if z.Expires != nil {
			rows[i].Expires = c.Language.Day(*z.Expires)
		}
	}
	return rows
}
