package account

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// crowd returns the names of a machine with so many people and companies, and what shadow(5) has of them.
func crowd(t testing.TB, people, companies int) (func() *Names, func() Shadow) {
	t.Helper()
	var passwd, shadow, group, members strings.Builder
	for i := range people {
		fmt.Fprintf(&passwd, "bp%05d:x:%d:%[2]d:Person %05[1]d,Company %[3]d,,,bp%05[1]d@example.org:/nonexistent:/usr/sbin/nologin\n", i, 20000+i, i/5)
		fmt.Fprintf(&shadow, "bp%05d:!:20000:0:99999:7:::\n", i)
		fmt.Fprintf(&group, "bp%05d:x:%d:\n", i, 20000+i)
		fmt.Fprintf(&members, ",bp%05d", i)
	}
	for i := range companies {
		fmt.Fprintf(&group, "shz-bench%d:x:%d:bp%05d,bp%05d\n", i, 30000+i, i%people, (i+1)%people)
	}
	root := t.TempDir()
	if err := os.Mkdir(root+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	base := strings.TrimPrefix(members.String(), ",")
	for name, text := range map[string]string{
		"passwd": passwd.String(), "shadow": shadow.String(),
		"group": "shzbase:x:995:" + base + "\nshzmgr:x:994:bp00001\nshzadmin:x:993:bp00001\nshzonly:x:992:" + base + "\n" + group.String(),
	} {
		if err := os.WriteFile(root+"/etc/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(string, []string) ([]byte, error) { return nil, nil }
	return func() *Names { return &Names{root: root, ask: ask} }, func() Shadow {
		text, err := os.ReadFile(root + "/etc/shadow")
		if err != nil {
			t.Fatal(err)
		}
		return Shadow{entries: parseShadow(text)}
	}
}

// TestFindUsers: who is found is who would be among all, in the same order, whatever part is asked for.
func TestFindUsers(t *testing.T) {
	newNames, newShadow := crowd(t, 60, 9)
	now := time.Now()
	all := newNames().Users(newShadow(), now)
	if len(all) != 60 || len(all[1].Roles) != 3 || !slices.Contains(all[1].Groups, "shz-bench1") {
		t.Fatalf("%d: %+v", len(all), all[1])
	}
	for _, c := range []Criteria{
		{}, {Text: "person 0000"}, {Text: "COMPANY 3"}, {Text: "bp00007@example"}, {Text: "person,company"}, {Text: "00001 nobody"}, {Username: "bp0001?"},
		{Username: "p0001"}, {FullName: "Person 00010"}, {FullName: "company"}, {Company: "person"}, {Company: "company 1"}, {Email: "example.org"}, {Email: "person"},
		{Group: "shz-bench3"}, {Group: "shz-bench3", Text: "00004"}, {Role: RoleAdmin}, {Role: RoleBase, Company: "0"}, {Status: Locked}, {Status: Active}, {Sponsor: "bp00001"}, {Review: true},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(u User) bool { return !c.Matches(u) })
		for _, at := range [][2]int{{0, 0}, {0, 50}, {50, 50}, {3, 2}, {70, 50}, {-1, 1}} {
			found, total, err := newNames().Find(c, newShadow(), now, at[0], at[1])
			from := min(max(at[0], 0), len(want))
			to := len(want)
			if at[1] > 0 {
				to = min(to, from+at[1])
			}
			got, _ := json.Marshal(append([]User{}, found...))
			wanted, _ := json.Marshal(append([]User{}, want[from:to]...))
			if err != nil || total != len(want) || string(got) != string(wanted) {
				t.Errorf("%+v, %v: %d of %d, %v, want %d of %d", c, at, len(found), total, err, to-from, len(want))
			}
		}
	}
}

// TestFindLooksAtFew: of thousands of people only those who are shown are looked at closely. It is counted in allocations, which are
// the same on each machine; each person who is looked at takes some twenty.
func TestFindLooksAtFew(t *testing.T) {
	const people = 5000
	newNames, newShadow := crowd(t, people, 1000)
	for _, c := range []Criteria{{}, {Text: "person 04999"}} {
		if n := testing.AllocsPerRun(1, func() { newNames().Find(c, newShadow(), time.Now(), 0, 50) }); n > 6*people {
			t.Errorf("%+v: %.0f allocations for %d people", c, n, people)
		}
	}
}

// TestFresh: the files are read again when they have changed, or when there was more to ask than files.
func TestFresh(t *testing.T) {
	newNames, _ := crowd(t, 3, 1)
	for _, file := range []string{"passwd", "group"} {
		n := newNames()
		if n.Fresh() == n {
			t.Error("names that were never read are fresh")
		}
		n.User("bp00001")
		if n.Fresh() != n {
			t.Error("unchanged files are read again")
		}
		path := n.root + "/etc/" + file
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path+".new", text, 0o644)
		}
		if err == nil {
			err = os.Rename(path+".new", path)
		}
		if err != nil {
			t.Fatal(err)
		}
		if n.Fresh() == n {
			t.Errorf("another %s is not read", file)
		}
	}
	n := newNames()
	n.User("somebody")
	if n.Fresh() == n {
		t.Error("what NSS said is believed twice")
	}
	if err := os.Remove(n.root + "/etc/group"); err != nil {
		t.Fatal(err)
	}
	if n = newNames(); n.Err() == nil || n.Fresh() == n {
		t.Error("a file that cannot be read is no error")
	}
}

// BenchmarkPeople is what a page of people asks, where there are few and many.
func BenchmarkPeople(b *testing.B) {
	for _, size := range []struct{ people, companies int }{{10, 2}, {5000, 1000}} {
		newNames, newShadow := crowd(b, size.people, size.companies)
		b.Run(fmt.Sprintf("load/%d", size.people), func(b *testing.B) {
			for b.Loop() {
				newNames().InGroup("bp00001", "shzbase")
			}
		})
		b.Run(fmt.Sprintf("shadow/%d", size.people), func(b *testing.B) {
			for b.Loop() {
				newShadow()
			}
		})
		b.Run(fmt.Sprintf("all/%d", size.people), func(b *testing.B) {
			now := time.Now()
			for b.Loop() {
				newNames().Users(newShadow(), now)
			}
		})
		for _, c := range []Criteria{{}, {Text: "person 00009"}, {Role: RoleAdmin}} {
			b.Run(fmt.Sprintf("find%q/%d", c.Text+string(c.Role), size.people), func(b *testing.B) {
				for b.Loop() {
					newNames().Find(c, newShadow(), time.Now(), 0, 50)
				}
			})
		}
	}
}

// TestTrimmed: blanks at the ends of what describes somebody are nobody's wish.
func TestTrimmed(t *testing.T) {
	if c := (Contact{" Ada\u00a0", "\tNeri & C. ", " 1 2 3 ", " +39 333 1234567", "ada@example.org "}).Trimmed(); c != (Contact{"Ada", "Neri & C.", "1 2 3", "+39 333 1234567", "ada@example.org"}) {
		t.Errorf("%q", c)
	}
	if c := (Contact{FullName: " \u2003"}).Trimmed(); c.FullName != "" {
		t.Errorf("%q", c)
	}
}
