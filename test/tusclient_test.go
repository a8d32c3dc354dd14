package test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestTusClient: tus-js-client, which nobody wrote for Share Zone, brings files from Node: at once, by parts, stopped and gone on with, over a
// connection that is cut. Its packages are those that install.sh bundles it from.
func TestTusClient(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	const packages = "/var/cache/sharezone/npm/node_modules"
	if _, err := os.Stat(packages + "/tus-js-client"); err != nil {
		t.Fatal("install.sh has left no packages:", err)
	}
	source := randomFile(t, 5_000_000)
	facts, err := json.Marshal(map[string]string{
		"url": needDemo(t).url, "cookie": "SESSION_ID=" + sessionID(t, "bruno"), "folder": "/cgi-bin/shz/" + zone + "/", "file": source, "store": t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "timeout", "120", "node", "browser/tus.cjs")
	cmd.Env = append(os.Environ(), "NODE_PATH="+packages)
	cmd.Stdin = bytes.NewReader(facts)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if done := strings.Fields(strings.ReplaceAll(string(out), " ", "-")); len(done) != 8 {
		t.Errorf("it has done %q", done)
	}
	for _, name := range []string{"whole.bin", "chunks.bin", "at once.bin", "perché è così 日本.bin", "resumed.bin", "cut.bin"} {
		run(t, "cmp", source, zonePath(zone, name))
	}
	if got := strings.TrimSpace(run(t, "sh", "-c", `ls -A "$1" | grep -v '^\.shz-' | wc -l`, "sh", zonePath(zone))); got != "6" {
		t.Errorf("%s files have arrived", got)
	}
	if left := run(t, "sh", "-c", `ls -A "$1" | grep '^\.shz-upload-' || true`, "sh", zonePath(zone)); left != "" {
		t.Errorf("parts are left: %s", left)
	}
}
