package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestPreUpload: a program of the site refuses what holds a word, by whatever way it comes, and nothing of it stays.
func TestPreUpload(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	tree := t.TempDir()
	run(t, "sh", "-c", `cd "$1" && mkdir deep && echo fine >good && echo EICAR inside >deep/bad && tar -cf "$2" good deep && chown bruno "$2"`, "sh", tree, zonePath(zone, "tree.tar"))
	program := filepath.Join(layout.PreUpload, "test-scanner")
	judged := filepath.Join(tree, "judged")
	if err := os.WriteFile(judged, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	run(t, "chmod", "0777", filepath.Dir(tree), tree, judged)
	script := "#!/bin/sh\necho \"$SHZ_ZONE $SHZ_PATH\" >>" + judged + "\nif grep -q EICAR; then exit 1; fi\ntest \"$SHZ_USER $SHZ_ZONE\" = \"bruno " + zone + "\"\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(program) })
	before := run(t, "ls", "-A", zonePath(zone))
	bad, good := t.TempDir()+"/bad", t.TempDir()+"/good"
	for name, text := range map[string]string{bad: "it holds EICAR, it does", good: "it holds nothing"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	whole := []string{"-H", "Content-Type: application/offset+octet-stream"}
	for what, a := range map[string]answer{
		"PUT":        jsonAs(t, "bruno", "-T", bad, folder+"file"),
		"tus":        tusCreate(t, "bruno", folder, "file", 23, append(whole, "--data-binary", "@"+bad)...),
		"tus, later": tusPatch(t, "bruno", tusBegun(t, "bruno", folder, "file", 23), 0, "@"+bad),
	} {
		if a.status != 422 || a.code() != "rejected" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := jsonAs(t, "bruno", "-F", "file=@"+bad+";filename=file", folder); !strings.Contains(a.body, `"status":"rejected"`) {
		t.Errorf("form: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-d", "op=unzip&name=tree.tar", folder); !strings.Contains(a.body, `"status":"rejected"`) {
		t.Errorf("unzip: %d %s", a.status, a.body)
	}
	if after := run(t, "ls", "-A", zonePath(zone)); after != before {
		t.Errorf("there is %s, and was %s", after, before)
	}
	if a := jsonAs(t, "bruno", "-T", good, folder+"file"); a.status != 201 {
		t.Errorf("good: %d %s", a.status, a.body)
	}
	if a := tusPatch(t, "bruno", tusBegun(t, "bruno", folder, "file 2", 16), 0, "@"+good); a.status != 204 {
		t.Errorf("good by tus: %d %s", a.status, a.body)
	}
	run(t, "sh", "-c", `cd "$1" && tar -cf "$2" good && chown bruno "$2"`, "sh", tree, zonePath(zone, "fine.tar"))
	jsonAs(t, "bruno", "-d", "op=mkdir&name=deep", folder)
	jsonAs(t, "bruno", "-d", "op=unzip&name=fine.tar&to=/"+zone+"/deep/here", folder)
	if got := read(t, judged); !strings.HasSuffix(got, zone+" deep/here/good\n") || !exists(zonePath(zone, "deep", "here", "good")) {
		t.Errorf("unpacked elsewhere: %q", got)
	}
	// A program that others can change is not run, and not passed over.
	run(t, "chmod", "o+w", program)
	if a := jsonAs(t, "bruno", "-T", good, folder+"third"); a.status != 500 || exists(zonePath(zone, "third")) {
		t.Errorf("unsafe: %d %s", a.status, a.body)
	}
}
