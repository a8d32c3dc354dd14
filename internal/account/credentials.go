package account

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// GroupIDs returns for each of the people the groups that initgroups(3) gives him when he logs in, by name; the primary
// one is among them, and some may stand there twice. Everybody is looked up at once: in /etc/group in one pass, and
// where nsswitch.conf(5) names other sources too, by getent(1) for all together.
//
// BUGS: memberships that only nss-systemd(8) knows (records of userdbctl) are not seen; it is on every Debian with
// systemd, knows nobody's on nearly all of them, and would have to be asked person by person.
func (n *Names) GroupIDs(people []Entry) (map[string][]uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	ids := make(map[string][]uint32, len(people))
	for _, e := range people {
		ids[e.Name] = []uint32{e.GID}
	}
	switch elsewhere, err := n.groupsElsewhere(); {
	case err != nil:
		return nil, err
	case elsewhere:
		return ids, n.askGroupIDs(people, ids)
	}
	for _, g := range n.fileGroups {
		for _, member := range g.Members {
			if known, wanted := ids[member]; wanted {
				ids[member] = append(known, g.GID)
			}
		}
	}
	return ids, n.loadErr
}

// askGroupIDs asks NSS, whose answer has a line for each name: the name and its gids, without the primary one.
func (n *Names) askGroupIDs(people []Entry, ids map[string][]uint32) error {
	names := make([]string, len(people))
	for i, e := range people {
		names[i] = e.Name
	}
	answer, err := n.ask("initgroups", names)
	if err != nil {
		return err
	}
	answered := make(map[string]bool, len(people))
	for line := range bytes.Lines(answer) {
		fields := strings.Fields(string(line))
		if len(fields) == 0 {
			continue
		}
		known, wanted := ids[fields[0]]
		for _, text := range fields[1:] {
			gid, ok := parseID(text)
			if !ok {
				return fmt.Errorf("getent initgroups: %q is no group of %q", text, fields[0])
			}
			known = append(known, gid)
		}
		if wanted && !answered[fields[0]] {
			ids[fields[0]], answered[fields[0]] = known, true
		}
	}
	for _, name := range names {
		if !answered[name] {
			return fmt.Errorf("getent initgroups: no answer about %q", name)
		}
	}
	return n.loadErr
}

// groupsElsewhere says whether nsswitch.conf(5) names more than the files of the machine for somebody's groups.
func (n *Names) groupsElsewhere() (bool, error) {
	text, err := os.ReadFile(n.root + "/etc/nsswitch.conf")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // the C library then asks the files alone
	}
	if err != nil {
		return false, err
	}
	sources := make(map[string][]string)
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if database, rest, ok := strings.Cut(line, ":"); ok {
			sources[strings.TrimSpace(database)] = strings.Fields(rest)
		}
	}
	list, own := sources["initgroups"]
	if !own {
		list = sources["group"]
	}
	inBrackets := false // [NOTFOUND=return]: what to do after an answer
	for _, word := range list {
		inBrackets = inBrackets || word[0] == '['
		if !inBrackets && word != "files" && word != "systemd" {
			return true, nil
		}
		inBrackets = inBrackets && !strings.HasSuffix(word, "]")
	}
	return false, nil
}
