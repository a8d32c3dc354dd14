package zone

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/archive"
)

// listed is an archive as the test wants it: "path=content", or "path/" for a folder; "!" breaks off there.
type listed struct {
	entries []string
	at      int
	content *strings.Reader
}

func (l *listed) Next() (archive.Entry, error) {
	if l.at == len(l.entries) {
		return archive.Entry{}, io.EOF
	}
	name, content, isFile := strings.Cut(l.entries[l.at], "=")
	l.at++
	l.content = strings.NewReader(content)
	if name == "!" {
		return archive.Entry{}, &archive.Refusal{Reason: archive.Damaged, Entry: name}
	}
	return archive.Entry{Name: name, Path: strings.Split(strings.TrimSuffix(name, "/"), "/"), Folder: !isFile, Size: int64(len(content)), Modified: time.Unix(1_500_000_000, 5)}, nil
}

func (l *listed) Read(p []byte) (int, error) { return l.content.Read(p) }
func (l *listed) Close()                     {}

func TestUnpack(t *testing.T) {
	dir, root := tree(t)
	got, bytes, err := root.Unpack(&listed{entries: []string{"a/b/file=12", "top=3", "a/b/", "a/c/", "a/b/other=4", "empty=", "a/", "x/y/z/deep=55", "a/d=6"}}, "new", ExistsFail, Reserve{}, nil, nil)
	want := Landed{Name: "new", Folder: true}
	if err != nil || got != want || bytes != 7 {
		t.Fatal(got, bytes, err)
	}
	lines := []string{}
	for _, line := range stateBelow(t, dir) {
		name, rest, _ := strings.Cut(line, " ")
		if _, after, isFile := strings.Cut(rest, " "); isFile {
			name += " " + after
		}
		lines = append(lines, name)
	}
	const when = " 1500000000000000005 "
	if want := []string{"new", "new/a", "new/a/b", "new/a/b/file" + when + `"12"`, "new/a/b/other" + when + `"4"`, "new/a/c", "new/a/d" + when + `"6"`, "new/empty" + when + `""`,
		"new/top" + when + `"3"`, "new/x", "new/x/y", "new/x/y/z", "new/x/y/z/deep" + when + `"55"`}; !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	for path, mode := range map[string]os.FileMode{"new/a/b/file": 0o640, "new/a": os.ModeDir | os.ModeSticky | 0o770, "new/x/y": os.ModeDir | os.ModeSticky | 0o770} {
		st, err := os.Stat(dir + "/" + path)
		must(t, err)
		if st.Mode()&^0o027 != mode&^0o027 { // an umask
			t.Errorf("%s: %v", path, st.Mode())
		}
	}
}

// TestUnpackRefuses: of an archive that is refused in the middle nothing stays.
func TestUnpackRefuses(t *testing.T) {
	for _, row := range []struct {
		entries string // separated by blanks
		want    archive.Reason
	}{
		{"a=1 b=2 a=3", archive.Duplicate}, {"a=1 a/b=2", archive.Duplicate}, {"a/b=1 a=2", archive.Duplicate}, {"a/ a=1", archive.Duplicate}, {"a=1 a/", archive.Duplicate},
		{"d/a=1 x=1 d/a=2", archive.Duplicate}, {"a/b/c=1 a/b=2", archive.Duplicate},
		{"a=1 .shz-x=2", archive.BadName}, {"a=1 d/.shz-x/y=2", archive.BadName}, {"a=1 x\ny=2", archive.BadName}, {"\x1b[2J=1", archive.BadName},
		{"a=1 b/c=2 ! d=3", archive.Damaged}, {"!", archive.Damaged},
	} {
		dir, root := tree(t)
		_, _, err := root.Unpack(&listed{entries: strings.Split(row.entries, " ")}, "new", ExistsFail, Reserve{}, nil, nil)
		var refused *archive.Refusal
		if !errors.As(err, &refused) || refused.Reason != row.want {
			t.Errorf("%q: %v", row.entries, err)
		}
		if now := state(t, dir); now != "" {
			t.Errorf("%q: there is %s", row.entries, now)
		}
	}
}

// TestUnpackOnExists: whatever has the name, before or meanwhile.
func TestUnpackOnExists(t *testing.T) {
	for occupant, occupy := range occupants {
		for _, e := range []OnExists{ExistsFail, ExistsRename, ExistsReplace, ExistsSkip} {
			for _, late := range []bool{false, true} {
				dir, root := tree(t)
				if !late {
					must(t, occupy(dir+"/new"))
				}
				in := &meanwhile{listed: listed{entries: []string{"a=1"}}, act: func() {
					if late {
						must(t, occupy(dir+"/new"))
					}
				}}
				got, _, err := root.Unpack(in, "new", e, Reserve{}, nil, nil)
				want, wantErr := Landed{Name: "new", Folder: true}, error(nil)
				switch {
				case occupant == "nothing":
				case e == ExistsSkip:
					want = Landed{Name: "new", Skipped: true}
				case e == ExistsRename:
					want.Name = "new (2)"
				case e == ExistsReplace:
					want, wantErr = Landed{}, unix.EPERM
				default:
					want, wantErr = Landed{}, unix.EEXIST
				}
				if got != want || !errors.Is(err, wantErr) {
					t.Errorf("%s %s late=%v: %+v %v", occupant, e, late, got, err)
				}
				now := state(t, dir)
				if strings.Contains(now, ReservedPrefix) || occupant != "nothing" && (wantErr != nil || want.Skipped) && exists(dir+"/new/a") || want.Folder && !exists(dir+"/"+want.Name+"/a") {
					t.Errorf("%s %s late=%v: there is %s", occupant, e, late, now)
				}
			}
		}
	}
	_, root := tree(t)
	for _, name := range []string{"", "..", "a/b", ".shz-x", "a\nb", strings.Repeat("n", 256)} {
		if _, _, err := root.Unpack(&listed{}, name, ExistsFail, Reserve{}, nil, nil); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

// meanwhile lets something happen when the archive begins to be read.
type meanwhile struct {
	listed
	act func()
}

func (m *meanwhile) Next() (archive.Entry, error) {
	if m.act != nil {
		m.act()
		m.act = nil
	}
	return m.listed.Next()
}

// TestUnpackNoRoom: the reserve holds for what an archive says, and for what comes out.
func TestUnpackNoRoom(t *testing.T) {
	dir, root := tree(t)
	var space unix.Statfs_t
	must(t, unix.Statfs(dir, &space))
	if space.Blocks == 0 {
		t.Skip("a file system that does not say how large it is")
	}
	_, _, err := root.Unpack(&listed{entries: []string{"d/", "d/a=1"}}, "new", ExistsFail, Reserve{Percent: 100}, nil, nil)
	if now := state(t, dir); !errors.Is(err, unix.ENOSPC) || now != "" {
		t.Errorf("%v; there is %s", err, now)
	}
}

// TestUnpackDeepAndWide: many levels and many folders take a handful of descriptors.
func TestUnpackDeepAndWide(t *testing.T) {
	dir, root := tree(t)
	deep := strings.Repeat("level/", 400)
	entries := []string{deep + "file=x"}
	for i := range 300 {
		entries = append(entries, strings.Repeat("w", i%200+1)+"/f=x")
	}
	before := descriptors(t)
	_, _, err := root.Unpack(&listed{entries: entries[:201]}, "new", ExistsFail, Reserve{}, nil, nil)
	must(t, err)
	if now := descriptors(t); now != before {
		t.Errorf("%d descriptors, before %d", now, before)
	}
	if _, content, err := readObject(root, append([]string{"new"}, strings.Split(deep+"file", "/")...)); content != "x" || err != nil {
		t.Error(content, err)
	}
	must(t, root.Remove("new"))
	if now := state(t, dir); now != "" {
		t.Error(now)
	}
}
