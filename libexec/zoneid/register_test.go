package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/helper"
	"sharezone/internal/zone"
)

const (
	one   = "00000000000000000000000000000001"
	other = "00000000000000000000000000000002"
)

func at(inode uint64, owner uint32, name, id string) zone.Identity {
	return zone.Identity{Name: name, ID: id, Owner: owner, Inode: inode, Born: int64(inode) * 10}
}

func bound(inode uint64, owner uint32, name, was string) binding {
	return binding{inode, int64(inode) * 10, owner, name, was}
}

func names(zones []zone.Identity) string {
	var all []string
	for _, z := range zones {
		all = append(all, z.Name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// doubted are the zones of doubts that have one reason.
func doubted(t *testing.T, doubts []doubt, why helper.Doubt) []zone.Identity {
	t.Helper()
	var zones []zone.Identity
	for _, d := range doubts {
		if d.why != why {
			t.Errorf("%s: %q, not %q", d.Name, d.why, why)
		}
		zones = append(zones, d.Identity)
	}
	return zones
}

// TestJudge: whose id is believed, and what the register says afterwards of the id one.
func TestJudge(t *testing.T) {
	closed := at(7, 1001, "a", one)
	closed.Closed = true
	reborn := at(7, 1001, "a", one)
	reborn.Born++
	for _, row := range []struct {
		name               string
		found              []zone.Identity
		register           map[string]binding
		believed, doubtful string
		changed            *binding
		some               bool // could not be looked at
	}{
		{"new", []zone.Identity{at(7, 1001, "a", one)}, nil, "a", "", &binding{7, 70, 1001, "a", never}, false},
		{"no id", []zone.Identity{at(7, 1001, "a", "")}, nil, "", "", nil, false},
		{"two ids", []zone.Identity{at(7, 1001, "a", one), at(8, 1002, "b", other)}, map[string]binding{other: bound(8, 1002, "b", never)}, "a b", "", &binding{7, 70, 1001, "a", never}, false},
		{"known", []zone.Identity{at(7, 1001, "a", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "a", "", nil, false},
		{"copied", []zone.Identity{at(7, 1001, "a", one), at(8, 1002, "b", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "a", "b", nil, false},
		{"copied by its owner", []zone.Identity{at(8, 1001, "b", one), at(7, 1001, "a", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "a", "b", nil, false},
		{"copied before anybody looked", []zone.Identity{at(7, 1001, "a", one), at(8, 1002, "b", one)}, nil, "", "a b", nil, false},
		{"copied from a zone that is gone", []zone.Identity{at(8, 1002, "b", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "", "b", nil, false},
		{"restored from a backup", []zone.Identity{at(9, 1001, "a", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "a", "", &binding{9, 90, 1001, "a", never}, false},
		{"restored twice", []zone.Identity{at(9, 1001, "a", one), at(8, 1001, "a2", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "", "a a2", nil, false},
		{"restored, and copied by another", []zone.Identity{at(9, 1001, "a", one), at(8, 1002, "b", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "a", "b", &binding{9, 90, 1001, "a", never}, false},
		{"inode given again", []zone.Identity{reborn}, map[string]binding{one: {7, 70, 1002, "b", never}}, "", "a", nil, false},
		{"renamed", []zone.Identity{at(7, 1001, "z", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "z", "", &binding{7, 70, 1001, "z", "a"}, false},
		{"renamed again", []zone.Identity{at(7, 1001, "y", one)}, map[string]binding{one: bound(7, 1001, "z", "a")}, "y", "", &binding{7, 70, 1001, "y", "z"}, false},
		{"handed over", []zone.Identity{at(7, 1002, "a", one)}, map[string]binding{one: bound(7, 1001, "a", "x")}, "a", "", &binding{7, 70, 1002, "a", "x"}, false},
		{"known, when others cannot be looked at", []zone.Identity{at(7, 1001, "z", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "z", "", &binding{7, 70, 1001, "z", "a"}, true},
		{"new then", []zone.Identity{at(7, 1001, "a", one)}, nil, "a", "", &binding{7, 70, 1001, "a", never}, true},
		{"copied by its owner then, of one that is not seen", []zone.Identity{at(9, 1001, "b", one)}, map[string]binding{one: bound(7, 1001, "a", never)}, "", "b", nil, true},
		{"closed", []zone.Identity{closed}, map[string]binding{one: bound(7, 1001, "a", never)}, "a", "", nil, false},
	} {
		believed, doubtful, changed := judge(row.found, row.register, !row.some)
		if names(believed) != row.believed || names(doubted(t, doubtful, helper.Copied)) != row.doubtful {
			t.Errorf("%s: believes %q, doubts %v", row.name, names(believed), doubtful)
		}
		b, isChanged := changed[one]
		if isChanged != (row.changed != nil) || isChanged && b != *row.changed || len(changed) > 1 {
			t.Errorf("%s: changes %+v", row.name, changed)
		}
	}
}

// TestRegisterIsBounded: neither by writing one id after another nor by making zones does one owner fill the register for the others, and
// what is in it counts when it is full.
func TestRegisterIsBounded(t *testing.T) {
	register := make(map[string]binding)
	for n := range 20 {
		_, doubtful, changed := judge([]zone.Identity{at(7, 1001, "a", fmt.Sprintf("%032x", n))}, register, true)
		maps.Copy(register, changed)
		if (len(doubted(t, doubtful, helper.ManyIDs)) > 0) != (n >= maxOfOne) || len(register) > maxOfOne {
			t.Fatalf("id %d: %d doubtful, %d in the register", n, len(doubtful), len(register))
		}
	}
	// New zones of one owner, more than he can have, and one of another who comes after them.
	fresh := fmt.Sprintf("%032x", uint64(1)<<40)
	many := []zone.Identity{at(9, 1002, "c", fresh)}
	for n := uint64(100); n < 200+maxOfOwner; n++ {
		many = append(many, at(n, 1001, "a", fmt.Sprintf("%032x", n)))
	}
	believed, doubtful, changed := judge(many, register, true)
	if len(changed) != maxOfOwner-len(register)+1 || changed[fresh].owner != 1002 || len(believed) != len(changed) || len(doubted(t, doubtful, helper.ManyZones)) != len(many)-len(changed) {
		t.Errorf("believes %d, doubts %d, changes %d", len(believed), len(doubtful), len(changed))
	}
	for n := uint64(100); len(register) < maxBindings; n++ {
		register[fmt.Sprintf("%032x", n)] = bound(n, uint32(n/100), "a", never)
	}
	believed, doubtful, changed = judge([]zone.Identity{at(100, 1, "b", fmt.Sprintf("%032x", 100)), many[0]}, register, true)
	if names(believed) != "b" || names(doubted(t, doubtful, helper.NoRoom)) != "c" || len(changed) != 1 {
		t.Errorf("believes %q, doubts %v, changes %d", names(believed), doubtful, len(changed))
	}
}

// TestRegister: what is written is read; what is damaged is refused, because an id could be bound anew without it.
func TestRegister(t *testing.T) {
	folder := t.TempDir()
	if got, err := readRegister(folder); err != nil || len(got) != 0 {
		t.Errorf("before there is one: %+v, %v", got, err)
	}
	want := map[string]binding{one: {18446744073709551615, -5, 4294967295, "a-b.c_d", never}, other: {1, 0, 0, "b", "a"}}
	for range 2 { // over itself
		if err := writeRegister(folder, want); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(folder+"/"+newFile, []byte("half"), 0o600)
	if got, err := readRegister(folder); err != nil || !maps.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"\n", "1 2 3\n", one + " 1 2 3 a\n", one + " x 2 3 a -\n", one + " 1 2 -3 a -\n", one + " 1 2 3 /etc -\n", one + " 1 2 3 a ..\n", one + " 1 2 3 a -",
		one + " 99999999999999999999 2 3 a -\n", "x" + one[1:] + " 1 2 3 a -\n", one + " 1 2 3 a -\n" + one + " 1 2 3 a -\n"} {
		os.WriteFile(folder+"/"+registerFile, []byte(text), 0o600)
		if got, err := readRegister(folder); err == nil {
			t.Errorf("%q is taken: %+v", text, got[one])
		}
	}
	if _, err := readRegister(folder + "/nothing"); err == nil {
		t.Error("without a register everything could be bound anew")
	}
}

// TestTell: a zone that is gone is told, for its last acts; one whose id another one took is not.
func TestTell(t *testing.T) {
	out := tell([]zone.Identity{at(7, 1001, "z", one)}, nil, nil, map[string]binding{one: bound(7, 1001, "z", "a"), other: bound(8, 1002, "b", never)})
	if len(out.Zones) != 2 || out.Zones[0].Was != "a" || out.Zones[0].Gone || out.Zones[1].ID != other || !out.Zones[1].Gone || out.Zones[1].Was != "" || out.Zones[1].Owner != 1002 {
		t.Errorf("%+v", out.Zones)
	}
	out = tell(nil, []doubt{{at(9, 1002, "b", one), helper.Copied}}, nil, map[string]binding{one: bound(7, 1001, "a", never)})
	if len(out.Zones) != 0 || len(out.Doubtful) != 1 || out.Doubtful[0].Why != helper.Copied {
		t.Errorf("%+v", out)
	}
}

// TestTellUnseen: where a zone could not be looked at, none that is not found is told as gone, also not one whose id another one has.
func TestTellUnseen(t *testing.T) {
	unseen := []zone.Unseen{{Name: "sick"}, {Name: "x", Closed: true}}
	out := tell(nil, []doubt{{at(9, 1001, "b", one), helper.Copied}}, unseen, map[string]binding{one: bound(7, 1001, "sick", never)})
	if len(out.Zones) != 1 || out.Zones[0].Gone || !out.Zones[0].Unsure || len(out.Doubtful) != 1 || !slices.Equal(out.Unseen, []string{"sick"}) {
		t.Errorf("%+v", out)
	}
}
