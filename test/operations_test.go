package test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// Operations on what lies in a folder: their names are names, never paths, in whichever form they come.

// form is a POST to a folder with fields "key=value"; json sends the same as an object.
func form(t *testing.T, user, folder string, json bool, fields ...string) answer {
	t.Helper()
	if json {
		return jsonAs(t, user, "-H", "Content-Type: application/json", "--data-binary", jsonObject(t, fields), folder)
	}
	values := make(url.Values)
	for _, field := range fields {
		key, value, _ := strings.Cut(field, "=")
		values.Add(key, value)
	}
	return jsonAs(t, user, "--data-binary", values.Encode(), folder)
}

func jsonObject(t *testing.T, fields []string) string {
	t.Helper()
	object := make(map[string]any)
	for _, field := range fields {
		key, value, _ := strings.Cut(field, "=")
		object[key] = value
	}
	b, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wrongNames are no names of an entry, or of none that an operation may touch.
var wrongNames = []string{
	"", ".", "..", "/", "//", "./x", "x/.", "x/..", "a/b", "a/", "/a", "../SHUT", "../SHUT/secret.txt", "a/../file.txt", "/etc/passwd", "/srv/sharezone/SHUT",
	"..\x00", "x\x00y", "\x00", ".shz-", ".shz-x", "../../../../../../etc/cron.d/x", strings.Repeat("n", 256), strings.Repeat("../", 1000), strings.Repeat("n", 5000),
	"C:/x", "a//b", "..//SHUT",
}

func TestOperationNames(t *testing.T) {
	open, shut := pathZones(t)
	folder := "/cgi-bin/shz/" + open + "/"
	unchanged(t, layout.Base, func() {
		for _, name := range wrongNames {
			name := strings.ReplaceAll(name, "SHUT", shut)
			for _, op := range []string{"mkdir", "delete"} {
				for _, a := range []answer{
					form(t, "bruno", folder, false, "op="+op, "name="+name),
					form(t, "bruno", folder, true, "op="+op, "name="+name),
					form(t, "bruno", folder, false, "op="+op, "raw="+url.PathEscape(name)),
					form(t, "bruno", folder, false, "op="+op, "raw="+escape(name)),
				} {
					if a.status == 0 || a.status == 201 || a.status >= 500 || strings.Contains(a.body, `"status":"ok"`) {
						t.Errorf("%s %.60q: %d %.300s%s", op, name, a.status, a.body, a.stderr)
					}
					if strings.Contains(a.body, marker) {
						t.Errorf("%s %.60q tells what bruno may not see", op, name)
					}
				}
			}
		}
		for _, fields := range [][]string{
			{}, {"op="}, {"op=nothing"}, {"op=DELETE", "name=a"}, {"op=delete"}, {"op=mkdir"}, {"op=mkdir", "name=x", "name=y"}, {"op=delete", "raw=%"},
			{"op=delete", "raw=%zz"}, {"op=delete", "raw=a%2"}, {"op=mkdir", "name=x", "on_exists=evil"}, {"op=mkdir", "name=a", "on_exists=replace"}, {"op=mkdir", "name=a"},
		} {
			if a := form(t, "bruno", folder, false, fields...); a.status < 400 || a.status > 499 {
				t.Errorf("%q: %d %s", fields, a.status, a.body)
			}
		}
	})
}

// TestDelete: the kernel decides about each name, a link is removed and not what it points to, and what cannot be removed
// stays whole.
func TestDelete(t *testing.T) {
	open, shut := pathZones(t)
	run(t, "chmod", "1777", zonePath(shut))
	outside := t.TempDir()
	run(t, "chmod", "777", outside)
	if err := os.WriteFile(outside+"/kept", []byte("kept"), 0o666); err != nil {
		t.Fatal(err)
	}
	script := `cd "$1"; mkdir own own/deep; echo x >own/deep/x; ln -s "$2" link; ln -s ../../"$3" own/link; mkfifo fifo; printf y >"$(printf 'caff\351')"; ln -s nothing dangling
		echo z >z; ln z z2; mkdir -m 000 locked`
	if out, status := asUser(t, "bruno", "sh", "-ec", script, "sh", zonePath(open), outside, shut); status != 0 {
		t.Fatal(out)
	}
	before := snapshot(t, zonePath(shut))
	for _, row := range []struct{ field, status string }{
		{"name=a", "not-permitted"}, {"name=nothing", "not-found"}, {"name=link", "ok"}, {"name=own", "ok"}, {"name=fifo", "ok"}, {"raw=caff%E9", "ok"},
		{"name=dangling", "ok"}, {"name=z", "ok"}, {"name=locked", "ok"}, {"name=link", "not-found"},
	} {
		a := form(t, "bruno", "/cgi-bin/shz/"+open+"/", false, "op=delete", row.field)
		var object struct{ Results []struct{ Status string } }
		if err := json.Unmarshal([]byte(a.body), &object); a.status != 200 || err != nil || len(object.Results) != 1 || object.Results[0].Status != row.status {
			t.Errorf("%s: %d %s", row.field, a.status, a.body)
		}
	}
	compare(t, before, snapshot(t, zonePath(shut)))
	if read(t, outside+"/kept") != "kept" || read(t, zonePath(open, "z2")) != "z\n" || read(t, zonePath(open, "a", "file.txt")) != "file" {
		t.Error("something was removed that was not named")
	}
	for _, name := range []string{"own", "link", "fifo", "caff\xe9", "dangling", "z", "locked"} {
		if exists(zonePath(open, name)) {
			t.Errorf("%q is still there", name)
		}
	}
}
