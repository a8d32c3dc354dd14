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
	Doubtful []KnownZone `json:"doubtful"` // who have the id of another zone, or one for which there is no room
}

// KnownZone is a zone as the register knows it.
type KnownZone struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`          // of a closed one: its name when it was open
	Was    string  `json:"was,omitempty"` // the name that it had before this one
	Closed bool    `json:"closed"`
	Gone   bool    `json:"gone"`
	Owner  uint32  `json:"owner"`  // uid
	Notify *string `json:"notify"` // of what its people are told; null = as the site has it
}

// Zoneid asks libexec/zoneid.
func Zoneid(q ZoneidRequest) (ZoneidReply, error) {
	var out ZoneidReply
	err := ask(layout.ZoneidHelper, q, &out, limit)
	if out.Error != "" {
		err = errors.Join(Refusal(out.Error), err)
	}
	return out, err
}
