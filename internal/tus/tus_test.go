package tus

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1": 1, "007": 7, "9223372036854775807": 1<<63 - 1} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "9223372036854775808", "1,1", "١", "NaN"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}

func TestParseMetadata(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                                  {},
		"filename Yy50eHQ=":                 {"filename": "c.txt"},
		"filename Yy50eHQ=,is_confidential": {"filename": "c.txt", "is_confidential": ""},
		"a ,b Yg==":                         {"a": "", "b": "b"},
		"a YQ==, b Yg==":                    {"a": "a", "b": "b"},
		"filename Y2Fm6Q==":                 {"filename": "caf\xe9"},
	} {
		if got, err := ParseMetadata(text); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{
		" ", ",", "a YQ==,", "a YQ==,,b Yg==", "a YQ==,a Yg==", "a YQ", "a YQ==YQ==", "a YR==", "a %%", "a Y Q==", "\x01 YQ==", "è YQ==",
		"a " + strings.Repeat("YWFh", 500),
	} {
		if got, err := ParseMetadata(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestChecksum(t *testing.T) {
	coded := base64.StdEncoding.EncodeToString
	right1, right256 := sha1.Sum([]byte("hello")), sha256.Sum256([]byte("hello"))
	for text, want := range map[string]bool{
		"sha1 " + coded(right1[:]): true, "sha256 " + coded(right256[:]): true,
		"sha1 " + coded(make([]byte, 20)): false, "sha256 " + coded(make([]byte, 32)): false,
	} {
		c, err := ParseChecksum(text)
		if err != nil {
			t.Fatal(text, err)
		}
		fmt.Fprint(c, "hello")
		if c.Right() != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	for _, text := range []string{"", "sha1", "sha1 ", "sha1 xx", "sha1 " + coded(right256[:]), "sha1  " + coded(right1[:]), "sha1 " + coded(right1[:]) + " "} {
		if _, err := ParseChecksum(text); err == nil || errors.Is(err, ErrAlgorithm) != (text == "") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"md5 XrY7u+Ae7tCTyyK7j1rNww==", "SHA1 " + coded(right1[:]), "crc32 AAAAAA=="} {
		if _, err := ParseChecksum(text); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLocation(t *testing.T) {
	if got := Location("/cgi-bin/shz/demo/a%20b/", "ABC"); got != "/cgi-bin/shz/demo/a%20b/?upload=ABC" {
		t.Error(got)
	}
}
