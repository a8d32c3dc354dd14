package zone

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestNarrowerEntriesAreTold: entries that somebody made by hand deep in a zone, and that gave less than its list, go where it is shared or put
// right; the report says where, and what they gave. What changes in an ordinary zone is not told so.
func TestNarrowerEntriesAreTold(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	apply := func() (Report, error) { return admin.Apply("demo", Whatever) }
	sharing := func(principal string, access Access) func() (Report, error) {
		return func() (Report, error) {
			return admin.ShareAll("demo", []Member{{Principal: principal, Access: access}}, Whatever)
		}
	}
	const carla, acme = "user:zt-carla", "group:zt-acme" // she is in it
	for name, c := range map[string]struct {
		own, group Access
		hand       string // in the zone, after it was shared so
		act        func() (Report, error)
		want       []string
	}{
		"apply, less":             {Write, None, "setfacl -n -m u:zt-carla:r-x sub", apply, []string{"sub user:zt-carla r-x"}},
		"apply, by default alone": {Write, None, "setfacl -n -d -m u:zt-carla:r-x sub", apply, []string{"sub user:zt-carla r-x"}},
		"apply, both lists":       {Write, None, "setfacl -n -m u:zt-carla:r-x,d:u:zt-carla:r-x sub/deep", apply, []string{"sub/deep user:zt-carla r-x"}},
		"apply, a file":           {Read, None, "setfacl -n -m u:zt-carla:--- sub/b", apply, []string{"sub/b user:zt-carla ---"}},
		"apply, by a group":       {None, Write, "setfacl -n -m u:zt-carla:r-x sub", apply, []string{"sub user:zt-carla r-x"}},
		"apply, a group":          {None, Write, "setfacl -n -m g:zt-acme:r-x sub", apply, []string{"sub group:zt-acme r-x"}},
		"apply, kept out":         {None, Write, "setfacl -n -m u:zt-carla:--- sub", apply, nil}, // stays
		"apply, more":             {Read, None, "setfacl -n -m u:zt-carla:rwx sub", apply, nil},
		"apply, a stranger":       {Read, None, "setfacl -n -m u:zt-bruno:r-x sub", apply, nil},
		"apply, a folder of hers": {Write, None, "setfacl -n -m u:zt-carla:r-x sub; chown zt-carla sub", apply, nil},
		"apply, thrown away":      {Write, None, "mkdir -p .shz-trash-7/20260101T000000-X; mv sub .shz-trash-7/20260101T000000-X; chown -R zt-anna .shz-trash-7; setfacl -n -m u:zt-carla:r-x .shz-trash-7/*/sub", apply, nil},
		"share again":             {Write, None, "setfacl -n -m u:zt-carla:r-x sub", sharing(carla, Write), []string{"sub user:zt-carla r-x"}},
		"share less":              {Write, None, "setfacl -n -m u:zt-carla:r-- sub; setfacl -n -m u:zt-carla:r-x sub/deep", sharing(carla, Read), []string{"sub user:zt-carla r--"}},
		"share more":              {Read, None, "setfacl -n -m u:zt-carla:--- sub", sharing(carla, Write), []string{"sub user:zt-carla ---"}},
		"share anew":              {None, None, "setfacl -n -m u:zt-carla:--- sub", sharing(carla, Read), []string{"sub user:zt-carla ---"}},
		"take off, in by a group": {Write, Write, "setfacl -n -m u:zt-carla:r-x sub", sharing(carla, None), []string{"sub user:zt-carla r-x"}},
		"take off":                {Write, None, "setfacl -n -m u:zt-carla:r-x sub", sharing(carla, None), nil},
		"share with another":      {Write, None, "setfacl -n -m u:zt-carla:r-x sub", sharing("user:zt-bruno", Read), nil}, // stays
		"nothing by hand":         {Read, None, "true", sharing(carla, Write), nil},
		"nothing by hand, less":   {Write, None, "true", sharing(carla, Read), nil},
		"nothing by hand, group":  {Read, Write, "true", sharing(carla, None), nil}, // what the root says is told there
		"nothing by hand, apply":  {Read, Write, "true", apply, nil},
	} {
		createDemo(t, admin)
		fill(t, root)
		if c.own != None {
			share(t, admin, carla, c.own)
		}
		if c.group != None {
			share(t, admin, acme, c.group)
		}
		sh(t, "cd "+root+"; "+c.hand)
		report, err := c.act()
		var got []string
		for _, w := range report.Wider {
			got = append(got, w.Path+" "+w.Principal+" "+w.Entry)
		}
		if err != nil || !slices.Equal(got, c.want) || report.MoreWider != 0 {
			t.Errorf("%s: %q, wanted %q, %v\n%s", name, got, c.want, err, sh(t, "getfacl -Rp "+root))
		}
		if again, err := c.act(); err != nil || len(again.Wider) != 0 {
			t.Errorf("%s, again: %+v, %v", name, again.Wider, err)
		}
		sh(t, "rm -r "+root)
	}
}

// TestManyNarrowerEntries: of many some are named and the others counted; a path that is not UTF-8 keeps its bytes in JSON.
func TestManyNarrowerEntries(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Write)
	as(t, "zt-anna", "cd "+base+"/demo; for i in $(seq 130); do mkdir -m 1770 f$i; done; setfacl -n -m u:zt-bruno:--- f*")
	report := share(t, admin, "user:zt-bruno", Write)
	if len(report.Wider) != maxSkips || report.MoreWider != 30 || report.Incomplete() {
		t.Errorf("%d and %d more", len(report.Wider), report.MoreWider)
	}
	in, out := Widened{"a/caf\xe9 b", "user:x", "r-x"}, Widened{}
	b, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil || out != in || string(b) != `{"path":"a/caf\ufffd b","raw":"a/caf%E9%20b","principal":"user:x","entry":"r-x"}` {
		t.Errorf("%s: %+v, %v", b, out, err)
	}
}
