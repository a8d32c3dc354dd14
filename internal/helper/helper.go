// Package helper calls a root helper through sudo: one JSON object in, one out, no arguments. What may be asked stands
// in /etc/sudoers.d/sharezone and in the helper itself; nothing is decided here.
package helper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"time"

	"sharezone/internal/layout"
)

// limit is how long a helper may take; auth pads a refused login to a second and waits for a slot at most 1.5 s.
const limit = 30 * time.Second

// Refusal is a code that the helper answered: refused, weak, busy, no-space, internal.
type Refusal string

func (r Refusal) Error() string { return "helper: " + string(r) }

// AuthRequest is what libexec/auth is asked.
type AuthRequest struct {
	Op       string `json:"op"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Entry    string `json:"entry,omitempty"`
	Address  string `json:"address,omitempty"`
	Session  string `json:"session,omitempty"`
	Old      string `json:"old,omitempty"`
	New      string `json:"new,omitempty"`
}

// AuthReply is its answer.
type AuthReply struct {
	Error      string   `json:"error"`
	ID         string   `json:"id"`
	User       string   `json:"user"`
	Roles      []string `json:"roles"`
	MustChange bool     `json:"must_change"`
}

// Auth asks libexec/auth. A Refusal says what the helper said; any other error that it could not be asked.
func Auth(q AuthRequest) (AuthReply, error) {
	var out AuthReply
	in, err := json.Marshal(q)
	if err != nil {
		return out, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/usr/bin/sudo", "-n", "--", layout.AuthHelper)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"}
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(in)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, os.Stderr // what sudo or the helper complains of belongs in Apache's error log
	runError := cmd.Run()
	if err := json.Unmarshal(said.Bytes(), &out); err != nil {
		return out, errors.Join(errors.New("auth answered nothing that can be read"), runError)
	}
	if out.Error != "" {
		return out, Refusal(out.Error)
	}
	return out, runError
}
