package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// groupName is the whole name of a company's group, which may be said with or without what all of them begin with.
func groupName(word string) string {
	return layout.CompanyPrefix + strings.TrimPrefix(word, layout.CompanyPrefix)
}

func groupAdd(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	name := groupName(operands[0])
	err = c.recordHeld(deed{event: "group-create", path: name}, []string{name}, func() error {
		_, err := change.CreateGroup(name, time.Now())
		return err
	})
	if err != nil {
		return err
	}
	return c.showGroup(name)
}

// groupMember refuses before anything is changed; each user is an act of its own.
func groupMember(c *call, args []string) error {
	fs := c.flags()
	remove := fs.Bool("remove", false, "")
	operands, err := c.parse(fs, args, 2, 1000)
	if err != nil {
		return err
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	name, users := groupName(operands[0]), operands[1:]
	for _, user := range users {
		if err := change.CheckMember(name, user, !*remove); err != nil {
			return err
		}
	}
	state := "member"
	if *remove {
		state = "none"
	}
	for _, user := range users {
		err := c.recordHeld(deed{event: "group-modify", user: user, path: name + "=" + state}, []string{user}, func() error {
			return change.SetMember(name, user, !*remove)
		})
		if err != nil {
			return err
		}
	}
	return c.showGroup(name)
}

// sharedError refuses to delete the group with which open zones are shared: their lists would name nobody.
type sharedError struct {
	group string
	zones []string
}

func (e *sharedError) Error() string { return e.group + " is in zones: " + strings.Join(e.zones, " ") }

// groupDelete leaves closed zones as they are: nobody else gets the number, so what they say of it gives nothing.
func groupDelete(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	name := groupName(operands[0])
	g, ok := account.NewNames().FindCompany(name)
	if !ok {
		return fmt.Errorf("%s: %w", name, change.ErrNoGroup)
	}
	err = c.recordHeld(deed{event: "group-delete", path: name}, []string{name}, func() error {
		if err := checkUnshared(name); err != nil {
			return err
		}
		return change.DeleteGroup(name, time.Now())
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(g)
	}
	return c.print(c.say.line("group-deleted", name, g.GID))
}

func checkUnshared(group string) error {
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	zones, err := admin.List()
	shared := &sharedError{group: group}
	for _, z := range zones {
		if z.State == zone.StateOpen && slices.ContainsFunc(z.Members, func(m zone.Member) bool { return m.Principal == "group:"+group }) {
			shared.zones = append(shared.zones, z.Name)
		}
	}
	if len(shared.zones) > 0 {
		return shared
	}
	return err
}

func (c *call) showGroup(name string) error {
	names := account.NewNames()
	g, ok := names.FindCompany(name)
	if !ok {
		return errors.Join(change.ErrNoGroup, names.Err())
	}
	if c.json {
		return c.printJSON(g)
	}
	members := strings.Join(g.Members, " ")
	if members == "" {
		members = "-"
	}
	return c.print(c.say.line("group-line", g.Name, g.GID, printable(members)))
}

func groupList(c *call, args []string) error {
	if _, err := c.parse(c.flags(), args, 0, 0); err != nil {
		return err
	}
	names := account.NewNames()
	groups := names.Companies()
	var err error
	if c.json {
		err = c.printJSON(map[string]any{"groups": groups})
	} else {
		rows := make([][]string, 0, len(groups))
		for _, g := range groups {
			rows = append(rows, []string{g.Name, strconv.FormatUint(uint64(g.GID), 10), strings.Join(g.Members, " "),
				strings.Join(g.Companies, "; ")})
		}
		err = c.printRows("group-columns", rows)
	}
	return errors.Join(err, names.Err())
}
