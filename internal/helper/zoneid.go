package helper

import (
	"errors"

	"sharezone/internal/layout"
)

// ZoneidRequest is what libexec/zoneid is asked.
type ZoneidRequest struct {
	Op string `json:"op"` // table
}

// ZoneidReply is its answer.
type ZoneidReply struct {
	Error    string      `json:"error,omitempty"`
	Zones    []KnownZone `json:"zones"`    // whose ids are believed, those of zones that are gone too
	Doubtful []KnownZone `json:"doubtful"` // whose ids are not, each with Why
	Unseen   []string    `json:"unseen"`   // names of open ones that could not be looked at
}

// KnownZone is a zone as the register knows it.
type KnownZone struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`          // of a closed one: its name when it was open
	Was    string  `json:"was,omitempty"` // the name that it had before this one
	Dir    string  `json:"dir,omitempty"` // the directory that has the id, "INODE-BIRTH"; "" where the file system says no birth
	Closed bool    `json:"closed"`
	Gone   bool    `json:"gone"`
	Unsure bool    `json:"unsure"` // whether it is gone, because some zones could not be looked at
	Owner  uint32  `json:"owner"`  // uid
	Notify *string `json:"notify"` // of what its people are told; null = as the site has it
	Why    Doubt   `json:"why,omitempty"`
}

// Doubt is why the id of a zone is not believed.
type Doubt string

const (
	Copied    Doubt = "copied"     // it is another zone's, or nobody knows which of two it belongs to
	ManyIDs   Doubt = "many-ids"   // the directory had as many others as one can have
	ManyZones Doubt = "many-zones" // its owner has as many in the register as one person can have
	NoRoom    Doubt = "no-room"    // the register is full
)

// Zoneid asks libexec/zoneid.
func Zoneid(q ZoneidRequest) (ZoneidReply, error) {
	var out ZoneidReply
	err := ask(layout.ZoneidHelper, q, &out, limit)
	if out.Error != "" {
		err = errors.Join(Refusal(out.Error), err)
	}
	return out, err
}
