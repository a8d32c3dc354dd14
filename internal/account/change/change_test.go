package change

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
)

func TestGeneratePassword(t *testing.T) {
	bits := math.Log2(float64(len(passwordFirst))) + (passwordSize-1)*math.Log2(float64(len(passwordRest)))
	if bits < 78 {
		t.Errorf("%.1f bits", bits)
	}
	seen := make(map[string]bool)
	counts := make(map[rune]int)
	for range 5000 {
		p, err := GeneratePassword()
		if err != nil {
			t.Fatal(err)
		}
		groups := strings.Split(p, "-")
		if seen[p] || len(groups) != 4 || len(strings.Join(groups, "")) != passwordSize ||
			strings.ContainsAny(p, "0Oo1lIi:\n") || !strings.ContainsAny(p, "23456789") ||
			p[:1] != strings.ToUpper(p[:1]) || checkPassword(p) != nil {
			t.Fatalf("%q", p)
		}
		seen[p] = true
		for _, r := range p {
			counts[r]++
		}
	}
	for _, r := range passwordRest { // each comes 75,000/31 = 2419 times on average, with a deviation of 48
		if counts[r] < 2000 || counts[r] > 2850 {
			t.Errorf("%q comes %d times", r, counts[r])
		}
	}
}

func good() Spec {
	return Spec{Name: "anna", Role: account.RoleBase, Password: "x",
		Contact: account.Contact{FullName: "Anna", Email: "anna@example.org"}}
}

func TestCheckRefuses(t *testing.T) {
	if _, err := check(good()); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string][]func(*Spec){
		"username": names("", "..", "-rf", "a/b", "Anna", "1anna", "an na", "an:na", "an\nna", "caffè", "mario@x.it",
			"12345", "_anna", "anna$", "shz-acme", strings.Repeat("a", 32), "a\x00"),
		"role":      {func(s *Spec) { s.Role = "" }, func(s *Spec) { s.Role = "root" }},
		"full_name": {func(s *Spec) { s.Contact.FullName = "" }, func(s *Spec) { s.Contact.FullName = "a:b" }},
		"email":     {func(s *Spec) { s.Contact.Email = "" }},
		"expires": {func(s *Spec) { s.Expires = "2026-02-30" }, func(s *Spec) { s.Expires = "0" },
			func(s *Spec) { s.Expires = "-1" }, func(s *Spec) { s.Expires = "1969-12-31" }, func(s *Spec) { s.Expires = "1.1.2027" }},
		"password": {func(s *Spec) { s.Password = "" }, func(s *Spec) { s.Password = "a\nroot:x" },
			func(s *Spec) { s.Password = "a\x00b" }, func(s *Spec) { s.Password = strings.Repeat("a", 512) },
			func(s *Spec) { s.Password = "\xff" }},
	} {
		for i, f := range spoil {
			spec := good()
			f(&spec)
			_, err := check(spec)
			var refused *account.FieldError
			if !errors.As(err, &refused) || refused.Field != field {
				t.Errorf("%s, case %d: %v", field, i, err)
			}
		}
	}
	for _, name := range []string{"a", "anna", "a.b-c_d", "a" + strings.Repeat("1", 30)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func names(all ...string) []func(*Spec) {
	var spoil []func(*Spec)
	for _, name := range all {
		spoil = append(spoil, func(s *Spec) { s.Name = name })
	}
	return spoil
}

func TestRunTriesAgainWhileLocked(t *testing.T) {
	start := time.Now()
	err := run("", 1, "/bin/sh", "-c", "echo cannot lock; exit 1")
	if !errors.Is(err, ErrBusy) || time.Since(start) < lockTries*lockPause/2 {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	var failed *ToolError
	err = run("", 1, "/bin/sh", "-c", "echo other trouble >&2; exit 1")
	if !errors.As(err, &failed) || failed.Code != 1 || failed.Message != "other trouble" {
		t.Errorf("%v", err)
	}
	if err := run("", 1, "/no/such/tool"); !errors.As(err, &failed) || failed.Code != -1 {
		t.Errorf("%v", err)
	}
	if err := run("in\n", 1, "/bin/sh", "-c", `read a; [ "$a" = in ] && [ -z "$GODEBUG$LD_PRELOAD$HOSTILE" ] && [ "$PWD" = / ]`); err != nil {
		t.Errorf("%v", err)
	}
}
