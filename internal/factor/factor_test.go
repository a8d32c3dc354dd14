package factor

import (
	"encoding/base32"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// TestCodeAt: the values of RFC 6238, appendix B, of which apps show the last six digits.
func TestCodeAt(t *testing.T) {
	for seconds, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := codeAt([]byte("12345678901234567890"), seconds/period); got != want {
			t.Errorf("%d: %s, want %s", seconds, got, want)
		}
	}
}

const thisSession = "s1"

var anna = Person{"anna", 1001}

func newStore(t *testing.T) (Store, *time.Time) {
	now := time.Now()
	return Store{t.TempDir(), func() time.Time { return now }}, &now
}

// enrol sets a second factor up and returns its secret and its recovery codes.
func enrol(t *testing.T, s Store) (secret []byte, recovery []string) {
	t.Helper()
	key, err := s.Begin(anna, thisSession)
	if err != nil {
		t.Fatal(err)
	}
	secret, err = base32.StdEncoding.DecodeString(key)
	if err != nil || len(secret) != keyBytes {
		t.Fatalf("%q %v", key, err)
	}
	recovery, err = s.Confirm(anna, thisSession, codeAt(secret, s.Now().Unix()/period))
	if err != nil {
		t.Fatal(err)
	}
	return secret, recovery
}

func TestEnrol(t *testing.T) {
	s, _ := newStore(t)
	if state, err := s.Look(anna); err != nil || state.Enrolled {
		t.Fatal(state, err)
	}
	_, recovery := enrol(t, s)
	state, err := s.Look(anna)
	if err != nil || !state.Enrolled || state.Recovery != recoveryCodes || len(recovery) != recoveryCodes {
		t.Fatal(state, recovery, err)
	}
	seen := map[string]bool{}
	for _, code := range recovery {
		if !isRecovery(code) || !ValidCode(code) || code[0] == '0' || seen[code] {
			t.Errorf("recovery code %q", code)
		}
		seen[code] = true
	}
	if other, err := s.Look(Person{"anna", 1002}); err != nil || other.Enrolled {
		t.Error("a namesake has it", err)
	}
	st, err := os.Stat(s.path(anna))
	if err != nil || st.Mode() != 0o600 {
		t.Error(st.Mode(), err)
	}
	if _, err := s.Pending(anna, thisSession); !errors.Is(err, ErrNone) {
		t.Error("what was set up can be set up again:", err)
	}
	b, err := os.ReadFile(s.path(anna))
	if err != nil || strings.Contains(string(b), thisSession) {
		t.Errorf("%s %v", b, err)
	}
}

// TestConfirm: nothing comes into force by a code of another time, in another session, by another, or too late.
func TestConfirm(t *testing.T) {
	for name, try := range map[string]func(s Store, now *time.Time, code func(step int64) string) error{
		"old code": func(s Store, _ *time.Time, code func(int64) string) error {
			_, err := s.Confirm(anna, thisSession, code(-2))
			return err
		},
		"early code": func(s Store, _ *time.Time, code func(int64) string) error {
			_, err := s.Confirm(anna, thisSession, code(2))
			return err
		},
		"no code": func(s Store, _ *time.Time, _ func(int64) string) error {
			_, err := s.Confirm(anna, thisSession, "")
			return err
		},
		"another session": func(s Store, _ *time.Time, code func(int64) string) error {
			_, err := s.Confirm(anna, "s2", code(0))
			return err
		},
		"a namesake": func(s Store, _ *time.Time, code func(int64) string) error {
			_, err := s.Confirm(Person{"anna", 1002}, thisSession, code(0))
			return err
		},
		"too late": func(s Store, now *time.Time, code func(int64) string) error {
			*now = now.Add(pendingFor + time.Minute)
			_, err := s.Confirm(anna, thisSession, code(0))
			return err
		},
		"begun anew": func(s Store, _ *time.Time, code func(int64) string) error {
			old := code(0)
			if _, err := s.Begin(anna, thisSession); err != nil {
				return err
			}
			_, err := s.Confirm(anna, thisSession, old)
			return err
		},
	} {
		s, now := newStore(t)
		key, err := s.Begin(anna, thisSession)
		if err != nil {
			t.Fatal(err)
		}
		secret, _ := base32.StdEncoding.DecodeString(key)
		err = try(s, now, func(step int64) string { return codeAt(secret, s.Now().Unix()/period+step) })
		state, lookErr := s.Look(anna)
		if !errors.Is(err, ErrNone) && !errors.Is(err, ErrWrong) || state.Enrolled || lookErr != nil {
			t.Errorf("%s: %v, then %+v %v", name, err, state, lookErr)
		}
	}
}

func TestRenew(t *testing.T) {
	s, _ := newStore(t)
	if _, err := s.Renew(anna); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	_, old := enrol(t, s)
	before, _ := os.ReadFile(s.path(anna))
	renewed, err := s.Renew(anna)
	if err != nil || len(renewed) != recoveryCodes {
		t.Fatal(renewed, err)
	}
	after, _ := os.ReadFile(s.path(anna))
	if strings.Contains(string(after), old[0]) {
		t.Error("an old code is left")
	}
	if options, _, _ := strings.Cut(string(before), old[0]); !strings.HasPrefix(string(after), options) {
		t.Errorf("%q became %q", before, after)
	}
}

func TestRemove(t *testing.T) {
	s, _ := newStore(t)
	if err := s.Remove("anna"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	enrol(t, s)
	if _, err := s.Begin(anna, thisSession); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove("anna"); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(s.Folder); len(left) != 0 {
		t.Error(left)
	}
}

func TestURI(t *testing.T) {
	if uri := URI("ABC", "Share Zone (a.example:8443)", "anna"); strings.Count(uri, ":") != 2 {
		t.Error(uri)
	}
	const want = "otpauth://totp/Share%20Zone%20%28a.example%29:anna@example.org?secret=ABC&issuer=Share%20Zone%20%28a.example%29"
	if got := URI("ABC", "Share Zone (a.example)", "anna@example.org"); got != want {
		t.Error(got)
	}
}

// TestUnsure: what may be somebody's second factor is not taken for none.
func TestUnsure(t *testing.T) {
	s, _ := newStore(t)
	enrol(t, s)
	if err := os.Mkdir(s.path(Person{Name: "unreadable"}), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, p := range []Person{anna, {"bruno", 1002}} {
		if err := s.Renamed(p); err != nil {
			t.Error(p, err)
		}
	}
	renamed := Person{"anna2", anna.UID}
	if err := s.Renamed(renamed); err == nil || !strings.Contains(err.Error(), s.path(anna)) {
		t.Error(err)
	}
	dotted := Person{"anna.rossi", 1004}
	key, err := s.Begin(dotted, "s")
	if err == nil {
		err = os.WriteFile(s.path(dotted), []byte(key+"\n\" TOTP_AUTH\n\" UID 1004\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Renamed(Person{"anna.verdi", 1004}); err == nil {
		t.Error("a name with a dot is not seen to have been changed")
	}
	namesake := Person{anna.Name, 1003}
	if codes, err := s.Renew(namesake); !errors.Is(err, ErrNone) {
		t.Error(codes, err)
	}
	if err := os.RemoveAll(s.Folder); err != nil {
		t.Fatal(err)
	}
	if state, err := s.Look(anna); err == nil {
		t.Errorf("without the folder: %+v", state)
	}
	if s.Renamed(renamed) == nil {
		t.Error("without the folder nobody is said to be renamed")
	}
}
