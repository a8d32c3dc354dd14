package account

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"testing"
)

// TestNotices: what is no choice is dropped, and the rest holds; there is an end to how many there are.
func TestNotices(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	name := t.TempDir() + "/p.json"
	file := `{"language":"en","notices":{"` + id(1) + `":{"zone":"demo","often":"daily"},"` + id(2) + `":{"zone":"demo","often":"twice"},"x":{"zone":"demo","often":"none"},"` + id(3) + `":{"zone":"<b>","often":"none"}}}`
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := readPreferences(name, uint32(os.Geteuid()))
	if err != nil || p.Language != "en" || len(p.Notices) != 1 || p.OftenFor(id(1)) != Daily || p.OftenFor(id(2)) != AtOnce {
		t.Fatalf("%+v %v", p, err)
	}
	for _, z := range []ZoneNotices{{"demo", "x"}, {"demo", ""}, {"../x", Never}, {"", Never}} {
		if p.SetOften(id(4), z) == nil {
			t.Errorf("%+v is taken", z)
		}
	}
	if p.SetOften("id", ZoneNotices{"demo", Never}) == nil {
		t.Error("another id is taken")
	}
	for n := range maxZones - 1 {
		if err := p.SetOften(id(100+n), ZoneNotices{"a2345678901234567890123456789012345678901234567890123456789012", Never}); err != nil {
			t.Fatal(n, err)
		}
	}
	if p.SetOften(id(5), ZoneNotices{"demo", Never}) == nil {
		t.Error("there is no end to it")
	}
	full := p
	full.Notices = maps.Clone(p.Notices)
	if !IsFull(full.SetOften(id(5), ZoneNotices{"demo", Never})) || IsFull(full.SetOften("id", ZoneNotices{"demo", Never})) {
		t.Error("why there is no room is not known")
	}
	full.KeepZones(map[string]bool{id(1): true, id(100): true})
	if err := full.SetOften(id(5), ZoneNotices{"demo", Never}); err != nil || len(full.Notices) != 3 || full.OftenFor(id(1)) != Daily {
		t.Errorf("%v, %d", err, len(full.Notices))
	}
	if b, err := json.Marshal(p); err != nil || len(b) > maxPreferences {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if err := p.SetOften(id(1), ZoneNotices{"demo", AtOnce}); err != nil || len(p.Notices) != maxZones-1 {
		t.Errorf("%d, %v", len(p.Notices), err)
	}
	p = Preferences{Often: Daily, Notices: map[string]ZoneNotices{id(1): {"demo", Hourly}}}
	if p.OftenFor(id(1)) != Hourly || p.OftenFor(id(2)) != Daily {
		t.Error("what he chose for a zone does not go before what he chose for all")
	}
	for _, row := range []struct {
		often Often
		left  int
	}{{AtOnce, 1}, {Daily, 0}} { // more than for the others can be a choice, the same is none
		if err := p.SetOften(id(1), ZoneNotices{"demo", row.often}); err != nil || p.OftenFor(id(1)) != row.often || len(p.Notices) != row.left {
			t.Errorf("%s: %v, %+v", row.often, err, p)
		}
	}
	p.Often = "twice"
	if p.dropInvalid(); p.OftenFor(id(1)) != AtOnce {
		t.Errorf("%+v", p)
	}
	if !Never.LessThan(Daily) || !Hourly.LessThan(AtOnce) || Daily.LessThan(Daily) || AtOnce.LessThan(Never) {
		t.Error("the order is wrong")
	}
}
