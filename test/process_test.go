package test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// processes returns the ids of the running processes of a program (its short name) and uid; -1 is any uid.
func processes(name string, uid int) []int {
	var found []int
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // ended
		}
		field := statusFields(string(b))
		if field["Name"] != name || strings.HasPrefix(field["State"], "Z") {
			continue
		}
		real, _, _ := strings.Cut(field["Uid"], "\t")
		if uid < 0 || real == strconv.Itoa(uid) {
			pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
			found = append(found, pid)
		}
	}
	return found
}

// statusFields reads the form of /proc/PID/status (proc(5)).
func statusFields(text string) map[string]string {
	field := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		field[name] = strings.TrimSpace(value)
	}
	return field
}

// eventually waits until something is so, and says whether it became so.
func eventually(limit time.Duration, is func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return true
		}
	}
	return is()
}

// handler waits for the one process of a component that a user has, and returns its id.
func handler(t *testing.T, component, user string) int {
	t.Helper()
	uid := uidOf(t, user)
	var found []int
	if !eventually(patience, func() bool { found = processes(component, uid); return len(found) == 1 }) {
		t.Fatalf("%s has %d processes of %s, not one", user, len(found), component)
	}
	return found[0]
}

// noHandlers waits until a user has no process of a component left.
func noHandlers(t *testing.T, component, user string) {
	t.Helper()
	uid := uidOf(t, user)
	if !eventually(patience, func() bool { return len(processes(component, uid)) == 0 }) {
		t.Errorf("%s still runs as %s: %v", component, user, processes(component, uid))
	}
}

func kill(t *testing.T, pid int, signal unix.Signal) {
	t.Helper()
	if err := unix.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}

// free is the free space of a file system in bytes.
func free(t *testing.T, path string) int64 {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		t.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize
}

// fill takes the space of the zones' file system but for what is left, and returns a function that gives it back.
func fill(t *testing.T, path string, left int64) (empty func()) {
	t.Helper()
	name := filepath.Join(path, ".filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	empty = func() { os.Remove(name) }
	t.Cleanup(empty)
	if size := free(t, path) - left; size > 0 {
		if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
			t.Fatal(err)
		}
	}
	return empty
}
