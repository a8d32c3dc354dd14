package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Archives meet the programs that people open them with: Info-ZIP, Python, 7-Zip, libarchive, GNU tar.

// openers unpack an archive, "$1", into a folder, "$2".
var openers = map[string]map[string]string{
	"zip": {
		"Info-ZIP": `unzip -q "$1" -d "$2"`,
		"Python":   `/usr/bin/python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; z.extractall(sys.argv[2])' "$1" "$2"`,
		"7-Zip":    `$(command -v 7z || command -v 7zz) x -bso0 -bsp0 -y -o"$2" "$1"`,
		"bsdtar":   `bsdtar -xf "$1" -C "$2"`,
	},
	"tar": {
		"GNU tar": `tar -xf "$1" -C "$2" --no-same-owner`,
		"Python":  `/usr/bin/python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$1" "$2"`,
		"7-Zip":   `$(command -v 7z || command -v 7zz) x -bso0 -bsp0 -y -o"$2" "$1"`,
		"bsdtar":  `bsdtar -xf "$1" -C "$2"`,
	},
}

// unpacked unpacks with another program and returns a line for each file: path, time of modification, digest.
func unpacked(t *testing.T, script, file string) []string {
	t.Helper()
	folder := t.TempDir()
	out, err := exec.Command("bash", "-c", script, "bash", file, folder).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", script, err, out)
	}
	return described(t, folder)
}

// described are the files and folders below a place.
func described(t *testing.T, folder string) (lines []string) {
	t.Helper()
	script := `cd "$1" && find . -mindepth 1 \( -type d -printf '%P/\n' -o -type f -printf '%P %T+ ' -exec sha256sum -b {} \; \) | sed 's/\.0000000000 / /; s/ \*\..*//' | sort`
	out, err := exec.Command("bash", "-c", script, "bash", folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// taken downloads an archive of a folder.
func taken(t *testing.T, folder, format string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "taken."+format)
	a := curlAs(t, "bruno", "-f", "--max-time", "600", "-o", file, folder+"?archive="+format)
	if a.status != 200 || a.exit != 0 {
		t.Fatalf("%s: %d, curl %d", format, a.status, a.exit)
	}
	return file
}

// TestArchivesOpen: what is downloaded opens in all of them, with the same names, times and bytes.
func TestArchivesOpen(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	script := `cd "$1" && mkdir -p d/sub/empty && cd d && printf 'text %.0s' $(seq 20000) >text.txt && head -c 3000000 /dev/urandom >random.bin && : >nothing && printf x >'società è già 日本 🙂.txt' &&
		printf y >sub/-rf && printf z >"sub/$(printf 'n%.0s' $(seq 250))" && find . -type f -exec touch -d '2024-02-29 12:34:56' {} +`
	if out, status := asUser(t, "anna", "bash", "-c", script, "bash", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	want := described(t, zonePath(zone, "d"))
	for format, programs := range openers {
		file := taken(t, "/cgi-bin/shz/"+zone+"/d/", format)
		for name, script := range programs {
			got, want := strings.Join(unpacked(t, script, file), "\n"), strings.Join(want, "\n")
			if format == "zip" && name == "Python" { // it keeps no times
				time := regexp.MustCompile(` 20[0-9]{2}-[0-9]{2}-[0-9]{2}\+[0-9:.]+ `)
				got, want = time.ReplaceAllString(got, " "), time.ReplaceAllString(want, " ")
			}
			if got != want {
				t.Errorf("%s by %s:\n%s\nnot\n%s", format, name, got, want)
			}
		}
	}
}

// TestArchivesLarge: more than 4 GiB in one file, and a small one after it.
func TestArchivesLarge(t *testing.T) {
	needLong(t)
	zone := newZone(t, "user:bruno=read")
	script := `cd "$1" && mkdir d && truncate -s 4400M d/large.bin && printf begin | dd of=d/large.bin conv=notrunc status=none && printf small >d/z-small.txt`
	if out, status := asUser(t, "anna", "bash", "-c", script, "bash", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	testers := map[string]map[string]string{
		"zip": {
			"Info-ZIP": `unzip -tq "$1" >&2 && unzip -p "$1" z-small.txt`,
			"Python":   `/usr/bin/python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(z.read("z-small.txt").decode(), end="")' "$1"`,
			"7-Zip":    `S=$(command -v 7z || command -v 7zz); $S t -bso0 -bsp0 "$1" && $S e -so "$1" z-small.txt`,
			"bsdtar":   `bsdtar -xOf "$1" large.bin | cmp -n 4613734400 - <(printf begin; head -c 4613734395 /dev/zero) && bsdtar -xOf "$1" z-small.txt`,
		},
		"tar": {
			"GNU tar": `tar -xOf "$1" z-small.txt`,
			"Python":  `/usr/bin/python3 -c 'import sys, tarfile; z = tarfile.open(sys.argv[1]); print(z.extractfile("z-small.txt").read().decode(), end="")' "$1"`,
			"7-Zip":   `S=$(command -v 7z || command -v 7zz); $S t -bso0 -bsp0 "$1" && $S e -so "$1" z-small.txt`,
			"bsdtar":  `bsdtar -xOf "$1" z-small.txt`,
		},
	}
	for format, programs := range testers {
		file := taken(t, "/cgi-bin/shz/"+zone+"/d/", format)
		for name, script := range programs {
			out, err := exec.Command("bash", "-c", script, "bash", file).Output()
			if err != nil || string(out) != "small" {
				t.Errorf("%s by %s: %v %q", format, name, err, out)
			}
		}
		os.Remove(file)
	}
}

// TestZipStopsAtEachStep: a zip that is made in the folder is there whole or not at all.
func TestZipStopsAtEachStep(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	for i := range 3 {
		write(t, "bruno", zonePath(zone, fmt.Sprint("file ", i)), strings.Repeat("x", 100_000))
	}
	before := snapshot(t, zonePath(zone))
	fields := "op=zip&name=file+0&name=file+1&name=file+2&to=new.zip"
	for _, call := range []string{"write 1", "fsync 1", "linkat 1", "fsync 2"} {
		name, when, _ := strings.Cut(call, " ")
		// strace counts the calls of each thread by itself, and the second can be another thread's first.
		ended := true
		for try := 0; ended && try < mostTries; try++ {
			os.Remove(zonePath(zone, "new.zip"))
			ended, _ = tracedForm(t, "/cgi-bin/shz/"+zone+"/", fields, "-e", "trace="+name, "-e", "inject="+name+":signal=KILL:when="+when)
		}
		if ended {
			t.Errorf("the handler never came to %s", call)
		}
		if call != "fsync 2" {
			compare(t, before, snapshot(t, zonePath(zone)))
			continue
		}
		if out, err := exec.Command("unzip", "-tq", zonePath(zone, "new.zip")).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", call, out)
		}
	}
}

// TestArchiveOfOthers: only what one may read oneself is in it, and the report names nothing that a listing would not.
func TestArchiveOfOthers(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	script := `cd "$1" && mkdir open shut && printf x >open/mine && printf secret >open/secret && printf hidden >shut/hidden && setfacl -b open/secret shut && chmod 600 open/secret && chmod 700 shut`
	if out, status := asUser(t, "anna", "bash", "-c", script, "bash", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	file := taken(t, "/cgi-bin/shz/"+zone+"/", "zip")
	out := run(t, "bash", "-c", `unzip -Z1 "$1" | sort; unzip -p "$1" _errors.txt`, "bash", file)
	if !strings.HasPrefix(out, "_errors.txt\nopen/\nopen/mine\n") || strings.Contains(out, "hidden") || !strings.Contains(out, "\nopen/secret: ") || !strings.Contains(out, "\nshut: ") {
		t.Error(out)
	}
	a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/?search=hidden")
	var found struct {
		Hits     []any
		Complete bool
	}
	if err := json.Unmarshal([]byte(a.body), &found); err != nil || len(found.Hits) != 0 || !found.Complete {
		t.Error(a.body)
	}
}

// TestArchiveEvents: whoever takes a folder is told of with each file, however he writes the key.
func TestArchiveEvents(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	write(t, "anna", zonePath(zone, "one"), "1")
	write(t, "anna", zonePath(zone, "two"), "22")
	for _, query := range []string{"archive=zip", "%61rchive=zip", "archiv%65=tar"} {
		found := newEvents(t, "shz", func() {
			if a := curlAs(t, "bruno", "-f", "-o", "/dev/null", "/cgi-bin/shz/"+zone+"/?"+query); a.status != 200 {
				t.Errorf("%s: %d", query, a.status)
			}
		})
		if len(found) != 1 {
			t.Errorf("%s: %d event files", query, len(found))
			continue
		}
		told := map[string]float64{}
		path := ""
		for _, line := range found[0].lines {
			if line["event"] == "zip" {
				path = fmt.Sprint(line["path"])
			} else if line["result"] == "ok" {
				told[path] = line["bytes"].(float64)
			}
		}
		if len(told) != 2 || told["one"] != 1 || told["two"] != 2 {
			t.Errorf("%s: %v", query, found[0].lines)
		}
	}
}
