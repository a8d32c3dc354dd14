package test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// TestZonePathsEncoded: every path in JSON is percent-encoded bytes between slashes, decoded once; what comes back is what can be
// asked with, in each of the ways to name it.
func TestZonePathsEncoded(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone
	names := []string{"caf\xe9", "100%41 è", "100A è", "a b+c", "-d", `q"<x>'`, "100%2541 è", "n\nl"}
	for _, name := range names {
		if out, status := asUser(t, "bruno", "sh", "-ec", `mkdir -p -- "$1/$2" && echo x >"$1/$2/f $3" && chmod 1707 -- "$1/$2"`, "sh", zonePath(zone), name, name); status != 0 {
			t.Fatal(out)
		}
	}
	var found struct {
		Findings []struct {
			Path, Kind string
			Mend       []string
		}
	}
	checked := jsonAs(t, "anna", at+"?view=check")
	if err := json.Unmarshal([]byte(checked.body), &found); err != nil {
		t.Fatal(err, checked.body)
	}
	paths := make(map[string]bool)
	for _, f := range found.Findings {
		paths[f.Path] = true
	}
	for _, name := range names {
		encoded := url.PathEscape(name)
		if !paths[encoded] || !paths[encoded+"/f%20"+encoded] || len(paths) != 2*len(names) { // the file is 0660
			t.Errorf("not found: %s in %v", encoded, paths)
		}
		// As a parameter of a URL it is the bytes, and its own answer has it encoded again.
		who := jsonAs(t, "anna", at+"?view=who&as=carla&path="+url.QueryEscape(name+"/f "+name))
		if who.status != 200 || !strings.Contains(who.body, `"path":"`+encoded+`/f%20`+encoded+`"`) && !strings.Contains(who.body, `"stopped":""`) {
			t.Errorf("%q: %d %s", name, who.status, who.body)
		}
	}
	object := func(fields map[string]any) answer {
		t.Helper()
		fields["op"] = "remove"
		b, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return jsonAs(t, "anna", "-H", "Content-Type: application/json", "--data-binary", string(b), at)
	}
	for i, name := range names {
		encoded := url.PathEscape(name + "/f " + name)
		encoded = strings.Replace(encoded, "%2F", "/", 1)
		var a answer
		switch i % 4 {
		case 0:
			a = object(map[string]any{"path": map[string]any{"raw": encoded}})
		case 1:
			a = object(map[string]any{"raw": []string{encoded}})
		case 2:
			a = object(map[string]any{"path": []string{name + "/f " + name}})
		case 3:
			a = form(t, "anna", at, false, "op=remove", "raw="+encoded)
		}
		var results struct {
			Results []struct{ Name, Raw, Status string }
		}
		if err := json.Unmarshal([]byte(a.body), &results); err != nil || a.status != 200 || len(results.Results) != 1 || results.Results[0].Status != "ok" {
			t.Errorf("%q: %d %s", name, a.status, a.body)
			continue
		}
		r := results.Results[0]
		if want := strings.ToValidUTF8(name+"/f "+name, "\ufffd"); r.Name != want || (r.Raw != "") != (i == 0) || r.Raw != "" && r.Raw != encoded {
			t.Errorf("%q: %+v", name, r)
		}
		// That one is gone, and no other.
		for j, other := range names {
			if exists(zonePath(zone, other, "f "+other)) != (j > i) {
				t.Errorf("%q was to go; %q is there: %t", name, other, j <= i)
			}
		}
	}
	for _, bad := range []map[string]any{
		{"raw": "caf%E9/%"}, {"raw": "caf%E9/../x"}, {"raw": "caf%E9%2Ff"}, {"raw": "a%00"}, {"path": map[string]any{"raw": "%zz"}}, {"path": "a//b"}, {"path": map[string]any{"text": "a"}},
	} {
		if a := object(bad); a.status != 400 || a.code() != "bad-request" {
			t.Errorf("%v: %d %s", bad, a.status, a.body)
		}
	}
}
