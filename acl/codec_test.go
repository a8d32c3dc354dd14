package acl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// raw puts the kernel's form together by hand: "version tag.perm.id …", all in hexadecimal, as od -t x would show
// the fields.
func raw(t testing.TB, fields ...string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(fields, ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The attribute of a file after `setfacl -m u:1000:r,u:99999:rw`, taken from `getfattr -e hex`.
const fromSetfacl = "0200000001000600ffffffff02000400e8030000020006009f86010004000400ffffffff10000600ffffffff20000400ffffffff"

func TestDecodeSetfacl(t *testing.T) {
	b := raw(t, fromSetfacl)
	a, err := Decode(b)
	want := list(t, "user::rw-", "user:1000:r--", "user:99999:rw-", "group::r--", "mask::rw-", "other::r--")
	if err != nil || !slices.Equal(a, want) {
		t.Fatalf("%v, %v", a, err)
	}
	if again, err := a.Encode(); err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoded again: %x, %v", again, err)
	}
}

func TestDecode(t *testing.T) {
	const (
		head  = "02000000"
		owner = "01000700ffffffff"
		group = "04000500ffffffff"
		mask  = "10000700ffffffff"
		other = "20000000ffffffff"
		five  = "0200070005000000"
		six   = "0200040006000000"
	)
	for _, c := range []struct {
		name   string
		fields []string
		want   string // the error's part, or the list
	}{
		{"minimal", []string{head, owner, group, other}, "[user::rwx group::r-x other::---]"},
		{"unsorted IDs", []string{head, owner, six, five, group, mask, other},
			"[user::rwx user:5:rwx user:6:r-- group::r-x mask::rwx other::---]"},
		{"ID where there is none", []string{head, "0100070063000000", group, other}, "[user::rwx group::r-x other::---]"},
		{"empty", nil, "0 bytes"},
		{"half a header", []string{"0200"}, "2 bytes"},
		{"header alone", []string{head}, "no user:: entry"},
		{"half an entry", []string{head, owner, group, other, "0000"}, "30 bytes"},
		{"version 1", []string{"01000000", owner, group, other}, "version 1"},
		{"big-endian", []string{"00000002", owner, group, other}, "version 33554432"},
		{"duplicate user", []string{head, owner, five, six, five, group, mask, other}, "duplicate entry: user:5:rwx"},
		{"duplicate owner", []string{head, owner, owner, group, other}, "duplicate entry: user::rwx"},
		{"wrong order of tags", []string{head, owner, group, five, mask, other}, "entry 3 (user:5:rwx) stands after group::r-x"},
		{"other first", []string{head, other, owner, group}, "entry 2 (user::rwx) stands after other::---"},
		{"permission bits", []string{head, "01000800ffffffff", group, other}, "entry 1 (user::permissions 0x8)"},
		{"unknown tag", []string{head, owner, group, other, "40000000ffffffff"}, "entry 4 (tag 0x40"},
		{"no mask", []string{head, owner, five, group, other}, "no mask:: entry"},
		{"no other", []string{head, owner, group}, "no other:: entry"},
		{"unmapped user", []string{head, owner, "02000700ffffffff", group, mask, other}, "entry 2 (user:4294967295:rwx): names no ID"},
		{"too long", []string{head, owner, strings.Repeat(five, MaxEntries)}, "8192 entries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Decode(raw(t, c.fields...))
			if err != nil {
				if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
				return
			}
			var got []string
			for _, e := range a {
				got = append(got, e.String())
			}
			if text := "[" + strings.Join(got, " ") + "]"; text != c.want {
				t.Errorf("%s, want %s", text, c.want)
			}
		})
	}
}

func TestEncodeSorts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		a := random(r)
		want, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
		if got, err := a.Encode(); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("shuffled: %x, want %x, %v", got, want, err)
		}
		if back, err := Decode(want); err != nil || len(back) != len(a) {
			t.Fatalf("decoded: %v, %v", back, err)
		}
	}
}

func TestLargestList(t *testing.T) {
	a := FromMode(0o700)
	for id := range uint32(MaxEntries - 4) {
		a = append(a, Entry{User, id, Read})
	}
	a = a.Remask()
	b, err := a.Encode()
	if err != nil || len(a) != MaxEntries || len(b) > 64<<10 {
		t.Fatalf("%d entries, %d bytes, %v", len(a), len(b), err)
	}
	if back, err := Decode(b); err != nil || !slices.Equal(back, a) {
		t.Errorf("decoded: %d entries, %v", len(back), err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(raw(f, fromSetfacl))
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		b, err := random(r).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		b = bytes.Clone(b)
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Decode(b)
		if err != nil {
			if a != nil || !errors.Is(err, ErrInvalid) {
				t.Fatalf("%v with error %v", a, err)
			}
			return
		}
		if err := a.Check(); err != nil || !slices.IsSortedFunc(a, order) {
			t.Fatalf("decoded %v: %v", a, err)
		}
		first, err := a.Encode()
		if err != nil || len(first) != len(b) {
			t.Fatalf("%x became %x, %v", b, first, err)
		}
		again, err := Decode(first)
		if err != nil || !slices.Equal(again, a) {
			t.Fatalf("%v became %v, %v", a, again, err)
		}
		second, err := again.Encode()
		if err != nil || !bytes.Equal(second, first) {
			t.Fatalf("%x became %x, %v", first, second, err)
		}
	})
}
