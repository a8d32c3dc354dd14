package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const testName = "20261122T041951.000000001Z-0123456789abcdef"

const testHeader = `{"version":1,"time":"2026-11-22T04:19:51Z","request":"0123456789abcdef","uid":1002,"user":"bruno","component":"shz",` +
	`"entry":"internal","address":"192.0.2.7","zone":"demo","zone_id":"00112233445566778899aabbccddeeff"}` + "\n"

// readText reads an event file of that content whose lock is free.
func readText(t *testing.T, content string) ([]Record, State, []Damage) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(folder+"/"+testName, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	records, state, damage, err := Read(folder, testName, true)
	if err != nil {
		t.Fatal(err)
	}
	return records, state, damage
}

// What Create, Begin and End write is what Read reads: while the lock is held, and after.
func TestWhatIsWrittenIsRead(t *testing.T) {
	folder := t.TempDir()
	f, err := Create(folder, Header{UID: 1001, User: "anna", Component: "shzadm", Entry: EntryShell, Zone: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	done, _ := f.Begin("upload", "a\n\x1b[2J\"b")
	done.End("ok", 12, "a (2)")
	f.Begin("download", "caf\xe9")
	about, _ := f.BeginFor("user-lock", "bruno")
	about.End("not-found", -1, "")
	for _, c := range []struct {
		result string
		before func()
	}{{Running, func() {}}, {Interrupted, func() { f.Close() }}} {
		c.before()
		var got []string
		damage, err := ReadFolder(folder, func(r Record) {
			b, _ := json.Marshal(r)
			if age := time.Since(r.Time); age < -time.Second || age > time.Minute || len(r.Request) != 16 {
				t.Errorf("%s", b)
			}
			got = append(got, fmt.Sprint(r.Event, " ", r.User, " ", r.Entry, " ", value(r.Address), " ", *r.Zone, " ", value(r.Path), " ", r.Raw,
				" ", r.Bytes != nil && *r.Bytes == 12, " ", r.Result, " ", value(r.About)))
		})
		want := []string{"upload anna shell null demo a (2)  true ok null", "download anna shell null demo caf\ufffd caf%E9 false " + c.result + " null",
			"user-lock anna shell null demo null  false not-found bruno"}
		if strings.Join(got, "\n") != strings.Join(want, "\n") || err != nil || damage != nil {
			t.Errorf("%s: %q, %v, %v", c.result, got, damage, err)
		}
	}
}

func value(p *string) string {
	if p == nil {
		return "null"
	}
	return *p
}

// TestZoneOfAnAct: the component zones names the zone of each act, and shz that of what arrives elsewhere; nobody else does.
func TestZoneOfAnAct(t *testing.T) {
	const id = "ffeeddccbbaa99887766554433221100"
	header := strings.Replace(testHeader, `"shz"`, `"zones"`, 1)
	header = strings.Replace(strings.Replace(header, `"zone":"demo"`, `"zone":""`, 1), "00112233445566778899aabbccddeeff", "", 1)
	line := `{"n":1,"event":"zone-create","zone":"offers","zone_id":"` + id + `","zone_dir":"7-70"}` + "\n"
	r, _, damage := readText(t, header+line+`{"n":2,"event":"zone-modify"}`+"\n"+`{"n":1,"result":"ok"}`+"\n")
	if damage != nil || len(r) != 2 || value(r[0].Zone) != "offers" || r[0].ZoneID != id || r[0].ZoneDir != "7-70" || r[0].Result != "ok" || r[1].Zone != nil || r[1].ZoneID+r[1].ZoneDir != "" {
		t.Errorf("%+v, %v", r, damage)
	}
	for _, event := range []string{"move", "copy", "unzip"} {
		r, _, damage := readText(t, testHeader+strings.Replace(line, "zone-create", event, 1))
		if damage != nil || len(r) != 1 || value(r[0].Zone) != "offers" || r[0].ZoneID != id {
			t.Errorf("%s: %+v, %v", event, r, damage)
		}
	}
	for what, text := range map[string]string{
		"what does not arrive": testHeader + strings.Replace(line, "zone-create", "delete", 1),
		"another component":    testHeader + line,
		"a name of no zone":    header + strings.Replace(line, "offers", "../x", 1),
		"an id that is none":   header + strings.Replace(line, id, "x", 1),
		"a directory, none":    header + strings.Replace(line, "7-70", "7", 1),
		"a directory alone":    testHeader + `{"n":1,"event":"upload","zone_dir":"7-70"}` + "\n",
		"at the end of an act": header + `{"n":1,"event":"zone-create"}` + "\n" + `{"n":1,"result":"ok","zone":"offers"}` + "\n",
	} {
		if _, _, damage := readText(t, text); len(damage) != 1 {
			t.Errorf("%s: %v", what, damage)
		}
	}
	folder := t.TempDir()
	f, err := Create(folder, Header{UID: 1001, User: "anna", Component: "zones", Entry: EntryShell})
	if err != nil {
		t.Fatal(err)
	}
	act, err := f.BeginIn(Zone{"offers", id, "8-80"}, "zone-share", "user:bruno=read")
	act.End("ok", -1, "")
	f.Close()
	damage, readErr := ReadFolder(folder, func(r Record) {
		if value(r.Zone) != "offers" || r.ZoneID != id || r.ZoneDir != "8-80" || value(r.Path) != "user:bruno=read" || r.Result != "ok" {
			t.Errorf("%+v", r)
		}
	})
	if err := errors.Join(err, readErr); err != nil || damage != nil {
		t.Error(damage, err)
	}
}

func TestLoginIsOfWhoLogsIn(t *testing.T) {
	guest := strings.Replace(testHeader, "bruno", "shzguest", 1)
	for end, want := range map[string]string{
		`{"n":1,"result":"ok"}` + "\n":      "login ok",
		`{"n":1,"result":"refused"}` + "\n": "login-failed refused",
		"":                                  "login interrupted",
	} {
		r, _, damage := readText(t, guest+`{"n":1,"event":"login","user":"<svg>"}`+"\n"+end)
		if len(r) != 1 || r[0].User != "<svg>" || r[0].About != nil || r[0].Event+" "+r[0].Result != want || damage != nil {
			t.Errorf("%q: %+v, %v", end, r, damage)
		}
	}
}

// TestAskedByAnybody: who asks for a link, or makes one up, need not be whose password it is for; who sets the password is.
func TestAskedByAnybody(t *testing.T) {
	guest := strings.Replace(testHeader, "bruno", "shzguest", 1)
	for act, user := range map[string]string{"password-asked ok": "shzguest", "password not-permitted": "shzguest", "password bad-request": "shzguest", "password ok": "anna",
		"user-modify ok": "anna", "address-refused not-permitted": "shzguest", "user-modify busy": "shzguest"} {
		event, result, _ := strings.Cut(act, " ")
		event = strings.Replace(event, "address-refused", "user-modify", 1)
		about := "null"
		if user == "shzguest" || event == "user-modify" {
			about = "anna"
		}
		r, _, damage := readText(t, guest+`{"n":1,"event":"`+event+`","user":"anna"}`+"\n"+`{"n":1,"result":"`+result+`"}`+"\n")
		if len(r) != 1 || r[0].User != user || value(r[0].About) != about || r[0].Event+" "+r[0].Result != act || damage != nil {
			t.Errorf("%s: %+v, %v", act, r, damage)
		}
	}
}

// TestArrived: of what the zone has something that it had not, and whose what was taken is.
func TestArrived(t *testing.T) {
	for _, row := range []struct {
		lines   string
		arrived bool
		owner   uint32
	}{
		{`{"n":1,"event":"upload","path":"a"}`, true, 0},
		{`{"n":1,"event":"download","path":"a","owner":1001}`, false, 1001},
		{`{"n":1,"event":"zip","path":"a","owner":1001}`, false, 1001},
		{`{"n":1,"event":"zip","path":"a.zip"}`, true, 0},
		{`{"n":1,"event":"unzip","path":"a.zip"}` + "\n" + `{"n":1,"result":"ok","path":"a"}`, true, 0},
		{`{"n":1,"event":"unzip","path":"a.zip"}` + "\n" + `{"n":1,"result":"ok"}`, false, 0}, // into another zone
		{`{"n":1,"event":"copy","path":"a","zone":"other"}`, true, 0},
		{`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"owner":1001}`, false, 1001}, // killed meanwhile, too
		{`{"n":1,"event":"move","path":"a"}` + "\n" + `{"n":1,"owner":1001}` + "\n" + `{"n":1,"result":"ok","path":"b"}`, false, 1001},
		{`{"n":1,"event":"unzip","path":"a.zip","owner":1001}` + "\n" + `{"n":1,"result":"ok"}`, false, 1001},
		{`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"result":"ok","path":"b"}`, false, 0},
	} {
		r, _, damage := readText(t, testHeader+row.lines+"\n")
		if len(r) != 1 || len(damage) > 0 || r[0].Arrived != row.arrived || (r[0].Owner == nil) != (row.owner == 0) || r[0].Owner != nil && *r[0].Owner != row.owner {
			t.Errorf("%s: %+v %v", row.lines, r, damage)
		}
	}
	if r, _, damage := readText(t, testHeader+`{"n":1,"event":"upload","path":"a","owner":0}`+"\n"); len(r) != 0 || len(damage) != 1 {
		t.Errorf("an upload names an owner: %+v %v", r, damage)
	}
	for _, lines := range []string{
		`{"n":1,"event":"copy","path":"a","zone":"other"}` + "\n" + `{"n":1,"owner":1001}`, // it arrives there
		`{"n":1,"event":"rename","path":"a"}` + "\n" + `{"n":1,"owner":1001}`,
		`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"owner":1001}` + "\n" + `{"n":1,"owner":1002}`,
		`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"result":"ok"}` + "\n" + `{"n":1,"owner":1001}`,
		`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"owner":1001,"path":"b"}`,
	} {
		if _, _, damage := readText(t, testHeader+lines+"\n"); len(damage) != 1 {
			t.Errorf("%s: %v", lines, damage)
		}
	}
}

// TestFormerName: what gets another name in its zone keeps the one that it had; what arrives from another zone had none here.
func TestFormerName(t *testing.T) {
	for lines, want := range map[string]string{
		`{"n":1,"event":"rename","path":"caf\ufffd","raw":"caf%E9"}` + "\n" + `{"n":1,"result":"ok","path":"b"}`:                             "caf\ufffd caf%E9 > b",
		`{"n":1,"event":"rename","path":"a"}` + "\n" + `{"n":1,"result":"exists"}`:                                                           "> a",
		`{"n":1,"event":"move","path":"a"}` + "\n" + `{"n":1,"result":"ok","path":"d/a"}`:                                                    "a > d/a",
		`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"result":"ok"}`:                                                                 "> a", // into another zone
		`{"n":1,"event":"copy","path":"a","zone":"other"}` + "\n" + `{"n":1,"result":"ok","path":"a (2)"}`:                                   "> a (2)",
		`{"n":1,"event":"unzip","path":"a.zip"}` + "\n" + `{"n":1,"path":"a","file":"1-1"}`:                                                  "a.zip > a", // killed
		`{"n":1,"event":"upload","path":"a","file":"1-1"}` + "\n" + `{"n":1,"path":"a (2)"}` + "\n" + `{"n":1,"result":"ok","path":"a (2)"}`: "> a (2)",
	} {
		r, _, damage := readText(t, testHeader+lines+"\n")
		if len(r) != 1 || len(damage) > 0 {
			t.Fatalf("%s: %+v %v", lines, r, damage)
		}
		got := "> " + *r[0].Path
		if r[0].From != nil {
			got = strings.TrimSpace(*r[0].From+" "+r[0].FromRaw) + " " + got
		}
		if got != want {
			t.Errorf("%s: %q, not %q", lines, got, want)
		}
	}
}

// A damaged line is told with its number, and the others count.
func TestDamagedLines(t *testing.T) {
	const good = `{"n":1,"event":"mkdir","path":"x"}` + "\n"
	for _, c := range []struct {
		name, lines string
		at, records int
	}{
		{"nothing wrong", good, 0, 1},
		{"no JSON", good + "nonsense\n", 3, 1},
		{"two objects", good + `{"n":2,"event":"mkdir"}{"n":3,"event":"mkdir"}` + "\n", 3, 1},
		{"unknown key", good + `{"n":2,"event":"mkdir","uid":0}` + "\n", 3, 1},
		{"unknown event", good + `{"n":2,"event":"format"}` + "\n", 3, 1},
		{"another first line", good + testHeader, 3, 1},
		{"the same act again", good + good, 3, 1},
		{"an end without beginning", `{"n":7,"result":"ok"}` + "\n", 2, 0},
		{"two ends", good + `{"n":1,"result":"ok"}` + "\n" + `{"n":1,"result":"internal"}` + "\n", 4, 1},
		{"both at once", `{"n":1,"event":"mkdir","result":"ok"}` + "\n", 2, 0},
		{"neither", `{"n":1}` + "\n", 2, 0},
		{"a result of ours", good + `{"n":1,"result":"running"}` + "\n", 3, 1},
		{"a result that is no code", good + `{"n":1,"result":"ok\n"}` + "\n", 3, 1},
		{"fewer bytes than none", good + `{"n":1,"result":"ok","bytes":-1}` + "\n", 3, 1},
		{"no UTF-8", good + "{\"n\":2,\"event\":\"mkdir\",\"path\":\"\xff\"}\n", 3, 1},
		{"torn", good + `{"n":1,"resu`, 3, 1},
		{"too long", good + `{"n":2,"event":"mkdir","path":"` + strings.Repeat("x", maxLine) + "\"}\n" + `{"n":3,"event":"mkdir"}` + "\n", 3, 2},
	} {
		records, _, damage := readText(t, testHeader+c.lines)
		if len(records) != c.records || (c.at > 0) != (len(damage) == 1) || c.at > 0 && damage[0].Line != c.at {
			t.Errorf("%s: %d records, %+v", c.name, len(records), damage)
		}
	}
	if _, _, damage := readText(t, testHeader+strings.Repeat("nonsense\n", 100)); len(damage) != maxDamage {
		t.Errorf("%d damaged lines are told", len(damage))
	}
}

// Without a first line that can be believed nothing of the file is.
func TestDamagedHeaders(t *testing.T) {
	for old, other := range map[string]string{
		`"version":1`: `"version":2`, `"0123456789abcdef"`: `"x"`, `"bruno"`: `"bru\no"`, `"shz"`: `"../x"`, `"internal"`: `"inside"`,
		`"192.0.2.7"`: `"192.0.2.7\n"`, `"demo"`: `"../demo"`, `"00112233445566778899aabbccddeeff"`: `"0"`, `"uid"`: `"gid"`, `1002`: `-1`,
		`"2026-11-22T04:19:51Z"`: `"yesterday"`, "}\n": "}", "{": "nonsense", `"user":"bruno",`: "",
	} {
		header := strings.Replace(testHeader, old, other, 1)
		if header == testHeader {
			t.Fatalf("%s does not stand in the header", old)
		}
		records, _, damage := readText(t, header+`{"n":1,"event":"mkdir","path":"x"}`+"\n")
		if len(records) != 0 || len(damage) != 1 || damage[0].Line > 1 {
			t.Errorf("%s: %+v, %+v", other, records, damage)
		}
	}
}

// Nothing but a plain file of root's with the right name is opened for reading, and nothing makes the reader wait.
func TestStrangeFiles(t *testing.T) {
	folder := t.TempDir()
	path := folder + "/" + testName
	for name, prepare := range map[string]func() error{
		"link":      func() error { return os.Symlink("/etc/passwd", path) },
		"FIFO":      func() error { return unix.Mkfifo(path, 0o600) },
		"directory": func() error { return os.Mkdir(path, 0o700) },
		"empty, old": func() error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, time.Time{}, time.Now().Add(-2*youngFile)))
		},
	} {
		if err := prepare(); err != nil {
			t.Fatal(err)
		}
		records, _, damage, err := Read(folder, testName, true)
		if records != nil || len(damage) != 1 || err != nil {
			t.Errorf("%s: %v, %v, %v", name, records, damage, err)
		}
		os.RemoveAll(path)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, state, damage, err := Read(folder, testName, true); state != Unready || damage != nil || err != nil {
		t.Errorf("a new file without its first line: %v, %v, %v", state, damage, err)
	}
	for _, name := range []string{"notes", "." + testName, testName + "~"} {
		if _, _, damage, err := Read(folder, name, true); len(damage) != 1 || err != nil {
			t.Errorf("%s: %v, %v", name, damage, err)
		}
	}
	if _, err := ReadFolder(filepath.Join(folder, "nothing"), func(Record) {}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A reader never takes the lock of a file that is just being made: its writer would give up.
func TestReadingDisturbsNobody(t *testing.T) {
	folder := t.TempDir()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if damage, err := ReadFolder(folder, func(Record) {}); damage != nil || err != nil {
						t.Errorf("%v, %v", damage, err)
						return
					}
				}
			}
		})
	}
	for range 100 {
		f, err := Create(folder, Header{User: "root", Component: "shzadm", Entry: EntryShell})
		if err != nil {
			t.Error(err)
			break
		}
		act, err := f.Begin("mkdir", "x")
		if err != nil {
			t.Error(err)
		}
		act.End("ok", -1, "")
		f.Close()
	}
	close(stop)
	readers.Wait()
}

func TestCreateRefuses(t *testing.T) {
	folder := t.TempDir()
	for _, h := range []Header{
		{}, {User: "a\nb", Component: "shzadm", Entry: EntryShell}, {User: "root", Component: "shzadm", Entry: EntryShell, Zone: "../x"},
		{User: "root", Component: "shzadm", Entry: EntryShell, Address: "192.0.2.7"}, {User: "root", Component: "shzadm", Entry: "internal"},
	} {
		if _, err := Create(folder, h); err == nil {
			t.Errorf("%+v", h)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// TestLongPaths: the kernel sets no limit to a path, and an act must not be lost for one. What is longer than any tar can say is
// damage, and hides nothing else.
func TestLongPaths(t *testing.T) {
	folder := t.TempDir()
	f, err := Create(folder, Header{UID: 1001, User: "anna", Component: "shzadm", Entry: EntryShell, Zone: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{strings.Repeat("a/", 40<<10) + "b", strings.Repeat("\xff", 1<<20), strings.Repeat("x", maxLine), "short"}
	for _, path := range paths {
		act, err := f.Begin("upload", path)
		if err != nil {
			t.Fatal(err)
		}
		act.End("ok", 1, "")
	}
	f.Close()
	var got []Record
	damage, err := ReadFolder(folder, func(r Record) { got = append(got, r) })
	if err != nil || len(damage) != 2 || damage[0].Reason != "a line that is too long" { // and the end of what never began
		t.Fatal(err, damage)
	}
	if len(got) != 3 || *got[0].Path != paths[0] || got[1].Raw != strings.Repeat("%FF", 1<<20) || *got[2].Path != "short" || got[2].Result != "ok" {
		t.Errorf("%d acts", len(got))
	}
}

// TestNext: the names of a folder come in their order, so many at a time, whatever the order in which the folder tells them, without those
// that are skipped.
func TestNext(t *testing.T) {
	folder := t.TempDir()
	if empty, err := Empty(folder); !empty || err != nil {
		t.Error(empty, err)
	}
	skip := func(name string) bool { return strings.HasSuffix(name, "13") }
	var want, got []string
	for i := range 2500 {
		name := fmt.Sprintf("%04d", i*7%2500)
		if i%100 != 13 {
			want = append(want, fmt.Sprintf("%04d", i))
		}
		if err := os.WriteFile(folder+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	after := ""
	for {
		names, err := Next(folder, after, 400, skip)
		if err != nil || len(names) > 400 {
			t.Fatal(len(names), err)
		}
		if got = append(got, names...); len(names) < 400 {
			break
		}
		after = names[len(names)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d names: %.200q", len(got), got)
	}
	if empty, err := Empty(folder); empty || err != nil {
		t.Error(empty, err)
	}
	if _, err := Next(folder+"/none", "", 1, skip); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestNaming: the name that a file was about to get is that of an act without an end, and of no other; what tells the file from others
// comes along, from those alone who bring one.
func TestNaming(t *testing.T) {
	folder := t.TempDir()
	f, err := Create(folder, Header{User: "root", Component: "shzadm", Entry: EntryShell})
	if err != nil {
		t.Fatal(err)
	}
	var acts []*Act
	for _, name := range []string{"cut", "whole", "failed"} {
		act, err := f.BeginBringing("upload", name, "12-34")
		if err == nil {
			err = act.Name("caf\xe9")
		}
		if err != nil {
			t.Fatal(err)
		}
		acts = append(acts, act)
	}
	// Where a file system does not say what tells a file from all others, its name is not noted either.
	unknown, err := f.BeginBringing("upload", "unknown", "")
	if err = errors.Join(err, unknown.Name("x")); err != nil {
		t.Fatal(err)
	}
	acts[1].End("ok", 1, "final")
	acts[2].End("quota", 1, "")
	if f.open != 2 {
		t.Errorf("%d ends are owed", f.open)
	}
	f.Close()
	got := ""
	damage, err := ReadFolder(folder, func(r Record) {
		got += *r.Path + " " + r.Raw + " " + r.Result + " " + r.File + " " + strconv.FormatBool(r.Named) + "; "
	})
	if want := "caf\ufffd caf%E9 interrupted 12-34 true; final  ok 12-34 false; failed  quota 12-34 false; unknown  interrupted  false; "; err != nil || len(damage) > 0 || got != want {
		t.Errorf("%q, %v, %v", got, damage, err)
	}
	for _, line := range []string{
		`{"n":1,"event":"download","path":"a","file":"1-2"}`, `{"n":1,"event":"upload","path":"a","file":"x"}`, `{"n":1,"event":"upload","path":"a","file":"1"}`,
		`{"n":1,"path":"b"}`, `{"n":1,"event":"upload","path":"a"}` + "\n" + `{"n":1,"path":"b"}`,
		`{"n":1,"event":"upload","path":"a","file":"1-2"}` + "\n" + `{"n":1,"result":"ok"}` + "\n" + `{"n":1,"path":"b"}`,
	} {
		if _, damage, err := readActs(strings.NewReader(testHeader+line+"\n"), testName, Finished); err != nil || len(damage) != 1 {
			t.Errorf("%s: %v, %v", line, damage, err)
		}
	}
}

// TestLanding: what is unpacked, or comes from another zone, is known by what is noted just before it gets its name, however it ends; who
// did not come to that brought nothing.
func TestLanding(t *testing.T) {
	folder := t.TempDir()
	f, err := Create(folder, Header{User: "bruno", Component: "shz", Entry: EntryShell, Zone: "a", ZoneID: strings.Repeat("a", 32)})
	if err != nil {
		t.Fatal(err)
	}
	there := Zone{Name: "b", ID: strings.Repeat("b", 32)}
	begin := func(act *Act, err error) *Act {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return act
	}
	land := func(act *Act, path, file string) *Act {
		t.Helper()
		if err := act.NameLanding(path, file); err != nil {
			t.Fatal(err)
		}
		return act
	}
	land(begin(f.Begin("unzip", "a.zip")), "a", "1-1")
	begin(f.Begin("unzip", "b.zip"))
	land(begin(f.Begin("unzip", "c.zip")), "c", "3-3").End("ok", 1, "c (2)")
	land(land(begin(f.BeginIn(there, "copy", "d")), "d", "4-4"), "caf\xe9", "4-4")
	land(begin(f.BeginIn(there, "move", "e")), "e", "5-5").End("quota", -1, "")
	land(begin(f.BeginIn(there, "move", "f")), "f", "")
	var none *Act
	land(none, "x", "1-1")
	if f.open != 4 {
		t.Errorf("%d ends are owed", f.open)
	}
	f.Close()
	var got []string
	damage, err := ReadFolder(folder, func(r Record) {
		got = append(got, fmt.Sprint(*r.Zone, " ", *r.Path, r.Raw, " ", r.Result, " ", r.File, " ", r.Named, " ", r.Arrived))
	})
	want := []string{"a a interrupted 1-1 true true", "a b.zip interrupted  false false", "a c (2) ok 3-3 false true", "b caf\ufffdcaf%E9 interrupted 4-4 true true",
		"b e quota 5-5 false true", "b f interrupted  false true"}
	if err != nil || len(damage) > 0 || !slices.Equal(got, want) {
		t.Errorf("%q, %v, %v", got, damage, err)
	}
	zone := fmt.Sprintf(`,"zone":"b","zone_id":"%032d"}`, 0)
	for _, lines := range []string{
		`{"n":1,"event":"copy","path":"a"}` + "\n" + `{"n":1,"path":"b","file":"1-1"}`, // in which nothing arrives
		`{"n":1,"event":"download","path":"a"}` + "\n" + `{"n":1,"path":"b","file":"1-1"}`,
		`{"n":1,"event":"upload","path":"a","file":"1-1"}` + "\n" + `{"n":1,"path":"b","file":"1-1"}`,
		`{"n":1,"event":"unzip","path":"a"}` + "\n" + `{"n":1,"path":"b","file":"x"}`,
		`{"n":1,"event":"unzip","path":"a"}` + "\n" + `{"n":1,"path":"b"}`,
		`{"n":1,"event":"move","path":"a"` + zone + "\n" + `{"n":1,"path":"b","file":"1-1"}` + "\n" + `{"n":1,"path":"b","file":"2-2"}`,
		`{"n":1,"event":"move","path":"a"` + zone + "\n" + `{"n":1,"result":"ok"}` + "\n" + `{"n":1,"path":"b","file":"1-1"}`,
	} {
		if _, damage, err := readActs(strings.NewReader(testHeader+lines+"\n"), testName, Finished); err != nil || len(damage) != 1 {
			t.Errorf("%s: %v, %v", lines, damage, err)
		}
	}
}

// TestUnderwayIsNotRead: what a request tells that lasts is read by who asks for it alone.
func TestUnderwayIsNotRead(t *testing.T) {
	folder := t.TempDir()
	f, err := Create(folder, Header{User: "bruno", Component: "shz", Entry: EntryShell})
	if err == nil {
		_, err = f.Begin("delete", "x")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, _ := Next(folder, "", 1, func(string) bool { return false })
	for _, whole := range []bool{false, true} {
		records, state, damage, err := Read(folder, names[0], whole)
		if (len(records) == 1) != whole || state != Underway || damage != nil || err != nil {
			t.Errorf("%v: %v, %v, %v, %v", whole, records, state, damage, err)
		}
	}
}
