package acl

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// A list whose mask says more than its group:: entry comes or goes between the system calls of Access. The mask must
// never be taken for the group's own permissions.
func TestChangedWhileReading(t *testing.T) {
	masked := list(t, "user::rw-", "user:4321:rwx", "group::---", "mask::rwx", "other::---")
	type state struct {
		acl  ACL
		mode uint32
		at   int64 // time of change
	}
	bits, same, long := state{nil, 0o600, 1}, state{nil, 0o600, 2}, state{masked, 0o670, 3}
	for _, c := range []struct {
		name   string
		states []state // what each system call finds: list, bits, list, bits, list, bits …; the last one stays
		want   ACL
	}{
		{"quiet", []state{bits}, FromMode(0o600)},
		{"quiet list", []state{long}, masked},
		{"set before the list is read", []state{bits, long}, masked},
		{"set after the list was read", []state{bits, bits, long}, masked},
		{"removed after the list was read", []state{long, bits}, masked},
		{"removed before the list is read", []state{bits, long, bits}, FromMode(0o600)},
		{"removed, set, removed", []state{bits, long, bits, {masked, 0o670, 4}, bits}, FromMode(0o600)},
		{"set and removed", []state{bits, bits, bits, long, same}, FromMode(0o600)},
		{"set within one tick of the clock", []state{bits, bits, bits, {masked, 0o670, 1}}, masked},
		{"same bits, other time", []state{bits, {nil, 0o600, 1}, {nil, 0o600, 1}, {nil, 0o600, 2}, {masked, 0o600, 3}}, masked},
	} {
		t.Run(c.name, func(t *testing.T) {
			step := -1
			next := func() state {
				step = min(step+1, len(c.states)-1)
				return c.states[step]
			}
			stat := func() (unix.Stat_t, error) {
				s := next()
				return unix.Stat_t{Mode: unix.S_IFREG | s.mode, Ctim: unix.Timespec{Sec: s.at}}, nil
			}
			if got, err := steadyAccess(stat, func() (ACL, error) { return next().acl, nil }); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
		})
	}
	calls := int64(0)
	restless := func() (unix.Stat_t, error) {
		calls++
		return unix.Stat_t{Ctim: unix.Timespec{Sec: calls}}, nil
	}
	if a, err := steadyAccess(restless, func() (ACL, error) { return nil, nil }); !errors.Is(err, unix.EAGAIN) || a != nil {
		t.Errorf("a file that never rests: %v, %v", a, err)
	}
	broken := func() (unix.Stat_t, error) { return unix.Stat_t{}, unix.EIO }
	if a, err := steadyAccess(broken, func() (ACL, error) { return nil, nil }); !errors.Is(err, unix.EIO) || a != nil {
		t.Errorf("a file that cannot be read: %v, %v", a, err)
	}
}
