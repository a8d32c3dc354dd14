package main

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
)

// setup is an object somewhere in a zone, with folders, owners, groups, modes and lists as they come.
type setup struct {
	Names  []string // from the base down, as bytes
	Folder bool
}

func (s setup) path(n int) string { return layout.Base + "/" + strings.Join(s.Names[:n], "/") }

// truth is what a process that became somebody finds out by path.
type truth struct {
	Read, Write, Enter bool
	Stopped            int // how many names lead to the folder that it cannot pass; -1
}

// ask answers for each set-up of its input what the kernel says to whoever it runs as. It knows nothing of the helper.
func ask() {
	var setups []setup
	if err := gob.NewDecoder(os.Stdin).Decode(&setups); err != nil { // JSON would change names that are no text
		fmt.Println(err)
		return
	}
	may := func(path string, mode uint32) bool {
		return unix.Faccessat2(unix.AT_FDCWD, path, mode, unix.AT_EACCESS|unix.AT_SYMLINK_NOFOLLOW) == nil
	}
	found := make([]truth, len(setups))
	for i, s := range setups {
		found[i].Stopped = -1
		for n := 1; n <= len(s.Names) && found[i].Stopped < 0; n++ {
			var st unix.Stat_t
			if unix.Lstat(s.path(n), &st) == unix.EACCES {
				found[i].Stopped = n - 1
			}
		}
		path := s.path(len(s.Names))
		found[i].Read = may(path, unix.R_OK)
		if s.Folder {
			found[i].Write, found[i].Enter = may(path, unix.W_OK|unix.X_OK), may(path, unix.X_OK)
		} else {
			found[i].Write = may(path, unix.W_OK)
		}
	}
	gob.NewEncoder(os.Stdout).Encode(found)
}

// randomSetups is how many there are at once.
const randomSetups = 200

// TestRandomSetups: for each set-up and each person the table says what faccessat says to a process of that person, the
// folder that stops him is the one that stops that process, and the entries it names explain all of it.
func TestRandomSetups(t *testing.T) {
	needCopy(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := newGenerator(t, rand.New(rand.NewPCG(seed, 7)))
	var setups []setup
	var owners []string
	for i := range randomSetups {
		s, owner := g.build(t, i)
		setups, owners = append(setups, s), append(owners, owner)
	}
	names := account.NewNames()
	truths := make(map[string][]truth)
	for _, e := range names.Members(layout.GroupBase) {
		truths[e.Name] = truthsOf(t, g.program, e.Name, setups)
	}
	counts := make(map[string]int)
	for i, s := range setups {
		q := request{Op: "who", Zone: s.Names[0], Path: encoded(s.Names[1:])}
		asker := "" // the zone's owner where he is a manager, or else root
		if slices.Contains(g.managers, owners[i]) {
			asker = owners[i]
		}
		a := askAs(t, asker, q)
		if a.status != 0 || len(a.People) != len(truths) {
			t.Fatalf("seed %d, %q: %d %s, %d people of %d", seed, s.Names, a.status, a.log, len(a.People), len(truths))
		}
		var readers []string
		for _, p := range a.People {
			want := truths[p.User][i]
			if got := (truth{p.Read, p.Write, p.Enter, stoppedAt(t, s, p)}); got != want {
				t.Errorf("seed %d, %s, %q: %+v, but the kernel says %+v\n%s", seed, p.User, s.Names, got, want, describe(t, s))
			}
			if p.Read {
				readers = append(readers, p.User)
			}
			checkReason(t, names, s, p, counts)
		}
		if i%10 == 0 {
			q.Op = "readers"
			if r := askAs(t, asker, q); r.status != 0 || !slices.Equal(r.Users, readers) {
				t.Errorf("seed %d, %q: readers are %q, not %q %s", seed, s.Names, r.Users, readers, r.log)
			}
		}
	}
	t.Logf("%d set-ups, %d people, entries: %v", len(setups), len(truths), counts)
	for _, kind := range []string{"owner", "user", "group", "other", "file's group", "masked", "stopped", "also"} {
		if counts[kind] < 5 {
			t.Errorf("seed %d: only %d of kind %s: the set-ups are not what they should be", seed, counts[kind], kind)
		}
	}
}

// stoppedAt is where the answer says that somebody is stopped, as a number of names.
func stoppedAt(t *testing.T, s setup, p helper.Person) int {
	t.Helper()
	switch {
	case p.Stopped == nil:
		return -1
	case *p.Stopped == aboveZone:
		return 0
	case *p.Stopped == "":
		return 1
	}
	n := strings.Count(*p.Stopped, "/") + 2
	if n >= len(s.Names) || *p.Stopped != encoded(s.Names[1:n]) {
		t.Errorf("%s is stopped at %q, which is not on the way to %q", p.User, *p.Stopped, s.Names)
	}
	return n
}

// checkReason: the entries stand in the list of the object, or of the folder that stops, with these permissions; and
// under the mask they come to what the answer says.
func checkReason(t *testing.T, names *account.Names, s setup, p helper.Person, counts map[string]int) {
	t.Helper()
	at := len(s.Names)
	if p.Stopped != nil {
		at = stoppedAt(t, s, p)
		counts["stopped"]++
	}
	list := listOf(t, s.path(at))
	if p.Entry == "" {
		t.Errorf("%s, %q: no reason for %+v, of\n%s", p.User, s.Names, p, list.Format(names))
		return
	}
	main := entryOf(t, names, p.Entry, list)
	if main.Perm.String() != p.Perm || p.Masked != (list.Effective(main) != main.Perm) {
		t.Errorf("%s, %q: %+v, of\n%s", p.User, s.Names, p, list.Format(names))
	}
	kind, _, _ := strings.Cut(p.Entry, ":")
	if p.Entry == "group" {
		kind = "file's group"
	}
	counts[kind]++
	sets := []acl.Perm{list.Effective(main)}
	for _, also := range p.Also {
		sets = append(sets, list.Effective(entryOf(t, names, also, list)))
		counts["also"]++
	}
	if p.Masked {
		counts["masked"]++
	}
	allows := func(want acl.Perm) bool {
		return slices.ContainsFunc(sets, func(perm acl.Perm) bool { return perm&want == want })
	}
	switch {
	case p.Stopped != nil:
		if allows(acl.Execute) {
			t.Errorf("%s, %q: stopped by %s, which lets him pass:\n%s", p.User, s.Names, p.Entry, list.Format(names))
		}
	case !s.Folder && (allows(acl.Read) != p.Read || allows(acl.Write) != p.Write),
		s.Folder && (allows(acl.Read) != p.Read || allows(acl.Execute) != p.Enter || allows(acl.Write|acl.Execute) != p.Write):
		t.Errorf("%s, %q: %+v does not follow from\n%s", p.User, s.Names, p, list.Format(names))
	}
}

// entryOf finds the entry that a text names, in the list.
func entryOf(t *testing.T, names *account.Names, text string, list acl.ACL) acl.Entry {
	t.Helper()
	kind, name, _ := strings.Cut(text, ":")
	var want acl.Entry
	var known bool
	switch {
	case text == "owner":
		want.Tag, want.ID, known = acl.UserObj, acl.Undefined, true
	case text == "group":
		want.Tag, want.ID, known = acl.GroupObj, acl.Undefined, true
	case text == "other":
		want.Tag, want.ID, known = acl.Other, acl.Undefined, true
	case kind == "user":
		want.Tag = acl.User
		want.ID, known = names.UserID(name)
	case kind == "group":
		want.Tag = acl.Group
		want.ID, known = names.GroupID(name)
	}
	perm, found := list.Find(want.Tag, want.ID)
	if !known || !found {
		t.Errorf("no entry %q in\n%s", text, list.Format(names))
	}
	want.Perm = perm
	return want
}

func listOf(t *testing.T, path string) acl.ACL {
	t.Helper()
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(path, err)
	}
	defer unix.Close(fd)
	list, err := acl.Access(fd)
	if err != nil {
		t.Fatal(path, err)
	}
	return list
}

func describe(t *testing.T, s setup) string {
	var paths []string
	for n := 1; n <= len(s.Names); n++ {
		paths = append(paths, s.path(n))
	}
	return sh(t, `getfacl -pn -- "$@"`, paths...)
}

func encoded(names []string) string {
	segments := make([]string, len(names))
	for i, name := range names {
		segments[i] = url.PathEscape(name)
	}
	return strings.Join(segments, "/")
}

// truthsOf has a process that became somebody, with the groups of a login, ask about all set-ups.
func truthsOf(t *testing.T, program, user string, setups []setup) []truth {
	t.Helper()
	var input bytes.Buffer
	must(t, gob.NewEncoder(&input).Encode(setups))
	cmd := exec.Command("setpriv", "--reuid="+user, "--regid="+sh(t, `id -g "$1"`, user), "--init-groups", program)
	cmd.Env, cmd.Stdin = []string{asRole + "=asker"}, &input
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	var found []truth
	if err := errors.Join(err, gob.NewDecoder(bytes.NewReader(out)).Decode(&found)); err != nil || len(found) != len(setups) {
		t.Fatalf("%s: %v\n%s%s", user, err, out, complaints.Bytes())
	}
	return found
}

// generator makes set-ups of the same people and groups.
type generator struct {
	r        *rand.Rand
	program  string
	people   []string
	managers []string
	uids     []uint32
	gids     []uint32
}

func newGenerator(t *testing.T, r *rand.Rand) *generator {
	t.Helper()
	g := &generator{r: r, program: installed(t)}
	var groups []string
	for i := range 5 {
		name := fmt.Sprintf("ac-g%d", i)
		sh(t, `groupadd "$1"`, name)
		t.Cleanup(func() { exec.Command("groupdel", name).Run() })
		groups = append(groups, name)
		g.gids = append(g.gids, number(t, `getent group "$1" | cut -d: -f3`, name))
	}
	for i := range 12 {
		name, in := fmt.Sprintf("ac-u%d", i), "shzbase"
		if i < 4 {
			in += ",shzmgr"
			g.managers = append(g.managers, name)
		}
		for _, group := range groups {
			if r.IntN(5) < 2 {
				in += "," + group
			}
		}
		newUser(t, name, in)
		g.people = append(g.people, name)
		g.uids = append(g.uids, number(t, `id -u "$1"`, name))
	}
	g.gids = append(g.gids, g.uids[:3]...) // private groups have the same numbers, or those of others
	return g
}

func number(t *testing.T, command, arg string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(sh(t, command, arg), 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// build makes a zone with folders in each other and an object in the last, and says who owns the zone.
func (g *generator) build(t *testing.T, i int) (s setup, owner string) {
	t.Helper()
	s = setup{Names: []string{fmt.Sprintf("ac-%d", i)}, Folder: true}
	who := g.r.IntN(len(g.people))
	t.Cleanup(func() { os.RemoveAll(s.path(1)) })
	for depth := g.r.IntN(5); depth > 0; depth-- {
		s.Names = append(s.Names, pick(g.r, []string{"folder", "a b", "perché", "%41", "caf\xe9", "#?&", "..x", "x\ny"}))
	}
	if len(s.Names) > 1 {
		s.Folder = g.r.IntN(2) == 0
	}
	for n := 1; n <= len(s.Names); n++ {
		path, isFolder := s.path(n), n < len(s.Names) || s.Folder
		if isFolder {
			must(t, os.Mkdir(path, 0o700))
		} else {
			must(t, os.WriteFile(path, []byte("x"), 0o600))
		}
		uid, gid := pick(g.r, g.uids), pick(g.r, g.gids)
		if n == 1 {
			uid = g.uids[who]
		}
		must(t, os.Chown(path, int(uid), int(gid)))
		fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW, 0)
		must(t, err)
		must(t, acl.SetAccess(fd, g.list(n < len(s.Names))))
		unix.Close(fd)
	}
	return s, g.people[who]
}

// list is a random one; on the way to something it lets more people pass, or hardly anybody would get far.
func (g *generator) list(onTheWay bool) acl.ACL {
	perms := []acl.Perm{0, 1, 2, 3, 4, 5, 6, 7, 7, 5}
	if onTheWay {
		perms = []acl.Perm{0, 1, 3, 5, 5, 7, 7, 7, 6}
	}
	perm := func() acl.Perm { return pick(g.r, perms) }
	a := acl.ACL{{Tag: acl.UserObj, ID: acl.Undefined, Perm: perm()}, {Tag: acl.GroupObj, ID: acl.Undefined, Perm: perm()}, {Tag: acl.Other, ID: acl.Undefined}}
	if g.r.IntN(3) > 0 {
		a[2].Perm = perm()
	}
	for range g.r.IntN(4) {
		a = a.With(acl.Entry{Tag: acl.User, ID: pick(g.r, g.uids), Perm: perm()})
	}
	for range g.r.IntN(5) {
		a = a.With(acl.Entry{Tag: acl.Group, ID: pick(g.r, g.gids), Perm: perm()})
	}
	if a = a.Remask(); g.r.IntN(4) == 0 {
		a = a.With(acl.Entry{Tag: acl.Mask, Perm: perm()})
	}
	return a
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
