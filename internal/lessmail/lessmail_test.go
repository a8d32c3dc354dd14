package lessmail

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestToken(t *testing.T) {
	k := Key(bytes.Repeat([]byte{7}, keySize))
	want := Link{4_000_000_000, strings.Repeat("f", 32), strings.Repeat("z", 63)}
	token, err := k.Token(want)
	if err != nil || len(token) > MaxToken {
		t.Fatal(len(token), err)
	}
	if got, err := k.Open(token); err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	other, _ := Key(bytes.Repeat([]byte{8}, keySize)).Token(want)
	body, sum, _ := strings.Cut(token, ".")
	foreign, _ := k.Token(Link{1, want.ZoneID, want.Zone})
	foreignBody, _, _ := strings.Cut(foreign, ".")
	for _, bad := range []string{"", ".", other, body, body + ".", "." + sum, foreignBody + "." + sum, token + "A", token[:len(token)-2], token + "\n", strings.Repeat("A", 1<<20) + "." + sum} {
		if _, err := k.Open(bad); err == nil {
			t.Errorf("%.80q is taken", bad)
		}
	}
	for i := range token { // each byte counts
		changed := []byte(token)
		changed[i] ^= 1
		if _, err := k.Open(string(changed)); err == nil {
			t.Errorf("byte %d is not looked at", i)
		}
	}
}

func TestKey(t *testing.T) {
	name := t.TempDir() + "/key"
	k, err := OwnKey(name)
	if err != nil || len(k) != keySize || bytes.Equal(k, make([]byte, keySize)) {
		t.Fatal(k, err)
	}
	again, err := OwnKey(name)
	if err != nil || !bytes.Equal(k, again) {
		t.Error("it does not stay", err)
	}
	if _, err := ReadKey(name, uint32(os.Geteuid())+1); err == nil {
		t.Error("another's key is taken")
	}
	if err := os.Truncate(name, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := OwnKey(name); err == nil {
		t.Error("a short key is taken")
	}
	if err := errors.Join(os.Truncate(name, keySize), os.Chmod(name, 0o640)); err != nil {
		t.Fatal(err)
	}
	if _, err := OwnKey(name); err == nil {
		t.Error("one that others read is taken")
	}
	if err := errors.Join(os.Remove(name), os.Symlink("/dev/zero", name)); err != nil {
		t.Fatal(err)
	}
	if _, err := OwnKey(name); err == nil {
		t.Error("a link is followed")
	}
}
