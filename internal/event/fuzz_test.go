package event

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/session"
)

// FuzzActs: a handler may append anything to its event file. What is read of it stays within the gate's line, and is an
// act or damage.
func FuzzActs(f *testing.F) {
	for _, acts := range []string{
		`{"n":1,"event":"upload","path":"a"}` + "\n" + `{"n":1,"result":"ok","bytes":3,"path":"a (2)"}` + "\n",
		`{"n":1,"event":"download","path":"caf","raw":"caf%E9"}` + "\n" + `{"n":2,"event":"mkdir","path":"b"}` + "\n" + `{"n":1,"result":"running"}` + "\n",
		`{"n":1,"event":"zone-share","zone":"other","zone_id":"ffeeddccbbaa99887766554433221100","path":"user:carla=read"}` + "\n",
		`{"n":1,"event":"login","user":"admin"}` + "\n" + `{"n":1,"result":"not-logged-in"}`,
		`{"n":-1,"event":"move","bytes":-1}` + "\n" + "\xff\n{}\n" + `{"n":1,"event":"upload","uid":0}` + "\n",
	} {
		f.Add(testHeader+acts, false)
		f.Add(strings.Replace(testHeader, `"shz"`, `"zones"`, 1)+acts, true)
		f.Add(acts, false)
	}
	f.Fuzz(func(t *testing.T, content string, underway bool) {
		state := Finished
		if underway {
			state = Underway
		}
		records, damage, err := readActs(strings.NewReader(content), testName, state)
		if err != nil || len(damage) > maxDamage || len(records) > strings.Count(content, "\n") {
			t.Errorf("%d records, %v, %v", len(records), damage, err)
		}
		first, _, _ := strings.Cut(content, "\n")
		var h Header
		if parse([]byte(first+"\n"), &h); len(records) > 0 && h.check() != "" {
			t.Errorf("acts of %q, which is no header", first)
		}
		for _, r := range records {
			if r.Entry != h.Entry || r.Request != h.Request || !r.Time.Equal(h.Time) || value(r.Address) != value(orNull(h.Address)) ||
				r.User != h.User && !(h.User == "shzguest" && r.About == nil) || !session.ValidUser(h.User) ||
				(value(r.Zone) != value(orNull(h.Zone)) || r.ZoneID != h.ZoneID) && !namesZone(h.Component, r.Event) {
				t.Errorf("%+v is not by %s", r, first)
			}
			if !slices.Contains(Names, r.Event) || !resultForm().MatchString(r.Result) || r.Result == Running && !underway || r.Bytes != nil && *r.Bytes < 0 {
				t.Errorf("%+v", r)
			}
			if b, err := json.Marshal(r); err != nil || strings.Contains(string(b), "\n") {
				t.Errorf("%q %v", b, err)
			}
		}
	})
}
