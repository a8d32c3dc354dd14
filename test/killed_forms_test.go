package test

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Renaming, packing and unpacking that are killed between two steps: nothing is half there, lost or doubled.

// killedForm is a form of bruno's on a zone, and what must hold wherever its handler died.
type killedForm struct {
	name    string
	prepare string // a shell script of bruno's in the empty zone
	fields  string
	must    []string // calls that it makes, or the test is of something else
	holds   func(t *testing.T, place func(name string) string) (problem string)
}

const treeToPack = `mkdir -p d/sub; printf one >d/one; printf two >d/sub/two; head -c 300000 /dev/urandom >d/three`

// packedWhole says whether a zip has all of treeToPack.
func packedWhole(file string) bool {
	out, err := exec.Command("unzip", "-tqq", file).CombinedOutput()
	names, _ := exec.Command("unzip", "-Z1", file).Output()
	got := strings.Fields(string(names))
	return err == nil && len(out) == 0 && slices.Contains(got, "d/one") && slices.Contains(got, "d/sub/two") && slices.Contains(got, "d/three")
}

var killedForms = []killedForm{
	{"rename", `printf content >old`, "op=rename&name=old&to=new", []string{"renameat2"}, func(t *testing.T, place func(string) string) string {
		if exists(place("old")) == exists(place("new")) {
			return "there are two names, or none"
		}
		for _, name := range []string{"old", "new"} {
			if exists(place(name)) && read(t, place(name)) != "content" {
				return "other content"
			}
		}
		return ""
	}},
	{"rename folder", `mkdir -p old/sub; printf content >old/sub/file`, "op=rename&name=old&to=new", []string{"renameat2"}, func(t *testing.T, place func(string) string) string {
		if exists(place("old/sub/file")) == exists(place("new/sub/file")) || exists(place("old")) == exists(place("new")) {
			return "there are two names, or none"
		}
		return ""
	}},
	{"delete", `printf content >x`, "op=delete&name=x", []string{"mkdirat", "renameat2"}, func(t *testing.T, place func(string) string) string {
		if there := strings.Fields(run(t, "find", place(""), "-type", "f", "-exec", "grep", "-lx", "content", "{}", ";")); len(there) != 1 {
			return fmt.Sprintf("what was deleted is %q", there)
		}
		return ""
	}},
	{"delete folder", `mkdir -p x/sub; printf content >x/sub/file`, "op=delete&name=x", []string{"mkdirat", "renameat2"}, func(t *testing.T, place func(string) string) string {
		if there := strings.Fields(run(t, "find", place(""), "-type", "f", "-exec", "grep", "-lx", "content", "{}", ";")); len(there) != 1 || !strings.HasSuffix(there[0], "/sub/file") {
			return fmt.Sprintf("what was deleted is %q", there)
		}
		return ""
	}},
	{"zip", treeToPack, "op=zip&name=d&to=x.zip", []string{"write", "fsync", "linkat"}, func(t *testing.T, place func(string) string) string {
		switch {
		case read(t, place("d/one")) != "one" || read(t, place("d/sub/two")) != "two":
			return "what was packed is another"
		case exists(place("x.zip")) && !packedWhole(place("x.zip")):
			return "half an archive"
		case len(run(t, "find", place(""), "-name", ".shz-*")) > 0:
			return "something is left behind"
		}
		return ""
	}},
	{"zip that replaces", treeToPack + `; printf old >x.zip`, "op=zip&name=d&to=x.zip&on_exists=replace", []string{"write", "linkat", "renameat2"}, func(t *testing.T, place func(string) string) string {
		old := strings.Fields(run(t, "find", place(""), "-type", "f", "-not", "-name", ".shz-put-*", "-exec", "grep", "-lx", "old", "{}", ";"))
		switch {
		case len(old) != 1:
			return fmt.Sprintf("the old archive is %q", old)
		case !exists(place("x.zip")):
			return "neither archive has the name"
		case old[0] != place("x.zip") && !packedWhole(place("x.zip")):
			return "half an archive"
		}
		return ""
	}},
	{"unzip", treeToPack + `; zip -qr x.zip d; rm -r d`, "op=unzip&name=x.zip", []string{"mkdirat", "write", "renameat2"}, func(t *testing.T, place func(string) string) string {
		switch {
		case !packedWhole(place("x.zip")):
			return "the archive is another"
		case !exists(place("x")):
			return ""
		case !exists(place("x/d/one")) || read(t, place("x/d/one")) != "one" || !exists(place("x/d/sub/two")) || read(t, place("x/d/sub/two")) != "two" ||
			len(read(t, place("x/d/three"))) != 300000:
			return "half of the archive has a name"
		}
		return ""
	}},
}

// run puts everything in its place, has the handler killed, and looks.
func (k killedForm) run(t *testing.T, zone string, args ...string) (ended bool, log string) {
	t.Helper()
	run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
	if out, status := asUser(t, "bruno", "sh", "-ec", "cd "+zonePath(zone)+"; "+k.prepare); status != 0 {
		t.Fatal(out)
	}
	ended, log = tracedForm(t, "/cgi-bin/shz/"+zone+"/", k.fields, args...)
	if problem := k.holds(t, func(name string) string { return zonePath(zone, name) }); problem != "" {
		t.Errorf("%s %q: %s", k.name, args, problem)
	}
	return ended, log
}

// writing are the calls that change what is on disk.
var writing = []string{
	"write", "pwrite64", "copy_file_range", "splice", "ftruncate", "fallocate", "mkdirat", "linkat", "renameat2", "unlinkat", "fchmod", "fchmodat",
	"utimensat", "fsetxattr", "setxattr", "fsync", "fdatasync", "syncfs",
}

// TestFormStopsAtEachCall: each of them is killed at the first call of each kind that writes; with --long at every call of any kind.
func TestFormStopsAtEachCall(t *testing.T) {
	needDemo(t)
	zone := newZone(t, "user:bruno=write")
	for _, k := range killedForms {
		t.Run(k.name, func(t *testing.T) {
			ended, log := k.run(t, zone)
			calls := make(map[string]int)
			for _, m := range regexp.MustCompile(`(?m)^[0-9]+ +([a-z0-9_]+)\(`).FindAllStringSubmatch(log, -1) {
				calls[m[1]]++
			}
			for _, call := range k.must {
				if !ended || calls[call] == 0 {
					t.Fatalf("no %s: %v", call, calls)
				}
			}
			for call, n := range calls {
				if most := rounds(1, 60); most == 1 && !slices.Contains(writing, call) {
					continue
				} else {
					n = min(n, most)
				}
				for when := 1; when <= n; when++ {
					args := []string{"-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, when)}
					ended := true
					for try := 0; ended && try < mostTries && (try == 0 || when == 1); try++ {
						ended, _ = k.run(t, zone, args...)
					}
					if ended && when == 1 && slices.Contains(writing, call) {
						t.Errorf("%s: the handler never came to it", call)
					}
				}
			}
		})
	}
}
