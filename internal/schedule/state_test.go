package schedule

import (
	"errors"
	"os"
	"reflect"
	"testing"
	"time"
)

func TestState(t *testing.T) {
	name := t.TempDir() + "/state.json"
	s, err := ReadState(name)
	if err != nil || s.Jobs == nil || !s.Since.IsZero() {
		t.Fatalf("absent: %+v %v", s, err)
	}
	s.Since = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	run := Run{Last: s.Since, Removed: 3, Freed: 1 << 40}
	for range 2 * maxFailures {
		run.Fail("x")
	}
	s.Jobs["zones"] = run
	if err := s.Write(name); err != nil {
		t.Fatal(err)
	}
	again, err := ReadState(name)
	if err != nil || !reflect.DeepEqual(again, s) || len(run.Failures) != maxFailures || run.Failed != 2*maxFailures {
		t.Errorf("%+v %v", again, err)
	}
	// A process that was killed while it wrote leaves the other file.
	if err := os.WriteFile(name+".new", []byte("{\"sin"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err = ReadState(name); err != nil || !reflect.DeepEqual(again, s) {
		t.Errorf("%+v %v", again, err)
	}
	if err := s.Write(name); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "{", "null", "{}", "[]", `{"since":"2027-01-01T00:00:00Z"}`, `{"jobs":{}}`, `{"since":1,"jobs":{}}`, "\x00"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := ReadState(name); !errors.Is(err, ErrState) || s.Jobs == nil || len(s.Jobs) != 0 {
			t.Errorf("%q: %+v %v", text, s, err)
		}
	}
}
