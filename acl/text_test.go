package acl

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// accounts is a table of names as /etc/passwd and /etc/group hold them: the first entry of an ID gives its name.
type accounts struct {
	users, groups []account
}

type account struct {
	name string
	id   uint32
}

func nameIn(table []account, id uint32) (string, bool) {
	i := slices.IndexFunc(table, func(a account) bool { return a.id == id })
	if i < 0 {
		return "", false
	}
	return table[i].name, true
}

func idIn(table []account, name string) (uint32, bool) {
	i := slices.IndexFunc(table, func(a account) bool { return a.name == name })
	if i < 0 {
		return 0, false
	}
	return table[i].id, true
}

func (n accounts) UserName(uid uint32) (string, bool)  { return nameIn(n.users, uid) }
func (n accounts) GroupName(gid uint32) (string, bool) { return nameIn(n.groups, gid) }
func (n accounts) UserID(name string) (uint32, bool)   { return idIn(n.users, name) }
func (n accounts) GroupID(name string) (uint32, bool)  { return idIn(n.groups, name) }

// plain holds names that getfacl and this package print in the same way.
var plain = accounts{
	users: []account{
		{"root", 0}, {"toor", 0}, {"anna", 1001}, {"bruno", 1002}, {"a.b_c-d", 1003}, {`DOM\user name`, 5001},
		{"a,b", 5002}, {"a#b", 5003}, {"caffè", 5007}, {"a=b@c$", 5008}, {"a\tb", 5012}, {`q"q`, 5014}, {`back\123\`, 5015},
		{"mask", 5016}, {"4711a", 5017},
	},
	groups: []account{{"root", 0}, {"shz-acme", 1001}, {"other", 5001}, {"domain users", 5002}, {`x\\y`, 5003}},
}

// hostile holds names that getfacl prints in a way that does harm.
var hostile = accounts{
	users: []account{
		{"0", 6001}, {"7777", 6002}, {"0x20", 6003}, {"010", 6004}, {"4294967296", 6005}, {"+5", 6006}, {"-5", 6007},
		{" 5", 6008}, {"e\x1b[1m", 6009}, {"a\u202eb", 6010}, {"\xff\x9b", 6011}, {"a\nuser::rwx", 6012}, {"nul\x00", 6013},
		{"", 6014}, {"two", 6015}, {"two", 6016}, {"99999999999999999999999", 6017}, {"c\u009b1m", 6018},
	},
	groups: []account{{"0", 6001}, {"a\rb", 6002}},
}

func TestFormat(t *testing.T) {
	a := list(t, "user::rwx", "user:0:r--", "user:1001:rwx", "user:7001:--x", "group::r-x", "group:1001:-w-",
		"group:7001:rwx", "mask::r-x", "other::rwx")
	for _, c := range []struct {
		name  string
		names Names
		want  string
	}{
		{"names", plain, "user::rwx\nuser:root:r--\nuser:anna:rwx\t#effective:r-x\nuser:7001:--x\n" +
			"group::r-x\ngroup:shz-acme:-w-\t#effective:---\ngroup:7001:rwx\t#effective:r-x\nmask::r-x\nother::rwx\n"},
		{"numbers", nil, "user::rwx\nuser:0:r--\nuser:1001:rwx\t#effective:r-x\nuser:7001:--x\n" +
			"group::r-x\ngroup:1001:-w-\t#effective:---\ngroup:7001:rwx\t#effective:r-x\nmask::r-x\nother::rwx\n"},
	} {
		if got := a.Format(c.names); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
	slices.Reverse(a)
	if got := a.Format(nil); !strings.HasPrefix(got, "user::rwx\nuser:0:") {
		t.Errorf("a reversed list is printed as\n%s", got)
	}
}

func TestFormatNames(t *testing.T) {
	for id, want := range map[uint32]string{
		5001: `user:DOM\\user\040name:r--`,
		5002: `user:a\054b:r--`,
		5003: `user:a#b:r--`,
		5007: `user:caffè:r--`,
		5012: `user:a\011b:r--`,
		5015: `user:back\\123\\:r--`,
	} {
		if got := (Entry{User, id, Read}).format(plain); got != want {
			t.Errorf("%d: %s, want %s", id, got, want)
		}
	}
	for id, want := range map[uint32]string{
		6001: `user:6001:r--`, // "0" would read as root
		6002: `user:6002:r--`,
		6003: `user:6003:r--`,
		6004: `user:6004:r--`,
		6005: `user:6005:r--`, // setfacl reads 4294967296 as root
		6006: `user:6006:r--`,
		6007: `user:6007:r--`,
		6008: `user:6008:r--`,
		6009: `user:e\033[1m:r--`,
		6010: `user:a\342\200\256b:r--`,
		6011: `user:\377\233:r--`,
		6012: `user:a\012user\072\072rwx:r--`,
		6013: `user:6013:r--`,
		6014: `user:6014:r--`, // the empty name would read as the owner
		6015: `user:two:r--`,
		6016: `user:6016:r--`, // the name is another account's
		6017: `user:6017:r--`,
		6018: `user:c\302\2331m:r--`,
	} {
		if got := (Entry{User, id, Read}).format(hostile); got != want {
			t.Errorf("%d: %s, want %s", id, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	minimal := []string{"user::rw-", "group::r--", "other::---"}
	const base = "u::rw,g::r,o::-"
	with := func(entries ...string) []string {
		a := slices.Concat(minimal[:1], entries, minimal[1:])
		return a
	}
	for _, c := range []struct {
		name, text string
		want       []string // canonical or not
	}{
		{"short", base, minimal},
		{"long", "user::rw-\ngroup::r--\nother::---\n", minimal},
		{"octal", "u::6,g::4,o::0", minimal},
		{"any order", "o::-,u::wr,g::--r-", minimal},
		{"one colon", "u::rw,g::r,o:-,m:rwx", with("mask::rwx")},
		{"two colons", "u::rw,g::r,other::-,mask::7", with("mask::rwx")},
		{"white space", " u : : rw- ,\tg:: r ,\r\n\n  o::-\r\n", minimal},
		{"comma at the end", base + ",", minimal},
		{"comments", "# file: x\n# owner: anna\n# flags: --t\n" + "u::rw # mine, all of it: really\ng::r#x\n  # o::rwx\no::-", minimal},
		{"effective", "u::rw\nu:5:rwx\t#effective:r--\ng::r\nm::r\no::-", with("user:5:rwx", "mask::r--")},
		{"mask is made", base + ",u:5:x", with("user:5:--x", "mask::r-x")},
		{"mask is kept", base + ",u:5:rwx,m::-", with("user:5:rwx", "mask::---")},
		{"mask first", "m::r," + base, with("mask::r--")},
		{"default", "default:user::rw-\ndefault:group::r--\nd:other::---", minimal},
		{"default, spaces", "d : u::rw, default :g::r,d:o:-", minimal},
		{"names", base + ",u:anna:r,g:shz-acme:r,user:root:-,m::r",
			with("user:1001:r--", "group:1001:r--", "user:0:---", "mask::r--")},
		{"another name of an ID", base + ",u:toor:r,m::r", with("user:0:r--", "mask::r--")},
		{"names like words", base + ",u:mask:r,g:other:r,m::r", with("user:5016:r--", "group:5001:r--", "mask::r--")},
		{"name with # ", base + ",u:a#b:r,m::r", with("user:5003:r--", "mask::r--")},
		{"name beginning as a number", base + ",u:4711a:r,m::r", with("user:5017:r--", "mask::r--")},
		{"escapes", base + `,u:DOM\\user\040name:r,u:r\157ot:r,m::r`, with("user:5001:r--", "user:0:r--", "mask::r--")},
		{"backslash that escapes nothing", base + `,u:DOM\user name:r,m::r`, with("user:5001:r--", "mask::r--")},
		{"same ID as user and group", base + ",u:5:r,g:5:r,m::r", with("user:5:r--", "group:5:r--", "mask::r--")},
		{"highest ID", base + ",u:4294967294:r,m::r", with("user:4294967294:r--", "mask::r--")},
		{"root by number", base + ",u:0:r,m::r", with("user:0:r--", "mask::r--")},
		{"removed account", base + ",u:7001:r,m::r", with("user:7001:r--", "mask::r--")},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := list(t, c.want...)
			slices.SortFunc(want, order)
			if got, err := Parse(c.text, plain); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q: %v, %v; want %v", c.text, got, err, want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const base = "u::rw,g::r,o::-,"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "no user:: entry"},
		{"comments alone", "# u::rw\n", "no user:: entry"},
		{"incomplete", "u::rw,g::r", "no other:: entry"},
		{"no word", base + "5:r", "an entry begins with"},
		{"upper case", base + "U:5:r", "an entry begins with"},
		{"half a word", base + "use:5:r", "an entry begins with"},
		{"default twice", "d:d:u::rw", "an entry begins with"},
		{"two lists", "u::rw,g::r,o::-\ndefault:user::rw-", "1 of 4 entries are a default ACL's"},
		{"no permissions", base + "u:5:", "no permissions"},
		{"no second colon", base + "u:5", "no permissions"},
		{"word alone", base + "m", "no permissions"},
		{"d alone", base + "d:", "no permissions"},
		{"colon of the next entry", base + "u:5,g::r", "no permissions"},
		{"empty entry", base + ",u:5:r", `line 1: ",u:5:r"`},
		{"comma first", "," + base, "no permissions"},
		{"which line", "u::rw\n# c\ng::r\no::Z", `line 4: "o::Z"`},
		{"twice r", base + "u:5:rr", "say r twice"},
		{"X", base + "u:5:rX", "X depends on a file"},
		{"setuid", base + "u:5:s", "neither letters"},
		{"digit 8", base + "u:5:8", "neither letters"},
		{"two digits", base + "u:5:07", "neither letters"},
		{"space in the permissions", base + "u:5:r w", "neither a comma nor the end"},
		{"mask with ID", base + "m:9:r", "neither letters"},
		{"other with name", base + "o:anna:r", "neither letters"},
		{"too many colons", base + "u::5:r", "neither letters"},
		{"duplicate", base + "u:5:r,u:5:w", "duplicate entry: user:5:"},
		{"duplicate by name", base + "u:0:r,u:root:r", "duplicate entry: user:0:"},
		{"duplicate owner", base + "user::r", "duplicate entry: user::"},
		{"unknown user", base + "u:nobody-here:r", `no user "nobody-here"`},
		{"user, not group", base + "g:anna:r", `no group "anna"`},
		{"octal ID", base + "u:010:r", "no decimal number"},
		{"hexadecimal ID", base + "u:0x10:r", "no decimal number"},
		{"plus", base + "u:+5:r", "no decimal number"},
		{"negative", base + "u:-5:r", "no decimal number"},
		{"zeros", base + "u:00:r", "no decimal number"},
		{"uid -1", base + "u:4294967295:r", "no decimal number from 0 to 4294967294"},
		{"overflow to root", base + "u:4294967296:r", "no decimal number"},
		{"far too large", base + "u:99999999999999999999999:r", "no decimal number"},
		{"escaped number with a space", base + `u:\0405:r`, "no decimal number"},
		{"escaped NUL", base + `u:root\000:r`, `no user "root\x00"`},
		{"escape beyond a byte", base + `u:\777:r`, `no user "\\777"`},
		{"injected line", base + "u:5:r\nother::rwx", "duplicate entry: other::"},
		{"long name is cut in the message", base + "u:" + strings.Repeat("x", 5000) + ":r", "xxx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Parse(c.text, plain)
			if err == nil || a != nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, ErrInvalid) {
				t.Errorf("%q: %v, %v; want %q", c.text, a, err, c.want)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
		})
	}
	for _, c := range []struct {
		entry string
		names Names
	}{
		{"u:root:r", nil},
		{`u:nul\000:r`, hostile}, // a NUL would end the name in C
		{"u:minus-one:r", accounts{users: []account{{"minus-one", Undefined}}}},
	} {
		if a, err := Parse(base+c.entry, c.names); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, %v", c.entry, a, err)
		}
	}
}

// Parse(Format(x)) is x, whatever the accounts are called.
func TestTextRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, names := range []Names{nil, plain, hostile} {
		for range 300 {
			a := withNamesOf(random(r), r, names)
			text := a.Format(names)
			if got, err := Parse(text, names); err != nil || !slices.Equal(got, a) {
				t.Fatalf("%v became\n%s%v, %v", a, text, got, err)
			}
			marked := "default:" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\ndefault:")
			if got, err := Parse(marked, names); err != nil || !slices.Equal(got, a) {
				t.Fatalf("%v became\n%s%v, %v", a, marked, got, err)
			}
		}
	}
}

// withNamesOf adds entries for some of the accounts in names.
func withNamesOf(a ACL, r *rand.Rand, names Names) ACL {
	table, _ := names.(accounts)
	for range 3 {
		if len(table.users) > 0 {
			a = a.With(Entry{User, table.users[r.IntN(len(table.users))].id, Perm(r.IntN(8))})
			a = a.With(Entry{Group, table.groups[r.IntN(len(table.groups))].id, Perm(r.IntN(8))})
		}
	}
	return a
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "#", "u::rw,g::r,o::-", "user::rw-\nuser:anna:rwx\t#effective:r--\ngroup::r--\nmask::r--\nother::---\n",
		"d:u::7,d:g::5,default:other:0", `u::rw,u:DOM\\user\040name:r,g::r,g:domain\040users:rwx,o::-`,
		"u::rw,g::r,o::-,u:4294967294:x,m:rwx", "u::rw,g::r,o::-,u:6001:x,u:two:r", "u:\\000:r", "u::rw\r\n g : : r #\n,",
	} {
		f.Add(text)
	}
	both := accounts{slices.Concat(plain.users, hostile.users), slices.Concat(plain.groups, hostile.groups)}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text, both)
		if err != nil {
			if a != nil || !errors.Is(err, ErrInvalid) {
				t.Fatalf("%v with error %v", a, err)
			}
			return
		}
		for _, names := range []Names{both, nil} {
			again, err := Parse(a.Format(names), names)
			if err != nil || !slices.Equal(again, a) {
				t.Fatalf("%v became\n%s%v, %v", a, a.Format(names), again, err)
			}
		}
	})
}

func FuzzQuote(f *testing.F) {
	for _, table := range [][]account{plain.users, plain.groups, hostile.users, hostile.groups} {
		for _, a := range table {
			f.Add(a.name)
		}
	}
	f.Fuzz(func(t *testing.T, name string) {
		quoted := quote(name)
		if got := unquote(quoted); got != name {
			t.Fatalf("%q was quoted as %q and read as %q", name, quoted, got)
		}
		if strings.ContainsAny(quoted, " ,:\t\r\n\x00\x1b") {
			t.Fatalf("%q was quoted as %q", name, quoted)
		}
	})
}
