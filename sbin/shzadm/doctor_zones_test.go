package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/schedule"
	"sharezone/internal/zone"
)

// findingOf is the only finding of that check.
func findingOf(t *testing.T, check string) finding {
	t.Helper()
	var found []finding
	_, all := examine(t)
	for _, f := range all {
		if f.Check == check {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d of %s: %+v", len(found), check, all)
	}
	return found[0]
}

// mendAll runs the commands of all findings until there are none.
func mendAll(t *testing.T) {
	t.Helper()
	for range 3 {
		_, findings := examine(t)
		if len(findings) == 0 {
			return
		}
		for _, f := range findings {
			bash(t, f.Mend)
		}
	}
	expectHealth(t)
}

// prepareZones gives dt-zone to dt-manager, with dt-admin as a member, whatever the tests before did to them.
func prepareZones(t *testing.T) {
	t.Helper()
	needInstallation(t)
	prepareDoctor(t)
	bash(t, "gpasswd -a dt-manager shzbase; gpasswd -a dt-manager shzmgr; chown dt-manager "+layout.Base+"/dt-zone "+layout.Base+"/dt-twin")
	mendAll(t)
	bash(t, "shzadm zone share dt-zone user:dt-admin=write")
}

const idOf = "getfattr -n user.shz.id --only-values --absolute-names " + layout.Base

// TestDoctorFindsAside: what a removal moved away and nobody looked at is named, with its zone, when the cleaner could not end it, and not before;
// whether it is missed a person says.
func TestDoctorFindsAside(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	inode := bash(t, "stat -c %i "+layout.Base+"/dt-zone")
	old, young := layout.Closed+"/.shz-removed-"+inode+"-own-OLD", layout.Closed+"/.shz-removed-"+inode+"-own-YOUNG"
	defer bash(t, "rm -r "+old+" "+young)
	bash(t, "mkdir -m 700 "+old+" "+young+"; touch "+old+"/x; touch -d '25 hours ago' "+old+"; touch -d '23 hours ago' "+young)
	bash(t, "cp -p "+cleanerState+" "+cleanerState+".before 2>/dev/null || true")
	defer bash(t, "mv "+cleanerState+".before "+cleanerState+" 2>/dev/null || rm -f "+cleanerState)
	ran := func(last, full time.Duration) {
		t.Helper()
		now := time.Now()
		run := schedule.Run{Last: now.Add(-last), Began: now.Add(-last), Full: now.Add(-full)}
		if err := (schedule.State{Since: now.AddDate(0, -1, 0), Seen: now, Jobs: map[string]schedule.Run{"uploads": run}}).Write(cleanerState); err != nil {
			t.Fatal(err)
		}
	}
	for _, hours := range [][2]time.Duration{{2, 2}, {0, 2}} { // it was younger than a day at the last run, or at the last with all zones
		ran(hours[0]*time.Hour, hours[1]*time.Hour)
		if code, findings := examine(t); code != exitDone || len(findings) != 0 {
			t.Errorf("before the cleaner looked (%d hours): exit %d: %+v", hours, code, findings)
		}
	}
	ran(0, 0)
	if code, findings := examine(t); code == exitDone || len(findings) != 1 || findings[0] != (finding{Check: "zone-aside", Subject: old, Found: "dt-zone"}) {
		t.Errorf("exit %d: %+v", code, findings)
	}
	if _, out, _ := shzadm(t, "", "doctor"); !strings.Contains(out, old+" was left by a removal that was interrupted (in the zone dt-zone)") || !strings.Contains(out, "ls -lAR") {
		t.Error(out)
	}
	nobodys := layout.Closed + "/.shz-removed-1-own-OLD"
	bash(t, "mv "+old+" "+nobodys+"; touch -d '25 hours ago' "+nobodys)
	_, out, _ := shzadm(t, "", "doctor")
	bash(t, "mv "+nobodys+" "+old)
	if !strings.Contains(out, nobodys+" was left by a removal that was interrupted, and the cleaner") {
		t.Error(out)
	}
}

// What a person must decide is no finding, but it is told.
func TestDoctorLeavesToPeople(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	place := layout.Base + "/dt-zone"
	defer bash(t, "cd "+place+"; chattr -i left-fixed; rm -rf left-*")
	bash(t, "cd "+place+`; install -d -o dt-admin -g dt-admin -m 1700 left-shut; mkdir left-root; echo x >left-fixed; echo x >left-one; ln left-one left-two
		chown dt-admin: left-fixed left-one; shzadm zone apply dt-zone >/dev/null || true; chattr +i left-fixed`)
	code, out, _ := shzadm(t, "", "doctor")
	if code != exitDone || !strings.Contains(out, "note: "+place+": ") || !strings.Contains(out, "shzadm zone check dt-zone") {
		t.Errorf("exit %d: %s", code, out)
	}
	_, found, _ := shzadm(t, "", "zone", "check", "dt-zone", "--json")
	var check struct {
		Findings []zone.Drift
	}
	if err := json.Unmarshal([]byte(found), &check); err != nil {
		t.Fatal(err)
	}
	_, out, _ = shzadm(t, "", "doctor", "--json")
	var doctor struct{ Left []left }
	if err := json.Unmarshal([]byte(out), &doctor); err != nil {
		t.Fatal(err)
	}
	if want := []left{{"dt-zone", len(check.Findings)}}; len(check.Findings) < 5 || !slices.Equal(doctor.Left, want) {
		t.Errorf("%+v, not %+v: %s", doctor.Left, want, found)
	}
}

// A copy of a zone gets an id of its own, whatever it is called; the history stays with the original.
func TestDoctorKnowsTheOriginal(t *testing.T) {
	prepareZones(t)
	original := bash(t, idOf+"/dt-zone")
	for _, copied := range []string{"dt-a-copy", "dt-zone-2"} { // before and after it by name
		path := layout.Base + "/" + copied
		bash(t, "cp -a "+layout.Base+"/dt-zone "+path)
		defer bash(t, "rm -rf "+path)
		if f := findingOf(t, "zone-twin"); f.Subject != path || f.Found != layout.Base+"/dt-zone" {
			t.Errorf("%+v", f)
		}
		mendAll(t)
		if bash(t, idOf+"/dt-zone") != original || bash(t, idOf+"/"+copied) == original {
			t.Errorf("%s: the original has lost its id, or the copy kept it", copied)
		}
	}
}

// A zone that was given to somebody outside goes back to whom its default ACL names.
func TestDoctorKnowsTheFormerOwner(t *testing.T) {
	prepareZones(t)
	const path = layout.Base + "/dt-zone"
	defer bash(t, "chown dt-manager "+path)
	defaults := strings.Join(strings.Fields(bash(t, "getfacl -dcp "+path)), ",")
	for _, c := range []struct{ damage, check, heir, repair string }{
		{"chown daemon " + path, "zone-chowned", "dt-manager", "true"},
		{"chown dt-base " + path, "zone-chowned", "dt-manager", "true"},
		{"chown 59999 " + path, "zone-chowned", "dt-manager", "true"},
		// A manager who is a member is better than any other.
		{"gpasswd -d dt-manager shzmgr", "zone-orphan", "dt-admin", "gpasswd -a dt-manager shzmgr"},
		{"setfacl -k " + path, "zone-orphan", "admin", "setfacl -d --set " + defaults + " " + path},
	} {
		bash(t, "chown 59999 "+path+"; "+c.damage)
		if f := findingOf(t, c.check); f.Subject != path || f.Mend != "shzadm zone transfer dt-zone --owner "+c.heir {
			t.Errorf("%s: %+v", c.damage, f)
		}
		bash(t, c.repair)
	}
	bash(t, "chown dt-manager "+path)
	expectHealth(t)
}

// What a person put among the zones with a shell is still his, and where he finds it, after the commands.
func TestDoctorTakesNothingAway(t *testing.T) {
	prepareZones(t)
	const zone = layout.Base + "/dt-offers-2027"
	asManager := "setpriv --reuid=dt-manager --regid=dt-manager --init-groups "
	bash(t, "cd "+layout.Base+" && "+asManager+`sh -c 'umask 022; mkdir "Dt Offers 2027" && echo text >"Dt Offers 2027/draft.txt" && echo x >dt-note.txt'`)
	defer bash(t, "rm -rf "+zone+" /root/dt-note.txt")
	if f := findingOf(t, "stray-folder"); f.Found != "dt-manager" || f.Right != zone {
		t.Errorf("%+v", f)
	}
	if f := findingOf(t, "stray-file"); f.Found != "dt-manager" || f.Subject != layout.Base+"/dt-note.txt" {
		t.Errorf("%+v", f)
	}
	mendAll(t)
	if seen := bash(t, "stat -c %U "+zone+"; "+asManager+"cat "+zone+"/draft.txt"); seen != "dt-manager\ntext" {
		t.Errorf("he finds: %s", seen)
	}
	if bash(t, "shzadm zone show dt-offers-2027 --json | grep -c '\"owner\": \"dt-manager\"'") != "1" {
		t.Error("it is not a zone of his")
	}

	// What is another's already keeps its name.
	bash(t, "cd "+layout.Base+" && "+asManager+`mkdir "Dt Zone"`)
	defer bash(t, "rm -rf "+layout.Base+"/dt-zone.2")
	if f := findingOf(t, "stray-folder"); f.Right != layout.Base+"/dt-zone.2" {
		t.Errorf("%+v", f)
	}
	mendAll(t)
}
