package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"testing"
)

// extensions are so many headers of a tar that say something about a file that never comes; kind is x, g or L.
func extensions(t *testing.T, kind byte, n int) []byte {
	t.Helper()
	one := tarred(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}})[:2*block]
	one[156] = kind
	copy(one[148:], "        ")
	sum := 0
	for _, c := range one[:block] {
		sum += int(c)
	}
	copy(one[148:], []byte{byte('0' + sum>>15&7), byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	return append(bytes.Repeat(one, n), make([]byte, 2*block)...)
}

// TestTarStream: what a tar makes its reader do without giving out a byte is bounded as well.
func TestTarStream(t *testing.T) {
	dense := Limits{Entries: 1_000_000, Bytes: 1 << 40, Ratio: 100, Depth: 9}
	small := Limits{Entries: 10, Bytes: 1000, Ratio: 1 << 20, Depth: 9}
	for _, kind := range []byte("xgL") {
		if got := refused(t, gz(t, extensions(t, kind, 70_000)), dense); got != "ratio " {
			t.Errorf("%c: %.60s", kind, got)
		}
	}
	for _, kind := range []byte("xL") {
		if got := refused(t, gz(t, extensions(t, kind, 2000)), small); got != "bytes " {
			t.Errorf("%c: %.60s", kind, got)
		}
	}
	if got := refused(t, extensions(t, 'g', 11), small); got != "entries GlobalHead.0.0" {
		t.Errorf("remarks: %.60s", got)
	}
	if got := refused(t, extensions(t, 'g', 10), small); got != "[]" {
		t.Errorf("remarks: %.60s", got)
	}
	// After the end too.
	if got := refused(t, gz(t, append(tarred(t, tfile("a", "x")), make([]byte, 2<<20)...)), small); got != "bytes a" {
		t.Errorf("end: %.60s", got)
	}
}

// TestNoName: a file that has the name of the folder itself has content that nobody would get.
func TestNoName(t *testing.T) {
	for format, content := range map[string][]byte{"zip": zipped(t, zfile(".", "x")), "tar": tarred(t, tfile(".", "x"))} {
		if got := refused(t, content, roomy); got != "name ." {
			t.Errorf("%s: %s", format, got)
		}
	}
	for format, content := range map[string][]byte{"zip": zipped(t, zip.FileHeader{Name: "./"}), "tar": tarred(t, tar.Header{Name: ".", Typeflag: tar.TypeDir})} {
		if got := refused(t, content, roomy); got != "[]" {
			t.Errorf("%s: %s", format, got)
		}
	}
}
