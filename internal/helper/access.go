package helper

import (
	"encoding/json"

	"sharezone/internal/layout"
)

// MaxRequest is how long a request to access or zonefix can be, in bytes: many paths fit, nobody types more.
const MaxRequest = 64 << 10

// AccessRequest is what libexec/access is asked: who can do what with an object of a zone.
type AccessRequest struct {
	Op     string   `json:"op"` // who, readers, barred
	Zone   string   `json:"zone,omitempty"`
	ZoneID string   `json:"zone_id,omitempty"`
	Path   string   `json:"path"`            // below the zone, segments percent-encoded; "" is its root
	Paths  []string `json:"paths,omitempty"` // readers: of several objects
	Files  []string `json:"files,omitempty"` // for each of Paths, which file it is about (zone.FileIdentity); "" = whichever is there
	Users  []string `json:"users,omitempty"`
}

// AccessReply is its answer.
type AccessReply struct {
	Error  string   `json:"error,omitempty"`
	Reason string   `json:"reason,omitempty"`
	Object *Object  `json:"object,omitempty"`
	People []Person `json:"people,omitempty"`
	Users  []string `json:"users,omitempty"`

	// For each of Paths, which of the Sets can read it; NoReaders where it cannot be reached. There may be fewer than were
	// asked for: the rest is asked anew.
	Readers []int      `json:"readers,omitempty"`
	Sets    [][]string `json:"sets,omitempty"`
}

// NoReaders is in the place of a set where there is nothing of that path any more.
const NoReaders = -1

// Object is what was asked about.
type Object struct {
	Type  string `json:"type"` // file, dir, other
	Owner string `json:"owner"`
	Group string `json:"group"`
	Mode  string `json:"mode"` // four octal digits
}

// Person is what somebody can do with it, as the kernel answered under his uid, and which entry of the ACL gives it.
// Whether he can log in the kernel does not ask.
type Person struct {
	User    string  `json:"user"`
	Owner   bool    `json:"owner"`          // of the object
	Read    bool    `json:"read"`           // of a folder: list it
	Write   bool    `json:"write"`          // of a folder: make something in it
	Enter   bool    `json:"enter"`          // of a folder: pass through
	Entry   string  `json:"entry"`          // owner, user:NAME, group:NAME, group, other; "" where none explains the answer
	Perm    string  `json:"perm"`           // of that entry, before the mask: "rwx"
	Masked  bool    `json:"masked"`         // the mask takes something of it away
	Mask    string  `json:"mask,omitempty"` // where it does, what it leaves at most: "---"
	Stopped *string `json:"stopped"`        // the folder on the way that he cannot pass, "" = the zone's root, "/" = the folder of all zones; null: none

	// Inside is the entry by which he reads what is put into a folder that he enters and cannot list: who knows a name needs no list.
	Inside string `json:"inside,omitempty"`

	Status string `json:"status,omitempty"` // of the account, where it keeps him from logging in: locked, expired

	Also []string `json:"also,omitempty"` // entries of further groups of his that give what Entry alone does not
}

// Readers asks libexec/access who can read each of these, where files are not nil of each the file that it names, "" = whichever is
// there; nil for what cannot be reached, and for a path too long to be asked about.
func Readers(zone, id string, paths, files []string) ([][]string, error) {
	var all [][]string
	for len(paths) > len(all) {
		some := someOf(paths[len(all):])
		if len(some) == 0 {
			all = append(all, nil)
			continue
		}
		q := AccessRequest{Op: "readers", Zone: zone, ZoneID: id, Paths: some}
		if files != nil {
			q.Files = files[len(all) : len(all)+len(some)]
		}
		out, err := Access(q)
		if err != nil {
			return nil, err
		}
		if len(out.Readers) == 0 {
			return nil, errNothingReadable
		}
		for _, set := range out.Readers {
			if set < 0 || set >= len(out.Sets) {
				all = append(all, nil)
			} else {
				all = append(all, out.Sets[set])
			}
		}
	}
	return all[:len(paths)], nil
}

// maxIdentity is what a file takes in a request, in bytes: two numbers of 64 bits, a hyphen, quotes and a comma.
const maxIdentity = 2*20 + 4

// someOf is as many paths as fit into a request; none if the first one does not.
func someOf(paths []string) []string {
	room := MaxRequest - 1<<10 // for the rest of it
	for i, path := range paths {
		text, err := json.Marshal(path) // as it is in the request: of "&" JSON makes six bytes
		if room -= len(text) + len(",") + maxIdentity; err != nil || room < 0 {
			return paths[:i]
		}
	}
	return paths
}

// Barred asks libexec/access who of shzbase cannot log in, because his account is locked or has expired.
func Barred() (map[string]bool, error) {
	out, err := Access(AccessRequest{Op: "barred"})
	barred := make(map[string]bool, len(out.Users))
	for _, user := range out.Users {
		barred[user] = true
	}
	return barred, err
}

// Access asks libexec/access. A *ZoneRefusal says what the helper refused; any other error that it could not be asked.
func Access(q AccessRequest) (AccessReply, error) {
	if in, err := json.Marshal(q); err == nil && len(in) > MaxRequest {
		return AccessReply{}, &ZoneRefusal{Code: "too-large"}
	}
	var out AccessReply
	err := ask(layout.AccessHelper, q, &out, limit)
	if out.Error != "" {
		err = &ZoneRefusal{Code: out.Error, Reason: out.Reason}
	}
	return out, err
}
