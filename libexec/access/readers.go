package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/zone"
)

// enough is after how long the rest is left to the next request: thousands of files, asked about for thousands of people, take
// longer than a request may.
const enough = 8 * time.Second

// readersOfEach names those who can read each of several objects. What is not there any more, or behind a link, or is never the
// same for long enough to be asked about, has none.
func readersOfEach(q asked) (helper.AccessReply, error) {
	began := time.Now()
	// 8. Refuse if one path is asked about and several are.
	if q.Path != "" {
		return helper.AccessReply{}, &refusal{"bad-request", "", "path and paths"}
	}
	if len(q.Files) > 0 && len(q.Files) != len(q.Paths) {
		return helper.AccessReply{}, &refusal{"bad-request", "", "paths and files"}
	}
	entries, _, err := q.divide()
	if err != nil {
		return helper.AccessReply{}, err
	}
	out := helper.AccessReply{Sets: [][]string{}, Readers: []int{}}
	known := make(map[string]int) // sets by their names
	alike := make(map[string]int) // sets by objects for which the kernel's answer is the same
	for i, path := range q.Paths {
		if len(out.Readers) > 0 && time.Since(began) > enough {
			break
		}
		q.Path = path
		if len(q.Files) > 0 {
			q.file = q.Files[i]
		}
		set, err := q.setOf(entries, alike, known, &out.Sets)
		for try := 1; try < mostTries && errors.Is(err, errChanged); try++ {
			set, err = q.setOf(entries, alike, known, &out.Sets)
		}
		// Who renames without end holds up the answer about nothing else.
		if code, _ := codeOf(err); errors.Is(err, errChanged) || err != nil && (code == "not-found" || code == "not-permitted" || code == "bad-request") {
			set, err = helper.NoReaders, nil
		}
		if err != nil {
			return helper.AccessReply{}, err
		}
		out.Readers = append(out.Readers, set)
	}
	return out, nil
}

// mostTries is how often a path is asked about that changes meanwhile.
const mostTries = 3

// setOf is the set of those who can read what is at the path.
func (q asked) setOf(entries []account.Entry, alike, known map[string]int, sets *[][]string) (int, error) {
	p, _, err := q.reach()
	if err != nil {
		return 0, err
	}
	defer p.close()
	if q.file != "" && zone.FileIdentity(p.object.Descriptor()) != q.file { // it never got there, or is gone
		return helper.NoReaders, nil
	}
	return p.setOf(q.Path, alike, func() ([]string, error) {
		_, answers, err := p.askAbout(entries, q.names)
		users := []string{}
		for i, a := range answers {
			if a.read {
				users = append(users, entries[i].Name)
			}
		}
		return users, err
	}, known, sets)
}

// setOf is the set of those who can read the object. Of two files in one folder, of the same owner and group and with the same
// mode and list, the kernel says the same: hundreds that came together are asked about once.
func (p place) setOf(path string, alike map[string]int, ask func() ([]string, error), known map[string]int, sets *[][]string) (int, error) {
	st := p.object.Stat()
	list, err := acl.Access(p.object.Descriptor())
	twin := ""
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
		twin = fmt.Sprintf("%q %d %d %o %s", path[:strings.LastIndexByte(path, '/')+1], st.Uid, st.Gid, st.Mode, list.Format(nil))
		if set, found := alike[twin]; found {
			return set, nil
		}
	}
	users, err := ask()
	if err != nil {
		return 0, err
	}
	key := strings.Join(users, ",")
	set, found := known[key]
	if !found {
		set = len(*sets)
		known[key] = set
		*sets = append(*sets, users)
	}
	if twin != "" {
		alike[twin] = set
	}
	return set, nil
}
