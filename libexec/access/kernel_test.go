package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/zone"
)

// inThread runs something in a thread that nobody else gets, and that ends with it.
func inThread(do func()) {
	ended := make(chan bool)
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		do()
	}()
	<-ended
}

// installed is this program where every user may run it.
func installed(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "ac-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(dir+"/program", os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close(), os.Chmod(dir, 0o755), os.Chmod(dir+"/program", 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir + "/program"
}

// TestOneThreadAlone: the ids are taken by one thread, without root's capabilities, and given back; all other threads are
// root's all the time. Whose ids they are cannot reach the thread meanwhile.
func TestOneThreadAlone(t *testing.T) {
	needCopy(t)
	uid, err := strconv.Atoi(newUser(t, "ac-person", "shzbase"))
	if err != nil {
		t.Fatal(err)
	}
	program := installed(t)
	person := acl.Person{UID: uint32(uid), GID: 4321, Groups: []uint32{4322, 4321, 4322}}
	const caps = "CapEff:\t0000000000000000"
	inThread(func() {
		tid := unix.Gettid()
		before := status(t, tid)
		if err := become(person); err != nil {
			t.Error(err)
			return
		}
		mine := status(t, tid)
		for _, want := range []string{fmt.Sprintf("Uid:\t0\t%d\t0\t%d\n", uid, uid), "Gid:\t0\t4321\t0\t4321\n", "Groups:\t4321 4322 4322 \n", caps} {
			if !strings.Contains(mine, want) {
				t.Errorf("the thread is not %q:\n%s", want, mine)
			}
		}
		others := 0
		for _, other := range threads(t) {
			if other == tid {
				continue
			}
			others++
			if s := status(t, other); !strings.Contains(s, "Uid:\t0\t0\t0\t0\n") || !strings.Contains(s, "Gid:\t0\t0\t0\t0\n") || strings.Contains(s, caps) {
				t.Errorf("another thread changed too:\n%s", s)
			}
		}
		if others == 0 {
			t.Error("there is no other thread to compare with")
		}
		checkOutOfReach(t, program, tid)
		if err := comeBack(); err != nil {
			t.Error(err)
		}
		if after := status(t, tid); lineOf(after, "Uid:") != lineOf(before, "Uid:") || lineOf(after, "CapEff:") != lineOf(before, "CapEff:") {
			t.Errorf("not as before:\n%s\n%s", before, after)
		}
	})
}

// checkOutOfReach has the person try to signal, trace, limit and read the thread that has his ids.
func checkOutOfReach(t *testing.T, program string, tid int) {
	cmd := exec.Command("setpriv", "--reuid=ac-person", "--regid=ac-person", "--init-groups", program, strconv.Itoa(os.Getpid()), strconv.Itoa(tid))
	cmd.Env = []string{asRole + "=neighbour"}
	var out []byte
	var err error
	ran := make(chan bool)
	go func() { // from a thread of root's
		out, err = cmd.CombinedOutput()
		close(ran)
	}()
	<-ran
	if err != nil || strings.TrimSpace(string(out)) != "out of reach" {
		t.Errorf("%v: %s", err, out)
	}
}

// neighbour tries what its user may do with a thread.
func neighbour() {
	pid, _ := strconv.Atoi(os.Args[1])
	tid, _ := strconv.Atoi(os.Args[2])
	reached := ""
	try := func(what string, err error) {
		if err == nil {
			reached += what + " "
		}
	}
	try("tgkill", unix.Tgkill(pid, tid, 0))
	try("kill", unix.Kill(pid, 0))
	try("kill of the thread", unix.Kill(tid, 0))
	try("ptrace", unix.PtraceSeize(tid))
	try("prlimit", unix.Prlimit(tid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 10, Max: 10}, nil))
	for _, name := range []string{"mem", "maps", "environ", "fd/0"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/task/%d/%s", pid, tid, name))
		try(name, err)
		f.Close()
	}
	if reached == "" {
		reached = "out of reach"
	}
	fmt.Println(reached)
}

func status(t *testing.T, tid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/status", tid))
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func threads(t *testing.T) []int {
	names, err := filepath.Glob("/proc/self/task/*")
	if err != nil || len(names) == 0 {
		t.Error("no threads", err)
	}
	var ids []int
	for _, name := range names {
		id, _ := strconv.Atoi(filepath.Base(name))
		ids = append(ids, id)
	}
	return ids
}

func lineOf(text, begin string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, begin) {
			return line
		}
	}
	return ""
}

// TestChangedMeanwhile: what is moved away between root's look and a person's turn is no answer about him.
func TestChangedMeanwhile(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	top := newZone(t, "ac-changed", "ac-owner")
	sh(t, `mkdir -m 755 "$1/folder"; touch "$1/folder/file"; setfacl -m o::rx "$1"`, top)
	base, err := zone.OpenBase()
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	p := place{base: base, names: []string{"ac-changed", "folder", "file"}}
	if p.object, err = base.Open(p.names); err != nil {
		t.Fatal(err)
	}
	defer p.object.Close()
	owner, err := strconv.Atoi(sh(t, "id -u ac-owner"))
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(sh(t, "getent group shzbase | cut -d: -f3"))
	if err != nil {
		t.Fatal(err)
	}
	people := []acl.Person{{UID: uint32(owner), GID: uint32(gid)}}
	if answers, err := p.askKernel(people); err != nil || answers[0].stopped != notStopped || !answers[0].read {
		t.Fatalf("%+v %v", answers, err)
	}
	sh(t, `mv "$1/folder" "$1/away"`, top)
	if _, err := p.askKernel(people); !errors.Is(err, errChanged) {
		t.Errorf("moved away: %v", err)
	}
	sh(t, `ln -s away "$1/folder"`, top)
	if _, err := p.askKernel(people); !errors.Is(err, errChanged) {
		t.Errorf("a link in its place: %v", err)
	}
}
