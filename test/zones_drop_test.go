package test

import (
	"strings"
	"testing"
)

// TestDropBoxOfOthers: who delivers into a zone knows the name of what another delivered, and by no request reads, replaces, removes
// or renames it.
func TestDropBoxOfOthers(t *testing.T) {
	zone := newZone(t, "user:bruno=drop", "user:carla=drop")
	folder := "/cgi-bin/shz/" + zone + "/"
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"his.txt"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for user := range map[string]bool{"bruno": true, "carla": true} {
		if a := jsonAs(t, user, folder); strings.Contains(a.body, "his.txt") {
			t.Errorf("%s lists: %d %s", user, a.status, a.body)
		}
	}
	secret := strings.TrimSpace(read(t, "/etc/hostname"))
	unchanged(t, zonePath(zone), func() {
		for what, args := range map[string][]string{
			"GET": {folder + "his.txt"}, "HEAD": {"-I", folder + "his.txt"}, "details": {folder + "?ask=details&name=his.txt&sha256=1"},
			"zip": {folder + "?archive=zip&name=his.txt"}, "search": {folder + "?search=his"},
			"replace": {"-T", "/etc/passwd", folder + "his.txt?on_exists=replace"}, "put": {"-T", "/etc/passwd", folder + "his.txt"},
			"DELETE": {"-X", "DELETE", folder + "his.txt"},
			"delete": {"-d", "op=delete&name=his.txt", folder}, "rename": {"-d", "op=rename&name=his.txt&to=mine.txt", folder},
			"move": {"-d", "op=move&name=his.txt&to=/demo/", folder}, "copy": {"-d", "op=copy&name=his.txt&to=/demo/", folder},
			"copy over": {"-d", "op=zip&name=his.txt&to=his.txt&on_exists=replace", folder},
		} {
			a := jsonAs(t, "carla", args...)
			if what == "zip" && strings.Contains(a.body, "_errors.txt") { // a stream has begun: what could not be read is named in it
				continue
			}
			if a.status < 400 && !strings.Contains(a.body, `"status":"not-permitted"`) && !strings.Contains(a.body, `"status":"not-found"`) || strings.Contains(a.body, secret) {
				t.Errorf("%s: %d %.300s", what, a.status, a.body)
			}
		}
	})
	if a := jsonAs(t, "bruno", folder+"his.txt"); a.status != 200 || strings.TrimSpace(a.body) != secret {
		t.Errorf("his own, by its name: %d %s", a.status, a.body)
	}
}
