package main

import (
	"errors"
	"fmt"
	"testing"

	"sharezone/internal/account/change"
	"sharezone/internal/farewell"
	"sharezone/internal/zone"
)

// TestResultOf: what HTTP refuses with a code of its own has that code here, too; "refused" is of records, and conflict in JSON.
func TestResultOf(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{nil, "ok"},
		{&farewell.OwnerError{User: "anna", Zones: []string{"demo"}}, "refused"},
		{&change.NotOursError{Name: "root"}, "not-permitted"},
		{zone.ErrNoSuchUser, "bad-request"},
		{zone.ErrNotManager, "bad-request"},
		{zone.ErrExists, "exists"},
		{zone.ErrTooMany, "refused"},
		{errNoMessage, "not-found"},
		{&zone.PutsOutError{}, "conflict"},
		{&zone.GainsError{}, "conflict"},
		{zone.ErrTwice, "bad-request"},
		{errors.New("of the machine"), "internal"},
	} {
		if got := resultOf(row.err); got != row.want {
			t.Errorf("%v: %s, want %s", row.err, got, row.want)
		}
		if row.err != nil {
			if got := resultOf(fmt.Errorf("demo: %w", row.err)); got != row.want {
				t.Errorf("%v, in another: %s, want %s", row.err, got, row.want)
			}
		}
	}
}
