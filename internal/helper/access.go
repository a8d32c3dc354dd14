package helper

import (
	"encoding/json"

	"sharezone/internal/layout"
)

// MaxRequest is how long a request to access or zonefix can be, in bytes: many paths fit, nobody types more.
const MaxRequest = 64 << 10

// AccessRequest is what libexec/access is asked: who can do what with an object of a zone.
type AccessRequest struct {
	Op     string   `json:"op"` // who, readers
	Zone   string   `json:"zone,omitempty"`
	ZoneID string   `json:"zone_id,omitempty"`
	Path   string   `json:"path"` // below the zone, segments percent-encoded; "" is its root
	Users  []string `json:"users,omitempty"`
}

// AccessReply is its answer.
type AccessReply struct {
	Error  string   `json:"error,omitempty"`
	Reason string   `json:"reason,omitempty"`
	Object *Object  `json:"object,omitempty"`
	People []Person `json:"people,omitempty"`
	Users  []string `json:"users,omitempty"`
}

// Object is what was asked about.
type Object struct {
	Type  string `json:"type"` // file, dir, other
	Owner string `json:"owner"`
	Group string `json:"group"`
	Mode  string `json:"mode"` // four octal digits
}

// Person is what somebody can do with it, as the kernel answered under his uid, and which entry of the ACL gives it.
type Person struct {
	User    string  `json:"user"`
	Owner   bool    `json:"owner"`   // of the object
	Read    bool    `json:"read"`    // of a folder: list it
	Write   bool    `json:"write"`   // of a folder: make something in it
	Enter   bool    `json:"enter"`   // of a folder: pass through
	Entry   string  `json:"entry"`   // owner, user:NAME, group:NAME, group, other; "" where none explains the answer
	Perm    string  `json:"perm"`    // of that entry, before the mask: "rwx"
	Masked  bool    `json:"masked"`  // the mask takes something of it away
	Stopped *string `json:"stopped"` // the folder on the way that he cannot pass, "" = the zone's root, "/" = the folder of all zones; null: none

	Also []string `json:"also,omitempty"` // entries of further groups of his that give what Entry alone does not
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
