package zone

import (
	"errors"
	"testing"
	"time"
)

func TestPolicyCompletes(t *testing.T) {
	now := time.Date(2026, 12, 30, 23, 59, 0, 0, time.Local)
	day, none := "2027-06-30", ""
	age := 7
	for _, row := range []struct {
		name    string
		policy  Policy
		given   Metadata
		expires string // "nil" = absent
		maxAge  int
	}{
		{"nothing", Policy{}, Metadata{}, "nil", 0},
		{"nothing, given none", Policy{}, Metadata{Expires: &none}, "", 0},
		{"nothing, given", Policy{}, Metadata{Expires: &day, MaxAge: &age}, day, 7},
		{"default", Policy{DefaultExpiry: 2, DefaultMaxAge: 30}, Metadata{}, "2027-01-01", 30},
		{"default, given none", Policy{DefaultExpiry: 2}, Metadata{Expires: &none}, "", 0},
		{"default and maximum, given none", Policy{DefaultExpiry: 2, MaxExpiry: 3}, Metadata{Expires: &none}, "2027-01-01", 0},
		{"default, given", Policy{DefaultExpiry: 2, DefaultMaxAge: 30}, Metadata{Expires: &day, MaxAge: &age}, day, 7},
		{"maximum alone", Policy{MaxExpiry: 3}, Metadata{}, "2027-01-02", 0},
		{"default below the maximum", Policy{DefaultExpiry: 2, MaxExpiry: 3}, Metadata{}, "2027-01-01", 0},
		{"default above the maximum", Policy{DefaultExpiry: 4, MaxExpiry: 3}, Metadata{}, "2027-01-02", 0},
	} {
		m := row.policy.Complete(row.given, now)
		expires, maxAge := "nil", 0
		if m.Expires != nil {
			expires = *m.Expires
		}
		if m.MaxAge != nil {
			maxAge = *m.MaxAge
		}
		if expires != row.expires || maxAge != row.maxAge {
			t.Errorf("%s: %s, %d days", row.name, expires, maxAge)
		}
		if err := row.policy.CheckExpiry(m.Expires, now); (row.policy.MaxExpiry > 0) && err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestPolicyCheck(t *testing.T) {
	now := time.Date(2026, 12, 30, 0, 0, 0, 0, time.Local)
	policy := Policy{MaxExpiry: 3}
	for expires, allowed := range map[string]bool{
		"2026-12-30": true, "2027-01-02": true, "2027-01-03": false, "2027-10-01": false, "9999-12-31": false, "": false,
	} {
		err := policy.CheckExpiry(&expires, now)
		var late *ExpiryError
		if allowed != (err == nil) || err != nil && (!errors.As(err, &late) || late.Latest != "2027-01-02") {
			t.Errorf("%q: %v", expires, err)
		}
		if err := (Policy{DefaultExpiry: 1}).CheckExpiry(&expires, now); err != nil {
			t.Errorf("%q without a maximum: %v", expires, err)
		}
	}
	soon := "soon"
	var bad ValueError
	if err := policy.CheckExpiry(&soon, now); !errors.As(err, &bad) {
		t.Error(err)
	}
	if err := policy.CheckExpiry(nil, now); err != nil {
		t.Error(err)
	}
}
