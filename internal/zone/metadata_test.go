package zone

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// folder returns an O_PATH descriptor of a new directory with user attributes.
func folder(t *testing.T) (path string, fd int) {
	t.Helper()
	path = t.TempDir()
	if err := xattr.Set(path, "user.shz.test", nil); errors.Is(err, unix.EOPNOTSUPP) {
		t.Skipf("%s: the file system has no user attributes", path)
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return path, fd
}

func ptr[T any](v T) *T { return &v }

func TestMetadataRoundTrip(t *testing.T) {
	_, fd := folder(t)
	if m := ReadMetadata(fd); m.ID != nil || m.Title != nil || m.MaxAge != nil || m.Keep != nil || m.Bad != nil {
		t.Errorf("of nothing: %+v", m)
	}
	want := Metadata{ID: ptr(NewID()), Title: ptr("Offerte è 漢字 \u202e"), Description: ptr("due\nrighe"), Expires: ptr("2027-02-28"),
		MaxAge: ptr(30), Notify: ptr(""), Keep: []string{"a b", "c"}}
	if err := WriteMetadata(fd, want); err != nil {
		t.Fatal(err)
	}
	if got, asked := show(t, ReadMetadata(fd)), show(t, want); got != asked {
		t.Errorf("got  %s\nwant %s", got, asked)
	}
	err := WriteMetadata(fd, Metadata{Title: ptr(""), Expires: ptr(""), MaxAge: ptr(0), Keep: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	got := ReadMetadata(fd)
	if got.Title != nil || got.Expires != nil || got.MaxAge != nil || got.Keep != nil || got.ID == nil || *got.Notify != "" {
		t.Errorf("after removing: %s", show(t, got))
	}
}

func show(t *testing.T, m Metadata) string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The owner of a zone writes its attributes as he likes: what is not well formed is reported and not believed.
func TestMetadataIsNotBelieved(t *testing.T) {
	for _, c := range []struct {
		attr, value string
		reason      Reason
	}{
		{AttrID, "", ""}, // as if absent
		{AttrID, "x", BadForm},
		{AttrID, strings.Repeat("0", 31), BadForm},
		{AttrID, strings.Repeat("0", 33), BadForm},
		{AttrID, strings.Repeat("A", 32), BadForm},
		{AttrID, "../../../../etc/passwd0123456789", BadForm},
		{AttrID, strings.Repeat("0", 32) + "\n", BadForm},
		{AttrTitle, strings.Repeat("a", 257), TooLong},
		{AttrTitle, strings.Repeat("a", 256), ""},
		{AttrTitle, "caf\xe9", NotUTF8},
		{AttrTitle, "a\x1b[2Jb", Control},
		{AttrTitle, "a\r\nBcc: x", Control},
		{AttrTitle, "a\u0085b", Control},
		{AttrTitle, "a\u2028b", Control},
		{AttrTitle, "a\x00b", Control},
		{AttrTitle, "<svg onload=alert(1)> $(id) \u202e", ""},
		{AttrDescription, "two\nlines", ""},
		{AttrDescription, "two\r\nlines", Control},
		{AttrDescription, strings.Repeat("a", 401), TooLong},
		{AttrExpires, "2027-02-30", BadForm},
		{AttrExpires, "27-02-28", BadForm},
		{AttrExpires, "2027-2-8", BadForm},
		{AttrExpires, "2027-02-28 ", BadForm},
		{AttrExpires, "0000-01-01", BadForm},
		{AttrExpires, "never", BadForm},
		{AttrExpires, "2028-02-29", ""},
		{AttrMaxAge, "0", BadForm},
		{AttrMaxAge, "-1", BadForm},
		{AttrMaxAge, "+1", BadForm},
		{AttrMaxAge, "01", BadForm},
		{AttrMaxAge, "1e3", BadForm},
		{AttrMaxAge, "36501", BadForm},
		{AttrMaxAge, "99999999999999999999", BadForm},
		{AttrMaxAge, "36500", ""},
		{AttrNotify, "download,upload", BadForm},
		{AttrNotify, "everything", BadForm},
		{AttrNotify, "download", ""},
		{AttrKeep, "a/../b", BadForm},
		{AttrKeep, "/etc", BadForm},
		{AttrKeep, "a//b", BadForm},
		{AttrKeep, strings.Repeat("a", 257), TooLong},
		{AttrKeep, "caf\xe9/b", ""}, // names are bytes
	} {
		path, fd := folder(t)
		if err := xattr.Set(path, c.attr, []byte(c.value)); err != nil {
			t.Fatal(err)
		}
		m := ReadMetadata(fd)
		bad := m.Bad
		m.Bad = nil
		switch {
		case c.reason == "" && len(bad) > 0:
			t.Errorf("%s = %q is good: %v", c.attr, c.value, bad)
		case c.reason != "" && (len(bad) != 1 || bad[0].Attr != c.attr || bad[0].Reason != c.reason || len(bad[0].Value) > 80):
			t.Errorf("%s = %q: %v", c.attr, c.value, bad)
		case c.reason != "" && show(t, m) != show(t, Metadata{}):
			t.Errorf("%s = %q is believed: %s", c.attr, c.value, show(t, m))
		}
	}
}

func TestWriteMetadataChecksFirst(t *testing.T) {
	path, fd := folder(t)
	err := WriteMetadata(fd, Metadata{Title: ptr("good"), Notify: ptr("bad")})
	var value ValueError
	if !errors.As(err, &value) || value.Attr != AttrNotify {
		t.Errorf("%v", err)
	}
	if _, err := xattr.Get(path, AttrTitle); !errors.Is(err, xattr.ENOATTR) {
		t.Errorf("the title was written: %v", err)
	}
}

func TestExpiresAt(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Skip(err)
	}
	local := time.Local
	time.Local = rome
	defer func() { time.Local = local }()
	for date, want := range map[string]string{
		"2026-11-22": "2026-11-22T23:00:00Z",
		"2027-03-28": "2027-03-28T22:00:00Z", // the day has 23 hours
		"2027-12-31": "2027-12-31T23:00:00Z",
	} {
		end, err := ExpiresAt(date)
		if got := end.UTC().Format(time.RFC3339); err != nil || got != want {
			t.Errorf("%s: %s, %v", date, got, err)
		}
	}
	if _, err := ExpiresAt("tomorrow"); err == nil {
		t.Error("tomorrow is not a date")
	}
}

type fakeNames map[uint32]string

func (f fakeNames) UserName(uid uint32) (string, bool) { name, ok := f[uid]; return name, ok }

func TestSummaryJSON(t *testing.T) {
	s := NewSummary("demo", 7001, Metadata{Title: ptr("T")}, "", StateOpen, fakeNames{})
	b, err := json.Marshal(Details{Summary: s, Members: []Member{{Principal: "user:bruno", Access: Read}}, Problems: []Problem{OwnerGone}})
	want := `{"name":"demo","title":"T","owner":"uid:7001","access":null,"expires":null,"state":"open","description":null,` +
		`"max_age":null,"notify":null,"trash":false,"members":[{"principal":"user:bruno","access":"read"}],"limit":null,"free":null,"problems":["owner-gone"],"closed":null,"former_name":null}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	if got := OwnerName(1, fakeNames{1: "anna"}); got != "anna" {
		t.Error(got)
	}
}

func TestReadMetadataOfClosedDescriptor(t *testing.T) {
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	fd := int(f.Fd())
	f.Close()
	if m := ReadMetadata(fd); m.ID != nil || m.Bad != nil {
		t.Errorf("%+v", m)
	}
}
