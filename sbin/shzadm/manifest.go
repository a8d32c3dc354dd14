package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"sharezone/acl"
)

// manifest is what etc/manifest says; its form is described at its top.
type manifest struct {
	groups []string
	users  []manifestUser
	items  []manifestItem
}

type manifestUser struct {
	name   string
	group  string
	groups []string
}

type manifestItem struct {
	path  string
	kind  string // dir, file, link
	owner string
	group string
	mode  uint32 // 0 for a link
	flags map[string]string
}

func readManifest(path string) (manifest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return manifest{}, err
	}
	return parseManifest(string(text))
}

// parseManifest understands every line or none: what is passed over would never be checked.
func parseManifest(text string) (manifest, error) {
	var m manifest
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		var ok bool
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
			continue
		case words[0] == "group":
			ok = len(words) == 3 && words[2] == "system"
			if ok {
				m.groups = append(m.groups, words[1])
			}
		case words[0] == "user":
			ok = m.addUser(words)
		case strings.HasPrefix(words[0], "/"):
			ok = m.addItem(words)
		}
		if !ok {
			return manifest{}, fmt.Errorf("line %d of the manifest is not understood: %q", i+1, line)
		}
	}
	return m, nil
}

func (m *manifest) addUser(words []string) bool {
	if len(words) < 5 || words[2] != "system" || words[3] != "nologin" {
		return false
	}
	u := manifestUser{name: words[1]}
	for _, word := range words[4:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "group":
			u.group = value
		case "groups":
			u.groups = strings.Split(value, ",")
		default:
			return false
		}
	}
	m.users = append(m.users, u)
	return u.group != ""
}

func (m *manifest) addItem(words []string) bool {
	if len(words) < 5 {
		return false
	}
	item := manifestItem{path: words[0], kind: words[1], owner: words[2], group: words[3], flags: make(map[string]string)}
	for _, word := range words[5:] {
		key, value, _ := strings.Cut(word, "=")
		item.flags[key] = value
	}
	m.items = append(m.items, item)
	switch item.kind {
	case "link":
		return words[4] == "-" && item.flags["to"] != ""
	case "dir", "file":
		mode, err := strconv.ParseUint(words[4], 8, 32)
		m.items[len(m.items)-1].mode = uint32(mode)
		return err == nil && len(words[4]) == 4
	}
	return false
}

func (i manifestItem) has(flag string) bool {
	_, ok := i.flags[flag]
	return ok
}

// access is the access ACL that an item must have.
func (i manifestItem) access(names acl.Names) (acl.ACL, error) {
	named := i.flags["acl"]
	if named == "" {
		return acl.FromMode(i.mode), nil
	}
	perm := func(shift uint32) string { return acl.Perm(i.mode >> shift & 7).String() }
	lines := append(strings.Split(named, ","),
		"user::"+perm(6), "group::"+perm(3), "mask::"+perm(3), "other::"+perm(0))
	return acl.Parse(strings.Join(lines, "\n"), names)
}
