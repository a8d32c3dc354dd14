package zone

import (
	"encoding/json"
	"strconv"
	"time"
)

// State says where a zone lies.
type State string

// The states.
const (
	StateOpen   State = "open"   // below the base directory
	StateClosed State = "closed" // below .closed, until the grace period is over
)

// Summary is a zone in one row, with the JSON keys of the interface. What is absent or unreadable is null.
type Summary struct {
	Name    string  `json:"name"`
	Title   *string `json:"title"`
	Owner   string  `json:"owner"`   // "uid:7001" when no such user exists; "" when nobody looked (OtherMount)
	Access  Access  `json:"access"`  // of whoever asks
	Expires *string `json:"expires"` // YYYY-MM-DD
	State   State   `json:"state"`
}

// Details is everything that is said of a zone.
type Details struct {
	Summary
	Description *string  `json:"description"`
	MaxAge      *int     `json:"max_age"` // days
	Notify      *string  `json:"notify"`
	Trash       bool     `json:"trash"`   // what is deleted is kept for a while
	Members     []Member `json:"members"` // null: unreadable
	Limit       *int64   `json:"limit"`   // in bytes, of the zone alone, where the file system has one; null: none
	Free        *int64   `json:"free"`    // in bytes: what the file system and the limit leave to who is not root

	Problems []Problem `json:"problems"`

	Closed     *time.Time `json:"closed"`      // when; null: open
	FormerName *string    `json:"former_name"` // what a closed zone was called, and will be when it is restored

	ID      string `json:"-"` // "" where there is none that can be believed; logs belong to it
	Dir     string `json:"-"` // which directory it is, as FileIdentity says
	ownerID uint32
}

// Member is somebody with whom a zone is shared.
type Member struct {
	Principal string `json:"principal"` // "user:bruno", "group:shz-acme", "user:7001" when no such user exists
	Access    Access `json:"access"`
	Entry     string `json:"entry,omitempty"` // what the list says, "rwx", where that is not what Access amounts to: the mask takes something
}

// MarshalJSON makes null of an access that nobody has determined.
func (a Access) MarshalJSON() ([]byte, error) {
	if a == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(a))
}

// userNames is the part of acl.Names that a summary needs.
type userNames interface {
	UserName(uid uint32) (string, bool)
}

// NewSummary puts together the row of a zone from what was read of its root.
func NewSummary(name string, owner uint32, m Metadata, access Access, state State, names userNames) Summary {
	return Summary{
		Name:    name,
		Title:   m.Title,
		Owner:   OwnerName(owner, names),
		Access:  access,
		Expires: m.Expires,
		State:   state,
	}
}

// OwnerName is the name of a user, or "uid:7001" when no such user exists.
func OwnerName(uid uint32, names userNames) string {
	if name, ok := names.UserName(uid); ok {
		return name
	}
	return "uid:" + strconv.FormatUint(uint64(uid), 10)
}
